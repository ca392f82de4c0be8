"""Computer room air handlers: a chilled-water coil behind a valve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any, ClassVar, Literal

from twinfeed.emulators.plant.air.thermal import WATER_KJ_PER_L_K, Balance, counterflow_effectiveness
from twinfeed.emulators.plant.cooling.air_handlers import AirHandler, AirHandlerRatings, AirHandlerState
from twinfeed.emulators.plant.cooling.circuits import WaterCoil
from twinfeed.emulators.plant.cooling.hydraulics import Characteristic, flow_of_valve, position_of_valve
from twinfeed.emulators.plant.cooling.water import WaterLoop
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range


@dataclass(frozen=True)
class CrahRatings(AirHandlerRatings):
    """A chilled-water air handler of about 140 kW: 24 to 12 degC air on 10 degC water. Five a hall, one redundant."""

    loop: Annotated[str, Names("water_loop", needed=True)] = ""
    """The water loop that it belongs to."""
    alternate_loop: Annotated[str, Names("water_loop")] = ""
    """The loop of a second coil in the same air, for a unit with two independent water circuits (Stulz CyberAir, type
    CW2; from memory of its brochure). Its controller chooses the coil; never do both carry water."""
    coil_kw_per_k: Annotated[float, Range(0.001, 10000.0, "kW/K")] = 14.0
    """UA of the coil at full air flow; with flow to the power 0.6 below (air-side film, assumption)."""
    water_l_s: Annotated[float, Range(0.001, 10000.0, "l/s")] = 6.25
    """Through the coil with the valve fully open, l/s."""
    valve: Literal["three-way", "two-way", "pressure-independent"] = "three-way"
    """three-way: water that the coil does not need passes it by, and the flow of the loop stays. two-way: the flow
    of the loop follows the load. pressure-independent: a two-way valve that never takes more than `water_l_s`. The
    last two need a loop with `design_kpa`."""
    valve_characteristic: Characteristic = "linear"
    """linear or equal-percentage."""
    valve_authority: Annotated[float, Range(0.05, 1.0)] = 1.0
    """Part of the pressure of its branch that the open valve takes (0.3 to 0.5 is usual)."""


@dataclass
class CrahState(AirHandlerState):
    alternate: bool = False
    """The second coil carries the water."""


class Crah(AirHandler[CrahState, CrahRatings], WaterCoil):
    """A computer room air handler.

    The coil follows the effectiveness-NTU method for counterflow; the valve holds the supply air at its setpoint while
    it can.
    """

    kind = "crah"
    PARAMS = CrahRatings
    STATE = CrahState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **AirHandler.FAULTS,
        "valve-stuck": Fault(
            "the water valve stays where it is",
            {"position": Parameter(0.0, "%", 0.0, 100.0, neutral=None)},
            failure=FailureMode("at once", "air-handler"),
        ),
        "coil-fouling": Fault(
            "dirt on the coil: it needs more water for the same heat, and returns it colder",
            {"blockage": Parameter(30.0, "%", 1.0, 95.0, "of the conductance that is gone")},
            failure=FailureMode("degradation", "filter"),
        ),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **AirHandler.QUANTITIES, "valve_percent": "%", "water_l_s": "l/s", "water_in_c": "°C",
        "water_out_c": "°C", "on_alternate": "",
    }  # fmt: skip

    def __init__(self, id: str, params: Any = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        self._last_flows, self._last_conductance = (0.0, 0.0), 0.0
        """Heat capacity flows of air and water, kW/K, and the conductance that goes with them."""
        self._needed = (-1, 0.0)
        """The plant's moment, and the water with which it holds its supply air, l/s; inf if no flow does."""

    def start(self) -> None:
        super().start()
        both = (self.params.loop, self.params.alternate_loop)
        found = [self.plant.find(name) if name else None for name in both]
        self.loops = [loop if isinstance(loop, WaterLoop) else None for loop in found]
        """The loops of its two coils; None where it has no coil."""

    @property
    def loop_names(self) -> tuple[str, ...]:
        p = self.params
        return (p.loop, p.alternate_loop) if p.alternate_loop else (p.loop,)

    @property
    def rated_l_s(self) -> float:
        return self.params.water_l_s

    @property
    def loop(self) -> WaterLoop | None:
        """The loop whose water is in use."""
        return self.loops[self.state.alternate]

    @property
    def on_alternate(self) -> bool:
        """True if the second coil carries the water."""
        return self.state.alternate

    def change_over(self, alternate: bool) -> None:
        """Shut the valve of one coil and open that of the other."""
        if alternate != self.state.alternate:
            self.state.alternate = alternate
            self.log("changed over", to=self.params.alternate_loop if alternate else self.params.loop)
            self.touch()

    @property
    def coldest_c(self) -> float:
        return self.water_in_c

    @property
    def surface_c(self) -> float:
        """Between the entering water and the air that leaves."""
        return (self.water_in_c + self.supply_air_c) / 2.0 if self.cooling_kw > 0.0 else self.return_air_c

    # -- water ----------------------------------------------------------------------------------------------

    @property
    def water_in_c(self) -> float:
        """Temperature of the water that enters its coil, degC."""
        return self.loop.supply_c if self.loop else self.return_air_c

    @property
    def water_out_c(self) -> float:
        """Temperature of the water that leaves its coil, degC."""
        flow = self._flow_part() * self._full_flow()
        return self.water_in_c + self.cooling_kw / flow if flow > 0.0 else self.water_in_c

    @property
    def water_l_s(self) -> float:
        """Water through its coil, l/s."""
        return self._flow_part() * self._full_flow() / WATER_KJ_PER_L_K

    @property
    def cooling_kw(self) -> float:
        """Heat that the coil takes out of the air, kW."""
        constant, slope, water_slope = self._coil(self.return_air_c, self.water_in_c)
        return constant + slope * self.return_air_c - water_slope * self.water_in_c

    @property
    def valve_percent(self) -> float:
        """Position of the water valve, %."""
        if stuck := self.fault("valve-stuck"):
            return stuck["position"]
        p = self.params
        return 100.0 * position_of_valve(self._flow_part(), p.valve_characteristic, p.valve_authority)

    @property
    def throttles(self) -> bool:
        return self.params.valve != "three-way"

    def drawn_l_s(self, root: float) -> float:
        full = self._open_part(root) * self.params.water_l_s
        if not self.throttles:
            return full
        if (stuck := self._stuck_part()) is not None:
            return stuck * full
        if self.plant.moment != self._needed[0]:
            most = 2.0 * self.params.water_l_s
            part = self._part_for(most * WATER_KJ_PER_L_K)
            self._needed = (self.plant.moment, inf if part >= 1.0 else part * most)
        return min(self._needed[1], full)

    def _open_part(self, root: float) -> float:
        """Flow of the open valve against the rated flow."""
        return min(1.0, root) if self.params.valve == "pressure-independent" else root

    def _stuck_part(self) -> float | None:
        """Flow of a valve that is stuck against that of the open valve; None while it is not."""
        stuck, p = self.fault("valve-stuck"), self.params
        return flow_of_valve(stuck["position"] / 100.0, p.valve_characteristic, p.valve_authority) if stuck else None

    def _flow_part(self) -> float:
        """Flow against that of the open valve."""
        stuck = self._stuck_part()
        return self._part_for(self._full_flow()) if stuck is None else stuck

    def _part_for(self, full: float) -> float:
        """Part of that flow (kW/K) with which it holds its supply air, 1 if not even all of it does."""
        wanted = self.air_kw_per_k * (self.return_air_c - self.state.supply_c) + self.heat_kw
        spread = self.return_air_c - self.water_in_c
        if wanted <= 0.0 or not self.running:
            return 0.0
        if wanted >= self._conductance(full) * spread:
            return 1.0
        low, high = 0.0, 1.0
        for _ in range(20):
            middle = (low + high) / 2.0
            low, high = (middle, high) if self._conductance(middle * full) * spread < wanted else (low, middle)
        return high

    def _full_flow(self) -> float:
        """Heat capacity flow of the water with the valve open, kW/K: what the pumps deliver is shared."""
        share = self._open_part(self.loop.coil_share) if self.loop else 0.0
        return self.params.water_l_s * WATER_KJ_PER_L_K * share

    def _conductance(self, water: float) -> float:
        """Heat per kelvin between entering air and entering water of that heat capacity flow, kW/K."""
        flows = air, _ = self.air_kw_per_k, water
        if air <= 0.0 or water <= 1e-6:
            return 0.0
        if flows != self._last_flows:
            ua = self.params.coil_kw_per_k * (self.airflow_percent / 100.0) ** 0.6
            if dirt := self.fault("coil-fouling"):
                ua *= 1.0 - dirt["blockage"] / 100.0
            self._last_flows = flows
            self._last_conductance = counterflow_effectiveness(ua, air, water) * min(air, water)
        return self._last_conductance

    def _coil(self, hot_c: float, water_c: float) -> tuple[float, float, float]:
        """The coil's heat as (constant, slope of the hot air's, slope of the water's temperature), kW and kW/K."""
        if (stuck := self._stuck_part()) is not None:
            conductance = self._conductance(stuck * self._full_flow())
            return 0.0, conductance, conductance
        air, fans = self.air_kw_per_k, self.heat_kw
        wanted = air * (hot_c - self.state.supply_c) + fans
        conductance = self._conductance(self._full_flow()) if wanted > 0.0 and hot_c > water_c else 0.0
        if conductance <= 0.0:
            return 0.0, 0.0, 0.0
        if wanted >= conductance * (hot_c - water_c):
            return 0.0, conductance, conductance
        return fans - air * self.state.supply_c, air, 0.0

    def balance(self, balance: Balance, cold: int, hot: int) -> None:
        """The unit's air enters the cold side; the coil's heat leaves it for the loop's return water."""
        self.move_air(balance, cold, hot)
        if self.air_kw_per_k <= 0.0 or self.loop is None:
            return
        supply, back = self.loop.supply_node, self.loop.return_node
        constant, slope, water_slope = self._coil(balance.t[hot], balance.t[supply])
        for node, sign in ((cold, -1.0), (back, 1.0)):
            balance.heat(node, sign * constant)
            balance.proportional(node, hot, sign * slope)
            balance.proportional(node, supply, -sign * water_slope)
        balance.heat(back, self.latent_kw)
