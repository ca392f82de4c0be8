"""The points of a chiller, as its controller names them."""

from __future__ import annotations

from typing import Any

from emulators.devices.points import Point

ROLES = ("lead", "lag", "standby")

PHASES = ("dead", "booting", "off", "flow", "inhibited", "prestart", "running", "lockout")
"""dead (no control power), booting, off (not wanted), flow (valve open, waiting for the flow switch), inhibited
(anti-recycle), prestart (oil, expansion valve, role delay), running, lockout (too many trips: needs a reset)."""


def _amperes(d: Any) -> float:
    return float(max(d.chiller.demand()["input"].amperes(d.chiller.seen["input"].volts)))


POINTS: tuple[Point, ...] = (
    Point(
        "chiller.state",
        "where it is in its sequence",
        lambda d: d.state.phase,
        values=PHASES,
    ),
    Point("chiller.running", "the compressors run", lambda d: d.chiller.running),
    Point(
        "chiller.enabled",
        "it may run",
        lambda d: d.enabled,
        write=lambda d, v: d.set_setting("enabled", bool(v)),
    ),
    Point(
        "chiller.role",
        "lead, lag or standby",
        lambda d: d.role,
        write=lambda d, v: d.set_setting("role", v),
        values=ROLES,
    ),
    Point("chiller.alarm", "some alarm is active", lambda d: bool(d.state.alarms)),
    Point("chiller.time_to_start", "until its timers allow a start", lambda d: d.seconds_to_start, "s"),
    Point(
        "setpoint.leaving",
        "leaving water setpoint",
        lambda d: d.setpoint_c,
        "°C",
        write=lambda d, v: d.set_setting("setpoint_c", float(v)),
        low=4.0,
        high=20.0,
    ),
    Point("water.entering", "entering the evaporator", lambda d: d.chiller.entering_c, "°C"),
    Point("water.leaving", "leaving the evaporator", lambda d: d.chiller.leaving_c, "°C"),
    Point("water.flow", "through the evaporator", lambda d: d.chiller.flow_l_s, "l/s"),
    Point("water.flow_proven", "the flow switch is closed", lambda d: d.flow_proven),
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
    Point("capacity.limited", "it runs at its limit", lambda d: d.limited),
    Point("cooling.power", "heat taken from the water", lambda d: d.chiller.cooling_kw, "kW"),
    Point("input.power", "electric input", lambda d: d.chiller.demand()["input"].total_kw, "kW"),
    Point("input.current", "current of the highest phase", _amperes, "A"),
    Point("air.outdoor", "air entering the condenser", lambda d: d.chiller.air_c, "°C"),
    Point("condenser.temperature", "saturated condensing temperature", lambda d: d.chiller.condensing_c, "°C"),
    Point("compressor.starts", "starts since delivery", lambda d: d.chiller.starts),
    Point("compressor.hours", "hours run since delivery", lambda d: d.chiller.run_hours, "h"),
    Point("trip.reason", "what it tripped on last", lambda d: d.state.trip),
    Point("trip.count", "trips within the last hour", lambda d: len(d.state.trips)),
    Point(
        "command.reset",
        "clear trips and lockout",
        lambda d: "none",
        write=lambda d, v: d.reset(v),
        values=("none", "reset"),
    ),
)
