"""The search: Hypothesis searches for a scenario that breaks a property, then for the smallest one.

`hypothesis.target` draws the search towards the edge: hotter inlets, emptier batteries, smaller margins.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings, target

from twinfeed.harness.faults.onset import linked
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.journal import Journal, Trace
from twinfeed.harness.search.strategies import Menu, scenarios
from twinfeed.harness.search.trial import Outcome, trial
from twinfeed.harness.virtual.watchdog import PATIENCE_S
from twinfeed.harness.worlds.sites import fresh

TARGETS: Mapping[str, float] = {"*.inlet_c": 1.0, "*.charge_percent": -1.0}
"""Quantities whose extremes attract the search, and the direction."""

SHRINKING_RUNS = 120
"""Largest number of scenarios for shrinking a finding."""

DETAILS: tuple[dict[str, Any], ...] = ({"flap": None}, {"parameters": {}}, {"for_s": None})
"""The simplest form of a fault: no coming and going, no strength other than its default, no end."""


class Broken(Exception):
    """A scenario broke a property. Hypothesis shrinks this exception."""


class Enough(BaseException):
    """It is small enough. No `Exception`, for Hypothesis takes those for failures of the scenario and goes on; an
    example that is rejected does not end its shrinking either, and it would try new ones for five minutes."""


@dataclass(frozen=True)
class Finding:
    """The smallest scenario that was found, and the properties that it breaks."""

    outcome: Outcome
    examples: int
    """Number of scenarios until the first violation."""
    seconds: float
    """Time until the first violation, s of this machine's clock."""
    shrinking_runs: int = 0

    @property
    def scenario(self) -> Scenario:
        return self.outcome.scenario

    def save(self, path: str | Path) -> None:
        """Write it as a scenario file."""
        self.scenario.save(path)


@dataclass(frozen=True)
class Hunt:
    """The result of a search. `finding` is None if no property broke, also if the search was interrupted."""

    finding: Finding | None
    examples: int
    """Different scenarios that were run."""
    seconds: float
    vacuous: Mapping[str, int] = field(default_factory=dict)
    """Property -> number of scenarios in which it was vacuous; properties without such a scenario are left out."""
    drawn: int = 0
    """Scenarios that Hypothesis drew; one that is like an earlier one is not run again."""
    interrupted: bool = False


def hunt(
    frame: Scenario,
    menu: Menu,
    *,
    examples: int = 100,
    at_once: int = 1,
    last_s: float | None = None,
    shrinking_runs: int = SHRINKING_RUNS,
    patience_s: float = PATIENCE_S,
    progress: Callable[[int, Outcome], None] = lambda number, outcome: None,
) -> Hunt:
    """Try that many scenarios of the frame's site, controller and properties; its seed is that of the hunt too.

    Ctrl-C ends it at once; what was found until then is kept. A controller that does not yield for `patience_s` of the
    machine's clock has failed (0: it may).

    Raises:
        FileError, PlantError, ValueError: the frame makes no sense (see `trial`).
    """
    began = time.perf_counter()
    tried = drawn = 0
    interrupted = False
    first: tuple[int, float] | None = None
    known: dict[str, Outcome] = {}
    vacuous: Counter[str] = Counter()
    drawing = _targets(frame)
    smallest: Outcome | None = None

    @seed(frame.seed or 0)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.target, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(scenarios(menu, frame, at_once, last_s=last_s))
    def search(scenario: Scenario) -> None:
        nonlocal tried, drawn, first, smallest
        drawn += first is None
        key = repr(scenario.to_dict())
        outcome = known.get(key)
        if outcome is None:
            if first is not None and tried - first[0] >= shrinking_runs:
                raise Enough
            outcome = known[key] = trial(scenario, also=drawing, patience_s=patience_s)
            tried += 1
            vacuous.update(str(verdict.about) for verdict in outcome.verdicts if verdict.vacuous)
            progress(tried, outcome)
            if outcome:
                _draw_near(outcome)
                known[key] = replace(outcome, journal=Journal())  # the record is large, and not needed again
        if not outcome:
            if first is None:
                first = (tried, time.perf_counter() - began)
            smallest = outcome
            raise Broken(outcome.what)

    try:
        with suppress(Broken, Enough):
            search()
        if smallest is not None:
            smallest, more = _plainest(smallest, patience_s)
            tried += more
    except KeyboardInterrupt:
        interrupted = True
    took_s = time.perf_counter() - began
    if first is None or smallest is None:
        return Hunt(None, tried, took_s, vacuous, drawn, interrupted)
    return Hunt(Finding(smallest, first[0], first[1], tried - first[0]), tried, took_s, vacuous, drawn, interrupted)


def _plainest(outcome: Outcome, patience_s: float) -> tuple[Outcome, int]:
    """Leave out every entry and every detail without which it breaks as well, since Hypothesis may give up before; and
    how many runs that took."""
    place = runs = 0
    while place < len(entries := outcome.scenario.entries):
        left = (*entries[:place], *entries[place + 1 :])
        if linked(left) is not None:  # another one follows it
            place += 1
            continue
        fewer = trial(outcome.scenario.of_entries(left), patience_s=patience_s)
        runs += 1
        if fewer:
            place += 1
        else:
            outcome = fewer
    for detail in DETAILS:  # of all at once, for the two feeds of one grid are disturbed alike
        plainer = tuple(replace(fault, **detail) for fault in outcome.scenario.injections)
        if plainer != outcome.scenario.injections:
            plain = trial(replace(outcome.scenario, injections=plainer), patience_s=patience_s)
            runs += 1
            outcome = outcome if plain else plain
    return outcome, runs


def _draw_near(outcome: Outcome) -> None:
    """Give Hypothesis the distance from the edge as a target."""
    for verdict in outcome.verdicts:
        if math.isfinite(verdict.margin):
            target(-verdict.margin, label=f"margin of {verdict.about}"[:200])
    for pattern, direction in TARGETS.items():
        extreme = _extreme(outcome.journal.trace, pattern, direction)
        if extreme is not None:
            target(direction * extreme, label=pattern)


def _targets(frame: Scenario) -> list[str]:
    """The quantities of the site that the search is drawn by."""
    site = fresh(frame.site, frame.seed, tolerances=frame.tolerances)
    return [
        f"{name}.{quantity}"
        for name, component in site.components.items()
        for quantity in component.QUANTITIES
        if any(fnmatchcase(f"{name}.{quantity}", pattern) for pattern in TARGETS)
    ]


def _extreme(trace: Trace, pattern: str, direction: float) -> float | None:
    """The highest (or lowest) value that any quantity of that pattern took."""
    suffix = pattern.removeprefix("*")
    values = [
        float(value)
        for name, points in trace.items()
        if name.endswith(suffix)
        for _, value in points
        if isinstance(value, (int, float))
    ]
    return None if not values else max(values) if direction > 0 else min(values)
