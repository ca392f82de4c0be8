"""While a simulated loop runs, `time` shows its time: libraries and controllers that ask the clock get the site's.

`time.time`, `time.monotonic` and their like are replaced for as long as a simulated world is up, and answer with
virtual time only inside that world's loop; everybody else (pytest, Hypothesis, other threads) still gets the
machine's. pysnmp keeps a reference of its own to `time.time` for its retransmissions, so that one is replaced by name.
"""

from __future__ import annotations

import asyncio
import time
from asyncio.events import _get_running_loop
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import pysnmp.carrier.asyncio.dispatch

from harness.worlds.loop import OutsideWorld

EPOCH_S = 1768482000.0
"""What `time.time` says at t = 0 s of a simulated world: 2026-01-15 13:00 UTC; a site's day begins at 13 h."""


@contextmanager
def virtual_time(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Inside the block, code that runs in `loop` sees the loop's time."""

    def inside(virtual: Callable[[], Any], real: Callable[[], Any]) -> Callable[[], Any]:
        return lambda: virtual() if _get_running_loop() is loop else real()

    real_sleep = time.sleep

    def sleep(seconds: float) -> None:
        if _get_running_loop() is loop:
            raise OutsideWorld(f"time.sleep({seconds:g}) would stop the simulated world; use `await asyncio.sleep`")
        real_sleep(seconds)

    def epoch() -> float:
        return EPOCH_S + loop.time()

    clock = inside(epoch, time.time)
    with ExitStack() as stack:
        for target, name, value in (
            (time, "time", clock),
            (time, "time_ns", inside(lambda: int(epoch() * 1e9), time.time_ns)),
            (time, "monotonic", inside(loop.time, time.monotonic)),
            (time, "monotonic_ns", inside(lambda: int(loop.time() * 1e9), time.monotonic_ns)),
            (time, "sleep", sleep),
            (pysnmp.carrier.asyncio.dispatch, "time", clock),
        ):
            stack.enter_context(patch.object(target, name, value))
        yield
