"""The settings and the state of a generating set's controller."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from twinfeed.emulators.devices.firmware.state import Params, State
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.emulators.plant.kernel.tolerances import Tolerance

STAGES = (
    "rest",
    "start-delay",
    "preheat",
    "cranking",
    "crank-rest",
    "starting",
    "warming",
    "available",
    "synchronising",
    "closing",
    "on-load",
    "opening",
    "cooling",
    "stopping",
)
"""Of the sequence that starts, loads and stops a set; `available` is at speed without load."""

TURNING = STAGES[STAGES.index("starting") : STAGES.index("stopping")]
"""Stages in which the engine should run."""


@dataclass(frozen=True)
class GeneratorControllerParams(Params):
    """Settings of the controller. Electrical and speed thresholds: factory configuration of the DSE 86xx (from memory
    of its Configuration Suite, unverified), as percent of nominal; engine thresholds: those of the set."""

    start_requests: tuple[Annotated[str, Names("ats")], ...] = ()
    """Transfer switches whose engine-start contact calls this set in automatic."""
    plc: Annotated[str, Names("paralleling_plc")] = ""
    """The paralleling PLC without whose order this set does not close in automatic."""
    mode: Literal["stop", "auto", "manual", "test"] = "auto"
    """stop, auto, manual or test when the site starts."""
    priority: Annotated[int, Range(-1000, 1000)] = 0
    """Lower ones close first on a dead bus and are the last to be stood down; equal ones go by name."""
    start_delay_s: Annotated[float, Range(0.0, 86400.0, "s")] = 0.0
    """Between the request and the first crank, s: 0, for the transfer switches have ridden over dips already."""
    preheat_s: Annotated[float, Range(0.0, 86400.0, "s")] = 0.0
    """Time of preheating before it cranks, s."""
    crank_s: Annotated[float, Range(0.1, 600.0, "s")] = 10.0
    """One attempt, s."""
    crank_rest_s: Annotated[float, Range(0.1, 600.0, "s")] = 10.0
    """Rest between two attempts to crank, s."""
    crank_attempts: Annotated[int, Range(1, 100, "attempts")] = 3
    """Attempts to crank before it reports a failed start."""
    safety_on_s: Annotated[float, Range(0.0, 86400.0, "s")] = 8.0
    """After firing, until oil pressure, speed and voltage have come up and their protections count, s."""
    warming_s: Annotated[float, Range(0.0, 86400.0, "s")] = 0.0
    """At speed before it may take load, s: 0, the jacket heater keeps it warm (NFPA 110 Type 10)."""
    sync_s: Annotated[
        float,
        Range(0.0, 86400.0, "s"),
        Tolerance(-50.0, 25.0, "the phase at which it begins is any: a 0.2 Hz slip comes round every 5 s"),
    ] = 4.0
    """Time the synchroniser takes to match voltage, slip and phase, s (a 0.2 Hz slip comes round every 5 s)."""
    sync_timeout_s: Annotated[float, Range(0.1, 86400.0, "s")] = 60.0
    """Longest time to synchronise, s."""
    breaker_timeout_s: Annotated[float, Range(0.1, 86400.0, "s")] = 1.0
    """A breaker that has not moved by then has failed, s."""
    return_s: Annotated[float, Range(0.0, 86400.0, "s")] = 30.0
    """On load after the request is gone, s."""
    cooling_s: Annotated[float, Range(0.0, 86400.0, "s")] = 120.0
    """Unloaded before it is stopped, s."""
    stopping_timeout_s: Annotated[float, Range(0.1, 86400.0, "s")] = 60.0
    """Longest time to come to rest, s."""
    load_demand: bool = False
    """Stand down sets that the load does not need."""
    stand_down_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 70.0
    """A set is not needed when the sets before it would carry the load below this, % of what they can give."""
    recall_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 85.0
    """It is called again when they carry more than this, %."""
    stand_down_s: Annotated[float, Range(0.0, 86400.0, "s")] = 300.0
    """A set must have been needless so long, s."""
    recall_s: Annotated[float, Range(0.0, 86400.0, "s")] = 2.0
    """Time for which a set that was stood down must be missing before it is started again, s."""

    ready_volts_percent: Annotated[float, Range(0.1, 50.0, "%")] = 10.0
    """Voltage window for closing, % of nominal."""
    ready_hertz_percent: Annotated[float, Range(0.1, 20.0, "%")] = 2.0
    """Largest deviation from the nominal frequency at which it counts as ready, %."""
    low_oil_warning_kpa: Annotated[float, Range(0.0, 2000.0, "kPa")] = 207.0
    """Oil pressure below which it warns, kPa."""
    low_oil_shutdown_kpa: Annotated[float, Range(0.0, 2000.0, "kPa")] = 138.0
    """20 psi (assumed)."""
    hot_warning_c: Annotated[float, Range(0.0, 200.0, "degC")] = 98.0
    """Temperature of the coolant from which it warns, degC."""
    hot_shutdown_c: Annotated[float, Range(0.0, 200.0, "degC")] = 103.0
    """Temperature of the coolant from which it stops, degC."""
    cold_warning_c: Annotated[float, Range(-50.0, 100.0, "degC")] = 20.0
    """NFPA 110 has a low-temperature alarm 11 K below the heated temperature of 32 degC (from memory)."""
    low_fuel_percent: Annotated[float, Range(0.0, 100.0, "%")] = 25.0
    """Fuel level below which it warns, %."""
    low_fuel_shutdown_percent: Annotated[float, Range(0.0, 100.0, "%")] = 0.0
    """Stop before the tank runs dry, %; 0 for never."""
    underspeed_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 84.0
    """Speed below which it stops, % of nominal."""
    overspeed_warning_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 110.0
    """Speed above which it warns, % of nominal."""
    overspeed_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 114.0
    """Speed above which it stops, % of nominal."""
    underfrequency_warning_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 84.0
    """Frequency below which it warns, % of nominal."""
    underfrequency_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 80.0
    """Frequency below which it stops, % of nominal."""
    overfrequency_warning_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 110.0
    """Frequency above which it warns, % of nominal."""
    overfrequency_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 114.0
    """Frequency above which it stops, % of nominal."""
    undervoltage_warning_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 85.0
    """Voltage below which it warns, % of nominal."""
    undervoltage_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 80.0
    """Voltage below which it stops, % of nominal."""
    overvoltage_warning_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 115.0
    """Voltage above which it warns, % of nominal."""
    overvoltage_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 120.0
    """Voltage above which it stops, % of nominal."""
    overload_warning_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 100.5
    """Load above which it warns, % of rated."""
    overload_trip_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 110.0
    """Load above which it trips, % of rated."""
    overcurrent_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 150.0
    """For 30 s, % (IEC 60034-1 9.3.2 asks alternators to stand that)."""
    overload_multiplier_s: Annotated[float, Range(1.0, 3600.0, "s")] = 36.0
    """An overload of current or power trips after this / (share of rated - 1)^2, s: 36 s allows 110 % for an hour, and
    that once in twelve hours (`endurance`; ISO 8528-1)."""
    short_circuit_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 250.0
    """Current above which it stops for a short circuit, % of rated."""
    reverse_power_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 3.0
    """Power into the set above which it trips, % of rated."""
    loss_of_excitation_percent: Annotated[float, Range(0.0, 1000.0, "%")] = 25.0
    """Reactive power taken from the bus, % of the rated kVA. The alarm is that of the DSE 8610 MKII (operator manual of
    the Generac G8601, its twin, p. 20; easymanua.ls); level and delay of 3 s are assumed."""
    low_battery_v: Annotated[float, Range(0.0, 60.0, "V")] = 22.0
    """Voltage of the starter battery below which it warns, V."""
    high_battery_v: Annotated[float, Range(0.0, 60.0, "V")] = 30.0
    """Voltage of the starter battery above which it warns, V."""
    charge_failure_v: Annotated[float, Range(0.0, 60.0, "V")] = 18.0
    """Voltage of the charging alternator below which it warns, V."""


@dataclass
class GeneratorControllerState(State):
    armed: bool = False
    """The safety-on delay is over."""
    latched: dict[str, str] = field(default_factory=dict)
    """Alarm -> trip or shutdown, until it is reset."""
    warnings: list[str] = field(default_factory=list)
    endured: dict[str, list[float]] = field(default_factory=dict)
    """Alarm -> when, s, the part of the allowed overload used by then, and its rate, 1/s (`endurance`)."""
    muted: bool = False
    stage: str = "rest"
    """One of `STAGES`."""
    mode: str = ""
    telemetry_start: bool = False
    manual_run: bool = False
    manual_load: bool = False
    stood_down: bool = False
    """The load does not need it."""
    attempts: int = 0
    """Cranks so far in this start."""
    matched: int = 0
    """The number of checks in a row in which voltage and frequency fitted the bus."""
    starts: int = 0
    failed_starts: int = 0
    run_s: float = 0.0
    """Running time until `run_since`, s."""
    run_since: float = -1.0
    """Negative while it does not run."""
