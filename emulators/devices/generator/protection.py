"""The protection of a generating set: thresholds, delays, and the action of each alarm.

    warning     announced, clears itself
    trip        electrical trip: the breaker opens, the engine cools down unloaded and stops; latched
    shutdown    breaker and fuel at once; latched

Latched alarms block the next start until they are reset with their cause gone (DSE 8610 MKII operator manual,
alarm chapter; easymanua.ls/dse/8610-mkii).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.generator.endurance import Endurance
from twinfeed.emulators.devices.generator.settings import GeneratorControllerParams, GeneratorControllerState
from twinfeed.emulators.plant.generation.generator import Generator

Test = Callable[["SetProtection", "Readings"], bool]

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
    """The measured values of the set at one evaluation; % of nominal or rated."""

    volts_percent: float
    hertz_percent: float
    speed_percent: float
    amperes_percent: float
    """Of the worst phase."""
    load_percent: float
    kvar: float
    coolant_c: float
    oil_kpa: float
    fuel_percent: float
    battery_v: float


def readings(d: SetProtection) -> Readings:
    generator, ratings, load = d.generator, d.generator.params, d.generator.load
    rated_a = ratings.kva * 1000.0 / (3.0 * ratings.volts)
    return Readings(
        100.0 * d.volts / ratings.volts,
        100.0 * d.hertz / ratings.hertz,
        100.0 * generator.speed,
        100.0 * generator.worst_amperes / rated_a,
        generator.load_percent,
        load.total_kvar,
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
    Protection("kw_overload", "trip", lambda d, r: r.load_percent > d.params.overload_trip_percent - 0.1, 15.0),
    Protection("high_current", "trip", lambda d, r: r.amperes_percent > d.params.overcurrent_percent, 30.0),
    Protection("short_circuit", "shutdown", lambda d, r: r.amperes_percent > d.params.short_circuit_percent, 0.5),
    Protection(
        "reverse_power",
        "trip",
        lambda d, r: -100.0 * d.generator.power_kw / d.generator.params.standby_kw > d.params.reverse_power_percent,
        3.0,
    ),
    Protection(
        "loss_of_excitation",
        "trip",
        lambda d, r: -100.0 * r.kvar / d.generator.params.kva > d.params.loss_of_excitation_percent,
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
"""The conditions that are measured. The sequence raises others by name (fail to start, to close, to synchronise …)."""

_TIMED = tuple((f"protect {number}", protection) for number, protection in enumerate(PROTECTIONS))
"""Each with the name of its timer."""


class SetProtection:
    """The protection of one set: it watches the set, raises alarms, and orders the controller to shut down or unload.

    `shut_down` opens the breaker and cuts the fuel at once. `unload` takes the set off the bus if it is on it; the
    rest of the sequence follows from `locked_out`.
    """

    generator: Generator
    params: GeneratorControllerParams

    def __init__(
        self,
        card: Device[GeneratorControllerState],
        generator: Generator,
        params: GeneratorControllerParams,
        shut_down: Callable[[], None],
        unload: Callable[[], None],
    ) -> None:
        self._card, self.generator, self.params = card, generator, params
        self._shut_down, self._unload = shut_down, unload
        self.endurance = Endurance(card, params.overload_multiplier_s)

    def fault(self, kind: str) -> dict[str, float] | None:
        """The parameters of that fault of the controller while it is active."""
        return self._card.fault(kind)

    # -- measurements ---------------------------------------------------------------------------------------

    @property
    def volts(self) -> float:
        """At the alternator's terminals, phase to neutral, V (one phase: the voltage regulator keeps them equal)."""
        return self._card.measured("generator.voltage.1", self.generator.terminal_volts)

    @property
    def hertz(self) -> float:
        return self._card.measured("generator.frequency", self.generator.terminal_hertz)

    @property
    def coolant_c(self) -> float:
        return self._card.measured("engine.coolant_temperature", self.generator.coolant_c)

    @property
    def oil_kpa(self) -> float:
        return self._card.measured("engine.oil_pressure", self.generator.oil_kpa)

    @property
    def fuel_percent(self) -> float:
        return self._card.measured("engine.fuel_level", self.generator.fuel_percent)

    # -- protection -----------------------------------------------------------------------------------------

    def condition(self, alarm: str) -> str:
        """inactive, warning, trip or shutdown."""
        return self._card.state.latched.get(alarm, "warning" if alarm in self._card.state.warnings else "inactive")

    @property
    def locked_out(self) -> bool:
        """A latched alarm keeps it from starting."""
        return bool(self._card.state.latched)

    def horizon_s(self) -> float:
        """Seconds until the coolant or the fuel passes one of its thresholds."""
        generator, params = self.generator, self.params
        reach = generator.fuel_reaches_s(params.low_fuel_percent)
        if self._card.state.armed:
            reach = min(
                reach,
                generator.coolant_reaches_s(params.hot_warning_c),
                generator.coolant_reaches_s(params.hot_shutdown_c),
            )
            if params.low_fuel_shutdown_percent > 0.0:
                reach = min(reach, generator.fuel_reaches_s(params.low_fuel_shutdown_percent))
        return reach

    def watch(self) -> None:
        """Compare the readings with every threshold; what holds is raised at once or after its delay."""
        state, timers, mine, read = self._card.state, self._card.plant.timers, self._card.id, readings(self)
        self.endurance.watch("high_current", read.amperes_percent)
        self.endurance.watch("kw_overload", read.load_percent)
        for timer, protection in _TIMED:
            holds = (state.armed or not protection.armed) and protection.when(self, read)
            if protection.action == "warning":
                active = protection.alarm in state.warnings
                if active and not holds:
                    state.warnings.remove(protection.alarm)
                    self._card.touch()
                    continue
            else:
                active = protection.alarm in state.latched
            running = (mine, timer) in timers
            if not holds or active:
                if running:
                    self._card.cancel(timer)
            elif protection.delay_s <= 0.0:
                self.act(protection.alarm, protection.action)
            elif not running:
                self._card.after(protection.delay_s, timer)

    def act(self, alarm: str, action: str) -> None:
        """Raise that alarm: `action` is warning, trip or shutdown."""
        state = self._card.state
        state.muted = False
        self._card.touch()
        if action == "warning":
            if alarm not in state.warnings:
                state.warnings.append(alarm)
            return
        if state.latched.get(alarm) in (action, "shutdown"):
            return
        state.latched[alarm] = action
        words = alarm.replace("_", " ")
        self._card.log_event(f"{words}: {'shutdown' if action == 'shutdown' else 'electrical trip'}")
        self._card.log("shut down" if action == "shutdown" else "tripped", alarm=alarm)
        if action == "shutdown":
            self._shut_down()
        else:
            self._unload()

    def reset(self) -> None:
        """Clear the latched alarms whose cause is gone."""
        state = self._card.state
        self.generator.acknowledge_trip()
        read = readings(self)
        for alarm in list(state.latched):
            still = any(
                p.alarm == alarm and p.action != "warning" and (state.armed or not p.armed) and p.when(self, read)
                for p in PROTECTIONS
            )
            if not still:
                del state.latched[alarm]
        self._card.log_event("alarms reset")
        self._card.log("reset", left=list(state.latched))
        self._card.touch()
