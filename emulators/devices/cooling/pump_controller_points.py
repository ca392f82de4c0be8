"""The points and alarms of the controller of a chilled water loop's pumps."""

from __future__ import annotations

from twinfeed.emulators.devices.cooling.pump_controller import ChilledWaterPlant
from twinfeed.emulators.devices.firmware.alarms import Alarm, Alarms
from twinfeed.emulators.devices.firmware.points import Point, Points, RowPoint
from twinfeed.emulators.devices.firmware.usual_points import stored
from twinfeed.emulators.plant.cooling.pumps import Pump

ALARMS: Alarms[ChilledWaterPlant] = (
    Alarm("pump_failed", "a pump that should run stands", lambda d: bool(d.failed), severity="critical", delay_s=5.0),
    Alarm(
        "no_standby_pump",
        "no pump is left to start",
        lambda d: len(d.turning) < d.wanted and all(p.state.commanded for p in d.pumps),
        severity="critical",
        delay_s=10.0,
    ),
    Alarm(
        "low_pressure",
        "the loop has lost water: its static pressure is low",
        lambda d: d.static_kpa < d.params.low_static_kpa,
        severity="critical",
        delay_s=5.0,
    ),
    Alarm("low_flow", "the loop's flow is low", lambda d: d.flow_l_s < d.params.low_flow_l_s, delay_s=20.0),
    Alarm(
        "high_supply",
        "the supply water is too warm",
        lambda d: d.supply_c > d.params.high_supply_c,
        clear=lambda d: d.supply_c < d.params.high_supply_c - 0.5,
        severity="critical",
        delay_s=30.0,
    ),
)


def _pump(d: ChilledWaterPlant, n: int) -> Pump:
    return d.pumps[n - 1]


def _order(d: ChilledWaterPlant, n: int, value: str) -> None:
    if value != "none":
        d.order(n, value == "on")


POINTS: Points[ChilledWaterPlant] = (
    Point("loop.supply", "water to the coils", lambda d: d.loop.supply_c, "°C"),
    Point("loop.return", "water from the coils", lambda d: d.loop.return_c, "°C"),
    Point("loop.tank", "mean of the buffer tank", lambda d: d.loop.tank_c, "°C"),
    Point("loop.flow", "water that the pumps move", lambda d: d.loop.flow_l_s, "l/s"),
    Point("loop.pressure", "differential pressure of the pumps", lambda d: d.loop.head_kpa, "kPa"),
    Point("loop.static_pressure", "pressure above that of the air", lambda d: d.loop.static_kpa, "kPa"),
    Point("loop.load", "heat the coils bring", lambda d: d.loop.load_kw, "kW"),
    Point("chillers.running", "number of chillers that run", lambda d: d.loop.chillers_running),
    Point("pumps.running", "number of pumps that turn", lambda d: len(d.turning)),
    stored("pumps.duty", "number of pumps that are to run", "duty", lambda d: d.duty, low=0, high=8, whole=True),
    stored(
        "pumps.speed",
        "speed of the running pumps",
        "speed_percent",
        lambda d: d.speed_percent,
        "%",
        low=30.0,
        high=100.0,
    ),
    RowPoint("pump.{pump}.name", "its name", lambda d, n: _pump(d, n).id, kind="text"),
    RowPoint("pump.{pump}.commanded", "ordered to run", lambda d, n: _pump(d, n).state.commanded, kind="truth"),
    RowPoint("pump.{pump}.running", "the drive's run feedback", lambda d, n: _pump(d, n).target > 0.0, kind="truth"),
    RowPoint("pump.{pump}.failed", "ordered to run, and stopped", lambda d, n: _pump(d, n) in d.failed, kind="truth"),
    RowPoint("pump.{pump}.speed", "of the impeller", lambda d, n: 100.0 * _pump(d, n).speed, "%"),
    RowPoint("pump.{pump}.power", "electric input", lambda d, n: _pump(d, n).power_kw, "kW"),
    RowPoint("pump.{pump}.hours", "hours run", lambda d, n: _pump(d, n).run_hours, "h"),
    RowPoint(
        "command.pump.{pump}",
        "start or stop a pump by hand; the controller continues from there",
        lambda d, n: "none",
        write=_order,
        values=("none", "on", "off"),
    ),
)
