"""Halls: the path of the heat from servers to air handlers, and the masses that store it.

A hall has five thermal nodes: air on the cold and on the hot side, the servers' heat sinks, and the frames on either
side. All heat of the servers enters the heat sinks. Air leaves the cold side through the servers, takes up the heat of
the heat sinks and arrives on the hot side; the air handlers bring it back, and the rest recirculates round the racks.
Racks, chassis and floor have the temperature of the air around them at rest. When cooling stops, the air warms at
Q / C_air first and at Q / (C_air + C_mass) in the end (Khankari, ASHRAE Trans. 117(1), 2011, LV-11-C026).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from twinfeed.emulators.plant.air.enclosed import ConditionedAir, EnclosedAir
from twinfeed.emulators.plant.air.properties import AIR_KJ_PER_M3_K
from twinfeed.emulators.plant.air.thermal import Balance, Body, ThermalState
from twinfeed.emulators.plant.cooling.air_handlers import AirHandler
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range

COLD_SHARE = 0.4
"""Part of the hall's air and of its frames that is on the cold side (cold aisles and plenum; assumption)."""


@dataclass(frozen=True)
class HallRatings:
    """A hall for 500 kW in about 95 racks of 5.25 kW."""

    area_m2: Annotated[float, Range(1.0, 100000.0, "m2")] = 250.0
    """Of the white space: 2 kW/m2, about 2.6 m2 a rack with its share of the aisles."""
    height_m: Annotated[float, Range(1.0, 50.0, "m")] = 3.5
    """Clear height, m."""
    mass_kg: Annotated[float, Range(1.0, 100000000.0, "kg")] = 66000.0
    """Of racks and equipment with their heat sinks, kg: 700 kg a rack, filled (assumption; up to 1000 kg and more)."""
    mass_kj_per_kg_k: Annotated[float, Range(0.01, 10.0, "kJ/(kg K)")] = 0.5
    """Specific heat of that mass (steel 0.49; Khankari 2011 uses 0.5)."""
    it_delta_t_k: Annotated[float, Range(1.0, 50.0, "K")] = 12.0
    """By how much servers warm the air, K (ASHRAE TC 9.9 quotes 10 to 20 K for servers; assumption)."""
    frames_kw_per_k_kw: Annotated[float, Range(0.0, 1.0, "kW/K per kW")] = 0.06
    """Heat exchange between air and frames, kW/K for each kW of `design_kw`: set so that with the air handlers stopped
    at 5 kW a rack the worst inlet passes 40 degC within the 189 s that Opengate measured to a shutdown in 2007."""
    server_effectiveness: Annotated[float, Range(0.01, 0.99)] = 0.7
    """Of the heat exchange between heat sinks and the servers' air (assumption)."""
    heat_sinks_kj_per_k_kw: Annotated[float, Range(0.1, 100.0, "kJ/K per kW")] = 2.0
    """Heat capacity of heat sinks and boards, kJ/K for each kW of `design_kw`: 2 kg of metal, a time constant of half a
    minute (assumption; the cores of servers with their chassis: several minutes, ASME InterPACK2013 V002T09A024)."""
    design_kw: Annotated[float, Range(0.1, 100000.0, "kW")] = 500.0
    """IT load; below a twentieth of it the servers' airflow falls no further."""
    envelope_kw_per_k: Annotated[float, Range(0.0, 1000.0, "kW/K")] = 0.3
    """Conduction through walls and roof, kW/K: 500 m2 at 0.6 W/(m2 K)."""
    hot_spot: Annotated[float, Range(0.0, 0.9)] = 0.1
    """Part of the air at the worst inlet that comes round from the hot side."""
    dew_point_c: Annotated[float, Range(-40.0, 30.0, "degC")] = 9.5
    """Of the room's air at the start, degC: what a 10 degC coil leaves."""
    leak_per_h: Annotated[float, Range(0.0, 100.0, "1/h")] = 0.1
    """Vapour of so many changes of air with the outside enters, 1/h; their heat is part of `envelope_kw_per_k`."""
    climate: Annotated[str, Names("climate", "yard")] = ""
    """Air outside; none means adiabatic walls."""


@dataclass
class HallState(ThermalState):
    vapour: float = 0.0
    """Humidity ratio of the air, kg/kg."""
    nodes_c: list[float] = field(default_factory=lambda: [22.0, 34.0, 39.0, 22.0, 34.0])
    """Air on the cold side, air on the hot side, heat sinks, frames on the cold side, frames on the hot side, degC."""


class Hall(Body[HallState, HallRatings], ConditionedAir):
    """A data hall: the heat of everything whose parameter `hall` names it, and the air handlers that serve it."""

    kind = "hall"
    PARAMS = HallRatings
    STATE = HallState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "fire-suppression": Fault(
            "the fire panel stops the hall's air handlers",
            source="AWS eu-central-1, 2021-06",
            actuator=True,
            failure=FailureMode("at once", "fire-panel"),
        ),
        "containment-breach": Fault(
            "aisle doors stand open: cold and hot air mix",
            {"part": Parameter(25.0, "%", 1.0, 100.0, "of the servers' airflow that goes round")},
        ),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        "inlet_c": "°C", "hottest_inlet_c": "°C", "return_c": "°C", "mass_c": "°C", "air_c": "°C",
        "heat_kw": "kW", "cooling_kw": "kW", "dew_point_c": "°C", "fire": "", "humidity_percent": "%",
        "crahs_running": "",
    }  # fmt: skip

    def __init__(self, id: str, params: Any = None) -> None:
        super().__init__(id, params)
        p = self.params
        volume_m3 = p.area_m2 * p.height_m
        self.enclosed = EnclosedAir[AirHandler[Any, Any]](self.state, p.dew_point_c, volume_m3, p.leak_per_h)
        spot = self.params.hot_spot
        self.shares = {
            "inlet_c": (1.0, 0.0, 0.0, 0.0, 0.0),
            "hottest_inlet_c": (1.0 - spot, spot, 0.0, 0.0, 0.0),
            "return_c": (0.0, 1.0, 0.0, 0.0, 0.0),
            "mass_c": (0.0, 0.0, 0.0, COLD_SHARE, 1.0 - COLD_SHARE),
            "air_c": (COLD_SHARE, 1.0 - COLD_SHARE, 0.0, 0.0, 0.0),
        }

    def start(self) -> None:
        actors = list(self.plant.actors.values())
        self.crahs = [a for a in actors if isinstance(a, AirHandler) and a.params.hall == self.id]
        self.enclosed.find(self, self.params.climate, self.crahs)
        super().start()

    def on_fault(self, kind: str, active: bool) -> None:
        if kind == "fire-suppression" and active:
            self.log("fire suppression released")

    @property
    def fire(self) -> bool:
        """The contact of the fire panel that stops the air handlers."""
        return "fire-suppression" in self.state.faults

    @property
    def inlet_c(self) -> float:
        """Mean of the air that the servers draw in, degC."""
        return self.state.nodes_c[0]

    @property
    def return_c(self) -> float:
        """Air that the air handlers draw in, degC."""
        return self.state.nodes_c[1]

    @property
    def heat_sinks_c(self) -> float:
        """Mean of the servers' heat sinks, degC."""
        return self.state.nodes_c[2]

    @property
    def mass_c(self) -> float:
        """Mean of racks, chassis and floor, degC."""
        return COLD_SHARE * self.state.nodes_c[3] + (1.0 - COLD_SHARE) * self.state.nodes_c[4]

    @property
    def hottest_inlet_c(self) -> float:
        """At the worst rack, degC."""
        return self.inlet_c + self.params.hot_spot * (self.return_c - self.inlet_c)

    @property
    def air_c(self) -> float:
        """Mean of all air, degC."""
        return COLD_SHARE * self.inlet_c + (1.0 - COLD_SHARE) * self.return_c

    @property
    def cooling_kw(self) -> float:
        """Heat that the coils take out, kW."""
        return self.enclosed.cooling_kw

    @property
    def crahs_running(self) -> int:
        """Number of air handlers of this hall that run."""
        return sum(crah.running for crah in self.crahs)

    def horizon(self) -> float:
        """Until the air, or the vapour in it, has changed."""
        return min(super().horizon(), self.enclosed.horizon())

    def advance(self, dt: float) -> None:
        super().advance(dt)
        self.enclosed.advance(dt)

    def on_restore(self) -> None:
        self.enclosed.hold(self.state)
        super().on_restore()

    def capacities(self) -> list[float]:
        p = self.params
        air = p.area_m2 * p.height_m * AIR_KJ_PER_M3_K
        mass = p.mass_kg * p.mass_kj_per_kg_k
        sinks = min(p.heat_sinks_kj_per_k_kw * p.design_kw, 0.5 * mass)
        frames = mass - sinks
        return [COLD_SHARE * air, (1.0 - COLD_SHARE) * air, sinks, COLD_SHARE * frames, (1.0 - COLD_SHARE) * frames]

    def balance(self, balance: Balance) -> None:
        p, cold, hot = self.params, self.first, self.first + 1
        sinks, cold_frames, hot_frames = self.first + 2, self.first + 3, self.first + 4
        heat = self.heat_kw
        servers = max(heat, 0.05 * p.design_kw) / p.it_delta_t_k
        handlers = sum(crah.air_kw_per_k for crah in self.crahs)
        # The flow of the servers beyond that of the air handlers goes round; the reverse passes by the racks.
        balance.flow(cold, hot, max(0.0, servers - handlers))
        balance.flow(hot, cold, max(servers, handlers))
        breach = self.fault("containment-breach")
        if breach:
            mixed = servers * breach["part"] / 100.0
            balance.flow(cold, hot, mixed)
            balance.flow(hot, cold, mixed)
        exchange = p.server_effectiveness * servers
        balance.proportional(hot, sinks, exchange)
        balance.proportional(hot, cold, -exchange)
        balance.flow(sinks, cold, exchange)
        balance.heat(sinks, heat)
        balance.heat(cold, self.enclosed.vapour_heat_kw)
        for air, frames, share in ((cold, cold_frames, COLD_SHARE), (hot, hot_frames, 1.0 - COLD_SHARE)):
            conductance = share * p.frames_kw_per_k_kw * p.design_kw
            balance.flow(air, frames, conductance)
            balance.flow(frames, air, conductance)
        if (climate := self.enclosed.climate) is not None:
            balance.inflow(hot, climate.outdoor_c, p.envelope_kw_per_k)
        for crah in self.crahs:
            crah.balance(balance, cold, hot)
