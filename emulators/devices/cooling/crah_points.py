"""The points and alarms of air handlers with a chilled-water coil and with compressors."""

from __future__ import annotations

from math import exp
from typing import Any

from twinfeed.emulators.devices.cooling.crah import CracController, CrahController
from twinfeed.emulators.devices.firmware.alarms import Alarm, Alarms
from twinfeed.emulators.devices.firmware.points import Point, Points
from twinfeed.emulators.devices.firmware.usual_points import some_alarm, stored


def _airflow_part(d: CrahController) -> float:
    """Airflow against what the fan speed should give, %."""
    speed = d.crah.speed_percent
    return float(100.0 * d.crah.airflow_percent / speed) if speed > 10.0 else 100.0


_AIR_ALARMS: Alarms[Any] = (
    Alarm(
        "airflow_lost",
        "the fans should turn and no air moves",
        lambda d: d.should_run and d.crah.airflow_percent < 10.0,
        severity="critical",
        delay_s=10.0,
    ),
    Alarm(
        "filter_clogged",
        "the filters pass too little air",
        lambda d: _airflow_part(d) < d.params.low_airflow_percent and d.crah.fault("fan-failure") is None,
        delay_s=30.0,
    ),
    Alarm(
        "high_return",
        "the return air is too warm",
        lambda d: d.return_c > d.params.high_return_c,
        clear=lambda d: d.return_c < d.params.high_return_c - 1.0,
        severity="critical",
        delay_s=30.0,
    ),
    Alarm(
        "high_supply",
        "the supply air is too warm",
        lambda d: d.should_run and d.supply_c > d.setpoint_c + d.params.high_supply_k,
        clear=lambda d: not d.should_run or d.supply_c < d.setpoint_c + d.params.high_supply_k - 1.0,
        severity="critical",
        delay_s=60.0,
    ),
    Alarm(
        "thermostat",
        "the thermostat in the return air has stopped the unit",
        lambda d: d.crah.hot,
        severity="critical",
    ),
    Alarm("fire", "the fire panel has stopped the unit", lambda d: d.fire, severity="critical"),
    Alarm("switched_off", "the unit is switched off", lambda d: not d.enabled, severity="info"),
)

_AIR_POINTS: Points[Any] = (
    Point("unit.on", "the fans turn", lambda d: d.crah.running, kind="truth"),
    stored("unit.enabled", "the unit is switched on", "enabled", lambda d: d.enabled, kind="truth"),
    some_alarm("unit.alarm"),
    Point(
        "unit.alarm_text",
        "the newest line of its event log",
        lambda d: str(d.state.events[-1][1]) if d.state.events else "",
        kind="text",
    ),
    Point("unit.hours", "hours the fans have run", lambda d: d.run_hours, "h"),
    Point("unit.starts", "fan starts", lambda d: d.state.starts),
    stored("setpoint.supply", "supply air setpoint", "supply_c", lambda d: d.setpoint_c, "°C", low=10.0, high=35.0),
    Point("air.supply", "leaving the unit", lambda d: d.crah.supply_air_c, "°C"),
    Point("air.return", "entering the unit", lambda d: d.crah.return_air_c, "°C"),
    Point("air.return_humidity", "of the return air", lambda d: d.crah.return_humidity_percent, "%"),
    Point("air.supply_humidity", "of the supply air", lambda d: d.crah.supply_humidity_percent, "%"),
    Point("filter.pressure", "pressure drop of the filters", lambda d: d.crah.filter_pa, "Pa"),
    Point("air.flow", "through the unit", lambda d: d.crah.air_m3_s, "m3/s"),
    Point("fan.speed", "of the fans", lambda d: d.crah.speed_percent, "%"),
    stored("fan.setting", "normal fan speed", "fan_percent", lambda d: d.fan_percent, "%", low=30.0, high=100.0),
    Point("cooling.power", "heat taken from the air", lambda d: d.crah.cooling_kw, "kW"),
    Point("input.power", "electric input", lambda d: d.crah.input_kw, "kW"),
)

ALARMS: Alarms[CrahController] = (
    *_AIR_ALARMS,
    Alarm(
        "high_water",
        "the chilled water is too warm",
        lambda d: d.water_c > d.params.high_water_c,
        clear=lambda d: d.water_c < d.params.high_water_c - 1.0,
        delay_s=30.0,
    ),
)

POINTS: Points[CrahController] = (
    *_AIR_POINTS,
    Point("valve.position", "water valve", lambda d: d.coil.valve_percent, "%"),
    Point("water.in", "entering the coil", lambda d: d.coil.water_in_c, "°C"),
    Point("water.out", "leaving the coil", lambda d: d.coil.water_out_c, "°C"),
)

CRAC_ALARMS: Alarms[CracController] = (
    *_AIR_ALARMS,
    Alarm(
        "high_pressure",
        "the high-pressure switch of the compressors has opened",
        lambda d: d.unit.state.trip == "high pressure",
        severity="critical",
    ),
    Alarm(
        "low_pressure",
        "the low-pressure switch of the compressors has opened",
        lambda d: d.unit.state.trip == "low pressure",
        severity="critical",
    ),
)

CRAC_POINTS: Points[CracController] = (
    *_AIR_POINTS,
    Point("compressor.running", "the compressors run or cycle", lambda d: d.unit.compressors, kind="truth"),
    Point("compressor.load", "compressor capacity in use", lambda d: d.unit.load_percent, "%"),
    Point("condenser.temperature", "saturated condensing temperature", lambda d: d.unit.condensing_c, "°C"),
    Point(
        "condenser.pressure",
        "condensing pressure above the air, R-410A",
        lambda d: r410a_bar(d.unit.condensing_c),
        "bar",
    ),
    Point(
        "command.reset",
        "close the pressure switches and the thermostat again",
        lambda d: "none",
        write=lambda d, v: d.reset(v),
        values=("none", "reset"),
    ),
)


def r410a_bar(celsius: float) -> float:
    """Saturation pressure of R-410A above that of the air, bar: ln p = 10.843 - 2397 / T, a fit of 16.5 bar at 25 degC
    and 38.4 bar at 60 degC."""
    return exp(10.843 - 2397.0 / (celsius + 273.15)) - 1.013
