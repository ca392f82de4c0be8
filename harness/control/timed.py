"""Faults, deeds and commands of a running site that begin later, rise or flap, by its clock and by conditions."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence

from twinfeed.emulators.devices.firmware.points import PointError, Value
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.serving import LiveSite
from twinfeed.harness.faults.deeds import Deed
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.possible import check
from twinfeed.harness.faults.schedule import Actions, Schedule, Scheduled, Turn
from twinfeed.harness.faults.sinks import OfSite
from twinfeed.harness.properties import BindingError, PropertySyntaxError, WrongKind
from twinfeed.harness.properties.conditions import Conditions
from twinfeed.harness.quantities import UnknownQuantity

SHORTEST_WAIT_S = 0.005
"""The plant of a live site follows the clock in steps of this order, s: a shorter wait would find it unchanged."""

CONDITION_S = 0.1
"""Time between two evaluations of a condition, s of the event loop's clock."""

log = logging.getLogger(__name__)


class TimedFaults:
    """The schedules of one running site: one for each fault, one for each scenario."""

    def __init__(self, live: LiveSite) -> None:
        self._live = live
        self._sink = OfSite(live.site)
        self._schedules: list[Schedule] = []
        self._conditions = Conditions.of_site(live.site)
        self._before: dict[tuple[int, int], Value] = {}
        """The value that a point had before a command, by schedule and entry."""
        self._done: set[tuple[int, int]] = set()
        """The deeds that were done and may be taken back."""
        self._changed = asyncio.Event()

    def add(self, *entries: Scheduled) -> None:
        """Let these entries happen, with their `at_s` in seconds of the site's clock: all of them, or none.

        Raises:
            PlantError: the site cannot suffer one of them, or a condition does not fit it.
        """
        for entry in entries:
            if isinstance(entry, Injection):
                self._sink.check(entry.fault, entry.parameters, entry.for_s)
            else:
                check(self._live.site, entry)
            self._check_conditions(entry)
        self._schedules.append(Schedule(entries, self._live.site.plant.seed))
        self.catch_up()
        self._changed.set()

    def _check_conditions(self, entry: Scheduled) -> None:
        for condition in filter(None, (entry.when, entry.until)):
            try:
                self._conditions.check(condition)
            except (BindingError, PropertySyntaxError, UnknownQuantity, WrongKind) as error:
                raise PlantError(f"{entry.target} {entry.what}: {error}") from None

    def hasten(self) -> None:
        """The speed of the site has changed: what is due next comes sooner or later."""
        self._changed.set()

    def end(self, target: str | None = None, kind: str | None = None) -> list[tuple[str, str]]:
        """End one fault, all of a target, or all; returns target and kind of each that was still to come or active."""
        ended = [schedule for schedule in self._schedules if schedule.has(target, kind)]
        found: list[tuple[str, str]] = []
        for schedule in ended:
            self._schedules.remove(schedule)
            self._do(schedule, schedule.finish(self._live.site.now))
            found += [(injection.target, injection.kind) for injection in schedule.injections]
        return found

    def catch_up(self) -> None:
        """Do what is due, and drop what is over."""
        now_s = self._live.site.now
        for schedule in self._schedules:
            self._do(schedule, schedule.advance(now_s, lambda what: self._conditions.hold(what, now_s)))
        self._schedules = [s for s in self._schedules if s.active or s.conditions or s.next_due_s() < math.inf]

    async def run(self) -> None:
        """Do everything when it is due, until cancelled."""
        while True:
            self._changed.clear()
            self.catch_up()
            try:
                await asyncio.wait_for(self._changed.wait(), self._wait_s())
            except TimeoutError:
                continue

    def _wait_s(self) -> float | None:
        """The time until something is due, s of the event loop's clock; None if nothing is."""
        waits = [CONDITION_S] if any(schedule.conditions for schedule in self._schedules) else []
        due_s = min((schedule.next_due_s() for schedule in self._schedules), default=math.inf)
        if due_s < math.inf:
            waits.append(max(SHORTEST_WAIT_S, (due_s - self._live.site.now) / self._live.speed))
        return min(waits, default=None)

    def _do(self, schedule: Schedule, actions: Actions | Sequence[Turn]) -> None:
        for action in actions:
            if not isinstance(action, Turn):
                action.on(self._sink)
                continue
            try:
                self._turn(schedule, action)
            except (PlantError, PointError) as error:  # a refused deed ends neither the scenario nor the site
                log.warning("scenario: %s %s: %s", action.entry.target, action.entry.what, error)

    def _turn(self, schedule: Schedule, turn: Turn) -> None:
        """A deed or a command begins, or is taken back."""
        site, entry = self._live.site, turn.entry
        key = id(schedule), turn.number
        if isinstance(entry, Deed):
            if turn.begins and not entry.skipped:
                if site.do(entry.where, entry.deed, entry.parameters).word == "done":
                    self._done.add(key)
            elif not turn.begins and key in self._done:
                self._done.discard(key)
                site.do(entry.where, site.deeds(entry.where)[entry.deed].undo, entry.parameters)
            return
        point = site[entry.target].point(entry.point)
        if turn.begins:
            self._before[key] = point.read()
            point.write(entry.value)
        elif key in self._before:
            point.write(self._before.pop(key))
