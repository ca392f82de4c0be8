"""The air around equipment: that of the hall or room which its ratings name."""

from __future__ import annotations

from typing import Any, Protocol

from twinfeed.emulators.plant.kernel.component import Component


class RoomAir(Protocol):
    """A hall or a room."""

    @property
    def air_c(self) -> float:
        """Mean of its air, degC."""

    @property
    def inlet_c(self) -> float:
        """Air that equipment draws in, degC."""


def room_around(component: Component[Any, Any]) -> RoomAir | None:
    """The hall or room that `room` or `hall` of its ratings names; None for outdoors and for ratings without them.

    Raises:
        PlantError: the site has nothing of that name.
    """
    name = getattr(component.params, "room", "") or getattr(component.params, "hall", "")
    found: Any = component.plant.find(name) if name else None
    return found if hasattr(found, "air_c") else None
