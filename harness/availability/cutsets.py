"""Minimal cut sets: the smallest sets of failures that by themselves cause the top event.

Sets of sets are kept as zero-suppressed diagrams, so that thousands cost little. The algorithm is that of Rauzy, "New
algorithms for fault trees analysis", Reliability Engineering and System Safety 40 (1993), section 4.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from twinfeed.harness.availability.diagram import ALWAYS, NEVER, Diagram
from twinfeed.harness.availability.errors import TreeError

Family = int
"""The place of a set of sets in `_Families`."""

NONE: Family = 0
"""No set."""
EMPTY: Family = 1
"""The set that has no failure, alone."""


class CutSets:
    """The minimal cut sets of a diagram with at most `order` failures each.

    Raises:
        TreeError: the tree has a "not", so that a cut set is not defined.
    """

    def __init__(self, diagram: Diagram, order: int) -> None:
        if not diagram.coherent:
            raise TreeError('the tree has a "not": its probability is exact, but minimal cut sets are not defined')
        self._failures = diagram.failures
        self._families = _Families()
        with _recursing(len(diagram.failures)):
            self._top = _minimal(diagram, order, self._families)

    def __len__(self) -> int:
        return self._families.count(self._top)

    def __iter__(self) -> Iterator[frozenset[str]]:
        """Each set once, in no promised order."""
        for places in self._families.sets(self._top):
            yield frozenset(self._failures[place] for place in places)


class _Families:
    """Sets of sets of failures, each kept once: sets with a first failure, and sets without it."""

    def __init__(self) -> None:
        # The ends have a failure behind all others, so that they are asked last.
        self._nodes: list[tuple[int, Family, Family]] = [(1 << 60, NONE, NONE), (1 << 60, EMPTY, EMPTY)]
        self._places: dict[tuple[int, Family, Family], Family] = {}
        self._without: dict[tuple[Family, Family], Family] = {}

    def node(self, failure: int, having: Family, lacking: Family) -> Family:
        """The sets of `having` with the failure added, and those of `lacking`."""
        if having == NONE:
            return lacking
        key = (failure, having, lacking)
        if key not in self._places:
            self._places[key] = len(self._nodes)
            self._nodes.append(key)
        return self._places[key]

    def without(self, these: Family, those: Family) -> Family:
        """The sets of `these` that contain no set of `those`."""
        if these == NONE or those == NONE:
            return these
        if those == EMPTY:
            return NONE
        key = (these, those)
        if key not in self._without:
            (x, having, lacking), (y, other_having, other_lacking) = self._nodes[these], self._nodes[those]
            if x < y:
                found = self.node(x, self.without(having, those), self.without(lacking, those))
            elif x > y:
                found = self.without(these, other_lacking)
            else:
                smaller = self.without(self.without(having, other_having), other_lacking)
                found = self.node(x, smaller, self.without(lacking, other_lacking))
            self._without[key] = found
        return self._without[key]

    def count(self, family: Family) -> int:
        """The number of sets."""
        counts = {NONE: 0, EMPTY: 1}
        for place in range(2, family + 1):  # those that a family refers to come before it
            _, having, lacking = self._nodes[place]
            counts[place] = counts[having] + counts[lacking]
        return counts[family]

    def sets(self, family: Family) -> Iterator[tuple[int, ...]]:
        """The sets, as places of failures."""
        pending: list[tuple[Family, tuple[int, ...]]] = [(family, ())]
        while pending:
            place, chosen = pending.pop()
            if place == EMPTY:
                yield chosen
            elif place != NONE:
                failure, having, lacking = self._nodes[place]
                pending.append((lacking, chosen))
                pending.append((having, (*chosen, failure)))


@contextmanager
def _recursing(failures: int) -> Iterator[None]:
    """Allow `_Families.without` its depth: two calls for each failure at most."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(usual + 2 * failures)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def _minimal(diagram: Diagram, order: int, families: _Families) -> Family:
    """Orders are done one after the other, from the ends of the diagram upwards: sets of at most n failures below a
    node come from those of n below its one branch, and of n - 1 below the other."""
    before: list[Family] = []
    for n in range(order + 1):
        found = [NONE, EMPTY]
        for node in diagram.nodes:
            lacking = found[node.if_false]
            having = before[node.if_true] if n > 0 else NONE
            found.append(families.node(node.failure, families.without(having, lacking), lacking))
        before = found
    assert (NEVER, ALWAYS) == (NONE, EMPTY)
    return before[diagram.top] if before else NONE
