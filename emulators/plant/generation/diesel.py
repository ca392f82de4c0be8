"""The diesel engine behind a generator as formulas: rating, fuel, coolant.

Pure functions and small closed families of curves; `engine` puts them on the plant's clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, inf, log
from typing import Annotated, NamedTuple

from twinfeed.emulators.plant.kernel.ratings import Names, Range, Text
from twinfeed.emulators.plant.kernel.tolerances import Tolerance
from twinfeed.emulators.plant.power.electrical import NOMINAL_HERTZ, NOMINAL_VOLTS

STARTS = "assumed; the latest start still meets NFPA 110 Type 10 (10 s)"
"""Source of the tolerances of a start."""

RATED_RPM = 1500.0
"""Four poles at 50 Hz, rpm."""

DIESEL_KWH_PER_L = 9.96
"""Lower heating value of diesel fuel, kWh/l (42.6 MJ/kg, 0.842 kg/l)."""

CRANKING_RPM = 150.0
"""Speed at which the starter turns it, rpm (100 to 200 is usual; assumed)."""


@dataclass(frozen=True)
class GeneratorRatings:
    """A 2000 kVA class diesel set at 50 Hz: Cummins QSK60-G4 engine, 1500 rpm, with a low-voltage alternator.

    Engine figures: Cummins engine data sheet FR-6345, QSK60-G4, 6 Feb 2003 (fuel, ratings 1915 kWm standby and
    1730 kWm prime, derating). The electrical rating is that of Cummins' C2000 D5 set built on it (2063 kVA, 1650 kW
    standby; from memory, unverified). At 45 degC it gives 1518 kW, so two of the Bamako site's three carry 1 MW of
    IT with its cooling and losses twice over, and one alone nearly does.
    """

    bus: Annotated[str, Text(100)] = ""
    """The paralleling bus: sets that name the same one share its `origin` when they are in step. Usually the board's
    id. Empty: a bus of its own."""
    group: Annotated[str, Text(100)] = ""
    """Sets of one group run in parallel through the ties between their buses and share an `origin`, also while a tie is
    open: its controllers keep the buses in step. Empty: the sets of `bus`."""
    tank: Annotated[str, Names("day_tank", "bulk_tank")] = ""
    """The day tank it burns from; none means fuel without end."""
    climate: Annotated[str, Names("climate", "yard")] = ""
    """The weather that gives its intake air temperature (`outdoor_c`); none means `air_c`."""
    air_c: Annotated[float, Range(-50.0, 60.0, "degC")] = 35.0
    """Intake air without a `climate`, degC."""
    standby_kw: Annotated[float, Range(1.0, 100000.0, "kW")] = 1650.0
    """Emergency standby power (ISO 8528-1 ESP) at reference conditions, kW electrical."""
    kva: Annotated[float, Range(1.0, 100000.0, "kVA")] = 2063.0
    """Rated apparent power, kVA."""
    altitude_m: Annotated[float, Range(-450.0, 6000.0, "m")] = 380.0
    """Bamako-Senou (WMO 61291), m."""
    derate_from_c: Annotated[float, Range(0.0, 80.0, "degC")] = 40.0
    """Air temperature from which it carries less, degC."""
    derate_percent_per_k: Annotated[float, Range(0.0, 10.0, "%/K")] = 1.6
    """FR-6345: 16 % per 10 degC."""
    derate_from_m: Annotated[float, Range(0.0, 6000.0, "m")] = 1000.0
    """Read off the curves of FR-6345 for 40 degC (approximately)."""
    derate_percent_per_m: Annotated[float, Range(0.0, 0.1, "%/m")] = 4.1 / 300.0
    """FR-6345: 4.1 % per 300 m."""
    overload_percent: Annotated[float, Range(100.0, 200.0, "%")] = 110.0
    """Power that the engine holds before its speed falls, % of the derated standby power (fuel stop; 1915 kWm is 105 %
    of what 1650 kW takes, the rest is turbo reserve; assumed)."""
    fuel_kwm: tuple[Annotated[float, Range(0.0, 200000.0, "kW")], ...] = (433.0, 865.0, 1298.0, 1730.0, 1915.0)
    """Gross engine power of the points of the fuel curve, kW: 25, 50, 75 and 100 % of prime, standby (FR-6345)."""
    fuel_lph: tuple[Annotated[float, Range(0.0, 100000.0, "l/h")], ...] = (114.0, 200.0, 291.0, 394.0, 437.0)
    """Fuel at those points, l/h (FR-6345)."""
    alternator_efficiency: Annotated[float, Range(0.5, 1.0)] = 0.955
    """Typical of the size (93.2 to 96.2 % from a quarter to full load on a Caterpillar SR4 frame 808 data sheet)."""
    fan_kw: Annotated[float, Range(0.0, 10000.0, "kW")] = 45.0
    """Power that the radiator fan takes from the shaft, kW (typical, unverified)."""
    volts: Annotated[float, Range(90.0, 400.0, "V")] = NOMINAL_VOLTS
    """Nominal phase voltage, V."""
    hertz: Annotated[float, Range(45.0, 65.0, "Hz")] = NOMINAL_HERTZ
    """Nominal frequency, Hz."""
    droop_percent: Annotated[float, Range(0.0, 10.0, "%")] = 0.0
    """Speed droop from no load to full; 0 is isochronous load sharing."""
    inertia_s: Annotated[float, Range(0.1, 20.0, "s")] = 1.0
    """H: stored energy at rated speed over rated power, s (1 to 1.5 is usual at this size, unverified)."""
    governor_s: Annotated[float, Range(0.05, 10.0, "s")] = 0.55
    """Time from a load step to the lowest speed, s: with `inertia_s` a step of 32 % dips 3.2 % (ISO 8528-5 class G3
    allows 7 % and 3 s to return; from memory of its table 4)."""
    bmep_bar: Annotated[float, Range(1.0, 40.0, "bar")] = 25.4
    """Brake mean effective pressure at the standby rating, bar: 1915 kWm from 60.2 l at 1500 rpm (FR-6345). The higher
    it is, the smaller the first load step that the engine takes at once (ISO 8528-5, see `swing.ASPIRATED_BAR`)."""
    turbo_s: Annotated[float, Range(0.05, 20.0, "s")] = 1.5
    """Time constant with which the turbocharger delivers the air for a load above that, s (1 to 2 usual; assumed)."""
    transient_reactance: Annotated[float, Range(0.01, 1.0)] = 0.2
    """x'd of the alternator, per unit: sets the voltage dip (typical; G3 allows 15 %)."""
    synchronous_reactance: Annotated[float, Range(0.5, 5.0)] = 2.8
    """xd of the alternator, per unit (2.5 to 3.3 is usual at this size): without field it takes 1 / xd of its rating
    from the bus as reactive power."""
    sustained_short_circuit: Annotated[float, Range(1.0, 6.0, "times rated")] = 3.0
    """Current that the excitation at its ceiling drives into a short circuit for seconds, times rated (3 for 10 s with
    a permanent-magnet exciter is usual)."""
    subtransient_reactance: Annotated[float, Range(0.01, 1.0)] = 0.12
    """x"d of the alternator, per unit: sets the current in the first cycle of a short circuit (0.10 to 0.15 is usual at
    this size; alternator makers' data sheets, from memory, unverified)."""
    avr_s: Annotated[float, Range(0.05, 10.0, "s")] = 0.8
    """Time constant of the voltage's return, s (G3: back within 4 s)."""
    fire_hot_s: Annotated[float, Range(0.1, 60.0, "s"), Tolerance(-15.0, 25.0, STARTS)] = 1.2
    """Cranking until it fires with warm coolant, s."""
    fire_cold_s: Annotated[float, Range(0.1, 60.0, "s"), Tolerance(-15.0, 25.0, STARTS)] = 3.0
    """The time at 10 degC and below, s; in between in proportion."""
    run_up_s: Annotated[float, Range(0.1, 120.0, "s"), Tolerance(-10.0, 15.0, STARTS)] = 3.5
    """From firing to rated speed, s. With excitation it is ready in 7 s when kept warm: NFPA 110 Type 10."""
    excitation_s: Annotated[float, Range(0.05, 60.0, "s"), Tolerance(-10.0, 10.0, "assumed")] = 0.6
    """Time constant of the voltage building up from three quarters of the speed on, s."""
    run_down_s: Annotated[float, Range(0.1, 600.0, "s")] = 20.0
    """From fuel shut to standstill, s (assumed)."""
    jacket_heater_c: Annotated[float, Range(0.0, 80.0, "degC")] = 45.0
    """Coolant is kept at this while it stands, degC (NFPA 110 asks for 32 degC at least); 0 for no heater."""
    thermostat_c: Annotated[float, Range(40.0, 110.0, "degC")] = 82.0
    """Temperature at which its thermostat opens, degC."""
    seize_c: Annotated[float, Range(90.0, 200.0, "degC")] = 125.0
    """It seizes here if nothing stops it before, degC (assumed)."""
    coolant_share: Annotated[float, Range(0.0, 0.5)] = 0.155
    """Share of the fuel's energy that goes to the coolant: about 600 kW at full load (typical of the size)."""
    radiator_kw_per_k: Annotated[float, Range(0.001, 10000.0, "kW/K")] = 13.5
    """With the fan running, kW per K above the air: holds 96 degC at full load in 50 degC air."""
    fanless_kw_per_k: Annotated[float, Range(0.0001, 1000.0, "kW/K")] = 1.0
    """Without (assumed)."""
    thermal_mass_kj_per_k: Annotated[float, Range(1.0, 10000000.0, "kJ/K")] = 4000.0
    """Block and coolant; set so that with the fan dead a set started warm reaches 103 degC in 9 minutes at 75 % load
    (AWS us-east-1, 14 June 2012: nine minutes from loss of utility to the trip)."""
    oil_kpa: Annotated[float, Range(10.0, 2000.0, "kPa")] = 450.0
    """Oil pressure hot at rated speed, kPa (typical)."""
    crank_reserve_s: Annotated[float, Range(1.0, 3600.0, "s")] = 90.0
    """Cranking the starter battery holds, s: two cycles of three times 15 s (NFPA 110, 5.6.4; from memory)."""
    recharge_s: Annotated[float, Range(60.0, 1000000.0, "s")] = 86400.0
    """The charger fills it from empty in a day, s (NFPA 110; from memory)."""
    breaker_s: Annotated[
        float, Range(0.001, 10.0, "s"), Tolerance(-25.0, 25.0, "assumed; 50 to 70 ms is usual of air circuit breakers")
    ] = 0.06
    """Closing time of its circuit breaker, s."""

    def __post_init__(self) -> None:
        if len(self.fuel_kwm) < 2 or len(self.fuel_kwm) != len(self.fuel_lph):
            raise ValueError("fuel_kwm and fuel_lph: expected as many of both, two at least")
        if any(a >= b for curve in (self.fuel_kwm, self.fuel_lph) for a, b in pairwise(curve)):
            raise ValueError("fuel_kwm and fuel_lph: expected numbers that rise")
        if self.thermostat_c >= self.seize_c:
            raise ValueError(
                f"thermostat_c is {self.thermostat_c:g}, expected less than seize_c, {self.seize_c:g} degC"
            )


def fuel_lph(ratings: GeneratorRatings, kwm: float) -> float:
    """Fuel for that engine power, l/h: straight lines between the data sheet's points, and beyond them."""
    xs, ys = ratings.fuel_kwm, ratings.fuel_lph
    i = min(max(bisect_right(xs, kwm), 1), len(xs) - 1)
    slope = (ys[i] - ys[i - 1]) / (xs[i] - xs[i - 1])
    return ys[i - 1] + slope * (kwm - xs[i - 1])


def engine_kw(ratings: GeneratorRatings, electrical_kw: float) -> float:
    """Gross engine power that this electrical power takes, kW."""
    return electrical_kw / ratings.alternator_efficiency + ratings.fan_kw


def derated_kw(ratings: GeneratorRatings, air_c: float) -> float:
    """Standby power at that air temperature and the site's altitude, kW."""
    lost = max(0.0, air_c - ratings.derate_from_c) * ratings.derate_percent_per_k
    lost += max(0.0, ratings.altitude_m - ratings.derate_from_m) * ratings.derate_percent_per_m
    return ratings.standby_kw * max(0.0, 1.0 - lost / 100.0)


# -- coolant ----------------------------------------------------------------------------------------------------


class Coolant(NamedTuple):
    """Coolant temperature on one leg: from `start_c` at `at` towards `target_c` with one time constant, s."""

    at: float
    start_c: float
    target_c: float
    tau_s: float

    def celsius(self, now: float) -> float:
        return self.target_c + (self.start_c - self.target_c) * exp(-(now - self.at) / self.tau_s)

    def reaches_s(self, now: float, celsius: float) -> float:
        """Seconds until that temperature on this leg, inf if it is not on the way."""
        here = self.celsius(now)
        ahead, whole = celsius - here, self.target_c - here
        if ahead * whole <= 0.0 or abs(ahead) >= abs(whole):
            return inf
        return self.tau_s * log(whole / (whole - ahead))


def coolant_leg(
    ratings: GeneratorRatings, celsius: float, air_c: float, lph: float, running: bool, fan: bool
) -> tuple[float, float]:
    """Where the coolant is heading and with which time constant: (degC, s).

    `lph` is the fuel burnt, l/h. Below the thermostat's opening, and without fan, only the bare radiator cools; a
    standing engine cools down to its jacket heater.
    """
    bare = ratings.thermal_mass_kj_per_k / ratings.fanless_kw_per_k
    if not running:
        return max(air_c, ratings.jacket_heater_c), bare
    heat_kw = ratings.coolant_share * lph * DIESEL_KWH_PER_L
    if not fan or celsius < ratings.thermostat_c - 0.01:
        return air_c + heat_kw / ratings.fanless_kw_per_k, bare
    cooled = max(ratings.thermostat_c, air_c + heat_kw / ratings.radiator_kw_per_k)
    return cooled, ratings.thermal_mass_kj_per_k / ratings.radiator_kw_per_k


def interpolate(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """Straight line through two points, held at their ends."""
    share = min(1.0, max(0.0, (x - xs[0]) / (xs[1] - xs[0])))
    return ys[0] + share * (ys[1] - ys[0])
