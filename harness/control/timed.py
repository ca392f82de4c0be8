"""Faults of a running site that begin later, rise or flap."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable

from twinfeed.emulators.serving import LiveSite
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.schedule import Action, Actions, Schedule
from twinfeed.harness.faults.sinks import OfSite

SHORTEST_WAIT_S = 0.005
"""The plant of a live site follows the clock in steps of this order, s: a shorter wait would find it unchanged."""


class TimedFaults:
    """The schedules of one running site, one for each fault."""

    def __init__(self, live: LiveSite) -> None:
        self._live = live
        self._sink = OfSite(live.site)
        self._schedules: list[Schedule] = []
        self._changed = asyncio.Event()

    def add(self, injection: Injection) -> None:
        """Begin a fault at its `at_s`, in seconds of the site's clock.

        Raises:
            PlantError: the site cannot suffer it.
        """
        self._sink.check(injection.fault, injection.parameters, injection.for_s)
        self._schedules.append(Schedule([injection], self._live.site.plant.seed))
        self.catch_up()
        self._changed.set()

    def end(self, target: str | None = None, kind: str | None = None) -> list[tuple[str, str]]:
        """End one fault, all of a target, or all; returns target and kind of each that was still to come or active."""
        ended = [schedule for schedule in self._schedules if schedule.has(target, kind)]
        found: list[tuple[str, str]] = []
        for schedule in ended:
            self._schedules.remove(schedule)
            self._do(schedule.finish(self._live.site.now))
            found += [(injection.target, injection.kind) for injection in schedule.injections]
        return found

    def catch_up(self) -> None:
        """Do what is due, and drop what is over."""
        now_s = self._live.site.now
        for schedule in self._schedules:
            self._do(schedule.advance(now_s))
        self._schedules = [s for s in self._schedules if s.active or s.next_due_s() < math.inf]

    async def run(self) -> None:
        """Do everything when it is due, until cancelled."""
        while True:
            self._changed.clear()
            self.catch_up()
            due_s = min((schedule.next_due_s() for schedule in self._schedules), default=math.inf)
            wait_s = None
            if due_s < math.inf:
                wait_s = max(SHORTEST_WAIT_S, (due_s - self._live.site.now) / self._live.speed)
            try:
                await asyncio.wait_for(self._changed.wait(), wait_s)
            except TimeoutError:
                continue

    def _do(self, actions: Actions | Iterable[Action]) -> None:
        for action in actions:
            if isinstance(action, Action):
                action.on(self._sink)
