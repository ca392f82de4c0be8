"""One direction of a proxied connection: octets and ends in order, delayed and stalled as the path demands."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from enum import Enum

from twinfeed.harness.virtual.links.link import LinkModel

MOST_BACKLOG = 1 << 20
"""Octets that may be under way in one direction of a connection; then its sender is not read from."""


class End(Enum):
    """The ways in which one end of a connection leaves it."""

    FIN = "sends no more"
    RST = "has gone"


class Pipe:
    """One direction of a connection: octets leave it in order, when the path allows.

    While more is under way than `MOST_BACKLOG`, or `full` is set by who takes what comes out, `source` is not read.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, model: LinkModel, out: Callable[[bytes | End, str], None]
    ) -> None:
        self.model = model
        self.source: asyncio.Transport | None = None
        self.full = False
        self._loop = loop
        self._out = out
        self._stalled: list[tuple[bytes | End, str]] = []
        self._travelling: deque[tuple[bytes | End, str]] = deque()  # timers of one instant fire in any order
        self._backlog = 0
        self._paused = False

    def send(self, item: bytes | End, comment: str = "") -> None:
        self._backlog += size(item)
        now = self._loop.time()
        arrival = None if self._stalled else self.model.segment(now, size(item))
        if arrival is None:
            self._stalled.append((item, comment))
        elif arrival <= now and not self._travelling:
            self._arrive(item, comment)
        else:
            self._travelling.append((item, comment))
            self._loop.call_at(arrival, self._travelled)
        self.throttle()

    def go_on(self) -> None:
        """Send the stalled octets again, after a change of the path."""
        stalled, self._stalled = self._stalled, []
        for item, comment in stalled:
            self._backlog -= size(item)
            self.send(item, comment)

    def throttle(self) -> None:
        """Do not read faster than can be passed on."""
        source = self.source
        if source is None or source.is_closing():
            return
        if not self._paused and (self.full or self._backlog > MOST_BACKLOG):
            self._paused = True
            source.pause_reading()
        elif self._paused and not self.full and self._backlog <= MOST_BACKLOG // 2:
            self._paused = False
            source.resume_reading()

    def _travelled(self) -> None:
        self._arrive(*self._travelling.popleft())
        self.throttle()

    def _arrive(self, item: bytes | End, comment: str) -> None:
        self._backlog -= size(item)
        self._out(item, comment)


def size(item: bytes | End) -> int:
    return len(item) if isinstance(item, bytes) else 0
