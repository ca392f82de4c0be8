"""Two controllers of one site: duty and standby, two programs that must agree on which of them acts.

A pair is named `first+second`. Each of the two has a store of its own, and an inventory with the entry `controllers`:
its own name (`first` or `second`), its own UDP address and that of its peer:

    {"self": "first", "own": {"address": "127.0.0.2", "port": 5405}, "peer": {"address": "127.0.0.3", "port": 5405}}

Each writes `store["on_duty"] = True` before it sends orders, and False when it sends none any more. The pair has failed
if both are on duty for longer than `OVERLAP_S`, or none for longer than `TAKEOVER_S`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from twinfeed.harness.controllers.in_process import Controller, ControllerFailed, InProcess, Main, main_of, named

HOSTS = ("127.0.0.2", "127.0.0.3")
PORT = 5405
"""The UDP address of each of the two."""

NAMES = ("first", "second")

OVERLAP_S = 0.5
"""Longest time for which both may be on duty, s: less than a scan, so that no order of both can cross."""

TAKEOVER_S = 15.0
"""Longest time without a controller on duty, s: a small part of the batteries' autonomy (assumption)."""

ON_DUTY = "on_duty"


def controller_named(text: str) -> Controller:
    """The controller of that name, or the pair `first+second`.

    Raises:
        NoSuchController: see `main_of`.
    """
    first, plus, second = text.partition("+")
    return Pair((main_of(first), main_of(second)), text) if plus else named(text)


class Pair(Controller):
    """Two controllers that run at the same time. `stop` and `restart` are of both; `parts` can be stopped alone."""

    def __init__(self, mains: tuple[Main, Main], name: str) -> None:
        self.name = name
        self._watch = _Watch()
        self.parts = tuple(
            InProcess(main, f"{name} ({part})", _Store(part, self._watch.says))
            for main, part in zip(mains, NAMES, strict=True)
        )

    async def start(self, inventory: Mapping[str, Any]) -> None:
        self._watch.begin()
        for n, part in enumerate(self.parts):
            here, there = ({"address": HOSTS[m], "port": PORT} for m in (n, 1 - n))
            await part.start({**inventory, "controllers": {"self": NAMES[n], "own": here, "peer": there}})
            self._watch.follow(part)

    async def stop(self) -> None:
        self._watch.end()
        for part in self.parts:
            await part.stop()

    async def restart(self) -> None:
        self._watch.begin()
        for part in self.parts:
            await part.restart()
            self._watch.follow(part)

    async def stop_part(self, number: int) -> None:
        """Stop the first (1) or the second (2), like a power loss; it is not on duty any more."""
        await self.parts[number - 1].stop()
        self._watch.says(NAMES[number - 1], False)

    async def restart_part(self, number: int) -> None:
        """Start it again with the store that it had."""
        await self.parts[number - 1].restart()
        self._watch.follow(self.parts[number - 1])

    @property
    def ended(self) -> asyncio.Future[None] | None:
        return self._watch.failed


class _Store(dict[str, Any]):
    """The store of one controller, which reports each change of its duty."""

    def __init__(self, name: str, says: Callable[[str, bool], None]) -> None:
        super().__init__()
        self._name, self._says = name, says

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        if key == ON_DUTY:
            self._says(self._name, bool(value))


class _Watch:
    """Judges the two by their reports of duty, and follows their ends."""

    def __init__(self) -> None:
        self.failed: asyncio.Future[None] | None = None
        self._on_duty: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        if self.failed is None:
            self.failed = asyncio.get_running_loop().create_future()
            self._on_duty.clear()
            self._arm()

    def end(self) -> None:
        self.failed = None
        if self._timer is not None:
            self._timer.cancel()

    def says(self, name: str, on_duty: bool) -> None:
        before = set(self._on_duty)
        (self._on_duty.add if on_duty else self._on_duty.discard)(name)
        if self._on_duty != before:
            self._arm()

    def follow(self, part: InProcess) -> None:
        """If that controller ends by itself, the pair has failed."""
        if part.ended is not None:
            part.ended.add_done_callback(self._ended)

    def _ended(self, future: asyncio.Future[None]) -> None:
        if not future.cancelled() and (error := future.exception()) is not None:
            self._fail(error)

    def _arm(self) -> None:
        """Exactly one is on duty, or the time runs in which it has to be so again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.failed is None or len(self._on_duty) == 1:
            return
        what, after_s = (
            (f"both are on duty for more than {OVERLAP_S:g} s: one writer at a time", OVERLAP_S)
            if self._on_duty
            else (f"nobody is on duty for more than {TAKEOVER_S:g} s: takeover within {TAKEOVER_S:g} s", TAKEOVER_S)
        )
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(after_s, self._fail, ControllerFailed(f"the pair of controllers: {what}"))

    def _fail(self, error: BaseException) -> None:
        if self.failed is not None and not self.failed.done():
            self.failed.set_exception(error)
            self.failed.exception()  # it counts as retrieved
