"""The study of a site's availability by its static logic: figures, cut sets, weights, improvements, and a verdict."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.reliability import Grid
from twinfeed.harness.availability.cutsets import CutSets
from twinfeed.harness.availability.failures import MINUTES_A_YEAR
from twinfeed.harness.availability.logic.design import Design, at_full_load, design
from twinfeed.harness.availability.logic.events import Mode, modes
from twinfeed.harness.availability.logic.tops import ALL, ANY
from twinfeed.harness.availability.phases import GRIDS, Phased, Phases, share_out
from twinfeed.harness.availability.rates.categories import Table

TARGET = 0.99982
"""The availability of Tier III in a paper of 2006 (Turner, Seader, Brill): 94.6 min a year. Uptime Institute withdrew
such figures in 2009: it certifies a topology and promises no percentage."""

RESTART_H = 2.0
"""From the return of supply and cooling to services that run again, unless the site file has it, h (judgement)."""

SAMPLES, SEED = 100, 1
"""Samples of the uncertain rates, and the seed of their draw."""

LARGEST = 40
"""Cut sets that are listed in each state of the grid."""


@dataclass(frozen=True)
class Figures:
    """A top event with the interval of its minutes a year over the uncertainty of the data."""

    top: str
    minutes_a_year: float
    """With the middle value of each rate."""
    events_a_year: float
    mean: float | None = None
    low: float | None = None
    """5 % quantile, min a year."""
    high: float | None = None
    """95 % quantile, min a year."""


@dataclass(frozen=True)
class Cut:
    """A minimal cut set: failures that together stop the equipment."""

    failures: tuple[str, ...]
    grid: str
    """there or out."""
    probability: float
    """While the grid is so."""
    minutes_a_year: float
    """Without restarts."""


@dataclass(frozen=True)
class Weight:
    """How much a failure matters to the top event, over all states of the grid.

    Birnbaum is the rise of the unavailability from "never failed" to "always failed"; Fussell-Vesely the share of it
    that goes if the failure never happens; RAW and RRW the factors by which it grows and shrinks.
    """

    failure: str
    category: str
    birnbaum: float
    fussell_vesely: float
    raw: float
    rrw: float


@dataclass(frozen=True)
class Improvement:
    """A category of failures, or all failures of one item, that never happen any more."""

    what: str
    minutes_a_year: float
    """Saved, min a year."""


@dataclass(frozen=True)
class Scenario:
    """The figures under one grid."""

    name: str
    grid: Grid
    phases: Phases
    """The logic behind it."""
    figures: tuple[Figures, ...]
    cuts: tuple[Cut, ...]
    """Of any row, the most costly first."""
    weights: tuple[Weight, ...]
    improvements: tuple[Improvement, ...]

    @property
    def site(self) -> Figures:
        """The figures of any row."""
        return self.figures[0]

    @property
    def verdict(self) -> str:
        """met, not met, or open: the interval of any row lies on one side of the target, or on both."""
        allowed = (1.0 - TARGET) * MINUTES_A_YEAR
        low, high = self.site.low, self.site.high
        assert low is not None and high is not None
        return "met" if high <= allowed else "not met" if low > allowed else "open"


@dataclass(frozen=True)
class Study:
    """All of it."""

    site: str
    start_s: float
    """The time that the site had run when it was at full load, s."""
    design: Design
    table: Table
    scenarios: tuple[Scenario, ...]
    counted: tuple[Mode, ...]
    """Failure modes that are an event of the logic, or share the category of one."""
    left_out: tuple[Mode, ...]
    """Modes that are no event: degradations, people, and those that the logic has no rule for."""


def studied(site: Site, table: Table, grids: Mapping[str, Grid] | None = None, order: int = 2) -> Study:
    """Study a site that has just been loaded. It is run for an hour or more, at full load.

    Raises:
        AvailabilityMissing: OxiDD is not installed.
        TreeError: a category of failures has no data, or a diagram is too large.
    """
    own = site.file.head.reliability
    chosen = grids or ({"site": own.grid} if own.grid is not None else GRIDS)
    restart_h = RESTART_H if own.restart_h is None else own.restart_h
    at_full_load(site)
    of_site, start_s = design(site), site.now
    found, used = [], set[tuple[str, str]]()
    for name, grid in chosen.items():
        phases = Phases(site, of_site, table, grid, restart_h)
        found.append(_scenario(name, phases, table, order))
        for one in (phases.there, phases.gap):
            used |= {(mode.target, mode.category) for mode in one.events.modes.values()}
    known = modes(site)
    counted = tuple(mode for mode in known if _counts(mode, used))
    left_out = tuple(mode for mode in known if not _counts(mode, used))
    return Study(site.name, start_s, of_site, table, tuple(found), counted, left_out)


def _counts(mode: Mode, used: set[tuple[str, str]]) -> bool:
    return (mode.target, mode.category) in used and mode.effect in ("at once", "on demand")


def _scenario(name: str, phases: Phases, table: Table, order: int) -> Scenario:
    figures = []
    of_any = phases.of(ANY)
    rows = {top: phases.of(top) for top in phases.tops if top not in (ANY, ALL)}
    results = {ANY: of_any.result(), ALL: phases.of(ALL).result(), **{top: of.result() for top, of in rows.items()}}
    critical = [top for top in rows if top.endswith(" stops")]
    worst = max(critical, key=lambda top: results[top].minutes_a_year, default="")
    for top, result in results.items():
        figures.append(Figures(top, result.minutes_a_year, result.per_year))
    figures[0] = _with_interval(figures[0], of_any, table)
    figures = [_with_interval(one, rows[worst], table) if one.top == worst else one for one in figures]
    weights = _weights(of_any)
    return Scenario(
        name, phases.grid, phases, tuple(figures), tuple(_cuts(of_any, order)), weights, _improvements(of_any, weights)
    )


def _with_interval(figures: Figures, of: Phased, table: Table) -> Figures:
    minutes = [result.minutes_a_year for result in of.spread(table, SAMPLES, SEED)]
    low, high = minutes[math.floor(0.05 * SAMPLES)], minutes[math.ceil(0.95 * SAMPLES) - 1]
    return replace(figures, mean=statistics.fmean(minutes), low=low, high=high)


def _cuts(of: Phased, order: int) -> list[Cut]:
    share = share_out(of.grid)
    found: dict[tuple[str, frozenset[str]], Cut] = {}
    for grid, phase, weight in (("there", of.there, 1.0 - share), ("out", of.out, share)):
        by_name = dict(zip(phase.diagram.failures, phase.probabilities({}, of.categories), strict=True))
        cuts = [(cut, math.prod(by_name[name] for name in cut)) for cut in CutSets(phase.diagram, order)]
        cuts.sort(key=lambda one: (-one[1], sorted(one[0])))
        for cut, p in cuts[:LARGEST]:
            found[grid, cut] = Cut(tuple(sorted(cut)), grid, p, weight * p * MINUTES_A_YEAR)
    return sorted(found.values(), key=lambda cut: (-cut.minutes_a_year, cut.failures, cut.grid))


def _weights(of: Phased) -> tuple[Weight, ...]:
    share = share_out(of.grid)
    slopes: dict[str, float] = {}
    parts: dict[str, float] = {}
    total = 0.0
    for phase, weight in ((of.there, 1.0 - share), (of.out, share)):
        at = phase.probabilities({}, of.categories)
        total += weight * phase.diagram.probability(at)
        for name, q, slope in zip(phase.diagram.failures, at, phase.diagram.birnbaum(at), strict=True):
            slopes[name] = slopes.get(name, 0.0) + weight * slope
            parts[name] = parts.get(name, 0.0) + weight * slope * q
    found = []
    for name, slope in slopes.items():
        never, always = total - parts[name], total - parts[name] + slope
        rrw = total / never if never > 0.0 else math.inf
        raw = always / total if total > 0.0 else math.inf
        found.append(Weight(name, of.categories[name], slope, parts[name] / total if total else 0.0, raw, rrw))
    return tuple(sorted(found, key=lambda one: (-one.fussell_vesely, one.failure)))


IMPROVEMENTS = 10
"""Improvements that are listed."""

TRIED = 12
"""Categories, and items, of the highest weight that are tried as improvements."""


def _improvements(of: Phased, weights: Sequence[Weight]) -> tuple[Improvement, ...]:
    before = of.result().minutes_a_year
    categories = list(dict.fromkeys(weight.category for weight in weights))[:TRIED]
    found = [
        Improvement(f"no {category} at all", before - of.result({category: 0.0}).minutes_a_year)
        for category in categories
    ]
    for name in dict.fromkeys(weight.failure for weight in weights[: 2 * TRIED]):
        found.append(Improvement(f"never {name}", before - of.result({name: 0.0}).minutes_a_year))
    return tuple(sorted(found, key=lambda one: (-one.minutes_a_year, one.what))[:IMPROVEMENTS])
