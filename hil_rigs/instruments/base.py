"""The interface of all instruments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator

from twinfeed.emulators.devices.firmware.domain import Domain
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.harness.unknown import Unknown, known


class NoReading(Exception):
    """An instrument gave no value. The message gives the reason, and what to check.

    `raw` is what it gave instead: NaN, a number that the quantity cannot have. None if it gave nothing.
    """

    def __init__(self, why: str, raw: Value | None = None) -> None:
        super().__init__(why)
        self.raw = raw


class Instrument(ABC):
    """Measures one quantity of a bench, in the process that alone touches it."""

    def __init__(self, quantity: str, every_s: float, domain: Domain | None = None) -> None:
        self.quantity = quantity
        self.every_s = every_s
        """The period at which it is to be read, s."""
        self.domain = domain
        """Which values the quantity can have; None if the bench's wiring does not know it."""

    def possible(self, value: Value) -> Value:
        """The value, if the quantity can have it.

        Raises:
            NoReading: it cannot; the message gives the value read and the expected ones.
        """
        sound = known(self.domain, value)
        if isinstance(sound, Unknown):
            raise NoReading(f"{self.quantity}: {sound.why}", raw=sound.raw)
        return sound

    @property
    def known_for_s(self) -> float:
        """For how long a reading counts, s: two periods."""
        return 2.0 * self.every_s

    @abstractmethod
    async def read(self) -> Value:
        """The present value, in its unit, scaled and inverted according to the rig file.

        Raises:
            NoReading: there is no value.
        """

    async def close(self) -> None:
        """Free what it holds."""
        return


class EventInstrument(Instrument):
    """Receives changes, with a sign of life at least every `every_s`, its heartbeat."""

    @property
    def known_for_s(self) -> float:
        """For how long a sign of life counts, s: one heartbeat."""
        return self.every_s

    @abstractmethod
    def events(self) -> AsyncIterator[Value | NoReading | None]:
        """Its values as they come, for as long as somebody listens: a value, the reason for none, or None for a sign
        of life, at which the value is what it was."""
