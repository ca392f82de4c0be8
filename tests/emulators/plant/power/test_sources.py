"""The utility's faults and the transformer's losses, heat and inrush."""

from __future__ import annotations

import math

import pytest
from paths import Load, told

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.power.breaker_ratings import BreakerRatings
from twinfeed.emulators.plant.power.breakers import Breaker
from twinfeed.emulators.plant.power.transformers import Transformer, TransformerRatings
from twinfeed.emulators.plant.power.utilities import Utility, UtilityRatings


@pytest.mark.parametrize(
    ("kind", "parameters", "volts", "hertz"),
    [
        ("outage", {}, (0.0, 0.0, 0.0), 0.0),
        ("sag", {"depth": 40.0}, (138.0, 138.0, 138.0), 50.0),
        ("swell", {"height": 15.0}, (264.5, 264.5, 264.5), 50.0),
        ("phase-loss", {"phase": 2.0}, (230.0, 0.0, 230.0), 50.0),
        ("unbalance", {"phase": 3.0, "depth": 10.0}, (230.0, 230.0, 207.0), 50.0),
        ("frequency-drift", {"hertz": -1.5}, (230.0, 230.0, 230.0), 48.5),
    ],
)
def test_each_voltage_event_and_its_end(build, kind, parameters, volts, hertz):
    plant = build(Utility("mains"))
    mains = plant.actors["mains"]
    plant.inject("mains", kind, parameters, for_s=2.0)
    plant.advance(1.0)
    assert mains.output.volts == pytest.approx(volts)
    assert mains.output.hertz == pytest.approx(hertz)
    plant.advance(3.0)
    assert mains.output.volts == (230.0, 230.0, 230.0)


def test_events_add_up(build):
    plant = build(Utility("mains"))
    plant.inject("mains", "sag", {"depth": 20.0})
    plant.inject("mains", "phase-loss", {"phase": 1.0})
    plant.advance(1.0)
    assert plant.actors["mains"].output.volts == pytest.approx((0.0, 184.0, 184.0))


def test_a_dip_deeper_than_a_dip_is_refused(build):
    with pytest.raises(PlantError, match="depth is 99, expected 10 to 95 %"):
        build(Utility("mains")).inject("mains", "sag", {"depth": 99.0})


def test_feeds_of_one_grid_are_in_step(build):
    plant = build(Utility("a", UtilityRatings(grid="edm")), Utility("b", UtilityRatings(grid="edm")), Utility("c"))
    origins = [plant.actors[i].output.origin for i in "abc"]
    assert origins == ["edm", "edm", "c"]


def transformer(build, kw: float = 0.0, **ratings: float):
    t = Transformer("t1", TransformerRatings(**ratings), {"input": "mains"})
    load = Load("load", {"a": "t1"}, kw)
    return build(Utility("mains"), t, load), t, load


def test_losses_at_no_load_and_at_rated_load(build):
    plant, _, load = transformer(build)
    assert plant.actors["mains"].load_kw == pytest.approx(1.08)
    load.take(1600.0)
    plant.advance(1.0)
    assert plant.actors["mains"].load_kw == pytest.approx(1600.0 + 1.08 + 12.0)


def test_short_circuit_current_follows_from_the_impedance(build):
    _, t, _ = transformer(build)
    assert t.short_circuit_ka == pytest.approx(1600.0 / (math.sqrt(3.0) * 0.4) / 0.06 / 1000.0, rel=0.01)


def test_oil_rises_with_its_time_constant(build):
    plant, t, load = transformer(build)
    start = t.oil_c
    load.take(1600.0)
    plant.advance(10800.0)
    assert t.oil_c == pytest.approx(100.0 + (start - 100.0) * math.exp(-1.0), abs=0.1)
    plant.advance(20 * 3600.0)
    assert t.oil_c == pytest.approx(100.0, abs=0.2)


def test_an_overload_trips_it_after_hours_and_it_can_be_reset(build):
    plant, t, load = transformer(build, kw=1000.0)
    load.take(2400.0)
    plant.advance(3600.0)
    assert not t.tripped
    plant.advance(6 * 3600.0)
    assert t.tripped
    assert not load.supplied
    event = next(e for e in plant.journal if e.what == "tripped")
    assert event.data["oil_c"] == pytest.approx(115.0, abs=0.1)
    t.reset()
    load.take(800.0)
    plant.advance(12 * 3600.0)
    assert load.supplied


def test_fouled_radiators_bring_the_trip_at_a_load_it_used_to_carry(build):
    plant, t, _ = transformer(build, kw=1550.0)
    plant.advance(24 * 3600.0)
    assert not t.tripped
    plant.inject("t1", "cooling", {"rise": 60.0})
    plant.advance(48 * 3600.0)
    assert t.tripped


@pytest.mark.parametrize(("curve", "survives"), [("electronic", True), ("B", False)])
def test_inrush_trips_a_breaker_that_was_chosen_too_fast(build, curve: str, survives: bool):
    q = Breaker("q1", BreakerRatings(2500.0, curve=curve), {"input": "mains"})
    plant = build(Utility("mains"), q, Transformer("t1", None, {"input": "q1"}), Load("load", {"a": "t1"}, 300.0))
    plant.inject("mains", "outage", for_s=60.0)
    plant.advance(120.0)
    assert "energised" in told(plant, "t1")
    assert q.closed is survives
