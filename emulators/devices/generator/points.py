"""The points of a generating set's controller."""

from __future__ import annotations

from collections.abc import Callable
from math import hypot, nan, sqrt
from typing import Any

from twinfeed.emulators.devices.firmware.domain import LOADING, POWER_FACTOR
from twinfeed.emulators.devices.firmware.points import Point, Points, RowPoint
from twinfeed.emulators.devices.generator.alarms import ALARMS
from twinfeed.emulators.devices.generator.controller import GeneratorController as Controller
from twinfeed.emulators.devices.generator.protection import CONDITIONS
from twinfeed.emulators.devices.generator.settings import STAGES
from twinfeed.emulators.plant.power.electrical import DEAD, Supply

KEYS = (
    "none",
    "stop",
    "auto",
    "manual",
    "test",
    "start",
    "mute",
    "reset",
    "reset-button",
    "close",
    "open",
    "telemetry-start",
    "telemetry-stop",
)

STATUS = {
    "rest": "stopped",
    "start-delay": "pre-start",
    "preheat": "pre-start",
    "cranking": "pre-start",
    "crank-rest": "pre-start",
    "starting": "warming",
    "warming": "warming",
    "cooling": "cooling",
    "stopping": "post-run",
}
"""Short names for the stages of the sequence; every other one is `running`."""

SETTINGS = (
    ("start_delay", "between the request and the first crank", 3600.0),
    ("crank", "one attempt to start", 60.0),
    ("crank_rest", "between attempts", 600.0),
    ("safety_on", "until the engine's protections count", 60.0),
    ("warming", "at speed before it takes load", 3600.0),
    ("return", "on load after the request is gone", 3600.0),
    ("cooling", "unloaded before it stops", 3600.0),
)


def _volts(d: Controller, phase: int) -> float:
    return d.generator.terminals().volts[phase - 1]


def _amperes(d: Controller, phase: int) -> float:
    return d.generator.amperes[phase - 1]


def _kw(d: Controller, phase: int) -> float:
    return d.generator.load.kw[phase - 1] if d.generator.power_kw >= 0.0 else d.generator.power_kw / 3.0


def _kvar(d: Controller, phase: int) -> float:
    return d.generator.load.kvar[phase - 1]


def _power_factor(d: Controller, phase: int) -> float:
    """Of one phase; 1 without load."""
    kw, kva = _kw(d, phase), hypot(_kw(d, phase), _kvar(d, phase))
    return kw / kva if kva > 0.0 else 1.0


def _bus_volts(d: Controller) -> float:
    return d.generator.bus_supply.worst_volts if d.generator.params.bus in d.plant.actors else nan


def _bus_hertz(d: Controller) -> float:
    return d.generator.bus_supply.hertz if d.generator.params.bus in d.plant.actors else nan


def _serial(d: Controller) -> int:
    """The digits of its serial number, or its address as a number when it has none."""
    digits = "".join(c for c in d.params.serial if c.isdigit())
    return int(digits) % 2**32 if digits else int.from_bytes(d.mac[2:], "big")


def _switch(d: Controller) -> Any:
    """The first of the transfer switches that call this set, None if it has none."""
    return d.link.switches[0] if d.link.switches else None


def _mains(d: Controller) -> Supply:
    """The source on the normal side of that switch."""
    seen: dict[str, Supply] = getattr(_switch(d), "seen", {})
    return seen.get("normal", DEAD)


def _phase_to_phase(supply: Supply, phase: int) -> float:
    """RMS between that phase and the next at 120 degrees, V."""
    a, b = supply.volts[phase - 1], supply.volts[phase % 3]
    return sqrt(a * a + b * b + a * b)


def _has(action: str) -> Callable[[Controller], bool]:
    return lambda d: action in d.state.latched.values()


def _condition(name: str) -> Callable[[Controller], str]:
    return lambda d: d.protection.condition(name)


def _setting(name: str) -> Callable[[Controller], float]:
    return lambda d: d.setting(name)


def _store(name: str) -> Callable[[Controller, float], None]:
    return lambda d, value: d.store(name, value)


def _remaining(timer: str) -> Callable[[Controller], float]:
    return lambda d: d.remaining_s(timer) or 0.0


POINTS: Points[Controller] = (
    Point(
        "mode",
        "control mode",
        lambda d: d.link.mode,
        write=lambda d, v: d.panel.turn(v),
        values=("stop", "auto", "manual", "test"),
    ),
    Point("controller.serial_number", "as a number", _serial),
    Point("sequence.stage", "stage of the sequence", lambda d: d.state.stage, values=STAGES),
    Point(
        "engine.status",
        "the same in short",
        lambda d: STATUS.get(d.state.stage, "running"),
        values=("stopped", "pre-start", "warming", "running", "cooling", "post-run"),
    ),
    Point("engine.running", "turns under its own power", lambda d: d.generator.running, kind="truth"),
    Point("engine.speed", "of the crankshaft", lambda d: d.generator.rpm, "rpm"),
    Point("engine.oil_pressure", "above atmosphere", lambda d: d.generator.oil_kpa, "kPa"),
    Point("engine.coolant_temperature", "at the engine's outlet", lambda d: d.generator.coolant_c, "°C"),
    Point("engine.intake_temperature", "intake air", lambda d: d.generator.air_c, "°C"),
    Point("engine.fuel_level", "of its day tank", lambda d: d.generator.fuel_percent, "%"),
    Point("engine.fuel_rate", "fuel that the engine burns now", lambda d: d.generator.fuel_lph, "l/h"),
    Point("engine.run_time", "in all", lambda d: d.run_s, "s"),
    Point("engine.starts", "successful ones", lambda d: d.state.starts),
    Point("engine.failed_starts", "given up after the last attempt", lambda d: d.state.failed_starts),
    Point("engine.transfer_pump", "the day tank is being filled", lambda d: d.generator.filling, kind="truth"),
    Point("battery.voltage", "starter battery", lambda d: d.generator.battery_volts, "V"),
    Point("battery.charge_voltage", "of the charge alternator", lambda d: d.generator.charge_volts, "V"),
    Point(
        "generator.available",
        "at speed and voltage, ready for load",
        lambda d: d.link.in_window and not d.protection.locked_out,
        kind="truth",
    ),
    Point("generator.frequency", "at the alternator's terminals", lambda d: d.generator.terminal_hertz, "Hz"),
    RowPoint("generator.voltage.{phase}", "phase to neutral", _volts, "V"),
    RowPoint(
        "generator.line_voltage.{phase}",
        "L1-L2, L2-L3, L3-L1",
        lambda d, p: _phase_to_phase(d.generator.terminals(), p),
        "V",
    ),
    RowPoint("generator.current.{phase}", "of one phase, RMS", _amperes, "A"),
    RowPoint("generator.power.{phase}", "active power of one phase", _kw, "kW"),
    RowPoint(
        "generator.apparent.{phase}", "apparent power of one phase", lambda d, p: hypot(_kw(d, p), _kvar(d, p)), "kVA"
    ),
    RowPoint("generator.reactive.{phase}", "reactive power of one phase, positive when lagging", _kvar, "kvar"),
    Point("generator.power.total", "negative when the bus turns the engine", lambda d: d.generator.power_kw, "kW"),
    Point("generator.apparent.total", "apparent power of all phases", lambda d: d.generator.load_kva, "kVA"),
    Point("generator.reactive.total", "reactive power of all phases", lambda d: d.generator.load.total_kvar, "kvar"),
    RowPoint("generator.power_factor.{phase}", "of one phase", _power_factor, possible=POWER_FACTOR),
    Point(
        "generator.power_factor.total",
        "of all phases",
        lambda d: d.generator.load.power_factor,
        possible=POWER_FACTOR,
    ),
    Point(
        "generator.load",
        "of the power available at this air temperature",
        lambda d: d.generator.load_percent,
        "%",
        possible=LOADING,
    ),
    Point("generator.energy", "given in all", lambda d: d.generator.energy_kwh, "kWh"),
    Point("generator.apparent_energy", "delivered since new", lambda d: d.generator.energy_kvah, "kVAh"),
    Point("generator.reactive_energy", "delivered since new", lambda d: d.generator.energy_kvarh, "kvarh"),
    Point("breaker.closed", "generator breaker", lambda d: d.generator.closed, kind="truth"),
    Point("bus.live", "the paralleling bus has voltage", lambda d: d.generator.bus_live, kind="truth"),
    Point("bus.voltage", "lowest phase to neutral; none without a bus", _bus_volts, "V"),
    Point("bus.frequency", "none without a bus", _bus_hertz, "Hz"),
    RowPoint(
        "mains.voltage.{phase}",
        "normal side of the transfer switch that calls it",
        lambda d, p: _mains(d).volts[p - 1],
        "V",
    ),
    RowPoint("mains.line_voltage.{phase}", "L1-L2, L2-L3, L3-L1", lambda d, p: _phase_to_phase(_mains(d), p), "V"),
    Point("mains.frequency", "on the normal side of the transfer switch", lambda d: _mains(d).hertz, "Hz"),
    Point(
        "load.on_mains",
        "position of that switch",
        lambda d: bool(getattr(_switch(d), "on_normal", False)),
        kind="truth",
    ),
    Point(
        "load.on_generator",
        "the transfer switch is on the generators",
        lambda d: bool(getattr(_switch(d), "on_emergency", False)),
        kind="truth",
    ),
    Point(
        "request.remote_start", "a transfer switch or the telemetry calls for it", lambda d: d.link.called, kind="truth"
    ),
    Point("request.stood_down", "not needed by the load", lambda d: d.state.stood_down, kind="truth"),
    Point("alarms.warning", "at least one warning is active", lambda d: bool(d.state.warnings), kind="truth"),
    Point("alarms.trip", "an electrical trip is latched", _has("trip"), kind="truth"),
    Point("alarms.shutdown", "a shutdown is latched", _has("shutdown"), kind="truth"),
    Point("alarms.any", "anything is wrong", lambda d: bool(d.state.warnings or d.state.latched), kind="truth"),
    Point("alarms.muted", "the horn is silent", lambda d: d.state.muted, kind="truth"),
    Point("timer.return", "time left on load", _remaining("stage on-load"), "s"),
    Point("timer.cooling", "time left unloaded", _remaining("stage cooling"), "s"),
    Point(
        "command.key",
        "a key of the panel or the telemetry: start, close and open in manual, telemetry-start in auto",
        lambda d: "none",
        write=lambda d, v: d.panel.press(v),
        values=KEYS,
    ),
    *(
        Point[Controller](
            f"setting.{name}",
            doc,
            _setting(f"{name}_s"),
            "s",
            write=_store(f"{name}_s"),
            low=0.0,
            high=high,
        )
        for name, doc, high in SETTINGS
    ),
    *(Point[Controller](f"alarm.{a.name}.condition", a.doc, _condition(a.name), values=CONDITIONS) for a in ALARMS),
)
