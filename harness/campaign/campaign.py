"""A campaign: scenarios are proposed, run by workers and remembered; each distinct failure is made small and kept.

    with Memory(None) as memory:
        result = Campaign(frame, menu, memory, workers=Workers(2), budget=Budget(examples=200)).run()

The same seed gives the same campaign on every machine, fast or slow, with one job or several: outcomes are learnt in
the order in which their scenarios were proposed, and a proposal follows from the outcomes up to `LAG` scenarios before.
A failure is made small as soon as all scenarios before its own have ended.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from twinfeed.emulators.errors import FileError
from twinfeed.harness.campaign.attempt import TRACED_EACH, Tried, attempt
from twinfeed.harness.campaign.identity import RUNS, Identity
from twinfeed.harness.campaign.memory import Memory
from twinfeed.harness.campaign.proposals import Proposals
from twinfeed.harness.campaign.reduce import SHRINKING_RUNS, Reduced, reduced
from twinfeed.harness.campaign.relevance import distances
from twinfeed.harness.campaign.versions import heads, same_versions, versions
from twinfeed.harness.campaign.workers import Job, WorkerDied, Workers
from twinfeed.harness.controllers.oracle import ORACLE
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search.menu import Menu
from twinfeed.harness.virtual.watchdog import PATIENCE_S
from twinfeed.harness.worlds.sites import fresh_for

TICK_S = 0.5
"""Longest time that the campaign waits for an outcome before it reads the clock, s."""

LAG = 32
"""A proposal knows the outcomes of all scenarios but so many before it, which may still be running. A campaign with
more than half as many jobs has a lag of twice its jobs."""


@dataclass(frozen=True)
class Budget:
    """When a campaign ends: after so many scenarios, or so long, whichever comes first."""

    examples: int | None = 100
    for_s: float | None = None
    """s of this machine's clock."""

    def spent(self, examples: int, seconds: float) -> bool:
        """True if nothing is left of it."""
        return (self.examples is not None and examples >= self.examples) or (
            self.for_s is not None and seconds >= self.for_s
        )


@dataclass
class Found:
    """One distinct failure."""

    identity: Identity
    tried: Tried
    """The smallest scenario that shows it."""
    examples: int
    """The place of its scenario among those of the campaign, from 1; 0 if it is known from a former campaign."""
    seconds: float
    """Time until it was learnt, s of this machine's clock."""
    shrinking_runs: int = 0
    small: bool = False
    """True once nothing more can be left out."""
    anyway: tuple[str, ...] = ()
    """The controllers with which the same failure comes as well; `no controller` is one of them."""

    @property
    def hopeless(self) -> bool:
        """True if the oracle, which knows the plant and the faults, does not survive it either."""
        return ORACLE in self.anyway


@dataclass
class Result:
    """The result of a campaign so far, and at its end."""

    found: dict[Identity, Found] = field(default_factory=dict)
    examples: int = 0
    """Different scenarios that were run, without those for shrinking and comparing."""
    remembered: int = 0
    """Scenarios of former campaigns that were not run again."""
    seconds: float = 0.0
    processor_s: float = 0.0
    vacuous: Counter[str] = field(default_factory=Counter)
    """Property -> number of scenarios that did not put it to the test."""
    touched: set[tuple[str, str]] = field(default_factory=set)
    """(target, kind) of every fault and deed that was in some scenario, former campaigns included."""
    exhausted: bool = False
    """True if it ended since no new scenario was found."""
    interrupted: bool = False


class Campaign:
    """Runs scenarios until the budget is spent. `compared` are controllers that each finding is run with as well; the
    empty name is no controller. `progress` is called with every outcome, and now and then without one; `keep` with
    every failure whose scenario has been made small. Campaigns with the same `night` belong together. Times count from
    `began` (of `time.perf_counter`), by default from the call of `run`.

    Raises:
        FileError, PlantError, ValueError: the frame makes no sense (see `trial`).
    """

    def __init__(
        self,
        frame: Scenario,
        menu: Menu,
        memory: Memory,
        *,
        workers: Workers | None = None,
        budget: Budget | None = None,
        at_once: int = 1,
        last_s: float | None = None,
        shrinking_runs: int = SHRINKING_RUNS,
        patience_s: float = PATIENCE_S,
        compared: Iterable[str] = ("",),
        progress: Callable[[Result, Tried | None], None] = lambda result, tried: None,
        keep: Callable[[Found], None] = lambda found: None,
        began: float | None = None,
        night: str = "",
    ) -> None:
        self.result = Result()
        self._frame, self._memory, self._menu = frame, memory, menu
        self._budget = budget or Budget()
        self._patience_s, self._shrinking_runs = patience_s, shrinking_runs
        self._compared = [name for name in compared if name != frame.controller]
        self._progress, self._keep = progress, keep
        self._workers = workers or Workers(1)
        near = distances(fresh_for(frame), frame.properties)
        self.key = versions(frame).key
        self._proposals = Proposals(frame, menu, near, at_once, last_s, self._former())
        self._heads = heads(frame.site, frame.controller)
        self._number = memory.begin(
            datetime.now().astimezone().isoformat(timespec="seconds"), frame, versions(frame), self._pairs, night
        )
        self._to_do: list[Job] = []
        self._lag = max(LAG, 2 * self._workers.count)
        self._proposed = self._judged = self._learnt = 0
        """Places of the last scenario that was proposed, searched for failures, and learnt for proposals."""
        self._arrived: dict[int, Tried] = {}
        """Outcomes that are not learnt yet, by the place of their scenarios in the campaign."""
        self._dry = False
        """True if nothing new was proposed, and outcomes are waited for that may change that."""
        self._began = began

    def _former(self) -> list[Scenario]:
        """The failures of former versions; those whose faults the site cannot have any more are left out."""
        site = fresh_for(self._frame)
        found = []
        for scenario in self._memory.former(self._frame, self.key):
            if all(entry.at_s < scenario.duration_s for entry in scenario.entries):
                with suppress(FileError):
                    scenario.check(site, Path("a former failure"))
                    found.append(scenario)
        return found

    def interrupt(self) -> None:
        """End `run` within a second, from a signal handler or another thread; what there is is kept.

        With one job, `run` is busy with a scenario: there, raise KeyboardInterrupt in its thread instead.
        """
        self.result.interrupted = True

    def run(self) -> Result:
        """Run to the end of the budget, then finish what was begun. Ctrl-C ends it at once and keeps what there is."""
        if self._began is None:
            self._began = time.perf_counter()
        try:
            self._recall()
            self._go_on()
        except KeyboardInterrupt:
            self.result.interrupted = True
            self._workers.kill()
        finally:
            for place in sorted(self._arrived):  # after an interrupt: what came is kept, in the order of the proposals
                self._judge(place)
                self._learn(self._arrived[place])
            self.result.seconds = self._seconds
            self._workers.close()
        return self.result

    @property
    def untried(self) -> list[tuple[str, str]]:
        """The pairs of target and kind, or of target and deed, that no scenario had, in the order of the menu."""
        return [pair for pair in self._pairs if pair not in self.result.touched]

    @property
    def _pairs(self) -> list[tuple[str, str]]:
        others = (pair for family in self._menu.others.values() for pair in family)
        return [*self._menu.grid, *others, *self._menu.deeds]

    # -- the loop ----------------------------------------------------------------------------------------------------

    @property
    def _seconds(self) -> float:
        return 0.0 if self._began is None else time.perf_counter() - self._began

    def _recall(self) -> None:
        """Learn from former campaigns on the same site and controller."""
        for tried in self._memory.outcomes(self.key):
            self._learn(tried)
            self.result.remembered += 1
        # A finding that was in the making when its campaign ended is made small now.
        known = self._memory.findings(self.key)
        for tried in self._memory.outcomes(self.key):
            for identity in tried.broken:
                if identity not in known and identity not in self.result.found:
                    self._new(identity, tried, 0)
        for identity, scenario in known.items():
            kept = self._memory.outcome(scenario, self.key)
            if kept is not None:
                self.result.found[identity] = Found(identity, kept, 0, 0.0, small=True)

    def _go_on(self) -> None:
        while True:
            while self._workers.free and (job := self._next()) is not None:
                self._workers.start(job)
            if not self._workers.busy:
                return
            for job, outcome in self._workers.finished(TICK_S):
                self._take(job, outcome)
            if self.result.interrupted:
                self._workers.kill()
                return
            self.result.seconds = self._seconds
            self._progress(self.result, None)

    def _next(self) -> Job | None:
        while self._judged + 1 in self._arrived:
            self._judge(self._judged + 1)
        over = self.result.exhausted or self._budget.spent(self._proposed, self._seconds)
        needed = self._proposed if over or self._dry else self._proposed - self._lag
        while self._learnt < needed and self._learnt + 1 in self._arrived:
            self._learn_next()
        if self._to_do:
            return self._to_do.pop(0)
        if over or self._learnt < needed:
            return None
        scenario = self._proposals.next()
        self._dry = scenario is None
        if scenario is None:
            self.result.exhausted = self._learnt == self._proposed
            return self._next() if self._arrived or self.result.exhausted else None
        self._proposed += 1
        return _attempt, (self._proposed, scenario, self._patience_s, self._known, self._heads)

    def _learn_next(self) -> None:
        self._learnt += 1
        self._learn(self._arrived.pop(self._learnt))

    def _judge(self, place: int) -> None:
        self._judged = place
        tried = self._arrived[place]
        for identity in tried.broken:
            if identity not in self.result.found:
                self._new(identity, tried, place)

    @property
    def _known(self) -> frozenset[Identity]:
        """The failures that the next proposal knows."""
        return frozenset(identity for identity, found in self.result.found.items() if found.examples <= self._learnt)

    def _take(self, job: Job, outcome: Any) -> None:
        if isinstance(outcome, WorkerDied):
            outcome = _died(job, outcome)
        if isinstance(outcome, BaseException):
            raise outcome
        if isinstance(outcome, Reduced):
            self._made_small(job[1][1], outcome)
        elif isinstance(outcome, _Compared):
            self._compare_with(outcome)
        elif isinstance(outcome, Tried):
            self._tried(job[1][0], outcome)

    # -- outcomes ----------------------------------------------------------------------------------------------------

    def _tried(self, place: int, tried: Tried) -> None:
        self.result.examples += 1
        self.result.processor_s += tried.processor_s
        self.result.vacuous.update(tried.vacuous)
        self._memory.remember(tried, self.key, self._number, place, self._seconds)
        self._arrived[place] = tried
        self._progress(self.result, tried)

    def _learn(self, tried: Tried) -> None:
        self._proposals.learn(tried)
        self.result.touched |= {(entry.target, entry.what) for entry in tried.scenario.entries}

    def _new(self, identity: Identity, tried: Tried, place: int) -> None:
        self.result.found[identity] = Found(identity, tried, place, self._seconds)
        others = frozenset(self.result.found) - {identity}
        self._to_do.append((_reduce, (tried, identity, self._patience_s, others, self._shrinking_runs)))

    def _made_small(self, identity: Identity, outcome: Reduced) -> None:
        found = self.result.found[identity]
        found.tried, found.shrinking_runs, found.small = outcome.tried, outcome.runs, True
        self._memory.remember(outcome.tried, self.key, self._number, 0, self._seconds)
        self._memory.keep(identity, outcome.tried, self.key, self._number)
        self._keep(found)
        for name in self._compared:
            self._to_do.append((_compare, (identity, outcome.tried.scenario, name, self._patience_s)))

    def _compare_with(self, compared: _Compared) -> None:
        found = self.result.found[compared.identity]
        if compared.fails:
            found.anyway = tuple(sorted({*found.anyway, compared.controller or "no controller"}))
            self._memory.keep(compared.identity, found.tried, self.key, self._number, ", ".join(found.anyway))


@dataclass(frozen=True)
class _Compared:
    """The comparison of a failure with another controller."""

    identity: Identity
    controller: str
    fails: bool


def _attempt(
    place: int, scenario: Scenario, patience_s: float, known: frozenset[Identity], expected: tuple[str, str, str]
) -> Tried:
    same_versions(scenario.site, scenario.controller, expected)
    return attempt(scenario, patience_s, known, traced=place % TRACED_EACH == 0)


def _reduce(
    tried: Tried, identity: Identity, patience_s: float, others: frozenset[Identity], most_runs: int
) -> Reduced:
    return reduced(tried, identity, partial(attempt, patience_s=patience_s, known=others), most_runs)


def _compare(identity: Identity, scenario: Scenario, controller: str, patience_s: float) -> _Compared:
    other = attempt(replace(scenario, controller=controller), patience_s)
    return _Compared(identity, controller, any(same.about == identity.about for same in other.broken))


def _died(job: Job, error: WorkerDied) -> Tried | Reduced | _Compared | WorkerDied:
    """The outcome of a job whose process ended: the code under test ends it, which is a failure."""
    function, arguments = job
    if function is _attempt:
        scenario: Scenario = arguments[1]
        return Tried(scenario, (Identity(RUNS, "ended the process", ""),), f"{error}: the code under test ends it")
    if function is _reduce:
        return Reduced(arguments[0], 0)
    return _Compared(arguments[0], arguments[2], True) if function is _compare else error
