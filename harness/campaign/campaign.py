"""A campaign: scenarios are proposed, run by workers and remembered; each distinct failure is made small and kept.

    with Memory(None) as memory:
        result = Campaign(frame, menu, memory, jobs=2, budget=Budget(examples=200)).run()

With one job the same seed gives the same campaign. With several the outcomes come in another order each time, and the
proposals that follow from them differ; a finding holds everything that its replay needs.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from twinfeed.harness.campaign.attempt import Tried, attempt
from twinfeed.harness.campaign.identity import RUNS, Identity
from twinfeed.harness.campaign.memory import Memory
from twinfeed.harness.campaign.proposals import Proposals
from twinfeed.harness.campaign.reduce import Reduced, reduced
from twinfeed.harness.campaign.relevance import distances
from twinfeed.harness.campaign.versions import versions
from twinfeed.harness.campaign.workers import Job, WorkerDied, Workers
from twinfeed.harness.controllers.oracle import ORACLE
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search.hunt import SHRINKING_RUNS
from twinfeed.harness.search.strategies import Menu
from twinfeed.harness.virtual.watchdog import PATIENCE_S
from twinfeed.harness.worlds.sites import fresh

TICK_S = 0.5
"""Longest time that the campaign waits for an outcome before it reads the clock, s."""


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
    """Scenarios that had been run when it first came, this one included."""
    seconds: float
    """Time until then, s of this machine's clock."""
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
    every failure whose scenario has been made small. Times count from `began` (of `time.perf_counter`), by default from
    the call of `run`.

    Raises:
        FileError, PlantError, ValueError: the frame makes no sense (see `trial`).
    """

    def __init__(
        self,
        frame: Scenario,
        menu: Menu,
        memory: Memory,
        *,
        jobs: int = 1,
        budget: Budget | None = None,
        at_once: int = 1,
        last_s: float | None = None,
        shrinking_runs: int = SHRINKING_RUNS,
        patience_s: float = PATIENCE_S,
        compared: Iterable[str] = ("",),
        progress: Callable[[Result, Tried | None], None] = lambda result, tried: None,
        keep: Callable[[Found], None] = lambda found: None,
        began: float | None = None,
    ) -> None:
        self.result = Result()
        self._frame, self._memory, self._menu = frame, memory, menu
        self._budget = budget or Budget()
        self._patience_s, self._shrinking_runs = patience_s, shrinking_runs
        self._compared = [name for name in compared if name != frame.controller]
        self._progress, self._keep = progress, keep
        self._workers = Workers(jobs)
        near = distances(fresh(frame.site, frame.seed, tolerances=frame.tolerances), frame.properties)
        self._proposals = Proposals(frame, menu, near, at_once, last_s)
        self._key = versions(frame).key
        self._number = memory.begin(datetime.now().astimezone().isoformat(timespec="seconds"), frame, versions(frame))
        self._to_do: list[Job] = []
        self._started = 0
        self._began = began

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
            self.result.seconds = self._seconds
            self._workers.close()
        return self.result

    @property
    def untried(self) -> list[tuple[str, str]]:
        """The pairs of target and kind, or of target and deed, that no scenario had, in the order of the menu."""
        others = (pair for family in self._menu.others.values() for pair in family)
        pairs = [*self._menu.grid, *others, *self._menu.deeds]
        return [pair for pair in pairs if pair not in self.result.touched]

    # -- the loop ----------------------------------------------------------------------------------------------------

    @property
    def _seconds(self) -> float:
        return 0.0 if self._began is None else time.perf_counter() - self._began

    def _recall(self) -> None:
        """Learn from former campaigns on the same site and controller."""
        for tried in self._memory.outcomes(self._key):
            self._learn(tried)
            self.result.remembered += 1
        # A finding that was in the making when its campaign ended is made small now.
        known = self._memory.findings(self._key)
        for tried in self._memory.outcomes(self._key):
            for identity in tried.broken:
                if identity not in known and identity not in self.result.found:
                    self._new(identity, tried)
        for identity, scenario in known.items():
            kept = self._memory.outcome(scenario, self._key)
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
        if self._to_do:
            return self._to_do.pop(0)
        if self.result.exhausted or self._budget.spent(self._started, self._seconds):
            return None
        scenario = self._proposals.next()
        if scenario is None:
            self.result.exhausted = True
            return None
        self._started += 1
        return attempt, (scenario, self._patience_s, frozenset(self.result.found))

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
            self._tried(outcome)

    # -- outcomes ----------------------------------------------------------------------------------------------------

    def _tried(self, tried: Tried) -> None:
        self.result.examples += 1
        self.result.processor_s += tried.processor_s
        self.result.vacuous.update(tried.vacuous)
        self._memory.remember(tried, self._key, self._number)
        self._learn(tried)
        for identity in tried.broken:
            if identity not in self.result.found:
                self._new(identity, tried)
        self._progress(self.result, tried)

    def _learn(self, tried: Tried) -> None:
        self._proposals.learn(tried)
        self.result.touched |= {(entry.target, entry.what) for entry in tried.scenario.entries}

    def _new(self, identity: Identity, tried: Tried) -> None:
        self.result.found[identity] = Found(identity, tried, self.result.examples, self._seconds)
        others = frozenset(self.result.found) - {identity}
        self._to_do.append((_reduce, (tried, identity, self._patience_s, others, self._shrinking_runs)))

    def _made_small(self, identity: Identity, outcome: Reduced) -> None:
        found = self.result.found[identity]
        found.tried, found.shrinking_runs, found.small = outcome.tried, outcome.runs, True
        self._memory.remember(outcome.tried, self._key, self._number)
        self._memory.keep(identity, outcome.tried, self._key, self._number)
        self._keep(found)
        for name in self._compared:
            self._to_do.append((_compare, (identity, outcome.tried.scenario, name, self._patience_s)))

    def _compare_with(self, compared: _Compared) -> None:
        found = self.result.found[compared.identity]
        if compared.fails:
            found.anyway = tuple(sorted({*found.anyway, compared.controller or "no controller"}))
            self._memory.keep(compared.identity, found.tried, self._key, self._number, ", ".join(found.anyway))


@dataclass(frozen=True)
class _Compared:
    """The comparison of a failure with another controller."""

    identity: Identity
    controller: str
    fails: bool


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
    if function is attempt:
        scenario: Scenario = arguments[0]
        return Tried(scenario, (Identity(RUNS, "ended the process", ""),), f"{error}: the code under test ends it")
    if function is _reduce:
        return Reduced(arguments[0], 0)
    return _Compared(arguments[0], arguments[2], True) if function is _compare else error
