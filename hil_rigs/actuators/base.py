"""What every actuator can do, whatever moves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from twinfeed.hil_rigs.schema import Position


class ActuatorFailed(Exception):
    """An actuator did not do what it was told; the message says what it answered and what to look at."""


class NotMoved(ActuatorFailed):
    """It stands where it stood: nothing and nobody has begun to move it."""


class Actuator(ABC):
    """One actuator of a bench, in the process that alone touches it.

    Moves of one actuator do not overlap: whoever calls waits for one before the next.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    async def open(self) -> None:
        """Take what it needs for as long as the bench is used; nothing moves.

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
        """Where it stands as the device itself says, None if nothing tells.

        Raises:
            ActuatorFailed: the device cannot be asked.
        """

    async def try_dry(self) -> str:
        """Whether it could move, found out without moving anything; a sentence for the technician.

        Raises:
            ActuatorFailed: it could not.
        """
        return f"stands at {await self.position()}"

    async def close(self) -> None:
        """Free what it holds. It stays where it stands."""
        return
