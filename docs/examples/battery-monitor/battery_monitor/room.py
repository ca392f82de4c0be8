"""A component: the room of a battery, with an extractor fan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.faults import Fault
from twinfeed.emulators.plant.kernel.ratings import Range


@dataclass(frozen=True)
class RoomRatings:
    """The ratings of a battery room."""

    air_m3_h: Annotated[float, Range(0.0, 10000.0, "m3/h")] = 60.0
    """Air that the extractor fan moves, m3/h (EN IEC 62485-2 gives the least for a battery; this figure is assumed)."""


class BatteryRoom(Component[State, RoomRatings]):
    """A room whose extractor fan runs unless it suffers the fault `extractor-stopped`."""

    kind = "battery_room"
    PARAMS = RoomRatings
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "extractor-stopped": Fault("the extractor fan stands still", actuator=True),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {"ventilated": "", "air_m3_h": "m3/h"}
    POSSIBLE: ClassVar[Mapping[str, tuple[float, float]]] = {"air_m3_h": (0.0, 10000.0)}

    @property
    def ventilated(self) -> bool:
        """True if the extractor fan runs."""
        return self.fault("extractor-stopped") is None

    @property
    def air_m3_h(self) -> float:
        """Air that the fan moves, m3/h."""
        return self.params.air_m3_h if self.ventilated else 0.0
