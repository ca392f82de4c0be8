"""What every instrument can do, whatever it measures with."""

from __future__ import annotations

from abc import ABC, abstractmethod

from emulators.devices.points import Value


class NoReading(Exception):
    """An instrument gave no value; the message says why and what to look at.

    `raw` is what it gave instead: NaN, a number that the quantity cannot have. None if it gave nothing.
    """

    def __init__(self, why: str, raw: Value | None = None) -> None:
        super().__init__(why)
        self.raw = raw


class Instrument(ABC):
    """Measures one quantity of a bench, in the process that alone touches it."""

    def __init__(self, quantity: str, every_s: float) -> None:
        self.quantity = quantity
        self.every_s = every_s
        """How often it is to be read, s."""

    @property
    def known_for_s(self) -> float:
        """For how long a reading counts, s: two periods."""
        return 2.0 * self.every_s

    @abstractmethod
    async def read(self) -> Value:
        """The quantity now, in its unit, scaled and inverted as the rig file says.

        Raises:
            NoReading: there is no value.
        """

    async def close(self) -> None:
        """Free what it holds."""
        return
