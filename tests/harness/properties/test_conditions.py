"""Conditions that end a fault judge each instant as a property judges a record of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.site import Site
from twinfeed.harness import quantities
from twinfeed.harness.journal import Trace
from twinfeed.harness.properties import BindingError, PropertySyntaxError, always, evaluate
from twinfeed.harness.properties.conditions import Conditions
from twinfeed.harness.quantities import UnknownQuantity
from twinfeed.harness.unknown import Unknown


@dataclass(frozen=True)
class Fault:
    until: str | None
    number: int = 0


@pytest.fixture(scope="module")
def bench() -> Site:
    return Site.load("bench")


OF_NOW = [
    "racks.*.supplied",
    "*.supplied",
    "not racks.*.supplied",
    "any(utility-*.live) and racks.*.supplied",
    "count(utility-*.live) >= 2",
    "ups-1.charge_percent < 50",
    "max(ups-*.charge_percent) > 10 implies utility-a.live",
    "generator-1.running or utility-b.live",
    "ats-main.position == 'normal'",
    "true",
]


@pytest.mark.parametrize("text", OF_NOW)
@pytest.mark.parametrize("out", [(), ("utility-a",), ("utility-a", "utility-b")])
def test_it_is_what_a_property_says_of_a_record_of_that_instant(bench: Site, text: str, out: tuple[str, ...]) -> None:
    """Every pattern that `check` takes works here: sections, stars, functions of patterns."""
    for utility in out:
        bench.inject(utility, "outage")
    try:
        every = [f"{name}.{q}" for name, component in bench.components.items() for q in component.QUANTITIES]
        trace = Trace({name: [(bench.now, quantities.resolve(bench, name)[name]())] for name in every})
        trace.sections.update(quantities.sections(bench))
        (verdict,) = evaluate(trace, always(text))
        assert Conditions.of_site(bench).hold(Fault(text), bench.now) is verdict.holds
    finally:
        for utility in out:
            bench.clear(utility, "outage")


NUMBER = {"room.temperature": 20.0, "utility.live": True}


def conditions(values: dict[str, object], bound: list[str] | None = None) -> Conditions:
    """Conditions on values that a test sets; `bound` notes which quantities were looked up."""

    def read(name: str) -> Callable[[], object]:
        if bound is not None:
            bound.append(name)
        return lambda: values[name]

    return Conditions(lambda pattern: [pattern], read)  # type: ignore[arg-type]


@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_an_edge_is_seen_at_the_instant_at_which_it_comes(live: list[bool]) -> None:
    values: dict[str, object] = {}
    here, rises, falls = conditions(values), Fault("utility.live rises"), Fault("utility.live falls")
    before = live[0]
    for now_s, values["utility.live"] in enumerate(live):
        now = values["utility.live"]
        assert here.hold(rises, float(now_s)) is (now and not before)
        assert here.hold(falls, float(now_s)) is (before and not now)
        before = bool(now)


def test_what_was_before_a_fault_began_is_no_edge_of_its_own() -> None:
    values: dict[str, object] = {"utility.live": True}
    here = conditions(values)
    assert not here.hold(Fault("utility.live falls", 1), 0.0)
    values["utility.live"] = False
    assert here.hold(Fault("utility.live falls", 1), 1.0)
    assert not here.hold(Fault("utility.live falls", 2), 1.0), "the second fault begins when it has fallen already"


def test_a_window_reaches_back_to_when_the_fault_began() -> None:
    values: dict[str, object] = {}
    here, fault = conditions(values), Fault("change(room.temperature, 1 min) > 2")
    seen = []
    for now_s, values["room.temperature"] in [(0.0, 20.0), (30.0, 21.0), (60.0, 23.0), (120.0, 23.0), (180.0, 23.0)]:
        seen.append(here.hold(fault, now_s))
    assert seen == [False, False, True, False, False]


def test_what_is_unknown_holds_neither_way() -> None:
    values: dict[str, object] = {"utility.live": Unknown("no reading")}
    assert not conditions(values).hold(Fault("utility.live"), 0.0)
    assert not conditions(values).hold(Fault("not utility.live"), 0.0)


def test_a_condition_is_bound_once() -> None:
    values, bound = dict(NUMBER), []  # type: ignore[var-annotated]
    here = conditions(values, bound)  # type: ignore[arg-type]
    for now_s in range(100):
        here.hold(Fault("room.temperature > 25 and utility.live"), float(now_s))
    assert bound == ["room.temperature", "utility.live"]


def test_while_one_of_many_is_awaited_only_that_one_is_read() -> None:
    values = {f"row-{n}.supplied": n != 30 for n in range(1, 41)}
    read: list[str] = []

    def reading(name: str) -> Callable[[], object]:
        return lambda: (read.append(name), values[name])[1]

    here = Conditions(lambda pattern: list(values), reading)  # type: ignore[arg-type]
    fault = Fault("rows.*.supplied")
    assert not here.hold(fault, 0.0)
    for now_s in range(1, 4):
        read.clear()
        assert not here.hold(fault, float(now_s))
        assert read == ["row-30.supplied"]
    values["row-30.supplied"] = True
    assert here.hold(fault, 4.0)


@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=12))
def test_it_is_the_same_whatever_was_read_before(instants: list[list[bool]]) -> None:
    values: dict[str, object] = {}
    here, every, some = conditions(values), Fault("a.on and b.on and c.on"), Fault("a.on or b.on or not c.on")
    for now_s, (a, b, c) in enumerate(instants):
        values.update({"a.on": a, "b.on": b, "c.on": c})
        assert here.hold(every, float(now_s)) is (a and b and c)
        assert here.hold(some, float(now_s)) is (a or b or not c)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("racks.*.suplied", UnknownQuantity), ("racks.*.supplied and", PropertySyntaxError),
        ("utility-a.live > 3", BindingError), ("ups-1.charge_percent < 50 kW", BindingError), ("3", BindingError),
    ],
)  # fmt: skip
def test_what_says_nothing_of_the_site_is_refused(bench: Site, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        Conditions.of_site(bench).check(text)
