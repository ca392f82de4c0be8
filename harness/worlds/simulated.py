"""The simulated world: site, controller and test on one virtual clock and one network in memory.

The plant moves in two ways. It wakes the loop at its own next event, so that nothing happens late; and it catches up
with the loop's time when somebody asks a device, so that measurements are fresh. A device measures every `MEASURING_S`,
as meters and management cards do; what it is asked in between it answers from the last measurement.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from math import inf, nextafter
from typing import ClassVar

from emulators.devices.points import Value
from emulators.plant.engine import PlantError
from emulators.serve import Servers
from emulators.site import Site
from harness import quantities
from harness.journal import Recorder
from harness.worlds.clock import virtual_time
from harness.worlds.loop import VirtualLoop
from harness.worlds.world import CAPABILITIES, Duration, World, span

MEASURING_S = 0.2
"""How old a measurement may be when a device is asked, s (assumption: cards sample two to ten times a second)."""

WATCHING_S = 5.0
"""A quiet plant is recorded at least so often, s, so that slow quantities have a course."""


class SimulatedWorld(World):
    """A site in virtual time. It must be started and used on a `VirtualLoop`, one for each world."""

    kind = "simulated"
    capabilities: ClassVar[frozenset[str]] = frozenset(CAPABILITIES) - {"programs"}

    def __init__(self, site: Site, seed: int = 0) -> None:
        super().__init__(site, seed)
        self._loop: VirtualLoop
        self._servers: Servers
        self._start_s = site.now
        self._wake: asyncio.TimerHandle | None = None
        self._wake_s = -1.0
        self._rearming = False
        self._stack = ExitStack()
        self._failed: asyncio.Future[None]
        self._watched: tuple[str, ...] = ()
        self._looking: asyncio.TimerHandle | None = None

    # -- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop), "a simulated world runs on a VirtualLoop"
        self._loop = loop
        self._failed = loop.create_future()
        self._stack.enter_context(virtual_time(loop))
        self._start_s = self.model.now - loop.time()
        self._servers = Servers(self.model, draining=False, catch_up=self._catch_up, lazy=True)
        await self._servers.start()
        self.endpoints = self._servers.endpoints
        self.model.plant.watchers.append(self._plant_moved)
        self._rearm()

    async def stop(self) -> None:
        if self.controller is not None:
            await self.controller.stop()
        for handle in self._handles.values():
            handle.close()
        for timer in (self._wake, self._looking):
            if timer is not None:
                timer.cancel()
        watchers = self.model.plant.watchers
        for watcher in (self._plant_moved, self._recorder):
            if watcher in watchers:
                watchers.remove(watcher)
        await self._servers.stop()
        self.journal.extend(self.model.plant.journal)
        self._stack.close()

    # -- time -----------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self._start_s + self._loop.time()

    async def run(self, duration: Duration) -> None:
        await self._pass(asyncio.ensure_future(asyncio.sleep(span(duration))), self._failed)
        self._advance()

    def _catch_up(self) -> None:
        if self.now - self.model.plant.now >= MEASURING_S:
            self._advance()

    def _advance(self) -> None:
        plant = self.model.plant
        # A timer can be due at the very instant the plant stands at: a hair further, and it fires.
        until_s = max(self.now, nextafter(plant.now, inf)) if plant.next_event_s <= plant.now else self.now
        if until_s > plant.now:
            plant.advance(until_s)

    def _plant_moved(self) -> None:
        """The plant has settled somewhere: its next event may be another one, its devices may have something to say."""
        if not self._rearming:
            self._rearming = True
            self._loop.call_soon(self._rearm)

    def _rearm(self) -> None:
        self._rearming = False
        self._servers.announce()
        due_s = self.model.plant.next_event_s - self._start_s
        if self._wake is not None:
            if due_s == self._wake_s and not self._wake.cancelled():
                return
            self._wake.cancel()
        self._wake_s = due_s
        self._wake = self._loop.call_at(max(due_s, self._loop.time()), self._event)

    def _event(self) -> None:
        self._wake = None
        try:
            self._advance()
        except PlantError as error:
            if not self._failed.done():
                self._failed.set_exception(error)
            return
        self._plant_moved()

    # -- disturbing -------------------------------------------------------------------------------------------------

    async def inject(self, target: str, kind: str, *, for_: Duration | None = None, **parameters: float) -> None:
        self._advance()
        self.model.inject(target, kind, parameters, None if for_ is None else span(for_))

    async def clear(self, target: str | None = None, kind: str | None = None) -> None:
        self._advance()
        self.model.clear(target, kind)

    # -- observing --------------------------------------------------------------------------------------------------

    def observe(self, quantity: str) -> Value:
        self._advance()
        return quantities.resolve(self.model, quantity)[quantity]()

    def watch(self, *patterns: str) -> None:
        watchers = self.model.plant.watchers
        if self._recorder in watchers:
            watchers.remove(self._recorder)
        self._watched += patterns
        self._recorder = Recorder(self.model, self._watched, self.journal.trace)
        watchers.append(self._recorder)
        self._look()

    def _look(self) -> None:
        """Record what is watched, now and again while the plant is quiet."""
        assert self._recorder is not None
        self._advance()
        self._recorder()
        if self._looking is not None:
            self._looking.cancel()
        self._looking = self._loop.call_later(WATCHING_S, self._look)
