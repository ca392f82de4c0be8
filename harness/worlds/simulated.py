"""The simulated world: site, controller and test on one virtual clock and one network in memory.

The plant moves in two ways. It wakes the loop at its own next event, so that nothing happens late; and it catches up
with the loop's time when somebody asks a device, so that measurements are fresh. A device measures every `MEASURING_S`,
as meters and management cards do; what it is asked in between it answers from the last measurement.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import ExitStack
from math import inf, nextafter
from pathlib import Path
from typing import ClassVar

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.serving import Servers
from twinfeed.emulators.site import Site
from twinfeed.harness.controllers.pair import HOSTS
from twinfeed.harness.faults import frames
from twinfeed.harness.faults.capture import Capture
from twinfeed.harness.virtual.clock import virtual_time
from twinfeed.harness.virtual.loop import VirtualLoop, WrongLoop
from twinfeed.harness.virtual.sockets import Frame
from twinfeed.harness.worlds.capabilities import CAPABILITIES
from twinfeed.harness.worlds.emulated import EmulatedWorld
from twinfeed.harness.worlds.sites import forget
from twinfeed.harness.worlds.wire_faults import WireFaults
from twinfeed.harness.worlds.world import Duration, span

MEASURING_S = 0.2
"""Largest age of a measurement when a device is polled, s (assumption: cards sample two to ten times a second)."""

PATIENCE_S = 2 * 3600.0
"""Time, s of the site's clock, after which a test that waits outside `run` is taken to wait for ever."""

KEPT_FRAMES = 100_000
"""So many frames are kept for a failed test, the last ones."""


class SimulatedWorld(EmulatedWorld):
    """A site in virtual time. It must be started and used on a `VirtualLoop`, one for each world."""

    kind = "simulated"
    capabilities: ClassVar[frozenset[str]] = frozenset(CAPABILITIES) - {"programs"}

    def __init__(self, site: Site, seed: int | None = None, everything: bool = True) -> None:
        super().__init__(site, seed, everything)
        self._start_s = site.now
        self._wake: asyncio.TimerHandle | None = None
        self._rearming = False
        self._stack = ExitStack()
        self._frames: deque[Frame] = deque(maxlen=KEPT_FRAMES)
        self._loop: VirtualLoop
        self._servers: Servers

    # -- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, VirtualLoop):
            raise WrongLoop(
                f"a simulated world runs on a loop of its own, found {type(loop).__name__}: name `site` among the "
                "parameters of the test or of a fixture that it uses, not in request.getfixturevalue"
            )
        loop.__class__ = VirtualLoop  # looptime and its like put a class of their own here, with other clocks
        self._loop = loop
        with ExitStack() as stack:
            stack.enter_context(virtual_time())
            await self._start(loop)
            self._stack = stack.pop_all()

    async def _start(self, loop: VirtualLoop) -> None:
        loop.network.seed(self.seed)
        loop.time_limit_s = loop.time() + PATIENCE_S
        self._start_s = self.model.now - loop.time()
        self._servers = Servers(self.model, draining=False, catch_up=self._catch_up, lazy=True, streams=True)
        await self._servers.start()
        self.endpoints = self._servers.endpoints
        loop.network.record = self._frames.append
        self._begin(WireFaults(loop.network, self.model, self.endpoints, self.seed))
        self._rearm()

    async def stop(self) -> None:
        with self._stack:
            try:
                await self._end()
            finally:
                if self._wake is not None:
                    self._wake.cancel()
                if self._loop.broken_off:
                    forget(self.model)
            await self._servers.stop()
        self._raise_failure()

    # -- time -----------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self._start_s + self._loop.time()

    async def run(self, duration: Duration, stop: asyncio.Future[None] | None = None) -> None:
        """As in every world; `stop` ends it early when it completes."""
        length_s = span(duration)
        self._loop.time_limit_s = self._loop.time() + length_s + PATIENCE_S
        await self._pass(asyncio.ensure_future(asyncio.sleep(length_s)), stop)
        self._advance()
        self._raise_failure()

    def _part(self, apart: bool) -> None:
        network = self._loop.network
        conditions = frames.path({"partition": {}}, network.default) if apart else network.default
        for host in HOSTS:
            network.path(host).set(conditions)

    def _pace(self) -> float:
        return 1.0

    def _catch_up(self) -> None:
        if self.now - self.model.plant.now >= MEASURING_S:
            self._advance()

    def _advance(self) -> None:
        plant = self.model.plant
        # A timer can be due at the very instant the plant stands at: a hair further, and it fires.
        until_s = max(self.now, nextafter(plant.now, inf)) if plant.next_event_s <= plant.now else self.now
        if until_s > plant.now:
            plant.advance(until_s)

    def _settled(self) -> None:
        super()._settled()
        if not self._rearming:
            self._rearming = True
            self._loop.call_soon(self._rearm)

    def _rearm(self) -> None:
        """The plant has settled: its next event may be another one, its devices may have something to send."""
        self._rearming = False
        self._servers.announce()
        if self._wake is not None:
            self._wake.cancel()
        due_s = self.model.plant.next_event_s - self._start_s
        self._wake = self._loop.call_at(max(due_s, self._loop.time()), self._event)

    def _event(self) -> None:
        try:
            self._advance()
        except PlantError as error:
            self._fail(error)
            return
        self._settled()

    def write_frames(self, path: Path) -> bool:
        if not self._frames:
            return False
        capture = Capture(path)
        for endpoint in self.endpoints:
            if endpoint.protocol == "snmp":
                capture.decode_as("udp", endpoint.port, "snmp")
            else:
                capture.decode_as("tcp", endpoint.port, "mbtcp")
        for f in self._frames:
            capture.frame(f.t_s, f.source, f.destination, f.protocol, f.data, "lost on the way" if f.lost else "")
        capture.close()
        return True
