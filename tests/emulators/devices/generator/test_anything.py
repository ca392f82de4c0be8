"""Whatever happens to a power station, in whatever order, some things stay true."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from station import Station
from workers.examples import examples

from twinfeed.emulators.devices.firmware.points import Refused
from twinfeed.emulators.devices.generator.points import KEYS
from twinfeed.emulators.plant.generation.fuel import BulkTank, DayTank, DayTankRatings
from twinfeed.emulators.plant.generation.generator import Generator

SETS = st.sampled_from(["g1", "g2", "g3"])

ACTIONS = st.one_of(
    st.tuples(st.just("inject"), SETS, st.sampled_from(sorted(Generator.FAULTS))),
    st.tuples(st.just("inject"), SETS.map("{}/device".format), st.sampled_from(["emergency-stop", "msc-failure"])),
    st.tuples(st.just("clear"), SETS),
    st.tuples(st.just("call"), st.booleans()),
    st.tuples(st.just("load"), st.floats(0.0, 6000.0)),
    st.tuples(st.just("key"), st.integers(0, 2), st.sampled_from(KEYS)),
    st.tuples(st.just("tank"), st.sampled_from(["leak", "empty"])),
    st.tuples(st.just("run"), st.sampled_from([0.05, 1.0, 7.0, 60.0, 1800.0])),
)


def power_station() -> Station:
    tanks = BulkTank("bulk"), DayTank("day", DayTankRatings(bulk="bulk"))
    return Station(3, *tanks, settings={"load_demand": True}, tank="day")


def act(station: Station, action: tuple) -> None:
    match action:
        case ("inject", target, kind):
            station.plant.inject(target, kind)
        case ("clear", target):
            for id in (target, f"{target}/device", "day"):
                if station.plant.actors[id].state.faults:
                    station.plant.clear(id)
        case ("call", wanted):
            station.switch.call(wanted)
        case ("load", kw):
            station.load.take(kw)
        case ("key", n, word):
            with suppress(Refused):
                station.controllers[n].write("command.key", word)
        case ("tank", kind):
            station.plant.inject("day", kind)
        case ("run", seconds):
            station.run(seconds)


def check(station: Station) -> None:
    on = [g for g in station.all if g.on_bus]
    assert len({g.output.origin for g in station.all if g.output.live}) <= 1, "two origins stand on one bus"
    if station.load.supplied:
        shorts = sum(g.fault_flow.draw.total_kw for g in on if g.fault_flow is not None)
        assert sum(g.load_kw for g in on) == pytest.approx(station.load.kw + shorts, abs=1e-6)
    for g in station.all:
        assert 0.0 <= g.battery_charge <= 1.0
        assert 5.0 <= g.coolant_c <= 126.0
        assert 0.0 <= g.terminal_volts < 400.0
        assert 0.0 <= g.rpm < 2500.0
        assert g.phase == "running" or g.fuel_lph == 0.0


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(ACTIONS, min_size=3, max_size=20))
def test_the_physics_stay_in_bounds(actions):
    station = power_station()
    energy = 0.0
    for action in [("call", True), ("run", 20.0), *actions]:
        act(station, action)
        station.plant.settle()
        check(station)
        produced = sum(g.energy_kwh for g in station.all)
        assert produced >= energy
        energy = produced


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(ACTIONS, min_size=1, max_size=12), st.lists(ACTIONS, min_size=1, max_size=6))
def test_a_fork_at_any_moment_goes_on_the_same(before, after):
    station = power_station()
    for action in [("call", True), ("run", 7.0), *before]:
        act(station, action)
    load, called = station.load.kw, station.switch.start_request
    fork = station.plant.snapshot()

    def on() -> list[object]:
        station.load.kw, station.switch.start_request = load, called
        station.plant.dirty = True
        station.plant.journal.clear()
        for action in after:
            act(station, action)
        station.run(30.0)
        return [*station.plant.journal, *(g.energy_kwh for g in station.all), *(g.coolant_c for g in station.all)]

    first = on()
    station.load.kw, station.switch.start_request = load, called
    station.plant.restore(fork)
    assert on() == first


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(ACTIONS, max_size=15))
def test_once_everything_is_mended_and_reset_the_station_carries_its_load_again(actions):
    station = power_station()
    for action in actions:
        act(station, action)
    station.plant.settle()
    station.plant.clear()
    for g in station.all:
        g.repair()
    station.plant.actors["day"].deliver(3600.0)
    station.load.take(0.0)
    station.switch.call(False)
    station.run(1200.0)
    for controller in station.controllers:
        controller.write("mode", "stop")
        controller.write("command.key", "reset")
    station.run(120.0)
    for g in station.all:
        g.repair()
        g.open_breaker()
    for controller in station.controllers:
        controller.write("command.key", "reset")
        controller.write("mode", "auto")
        assert controller.state.latched == {}
    station.run(90000.0)  # the batteries are full again
    station.switch.call()
    station.run(30.0)
    station.load.take(1000.0)
    station.run(30.0)
    assert station.load.supplied
    check(station)
