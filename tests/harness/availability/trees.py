"""Fault trees that Hypothesis draws, and their figures by trying every combination of failures."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from hypothesis import strategies as st

from twinfeed.harness.availability.failures import OnDemand
from twinfeed.harness.availability.tree import AtLeast, Constant, Formula, Named, Not, Tree


@st.composite
def trees(draw: st.DrawFn, negated: bool = False) -> Tree:
    """A tree of up to 7 failures and 5 gates, each of which may name those before it."""
    failures = [f"e{n}" for n in range(draw(st.integers(1, 7)))]
    gates: dict[str, Formula] = {}
    for n in range(draw(st.integers(1, 5))):
        parts = tuple(
            Named(name)
            for name in draw(st.lists(st.sampled_from([*failures, *gates]), min_size=1, max_size=4, unique=True))
        )
        gate: Formula = AtLeast(draw(st.integers(1, len(parts))), parts)
        if negated and draw(st.booleans()):
            gate = AtLeast(1, (Not(gate), *parts[:1]))
        gates[f"g{n}"] = gate
    probabilities = st.floats(0.01, 0.99)
    return Tree(f"g{len(gates) - 1}", gates, {name: OnDemand(draw(probabilities)) for name in failures})


def holds(tree: Tree, name: str, failed: frozenset[str]) -> bool:
    """True if that gate or failure has happened with exactly these failures."""
    if name in tree.failures:
        return name in failed
    return _true(tree, tree.gates[name], failed)


def _true(tree: Tree, formula: Formula, failed: frozenset[str]) -> bool:
    match formula:
        case Named(name):
            return holds(tree, name, failed)
        case Constant(value):
            return value
        case Not(of):
            return not _true(tree, of, failed)
        case AtLeast(least, of):
            return sum(_true(tree, part, failed) for part in of) >= least


def combinations(tree: Tree) -> Iterator[frozenset[str]]:
    """Every set of failures."""
    for size in range(len(tree.failures) + 1):
        for chosen in itertools.combinations(tree.failures, size):
            yield frozenset(chosen)


def probability(tree: Tree, given: Mapping[str, float] | None = None) -> float:
    """The top event's probability by adding up; `given` replaces the unavailability of some failures."""
    of = {name: failure.unavailability for name, failure in tree.failures.items()} | dict(given or {})
    total = 0.0
    for failed in combinations(tree):
        if holds(tree, tree.top, failed):
            weight = 1.0
            for name, p in of.items():
                weight *= p if name in failed else 1.0 - p
            total += weight
    return total


def minimal(tree: Tree) -> set[frozenset[str]]:
    """The minimal cut sets, by trying."""
    cuts = [failed for failed in combinations(tree) if holds(tree, tree.top, failed)]  # the smaller first
    found: set[frozenset[str]] = set()
    for cut in cuts:
        if not any(smaller <= cut for smaller in found):
            found.add(cut)
    return found
