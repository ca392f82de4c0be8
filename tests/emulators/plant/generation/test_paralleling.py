"""Several sets on one bus: dead-bus closing, sharing, joining, dropping out, clashes."""

from __future__ import annotations

import pytest
from gensets import Load, Sets, build

from twinfeed.emulators.plant.generation.diesel import GeneratorRatings
from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.power.boards import Board
from twinfeed.emulators.plant.power.breakers import Breaker
from twinfeed.emulators.plant.power.utilities import Utility


def test_sets_in_step_share_the_load_equally():
    sets = Sets(3)
    sets.on_bus(kw=1800.0)
    assert [g.load_kw for g in sets.all] == pytest.approx([600.0] * 3)
    assert sets.bus.output.origin == "bus"


def test_unequal_sets_share_in_proportion_to_what_they_can_give():
    small = Generator("small", GeneratorRatings(bus="bus", standby_kw=500.0, kva=625.0))
    large = Generator("large", GeneratorRatings(bus="bus", standby_kw=1500.0, kva=1875.0))
    load = Load()
    plant = build(small, large, Board("bus", None, {"small": "small", "large": "large"}), load)
    for g in (small, large):
        g.crank()
    plant.advance(10.0)
    for g in (small, large):
        g.close_breaker(synchronised=True)
        plant.advance(plant.now + 1.0)
    load.take(1000.0)
    plant.advance(plant.now + 1.0)
    assert small.load_kw == pytest.approx(250.0)
    assert large.load_kw == pytest.approx(750.0)


def test_a_set_that_joins_in_step_disturbs_nothing():
    sets = Sets(2)
    sets.ready()
    sets.first.close_breaker()
    sets.load.take(1000.0)
    sets.run(20.0)
    sets.all[1].close_breaker(synchronised=True)
    for _ in range(20):
        sets.run(0.1)
        assert sets.bus.output_hertz == pytest.approx(50.0, abs=0.01)
    assert sets.all[1].load_kw == pytest.approx(500.0)


def test_when_a_set_drops_out_the_others_dip_and_carry_on():
    sets = Sets(3)
    sets.on_bus(kw=2400.0)
    sets.all[2].stop_engine()
    sets.all[2].open_breaker()
    sets.run(0.5)
    assert 47.0 < sets.bus.output_hertz < 49.5
    sets.run(10.0)
    assert sets.bus.output_hertz == pytest.approx(50.0, abs=0.05)
    assert sets.first.load_kw == pytest.approx(1200.0)


def test_two_sets_closing_on_a_dead_bus_at_once_are_out_of_step_and_trip():
    sets = Sets(2)
    sets.ready()
    for g in sets.all:
        g.close_breaker()
    sets.run(1.0)
    assert [g.trip_cause for g in sets.all] == ["out of step"] * 2
    assert not sets.bus.live


def test_closing_onto_a_live_bus_without_synchronising_takes_the_whole_bus_down():
    sets = Sets(3)
    sets.ready()
    for g in sets.all[:2]:
        g.close_breaker(synchronised=True)
        sets.run(1.0)
    sets.load.take(500.0)
    sets.all[2].close_breaker()
    sets.run(1.0)
    assert not sets.load.supplied
    assert [g.closed for g in sets.all] == [False] * 3


def test_a_set_closed_onto_a_live_bus_while_standing_trips_alone():
    sets = Sets(2)
    sets.ready(sets.first)
    sets.first.close_breaker()
    sets.run(1.0)
    sets.all[1].close_breaker(synchronised=True)
    sets.run(1.0)
    assert sets.all[1].trip_cause == "closed onto a live bus while standing"
    assert sets.first.on_bus


def test_a_set_closed_onto_the_mains_trips_and_takes_the_incomer_with_it():
    g = Generator("g1", GeneratorRatings(bus="bus"))
    incomer = Breaker("q-mains", None, {"input": "mains"})
    plant = build(Utility("mains"), g, incomer, Board("bus", None, {"mains": "q-mains", "g1": "g1"}), Load())
    g.crank()
    plant.advance(10.0)
    g.close_breaker(synchronised=True)
    plant.advance(11.0)
    assert g.trip_cause == incomer.state.cause == "out of step"


def test_a_dead_engine_on_a_live_bus_is_turned_by_the_others():
    sets = Sets(2)
    sets.on_bus(kw=800.0)
    sets.plant.inject("g2", "fuel-contaminated", {"minutes": 0.0})
    sets.run(10.0)
    assert sets.all[1].power_kw == pytest.approx(-0.06 * 1650.0, abs=0.1)
    assert sets.all[1].rpm == pytest.approx(1500.0, abs=1.0)
    assert sets.first.load_kw == pytest.approx(800.0 + 0.06 * 1650.0, abs=0.1)
    assert sets.load.supplied


def test_a_set_left_closed_on_a_dead_bus_energises_it_as_it_starts():
    sets = Sets()
    sets.first.close_breaker()
    sets.run(1.0)
    sets.ready()
    assert sets.bus.output.origin == "bus"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_the_sets_give_is_what_the_load_takes(count: int):
    sets = Sets(count)
    sets.on_bus(kw=1234.0)
    assert sum(g.load_kw for g in sets.all) == pytest.approx(1234.0)
