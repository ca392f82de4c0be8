"""Every measured protection of a set: its level, its delay, its action, and whether it counts at rest.

Levels in percent and delays are the factory configuration of the DSE 86xx as the manual page of the kind has it; oil 30
and 20 psi; NFPA 110 for the cold engine; ISO 8528-1 for the overloads. One reading is moved at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from station import Station

from twinfeed.emulators.devices.generator import protection
from twinfeed.emulators.devices.generator.protection import PROTECTIONS, Readings, SetProtection
from twinfeed.emulators.plant.generation.generator import Generator

ALWAYS, RUNNING = False, True


class Level(NamedTuple):
    """`alarm` is raised with `action` when `reading` is at `raised` for `delay_s`, and not at `calm`."""

    alarm: str
    action: str
    reading: str
    """A field of `Readings`, or a property of the set."""
    calm: float
    raised: float
    delay_s: float
    running: bool
    """It counts only once the engine has come up."""

    def __str__(self) -> str:
        return f"{self.alarm} {self.action}"


LEVELS = [
    Level("low_oil_pressure", "warning", "oil_kpa", 207.0, 206.9, 1.0, RUNNING),
    Level("low_oil_pressure", "shutdown", "oil_kpa", 138.0, 137.9, 1.0, RUNNING),
    Level("high_coolant_temperature", "warning", "coolant_c", 97.9, 98.0, 0.0, RUNNING),
    Level("high_coolant_temperature", "shutdown", "coolant_c", 102.9, 103.0, 0.0, RUNNING),
    Level("low_coolant_temperature", "warning", "coolant_c", 20.0, 19.9, 0.0, ALWAYS),
    Level("under_speed", "shutdown", "speed_percent", 84.0, 83.9, 1.0, RUNNING),
    Level("over_speed", "warning", "speed_percent", 110.0, 110.1, 0.5, RUNNING),
    Level("over_speed", "shutdown", "speed_percent", 114.0, 114.1, 0.2, ALWAYS),
    Level("under_frequency", "warning", "hertz_percent", 84.0, 83.9, 1.0, RUNNING),
    Level("under_frequency", "shutdown", "hertz_percent", 80.0, 79.9, 2.0, RUNNING),
    Level("over_frequency", "warning", "hertz_percent", 110.0, 110.1, 1.0, RUNNING),
    Level("over_frequency", "shutdown", "hertz_percent", 114.0, 114.1, 1.0, RUNNING),
    Level("low_voltage", "warning", "volts_percent", 85.0, 84.9, 2.0, RUNNING),
    Level("low_voltage", "shutdown", "volts_percent", 80.0, 79.9, 5.0, RUNNING),
    Level("high_voltage", "warning", "volts_percent", 115.0, 115.1, 2.0, RUNNING),
    Level("high_voltage", "shutdown", "volts_percent", 120.0, 120.1, 1.0, RUNNING),
    Level("kw_overload", "warning", "load_percent", 100.5, 100.6, 5.0, ALWAYS),
    Level("kw_overload", "trip", "load_percent", 109.9, 110.0, 15.0, ALWAYS),
    Level("high_current", "trip", "amperes_percent", 150.0, 150.1, 30.0, ALWAYS),
    Level("short_circuit", "shutdown", "amperes_percent", 250.0, 250.1, 0.5, ALWAYS),
    Level("reverse_power", "trip", "power_kw", -0.03 * 1800.0, -0.0301 * 1800.0, 3.0, ALWAYS),
    Level("loss_of_excitation", "trip", "kvar", -0.25 * 2250.0, -0.251 * 2250.0, 3.0, ALWAYS),
    Level("low_fuel", "warning", "fuel_percent", 25.1, 25.0, 10.0, ALWAYS),
    Level("low_fuel", "shutdown", "fuel_percent", 7.0, 6.9, 10.0, RUNNING),
    Level("battery_low_voltage", "warning", "battery_v", 22.0, 21.9, 30.0, ALWAYS),
    Level("battery_high_voltage", "warning", "battery_v", 30.0, 30.1, 30.0, ALWAYS),
    Level("charge_failure", "warning", "charge_volts", 18.0, 17.9, 5.0, RUNNING),
]


def a_station() -> Station:
    return Station(standby_kw=1800.0, kva=2250.0, settings={"low_fuel_shutdown_percent": 7.0})


@pytest.fixture(scope="module")
def on_load() -> Station:
    station = a_station()
    station.carrying(500.0, seconds=20.0)
    return station


@pytest.fixture(scope="module")
def at_rest() -> Station:
    station = a_station()
    station.run(1.0)
    return station


@contextmanager
def moving(station: Station, level: Level) -> Iterator[Callable[[float, float], bool]]:
    """A function that moves the reading for some seconds and returns whether that alarm is there with that action."""
    before, plain = station.plant.snapshot(), protection.readings
    controller = station.controller

    def shows(reading: float, seconds: float) -> bool:
        if level.reading in Readings._fields:
            moved = {level.reading: reading}
            patched.setattr(protection, "readings", lambda d: plain(d)._replace(**moved))
        else:
            patched.setattr(Generator, level.reading, reading)
        controller.touch()
        station.run(seconds)
        state = controller.state
        return level.alarm in state.warnings if level.action == "warning" else _latched(controller.protection, level)

    with pytest.MonkeyPatch.context() as patched:
        yield shows
    station.plant.restore(before)


def _latched(set_protection: SetProtection, level: Level) -> bool:
    return set_protection.condition(level.alarm) == level.action


@pytest.mark.parametrize("level", LEVELS, ids=str)
def test_a_protection_acts_at_its_level_after_its_delay(on_load: Station, level: Level) -> None:
    with moving(on_load, level) as shows:
        assert not shows(level.calm, level.delay_s + 0.2)
        if level.delay_s:
            early = level.delay_s - 0.15
            assert not shows(level.raised, early)
            assert not shows(level.calm, 0.05)
            assert not shows(level.raised, early), "the delay begins anew"
        assert shows(level.raised, 0.3)
        assert shows(level.calm, 0.05) is (level.action != "warning"), "a warning clears itself, the others are latched"


@pytest.mark.parametrize("level", LEVELS, ids=str)
def test_a_protection_counts_at_rest_where_it_can_hold_there(at_rest: Station, level: Level) -> None:
    with moving(at_rest, level) as shows:
        assert shows(level.raised, level.delay_s + 0.3) is (level.running is ALWAYS)


@pytest.mark.parametrize("level", [level for level in LEVELS if level.action != "warning"], ids=str)
def test_a_latched_alarm_is_reset_once_its_cause_is_gone(on_load: Station, level: Level) -> None:
    controller = on_load.controller
    with moving(on_load, level) as shows:
        assert shows(level.raised, level.delay_s + 0.3)
        controller.write("command.key", "reset")
        still = shows(level.raised, 0.0)
        assert still is (level.running is ALWAYS or controller.state.armed), "its cause is there"
        shows(level.calm, 0.05)
        controller.write("command.key", "reset")
        assert controller.protection.condition(level.alarm) in ("inactive", "warning")


def test_every_measured_protection_is_moved() -> None:
    by_fault = {"emergency_stop", "out_of_sync", "msc_failure"}
    assert {(p.alarm, p.action) for p in PROTECTIONS if p.alarm not in by_fault} == {
        (x.alarm, x.action) for x in LEVELS
    }
