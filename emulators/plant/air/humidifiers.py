"""Humidifiers: steam or mist into the air of a hall or room, on a hygrostat that holds the dew point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from twinfeed.emulators.plant.air.enclosed import ConditionedAir, Humidifying
from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import Fault
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Draw, Electrical, Supply, three_phase

STEAM_KWH_PER_KG = 0.75
"""Electric input of an electrode boiler, kWh a kg of steam (makers' data sheets give 0.72 to 0.78; from memory)."""

MIST_KWH_PER_KG = 0.055
"""Electric input of ultrasonic transducers, kWh a kg of mist (makers' data sheets; from memory)."""

STEAM_KJ_PER_KG = 145.0
"""Heat that steam of 100 degC gives to air of 22 degC besides its latent heat, kJ/kg."""

MIST_KJ_PER_KG = -2450.0
"""Heat that mist gives to the air: it takes its heat of evaporation from it, kJ/kg."""


@dataclass(frozen=True)
class HumidifierRatings:
    """A steam humidifier for a hall of 500 kW."""

    hall: Annotated[str, Names("hall", "room", needed=True)] = ""
    """The hall or room whose air it moistens."""
    method: Literal["steam", "ultrasonic"] = "steam"
    """Steam warms the air a little. Mist of an ultrasonic humidifier cools it by its heat of evaporation."""
    output_kg_h: Annotated[float, Range(0.1, 1000.0, "kg/h")] = 10.0
    """Water that it gives to the air while it runs, kg/h."""
    power_factor: Annotated[float, Range(0.1, 1.0)] = 1.0
    """Power factor of its boiler or transducers."""
    on_dew_point_c: Annotated[float, Range(-40.0, 30.0, "degC")] = 5.5
    """Dew point below which it starts, degC (ASHRAE TC 9.9 until 2015: at least 5.5; since then -9)."""
    off_dew_point_c: Annotated[float, Range(-40.0, 30.0, "degC")] = 7.0
    """Dew point at which it stops, degC."""
    high_limit_percent: Annotated[float, Range(20.0, 100.0, "%")] = 80.0
    """Relative humidity at the inlets at which its safety chain opens, %."""
    minimum_volts: Annotated[float, Range(0.0, 400.0, "V")] = 0.8 * NOMINAL_VOLTS
    """Below this it stands, V."""

    def __post_init__(self) -> None:
        if self.off_dew_point_c <= self.on_dew_point_c:
            off_c, on_c = self.off_dew_point_c, self.on_dew_point_c
            raise ValueError(f"off_dew_point_c is {off_c:g}, expected more than on_dew_point_c, {on_c:g} degC")


@dataclass
class HumidifierState(State):
    commanded: bool = True
    running: bool = False


class Humidifier(Electrical[HumidifierState, HumidifierRatings], Humidifying):
    """A humidifier with its own hygrostat. It needs power and feed water, and stops at its high limit."""

    kind = "humidifier"
    PARAMS = HumidifierRatings
    STATE = HumidifierState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "failure": Fault("it gives no vapour: cylinder, electrodes or transducers are worn out", actuator=True),
        "water-loss": Fault("no feed water comes: it stops on low level"),
        "stuck-on": Fault("its hygrostat asks for vapour all the time, up to the high limit"),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "switch-off": DeedKind("switch it off", lambda unit, _: unit.switch(False), undo="switch-on"),
        "switch-on": DeedKind("switch it on", lambda unit, _: unit.switch(True), undo="switch-off"),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES, "running": "", "vapour_kg_h": "kg/h", "power_kw": "kW", "air_heat_kw": "kW",
    }  # fmt: skip

    def start(self) -> None:
        room: Any = self.plant.find(self.params.hall)
        assert isinstance(room, ConditionedAir), f"{self.id} names {self.params.hall}, which is no hall or room"
        self._room = room

    def switch(self, on: bool) -> None:
        """Let it run, or stop it."""
        if on != self.state.commanded:
            self.state.commanded = on
            self.touch()

    @property
    def running(self) -> bool:
        """True while it gives vapour."""
        return self.state.running

    @property
    def vapour_kg_h(self) -> float:
        """Water that it gives to the air, kg/h."""
        return self.params.output_kg_h if self.state.running else 0.0

    @property
    def air_heat_kw(self) -> float:
        """Heat that its vapour gives to the air, kW; negative for mist."""
        per_kg = STEAM_KJ_PER_KG if self.params.method == "steam" else MIST_KJ_PER_KG
        return self.vapour_kg_h / 3600.0 * per_kg

    @property
    def power_kw(self) -> float:
        """Electric input, kW."""
        per_kg = STEAM_KWH_PER_KG if self.params.method == "steam" else MIST_KWH_PER_KG
        return self.vapour_kg_h * per_kg

    def energise(self) -> Supply:
        return self.seen["input"]

    def demand(self) -> dict[str, Draw]:
        return {"input": three_phase(self.power_kw, self.params.power_factor)} if self.state.running else {}

    def react(self) -> None:
        s, p, room = self.state, self.params, self._room
        able = self.seen["input"].worst_volts >= p.minimum_volts and s.commanded and not room.fire
        able = able and "failure" not in s.faults and "water-loss" not in s.faults
        asked = "stuck-on" in s.faults or room.dew_point_c < (p.off_dew_point_c if s.running else p.on_dew_point_c)
        limit = p.high_limit_percent - (0.0 if s.running else 5.0)
        wanted = able and asked and room.humidity_percent < limit
        if wanted != s.running:
            s.running = wanted
            self.log("started" if wanted else "stopped")
            self.touch()
