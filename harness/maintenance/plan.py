"""The works of a site side by side: maintainable or not, works that exclude each other, the order and the season.

The order is by exposure: before a work that one failure would turn into a loss, the component whose failure that is was
itself inspected. Among works that are free to begin, the one with the fewest such components comes first. Rates of
failure are not used: each component counts once.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.plant.air.climate import Climate
from twinfeed.emulators.site import Site
from twinfeed.harness.durations import spoken
from twinfeed.harness.maintenance.conditions import GRID, SETS
from twinfeed.harness.maintenance.study import Conditions, Job, Memory, phases, representatives
from twinfeed.harness.maintenance.work import Lost, Phase

YES, CONDITION, NO = "yes", "condition", "no"
"""Concurrently maintainable; under a condition; not."""

VERDICTS = {YES: N_("yes"), CONDITION: N_("under a condition"), NO: N_("no")}

NOT_TRIED = N_("single failures during the works were not tried")

RANKED_BY = "count of single failures"
"""The measure of risk; rates of failure are not used."""


@dataclass
class Work:
    """One component, or several that are alike, and its work in each phase."""

    component: str
    kind: str
    alike: list[str]
    """Components that it stands for, itself among them."""
    maintainable: str
    """`yes`, `condition` or `no`."""
    condition: str
    """The condition, or the reason why not; '' for yes."""
    phases: dict[str, Phase] = field(default_factory=dict)
    """By `grid` and `sets`."""

    @property
    def failures(self) -> int:
        """Single failures that stop rows during the work, in the phase with more of them."""
        return max((phase.failures for phase in self.phases.values()), default=0)

    @property
    def soonest_s(self) -> float | None:
        """The time from the worst of them to the loss, s; None if there is none."""
        return min((e.after_s for phase in self.phases.values() for e in phase.exposures), default=None)


@dataclass(frozen=True)
class Conflict:
    """Two works that must not be done at the same time: with one of them out, the loss of the other stops rows."""

    work: str
    other: str
    lost: list[str]
    after_s: float


@dataclass
class Maintenance:
    """The works of a site."""

    site: str
    load_percent: float
    after_s: float
    """The time for which the plant went on after each failure, s."""
    with_failures: bool
    """False: single failures during the works were not tried, and none is counted."""
    ranked_by: str
    works: list[Work]
    conflicts: list[Conflict]
    order: list[str]
    """The components that can be worked on, the first first."""
    season: str
    usual: dict[str, dict[str, Lost]]
    """Phase -> failure -> row -> s: what single failures stop with nobody at work."""
    missing: int
    """Jobs that were not done: works that have a phase less."""


def maintenance(site: Site, conditions: Conditions, memory: Memory, groups: Mapping[str, list[str]]) -> Maintenance:
    """The plan, from the results so far."""
    works = [_work(site, memory, name, alike) for name, alike in groups.items()]
    able = [work for work in works if work.maintainable != NO]
    of = {member: work.component for work in works for member in work.alike}
    return Maintenance(
        site=site.name,
        load_percent=conditions.load_percent,
        after_s=conditions.after_s,
        with_failures=conditions.with_failures,
        ranked_by=RANKED_BY,
        works=works,
        conflicts=_conflicts(able, of),
        order=_order(able, of),
        season=_season(site, works) if conditions.with_failures else Phrase(NOT_TRIED),
        usual=memory.usual,
        missing=sum(Job(name, phase) not in memory for name in groups for phase in phases(site)),
    )


def all_groups(site: Site, names: list[str], every: bool) -> dict[str, list[str]]:
    """The named components alone, or all of the site that somebody maintains, one of alike ones for all."""
    return {name: [name] for name in names} if names else representatives(site, every)


def _work(site: Site, memory: Memory, name: str, alike: list[str]) -> Work:
    found = {phase: memory.works[Job(name, phase)] for phase in phases(site) if Job(name, phase) in memory.works}
    maintainable, condition = _judged(found, phases(site))
    return Work(name, site.components[name].kind, alike, maintainable, condition, found)


def _judged(found: Mapping[str, Phase], wanted: Sequence[str]) -> tuple[str, str]:
    grid, sets = found.get(GRID), found.get(SETS)
    if grid is None or not grid.done:
        return NO, grid.reason if grid is not None else Phrase("not studied")
    if sets is not None and not sets.done:
        return CONDITION, Phrase("only while the grid is there: {reason}", reason=sets.reason)
    if sets is None and SETS in wanted:
        return CONDITION, Phrase("only while the grid is there: {reason}", reason=Phrase("not studied"))
    limits_s = [phase.limit_s for phase in found.values() if phase.limit_s is not None]
    if limits_s:
        return CONDITION, Phrase("for {time} at most", time=spoken(min(limits_s)))
    return YES, ""


def _conflicts(works: list[Work], of: Mapping[str, str]) -> list[Conflict]:
    found: dict[tuple[str, str], Conflict] = {}
    able = {work.component for work in works}
    for work in works:
        for phase in work.phases.values():
            for exposure in phase.exposures:
                for failure in exposure.failures[:1]:
                    other = of.get(failure, "")
                    first, second = sorted((work.component, other))
                    if other in able and (first, second) not in found:
                        found[first, second] = Conflict(work.component, failure, exposure.lost, exposure.after_s)
    return list(found.values())


def _order(works: list[Work], of: Mapping[str, str]) -> list[str]:
    """Each after those that it is exposed to; in a circle the one with the fewest failures first."""
    waiting = {work.component: work for work in works}
    needs = {
        work.component: {
            of[failure]
            for phase in work.phases.values()
            for exposure in phase.exposures
            for failure in exposure.failures
            if failure in of and of[failure] != work.component
        }
        for work in works
    }
    order: list[str] = []
    while waiting:
        free = [name for name in waiting if not needs[name] & waiting.keys()] or list(waiting)
        first = min(free, key=lambda name: (waiting[name].failures, list(waiting).index(name)))
        order.append(first)
        del waiting[first]
    return order


def _season(site: Site, works: list[Work]) -> str:
    """The time of the day, and of the year where the site file knows it, at which heat endangers the works least."""
    heat = [w.component for w in works if any(e.cause == "heat" for p in w.phases.values() for e in p.exposures)]
    climates = [component for component in site.components.values() if isinstance(component, Climate)]
    if not heat:
        return Phrase("no work is endangered by heat: any season")
    if not climates:
        return Phrase("{n} works are endangered by heat; the site file has no climate", n=len(heat))
    p = climates[0].params
    if p.series:
        return Phrase(
            "{n} works are endangered by heat: on day {day} of the weather file, its coolest",
            n=len(heat),
            day=_coolest(p.series),
        )
    return Phrase(
        "{n} works are endangered by heat: around {hour:.0f} h, when it is {low:g} °C outside and not {high:g} °C; "
        "the site file has one design day and no months",
        n=len(heat), hour=(p.peak_hour + 12.0) % 24.0, low=p.min_c, high=p.max_c,
    )  # fmt: skip


def _coolest(series: str) -> int:
    """The day of a weather file, from 1, with the lowest highest temperature."""
    highest: dict[int, float] = {}
    for row in csv.DictReader(series.splitlines()):
        day = int(float(row["hour"]) // 24.0) + 1
        highest[day] = max(highest.get(day, -273.0), float(row["dry_bulb_c"]))
    return min(highest, key=highest.__getitem__)
