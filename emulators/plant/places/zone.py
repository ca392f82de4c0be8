"""A zone: places that share an emergency power-off, a gas extinguishing system, an air duct or a floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.faults import Fault
from twinfeed.emulators.plant.kernel.ratings import Names
from twinfeed.emulators.plant.places.place import Place
from twinfeed.emulators.plant.places.ratings import GAS, POWER_OFF, POWER_OFF_DEEDS, SMOKE, WATER


@dataclass(frozen=True)
class ZoneRatings:
    """The extent of a zone."""

    places: tuple[Annotated[str, Names("place", needed=True)], ...] = ()
    """The places that belong to it."""


@dataclass
class ZoneState(State):
    pressed: bool = False
    """Somebody has pressed its emergency power-off, which holds until it is released."""


class Zone(Component[ZoneState, ZoneRatings]):
    """Places in which an event of the zone happens everywhere at once."""

    kind = "zone"
    PARAMS = ZoneRatings
    STATE = ZoneState
    DEEDS = POWER_OFF_DEEDS
    FAULTS: ClassVar[Mapping[str, Fault]] = {"smoke": SMOKE, "water": WATER, "epo": POWER_OFF, "gas-release": GAS}
    QUANTITIES: ClassVar[Mapping[str, str]] = {"alarm": "", "burning": "", "destroyed": ""}

    def __init__(self, id: str, params: Any = None) -> None:
        super().__init__(id, params)
        self.places: list[Place] = []

    def start(self) -> None:
        self.places = [p for p in map(self.plant.actors.get, self.params.places) if isinstance(p, Place)]
        for place in self.places:
            place.zones.append(self)

    @property
    def troubled(self) -> bool:
        """True while an event is active."""
        return bool(self.state.faults) or self.state.pressed

    @property
    def pressed(self) -> bool:
        return self.state.pressed

    def press(self, pressed: bool) -> None:
        """Press or release its emergency power-off, as a person does."""
        if pressed != self.state.pressed:
            self.state.pressed = pressed
            self.log("emergency power off" if pressed else "emergency power off released")
            self.touch()

    @property
    def alarm(self) -> bool:
        """True if a place of it has raised the fire alarm."""
        return any(place.alarm for place in self.places)

    @property
    def burning(self) -> bool:
        """True while something burns in it."""
        return any(place.burning for place in self.places)

    @property
    def destroyed(self) -> int:
        """Number of things in its places that are destroyed."""
        return sum(place.destroyed for place in self.places)
