"""Several controllers on one bus: who closes first, who synchronises, who stands down, and without the link."""

from __future__ import annotations

import pytest
from station import Station


def closings(station: Station) -> list[tuple[str, bool]]:
    """The sets that closed, and the state of the bus, in order."""
    return [(e.who, e.data["bus"] == "live") for e in station.plant.journal if e.what == "breaker closed"]


def test_one_set_closes_on_the_dead_bus_and_the_others_synchronise():
    station = Station(3)
    station.switch.call()
    station.run(20.0)
    assert closings(station) == [("g1", False), ("g2", True), ("g3", True)]
    assert all(g.on_bus for g in station.all)


def test_the_first_set_is_there_in_ten_seconds_and_all_three_in_fifteen():
    station = Station(3)
    station.switch.call()
    station.run(10.0)
    assert station.bus.live
    station.run(5.0)
    assert [g.on_bus for g in station.all] == [True, True, True]


def test_if_the_first_does_not_start_the_next_takes_the_bus():
    station = Station(3)
    station.plant.inject("g1", "fail-to-start")
    station.switch.call()
    station.run(12.0)
    assert closings(station) == [("g2", False), ("g3", True)]


def test_when_a_set_fails_on_load_the_others_carry_on_without_a_gap():
    station = Station(3)
    station.carrying(2000.0)
    station.plant.inject("g2", "fail-on-load", {"delay_s": 1.0})
    for _ in range(600):
        station.run(0.1)
        assert station.load.supplied
    assert station.all[1].phase in ("stopping", "stopped")
    assert station.controllers[1].state.latched
    assert station.first.load_kw == pytest.approx(1000.0)


def test_a_dead_engine_is_taken_off_the_bus_by_reverse_power():
    station = Station(2)
    station.carrying(500.0)
    station.plant.inject("g2", "fuel-contaminated", {"minutes": 0.0})
    station.run(4.0)
    assert station.controllers[1].state.latched["reverse_power"] == "trip"
    assert not station.all[1].closed
    assert station.load.supplied


def test_a_hunting_governor_is_never_synchronised():
    station = Station(2)
    station.plant.inject("g2", "governor", {"amplitude": 2.0})
    station.switch.call()
    station.run(90.0)
    assert station.controllers[1].protection.condition("fail_to_synchronise") == "trip"
    assert station.first.on_bus
    assert not station.all[1].closed


def test_without_the_multiset_link_two_sets_close_on_the_dead_bus_at_once_and_trip():
    station = Station(2)
    for controller in station.controllers:
        station.plant.inject(controller.id, "msc-failure")
    station.switch.call()
    station.run(15.0)
    assert not station.bus.live
    assert [c.protection.condition("out_of_sync") for c in station.controllers] == ["trip", "trip"]
    assert station.controller.protection.condition("msc_failure") == "warning"


def test_surplus_sets_stand_down_one_by_one_and_come_back_for_load():
    station = Station(3, settings={"load_demand": True, "stand_down_s": 300.0})
    station.carrying(700.0, seconds=1200.0)
    assert [g.on_bus for g in station.all] == [True, False, False]
    station.load.take(1450.0)
    station.run(20.0)
    assert [g.on_bus for g in station.all] == [True, True, False]
    assert station.load.supplied


def test_the_last_set_never_stands_down():
    station = Station(3, settings={"load_demand": True, "stand_down_s": 60.0})
    station.carrying(10.0, seconds=3600.0)
    assert station.first.on_bus


def test_a_set_that_stood_down_replaces_one_that_fails():
    station = Station(2, settings={"load_demand": True, "stand_down_s": 60.0})
    station.carrying(500.0, seconds=600.0)
    assert not station.all[1].running
    station.plant.inject("g1", "radiator-fan")
    station.run(3600.0)
    assert station.controller.protection.locked_out
    assert station.all[1].on_bus
    assert station.all[1].load_kw == pytest.approx(500.0)


def test_priority_decides_who_is_first():
    station = Station(2)
    object.__setattr__(station.controllers[0].params, "priority", 2)
    station.switch.call()
    station.run(20.0)
    assert closings(station)[0] == ("g2", False)
