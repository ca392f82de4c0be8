"""Whatever is injected anywhere: a clear refusal that has changed nothing, or a plant that goes on soundly."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.site import Site
from twinfeed.harness.faults import sinks
from twinfeed.harness.faults.catalogue import of_target
from twinfeed.harness.faults.injection import Injection, InjectionError
from twinfeed.harness.faults.reference import FaultRef

SITES = ("bench", "pilot", "bamako")


class Stage(NamedTuple):
    """A site at rest and everything that can suffer a fault there."""

    site: Site
    rest: Mapping[str, Any]
    places: tuple[tuple[str, str], ...]
    """(target, kind); of a fault of points one target with a point and one without."""


def some(site: Site, target: str, of: tuple[str, ...]) -> list[str]:
    """A few of what a fault of that target can be of, and of what it cannot."""
    if of == ("breaker", "breaker"):
        breakers = [c.id for c in site.components.values() if c.kind == "breaker"]
        return [",".join(pair) for pair in pairwise(breakers[:4])]
    points = site.devices[target].point_names() if of and target in site.devices else []
    few = points[:: max(1, len(points) // 6)]
    return few if len(of) == 1 else [",".join(pair) for pair in pairwise(few)]


@cache
def stage(name: str) -> Stage:
    site = Site.load(name)
    places: dict[tuple[str, str], None] = {}
    for target in (*site.components, *site.devices, "works"):
        for entry in of_target(site, target):
            if not sinks.OfWire(site).realises(FaultRef.named(target, entry.kind)):
                for full in (target, *(f"{target}:{of}" for of in some(site, target, entry.of))):
                    places[full, entry.kind] = None
    return Stage(site, site.plant.snapshot(), tuple(places))


ODD: st.SearchStrategy[Any] = st.one_of(
    st.floats(), st.integers(), st.sampled_from([10**400, -(10**400), math.nan, math.inf, 1e308, True, None, "", "1", "\x1b[2J"]),
    st.text(max_size=5), st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)  # fmt: skip
NAMES = st.sampled_from(
    ["works", "controller", "", ":", "ups-1:", "x" * 300, "board-a:1", "\0", "ups-1:battery.charge,,"]
)


def refused(act: Callable[[], None]) -> Exception | None:
    """The refusal of that, None if it is done."""
    try:
        act()
    except (PlantError, InjectionError) as refusal:
        return refusal
    return None


def sound(value: object) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def is_clear(message: str) -> bool:
    return 10 < len(message) < 2000 and message.isprintable()


@pytest.mark.parametrize("name", SITES)
@settings(max_examples=examples(40), deadline=None)
@given(data=st.data())
def test_a_fault_is_refused_or_the_plant_goes_on(name: str, data: st.DataObject) -> None:
    site, rest, places = stage(name)
    site.plant.restore(rest)
    target, kind = data.draw(st.sampled_from(places))
    known = site.faults(target).get(kind)
    names = [*(known.parameters if known else ()), "nonsense"]
    within = [st.floats(p.low, p.high) for p in (known.parameters.values() if known else ())]
    parameters = data.draw(st.one_of(ODD, st.dictionaries(st.sampled_from(names), st.one_of(ODD, *within), max_size=3)))
    for_s = data.draw(st.one_of(st.none(), st.floats(0.01, 60.0), ODD))
    refusal = refused(lambda: site.inject(target, kind, parameters, for_s))
    if refusal is not None:
        assert is_clear(str(refusal))
        assert not site.active_faults()
        return
    site.advance(20.0)
    for component in site.components.values():
        assert all(sound(component.quantity(quantity)) for quantity in component.QUANTITIES), component.id
    for device in site.devices.values():
        for point in device.point_names():
            device.read(point)


@settings(max_examples=examples(300), deadline=None)
@given(
    st.one_of(NAMES, ODD), st.one_of(st.sampled_from(["outage", "sensor-bias", "delay", "controller-down"]), ODD),
    st.fixed_dictionaries({}, optional={
        "at_s": st.one_of(ODD, st.sampled_from(["1 min", "1e9 s", "-1 s"])), "for_s": ODD, "ramp_s": ODD, "until": ODD,
        "flap": st.one_of(ODD, st.lists(st.one_of(ODD, st.just(30)), max_size=3)), "flap_jitter": ODD, "parameters": ODD,
        "nonsense": ODD,
    }),
)  # fmt: skip
def test_any_injection_is_one_that_can_happen_or_names_its_field(
    target: Any, kind: Any, fields: dict[str, Any]
) -> None:
    made: list[Injection] = []

    def make() -> None:
        made.append(Injection.from_dict({"target": target, "kind": kind, **fields}))
        sinks.check(stage("bench").site, made[0])

    refusal = refused(make)
    if refusal is None:
        assert Injection.from_dict(made[0].to_dict()) == made[0]
    else:
        assert is_clear(str(refusal))
        assert not isinstance(refusal, InjectionError) or refusal.field


@pytest.mark.parametrize(
    ("target", "kind", "parameters", "for_s", "says"),
    [
        ("pdu-1", "bank-trip", {"bank": 9}, None, "pdu-1 bank-trip: bank is 9, expected at most 2, as many as it has"),
        ("pdu-1", "bank-trip", {"bank": 1.5}, None, "bank is 1.5, expected 0 to 64, a whole number"),
        ("crah-1", "sensor-bias", {}, None, "crah-1 sensor-bias: name point after it, as in crah-1:POINT"),
        ("crah-1:air.supply", "card-hang", {}, None, "crah-1 card-hang: name nothing after it"),
        ("crah-1:air.suply", "sensor-bias", {}, None, "has no point 'air.suply'; did you mean air.supply"),
        ("crah-1:air.supply,air.supply", "sensor-swapped", {}, None, "found air.supply twice, expected two points"),
        ("crah-1:air.supply,fan.speed", "sensor-swapped", {}, None, "have °C and %, expected the same"),
        ("utility-a", "outage", {}, 1e308, "utility-a outage: for_s is 1e+308, expected 0.001 to 316224000 s"),
        ("utility-a", "sag", {"depth": math.nan}, None, "utility-a sag: depth is not a number, expected 10 to 95 %"),
        ("utility-a", "sag", {"depth": "40"}, None, "utility-a sag: depth is '40', expected 10 to 95 %"),
        ("utility-a", "sag", {"depth": 10**400}, None, "depth is a whole number beyond 64 bits, expected 10 to 95 %"),
        ("utility-a", "sag", {"dept": 40}, None, "unknown parameter dept; it takes depth"),
        ("works:q-chiller,q-chiller", "works-overlap", {}, None, "found q-chiller twice, expected two breakers"),
    ],
)  # fmt: skip
def test_a_refusal_names_target_kind_parameter_found_and_expected(
    target: str, kind: str, parameters: dict[str, Any], for_s: float | None, says: str
) -> None:
    site, rest, _ = stage("bench")
    site.plant.restore(rest)
    with pytest.raises(PlantError) as refusal:
        site.inject(target, kind, parameters, for_s)
    assert says in str(refusal.value)
