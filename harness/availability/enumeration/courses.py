"""One run: failures on a site at full load in the hottest hour, until its equipment has stopped or nothing moves."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.emulators.plant.power.breakers import CircuitBreaker
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.plant.ups.ups import Ups
from twinfeed.emulators.site import Site
from twinfeed.harness.availability.logic.design import at_full_load, every

OUTAGE_S = 60.0
"""The grid goes so long after the failures, s: what is hidden is there already when it is needed."""

STEPS_S = (60.0, 60.0, 120.0, 240.0, 300.0)
"""Times from one evaluation of the plant to the next, the last of them again and again, s."""

STOPPED = ("lost supply", "overheated")
"""Lines of the journal with which equipment stops."""

TOLD = ("tripped", "load fault", "transferred to", "output lost", "battery exhausted", "failed", "shut down", "stopped")
"""Lines of the journal that explain a loss."""

MOST_TOLD = 8

MOST_MOMENTS = 40_000
"""Rounds of reactions and moves of the clock of one run: some 10 s of processor. A site that hunts takes more; its run
ends then, as one that was still moving."""


@dataclass(frozen=True)
class Job:
    """Failures to run, as (target, fault), in one state of the grid."""

    failures: tuple[tuple[str, str], ...]
    grid: str
    """there or out."""
    horizon_s: float
    """The longest run, s."""

    @property
    def key(self) -> str:
        """Its name in a store."""
        return f"{self.grid}: " + " + ".join(f"{target} {fault}" for target, fault in self.failures)


@dataclass(frozen=True)
class Course:
    """The outcome of a run. Times count from the failures, s."""

    lost: Mapping[str, float]
    """Row or rack -> when the first of its equipment stopped."""
    ended_s: float
    steady: bool
    """True if it ended because nothing moved any more, or because all rows had stopped."""
    margins: Mapping[str, float]
    """The highest loading seen in percent, of sets, UPS modules and breakers, and the hottest inlet in degC."""
    told: tuple[str, ...]
    """Lines of the journal before the first loss."""
    error: str = ""
    """The model did not carry on."""

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Course:
        """The course that `to_dict` wrote."""
        return cls(**{**data, "told": tuple(data["told"])})


class Bench:
    """A site at full load in the hottest hour, from which every run starts."""

    def __init__(self, site: Site) -> None:
        at_full_load(site)
        self.site = site
        self.start_s = site.now
        """When the failures begin, s since the start of the site."""
        self._snapshot = site.plant.snapshot()
        self._rows = [row.id for row in every(site, RackRow)]

    def run(self, job: Job) -> tuple[Course, float]:
        """Run a job; returns its course and the processor time it took, s."""
        began = time.process_time()
        self.site.plant.restore(self._snapshot)
        course = self._course(job)
        return course, time.process_time() - began

    def _course(self, job: Job) -> Course:
        plant, worst = self.site.plant, dict[str, float]()
        try:
            for target, fault in job.failures:
                self.site.inject(target, fault)
            if job.grid == "out":
                self.site.advance(OUTAGE_S)
                for utility in every(self.site, Utility):
                    if "outage" not in utility.state.faults:
                        self.site.inject(utility.id, "outage")
            steps, mark, still, most = iter(STEPS_S), plant.mark(), 0, plant.moment + MOST_MOMENTS
            step = STEPS_S[-1]
            while plant.moment < most and (left := job.horizon_s - (plant.now - self.start_s)) > 0.0:
                step = next(steps, step)
                self.site.advance(min(step, left))
                self._look(worst)
                if len(self._lost()) == len(self._rows):
                    return self._ended(True, worst)
                still = still + 1 if plant.steady(mark, job.horizon_s) else 0
                if still == 2:
                    return self._ended(True, worst)
                mark = plant.mark()
        except Exception as error:  # of the model: a run that does not come to an end is reported, and others go on
            return self._ended(False, worst, f"{type(error).__name__}: {error}")
        return self._ended(False, worst)

    def _ended(self, steady: bool, worst: Mapping[str, float], error: str = "") -> Course:
        lost = self._lost()
        until = self.start_s + min(lost.values(), default=0.0)
        told = [self._line(event) for event in self.site.plant.journal if event.t <= until and event.what in TOLD]
        ended = self.site.now - self.start_s
        rounded = {name: round(value, 1) for name, value in worst.items()}
        return Course(lost, round(ended, 3), steady, rounded, tuple(told[-MOST_TOLD:]), error)

    def _line(self, event: Event) -> str:
        why = " ".join(str(value) for value in event.data.values() if isinstance(value, str))
        return f"{event.t - self.start_s:.1f} s {event.who} {event.what} {why}".strip()

    def _lost(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for event in self.site.plant.journal:
            if event.what in STOPPED and event.who in self._rows and event.t >= self.start_s:
                found.setdefault(event.who, round(event.t - self.start_s, 3))
        return found

    def _look(self, worst: dict[str, float]) -> None:
        for name, value in self._loadings():
            worst[name] = max(worst.get(name, value), value)

    def _loadings(self) -> Sequence[tuple[str, float]]:
        components = self.site.components.values()
        found = [
            ("set %", max((c.load.total_kw / c.site_kw * 100.0 for c in every(self.site, Generator)), default=0.0)),
            ("module %", max((c.load_percent for c in every(self.site, Ups)), default=0.0)),
            ("breaker %", max((c.current_percent for c in components if isinstance(c, CircuitBreaker)), default=0.0)),
        ]
        halls = [c.hottest_inlet_c for c in components if c.kind == "hall" and hasattr(c, "hottest_inlet_c")]
        return [*found, ("inlet degC", max(halls, default=0.0))]


def job_of(names: Sequence[tuple[str, str]], grid: str, horizon_s: float) -> Job:
    """A job with its failures in a fixed order."""
    return Job(tuple(sorted(names)), grid, horizon_s)
