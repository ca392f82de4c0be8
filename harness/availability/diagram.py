"""A fault tree as a binary decision diagram, and what can be read off one exactly.

OxiDD (extra `availability`) builds the diagram; it is then kept as plain tuples, in which a probability takes one pass.
The passes are those of Rauzy, "New algorithms for fault trees analysis", Reliability Engineering and System Safety 40
(1993), and of Dutuit and Rauzy, "Efficient algorithms to assess component and gate importance", ibid. 72 (2001).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from twinfeed.harness.availability.errors import AvailabilityMissing, TreeError
from twinfeed.harness.availability.tree import AtLeast, Constant, Formula, Named, Not, Tree, names

if TYPE_CHECKING:
    from oxidd.bdd import BDDFunction, BDDManager

NODES = 1 << 22
"""Nodes that a diagram may have while it is built: about 130 MB."""

NEVER, ALWAYS = 0, 1
"""The places of the two ends of a diagram."""


class Node(NamedTuple):
    """A question: has that failure happened? Places of the nodes to go on with."""

    failure: int
    """Its place in `Diagram.failures`."""
    if_true: int
    if_false: int


@dataclass(frozen=True)
class Diagram:
    """Nodes, each after those it goes on with; the two ends come first, the top is the last (or an end)."""

    failures: tuple[str, ...]
    """In the order in which the diagram asks for them."""
    nodes: tuple[Node, ...]
    """From place 2 on."""
    top: int
    coherent: bool
    """True if the tree has no "not": more failures never mend anything."""

    def probability(self, of: Sequence[float]) -> float:
        """The probability of the top event; `of` has those of the failures, in their order."""
        return self._values(of)[self.top]

    def _values(self, of: Sequence[float]) -> list[float]:
        values = [0.0, 1.0]
        for failure, if_true, if_false in self.nodes:
            p = of[failure]
            values.append(p * values[if_true] + (1.0 - p) * values[if_false])
        return values

    def birnbaum(self, of: Sequence[float]) -> list[float]:
        """For each failure the derivative of the top event's probability after its own: how much more probable the top
        event is with it than without it."""
        values = self._values(of)
        reached = [0.0] * len(values)
        reached[self.top] = 1.0
        slopes = [0.0] * len(self.failures)
        for place in range(len(values) - 1, 1, -1):
            (failure, if_true, if_false), weight = self.nodes[place - 2], reached[place]
            p = of[failure]
            slopes[failure] += weight * (values[if_true] - values[if_false])
            reached[if_true] += weight * p
            reached[if_false] += weight * (1.0 - p)
        return slopes


def diagram(tree: Tree) -> Diagram:
    """The diagram of a tree. The failures are asked for in the order in which the tree names them, depth first.

    Raises:
        AvailabilityMissing: OxiDD is not installed.
        TreeError: the diagram is too large.
    """
    try:
        from oxidd.bdd import BDDManager
    except ImportError:
        raise AvailabilityMissing from None
    failures = _by_depth(tree)
    manager = BDDManager(NODES, NODES // 4, 1)
    manager.add_vars(len(failures))
    known: dict[str, BDDFunction] = {name: manager.var(place) for place, name in enumerate(failures)}
    try:
        for gate in tree.order():
            known[gate] = _function(tree.gates[gate], known, manager)
    except MemoryError:
        raise TreeError(f"the diagram of {tree.top!r} has more than {NODES} nodes; give a smaller top event") from None
    nodes, top = _flattened(known[tree.top])
    coherent = not any(_negates(tree.gates[gate]) for gate in tree.order())
    return Diagram(failures, nodes, top, coherent)


def _by_depth(tree: Tree) -> tuple[str, ...]:
    found: dict[str, None] = {}
    seen: set[str] = set()
    pending = [tree.top]
    while pending:
        name = pending.pop()
        if name in tree.failures:
            found.setdefault(name)
        elif name not in seen:
            seen.add(name)
            pending.extend(reversed(list(names(tree.gates[name]))))
    return tuple(found)


def _function(formula: Formula, known: Mapping[str, BDDFunction], manager: BDDManager) -> BDDFunction:
    if isinstance(formula, Named):
        return known[formula.name]
    if isinstance(formula, Constant):
        return manager.true() if formula.value else manager.false()
    if isinstance(formula, Not):
        return ~_function(formula.of, known, manager)
    return _at_least(formula, known, manager)


def _at_least(formula: AtLeast, known: Mapping[str, BDDFunction], manager: BDDManager) -> BDDFunction:
    # counts[n]: at least n of the formulas so far are true.
    counts = [manager.true(), *[manager.false()] * max(0, formula.least)]
    for part in formula.of:
        here = _function(part, known, manager)
        for n in range(len(counts) - 1, 0, -1):
            counts[n] |= counts[n - 1] & here
    return counts[max(0, formula.least)]


def _flattened(top: BDDFunction) -> tuple[tuple[Node, ...], int]:
    nodes: list[Node] = []
    places: dict[BDDFunction, int] = {}

    def end(function: BDDFunction) -> int | None:
        if function in places:
            return places[function]
        if function.cofactors() is None:
            places[function] = ALWAYS if function.valid() else NEVER
            return places[function]
        return None

    pending = [top]
    while pending:
        function = pending[-1]
        if end(function) is not None:
            pending.pop()
            continue
        branches = function.cofactors()
        assert branches is not None
        missing = [branch for branch in branches if end(branch) is None]
        if missing:
            pending.extend(missing)
            continue
        pending.pop()
        failure = function.node_var()
        assert failure is not None
        places[function] = len(nodes) + 2
        nodes.append(Node(failure, places[branches[0]], places[branches[1]]))
    return tuple(nodes), places[top]


def _negates(formula: Formula) -> bool:
    if isinstance(formula, AtLeast):
        return any(_negates(part) for part in formula.of)
    return isinstance(formula, Not)
