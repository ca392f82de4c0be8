"""The two layers side by side: what the static logic expects of each run, and where the plant disagrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twinfeed.harness.availability.enumeration.courses import Course, Job
from twinfeed.harness.availability.logic.tops import ANY, Logic
from twinfeed.harness.availability.phases import Phases
from twinfeed.harness.availability.tree import AtLeast, Constant, Formula, Named


@dataclass(frozen=True)
class Disagreement:
    """A run in which the plant stops other rows than the static logic."""

    failures: tuple[str, ...]
    grid: str
    only_plant: tuple[str, ...]
    """Rows that stop in the plant alone."""
    only_logic: tuple[str, ...]
    """Rows that stop in the static logic alone."""
    first_s: float | None
    """When the first row stopped in the plant, s after the failures."""
    explanation: str


def disagreements(phases: Phases, jobs: Sequence[Job], courses: Mapping[str, Course]) -> list[Disagreement]:
    """All of them among the jobs that have been run, in the order of the jobs."""
    found = []
    for job in jobs:
        course = courses.get(job.key)
        if course is None or course.error:
            continue
        logic = phases.there if job.grid == "there" else phases.gap
        events = [f"{target} {fault}" for target, fault in job.failures]
        expected = stopped(logic, events)
        seen = set(course.lost)
        if expected != seen:
            only_plant, only_logic = sorted(seen - expected), sorted(expected - seen)
            found.append(
                Disagreement(
                    tuple(events),
                    job.grid,
                    tuple(only_plant),
                    tuple(only_logic),
                    min(course.lost.values(), default=None),
                    _explained(course, only_plant),
                )
            )
    return found


def stopped(logic: Logic, events: Sequence[str]) -> set[str]:
    """The rows that stop in the static logic when these events have happened, and no other."""
    known: dict[str, bool] = dict.fromkeys(logic.events.failures, False) | dict.fromkeys(events, True)
    return {top.removesuffix(" stops") for top in _rows(logic) if _holds(Named(top), logic, known)}


def _rows(logic: Logic) -> list[str]:
    return [top for top in logic.tops if top.endswith(" stops") and top != ANY]


def _holds(formula: Formula, logic: Logic, known: dict[str, bool]) -> bool:
    if isinstance(formula, Named):
        if formula.name not in known:
            known[formula.name] = _holds(logic.gates.gates[formula.name], logic, known)
        return known[formula.name]
    if isinstance(formula, Constant):
        return formula.value
    assert isinstance(formula, AtLeast)  # the rules have no "not"
    return sum(_holds(part, logic, known) for part in formula.of) >= formula.least


def _explained(course: Course, only_plant: Sequence[str]) -> str:
    if only_plant:
        return "the plant: " + ("; ".join(course.told) or "equipment stopped without a trip before it")
    loads = ", ".join(f"{name} {value:g}" for name, value in course.margins.items() if value)
    if not course.steady:
        return f"the plant was still moving at the end of the run, after {course.ended_s:g} s ({loads})"
    return f"the plant carries it: nothing moves after {course.ended_s:g} s (highest: {loads})"
