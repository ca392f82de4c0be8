"""Domains: which values a quantity takes, and which it can show."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.devices.catalogue import KINDS
from twinfeed.emulators.devices.firmware.domain import COUNTED, OCTETS, TEXT, TRUTH, Domain, number, of_words
from twinfeed.emulators.devices.firmware.points import BadValue, BoundPoint, Refused
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.site import Site
from twinfeed.harness.quantities import domain, resolve
from twinfeed.harness.unknown import Unknown

CHARGE, VOLTS, AMPERES, HERTZ, KILOWATTS = number("%"), number("V"), number("A"), number("Hz"), number("kW")

NOT_NUMBERS = [True, False, "abc", "", "12", b"\x01", None, [1], {}, math.nan]
STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**4000), 2**4000),
    st.floats(),
    st.sampled_from([65535, 32767, -32768, 2**31 - 1, 2**32 - 1, 3276.7, -3276.7]),
    st.text(),
    st.text(min_size=250),
    st.text(st.characters()),
    st.binary(),
    st.lists(st.integers()),
    st.dictionaries(st.text(), st.none()),
)


# -- values that are shown -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        (CHARGE, 128.0),
        (CHARGE, -0.5),
        (KILOWATTS, -3276.7),
        (KILOWATTS, 32767.0),
        (VOLTS, 65535),
        (VOLTS, 2.7e-10),
        (VOLTS, -1.0),
        (HERTZ, 2.4e-41),
        (HERTZ, 500.0),
        (AMPERES, -4.8e-21),
        (AMPERES, 65535.0),
        (number("°C"), 3276.7),
        (number("W"), -32768),
        (number("VA"), 2**32 - 1),
        (number("kWh"), 2**32 - 1),
        (number("s"), 2**32 - 1),
        (number("%", possible=(-1.0, 5000.0)), 65535),
        *((quantity, math.nan) for quantity in (CHARGE, VOLTS, COUNTED)),
        *((quantity, math.inf) for quantity in (CHARGE, VOLTS, COUNTED)),
        (TRUTH, 2),
        (TRUTH, "on"),
        (of_words("normal", "emergency"), "emergancy"),
        (of_words("normal", "emergency"), 1),
        (TEXT, 3.0),
        (OCTETS, 3),
    ],
)
def test_what_a_quantity_cannot_show_is_named_with_what_it_can(quantity: Domain, value: object) -> None:
    reason = quantity.impossible(value)
    assert reason is not None
    assert any(part in reason for part in ("expected", "stands for no value", "too small")), reason


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        (CHARGE, 0.0),
        (CHARGE, 100),
        (VOLTS, 0.0),
        (VOLTS, 229.7),
        (HERTZ, 0.0),
        (COUNTED, 65535),
        (COUNTED, 2**32 - 1),
        (number("kWh"), 65535),
        (number("s"), 65535.0),
        (number("octets"), 65535),
        (number("A", 0.0, 1e5, setting=True), 65535),
        (TRUTH, True),
        (TRUTH, 0),
        (of_words("normal", "emergency"), "emergency"),
        (OCTETS, b"\xff"),
        (OCTETS, "text"),
    ],
)
def test_what_a_quantity_can_show_is_possible_also_where_another_could_not(quantity: Domain, value: object) -> None:
    assert quantity.impossible(value) is None


@settings(max_examples=examples(100, quick=5), deadline=None)
@given(STRANGE)
def test_every_value_at_all_is_judged_without_an_exception(value: object) -> None:
    for quantity in (CHARGE, COUNTED, TRUTH, TEXT, OCTETS, of_words("a", "b"), number("V", 150, 230, whole=True)):
        for reason in (quantity.impossible(value), quantity.refuse(value)):
            assert reason is None or len(reason) < 250


# -- values that are written ---------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [*NOT_NUMBERS, math.inf, -math.inf, 149, 231, 10**400])
def test_a_bounded_number_refuses_all_that_is_none_of_its_range(value: object) -> None:
    assert "expected a number from 150 to 230 V" in (number("V", 150, 230).refuse(value) or "")


@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_a_number_without_bounds_refuses_what_is_no_number(value: object) -> None:
    assert "expected a number" in (COUNTED.refuse(value) or "")


def test_a_whole_number_has_no_fraction_but_may_be_a_float() -> None:
    duty = number(low=1, high=8, whole=True)
    assert duty.refuse(2.0) is None
    assert duty.refuse(2.5) == "got 2.5, expected a whole number from 1 to 8"


def test_a_truth_is_neither_one_nor_a_word() -> None:
    assert TRUTH.refuse(1) == "got 1, expected true or false"
    assert TRUTH.refuse("true") == "got 'true', expected true or false"
    assert TRUTH.refuse(True) is None


def test_a_word_must_be_one_of_those_it_takes() -> None:
    assert of_words("auto", "manual").refuse("automatic") == "got 'automatic', expected one of auto, manual"


@pytest.mark.parametrize("value", [3, b"name", "x" * 256, "half \ud800", "nul \0"])
def test_a_text_can_be_sent(value: object) -> None:
    assert "expected a text of 0 to 255 characters" in (TEXT.refuse(value) or "")


def test_a_value_that_is_long_is_not_printed_whole() -> None:
    reason = number("V").refuse("9" * 10_000)
    assert reason is not None
    assert len(reason) < 150
    assert "10000 long" in reason


# -- every point and quantity there is ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_be_written_can_be_shown(kind: str) -> None:
    for point in KINDS[kind].table:
        values = {
            "number": [point.domain.low, point.domain.high],
            "truth": [True, False],
            "word": list(point.domain.words),
            "text": ["", "a"],
            "octets": [b""],
        }[point.domain.kind]
        for value in values:
            assert value is None or point.domain.impossible(value) is None, point.name


@pytest.fixture(scope="module", params=["bench", "pilot", "bamako"])
def site(request: pytest.FixtureRequest) -> Site:
    return Site.load(str(request.param))


def test_every_quantity_of_a_quiet_site_lies_in_its_domain(site: Site) -> None:
    for seconds in (0.0, 600.0):
        site.advance(seconds)
        assert _impossible(site) == {}


def _impossible(site: Site) -> dict[str, str]:
    """Reasons why quantities of the site cannot be, those aside whose device reports that it has no value (NaN)."""
    found: dict[str, str] = {}
    for pattern in (*(f"{name}.*" for name in {**site.components, **site.devices}), "site.faults", "site.alarms"):
        for name, read in resolve(site, pattern).items():
            shown = read()
            value = shown.raw if isinstance(shown, Unknown) else shown
            reason = domain(site, name).impossible(value)
            if reason is not None and value == value:
                found[name] = reason
    return found


BENCH = Site.load("bench")
AT_REST = BENCH.plant.snapshot()
PHYSICAL = [
    (name, kind, fault)
    for name in {**BENCH.components, **BENCH.devices}
    for kind, fault in BENCH.faults(name).items()
    if not fault.of and fault.family != "sensor"
]
"""Faults of the plant, of firmware and of people; a wrong sensor is there to show what cannot be."""


@st.composite
def faults(draw: st.DrawFn) -> tuple[str, str, dict[str, float]]:
    name, kind, fault = draw(st.sampled_from(PHYSICAL))
    numbers = {
        p: draw(st.floats(spec.low, spec.high) if spec.neutral is not None else st.integers(1, 4))
        for p, spec in fault.parameters.items()
    }
    return name, kind, numbers


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(faults(), st.sampled_from([0.5, 20.0, 60.0])), min_size=1, max_size=4))
def test_every_quantity_lies_in_its_domain_whatever_breaks(
    story: list[tuple[tuple[str, str, dict[str, float]], float]],
) -> None:
    BENCH.plant.restore(AT_REST)
    for (name, kind, numbers), seconds in story:
        with suppress(PlantError):  # there may be no second bank
            BENCH.inject(name, kind, numbers)
        BENCH.advance(seconds)
        assert _impossible(BENCH) == {}


def _writable(site: Site) -> list[BoundPoint]:
    """One point of each writable kind of point."""
    found: dict[tuple[str, str], BoundPoint] = {}
    for device in site.devices.values():
        for name in device.point_names():
            bound = device.point(name)
            if bound.point.write is not None:
                found.setdefault((device.kind, bound.point.name), bound)
    return list(found.values())


@settings(max_examples=examples(200), deadline=None)
@given(st.data())
def test_a_write_is_refused_before_anything_changes_or_leaves_the_site_sound(data: st.DataObject) -> None:
    bound = data.draw(st.sampled_from(_writable(BENCH)))
    sound = [*bound.domain.words, bound.domain.low, bound.domain.high, True, "name"]
    value = data.draw(st.one_of(STRANGE, st.sampled_from(sound)))
    BENCH.plant.restore(AT_REST)
    if (reason := bound.domain.refuse(value)) is not None:
        with pytest.raises(BadValue, match="expected"):
            bound.write(value)  # type: ignore[arg-type]
        assert BENCH.plant.snapshot()["actors"] == AT_REST["actors"], reason
    else:
        with suppress(Refused):
            bound.write(value)  # type: ignore[arg-type]
    for name in bound.device.point_names():
        point = bound.device.point(name)
        shown = point.true()
        assert shown != shown or point.domain.impossible(shown) is None, name
