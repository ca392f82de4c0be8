"""The interface of all actuators."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from twinfeed._phrases import Phrase
from twinfeed.hil_rigs.schema import Position


class ActuatorFailed(Exception):
    """An actuator did not obey. The message gives its answer, and what to check."""


class NotMoved(ActuatorFailed):
    """The actuator is certainly unmoved: no motion has begun."""


class Actuator(ABC):
    """One actuator of a bench, in the process that alone touches it.

    Moves of one actuator do not overlap: whoever calls waits for one before the next.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    async def open(self) -> None:
        """Open the connections for as long as the bench is used. Nothing moves.

        Raises:
            ActuatorFailed: it cannot be had.
        """
        return

    @abstractmethod
    async def move(self, position: Position, parameters: Mapping[str, float] | None = None) -> None:
        """Go to that position; `parameters` are those of the fault it causes.

        Raises:
            ActuatorFailed: it is not known to stand there.
        """

    @abstractmethod
    async def position(self) -> Position | None:
        """The position that the device reports; None if it reports none.

        Raises:
            ActuatorFailed: the device cannot be asked.
        """

    async def try_dry(self) -> str:
        """Check without motion whether the actuator could move. Returns a sentence for the technician.

        Raises:
            ActuatorFailed: it could not.
        """
        return Phrase("stands at {position}", position=await self.position())

    async def close(self) -> None:
        """Close the connections. The actuator stays in its position."""
        return
