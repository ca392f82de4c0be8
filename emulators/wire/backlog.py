"""The answers that a slow device has not sent yet. Its card has few buffers; further requests are lost.

The same for every protocol and every event loop: only `loop.time` and `loop.call_at` are used.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

BUFFERS = 6
"""Answers that wait in a device whose product's figure is not known. Six is the receive mailbox of a UDP or TCP socket
in the lwIP of ESP-IDF (CONFIG_LWIP_UDP_RECVMBOX_SIZE, CONFIG_LWIP_TCP_RECVMBOX_SIZE), a usual stack of small cards."""

Send = Callable[[], None]


def always() -> bool:
    """The gate of a device that is always reachable."""
    return True


def nothing() -> None:
    """The `catch_up` of a device whose gate and values are always up to date."""


def promptly() -> float:
    """The delay of a device that answers without delay, s."""
    return 0.0


class Backlog:
    """One device's answers in the order of their requests, each `delay_s()` seconds after the one before.

    `delay_s` is asked again whenever an answer is about to leave: a device that is no longer slow sends what waits.
    At most `room` answers wait. `freed` is called when one has left a full backlog.
    """

    __slots__ = ("_began_s", "_delay_s", "_timer", "dropped", "freed", "room", "waiting")

    def __init__(self, delay_s: Callable[[], float] = promptly, room: int = BUFFERS) -> None:
        if room < 1:
            raise ValueError(f"a device has at least one buffer, found {room}")
        self.room = room
        self.dropped = 0
        """Answers lost because all buffers were taken."""
        self.freed: Callable[[], None] = nothing
        self._delay_s = delay_s
        self.waiting: deque[Send] = deque()
        """The answers that have not left yet."""
        self._began_s = 0.0
        """Time at which the device began with the first waiting answer, s of the loop's clock."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def full(self) -> bool:
        """True if a further answer would be lost."""
        return len(self.waiting) >= self.room

    def put(self, send: Send) -> bool:
        """Call `send` when the answer is due. Returns False if all buffers are taken and the answer is lost."""
        if self._delay_s() <= 0.0:  # no longer slow: first what waits
            self.hasten()
            send()
            return True
        if self.full:
            self.dropped += 1
            return False
        self.waiting.append(send)
        if len(self.waiting) == 1:
            self._began_s = asyncio.get_running_loop().time()
            self.hasten()
        return True

    def hasten(self) -> None:
        """Send the answers that are due now. Call this after the delay may have changed."""
        if not self.waiting:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        was_full = self.full
        while self.waiting:
            due_s = self._began_s + max(0.0, self._delay_s())
            if due_s > loop.time():
                self._timer = loop.call_at(due_s, self.hasten)
                break
            self._began_s = due_s
            self.waiting.popleft()()
        if was_full and not self.full:
            self.freed()

    def clear(self) -> None:
        """Discard all waiting answers, as a restart does."""
        self.waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
