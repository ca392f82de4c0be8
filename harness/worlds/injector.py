"""Runs a schedule of faults, deeds and commands in a world: by its clock, and by conditions on its quantities."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import isfinite

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.textfile import shown
from twinfeed.harness.faults.schedule import Action, Actions, Holds, Schedule, Scheduled, Turn
from twinfeed.harness.faults.sinks import Sink

ROUNDING_S = 1e-6
"""By so much clocks may differ for being computed in different ways, s."""


class Injector:
    """Applies and lifts faults, and has deeds and commands carried out, when they are due.

    `clock` gives the site's time in s, `pace` how many of its seconds pass in one of the loop's, `holds` whether the
    condition of an entry holds now; `carry_out` is called with each deed and command; `failed` is called with an
    exception of an entry that begins or ends by a timer.
    """

    def __init__(
        self,
        sink: Sink,
        clock: Callable[[], float],
        holds: Holds,
        seed: int = 0,
        pace: Callable[[], float] = lambda: 1.0,
        failed: Callable[[Exception], None] | None = None,
        carry_out: Callable[[Turn], None] | None = None,
    ) -> None:
        self.schedule = Schedule((), seed)
        self._sink, self._clock, self._holds, self._pace, self._failed = sink, clock, holds, pace, failed
        self._carry_out = carry_out
        self._timer: asyncio.TimerHandle | None = None

    def add(self, *entries: Scheduled) -> None:
        """Let these entries happen, from now on where their time has come: all of them, or none.

        Raises:
            PlantError: one of them begins now and cannot; what the others have changed is lifted.
        """
        before = len(self.schedule.entries)
        for entry in entries:
            self.schedule.add(entry)
        try:
            self.apply_due()
        except BaseException:
            self._do(self.schedule.withdraw(before, self._clock()))
            raise

    def end(self, target: str | None = None, kind: str | None = None) -> list[Action]:
        """End active faults; returns the actions.

        Raises:
            PlantError: no such fault was ever injected.
        """
        if (target is not None or kind is not None) and not self.schedule.has(target, kind):
            wanted = " ".join(shown(name) for name in (target, kind) if name is not None)
            given = dict.fromkeys(f"{injection.target} {injection.kind}" for injection in self.schedule.injections)
            raise PlantError(f"{wanted} was never injected; injected so far: {', '.join(given) or 'nothing'}")
        actions = self.schedule.end(self._clock(), target, kind)
        self._do(actions)
        return [action for action in actions if isinstance(action, Action) and action.parameters is None]

    def apply_due(self, due_s: float = 0.0) -> None:
        """Do all actions that are due. Call it also when the value of a condition may have changed.

        A timer that was set for `due_s` is not early for a rounding of the clock.
        """
        now_s = self._clock()
        if due_s - now_s < ROUNDING_S:
            now_s = max(now_s, due_s)
        self._do(self.schedule.advance(now_s, self._holds))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        next_s = self.schedule.next_due_s()
        if isfinite(next_s):
            delay_s = max(0.0, next_s - self._clock()) / self._pace()
            self._timer = asyncio.get_running_loop().call_later(delay_s, self.due, next_s)

    def due(self, due_s: float = 0.0) -> None:
        """`apply_due` as a callback of the loop, where no caller receives an error."""
        try:
            self.apply_due(due_s)
        except Exception as error:
            if self._failed is None:
                raise
            self._failed(error)

    @property
    def waits(self) -> bool:
        """True if an entry waits for a condition."""
        return bool(self.schedule.conditions)

    def stop(self) -> None:
        """Lift everything and let nothing more begin."""
        if self._timer is not None:
            self._timer.cancel()
        self._do(self.schedule.finish(self._clock()))

    def _do(self, actions: Actions) -> None:
        for action in actions:
            if isinstance(action, Turn):
                assert self._carry_out is not None, "a world in which nobody acts refuses deeds before"
                self._carry_out(action)
            else:
                action.on(self._sink)
