"""The enumeration of a site: failures alone in each state of the grid, then pairs, as far as the time given goes."""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from twinfeed.emulators.site import Site
from twinfeed.harness.availability.enumeration.comparison import Disagreement, disagreements
from twinfeed.harness.availability.enumeration.courses import OUTAGE_S, Course, Job
from twinfeed.harness.availability.enumeration.jobs import THERE_S, Item, items, outage_s, pairs, singles
from twinfeed.harness.availability.enumeration.running import run
from twinfeed.harness.availability.enumeration.store import Store, head_of
from twinfeed.harness.availability.failures import MINUTES_A_YEAR, Repaired
from twinfeed.harness.availability.phases import Phases, share_out

EXPECTED_S: Mapping[tuple[str, int], float] = {("there", 1): 0.3, ("out", 1): 1.3, ("there", 2): 0.6, ("out", 2): 1.8}
"""Processor time that a run is expected to take, by state of the grid and number of failures, s. An assumption after a
few runs at Bamako, on which the estimate rests."""


@dataclass(frozen=True)
class Seen:
    """Failures that stop equipment in the plant."""

    failures: tuple[str, ...]
    grid: str
    first_s: float
    """Time to the first loss, s."""
    rows: tuple[str, ...]
    """Rows and racks that stop, in the order in which they do."""
    minutes_a_year: float
    """Of all equipment alike, without restarts; weighed with the chance that repair, or the return of the grid, comes
    first."""


@dataclass(frozen=True)
class Enumeration:
    """The runs that were made, and their outcome."""

    runs: Mapping[str, int]
    """Runs that have been made, by kind: `there, 1` is one failure while the grid is there."""
    left: Mapping[str, int]
    """Runs that were not made, by kind."""
    left_minutes_a_year: float
    """The most that the runs not made could add, min a year: every one of them a loss."""
    seconds: float
    """Wall time of this call, s."""
    cpu_s: float
    """Processor time of all runs, s."""
    seen: tuple[Seen, ...]
    unsteady: tuple[str, ...]
    """Runs that ended at their longest time while something was still moving."""
    broken: tuple[str, ...]
    """Runs that the model did not carry to an end, with the error."""
    disagreements: tuple[Disagreement, ...]
    closest: tuple[tuple[str, str], ...]
    """Runs without a loss with the highest loadings: the run, and its margins."""


def estimate_s(site: Site, phases: Phases) -> tuple[int, float]:
    """The number of runs, and the time that all of them take on this machine, s."""
    of = items(site, phases)
    alone, out = _horizons(phases), pairs(of, "out", 0.0, frozenset())
    count = len(of)
    cpu = sum(EXPECTED_S[grid, 1] * count for grid in alone) + sum(EXPECTED_S[grid, 2] * len(out) for grid in alone)
    return count * len(alone) + len(out) * len(alone), cpu / (os.cpu_count() or 1)


def enumerate_site(
    site: Site,
    phases: Phases,
    budget_s: float,
    file: Path | None = None,
    workers: int | None = None,
    log: Callable[[str], None] | None = None,
) -> Enumeration:
    """Run what can be run in that wall time: failures alone, then pairs, the most probable first.

    Raises:
        TreeError: the file of runs is of another site, grid or version.
        OSError: the file cannot be written.
    """
    began = time.monotonic()
    until = began + budget_s
    of, horizons = items(site, phases), _horizons(phases)
    store = Store(head_of(site, version("twinfeed"), outage_s(phases)), file)
    try:
        jobs = singles(of, horizons)
        run(site, jobs, store, until, workers)
        if log is not None:
            log(f"{len(jobs)} failures alone: {time.monotonic() - began:.0f} s")
        alone = list(jobs)
        for grid in sorted(horizons, key=lambda grid: grid != "out"):
            stops = frozenset(job.failures[0] for job in alone if job.grid == grid and _lost(store, job))
            of_two = pairs(of, grid, horizons[grid], stops)
            run(site, of_two, store, until, workers)
            jobs += of_two
        return _summed(phases, of, jobs, store, time.monotonic() - began)
    finally:
        store.close()


def _horizons(phases: Phases) -> dict[str, float]:
    found = {"there": THERE_S}
    if (out := outage_s(phases)) > 0.0:
        found["out"] = OUTAGE_S + out
    return found


def _kind(job: Job) -> str:
    return f"{job.grid}, {len(job.failures)}"


def _lost(store: Store, job: Job) -> bool:
    course = store.courses.get(job.key)
    return course is not None and bool(course.lost)


def _summed(phases: Phases, of: list[Item], jobs: list[Job], store: Store, seconds: float) -> Enumeration:
    by_name = {item.name: item for item in of}
    left_jobs = [job for job in jobs if job.key not in store.courses]
    runs, left = Counter[str](), Counter(map(_kind, left_jobs))
    seen: list[Seen] = []
    unsteady: list[str] = []
    broken: list[str] = []
    whole: list[tuple[float, str, Course]] = []
    for job in jobs:
        course = store.courses.get(job.key)
        if course is None:
            continue
        runs[_kind(job)] += 1
        if course.error:
            broken.append(f"{job.key}: {course.error}")
        elif not course.steady:
            unsteady.append(job.key)
        if course.lost:
            first_s = min(course.lost.values())
            minutes = _minutes(phases, [by_name[name] for name in job.failures], job.grid, first_s)
            names = tuple(f"{target} {fault}" for target, fault in job.failures)
            rows = tuple(sorted(course.lost, key=lambda row: (course.lost[row], row)))
            seen.append(Seen(names, job.grid, first_s, rows, minutes))
        elif not course.error:
            whole.append((max(course.margins.get("set %", 0.0), course.margins.get("module %", 0.0)), job.key, course))
    seen.sort(key=lambda one: (-one.minutes_a_year, one.failures, one.grid))
    whole.sort(key=lambda one: (-one[0], one[1]))
    rest = sum(_minutes(phases, [by_name[name] for name in job.failures], job.grid, 0.0) for job in left_jobs)
    return Enumeration(
        dict(runs),
        dict(left),
        rest,
        seconds,
        sum(store.seconds.get(job.key, 0.0) for job in jobs),
        tuple(seen),
        tuple(unsteady),
        tuple(broken),
        tuple(disagreements(phases, jobs, store.courses)),
        tuple((key, ", ".join(f"{n} {v:g}" for n, v in course.margins.items())) for _, key, course in whole[:5]),
    )


def _minutes(phases: Phases, of: list[Item], grid: str, first_s: float) -> float:
    """Share of the year in which all of these have failed, in that state of the grid, long enough to stop equipment."""
    share = share_out(phases.grid)
    weight = share if grid == "out" else 1.0 - share
    p = math.prod(item.probability[grid] for item in of) * max(item.stands_for for item in of)
    return weight * p * _outlasts(phases, of, grid, first_s) * MINUTES_A_YEAR


def _outlasts(phases: Phases, of: list[Item], grid: str, first_s: float) -> float:
    """The chance that nothing is repaired, and the grid not back, before the loss; repair times are exponential."""
    logic = phases.gap if grid == "out" else phases.there
    per_h = 0.0
    for item in of:
        failure = logic.events.failures.get(item.mode.event)
        if isinstance(failure, Repaired):
            per_h += 1.0 / failure.repair_h
    if grid == "out":
        per_h += 1.0 / phases.grid.hours
    return math.exp(-per_h * first_s / 3600.0)
