"""What a generating set's controller protects against: thresholds, delays, and what each alarm does.

    warning     announced, clears itself
    trip        electrical trip: the breaker opens, the engine cools down unloaded and stops; latched
    shutdown    breaker and fuel at once; latched

Latched alarms block the next start until they are reset with their cause gone (DSE 8610 MKII operator manual,
alarm chapter; easymanua.ls/dse/8610-mkii).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulators.devices.device import Alarm, Params
from emulators.plant.electrical import Ref

if TYPE_CHECKING:
    from emulators.devices.generator import GeneratorController

Test = Callable[["GeneratorController"], bool]

CONDITIONS = ("inactive", "warning", "shutdown", "trip")
"""Words of `alarm.NAME.condition`."""


@dataclass(frozen=True)
class GeneratorControllerParams(Params):
    """Settings of the controller. Electrical and speed thresholds: factory configuration of the DSE 86xx (from memory
    of its Configuration Suite, unverified), as percent of nominal; engine thresholds: those of the set."""

    start_requests: tuple[Ref, ...] = ()
    """Transfer switches whose engine-start contact calls this set in automatic."""
    mode: str = "auto"
    """stop, auto, manual or test when the site starts."""
    priority: int = 0
    """Lower ones close first on a dead bus and are the last to be stood down; equal ones go by name."""
    start_delay_s: float = 0.0
    """Between the request and the first crank, s: 0, for the transfer switches have ridden over dips already."""
    preheat_s: float = 0.0
    crank_s: float = 10.0
    """One attempt, s."""
    crank_rest_s: float = 10.0
    crank_attempts: int = 3
    safety_on_s: float = 8.0
    """After firing, until oil pressure, speed and voltage have come up and their protections count, s."""
    warming_s: float = 0.0
    """At speed before it may take load, s: 0, the jacket heater keeps it warm (NFPA 110 Type 10)."""
    sync_s: float = 4.0
    """Time the synchroniser takes to match voltage, slip and phase, s (a 0.2 Hz slip comes round every 5 s)."""
    sync_timeout_s: float = 60.0
    breaker_timeout_s: float = 1.0
    """A breaker that has not moved by then has failed, s."""
    return_s: float = 30.0
    """On load after the request is gone, s."""
    cooling_s: float = 120.0
    """Unloaded before it is stopped, s."""
    stopping_timeout_s: float = 60.0
    load_demand: bool = False
    """Stand down sets that the load does not need."""
    stand_down_percent: float = 70.0
    """A set is not needed when the sets before it would carry the load below this, % of what they can give."""
    recall_percent: float = 85.0
    """It is called again when they carry more than this, %."""
    stand_down_s: float = 300.0
    """A set must have been needless so long, s."""
    recall_s: float = 2.0

    ready_volts_percent: float = 10.0
    """Voltage window for closing, % of nominal."""
    ready_hertz_percent: float = 2.0
    low_oil_warning_kpa: float = 207.0
    low_oil_shutdown_kpa: float = 138.0
    """20 psi (assumed)."""
    hot_warning_c: float = 98.0
    hot_shutdown_c: float = 103.0
    cold_warning_c: float = 20.0
    """NFPA 110 has a low-temperature alarm 11 K below the heated temperature of 32 degC (from memory)."""
    low_fuel_percent: float = 25.0
    low_fuel_shutdown_percent: float = 0.0
    """Stop before the tank runs dry, %; 0 for never."""
    underspeed_percent: float = 84.0
    overspeed_warning_percent: float = 110.0
    overspeed_percent: float = 114.0
    underfrequency_warning_percent: float = 84.0
    underfrequency_percent: float = 80.0
    overfrequency_warning_percent: float = 110.0
    overfrequency_percent: float = 114.0
    undervoltage_warning_percent: float = 85.0
    undervoltage_percent: float = 80.0
    overvoltage_warning_percent: float = 115.0
    overvoltage_percent: float = 120.0
    overload_warning_percent: float = 100.5
    overload_trip_percent: float = 110.0
    overcurrent_percent: float = 150.0
    """For 30 s, % (IEC 60034-1 9.3.2 asks alternators to stand that)."""
    short_circuit_percent: float = 250.0
    reverse_power_percent: float = 3.0
    low_battery_v: float = 22.0
    high_battery_v: float = 30.0
    charge_failure_v: float = 18.0


@dataclass(frozen=True, slots=True)
class Protection:
    """`alarm` is raised with `action` when `when` has held for `delay_s`; `armed` only once the engine has come up."""

    alarm: str
    action: str
    when: Test
    delay_s: float = 0.0
    armed: bool = False


def _percent(value: float, nominal: float) -> float:
    return 100.0 * value / nominal


def _volts(d: GeneratorController) -> float:
    return _percent(d.generator.terminal_volts, d.generator.params.volts)


def _hertz(d: GeneratorController) -> float:
    return _percent(d.generator.terminal_hertz, d.generator.params.hertz)


def _speed(d: GeneratorController) -> float:
    return 100.0 * d.generator.speed


def _current(d: GeneratorController) -> float:
    """Worst phase, % of rated."""
    g = d.generator
    rated = g.params.kva * 1000.0 / (3.0 * g.params.volts)
    return _percent(max(g.load.amperes(g.output.volts)), rated)


def _colder(d: GeneratorController) -> bool:
    return d.generator.coolant_c < d.params.cold_warning_c


PROTECTIONS: tuple[Protection, ...] = (
    Protection("emergency_stop", "shutdown", lambda d: d.fault("emergency-stop") is not None),
    Protection(
        "low_oil_pressure", "warning", lambda d: d.generator.oil_kpa < d.params.low_oil_warning_kpa, 1.0, armed=True
    ),
    Protection(
        "low_oil_pressure", "shutdown", lambda d: d.generator.oil_kpa < d.params.low_oil_shutdown_kpa, 1.0, armed=True
    ),
    Protection(
        "high_coolant_temperature",
        "warning",
        lambda d: d.generator.coolant_c >= d.params.hot_warning_c - 1e-6,
        armed=True,
    ),
    Protection(
        "high_coolant_temperature",
        "shutdown",
        lambda d: d.generator.coolant_c >= d.params.hot_shutdown_c - 1e-6,
        armed=True,
    ),
    Protection("low_coolant_temperature", "warning", _colder),
    Protection("under_speed", "shutdown", lambda d: _speed(d) < d.params.underspeed_percent, 1.0, armed=True),
    Protection("over_speed", "warning", lambda d: _speed(d) > d.params.overspeed_warning_percent, 0.5, armed=True),
    Protection("over_speed", "shutdown", lambda d: _speed(d) > d.params.overspeed_percent, 0.2),
    Protection(
        "under_frequency", "warning", lambda d: _hertz(d) < d.params.underfrequency_warning_percent, 1.0, armed=True
    ),
    Protection("under_frequency", "shutdown", lambda d: _hertz(d) < d.params.underfrequency_percent, 2.0, armed=True),
    Protection(
        "over_frequency", "warning", lambda d: _hertz(d) > d.params.overfrequency_warning_percent, 1.0, armed=True
    ),
    Protection("over_frequency", "shutdown", lambda d: _hertz(d) > d.params.overfrequency_percent, 1.0, armed=True),
    Protection("low_voltage", "warning", lambda d: _volts(d) < d.params.undervoltage_warning_percent, 2.0, armed=True),
    Protection("low_voltage", "shutdown", lambda d: _volts(d) < d.params.undervoltage_percent, 5.0, armed=True),
    Protection("high_voltage", "warning", lambda d: _volts(d) > d.params.overvoltage_warning_percent, 2.0, armed=True),
    Protection("high_voltage", "shutdown", lambda d: _volts(d) > d.params.overvoltage_percent, 1.0, armed=True),
    Protection("kw_overload", "warning", lambda d: d.generator.load_percent > d.params.overload_warning_percent, 5.0),
    Protection("kw_overload", "trip", lambda d: d.generator.load_percent > d.params.overload_trip_percent, 15.0),
    Protection("high_current", "trip", lambda d: _current(d) > d.params.overcurrent_percent, 30.0),
    Protection("short_circuit", "shutdown", lambda d: _current(d) > d.params.short_circuit_percent, 0.5),
    Protection(
        "reverse_power",
        "trip",
        lambda d: -_percent(d.generator.power_kw, d.generator.params.standby_kw) > d.params.reverse_power_percent,
        3.0,
    ),
    Protection("out_of_sync", "trip", lambda d: d.generator.trip_cause == "out of step"),
    Protection("low_fuel", "warning", lambda d: d.generator.fuel_percent <= d.params.low_fuel_percent + 1e-6, 10.0),
    Protection(
        "low_fuel",
        "shutdown",
        lambda d: d.generator.fuel_percent < d.params.low_fuel_shutdown_percent,
        10.0,
        armed=True,
    ),
    Protection("battery_low_voltage", "warning", lambda d: d.generator.battery_volts < d.params.low_battery_v, 30.0),
    Protection("battery_high_voltage", "warning", lambda d: d.generator.battery_volts > d.params.high_battery_v, 30.0),
    Protection(
        "charge_failure", "warning", lambda d: d.generator.charge_volts < d.params.charge_failure_v, 5.0, armed=True
    ),
    Protection("msc_failure", "warning", lambda d: d.fault("msc-failure") is not None, 2.0),
)
"""What is measured. What the sequence itself finds (fail to start, to close, to synchronise …) it raises by name."""

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


def _condition_is(name: str, *conditions: str) -> Callable[[Any], bool]:
    return lambda d: d.condition(name) in conditions


HARMLESS = {p.alarm for p in PROTECTIONS} - {p.alarm for p in PROTECTIONS if p.action != "warning"}
"""Alarms that only ever warn."""

ALARMS: tuple[Alarm, ...] = tuple(
    Alarm(
        name,
        doc,
        _condition_is(name, "warning", "trip", "shutdown"),
        severity="warning" if name in HARMLESS else "critical",
    )
    for name, doc in DOCS.items()
)
