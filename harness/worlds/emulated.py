"""The common part of the simulated and the live world, which both have the model of the site.

Faults of plant, sensors, firmware and people go to the model, faults of the wire to the world's network, and every
physical quantity can be observed, whatever the devices report of it.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack
from typing import Any

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.plant.kernel.actor import Defect, PlantError
from twinfeed.emulators.plant.kernel.deeds import Argument
from twinfeed.emulators.plant.people.deeds import Outcome
from twinfeed.emulators.site import Site
from twinfeed.harness import quantities
from twinfeed.harness.controllers.in_process import Controller
from twinfeed.harness.faults.deeds import Command, Deed
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.onset import Conditioned
from twinfeed.harness.faults.possible import check
from twinfeed.harness.faults.schedule import Scheduled
from twinfeed.harness.faults.sinks import Sink
from twinfeed.harness.properties.conditions import Conditions
from twinfeed.harness.unknown import Unknown
from twinfeed.harness.worlds.carrying import Carrying
from twinfeed.harness.worlds.injector import Injector
from twinfeed.harness.worlds.routing import ControllerFaults, Routing
from twinfeed.harness.worlds.watching import WATCHING_S, Watching
from twinfeed.harness.worlds.world import World


class EmulatedWorld(World):
    """A world whose devices are emulators in this process. `everything` records all quantities, else those watched."""

    def __init__(self, site: Site, seed: int | None, everything: bool = True) -> None:
        super().__init__(site, seed)
        self._everything = everything
        self._watching: Watching
        self._injector: Injector
        self._faults: Routing
        self._carrying: Carrying
        self._conditions: Conditions
        self._sampling: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop
        self._failed: asyncio.Future[None]
        """A future that raises the error that ends the run."""
        self._untold: Exception | None = None
        """The failure, until `run` or `stop` has raised it."""
        self._tasks: set[asyncio.Task[None]] = set()

    # -- actions that each world does in its own way ----------------------------------------------------------------

    @abstractmethod
    def _advance(self) -> None:
        """Bring the plant to `now`."""

    @abstractmethod
    def _pace(self) -> float:
        """The seconds of the site that pass in one of the loop's."""

    # -- life -------------------------------------------------------------------------------------------------------

    def _begin(self, wire: Sink) -> None:
        """The devices answer: record, and let faults happen, those of the wire through that sink."""
        self._loop = asyncio.get_running_loop()
        self._failed = self._loop.create_future()
        self._watching = Watching(self.model, self.journal, self._everything)
        of_controller = ControllerFaults(lambda: self.controller, self._background, self._restarted, self._part)
        self._faults = Routing(self.model, of_controller, wire, self._advance, self._note)
        self._conditions = Conditions.of_site(self.model)
        self._carrying = Carrying(self._do, self._undo, self.__getitem__, self._note, self._background)
        self._injector = Injector(
            self._faults, lambda: self.now, self._holds, self.seed, self._pace, self._fail, self._carrying
        )
        self.model.plant.watchers.append(self._settled)
        self.model.plant.on_defect = self._defective
        self._sample_again()

    async def _end(self) -> None:
        """Undo `_begin` completely, even if a step fails."""
        with ExitStack() as stack:
            stack.callback(self._watching.stop)
            stack.callback(self.model.plant.watchers.remove, self._settled)
            stack.callback(setattr, self.model.plant, "on_defect", None)
            stack.callback(self.sample)
            if self._sampling is not None:
                stack.callback(self._sampling.cancel)
            for handle in self._handles.values():
                stack.callback(handle.close)
            self._note_never_began()
            try:
                if self.controller is not None:
                    await self.controller.stop()
            finally:
                self._injector.stop()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _settled(self) -> None:
        """The plant has come to rest at some instant; a fault may be waiting for just that."""
        if self._injector.waits:
            self._loop.call_soon(self._injector.due)

    def _defective(self, defect: Defect) -> None:
        """The code of a device's firmware has raised: the device is down, and the test must not pass."""
        defect.error.add_note(f"{defect.who} crashed of this at t={defect.t:.3f} s ({defect.phase})")
        self._fail(defect.error)

    def _fail(self, error: Exception) -> None:
        """Keep an error outside any awaited call. The next call that runs or judges the world raises it."""
        if not self._failed.done():
            self._untold = error
            self._failed.set_exception(error)
            self._failed.exception()  # it counts as retrieved, so that asyncio does not log it as well

    def _raise_failure(self) -> None:
        """Raise an error that was kept and not raised yet."""
        error, self._untold = self._untold, None
        if error is not None:
            raise error

    async def _pass(self, waiting: asyncio.Future[None], stop: asyncio.Future[None] | None = None) -> None:
        try:
            await super()._pass(waiting, stop)
        except Exception as error:
            if error is self._untold:
                self._untold = None
            raise

    def failures(self) -> list[asyncio.Future[None]]:
        return [self._failed, *super().failures()]

    # -- disturbing -------------------------------------------------------------------------------------------------

    async def _schedule(self, *entries: Scheduled) -> None:
        for entry in entries:
            if isinstance(entry, Injection):
                self._faults.check(entry.fault, entry.parameters, entry.for_s)
            else:
                check(self.model, entry)
            for condition in (entry.when, entry.until):
                if condition is not None:
                    self._conditions.check(condition)
        self._injector.add(*entries)

    def waiting(self) -> list[Scheduled]:
        return self._injector.schedule.waiting

    def outcome(self, name: str) -> Outcome:
        return self._carrying.named(name)

    def _outcome_of(self, entry: Deed | Command) -> Outcome:
        return self._carrying.of(entry)

    def _do(self, target: str, deed: str, parameters: Mapping[str, Argument]) -> Outcome:
        self._advance()
        return self.model.do(target, deed, parameters)

    def _undo(self, target: str, deed: str) -> str:
        return self.model.deeds(target)[deed].undo

    async def clear(self, target: str | None = None, kind: str | None = None) -> None:
        self._advance()
        self._injector.end(target, kind)

    def _restarted(self, controller: Controller) -> None:
        if controller.ended is not None:
            controller.ended.add_done_callback(self._hear)

    def _part(self, apart: bool) -> None:
        """Cut the link between the two controllers of a pair, or mend it.

        Raises:
            PlantError: this world has none of its own.
        """
        raise PlantError(f"controllers-apart: the {self.kind} world has no link between controllers to cut")

    def _background(self, work: Coroutine[Any, Any, Any]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._hear(task)

    def _hear(self, future: asyncio.Future[None]) -> None:
        """The callback at the end of a background task."""
        if not future.cancelled() and isinstance(error := future.exception(), Exception):
            self._fail(error)

    def _note(self, who: str, what: str, **data: Any) -> None:
        self.journal.record(self.now, who, what, **data)

    def _holds(self, entry: Conditioned) -> bool:
        return self._conditions.hold(entry, self.now)

    # -- observing --------------------------------------------------------------------------------------------------

    def observe(self, quantity: str) -> Value | Unknown:
        self._advance()
        return quantities.resolve(self.model, quantity)[quantity]()

    def watch(self, *patterns: str) -> None:
        self._missed(name for pattern in patterns for name in quantities.resolve(self.model, pattern))
        self._watching.watch(*patterns)
        self.watched += patterns

    def sample(self) -> None:
        self._advance()
        self._watching.sample()

    def _sample_again(self) -> None:
        """Sample the slow quantities of a quiet plant, and let firmware evaluate what crosses no horizon."""
        self._advance()
        self.model.plant.settle()
        self.sample()
        self._sampling = self._loop.call_later(WATCHING_S / self._pace(), self._sample_again)
