"""Fans that give the heat of a loop to the air outside: cooling towers, and dry coolers for free cooling."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any, ClassVar

from twinfeed.emulators.plant.air.climate import Outdoors
from twinfeed.emulators.plant.air.properties import saturated_kj_per_kg_k, wet_bulb_c
from twinfeed.emulators.plant.air.thermal import WATER_KJ_PER_L_K, counterflow_effectiveness
from twinfeed.emulators.plant.air.yard import Discharging
from twinfeed.emulators.plant.cooling.circuits import Branch, ChilledWater
from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Draw, Electrical, Supply, three_phase

NATURAL_DRAUGHT = 0.1
"""Conductance with the fan at standstill against full speed (EnergyPlus CoolingTower:SingleSpeed, free convection)."""

SPEED_EXPONENT = 0.6
"""Conductance grows with the air's flow to this power (film on the air side, assumption)."""

LATENT_KJ_PER_KG = 2430.0
"""Heat of evaporation at 30 degC, kJ/kg."""


@dataclass(frozen=True)
class HeatRejectionRatings:
    """A machine of 600 kW: the ratings that towers and dry coolers share."""

    loop: Annotated[str, Names("water_loop", needed=True)] = ""
    """The water loop that it belongs to."""
    climate: Annotated[str, Names("climate", "yard", needed=True)] = ""
    """The climate of its outdoor air."""
    design_kw: Annotated[float, Range(0.1, 100000.0, "kW")] = 600.0
    """Heat it rejects at its design point, kW."""
    design_l_s: Annotated[float, Range(0.0, 10000.0, "l/s")] = 0.0
    """Water through it there, l/s; 0 for `design_kw` over `range_k`."""
    range_k: Annotated[float, Range(0.5, 40.0, "K")] = 5.6
    """By how much it cools the water there, K."""
    approach_k: Annotated[float, Range(0.5, 40.0, "K")] = 3.8
    """Leaving water above the wet bulb (tower) or the air (dry cooler) there, K."""
    setpoint_c: Annotated[float, Range(2.0, 60.0, "degC")] = 24.0
    """Leaving water that its fans hold, degC."""
    fan_kw: Annotated[float, Range(0.0, 1000.0, "kW")] = 12.0
    """At full speed, kW; with the cube of the speed below."""
    controls_kw: Annotated[float, Range(0.0, 100.0, "kW")] = 0.1
    """Power of its controls, kW."""
    power_factor: Annotated[float, Range(0.1, 1.0)] = 0.95
    """Power factor of its motors."""
    recirculation_k: Annotated[float, Range(0.0, 20.0, "K")] = 0.5
    """By how much the air that enters is warmer than the weather's, K (assumption)."""
    minimum_volts: Annotated[float, Range(0.0, 400.0, "V")] = 0.8 * NOMINAL_VOLTS
    """Below this its drive stops, V."""

    def __post_init__(self) -> None:
        if not self.design_l_s:
            object.__setattr__(self, "design_l_s", self.design_kw / self.range_k / WATER_KJ_PER_L_K)


@dataclass
class HeatRejectionState(State):
    commanded: bool = True
    """The fans may run."""
    valve_open: bool = True
    """Water flows through it."""
    level: float = 1.0
    """Of the basin of a tower, part of its volume."""


class HeatRejection(Electrical[HeatRejectionState, HeatRejectionRatings], Branch[HeatRejectionState], Discharging):
    """A fan that moves outdoor air over or through the water of a loop. Its drive holds the leaving water."""

    STATE = HeatRejectionState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "fan-failure": Fault(
            "the fan stands; natural draught remains", actuator=True, failure=FailureMode("at once", "heat-rejection")
        ),
        "fouling": Fault(
            "dust or scale on the heat exchange surface",
            {"blockage": Parameter(30.0, "%", 1.0, 95.0, "of the conductance that is gone")},
            failure=FailureMode("degradation", "condenser-fouling"),
        ),
        "recirculation": Fault(
            "it draws in its own exhaust", {"kelvin": Parameter(4.0, "K", 0.1, 30.0, "by which that air is warmer")}
        ),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = Branch.VALVE_DEEDS
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES, "running": "", "speed_percent": "%", "power_kw": "kW", "cooling_kw": "kW",
        "entering_c": "°C", "leaving_c": "°C", "flow_l_s": "l/s",
    }  # fmt: skip

    def __init__(self, id: str, params: Any = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        self._speed: tuple[object, float] = (None, 0.0)
        """The part of the conditions that shape the speed, and the speed for them."""

    def start(self) -> None:
        loop = self.plant.find(self.params.loop) if self.params.loop else None
        self.loop = loop if isinstance(loop, ChilledWater) else None
        climate = self.plant.find(self.params.climate) if self.params.climate else None
        self._climate = climate if isinstance(climate, Outdoors) else None
        self._full_kw_per_k = self.conductance_kw_per_k

    # -- commands of a controller and of people -------------------------------------------------------------

    def switch(self, on: bool) -> None:
        """Let the fans run, or stop them."""
        if on != self.state.commanded:
            self.state.commanded = on
            self.log("started" if on else "stopped")
            self.touch()

    # -- air ------------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def sink_c(self) -> float:
        """The temperature to which the water could be cooled at most, degC."""

    @property
    @abstractmethod
    def conductance_kw_per_k(self) -> float:
        """UA of the clean surface at full speed, kW/K."""

    @abstractmethod
    def air_kw_per_k(self, speed: float) -> float:
        """Heat capacity flow of the air at that speed, kW/K of the sink's temperature."""

    @property
    def discharge_climate(self) -> str:
        return self.params.climate

    @property
    def discharged_kw(self) -> float:
        return self.cooling_kw + self.power_kw

    def _warmer_k(self) -> float:
        fault = self.fault("recirculation")
        return self.params.recirculation_k + (fault["kelvin"] if fault else 0.0)

    @property
    def can_turn(self) -> bool:
        """True if the fan may turn: power, command, and no fault."""
        return self.powered and self.state.commanded and "fan-failure" not in self.state.faults

    @property
    def powered(self) -> bool:
        return bool(self.feeds) and self.seen["input"].worst_volts >= self.params.minimum_volts

    # -- water ----------------------------------------------------------------------------------------------

    @property
    def flow_l_s(self) -> float:
        """Flow of water through it, l/s."""
        return self.loop.cooler_l_s(self) if self.loop is not None else 0.0

    @property
    def entering_c(self) -> float:
        """Temperature of the water that enters it, degC."""
        return self.loop.return_c if self.loop is not None else self.sink_c

    def duty(self, entering_c: float) -> tuple[float, float]:
        """The heat it takes out of water that enters so warm, as (constant kW, slope kW/K of that temperature)."""
        flow, sink = self.flow_l_s * WATER_KJ_PER_L_K, self.sink_c
        if flow <= 0.0 or entering_c <= sink:
            return 0.0, 0.0
        drift = self._exchange(0.0, flow)
        wanted = flow * (entering_c - self.params.setpoint_c)
        if wanted <= drift * (entering_c - sink):
            return -drift * sink, drift
        most = self._exchange(1.0, flow) if self.can_turn else drift
        if wanted >= most * (entering_c - sink):
            return -most * sink, most
        return -flow * self.params.setpoint_c, flow

    def _exchange(self, speed: float, flow: float) -> float:
        """Heat per kelvin between entering water and sink at that fan speed, kW/K."""
        moved = max(speed, NATURAL_DRAUGHT)
        ua = self._full_kw_per_k * max(speed**SPEED_EXPONENT, NATURAL_DRAUGHT)
        if dirt := self.fault("fouling"):
            ua *= 1.0 - dirt["blockage"] / 100.0
        air = self.air_kw_per_k(moved)
        return counterflow_effectiveness(ua, air, flow) * min(air, flow)

    # -- fan ------------------------------------------------------------------------------------------------

    @property
    def speed(self) -> float:
        """Of the fan, 0 to 1: what holds the setpoint."""
        if not self.can_turn:
            return 0.0
        flow, sink, entering = self.flow_l_s * WATER_KJ_PER_L_K, self.sink_c, self.entering_c
        conditions = (round(flow, 3), round(sink, 2), round(entering, 2), tuple(self.state.faults))
        if conditions != self._speed[0]:
            self._speed = (conditions, self._speed_for(flow, entering - sink, entering - self.params.setpoint_c))
        return self._speed[1]

    def _speed_for(self, flow: float, spread_k: float, wanted_k: float) -> float:
        if flow <= 0.0 or spread_k <= 0.0 or wanted_k <= 0.0:
            return 0.0
        needed = flow * wanted_k / spread_k
        if needed >= self._exchange(1.0, flow):
            return 1.0
        if needed <= self._exchange(0.0, flow):
            return 0.0
        low, high = 0.0, 1.0
        for _ in range(12):
            middle = (low + high) / 2.0
            low, high = (middle, high) if self._exchange(middle, flow) < needed else (low, middle)
        return high

    @property
    def speed_percent(self) -> float:
        """Speed of its fans, %."""
        return 100.0 * self.speed

    @property
    def running(self) -> bool:
        """True if it runs."""
        return self.speed > 0.0

    @property
    def power_kw(self) -> float:
        """Electric input, kW."""
        return self.params.controls_kw + self.params.fan_kw * float(self.speed**3) if self.powered else 0.0

    def energise(self) -> Supply:
        return self.seen["input"]

    def demand(self) -> dict[str, Draw]:
        return {"input": three_phase(self.power_kw, self.params.power_factor)}


@dataclass(frozen=True)
class CoolingTowerRatings(HeatRejectionRatings):
    """An open counterflow tower for one chiller of about 500 kW, at the design point of CTI STD-201: 35 to 29.4 degC on
    a wet bulb of 25.6 degC (95, 85 and 78 degF).
    """

    design_wet_bulb_c: Annotated[float, Range(0.0, 35.0, "degC")] = 25.6
    """Wet bulb temperature at which it reaches its rating, degC."""
    water_to_air: Annotated[float, Range(0.1, 5.0, "kg/kg")] = 1.2
    """Mass of water for each mass of air at full speed at the design point (usual: 0.75 to 1.5; assumption)."""
    basin_m3: Annotated[float, Range(0.01, 1000.0, "m3")] = 3.0
    """Water in a full basin, m3."""
    cycles: Annotated[float, Range(1.1, 20.0)] = 4.0
    """Cycles of concentration: blowdown is evaporation / (cycles - 1)."""


class CoolingTower(HeatRejection):
    """A cooling tower: evaporation brings the water towards the wet bulb of the air.

    Merkel's assumption: moist air is a fluid of the heat capacity dh/dT of saturated air, so that effectiveness and
    NTU apply (Braun, Klein and Mitchell, ASHRAE Trans. 95(2), 1989). Water evaporates with all heat that it rejects;
    make-up water holds the level of the basin. Below a quarter of it the pumps draw air and deliver nothing.
    """

    kind = "cooling_tower"
    PARAMS = CoolingTowerRatings
    params: CoolingTowerRatings
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **HeatRejection.FAULTS,
        "make-up-loss": Fault(
            "no make-up water comes: the basin runs empty",
            actuator=True,
            failure=FailureMode("at once", "make-up-water"),
        ),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **HeatRejection.QUANTITIES, "basin_percent": "%", "makeup_l_s": "l/s", "approach_k": "K",
    }  # fmt: skip
    EMPTY = 0.25
    """Part of the basin below which the pumps draw air (assumption)."""

    def start(self) -> None:
        self._air_kg_s = self.params.design_l_s / self.params.water_to_air
        super().start()

    @property
    def sink_c(self) -> float:
        if self._climate is None:
            return self.params.design_wet_bulb_c
        warmer_k = self._warmer_k()
        if warmer_k <= 0.0:
            return self._climate.wet_bulb_c
        return wet_bulb_c(self._climate.outdoor_c + warmer_k, self._climate.dew_point_c + warmer_k)

    def air_kw_per_k(self, speed: float) -> float:
        return self._air_kg_s * speed * saturated_kj_per_kg_k(self.sink_c + 5.0)

    @property
    def conductance_kw_per_k(self) -> float:
        p = self.params
        air = self._air_kg_s * saturated_kj_per_kg_k(p.design_wet_bulb_c + 5.0)
        return _conductance(p.design_kw / (p.range_k + p.approach_k), air, p.design_l_s * WATER_KJ_PER_L_K)

    @property
    def approach_k(self) -> float:
        """Leaving water above the wet bulb of the air that enters, K."""
        return self.leaving_c - self.sink_c

    @property
    def dry(self) -> bool:
        """True if its basin is too low for the pumps."""
        return self.state.level < self.EMPTY

    @property
    def basin_percent(self) -> float:
        """Water in its basin against a full one, %."""
        return 100.0 * self.state.level

    @property
    def makeup_l_s(self) -> float:
        """Evaporation and blowdown, l/s: what make-up has to replace."""
        return max(0.0, self.cooling_kw) / LATENT_KJ_PER_KG * self.params.cycles / (self.params.cycles - 1.0)

    def horizon(self) -> float:
        """Until the level has moved by a hundredth."""
        s, lost = self.state, "make-up-loss" in self.state.faults
        if lost and s.level > 0.0 and self.makeup_l_s > 0.0:
            return max(1.0, 0.01 * self.params.basin_m3 * 1000.0 / self.makeup_l_s)
        return 60.0 if not lost and s.level < 1.0 else inf

    def advance(self, dt: float) -> None:
        s = self.state
        if "make-up-loss" in s.faults:
            s.level = max(0.0, s.level - self.makeup_l_s * dt / (1000.0 * self.params.basin_m3))
        elif s.level < 1.0:
            s.level = min(1.0, s.level + dt / 600.0)  # the float valve fills a basin in ten minutes (assumption)


@dataclass(frozen=True)
class DryCoolerRatings(HeatRejectionRatings):
    """A dry cooler for free cooling of a loop: water at 18 degC in air of 8 degC."""

    design_kw: Annotated[float, Range(0.1, 100000.0, "kW")] = 300.0
    approach_k: Annotated[float, Range(0.5, 40.0, "K")] = 5.0
    setpoint_c: Annotated[float, Range(2.0, 60.0, "degC")] = 10.0
    air_m3_s: Annotated[float, Range(0.0, 10000.0, "m3/s")] = 0.0
    """At full speed, m3/s; 0 for a heat capacity flow of 1.5 times that of the water."""
    start_k: Annotated[float, Range(0.0, 20.0, "K")] = 2.0
    """Its valve opens while the return water is so much warmer than the air, K."""


class DryCooler(HeatRejection):
    """A dry cooler in the return pipe before the chillers: free cooling. Chillers take what it leaves."""

    kind = "dry_cooler"
    PARAMS = DryCoolerRatings
    params: DryCoolerRatings

    @property
    def sink_c(self) -> float:
        return (self._climate.outdoor_c if self._climate else self.params.setpoint_c) + self._warmer_k()

    def air_kw_per_k(self, speed: float) -> float:
        p = self.params
        full = p.air_m3_s * 1.2 if p.air_m3_s else 1.5 * p.design_l_s * WATER_KJ_PER_L_K
        return full * speed

    @property
    def conductance_kw_per_k(self) -> float:
        p = self.params
        water = p.design_l_s * WATER_KJ_PER_L_K
        return _conductance(p.design_kw / (p.range_k + p.approach_k), self.air_kw_per_k(1.0), water)

    def duty(self, entering_c: float) -> tuple[float, float]:
        if entering_c < self.sink_c + self.params.start_k:
            return 0.0, 0.0
        return super().duty(entering_c)


def _conductance(exchange: float, a: float, b: float) -> float:
    """UA of a counterflow exchanger that exchanges so much heat per kelvin between two flows, all kW/K."""
    if exchange >= 0.999 * min(a, b):
        return 1000.0 * min(a, b)
    low, high = 0.0, 1000.0 * min(a, b)
    for _ in range(60):
        middle = (low + high) / 2.0
        small = counterflow_effectiveness(middle, a, b) * min(a, b) < exchange
        low, high = (middle, high) if small else (low, middle)
    return high
