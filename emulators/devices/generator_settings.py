"""The settings of a generating set's controller."""

from __future__ import annotations

from dataclasses import dataclass

from emulators.devices.device import Params
from emulators.plant.electrical import Ref


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
