"""Computer room air conditioners: a direct-expansion coil, compressors, and a condenser of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from twinfeed.emulators.plant.air.climate import Outdoors
from twinfeed.emulators.plant.air.properties import wet_bulb_c
from twinfeed.emulators.plant.air.thermal import Balance
from twinfeed.emulators.plant.air.yard import Discharging
from twinfeed.emulators.plant.cooling.air_handlers import AirHandler, AirHandlerRatings, AirHandlerState
from twinfeed.emulators.plant.cooling.circuits import ChilledWater, WaterCooled
from twinfeed.emulators.plant.cooling.condensers import AirCondenser, WaterCondenser
from twinfeed.emulators.plant.cooling.machines import Biquadratic, within
from twinfeed.emulators.plant.cooling.water import WaterLoop
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range

CAPACITY = Biquadratic(0.766956, 0.0107756, -0.0000414703, 0.00134961, -0.000261144, 0.000457488)
"""Capacity against the reference: x wet bulb into the coil, y air into the condenser, degC (EnergyPlus example curve
HPACCoolCapFT of its DX coils)."""

INPUT_RATIO = Biquadratic(0.297145, 0.0430933, -0.000748766, 0.00597727, 0.000482112, -0.000956448)
"""Electric input to cooling output against the reference (HPACCoolEIRFT, same source)."""

WET_BULB_C = (12.78, 23.89)
CONDENSER_C = (18.0, 55.0)
"""Ranges of both curves, degC; published to 46.1 degC, extrapolated above."""

REFERENCE_AIR_C = 35.0

SURFACE_K = 10.0
"""By how much the evaporating coil is colder than the air that leaves it, K (assumption)."""

LEAST_AIRFLOW_PERCENT = 30.0
"""Below this airflow the coil freezes and the low-pressure switch opens, % (assumption)."""


@dataclass(frozen=True)
class CracRatings(AirHandlerRatings):
    """An air-cooled unit of 100 kW with two scroll compressors, R-410A."""

    air_m3_s: Annotated[float, Range(0.01, 1000.0, "m3/s")] = 7.5
    fan_kw: Annotated[float, Range(0.0, 1000.0, "kW")] = 5.0
    climate: Annotated[str, Names("climate", "yard", needed=True, unless="condenser_loop")] = ""
    """The air around its condenser on the roof, or …"""
    condenser_loop: Annotated[str, Names("water_loop")] = ""
    """… the loop that cools its condenser: one of the two is needed."""
    reference_kw: Annotated[float, Range(0.1, 100000.0, "kW")] = 100.0
    """Cooling at a wet bulb of 19.4 degC into the coil and 35 degC into the condenser (AHRI 210/240), kW; all of it
    sensible in the dry air of a data hall."""
    reference_cop: Annotated[float, Range(0.5, 20.0)] = 3.3
    """There, fans of the condenser included (assumption)."""
    minimum_load: Annotated[float, Range(0.01, 1.0)] = 0.2
    """Part of its capacity below which the compressors cycle (digital scroll: 10 to 20 %)."""
    recirculation_k: Annotated[float, Range(0.0, 20.0, "K")] = 2.0
    """By how much the condenser's air is warmer than the weather's, K (hot roof; assumption)."""
    approach_k: Annotated[float, Range(0.1, 50.0, "K")] = 14.0
    """Saturated condensing temperature above the entering air at full load, clean, K (assumption)."""
    least_condensing_c: Annotated[float, Range(1.0, 60.0, "degC")] = 30.0
    """Held by head-pressure control in cold weather, degC."""
    high_head_c: Annotated[float, Range(40.0, 120.0, "degC")] = 64.0
    """Saturated condensing temperature at which the high-pressure switch opens, degC: R-410A at 40 bar gauge. It stays
    open until it is reset by hand (EN 378-2)."""
    condenser_flow_l_s: Annotated[float, Range(0.01, 10000.0, "l/s")] = 6.0
    """Through a water-cooled condenser, l/s: 130 kW at 5.2 K."""
    restart_s: Annotated[float, Range(0.0, 3600.0, "s")] = 180.0
    """From a stop of the compressors to their next start, s (anti-short-cycle relay; 3 min is usual)."""

    def __post_init__(self) -> None:
        if self.climate and self.condenser_loop:
            raise ValueError("climate and condenser_loop are given: a crac has one condenser, in air or on a loop")


@dataclass
class CracState(AirHandlerState):
    trip: str = ""
    """The switch that has stopped the compressors: high pressure, low pressure; '' for none."""
    compressors: bool = True
    """They are ready to run: power, airflow, no switch open, restart delay over."""


class Crac(AirHandler[CracState, CracRatings], WaterCooled, Discharging):
    """A computer room air conditioner.

    Compressors follow the load to hold the supply air at its setpoint, and cycle below their minimum with the
    degradation of AHRI 550/590 (see `Chiller`). Its heat goes to the air outside, or into the loop of its condenser.
    """

    kind = "crac"
    PARAMS = CracRatings
    STATE = CracState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **AirHandler.FAULTS,
        "compressor-failure": Fault("the compressors do not run", failure=FailureMode("at once", "air-conditioner")),
        "refrigerant-leak": Fault(
            "charge is lost, capacity with it; from 50 % on the low-pressure switch opens",
            {"loss": Parameter(20.0, "%", 1.0, 100.0)},
            failure=FailureMode("degradation", "air-conditioner"),
        ),
        "condenser-fouling": Fault(
            "Sahel dust on the condenser's coil or scale in its tubes: hotter condensing, less capacity, more power",
            {"blockage": Parameter(30.0, "%", 1.0, 90.0)},
            failure=FailureMode("degradation", "condenser-fouling"),
        ),
        "condenser-recirculation": Fault(
            "the condenser draws in its own exhaust or that of its neighbours",
            {"kelvin": Parameter(8.0, "K", 0.1, 40.0, "by which the air that enters is warmer")},
        ),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        **AirHandler.DEEDS,
        "reset": DeedKind("reset its pressure switches", lambda unit, _: unit.reset()),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **AirHandler.QUANTITIES, "compressors": "", "tripped": "", "capacity_kw": "kW", "load_percent": "%",
        "condensing_c": "°C", "compressors_kw": "kW", "heat_rejected_kw": "kW",
    }  # fmt: skip

    def start(self) -> None:
        super().start()
        p = self.params
        self.towers: WaterLoop | None = None
        """The loop that cools its condenser."""
        self.condenser: AirCondenser | WaterCondenser
        if p.condenser_loop:
            loop = self.plant.find(p.condenser_loop)
            self.towers = loop if isinstance(loop, WaterLoop) else None
            water: ChilledWater | None = self.towers
            self.condenser = WaterCondenser(self, water, REFERENCE_AIR_C, leaving=False)
        else:
            climate = self.plant.find(p.climate) if p.climate else None
            self.condenser = AirCondenser(self, climate if isinstance(climate, Outdoors) else None, REFERENCE_AIR_C)

    # -- compressors ----------------------------------------------------------------------------------------

    @property
    def rated_kva(self) -> float:
        """Its cooling at the reference point, kVA: more than its electric input, and no power of it is far beyond."""
        return self.params.reference_kw

    @property
    def tripped(self) -> bool:
        """True if its compressors were stopped by their protection and not reset."""
        return self.state.trip != ""

    @property
    def compressors(self) -> bool:
        """True if the compressors run, or cycle."""
        return self.state.compressors

    @property
    def discharge_climate(self) -> str:
        return self.params.climate

    @property
    def discharged_kw(self) -> float:
        return self.heat_rejected_kw if self.towers is None else 0.0

    @property
    def condenser_loop(self) -> str:
        return self.params.condenser_loop

    @property
    def condenser_rated_l_s(self) -> float:
        return self.params.condenser_flow_l_s

    @property
    def condenser_open(self) -> bool:
        """True if water may flow through its condenser: its regulating valve opens with the compressors."""
        return self.state.compressors

    @property
    def capacity_kw(self) -> float:
        """Cooling that it has at this moment, kW."""
        return self._capacity(self.return_air_c)

    def _capacity(self, hot_c: float) -> float:
        p = self.params
        condenser_c = self.condenser.curve_c(1.0, p.reference_kw * (1.0 + 1.0 / p.reference_cop))
        capacity = p.reference_kw * CAPACITY.at(self._wet_c(hot_c), within(condenser_c, CONDENSER_C))
        capacity *= float((self.airflow_percent / 100.0) ** 0.2)  # less air over the coil (assumption)
        leak = self.fault("refrigerant-leak")
        return capacity * (1.0 - leak["loss"] / 100.0) if leak else capacity

    def _wet_c(self, hot_c: float) -> float:
        dew_point_c = self.hall.dew_point_c if self.hall else 9.5
        return within(wet_bulb_c(hot_c, dew_point_c), WET_BULB_C)

    def duty(self, hot_c: float) -> tuple[float, float]:
        """The heat that the coil takes out of air that enters so warm, as (constant kW, slope kW/K)."""
        air = self.air_kw_per_k
        wanted = air * (hot_c - self.state.supply_c) + self.heat_kw
        if not self.state.compressors or air <= 0.0 or wanted <= 0.0:
            return 0.0, 0.0
        most = self._capacity(hot_c)
        return (most, 0.0) if wanted > most else (self.heat_kw - air * self.state.supply_c, air)

    @property
    def cooling_kw(self) -> float:
        """Heat that the coil takes out of the air, kW."""
        hot_c = self.return_air_c
        constant, slope = self.duty(hot_c)
        return constant + slope * hot_c

    @property
    def load_percent(self) -> float:
        """Cooling against its capacity, %."""
        return 100.0 * self.cooling_kw / self.capacity_kw if self.state.compressors else 0.0

    @property
    def compressors_kw(self) -> float:
        """Input of compressors and condenser fans, kW."""
        if not self.state.compressors or not self.state.powered:
            return 0.0
        p, cooling, available = self.params, self.cooling_kw, self.capacity_kw
        if cooling <= 0.0 or available <= 0.0:
            return 0.0
        load = cooling / available
        share, part = min(1.0, load / p.minimum_load), max(load, p.minimum_load)
        cycling = share * (1.13 - 0.13 * share)
        at_c = self.condenser.curve_c(part, cooling / share * (1.0 + 1.0 / p.reference_cop))
        ratio = INPUT_RATIO.at(self._wet_c(self.return_air_c), within(at_c, CONDENSER_C))
        return available * part * cycling / p.reference_cop * ratio

    @property
    def heat_rejected_kw(self) -> float:
        """Heat that leaves through the condenser, kW."""
        return self.cooling_kw + self.latent_kw + self.compressors_kw

    @property
    def condensing_c(self) -> float:
        """Saturated condensing temperature, degC; the temperature that enters the condenser when it stands."""
        if not self.state.compressors:
            return self.condenser.entering_c
        return self.condenser.condensing_c(self.load_percent / 100.0, self.heat_rejected_kw)

    @property
    def input_kw(self) -> float:
        """Electric input, kW."""
        return super().input_kw + self.compressors_kw

    def reset(self) -> bool:
        """Close the pressure switches; False if none was open."""
        if not self.state.trip:
            return False
        self.state.trip = ""
        self.log("reset")
        self.touch()
        return True

    def react(self) -> None:
        super().react()
        s = self.state
        if not s.powered or s.trip or self.airflow_percent <= 0.0 or "compressor-failure" in s.faults:
            self._stop()
            return
        if not s.compressors:
            if self.remaining_s("compressors") is None:
                self.after(self.params.restart_s, "compressors")
            return
        leak = self.fault("refrigerant-leak")
        if self.condensing_c > self.params.high_head_c:
            self._trip("high pressure")
        elif (leak and leak["loss"] >= 50.0) or self._freezing:
            self._trip("low pressure")

    @property
    def _freezing(self) -> bool:
        """True if the coil gets too little air from fans that have reached their speed."""
        little = self.airflow_percent < LEAST_AIRFLOW_PERCENT and self.state.speed == self.target
        return little and self.cooling_kw > 0.0

    def _stop(self) -> None:
        self.cancel("compressors")
        if self.state.compressors:
            self.state.compressors = False
            self.log("compressors stopped")
            self.touch()

    def _trip(self, reason: str) -> None:
        self.state.trip = reason
        self.log("tripped", reason=reason)
        self._stop()

    def on_timer(self, name: str) -> None:
        if name == "compressors":
            self.state.compressors = True
            self.log("compressors ready")
        else:
            super().on_timer(name)

    @property
    def coldest_c(self) -> float:
        return self.state.supply_c - SURFACE_K if self.state.compressors else self.return_air_c

    @property
    def surface_c(self) -> float:
        return self.supply_air_c - SURFACE_K if self.cooling_kw > 0.0 else self.return_air_c

    # -- heat -----------------------------------------------------------------------------------------------

    def balance(self, balance: Balance, cold: int, hot: int) -> None:
        """The air enters the cold side; the heat of the coil leaves through the condenser."""
        self.move_air(balance, cold, hot)
        constant, slope = self.duty(balance.t[hot])
        balance.heat(cold, -constant)
        balance.proportional(cold, hot, -slope)
        if self.towers is not None:
            node = self.towers.return_node
            balance.heat(node, constant + self.latent_kw + self.compressors_kw)
            balance.proportional(node, hot, slope)
