"""Rooms of equipment (electrical, battery and pump rooms): their air, their walls, and fans that ventilate them.

A room has two thermal nodes: its air, and the building around it (walls, floor and ceiling as deep as a day reaches).
The losses of everything that names the room warm the air. Air handlers (`crah`, `crac`) and ventilation fans that name
it cool the air. The walls lose heat to the air outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from twinfeed.emulators.plant.air.climate import Outdoors
from twinfeed.emulators.plant.air.enclosed import ConditionedAir, EnclosedAir, room_of
from twinfeed.emulators.plant.air.properties import AIR_KJ_PER_M3_K
from twinfeed.emulators.plant.air.thermal import Balance, Body, ThermalState
from twinfeed.emulators.plant.cooling.air_handlers import AirHandler
from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Draw, Electrical, Supply, three_phase


@dataclass(frozen=True)
class RoomRatings:
    """An electrical room of 40 m2 with walls of 15 cm of concrete."""

    area_m2: Annotated[float, Range(1.0, 100000.0, "m2")] = 40.0
    """Area of the floor, m2."""
    height_m: Annotated[float, Range(1.0, 50.0, "m")] = 3.5
    """Clear height, m."""
    mass_kj_per_m2_k: Annotated[float, Range(1.0, 1000.0, "kJ/(m2 K)")] = 110.0
    """Heat capacity of walls, floor and ceiling, kJ/K for each m2 of them: 5 cm of concrete of 2400 kg/m3 and
    0.88 kJ/(kg K) (the depth that a day reaches, ISO 13786)."""
    surface_kw_per_m2_k: Annotated[float, Range(0.0001, 0.1, "kW/(m2 K)")] = 0.0077
    """Exchange between air and walls, kW/(m2 K) (ISO 6946: surface resistance 0.13 m2 K/W)."""
    envelope_kw_per_k: Annotated[float, Range(0.0, 1000.0, "kW/K")] = 0.1
    """Conduction from the walls to the air outside, kW/K: 50 m2 of outer wall at 2 W/(m2 K)."""
    infiltration_per_h: Annotated[float, Range(0.0, 100.0, "1/h")] = 0.3
    """Changes of air with the outside through doors and gaps, 1/h (assumption)."""
    air_c: Annotated[float, Range(-20.0, 60.0, "degC")] = 25.0
    """At the start, where nothing sets it, degC."""
    dew_point_c: Annotated[float, Range(-40.0, 30.0, "degC")] = 9.5
    """Of the air at the start, degC."""
    climate: Annotated[str, Names("climate", "yard")] = ""
    """Air outside; none means adiabatic walls."""


@dataclass
class RoomState(ThermalState):
    vapour: float = 0.0
    """Humidity ratio of the air, kg/kg."""
    nodes_c: list[float] = field(default_factory=lambda: [25.0, 25.0])
    """Air, walls, degC."""


class Room(Body[RoomState, RoomRatings], ConditionedAir):
    """A room whose air everything breathes that names it as `room`: UPS modules, batteries, transformers, drives."""

    kind = "room"
    PARAMS = RoomRatings
    STATE = RoomState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "fire-suppression": Fault(
            "the fire panel stops the room's air handlers and fans",
            actuator=True,
            failure=FailureMode("at once", "fire-panel"),
        ),
        "door-open": Fault(
            "the door stands open", {"changes": Parameter(20.0, "1/h", 0.1, 200.0, "of air with the outside")}
        ),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        "air_c": "°C", "walls_c": "°C", "heat_kw": "kW", "cooling_kw": "kW", "dew_point_c": "°C",
        "humidity_percent": "%", "fire": "",
    }  # fmt: skip

    def __init__(self, id: str, params: Any = None) -> None:
        super().__init__(id, params)
        self.state.nodes_c = [self.params.air_c] * 2
        p = self.params
        volume_m3 = p.area_m2 * p.height_m
        self.enclosed = EnclosedAir[AirHandler[Any, Any]](self.state, p.dew_point_c, volume_m3, p.infiltration_per_h)
        self.shares = {
            "air_c": (1.0, 0.0), "inlet_c": (1.0, 0.0), "return_c": (1.0, 0.0), "walls_c": (0.0, 1.0)
        }  # fmt: skip

    def start(self) -> None:
        inside = [a for a in self.plant.actors.values() if room_of(a) == self.id]
        self.air_handlers = [a for a in inside if isinstance(a, AirHandler)]
        self.fans = [a for a in inside if isinstance(a, VentilationFan)]
        self.enclosed.find(self, self.params.climate, self.air_handlers)
        super().start()

    @property
    def air_c(self) -> float:
        """Mean of the air, degC."""
        return self.state.nodes_c[0]

    @property
    def inlet_c(self) -> float:
        """Air that equipment draws in, degC: that of the room."""
        return self.state.nodes_c[0]

    @property
    def return_c(self) -> float:
        """Air that air handlers draw in, degC: that of the room."""
        return self.state.nodes_c[0]

    @property
    def walls_c(self) -> float:
        """Temperature of the walls, degC."""
        return self.state.nodes_c[1]

    @property
    def fire(self) -> bool:
        """The contact of the fire panel that stops air handlers and fans."""
        return "fire-suppression" in self.state.faults

    @property
    def cooling_kw(self) -> float:
        """Heat that coils and outdoor air take out, kW; negative if outdoor air brings heat."""
        return self.enclosed.cooling_kw + sum(fan.cooling_kw for fan in self.fans)

    @property
    def walls_m2(self) -> float:
        p = self.params
        return float(2.0 * p.area_m2 + 4.0 * p.area_m2**0.5 * p.height_m)

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
        return [p.area_m2 * p.height_m * AIR_KJ_PER_M3_K, self.walls_m2 * p.mass_kj_per_m2_k]

    def balance(self, balance: Balance) -> None:
        p, air, walls = self.params, self.first, self.first + 1
        balance.heat(air, self.heat_kw + self.enclosed.vapour_heat_kw)
        exchange = self.walls_m2 * p.surface_kw_per_m2_k
        balance.flow(air, walls, exchange)
        balance.flow(walls, air, exchange)
        for unit in self.air_handlers:
            unit.balance(balance, air, air)
        if (climate := self.enclosed.climate) is not None:
            outdoor_c, door = climate.outdoor_c, self.fault("door-open")
            changes_h = p.infiltration_per_h + (door["changes"] if door else 0.0)
            balance.inflow(air, outdoor_c, changes_h * p.area_m2 * p.height_m * AIR_KJ_PER_M3_K / 3600.0)
            balance.inflow(walls, outdoor_c, p.envelope_kw_per_k)
        for fan in self.fans:
            balance.inflow(air, fan.outdoor_c, fan.air_kw_per_k)


@dataclass(frozen=True)
class VentilationFanRatings:
    """A fan that draws outdoor air through a room."""

    room: Annotated[str, Names("room", needed=True)] = ""
    """The room whose air it exhausts."""
    climate: Annotated[str, Names("climate", "yard", needed=True)] = ""
    """The climate of its outdoor air."""
    air_m3_s: Annotated[float, Range(0.01, 1000.0, "m3/s")] = 1.0
    """Flow of air, m3/s."""
    fan_kw: Annotated[float, Range(0.0, 1000.0, "kW")] = 0.5
    """Power of its fan, kW."""
    power_factor: Annotated[float, Range(0.1, 1.0)] = 0.8
    """Power factor of its motors."""
    on_c: Annotated[float, Range(-20.0, 60.0, "degC")] = 30.0
    """Air of the room at which its thermostat starts it, degC."""
    off_k: Annotated[float, Range(0.5, 30.0, "K")] = 3.0
    """It stops so far below, K."""
    minimum_volts: Annotated[float, Range(0.0, 400.0, "V")] = 0.8 * NOMINAL_VOLTS
    """Below this it stands, V."""


@dataclass
class VentilationFanState(State):
    running: bool = False


class VentilationFan(Electrical[VentilationFanState, VentilationFanRatings]):
    """An exhaust fan on a thermostat: it cools while the air outside is cooler, and heats while it is warmer."""

    kind = "ventilation_fan"
    PARAMS = VentilationFanRatings
    STATE = VentilationFanState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "fan-failure": Fault("the fan stands still", actuator=True, failure=FailureMode("at once", "ventilation-fan")),
        "clogged-filter": Fault(
            "dust in the filters",
            {"restriction": Parameter(40.0, "%", 1.0, 100.0, "part of the airflow that is gone")},
            failure=FailureMode("degradation", "filter"),
        ),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES, "running": "", "power_kw": "kW", "cooling_kw": "kW",
    }  # fmt: skip

    def start(self) -> None:
        room, climate = self.plant.find(self.params.room), self.plant.find(self.params.climate)
        assert isinstance(room, Room), f"{self.id} names {room.id}, which is not a room"
        assert isinstance(climate, Outdoors), f"{self.id} names {climate.id}, which is not a climate"
        self._room, self._climate = room, climate

    @property
    def running(self) -> bool:
        """True if it runs."""
        return self.state.running

    @property
    def outdoor_c(self) -> float:
        return self._climate.outdoor_c

    @property
    def air_kw_per_k(self) -> float:
        """Heat capacity flow of its air, kW/K."""
        if not self.state.running:
            return 0.0
        dust = self.fault("clogged-filter")
        return self.params.air_m3_s * AIR_KJ_PER_M3_K * (1.0 - dust["restriction"] / 100.0 if dust else 1.0)

    @property
    def cooling_kw(self) -> float:
        """Heat that its air carries out of the room, kW."""
        return self.air_kw_per_k * (self._room.air_c - self.outdoor_c)

    @property
    def power_kw(self) -> float:
        """Power that it draws, kW."""
        return self.params.fan_kw if self.state.running else 0.0

    def energise(self) -> Supply:
        return self.seen["input"]

    def demand(self) -> dict[str, Draw]:
        return {"input": three_phase(self.power_kw, self.params.power_factor)} if self.state.running else {}

    def react(self) -> None:
        s, p = self.state, self.params
        able = self.seen["input"].worst_volts >= p.minimum_volts and "fan-failure" not in s.faults
        limit_c = p.on_c - (p.off_k if s.running else 0.0)
        wanted = able and not self._room.fire and self._room.air_c >= limit_c
        if wanted != s.running:
            s.running = wanted
            self.log("started" if wanted else "stopped")
            self.touch()
