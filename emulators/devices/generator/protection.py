"""What a generating set's controller protects against: thresholds, delays, and what each alarm does.

    warning     announced, clears itself
    trip        electrical trip: the breaker opens, the engine cools down unloaded and stops; latched
    shutdown    breaker and fuel at once; latched

Latched alarms block the next start until they are reset with their cause gone (DSE 8610 MKII operator manual,
alarm chapter; easymanua.ls/dse/8610-mkii).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from twinfeed.emulators.devices.firmware.alarms import Alarm
from twinfeed.emulators.devices.firmware.device import Device, State
from twinfeed.emulators.devices.generator.settings import GeneratorControllerParams
from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.power.electrical import NOTHING

Test = Callable[["ProtectedSet", "Readings"], bool]

CONDITIONS = ("inactive", "warning", "shutdown", "trip")
"""Words of `alarm.NAME.condition`."""


@dataclass(frozen=True, slots=True)
class Protection:
    """`alarm` is raised with `action` when `when` has held for `delay_s`; `armed` only once the engine has come up."""

    alarm: str
    action: str
    when: Test
    delay_s: float = 0.0
    armed: bool = False


class Readings(NamedTuple):
    """What the controller measures of its set at one look; % of nominal or rated."""

    volts_percent: float
    hertz_percent: float
    speed_percent: float
    amperes_percent: float
    """Of the worst phase."""
    load_percent: float
    coolant_c: float
    oil_kpa: float
    fuel_percent: float
    battery_v: float


def readings(d: ProtectedSet) -> Readings:
    generator, ratings, load = d.generator, d.generator.params, d.generator.load
    rated_a = ratings.kva * 1000.0 / (3.0 * ratings.volts)
    return Readings(
        100.0 * d.volts / ratings.volts,
        100.0 * d.hertz / ratings.hertz,
        100.0 * generator.speed,
        0.0 if load is NOTHING else 100.0 * max(load.amperes(generator.output.volts)) / rated_a,
        generator.load_percent,
        d.coolant_c,
        d.oil_kpa,
        d.fuel_percent,
        generator.battery_volts,
    )


PROTECTIONS: tuple[Protection, ...] = (
    Protection("emergency_stop", "shutdown", lambda d, r: d.fault("emergency-stop") is not None),
    Protection("low_oil_pressure", "warning", lambda d, r: r.oil_kpa < d.params.low_oil_warning_kpa, 1.0, armed=True),
    Protection("low_oil_pressure", "shutdown", lambda d, r: r.oil_kpa < d.params.low_oil_shutdown_kpa, 1.0, armed=True),
    Protection(
        "high_coolant_temperature",
        "warning",
        lambda d, r: r.coolant_c >= d.params.hot_warning_c - 1e-6,
        armed=True,
    ),
    Protection(
        "high_coolant_temperature",
        "shutdown",
        lambda d, r: r.coolant_c >= d.params.hot_shutdown_c - 1e-6,
        armed=True,
    ),
    Protection("low_coolant_temperature", "warning", lambda d, r: r.coolant_c < d.params.cold_warning_c),
    Protection("under_speed", "shutdown", lambda d, r: r.speed_percent < d.params.underspeed_percent, 1.0, armed=True),
    Protection(
        "over_speed", "warning", lambda d, r: r.speed_percent > d.params.overspeed_warning_percent, 0.5, armed=True
    ),
    Protection("over_speed", "shutdown", lambda d, r: r.speed_percent > d.params.overspeed_percent, 0.2),
    Protection(
        "under_frequency",
        "warning",
        lambda d, r: r.hertz_percent < d.params.underfrequency_warning_percent,
        1.0,
        armed=True,
    ),
    Protection(
        "under_frequency", "shutdown", lambda d, r: r.hertz_percent < d.params.underfrequency_percent, 2.0, armed=True
    ),
    Protection(
        "over_frequency",
        "warning",
        lambda d, r: r.hertz_percent > d.params.overfrequency_warning_percent,
        1.0,
        armed=True,
    ),
    Protection(
        "over_frequency", "shutdown", lambda d, r: r.hertz_percent > d.params.overfrequency_percent, 1.0, armed=True
    ),
    Protection(
        "low_voltage", "warning", lambda d, r: r.volts_percent < d.params.undervoltage_warning_percent, 2.0, armed=True
    ),
    Protection(
        "low_voltage", "shutdown", lambda d, r: r.volts_percent < d.params.undervoltage_percent, 5.0, armed=True
    ),
    Protection(
        "high_voltage", "warning", lambda d, r: r.volts_percent > d.params.overvoltage_warning_percent, 2.0, armed=True
    ),
    Protection(
        "high_voltage", "shutdown", lambda d, r: r.volts_percent > d.params.overvoltage_percent, 1.0, armed=True
    ),
    Protection("kw_overload", "warning", lambda d, r: r.load_percent > d.params.overload_warning_percent, 5.0),
    Protection("kw_overload", "trip", lambda d, r: r.load_percent > d.params.overload_trip_percent, 15.0),
    Protection("high_current", "trip", lambda d, r: r.amperes_percent > d.params.overcurrent_percent, 30.0),
    Protection("short_circuit", "shutdown", lambda d, r: r.amperes_percent > d.params.short_circuit_percent, 0.5),
    Protection(
        "reverse_power",
        "trip",
        lambda d, r: -100.0 * d.generator.power_kw / d.generator.params.standby_kw > d.params.reverse_power_percent,
        3.0,
    ),
    Protection("out_of_sync", "trip", lambda d, r: d.generator.trip_cause == "out of step"),
    Protection("low_fuel", "warning", lambda d, r: r.fuel_percent <= d.params.low_fuel_percent + 1e-6, 10.0),
    Protection(
        "low_fuel",
        "shutdown",
        lambda d, r: r.fuel_percent < d.params.low_fuel_shutdown_percent,
        10.0,
        armed=True,
    ),
    Protection("battery_low_voltage", "warning", lambda d, r: r.battery_v < d.params.low_battery_v, 30.0),
    Protection("battery_high_voltage", "warning", lambda d, r: r.battery_v > d.params.high_battery_v, 30.0),
    Protection(
        "charge_failure", "warning", lambda d, r: d.generator.charge_volts < d.params.charge_failure_v, 5.0, armed=True
    ),
    Protection("msc_failure", "warning", lambda d, r: d.fault("msc-failure") is not None, 2.0),
)
"""What is measured. What the sequence itself finds (fail to start, to close, to synchronise …) it raises by name."""

_TIMED = tuple((f"protect {number}", protection) for number, protection in enumerate(PROTECTIONS))
"""Each with the name of its timer."""

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


@dataclass
class ProtectionState(State):
    armed: bool = False
    """The safety-on delay is over."""
    latched: dict[str, str] = field(default_factory=dict)
    """Alarm -> trip or shutdown, until it is reset."""
    warnings: list[str] = field(default_factory=list)
    muted: bool = False


class ProtectedSet(Device):
    """A controller as far as it watches its set. A subclass says how to shut down and how to unload."""

    PARAMS = GeneratorControllerParams
    MANAGES = (Generator,)
    ALARMS = ALARMS
    params: GeneratorControllerParams
    state: ProtectionState
    generator: Generator

    def start(self) -> None:
        generator = self.plant.find(self.params.of)
        assert isinstance(generator, Generator), f"{self.id} manages {generator.id}, which is not a generator"
        self.generator = generator

    def _watch_alarms(self) -> None:
        state = self.state
        if state.latched or state.warnings or state.alarms or state.faults:  # all its alarms are conditions
            super()._watch_alarms()

    def _shut_down(self) -> None:
        """Breaker and fuel at once."""
        raise NotImplementedError  # the controller that uses this protection does it

    def _unload(self) -> None:
        """Take it off the bus if it is on it; the rest of the sequence follows from `locked_out`."""
        raise NotImplementedError  # the controller that uses this protection does it

    def setting(self, name: str) -> float:
        """A delay as changed on the device, else as the site file has it, s."""
        return float(self.state.settings.get(name, getattr(self.params, name)))

    # -- what it measures -----------------------------------------------------------------------------------

    @property
    def volts(self) -> float:
        """At the alternator's terminals, phase to neutral, V (one phase: the voltage regulator keeps them equal)."""
        return self.measured("generator.voltage.1", self.generator.terminal_volts)

    @property
    def hertz(self) -> float:
        return self.measured("generator.frequency", self.generator.terminal_hertz)

    @property
    def coolant_c(self) -> float:
        return self.measured("engine.coolant_temperature", self.generator.coolant_c)

    @property
    def oil_kpa(self) -> float:
        return self.measured("engine.oil_pressure", self.generator.oil_kpa)

    @property
    def fuel_percent(self) -> float:
        return self.measured("engine.fuel_level", self.generator.fuel_percent)

    # -- protection -----------------------------------------------------------------------------------------

    def condition(self, alarm: str) -> str:
        """inactive, warning, trip or shutdown."""
        return self.state.latched.get(alarm, "warning" if alarm in self.state.warnings else "inactive")

    @property
    def locked_out(self) -> bool:
        """A latched alarm keeps it from starting."""
        return bool(self.state.latched)

    def horizon(self) -> float:
        """Until the coolant or the fuel passes one of its thresholds."""
        generator, params = self.generator, self.params
        reach = generator.fuel_reaches_s(params.low_fuel_percent)
        if self.state.armed:
            reach = min(
                reach,
                generator.coolant_reaches_s(params.hot_warning_c),
                generator.coolant_reaches_s(params.hot_shutdown_c),
            )
            if params.low_fuel_shutdown_percent > 0.0:
                reach = min(reach, generator.fuel_reaches_s(params.low_fuel_shutdown_percent))
        return reach

    def _protect(self) -> None:
        state, timers, mine, read = self.state, self.plant.timers, self.id, readings(self)
        for timer, protection in _TIMED:
            holds = (state.armed or not protection.armed) and protection.when(self, read)
            if protection.action == "warning":
                active = protection.alarm in state.warnings
                if active and not holds:
                    state.warnings.remove(protection.alarm)
                    self.touch()
                    continue
            else:
                active = protection.alarm in state.latched
            running = (mine, timer) in timers
            if not holds or active:
                if running:
                    self.cancel(timer)
            elif protection.delay_s <= 0.0:
                self._act(protection.alarm, protection.action)
            elif not running:
                self.after(protection.delay_s, timer)

    def _act(self, alarm: str, action: str) -> None:
        state = self.state
        state.muted = False
        self.touch()
        if action == "warning":
            if alarm not in state.warnings:
                state.warnings.append(alarm)
            return
        if state.latched.get(alarm) in (action, "shutdown"):
            return
        state.latched[alarm] = action
        words = alarm.replace("_", " ")
        self.record(f"{words}: {'shutdown' if action == 'shutdown' else 'electrical trip'}")
        self.log("shut down" if action == "shutdown" else "tripped", alarm=alarm)
        if action == "shutdown":
            self._shut_down()
        else:
            self._unload()

    def reset(self) -> None:
        """Clear the latched alarms whose cause is gone."""
        state = self.state
        self.generator.acknowledge_trip()
        read = readings(self)
        for alarm in list(state.latched):
            still = any(
                p.alarm == alarm and p.action != "warning" and (state.armed or not p.armed) and p.when(self, read)
                for p in PROTECTIONS
            )
            if not still:
                del state.latched[alarm]
        self.record("alarms reset")
        self.log("reset", left=list(state.latched))
        self.touch()

    def _time(self, timer: str, holds: bool, delay_s: float) -> None:
        running = self.remaining_s(timer) is not None
        if holds and not running:
            self.after(delay_s, timer)
        elif running and not holds:
            self.cancel(timer)
