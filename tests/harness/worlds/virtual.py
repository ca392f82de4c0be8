"""Loops whose time is virtual, and protocols that note what happens to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from twinfeed.harness.virtual.links.link import LinkConditions
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.network import VirtualNetwork

Main = Callable[[], Coroutine[Any, Any, Any]]

QUICK = LinkConditions(latency_s=0.001)


def simulated(main: Main, seed: int = 0, conditions: LinkConditions = QUICK, time_limit_s: float = 86400.0) -> Any:
    """The result of a coroutine, run in virtual time on a network in memory."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(VirtualNetwork(seed, conditions), time_limit_s)) as runner:
        return runner.run(main())


def real(main: Main) -> Any:
    """The result of a coroutine, run by asyncio's own loop."""
    return asyncio.run(main())
