"""The alarms of a generating set's controller: one for each condition that it protects against or finds itself."""

from __future__ import annotations

from collections.abc import Callable

from twinfeed.emulators.devices.firmware.alarms import Alarm, Alarms
from twinfeed.emulators.devices.generator.controller import GeneratorController
from twinfeed.emulators.devices.generator.protection import PROTECTIONS

DOCS: dict[str, str] = {
    "emergency_stop": "the emergency stop button is pressed",
    "low_oil_pressure": "engine oil pressure is low",
    "high_coolant_temperature": "the engine is too hot",
    "low_coolant_temperature": "the engine is too cold to start at once",
    "under_speed": "the engine turns too slowly",
    "over_speed": "the engine turns too fast",
    "under_frequency": "generator frequency is low",
    "over_frequency": "generator frequency is high",
    "low_voltage": "generator voltage is low",
    "high_voltage": "generator voltage is high",
    "kw_overload": "more power is drawn than the set can give",
    "high_current": "generator current is above its limit",
    "short_circuit": "generator current is that of a short circuit",
    "reverse_power": "the bus turns the engine",
    "loss_of_excitation": "the alternator takes reactive power from the bus: its field is lost or too weak",
    "out_of_sync": "the breaker tripped because two sources were out of step",
    "low_fuel": "the day tank is low",
    "battery_low_voltage": "the starter battery is low",
    "battery_high_voltage": "the starter battery is overcharged",
    "charge_failure": "the charge alternator does not charge",
    "msc_failure": "the link between the sets' controllers is down",
    "fail_to_start": "the engine did not start in the attempts it was given",
    "fail_to_stop": "the engine still turns after it was stopped",
    "fail_to_close": "the generator breaker did not close, or did not stay closed",
    "fail_to_open": "the generator breaker did not open",
    "fail_to_synchronise": "the set could not be matched to the bus in time",
}


def _condition_is(name: str, *conditions: str) -> Callable[[GeneratorController], bool]:
    return lambda d: d.protection.condition(name) in conditions


HARMLESS = {p.alarm for p in PROTECTIONS} - {p.alarm for p in PROTECTIONS if p.action != "warning"}
"""Alarms that only ever warn."""

ALARMS: Alarms[GeneratorController] = tuple(
    Alarm(
        name,
        doc,
        _condition_is(name, "warning", "trip", "shutdown"),
        severity="warning" if name in HARMLESS else "critical",
    )
    for name, doc in DOCS.items()
)
