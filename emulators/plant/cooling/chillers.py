"""Chillers: evaporator, compressors, condenser and the protection built into them."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, ClassVar

from twinfeed.emulators.plant.air.climate import Outdoors
from twinfeed.emulators.plant.air.dust import horizon_s, settled
from twinfeed.emulators.plant.air.thermal import WATER_KJ_PER_L_K
from twinfeed.emulators.plant.air.yard import Discharging
from twinfeed.emulators.plant.cooling.chiller_ratings import CHILLER_FAULTS, ChillerRatings, ChillerState
from twinfeed.emulators.plant.cooling.circuits import Branch, ChilledWater, WaterCooled
from twinfeed.emulators.plant.cooling.condensers import AirCondenser, WaterCondenser
from twinfeed.emulators.plant.kernel.approach import approached
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import Fault
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Draw, Electrical, Supply, three_phase


class Chiller(Electrical[ChillerState, ChillerRatings], Branch[ChillerState], WaterCooled, Discharging):
    """The machine: evaporator, compressors, condenser and its built-in protection. When to start is its controller's.

    EnergyPlus Chiller:Electric:EIR and ReformulatedEIR: available = reference * capacity, input = available / COP *
    input_ratio * part_load, at the leaving water and the condenser's temperature (`machines.Machine`). The leaving
    water is held at the setpoint while the load is within what the compressors have loaded to. Below the minimum load
    the compressors cycle, with the degradation of AHRI 550/590: power = power at the minimum * share of the time *
    (1.13 - 0.13 * share). Or hot gas loads them artificially and the power stays.
    """

    kind = "chiller"
    PARAMS = ChillerRatings
    STATE = ChillerState
    FAULTS: ClassVar[Mapping[str, Fault]] = CHILLER_FAULTS
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "clean-condenser": DeedKind("wash the coil of its condenser", lambda c, _: c.clean()),
        **Branch.VALVE_DEEDS,
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES, "running": "", "tripped": "", "power_kw": "kW", "cooling_kw": "kW",
        "capacity_kw": "kW", "load_percent": "%", "entering_c": "°C", "leaving_c": "°C", "flow_l_s": "l/s",
        "flow_proven": "", "condensing_c": "°C", "air_c": "°C", "starts": "", "run_hours": "h", "cycling_percent": "%",
        "condenser_flow_l_s": "l/s", "condenser_leaving_c": "°C", "heat_rejected_kw": "kW",
    }  # fmt: skip

    def __init__(self, id: str, params: Any = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        s, p = self.state, self.params
        s.running = s.valve_open = p.initially_running
        s.loading = 1.0 if p.initially_running else 0.0
        s.setpoint_c = p.setpoint_c
        self._loads_to = s.loading
        """`_loading_target` when the plant last came to rest."""
        self._last_conditions: tuple[float, ...] = ()
        """The conditions of the capacity that was computed last, and that capacity, kW."""
        self._last_kw = 0.0

    def start(self) -> None:
        loop = self.plant.find(self.params.loop) if self.params.loop else None
        self.loop: ChilledWater | None = loop if isinstance(loop, ChilledWater) else None
        self.towers: ChilledWater | None = None
        """The loop that cools its condenser."""
        self.condenser: AirCondenser | WaterCondenser
        curves = self.params.curves
        if curves.condenser == "water":
            towers = self.plant.find(self.params.condenser_loop)
            self.towers = towers if isinstance(towers, ChilledWater) else None
            self.condenser = WaterCondenser(self, self.towers, curves.condenser_c, curves.reformulated)
        else:
            climate = self.plant.find(self.params.climate) if self.params.climate else None
            outside = climate if isinstance(climate, Outdoors) else None
            self.condenser = AirCondenser(self, outside, curves.condenser_c)

    # -- commands of its controller -------------------------------------------------------------------------

    def start_compressors(self) -> bool:
        """Close the contactors; False if nothing turns."""
        s = self.state
        if not self.power_good or "trip" in s.faults or "start-failure" in s.faults:
            self.log("start failed")
            return False
        s.running, s.loading, s.trip, s.inrush = True, self.params.minimum_load, "", True
        s.starts += 1
        self.after(self.params.inrush_s, "inrush over")
        self.log("started")
        self.touch()
        return True

    def stop(self, reason: str = "") -> None:
        """Open the contactors: an orderly stop, or a trip with its reason."""
        s = self.state
        s.trip = reason
        if not s.running:
            return
        s.running, s.inrush, s.loading = False, False, 0.0
        self.cancel("inrush over")
        if reason:
            self.log("tripped", reason=reason)
        else:
            self.log("stopped")
        self.touch()

    def clean(self) -> None:
        """Wash the coil of its condenser."""
        if self.state.dirt:
            self.state.dirt = 0.0
            self.log("condenser cleaned")
            self.touch()

    def set_leaving(self, setpoint_c: float) -> None:
        if setpoint_c != self.state.setpoint_c:
            self.state.setpoint_c = setpoint_c
            self.touch()

    def set_limit(self, limit: float) -> None:
        if limit != self.state.limit:
            self.state.limit = limit
            self.touch()

    # -- states ---------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """True if it runs."""
        return self.state.running

    @property
    def rated_kva(self) -> float:
        """Its cooling at the reference point, kVA: more than its electric input, and no power of it is far beyond."""
        return self.params.reference_kw

    @property
    def tripped(self) -> bool:
        """True if it was stopped by its protection and not reset."""
        return self.state.trip != "" or "trip" in self.state.faults

    @property
    def starts(self) -> int:
        """Number of starts since the start of the site."""
        return self.state.starts

    @property
    def run_hours(self) -> float:
        """Hours run since the start."""
        return self.state.run_s / 3600.0

    @property
    def power_good(self) -> bool:
        volts, p = self.seen["input"].volts, self.params
        return min(volts) >= p.undervoltage * NOMINAL_VOLTS and max(volts) <= p.overvoltage * NOMINAL_VOLTS

    # -- water side -----------------------------------------------------------------------------------------

    @property
    def flow_l_s(self) -> float:
        """Through the evaporator, l/s."""
        return self.loop.evaporator_l_s if self.loop is not None and self.state.valve_open else 0.0

    @property
    def flow_proven(self) -> bool:
        """The flow switches of the evaporator and of a water-cooled condenser."""
        p = self.params
        if self.towers is not None and self.condenser_flow_l_s < 0.2 * p.condenser_flow_l_s:
            return False
        return self.flow_l_s >= p.proven_flow_l_s

    @property
    def entering_c(self) -> float:
        """Temperature of the water that enters it, degC."""
        return self.loop.entering_c if self.loop else self.state.setpoint_c

    @property
    def load_percent(self) -> float:
        """Of the capacity it has at this moment, %."""
        if not self.state.running:
            return 0.0
        entering = self.entering_c
        constant, slope = self.duty(entering)
        return 100.0 * (constant + slope * entering) / self._capacity(entering)

    @property
    def capacity_kw(self) -> float:
        """Heat that it could take out now, kW."""
        return self._capacity(self.entering_c)

    def duty(self, entering_c: float) -> tuple[float, float]:
        """The heat it takes out of water that enters so warm, as (constant kW, slope kW/K of that temperature)."""
        flow = self.flow_l_s * WATER_KJ_PER_L_K
        wanted = flow * (entering_c - self.state.setpoint_c)
        if not self.state.running or wanted <= 0.0:
            return 0.0, 0.0
        most = self._capacity(entering_c) * self.state.loading
        return (most, 0.0) if wanted > most else (-flow * self.state.setpoint_c, flow)

    def _capacity(self, entering_c: float) -> float:
        s = self.state
        conditions = (self.plant.moment, entering_c, s.setpoint_c, s.loading, self.flow_l_s)
        if conditions != self._last_conditions:
            self._last_conditions, self._last_kw = conditions, self._capacity_at(entering_c)
        return self._last_kw

    def _capacity_at(self, entering_c: float) -> float:
        p, flow = self.params, max(self.flow_l_s, 1.0) * WATER_KJ_PER_L_K
        condenser_c = self.condenser.curve_c(1.0, p.reference_kw * (1.0 + 1.0 / p.reference_cop))
        capacity = p.reference_kw
        for _ in range(2):  # the leaving water that its capacity leaves
            leaving = max(self.state.setpoint_c, entering_c - capacity * self.state.loading / flow)
            capacity = p.reference_kw * p.curves.capacity_at(leaving, condenser_c)
            if leaving == self.state.setpoint_c:
                break
        leak = self.fault("refrigerant-leak")
        return capacity * (1.0 - leak["loss"] / 100.0) if leak else capacity

    # -- condenser ------------------------------------------------------------------------------------------

    @property
    def air_c(self) -> float:
        """Air or water that enters the condenser, degC; the machine's reference without a climate."""
        return self.condenser.entering_c

    @property
    def condensing_c(self) -> float:
        """Saturated condensing temperature, degC; the temperature that enters the condenser when it stands."""
        if not self.state.running:
            return self.condenser.entering_c
        return self.condenser.condensing_c(self.load_percent / 100.0, self.heat_rejected_kw)

    @property
    def heat_rejected_kw(self) -> float:
        """Heat that leaves through the condenser, kW: all that the evaporator takes and the compressors draw."""
        return self.cooling_kw + self.compressors_kw

    @property
    def condenser_flow_l_s(self) -> float:
        """Through a water-cooled condenser, l/s; 0 for an air-cooled one."""
        return self.condenser.flow_l_s if isinstance(self.condenser, WaterCondenser) else 0.0

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
    def condenser_open(self) -> bool:
        return self.state.valve_open

    @property
    def condenser_rated_l_s(self) -> float:
        return self.params.condenser_flow_l_s

    @property
    def condenser_leaving_c(self) -> float:
        """Water that leaves a water-cooled condenser, degC; the air that enters an air-cooled one."""
        condenser = self.condenser
        rise_k = condenser.rise_k(self.heat_rejected_kw) if isinstance(condenser, WaterCondenser) else 0.0
        return condenser.entering_c + rise_k

    # -- power ----------------------------------------------------------------------------------------------

    @property
    def cycling_percent(self) -> float:
        """Part of the time that the compressors run below their minimum load, %; 100 above it."""
        return 100.0 * self._share(self.cooling_kw / self.capacity_kw) if self.state.running else 0.0

    def _share(self, load: float) -> float:
        p = self.params
        return 1.0 if p.hot_gas_bypass or load >= p.minimum_load else load / p.minimum_load

    @property
    def power_kw(self) -> float:
        """Electric input, kW."""
        if not self.power_good:
            return 0.0
        return self.params.controls_kw + self.compressors_kw

    @property
    def compressors_kw(self) -> float:
        """Input of compressors and condenser fans, kW."""
        if not self.state.running:
            return 0.0
        p, curves, condenser = self.params, self.params.curves, self.condenser
        entering, flow = self.entering_c, self.flow_l_s * WATER_KJ_PER_L_K
        constant, slope = self.duty(entering)
        cooling, available = constant + slope * entering, self._capacity(entering)
        leaving = entering - cooling / flow if flow > 0.0 else entering
        load = cooling / available
        share, part = self._share(load), max(load, p.minimum_load)
        if share <= 0.0:
            return 0.0
        cycling = share * (1.13 - 0.13 * share)
        full_kw = available / p.reference_cop
        power = full_kw * part * cycling
        for _ in range(1 if curves.condenser == "air" else 4):  # the water that leaves takes up the power as well
            at_c = condenser.curve_c(part, (cooling + power) / share)
            ratio = curves.input_at(leaving, at_c, part) * curves.part_load_at(at_c, part)
            power = full_kw * ratio * cycling
        return power - full_kw * curves.fan_share * part * cycling * (1.0 - condenser.fan_part(part))

    def energise(self) -> Supply:
        return self.seen["input"]

    def demand(self) -> dict[str, Draw]:
        p = self.params
        if self.state.inrush:
            return {"input": three_phase(0.35 * p.inrush * p.reference_kw / p.reference_cop, 0.35)}
        return {"input": three_phase(self.power_kw, p.power_factor)}

    # -- the clock's calls ----------------------------------------------------------------------------------

    def react(self) -> None:
        if not self.state.running:
            return
        leak = self.fault("refrigerant-leak")
        if not self.power_good:
            self.stop("supply voltage")
        elif "trip" in self.state.faults:
            self.stop("protection")
        elif leak and leak["loss"] >= 50.0:
            self.stop("low pressure")
        elif self.condensing_c > self.params.high_head_c:
            self.stop("high pressure")

    def on_timer(self, name: str) -> None:
        if name == "inrush over":
            self.state.inrush = False
        else:
            super().on_timer(name)

    @property
    def _loading_target(self) -> float:
        """Target of the compressors: the load and a reserve of 10 %, within the demand limit."""
        flow = self.flow_l_s * WATER_KJ_PER_L_K
        wanted = flow * (self.entering_c - self.state.setpoint_c) / self.capacity_kw
        return max(self.params.minimum_load, min(self.state.limit, wanted + 0.1))

    def horizon(self) -> float:
        if not self.state.running:
            return inf
        self._loads_to = self._loading_target
        gap = abs(self._loads_to - self.state.loading)
        reach = inf if gap < 0.01 else min(10.0, gap * 100.0 / self.params.loading_percent_s)
        dust = self.fault("dust")
        return min(reach, horizon_s(self.state.dirt, dust["rate"])) if dust else reach

    def advance(self, dt: float) -> None:
        s = self.state
        if s.running:
            s.run_s += dt
            if (dust := self.fault("dust")) and isinstance(self.condenser, AirCondenser):
                s.dirt = settled(s.dirt, dust["rate"], dt)
            s.loading = approached(s.loading, self._loads_to, self.params.loading_percent_s / 100.0 * dt)
