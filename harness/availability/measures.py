"""Figures of a top event: probability, frequency, minutes a year, and how much each failure matters."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from twinfeed.harness.availability.cutsets import CutSets
from twinfeed.harness.availability.diagram import Diagram, diagram
from twinfeed.harness.availability.failures import MINUTES_A_YEAR
from twinfeed.harness.availability.tree import Tree

Z_95 = 1.6448536269514722
"""The 95 % quantile of the normal distribution: an error factor is the ratio of the 95 % quantile to the median."""


@dataclass(frozen=True, slots=True)
class Importance:
    """How much one failure matters to the top event (Vesely and others, NUREG/CR-3385, 1983).

    A figure is infinite where its divisor is 0: nothing else then leads to the top event.
    """

    failure: str
    unavailability: float
    birnbaum: float
    """The rise of the top event's probability from "never failed" to "always failed"."""
    fussell_vesely: float
    """The share of the top event's probability that goes if this failure never happens."""
    achievement: float
    """Risk achievement worth: the factor by which the probability grows if it has always failed."""
    reduction: float
    """Risk reduction worth: the factor by which the probability shrinks if it never fails."""


@dataclass(frozen=True)
class Figures:
    """A tree quantified with the middle value of each failure."""

    tree: Tree
    diagram: Diagram
    unavailability: float
    """The probability of the top event."""
    per_year: float | None
    """Occurrences of the top event a year; None for a tree with a "not"."""

    @property
    def minutes_a_year(self) -> float:
        """The expected time of the top event, min a year."""
        return self.unavailability * MINUTES_A_YEAR

    def importances(self) -> list[Importance]:
        """For each failure, the most valuable mend first (by `fussell_vesely`)."""
        of = probabilities(self.tree, self.diagram)
        top = self.unavailability
        found = []
        for name, q, slope in zip(self.diagram.failures, of, self.diagram.birnbaum(of), strict=True):
            never, always = top - q * slope, top + (1.0 - q) * slope
            found.append(
                Importance(
                    name,
                    q,
                    slope,
                    _ratio(q * slope, top, 0.0),
                    _ratio(always, top, math.inf),
                    _ratio(top, never, math.inf),
                )
            )
        return sorted(found, key=lambda one: (-one.fussell_vesely, one.failure))

    def cut_sets(self, order: int) -> list[tuple[frozenset[str], float]]:
        """The minimal cut sets of at most `order` failures with their probabilities, the most probable first.

        Raises:
            TreeError: the tree has a "not".
        """
        of = dict(zip(self.diagram.failures, probabilities(self.tree, self.diagram), strict=True))
        found = [(cut, math.prod(of[name] for name in cut)) for cut in CutSets(self.diagram, order)]
        return sorted(found, key=lambda one: (-one[1], len(one[0]), sorted(one[0])))


def figures(tree: Tree) -> Figures:
    """Quantify a tree.

    Raises:
        AvailabilityMissing: OxiDD is not installed.
        TreeError: the diagram is too large.
    """
    built = diagram(tree)
    of = probabilities(tree, built)
    return Figures(tree, built, built.probability(of), frequency(tree, built, of) if built.coherent else None)


def probabilities(tree: Tree, built: Diagram) -> list[float]:
    """The unavailability of each failure, in the diagram's order."""
    return [tree.failures[name].unavailability for name in built.failures]


def frequency(tree: Tree, built: Diagram, of: Sequence[float]) -> float:
    """Occurrences of the top event a year: each failure's own frequency, weighed with the probability that it is the
    last one needed (its Birnbaum importance; Vesely 1970)."""
    own = (tree.failures[name].frequency_per_year for name in built.failures)
    return math.fsum(slope * per_year for slope, per_year in zip(built.birnbaum(of), own, strict=True))


def spread(tree: Tree, built: Diagram, factors: dict[str, float], samples: int, seed: int) -> list[float]:
    """The top event's probability, sorted, with each failure's rate drawn from a lognormal distribution.

    `factors` has the error factor of each group of failures that are drawn together, by failure: its rate is the
    median, the 95 % quantile is the factor times it. Failures that are not named keep their rates.
    """
    rng = random.Random(seed)
    found = []
    for _ in range(samples):
        of = []
        for name in built.failures:
            failure, factor = tree.failures[name], factors.get(name, 1.0)
            if factor > 1.0:
                failure = failure.scaled(math.exp(rng.gauss(0.0, math.log(factor) / Z_95)))
            of.append(failure.unavailability)
        found.append(built.probability(of))
    return sorted(found)


def _ratio(numerator: float, divisor: float, otherwise: float) -> float:
    return numerator / divisor if divisor > 0.0 else otherwise
