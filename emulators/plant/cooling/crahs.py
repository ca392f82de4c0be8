"""Computer room air handlers: fans, and a chilled-water coil behind a valve."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any, ClassVar

from twinfeed.emulators.plant.cooling.air import AIR_KJ_PER_M3_K, relative_humidity_percent
from twinfeed.emulators.plant.cooling.thermal import WATER_KJ_PER_L_K, Balance, counterflow_effectiveness
from twinfeed.emulators.plant.cooling.water import WaterLoop
from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.approach import approached
from twinfeed.emulators.plant.kernel.faults import Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Draw, Electrical, Supply, three_phase


class ConditionedAir(ABC):
    """The air of a hall, as the air handlers in it meet it."""

    @property
    @abstractmethod
    def inlet_c(self) -> float:
        """What the servers breathe on average, degC."""

    @property
    @abstractmethod
    def return_c(self) -> float:
        """What they draw in, degC."""

    @property
    @abstractmethod
    def dew_point_c(self) -> float:
        """Of all the air, degC."""

    @abstractmethod
    def rate_k_s(self, quantity: str) -> float:
        """How fast that temperature moves, K/s."""

    @property
    @abstractmethod
    def fire(self) -> bool:
        """The contact of the fire panel that stops them."""


@dataclass(frozen=True)
class CrahRatings:
    """A chilled-water air handler of about 140 kW; five a hall, one of them redundant.

    About the size of a Stulz CyberAir ASD 1500 CW (from memory of its data sheet, unverified): 36 000 m3/h, 6 kW of
    EC fans, 24 to 12 degC air on 10 degC water.
    """

    hall: Annotated[str, Names("hall", needed=True)] = ""
    loop: Annotated[str, Names("water_loop", needed=True)] = ""
    air_m3_s: Annotated[float, Range(0.01, 1000.0, "m3/s")] = 10.0
    """At full fan speed and clean filters, m3/s."""
    fan_kw: Annotated[float, Range(0.0, 1000.0, "kW")] = 6.0
    """At full speed, kW; with the cube of the speed below."""
    controls_kw: Annotated[float, Range(0.0, 100.0, "kW")] = 0.1
    power_factor: Annotated[float, Range(0.1, 1.0)] = 0.95
    """Of EC fans."""
    coil_kw_per_k: Annotated[float, Range(0.001, 10000.0, "kW/K")] = 14.0
    """UA of the coil at full air flow; with flow to the power 0.6 below (air-side film, assumption)."""
    water_l_s: Annotated[float, Range(0.001, 10000.0, "l/s")] = 6.25
    """Through the coil with the valve fully open, l/s."""
    fan_ramp_s: Annotated[float, Range(0.01, 3600.0, "s")] = 20.0
    """EC fans from standstill to full speed, s (assumption; soft start in their electronics)."""
    fan_percent: Annotated[float, Range(0.0, 100.0, "%")] = 75.0
    """Speed at the start, %."""
    supply_c: Annotated[float, Range(5.0, 40.0, "degC")] = 22.0
    """Supply air setpoint at the start, degC (ASHRAE recommends 18 to 27 at the inlet)."""
    minimum_volts: Annotated[float, Range(0.0, 400.0, "V")] = 0.8 * NOMINAL_VOLTS
    """Below this the fans' electronics stop, V."""
    initially_on: bool = True


@dataclass
class CrahState(State):
    commanded: bool = True
    """What its controller wants: fans on."""
    fan_percent: float = 75.0
    """The speed its controller asks for, %."""
    supply_c: float = 22.0
    """The supply air setpoint its controller gives the valve, degC."""
    speed: float = 0.0
    """Of the fans, 0 to 1."""
    powered: bool = True


class Crah(Electrical[CrahState, CrahRatings]):
    """A computer room air handler. Feeds: `input`, and `alternate` for a unit with two cords.

    The coil follows the effectiveness-NTU method for counterflow; the valve holds the supply air at its setpoint while
    it can. Fans turn while powered and commanded.
    """

    kind = "crah"
    TERMINALS = ("input", "alternate")
    NEEDS: ClassVar[int] = 0
    PARAMS = CrahRatings
    STATE = CrahState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "fan-failure": Fault(
            "fans stand still",
            {"lost": Parameter(100.0, "%", 1.0, 100.0, "part of the airflow that is gone")},
            actuator=True,
        ),
        "clogged-filter": Fault(
            "dust in the filters", {"restriction": Parameter(40.0, "%", 1.0, 100.0, "part of the airflow that is gone")}
        ),
        "valve-stuck": Fault(
            "the water valve stays where it is", {"position": Parameter(0.0, "%", 0.0, 100.0, neutral=None)}
        ),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES, "running": "", "speed_percent": "%", "air_m3_s": "m3/s", "supply_air_c": "°C",
        "return_air_c": "°C", "cooling_kw": "kW", "valve_percent": "%", "water_in_c": "°C", "water_out_c": "°C",
        "heat_kw": "kW", "airflow_percent": "%",
    }  # fmt: skip

    def __init__(self, id: str, params: Any = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        s, p = self.state, self.params
        s.commanded, s.fan_percent, s.supply_c = p.initially_on, p.fan_percent, p.supply_c
        s.speed = p.fan_percent / 100.0 if p.initially_on else 0.0
        self._last_flows, self._last_conductance = (0.0, 0.0), 0.0
        """Heat capacity flows of air and water, kW/K, and the conductance that goes with them."""

    def start(self) -> None:
        hall = self.plant.find(self.params.hall) if self.params.hall else None
        loop = self.plant.find(self.params.loop) if self.params.loop else None
        self.hall: ConditionedAir | None = hall if isinstance(hall, ConditionedAir) else None
        self.loop = loop if isinstance(loop, WaterLoop) else None

    # -- what its controller does ---------------------------------------------------------------------------

    def switch(self, on: bool) -> None:
        if on != self.state.commanded:
            self.state.commanded = on
            self.log("started" if on else "stopped")
            self.touch()

    def set_fan(self, percent: float) -> None:
        if percent != self.state.fan_percent:
            self.state.fan_percent = percent
            self.touch()

    def set_supply(self, supply_c: float) -> None:
        if supply_c != self.state.supply_c:
            self.state.supply_c = supply_c
            self.touch()

    # -- power ----------------------------------------------------------------------------------------------

    @property
    def supply(self) -> Supply | None:
        """The cord it runs on, None when neither is good enough."""
        for terminal in self.feeds:
            if self.seen[terminal].worst_volts >= self.params.minimum_volts:
                return self.seen[terminal]
        return None

    def energise(self) -> Supply:
        return self.supply or Supply((0.0, 0.0, 0.0), 0.0, "")

    def demand(self) -> dict[str, Draw]:
        for terminal in self.feeds:
            if self.seen[terminal].worst_volts >= self.params.minimum_volts:
                return {terminal: three_phase(self.params.controls_kw + self.heat_kw, self.params.power_factor)}
        return {}

    def react(self) -> None:
        powered = self.supply is not None
        if powered != self.state.powered:
            self.state.powered = powered
            self.log("powered" if powered else "lost power")
            self.touch()

    # -- air ------------------------------------------------------------------------------------------------

    @property
    def target(self) -> float:
        """Where the fans' speed is heading, 0 to 1."""
        blocked = not self.state.powered or not self.state.commanded or (self.hall is not None and self.hall.fire)
        return 0.0 if blocked else self.state.fan_percent / 100.0

    @property
    def running(self) -> bool:
        return self.state.speed > 0.0 and self.airflow_percent > 0.0

    @property
    def speed_percent(self) -> float:
        return 100.0 * self.state.speed

    @property
    def airflow_percent(self) -> float:
        """Of the airflow at full speed with clean filters, %."""
        flow = 100.0 * self.state.speed
        if not self.state.faults:
            return flow
        for kind, name in (("fan-failure", "lost"), ("clogged-filter", "restriction")):
            if fault := self.fault(kind):
                flow *= 1.0 - fault[name] / 100.0
        return flow

    @property
    def air_m3_s(self) -> float:
        return self.params.air_m3_s * self.airflow_percent / 100.0

    @property
    def air_kw_per_k(self) -> float:
        """Heat capacity flow of the air, kW/K."""
        return self.air_m3_s * AIR_KJ_PER_M3_K

    @property
    def heat_kw(self) -> float:
        """What the fans draw; it goes into the air."""
        if not self.state.powered:
            return 0.0
        kw = self.params.fan_kw * float(self.state.speed**3)
        lost = self.fault("fan-failure") if self.state.faults else None
        return kw * (1.0 - lost["lost"] / 100.0) if lost else kw

    @property
    def return_air_c(self) -> float:
        return self.hall.return_c if self.hall else self.state.supply_c

    @property
    def return_humidity_percent(self) -> float:
        """Relative humidity of the return air, %."""
        return relative_humidity_percent(self.return_air_c, self.hall.dew_point_c) if self.hall else 50.0

    @property
    def supply_humidity_percent(self) -> float:
        """Relative humidity of the supply air, %."""
        return relative_humidity_percent(self.supply_air_c, self.hall.dew_point_c) if self.hall else 50.0

    @property
    def input_kw(self) -> float:
        """Electric input, kW."""
        return self.params.controls_kw + self.heat_kw if self.state.powered else 0.0

    @property
    def supply_air_c(self) -> float:
        """What leaves the unit; the air standing around it when the fans do."""
        air = self.air_kw_per_k
        return self.return_air_c - (self.cooling_kw - self.heat_kw) / air if air > 0.0 else self.return_air_c

    # -- water ----------------------------------------------------------------------------------------------

    @property
    def water_in_c(self) -> float:
        return self.loop.supply_c if self.loop else self.return_air_c

    @property
    def water_out_c(self) -> float:
        flow = self.valve_percent / 100.0 * self._full_flow()
        return self.water_in_c + self.cooling_kw / flow if flow > 0.0 else self.water_in_c

    @property
    def cooling_kw(self) -> float:
        """What the coil takes out of the air, kW."""
        constant, slope, water_slope = self._coil(self.return_air_c, self.water_in_c)
        return constant + slope * self.return_air_c - water_slope * self.water_in_c

    @property
    def valve_percent(self) -> float:
        """How far the water valve is open, %."""
        if stuck := self.fault("valve-stuck"):
            return stuck["position"]
        wanted = self.air_kw_per_k * (self.return_air_c - self.state.supply_c) + self.heat_kw
        spread = self.return_air_c - self.water_in_c
        if wanted <= 0.0 or not self.running:
            return 0.0
        if wanted >= self._conductance(1.0) * spread:
            return 100.0
        low, high = 0.0, 1.0
        for _ in range(20):
            middle = (low + high) / 2.0
            low, high = (middle, high) if self._conductance(middle) * spread < wanted else (low, middle)
        return 100.0 * high

    def _full_flow(self) -> float:
        """Heat capacity flow of the water with the valve open, kW/K: what the pumps deliver is shared."""
        return self.params.water_l_s * WATER_KJ_PER_L_K * self.loop.coil_share if self.loop else 0.0

    def _conductance(self, valve: float) -> float:
        """Heat per kelvin between entering air and entering water, kW/K."""
        flows = air, water = self.air_kw_per_k, valve * self._full_flow()
        if air <= 0.0 or water <= 1e-6:
            return 0.0
        if flows != self._last_flows:
            ua = self.params.coil_kw_per_k * (self.airflow_percent / 100.0) ** 0.6
            self._last_flows = flows
            self._last_conductance = counterflow_effectiveness(ua, air, water) * min(air, water)
        return self._last_conductance

    def _coil(self, hot_c: float, water_c: float) -> tuple[float, float, float]:
        """The coil's heat as (constant, slope of the hot air's, slope of the water's temperature), kW and kW/K."""
        if stuck := self.fault("valve-stuck"):
            conductance = self._conductance(stuck["position"] / 100.0)
            return 0.0, conductance, conductance
        air, fans = self.air_kw_per_k, self.heat_kw
        wanted = air * (hot_c - self.state.supply_c) + fans
        conductance = self._conductance(1.0) if wanted > 0.0 and hot_c > water_c else 0.0
        if conductance <= 0.0:
            return 0.0, 0.0, 0.0
        if wanted >= conductance * (hot_c - water_c):
            return 0.0, conductance, conductance
        return fans - air * self.state.supply_c, air, 0.0

    def balance(self, balance: Balance, cold: int, hot: int) -> None:
        """The unit's air enters the cold side; the coil's heat leaves it for the loop's return water."""
        air = self.air_kw_per_k
        if air <= 0.0:
            return
        balance.flow(cold, hot, air)
        balance.heat(cold, self.heat_kw)
        if self.loop is None:
            return
        supply, back = self.loop.supply_node, self.loop.return_node
        constant, slope, water_slope = self._coil(balance.t[hot], balance.t[supply])
        for node, sign in ((cold, -1.0), (back, 1.0)):
            balance.heat(node, sign * constant)
            balance.proportional(node, hot, sign * slope)
            balance.proportional(node, supply, -sign * water_slope)

    # -- time -----------------------------------------------------------------------------------------------

    def horizon(self) -> float:
        gap = abs(self.target - self.state.speed)
        return inf if gap == 0.0 else min(2.0, gap * self.params.fan_ramp_s)

    def advance(self, dt: float) -> None:
        if self.state.speed != self.target:
            self.state.speed = approached(self.state.speed, self.target, dt / self.params.fan_ramp_s)
