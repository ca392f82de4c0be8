"""The chilled water loop with its buffer tank.

All water of a loop flows one way round: return pipe, evaporators of the chillers whose isolation valve is open (the
rest through the bypass), buffer tank, supply pipe, coils.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Annotated, Any, ClassVar

from twinfeed.emulators.plant.air.climate import Outdoors
from twinfeed.emulators.plant.air.thermal import WATER_KJ_PER_L_K, Balance, Body, ThermalState
from twinfeed.emulators.plant.cooling.chillers import Chiller
from twinfeed.emulators.plant.cooling.circuits import ChilledWater, WaterCoil, WaterCooled
from twinfeed.emulators.plant.cooling.heat_rejection import CoolingTower, DryCooler
from twinfeed.emulators.plant.cooling.hydraulics import Meeting, PumpCurve, common_head_kpa, meeting
from twinfeed.emulators.plant.cooling.pumps import Pump
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.emulators.plant.kernel.steadiness import Store

AIR_KPA = 101.3
"""Pressure of the air, kPa."""

LEAST_SUCTION_KPA = 30.0
"""Static pressure below which pumps draw air and deliver nothing, kPa (assumption)."""

TOO_WARM_C = 45.0
"""Water as warm as the air at which servers stop cools nothing, degC."""

DESIGN_DIFFERENCE_K = 35.0 - 13.0
"""Between the air and the water for which `WaterLoopRatings.ambient_kw` is given, K."""


@dataclass(frozen=True)
class WaterLoopRatings:
    """The chilled water of 1 MW of IT."""

    tank_m3: Annotated[float, Range(0.01, 100000.0, "m3")] = 30.0
    """Buffer tank, m3: 11 min of 1.1 MW at 6 K."""
    tank_layers: Annotated[int, Range(1, 32, "layers")] = 4
    """1 for a mixed tank; more is more stratified (a chain of mixed layers, water moving down it)."""
    design_kpa: Annotated[float, Range(0.0, 5000.0, "kPa")] = 0.0
    """Pressure that pipes, evaporators and coils take at the design flow, kPa: the head of its pumps there. 0: no
    pressure is modelled, and each pump gives its rated flow with its speed."""
    coils_part: Annotated[float, Range(0.05, 0.95)] = 0.4
    """Part of `design_kpa` that coils with their valves take; pipes and evaporators take the rest (assumption)."""
    bypass_l_s: Annotated[float, Range(0.0, 10000.0, "l/s")] = 0.0
    """Flow of the pumps below which a bypass between supply and return opens, so that chillers keep their flow while
    two-way valves of coils are nearly shut, l/s."""
    design_l_s: Annotated[float, Range(0.0, 100000.0, "l/s")] = 0.0
    """Design flow, l/s; 0 for the rated flow of the pumps that run at the start."""
    fill_kpa: Annotated[float, Range(60.0, 2500.0, "kPa")] = 250.0
    """Pressure above that of the air in the standing loop, kPa (2.5 bar; assumption)."""
    vessel_l: Annotated[float, Range(1.0, 1000000.0, "l")] = 800.0
    """Gas in the expansion vessel at that pressure, l: 2 % of the water (assumption)."""
    pipes_m3: Annotated[float, Range(0.01, 10000.0, "m3")] = 6.0
    """Return side: pipes, coils and evaporators."""
    ambient_kw: Annotated[float, Range(0.0, 1000.0, "kW")] = 5.0
    """Heat gained through insulation and fittings by water of 13 degC in 35 degC, kW (assumption). The gain is in
    proportion to the difference from `ambient_c`: water that is warmer loses heat."""
    ambient_c: Annotated[float, Range(-40.0, 60.0, "degC")] = 35.0
    """Air around pipes and tank, degC, unless `climate` gives it."""
    climate: Annotated[str, Names("climate", "yard")] = ""
    """Pipes and tank stand outdoors in this climate."""


@dataclass
class WaterLoopState(ThermalState):
    lost_l: float = 0.0
    """Water that has leaked out and was not refilled, l."""
    shut: bool = False
    """Its main isolation valves are shut for work on the loop."""
    nodes_c: list[float] = field(default_factory=list)
    """Return water, then the layers of the tank in the direction of flow, degC."""


class WaterLoop(Body[WaterLoopState, WaterLoopRatings], ChilledWater):
    """A chilled water loop: a site may have two, A and B. Chillers, pumps and air handlers name it as their `loop`."""

    kind = "water_loop"
    PARAMS = WaterLoopRatings
    STATE = WaterLoopState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "valve-shut": Fault(
            "a main isolation valve is shut: no flow",
            source="Equinix Singapore, 2023-10",
            failure=FailureMode("at once", "loop-valve"),
        ),
        "leak": Fault(
            "water leaks: the pressure falls until the pumps draw air; the loss stays until people refill the loop",
            {"rate": Parameter(20.0, "l/min", 0.1, 10000.0)},
            failure=FailureMode("at once", "pipe"),
        ),
        "restriction": Fault(
            "a strainer is blocked",
            {"loss": Parameter(50.0, "%", 1.0, 100.0, "part of the flow that is gone")},
            failure=FailureMode("degradation", "strainer"),
        ),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "refill": DeedKind("fill it up to its pressure and bleed it", lambda loop, _: loop.refill()),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        "supply_c": "°C", "return_c": "°C", "tank_c": "°C", "flow_l_s": "l/s", "load_kw": "kW",
        "head_kpa": "kPa", "static_kpa": "kPa",
        "pumps_running": "", "chillers_running": "", "shut": "",
    }  # fmt: skip

    def __init__(self, id: str, params: Any = None) -> None:
        super().__init__(id, params)
        layers = self.params.tank_layers
        self.state.nodes_c = [15.0] + [10.0] * layers
        self.shares = {
            "return_c": (1.0,),
            "supply_c": (*[0.0] * layers, 1.0),
            "tank_c": (0.0, *[1.0 / layers] * layers),
        }
        capacities = self.capacities()
        self._ambient_kw_per_k = [
            c / sum(capacities) * self.params.ambient_kw / DESIGN_DIFFERENCE_K for c in capacities
        ]
        """Heat exchange of each node with the air around it, by its share of the water, kW/K."""
        self._resistance = 0.0
        """Of the loop with open valves, kPa/(l/s)^2; 0 where no pressure is modelled."""
        self._flow = (-1, 0.0)
        """The plant's moment, and what the pumps move in it, l/s."""
        self._met = (-1, Meeting(0.0, 0.0, 0.0))
        """The plant's moment, and the point where pumps and two-way valves meet in it."""
        self._throttled = False
        """Coils here have two-way valves."""

    def start(self) -> None:
        actors, name = self.plant.actors.values(), self.id
        self.chillers: list[Chiller] = [a for a in actors if isinstance(a, Chiller) and a.params.loop == name]
        self.pumps = [a for a in actors if isinstance(a, Pump) and a.params.loop == name]
        self.towers = [a for a in actors if isinstance(a, CoolingTower) and a.params.loop == name]
        self.dry_coolers = [a for a in actors if isinstance(a, DryCooler) and a.params.loop == name]
        self.condensers = [a for a in actors if isinstance(a, WaterCooled) and a.condenser_loop == name]
        coils: list[WaterCoil] = [a for a in actors if isinstance(a, WaterCoil) and name in a.loop_names]
        self._coils = sorted(coils, key=lambda coil: coil.loop_names.index(name))
        self._chosen = any(len(coil.loop_names) > 1 for coil in coils)
        """Some units here have a second coil on another loop."""
        self._all_coils_l_s = sum(coil.rated_l_s for coil in coils)
        p = self.params
        design_l_s = p.design_l_s or sum(x.params.flow_l_s for x in self.pumps if x.params.initially_on)
        self._resistance = p.design_kpa / design_l_s**2 if design_l_s > 0.0 else 0.0
        self._design = PumpCurve(design_l_s, p.design_kpa, 1.0)
        two_way = next((coil.id for coil in coils if coil.throttles), "")
        if two_way and not self._resistance:
            raise PlantError(f"{two_way} has a two-way valve: its loop {name} needs design_kpa, the head of its pumps")
        self._throttled = two_way != ""
        outside = self.plant.find(self.params.climate) if self.params.climate else None
        self._climate = outside if isinstance(outside, Outdoors) else None
        super().start()

    @property
    def surroundings_c(self) -> float:
        """Air around pipes and tank, degC."""
        return self._climate.outdoor_c if self._climate is not None else self.params.ambient_c

    @property
    def coils(self) -> list[WaterCoil]:
        """The coils that take its water now."""
        return [coil for coil in self._coils if coil.loop is self] if self._chosen else self._coils

    @property
    def shut(self) -> bool:
        """True if its main isolation valves are shut for work on the loop."""
        return self.state.shut

    def switch_off(self) -> None:
        """Shut the main isolation valves: no water moves, and the loop can be opened."""
        self._set_valves(True)

    def switch_on(self) -> None:
        """Open the main isolation valves."""
        self._set_valves(False)

    def _set_valves(self, shut: bool) -> None:
        if shut != self.state.shut:
            self.state.shut = shut
            self.log("valves shut" if shut else "valves open")
            self.touch()

    @property
    def return_node(self) -> int:
        return self.first

    @property
    def supply_node(self) -> int:
        return self.first + self.params.tank_layers

    @property
    def supply_c(self) -> float:
        """Water to the coils, degC."""
        return self.state.nodes_c[-1]

    @property
    def return_c(self) -> float:
        return self.state.nodes_c[0]

    @property
    def entering_c(self) -> float:
        """Water that enters the evaporators, degC: what dry coolers have left."""
        flow = self.flow_l_s * WATER_KJ_PER_L_K
        if not self.dry_coolers or flow <= 0.0:
            return self.return_c
        return self.return_c - sum(cooler.cooling_kw for cooler in self.dry_coolers) / flow

    @property
    def tank_c(self) -> float:
        """Mean of the tank, degC."""
        layers = self.state.nodes_c[1:]
        return sum(layers) / len(layers)

    @property
    def flow_l_s(self) -> float:
        """Water that the pumps move, l/s."""
        if self._flow[0] != self.plant.moment:
            self._flow = (self.plant.moment, self._pumped_l_s())
        return self._flow[1]

    @property
    def _closed(self) -> bool:
        """True if no water can flow: a valve is shut, or the pumps draw air."""
        dry = bool(self.towers) and all(tower.dry for tower in self.towers)
        return self.state.shut or dry or "valve-shut" in self.state.faults or self.static_kpa < LEAST_SUCTION_KPA

    def _pumped_l_s(self) -> float:
        if self._closed:
            return 0.0
        if self._throttled:
            return self._meet().flow_l_s
        if self._resistance:
            head = self.head_kpa
            return sum([pump.curve(self.params.design_kpa).flow_at(head) for pump in self.pumps])
        return sum([pump.rated_l_s for pump in self.pumps]) * self._free

    @property
    def _free(self) -> float:
        """Part of the flow that a blocked strainer leaves."""
        blocked = self.fault("restriction")
        return 1.0 - blocked["loss"] / 100.0 if blocked else 1.0

    @property
    def _resisting(self) -> float:
        """Resistance now, kPa/(l/s)^2."""
        free = self._free
        return inf if self._closed or free <= 0.0 else self._resistance / free**2

    @property
    def head_kpa(self) -> float:
        """Differential pressure of the pumps, kPa; 0 where none is modelled."""
        if not self._resistance or self.static_kpa < LEAST_SUCTION_KPA:
            return 0.0
        if self._throttled and not self._closed:
            return self._meet().head_kpa
        return common_head_kpa([pump.curve(self.params.design_kpa) for pump in self.pumps], self._resisting)

    def _meet(self) -> Meeting:
        """The point where its pumps and its coils meet now."""
        if self._met[0] != self.plant.moment:
            curves = [pump.curve(self.params.design_kpa) for pump in self.pumps]
            self._met = (self.plant.moment, meeting(curves, self._design, self.params.coils_part, self._taken))
        return self._met[1]

    def _taken(self, root: float) -> float:
        """Water that coils and bypass take where the pressure at the coils is `root` squared of the design's, l/s."""
        free = self._free
        return max(self.params.bypass_l_s * min(1.0, root), sum([c.drawn_l_s(root * free) for c in self.coils]))

    def speed_for(self, kpa: float) -> float:
        """Speed, 0 to 1, with which the pumps that should turn hold that differential pressure; 1 if none does."""
        turning = [pump.curve(self.params.design_kpa)._replace(speed=1.0) for pump in self.pumps if pump.target > 0.0]
        if not self._throttled or self._closed:
            full_kpa = common_head_kpa(turning, self._resisting) if self._resistance else 0.0
            return min(1.0, sqrt(kpa / full_kpa)) if full_kpa > 0.0 else 1.0
        low, high = 0.0, 1.0
        for _ in range(12):
            speed = (low + high) / 2.0
            curves = [curve._replace(speed=speed) for curve in turning]
            less = meeting(curves, self._design, self.params.coils_part, self._taken).head_kpa < kpa
            low, high = (speed, high) if less else (low, speed)
        return high

    def pump_l_s(self, pump: Pump) -> float:
        """Water that this pump moves, l/s."""
        if self._closed:
            return 0.0
        if self._resistance:
            return pump.curve(self.params.design_kpa).flow_at(self.head_kpa)
        return pump.rated_l_s

    @property
    def static_kpa(self) -> float:
        """Pressure of the standing loop above that of the air, kPa: the gas in the vessel expands (Boyle)."""
        lost_l = self.state.lost_l
        if not lost_l:
            return self.params.fill_kpa
        vessel_l = self.params.vessel_l
        return (self.params.fill_kpa + AIR_KPA) * vessel_l / (vessel_l + lost_l) - AIR_KPA

    def refill(self) -> None:
        """Fill the loop up to its pressure and bleed it."""
        if self.state.lost_l:
            self.state.lost_l = 0.0
            self.log("refilled")
            self.touch()

    def stores(self) -> Iterable[Store]:
        yield Store("supply_c", self.supply_c, TOO_WARM_C)
        yield Store("static_kpa", self.static_kpa, LEAST_SUCTION_KPA)

    def horizon(self) -> float:
        """Until the nodes have moved, or until a leak has brought the pressure down to that at which pumps draw air."""
        reach, leak = super().horizon(), self.fault("leak")
        if leak and self.static_kpa >= LEAST_SUCTION_KPA:
            p = self.params
            empty_l = p.vessel_l * ((p.fill_kpa + AIR_KPA) / (LEAST_SUCTION_KPA + AIR_KPA) - 1.0)
            reach = min(reach, max(0.001, (empty_l - self.state.lost_l) * 60.0 / leak["rate"] + 0.001))
        return reach

    def advance(self, dt: float) -> None:
        super().advance(dt)
        if (leak := self.fault("leak")) and self.static_kpa > 0.0:
            self.state.lost_l += leak["rate"] * dt / 60.0

    @property
    def evaporator_l_s(self) -> float:
        """Through each chiller whose isolation valve is open, l/s."""
        valves = [chiller for chiller in self.chillers if chiller.state.valve_open]
        if not valves:
            return 0.0
        return min(self.flow_l_s / len(valves), *(chiller.params.design_flow_l_s for chiller in valves))

    def condenser_l_s(self, machine: object) -> float:
        """Through the condenser of that machine, l/s: all whose valves are open share the flow by their ratings."""
        valves = [one for one in self.condensers if one.condenser_open]
        asked = sum(one.condenser_rated_l_s for one in valves)
        mine = next((one.condenser_rated_l_s for one in valves if one is machine), 0.0)
        return mine * min(1.0, self.flow_l_s / asked) if mine else 0.0

    def cooler_l_s(self, cooler: object) -> float:
        """Through that tower or dry cooler, l/s: all of a kind whose valves are open share what the pumps move."""
        alike = self.towers if isinstance(cooler, CoolingTower) else self.dry_coolers
        valves = [one for one in alike if one.state.valve_open]
        return self.flow_l_s / len(valves) if any(one is cooler for one in valves) else 0.0

    @property
    def coil_share(self) -> float:
        """Part of their rated flow that the coils get with their valves open; above 1 where pressure is to spare."""
        if self._throttled:
            return 0.0 if self._closed else self._meet().root * self._free
        coils_l_s = sum(coil.rated_l_s for coil in self.coils) if self._chosen else self._all_coils_l_s
        return min(1.0, self.flow_l_s / coils_l_s) if coils_l_s else 0.0

    @property
    def load_kw(self) -> float:
        """Heat that the coils bring, kW."""
        return float(sum(coil.cooling_kw + coil.latent_kw for coil in self.coils))

    @property
    def pumps_running(self) -> int:
        """Number of pumps of this loop that run."""
        return sum(pump.running for pump in self.pumps)

    @property
    def chillers_running(self) -> int:
        """Number of chillers of this loop that run."""
        return sum(chiller.running for chiller in self.chillers)

    @property
    def ambient_gain_kw(self) -> float:
        """Heat gained from the air around pipes and tank now, kW; negative when the water is warmer."""
        around_c = self.surroundings_c
        differences = (around_c - t for t in self.state.nodes_c)
        return sum(g * d for g, d in zip(self._ambient_kw_per_k, differences, strict=True))

    def capacities(self) -> list[float]:
        p = self.params
        layer = 1000.0 * p.tank_m3 / p.tank_layers * WATER_KJ_PER_L_K
        return [1000.0 * p.pipes_m3 * WATER_KJ_PER_L_K] + [layer] * p.tank_layers

    def balance(self, balance: Balance) -> None:
        """The water's way round, the chillers' work and the heat of pumps and surroundings; coils write their own."""
        back, supply = self.return_node, self.supply_node
        around_c = self.surroundings_c
        for node, conductance in enumerate(self._ambient_kw_per_k, back):
            balance.inflow(node, around_c, conductance)
        balance.heat(back, sum(pump.power_kw for pump in self.pumps))
        flow = self.flow_l_s * WATER_KJ_PER_L_K
        if flow <= 0.0:
            return
        balance.flow(back, supply, flow)
        for layer in range(back + 1, supply + 1):
            balance.flow(layer, layer - 1, flow)
        for tower in self.towers:
            self._cool(balance, *tower.duty(balance.t[back]))
        pre_constant, pre_slope = self._pre_cool(balance)
        entering_c = balance.t[back] - (pre_constant + pre_slope * balance.t[back]) / flow
        for chiller in self.chillers:
            constant, slope = chiller.duty(entering_c)
            constant, slope = constant - slope * pre_constant / flow, slope * (1.0 - pre_slope / flow)
            self._cool(balance, constant, slope)
            if isinstance(chiller.towers, WaterLoop) and chiller.condenser_flow_l_s > 0.0:
                rejected = chiller.towers.return_node
                balance.heat(rejected, constant + chiller.compressors_kw)
                balance.proportional(rejected, back, slope)

    def _pre_cool(self, balance: Balance) -> tuple[float, float]:
        """The heat that all dry coolers take out, as (constant kW, slope kW/K of the return water)."""
        constant = slope = 0.0
        for cooler in self.dry_coolers:
            part = cooler.duty(balance.t[self.return_node])
            self._cool(balance, *part)
            constant, slope = constant + part[0], slope + part[1]
        return constant, slope

    def _cool(self, balance: Balance, constant: float, slope: float) -> None:
        """Take heat out of the water between return pipe and tank: kW, and kW/K of the return water."""
        back = self.return_node
        balance.heat(back + 1, -constant)
        balance.proportional(back + 1, back, -slope)
