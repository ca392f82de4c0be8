"""Every shipped site under drawn faults: the stage for laws that hold on a whole site.

    from shipped import SITES, Course, courses, looks, on_every_site

    @on_every_site(courses())
    def test_no_tank_holds_more_than_it_can(name: str, course: Course) -> None:
        for site in looks(name, course):
            assert all(tank.level_percent <= 100.0 for tank in of(site, Tank))

A course is drawn by Hypothesis: up to two faults of components, each at its default strength, with the times they
begin and end, and whether the ratings of the site are nominal or within their tolerances. `looks` plays it and yields
the site, always the same object, after each fault, often in the first seconds and seldom later. Each site is built once
for each kind of tolerances (1 to 2 s) and put back to its start for each course; a course costs 0.1 s on `bench` and 1 s on
`bamako`. A law is tried with `EXAMPLES` courses a site; TWINFEED_EXAMPLES=100 tries more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators import sitefile
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.tolerances import Tolerances
from twinfeed.emulators.site import Site

SITES = tuple(sitefile.names())

EXAMPLES = int(os.environ.get("TWINFEED_EXAMPLES", examples(100, quick=2)))
"""Courses tried at each site."""

LOOKS_S = (0.0, 0.5, 5.0, 11.0, 60.0, 600.0)
"""The times at which a law is checked after each beginning and end of a fault, s, and how long after the last a course goes on."""

C = TypeVar("C", bound=Component)
Law = Callable[..., None]


@dataclass(frozen=True)
class Disturbance:
    """A fault that begins at `at_s` and ends `for_s` later (None: never), s."""

    place: int
    """Which of the faults of the site, modulo their number: Hypothesis need not know the site."""
    at_s: float
    for_s: float | None


@dataclass(frozen=True)
class Course:
    """The faults of one run."""

    disturbances: tuple[Disturbance, ...]
    tolerances: Tolerances = "nominal"


def courses(most: int = 2) -> st.SearchStrategy[Course]:
    """Courses of at most so many faults. A failing one shrinks to few, early and lasting faults."""
    moments = st.sampled_from([0.0, 1.0, 8.0, 15.0, 60.0, 300.0])
    faults = st.builds(Disturbance, st.integers(0, 10**6), moments, st.one_of(st.none(), st.sampled_from([5.0, 120.0])))
    tolerances: st.SearchStrategy[Tolerances] = st.sampled_from(["nominal", "seeded"])
    return st.builds(Course, st.lists(faults, min_size=1, max_size=most).map(tuple), tolerances)


def on_every_site(drawn: st.SearchStrategy[Course]) -> Callable[[Law], Any]:
    """Run a law `(name, course)` on every shipped site, on courses of that strategy."""

    def decorate(law: Law) -> Any:
        run = settings(max_examples=EXAMPLES, deadline=None)(given(course=drawn)(law))
        return pytest.mark.parametrize("name", SITES)(run)

    return decorate


def looks(name: str, course: Course) -> Iterator[Site]:
    """Play a course on that site from its start, and yield the site whenever a law is to be checked."""
    site = _at_rest(name, course.tolerances)
    for at_s, fault in _beginnings(site, course):
        while site.now < at_s:
            site.plant.advance(at_s)
        if fault is not None:
            target, kind, for_s = fault
            site.inject(target, kind, for_s=for_s)
        yield site


def of(site: Site, kind: type[C]) -> list[C]:
    """The components of that class."""
    return [component for component in site.components.values() if isinstance(component, kind)]


@cache
def _built(name: str, tolerances: Tolerances) -> tuple[Site, dict[str, Any], tuple[tuple[str, str], ...]]:
    """A site, its snapshot at the start, and the faults of its components: target and kind."""
    site = Site.load(name, tolerances=tolerances)
    faults = [(n, kind) for n in site.components for kind, fault in site.components[n].FAULTS.items() if not fault.of]
    return site, site.plant.snapshot(), tuple(faults)


def _at_rest(name: str, tolerances: Tolerances) -> Site:
    site, at_rest, _ = _built(name, tolerances)
    site.plant.restore(at_rest)
    site.plant.journal.clear()
    return site


def _beginnings(site: Site, course: Course) -> list[tuple[float, tuple[str, str, float | None] | None]]:
    """All moments of a course in order, s, and the fault that begins there, if one does."""
    faults = _built(site.name, course.tolerances)[2]
    begun: dict[tuple[str, str], Disturbance] = {}
    for one in course.disturbances:
        begun.setdefault(faults[one.place % len(faults)], one)
    moments: list[tuple[float, tuple[str, str, float | None] | None]] = []
    for (target, kind), one in begun.items():
        moments.append((one.at_s, (target, kind, one.for_s)))
        for start_s in (one.at_s, *([] if one.for_s is None else [one.at_s + one.for_s])):
            moments += [(start_s + look_s, None) for look_s in LOOKS_S]
    return sorted(moments, key=lambda moment: (moment[0], moment[1] is None))
