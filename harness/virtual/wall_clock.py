"""The event loop of tests in the live and rig worlds: asyncio's own, on which no failure goes unnoticed."""

from __future__ import annotations

import asyncio

from twinfeed.harness.virtual.strict import StrictLoop

BEAT_S = 1.0
"""Period of the loop's sign of life for the watchdog, s; a quarter of the watchdog's patience if that is short."""


class WallClockLoop(StrictLoop, asyncio.SelectorEventLoop):
    """asyncio's loop with real sockets; `patience_s` is how long one callback may take, s, 0 for ever."""

    def __init__(self, patience_s: float = 0.0) -> None:
        super().__init__()
        self.patience_s = patience_s
        self._beats = 0

    def progress(self) -> float:
        return self._beats

    def run_forever(self) -> None:
        __tracebackhide__ = True
        if self.patience_s > 0.0:
            self._beat()
        super().run_forever()

    def _beat(self) -> None:
        self._beats += 1
        if not self.is_closed() and (self._beats == 1 or self.is_running()):
            self.call_later(min(BEAT_S, self.patience_s / 4.0), self._beat)
