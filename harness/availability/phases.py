"""Availability over the states of the grid: there, and out for some hours so many times a month.

With the share s of the year in outage and N outages a year:

- unavailability = (1 - s) U(there) + s U(out). In an outage an engine fails at a time that is as probable as any other,
  and stays failed to its end.
- events a year = (1 - s) f(there) + s f(out) + N (P(out) - U(there)). P(out) is the probability that equipment stops at
  some time of an outage: batteries have to carry the start, machines have to start and then to run to its end. f counts
  failures that happen at any time, each weighed with its Birnbaum importance.
- each event costs the restart of the IT as well.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.reliability import FailureData, Grid
from twinfeed.harness.availability.diagram import Diagram, diagram
from twinfeed.harness.availability.failures import HOURS_A_YEAR, MINUTES_A_YEAR, Failure, Hidden, Repaired
from twinfeed.harness.availability.logic.design import Design
from twinfeed.harness.availability.logic.tops import Logic, logic
from twinfeed.harness.availability.measures import Z_95
from twinfeed.harness.availability.rates.categories import Table

MONTHS = 12.0

GRIDS: Mapping[str, Grid] = {
    "mild": Grid(
        outages_a_month=4.2,
        hours=2.5,
        source="World Bank Enterprise Survey, Mali 2016, for the number; 2 to 3 h are of press reports of 2022",
    ),
    "regional": Grid(
        outages_a_month=10.7,
        hours=6.6,
        source="World Bank Enterprise Surveys 2012, mean of Sub-Saharan Africa",
    ),
    "crisis": Grid(
        outages_a_month=30.0,
        hours=12.0,
        source="EDM's plan of early 2024: 12 h of supply a day and zone (press)",
    ),
}
"""Published scenarios of the grid of Mali. The length of outages there is not published."""


def share_out(grid: Grid) -> float:
    """The share of the year in which that grid is out."""
    return min(1.0, grid.outages_a_month * MONTHS * grid.hours / HOURS_A_YEAR)


@dataclass(frozen=True)
class Result:
    """The figures of a top event."""

    unavailability: float
    per_year: float
    """Events a year."""
    restart_h: float

    @property
    def minutes_a_year(self) -> float:
        """Time without service, with the restarts, min a year."""
        return self.unavailability * MINUTES_A_YEAR + self.per_year * self.restart_h * 60.0

    @property
    def availability(self) -> float:
        """The share of the year with service."""
        return 1.0 - self.minutes_a_year / MINUTES_A_YEAR


@dataclass(frozen=True)
class Phase:
    """One state of the grid: its diagram of a top event, and the failures in it."""

    diagram: Diagram
    failures: Mapping[str, Failure]

    def probabilities(self, factors: Mapping[str, float], categories: Mapping[str, str]) -> list[float]:
        """Of each failure in the diagram's order, its rate times the factor of its category, or of itself."""
        return [self._scaled(name, factors, categories).unavailability for name in self.diagram.failures]

    def to_the_end(self, factors: Mapping[str, float], categories: Mapping[str, str], running: set[str]) -> list[float]:
        """As `probabilities`, with the probability that an engine fails before the end of the outage."""
        found = []
        for name in self.diagram.failures:
            failure = self._scaled(name, factors, categories)
            ends = isinstance(failure, Hidden) and categories[name] in running
            found.append(_before_end(failure) if ends and isinstance(failure, Hidden) else failure.unavailability)
        return found

    def frequency(self, of: Sequence[float], factors: Mapping[str, float], categories: Mapping[str, str]) -> float:
        """Occurrences a year by failures that happen at any time and show at once."""
        total = 0.0
        for name, slope in zip(self.diagram.failures, self.diagram.birnbaum(of), strict=True):
            failure = self._scaled(name, factors, categories)
            if isinstance(failure, Repaired):
                total += slope * failure.frequency_per_year
        return total

    def _scaled(self, name: str, factors: Mapping[str, float], categories: Mapping[str, str]) -> Failure:
        factor = factors.get(name, factors.get(categories[name], 1.0))
        return self.failures[name] if factor == 1.0 else self.failures[name].scaled(factor)


def _before_end(failure: Hidden) -> float:
    return -math.expm1(-failure.per_year * failure.test_interval_h / HOURS_A_YEAR)


@dataclass(frozen=True)
class Phased:
    """A top event over the states of the grid, ready to be quantified again and again."""

    there: Phase
    out: Phase
    gap: Phase
    grid: Grid
    restart_h: float
    categories: Mapping[str, str]
    """The category of each failure."""
    running: frozenset[str]
    """Categories whose rate is one of running."""

    def result(self, factors: Mapping[str, float] | None = None) -> Result:
        """The figures; `factors` multiply the rates of categories or of single failures."""
        given, known, share = factors or {}, self.categories, share_out(self.grid)
        there = self.there.probabilities(given, known)
        out = self.out.probabilities(given, known)
        end = self.gap.to_the_end(given, known, set(self.running))
        u_there, u_out = self.there.diagram.probability(there), self.out.diagram.probability(out)
        starts = max(0.0, self.gap.diagram.probability(end) - u_there)
        per_year = (
            (1.0 - share) * self.there.frequency(there, given, known)
            + share * self.out.frequency(out, given, known)
            + MONTHS * self.grid.outages_a_month * starts
        )
        return Result((1.0 - share) * u_there + share * u_out, per_year, self.restart_h)

    def spread(self, data: Mapping[str, FailureData], samples: int, seed: int) -> list[Result]:
        """The figures with the rate of each category drawn from its lognormal distribution, by minutes a year.

        All equipment of a category has the same rate, which nobody knows exactly: it is drawn once for all of it.
        """
        rng = random.Random(seed)
        known = sorted(set(self.categories.values()))
        found = []
        for _ in range(samples):
            factors = {name: math.exp(rng.gauss(0.0, math.log(data[name].error_factor) / Z_95)) for name in known}
            found.append(self.result(factors))
        return sorted(found, key=lambda result: result.minutes_a_year)


class Phases:
    """The static logic of a site in each state of the grid."""

    def __init__(self, site: Site, design: Design, table: Table, grid: Grid, restart_h: float) -> None:
        """
        Raises:
            TreeError: a category of failures has no data.
        """
        self.grid, self.restart_h = grid, restart_h
        self.there = logic(site, design, table, grid.hours)
        self.out = logic(site, design, table, grid.hours, outage=True)
        self.gap = logic(site, design, table, grid.hours, outage=True, gap=True)
        self._running = frozenset(name for name, data in table.items() if data.running)

    @property
    def tops(self) -> tuple[str, ...]:
        """The top events."""
        return self.there.tops

    def of(self, top: str) -> Phased:
        """A top event over the states of the grid.

        Raises:
            AvailabilityMissing: OxiDD is not installed.
            TreeError: a diagram is too large.
        """
        categories: dict[str, str] = {}
        for one in (self.there, self.out, self.gap):
            categories |= one.events.categories
        there, out, gap = (_phase(one, top) for one in (self.there, self.out, self.gap))
        return Phased(there, out, gap, self.grid, self.restart_h, categories, self._running)


def _phase(of: Logic, top: str) -> Phase:
    return Phase(diagram(of.tree(top)), of.events.failures)
