"""The turns and rests by which the devices of one process share its time, for the servers of all protocols."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

TURN_S = 0.002
"""Time for which a device answers its waiting requests before the others have their turn, s. One request may take
longer, up to the limits of its length."""

LONG_S = 0.0005
"""A request that takes longer than this, s, is long. After one the device rests for as long, so that floods of
long requests (those that settle the plant) take at most half of the processor."""


class Turns:
    """The turns of one device: after a long request, or after a whole turn, it rests for as long as it has worked.

    `rested` is called when a rest is over. Only `loop.call_later` is used, so any event loop will do.
    """

    __slots__ = ("_rested", "_timer", "_used_s")

    def __init__(self, rested: Callable[[], None]) -> None:
        self._rested = rested
        self._timer: asyncio.TimerHandle | None = None
        self._used_s = 0.0
        """Processor time of the present turn, s."""

    @property
    def resting(self) -> bool:
        """True if the device takes no request now."""
        return self._timer is not None

    def worked(self, seconds: float, loop: asyncio.AbstractEventLoop) -> None:
        """Count the processor time of a request, s; the rest begins if that ends the turn."""
        self._used_s += seconds
        if self._timer is None and (seconds > LONG_S or self._used_s > TURN_S):
            self._timer = loop.call_later(self._used_s, self._over)
            self._used_s = 0.0

    def stop(self) -> None:
        """End a rest without a call of `rested`, as a server does that stops."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _over(self) -> None:
        self._timer = None
        self._rested()
