"""The points and alarms of a chiller, as its controller names them."""

from __future__ import annotations

from collections.abc import Callable

from twinfeed.emulators.devices.cooling.chiller import ChillerController
from twinfeed.emulators.devices.firmware.alarms import Alarm, Alarms
from twinfeed.emulators.devices.firmware.points import Point, Points
from twinfeed.emulators.devices.firmware.usual_points import command, some_alarm, stored

ROLES = ("lead", "lag", "standby")

PHASES = ("dead", "booting", "off", "flow", "inhibited", "prestart", "running", "lockout")
"""dead (no control power), booting, off (not wanted), flow (valve open, waiting for the flow switch), inhibited
(anti-recycle), prestart (oil, expansion valve, role delay), running, lockout (too many trips: needs a reset)."""


def _amperes(d: ChillerController) -> float:
    return float(max(d.chiller.demand()["input"].amperes(d.chiller.seen["input"].volts)))


_TRIP_ALARMS = (
    ("high_pressure", "high pressure", "the high-pressure switch has opened"),
    ("low_pressure", "low pressure", "the low-pressure switch has opened"),
    ("supply_voltage", "supply voltage", "the phase monitor has opened: supply voltage out of limits"),
    ("flow_loss", "flow", "the evaporator's flow was lost while it ran, or was not proven in time"),
    ("start_failure", "start failure", "the compressors did not start"),
    ("protection", "protection", "a protection of the compressors has opened"),
)


def _tripped(reason: str) -> Callable[[ChillerController], bool]:
    return lambda d: bool(d.state.trip == reason)


ALARMS: Alarms[ChillerController] = (
    *(Alarm[ChillerController](name, doc, _tripped(reason), severity="critical") for name, reason, doc in _TRIP_ALARMS),
    Alarm(
        "lockout",
        "too many trips within an hour: it stays off until it is reset",
        lambda d: d.state.phase == "lockout",
        severity="critical",
    ),
    Alarm(
        "water_too_warm",
        "the entering water is too warm to start",
        lambda d: d.wanted and d.state.phase == "off" and d.entering_c > d.params.warmest_start_c,
        severity="critical",
    ),
    Alarm(
        "high_leaving_water",
        "it runs and the leaving water is 3 K above the setpoint",
        lambda d: d.state.phase == "running" and d.leaving_c > d.setpoint_c + 3.0,
        clear=lambda d: d.state.phase != "running" or d.leaving_c < d.setpoint_c + 2.0,
        delay_s=300.0,
    ),
    Alarm(
        "capacity_limited",
        "it runs as hard as it may and does not reach the setpoint",
        lambda d: d.limited,
        severity="info",
        delay_s=60.0,
    ),
)

POINTS: Points[ChillerController] = (
    Point(
        "chiller.state",
        "stage of its sequence",
        lambda d: d.state.phase,
        values=PHASES,
    ),
    Point("chiller.running", "the compressors run", lambda d: d.chiller.running, kind="truth"),
    stored("chiller.enabled", "it may run", "enabled", lambda d: d.enabled, kind="truth"),
    stored("chiller.role", "lead, lag or standby", "role", lambda d: d.role, values=ROLES),
    some_alarm("chiller.alarm"),
    Point("chiller.time_to_start", "until its timers allow a start", lambda d: d.seconds_to_start, "s"),
    stored(
        "setpoint.leaving", "leaving water setpoint", "setpoint_c", lambda d: d.setpoint_c, "°C", low=4.0, high=20.0
    ),
    Point("water.entering", "entering the evaporator", lambda d: d.chiller.entering_c, "°C"),
    Point("water.leaving", "leaving the evaporator", lambda d: d.chiller.leaving_c, "°C"),
    Point("water.flow", "through the evaporator", lambda d: d.chiller.flow_l_s, "l/s"),
    Point("water.flow_proven", "the flow switch is closed", lambda d: d.flow_proven, kind="truth"),
    Point("capacity.percent", "compressor capacity in use", lambda d: d.chiller.load_percent, "%"),
    Point(
        "capacity.limit",
        "demand limit",
        lambda d: 100.0 * float(d.setting("limit", 1.0)),
        "%",
        write=lambda d, v: d.set_setting("limit", float(v) / 100.0),
        low=30.0,
        high=100.0,
    ),
    Point("capacity.limited", "it runs at its limit", lambda d: d.limited, kind="truth"),
    Point("cooling.power", "heat taken from the water", lambda d: d.chiller.cooling_kw, "kW"),
    Point("input.power", "electric input", lambda d: d.chiller.demand()["input"].total_kw, "kW"),
    Point("input.current", "current of the highest phase", _amperes, "A"),
    Point("air.outdoor", "air entering the condenser", lambda d: d.chiller.air_c, "°C"),
    Point("condenser.temperature", "saturated condensing temperature", lambda d: d.chiller.condensing_c, "°C"),
    Point("compressor.starts", "starts since delivery", lambda d: d.chiller.starts),
    Point("compressor.hours", "hours run since delivery", lambda d: d.chiller.run_hours, "h"),
    Point("trip.reason", "reason of the last trip", lambda d: d.state.trip, kind="text"),
    Point("trip.count", "trips within the last hour", lambda d: len(d.state.trips)),
    command("command.reset", "clear trips and lockout", lambda d, v: d.reset(v), "reset"),
)
