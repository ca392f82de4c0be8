"""The diesel rotary UPS: how long its store lasts, what drains it, and what keeps its diesel from starting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_plant import Source, plant_of

from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.plant.racks.ratings import RackRowRatings
from twinfeed.emulators.plant.ups.rotary_ups import RotaryUps, RotaryUpsRatings


def unit_of(racks: int = 8, **ratings: float) -> tuple[Plant, Source, RotaryUps]:
    """A unit of 100 kW behind an ideal source, with rows of 5 kW racks."""
    source = Source("grid")
    unit = RotaryUps("unit", RotaryUpsRatings(kw=100.0, **ratings), {"input": "grid"})
    row = RackRow("row", RackRowRatings(racks=racks, rack_kw=5.0), {"a": "unit"})
    return plant_of(source, unit, row), source, unit


def store_lasts_s(racks: int, volts: float = 0.0, **ratings: float) -> float:
    """From the loss of the input to the dead output, s; the diesel never comes."""
    plant, source, unit = unit_of(racks, start_s=119.0, **ratings)
    plant.advance(10.0)
    source.set(volts)
    while unit.live and plant.now < 100.0:
        plant.advance(plant.now + 0.05)
    return plant.now - 10.0


def test_the_store_lasts_in_proportion_to_its_energy_over_the_load() -> None:
    plant, _, unit = unit_of(8)
    plant.advance(10.0)
    load = unit.load_kw / 100.0 + unit.params.losses
    assert store_lasts_s(8) == pytest.approx(unit.params.energy_s / load, abs=0.1)
    assert store_lasts_s(4) > 1.5 * store_lasts_s(8)


def test_the_diesel_takes_over_before_the_store_is_used_up_and_the_line_returns() -> None:
    plant, source, unit = unit_of(8)
    plant.advance(10.0)
    source.set(0.0)
    plant.advance(16.0)
    assert (unit.mode, unit.diesel, unit.latched) == ("diesel", "running", False)
    source.set(NOMINAL_VOLTS)
    plant.advance(60.0)
    assert (unit.mode, unit.diesel) == ("line", "stopped")
    plant.advance(600.0)
    assert unit.energy_percent == pytest.approx(100.0)
    assert plant.find("row").quantity("losses") == 0  # type: ignore[attr-defined]


def test_a_breaker_that_stays_closed_in_a_sag_lets_the_store_feed_the_grid() -> None:
    """AWS Sydney, 2016-06-05: protection that waits for a total loss."""
    sag = 0.55 * NOMINAL_VOLTS
    late, quick = (store_lasts_s(8, sag, isolates_percent=at) for at in (40.0, 85.0))
    assert late < 0.5 * quick


def test_a_call_too_soon_after_a_stop_does_not_start_the_diesel() -> None:
    """365 Main, 2007-07-24; a latched start request mends it."""
    for run_on_s, diesel in ((0.0, "failed"), (600.0, "running")):
        plant, source, unit = unit_of(8, start_s=4.0, return_s=2.0, reset_s=30.0, run_on_s=run_on_s)
        for t, volts in ((10.0, 0.0), (13.0, NOMINAL_VOLTS), (21.0, 0.0)):
            plant.advance(t)
            source.set(volts)
        plant.advance(30.0)
        assert unit.diesel == diesel


def test_a_unit_that_has_shut_down_waits_for_a_reset() -> None:
    plant, source, unit = unit_of(8, start_s=60.0)
    source.set(0.0)
    plant.advance(40.0)
    source.set(NOMINAL_VOLTS)
    plant.advance(60.0)
    assert (unit.latched, unit.live) == (True, False)
    assert unit.reset()
    plant.advance(61.0)
    assert unit.live


@given(st.lists(st.tuples(st.floats(0.1, 30.0), st.sampled_from([0.0, 60.0, 130.0, 180.0, 200.0, 230.0])), max_size=8))
def test_whatever_the_grid_does_the_store_stays_in_range_and_the_output_is_whole_or_dead(
    course: list[tuple[float, float]],
) -> None:
    plant, source, unit = unit_of(8, isolates_percent=60.0, reset_s=10.0)
    for lasts_s, volts in course:
        source.set(volts)
        plant.advance(plant.now + lasts_s)
        assert 0.0 <= unit.energy_percent <= 100.0
        assert unit.output_volts in (0.0, NOMINAL_VOLTS)
        assert unit.input_kw >= 0.0
        if unit.mode != "line":
            assert unit.input_kw == 0.0
