"""Nodal analysis: the voltages of a linear network from its admittances, by elimination in the order of least fill."""

from __future__ import annotations

from collections.abc import Mapping


class Nodal:
    """A network of complex admittances (siemens) between named nodes and to earth.

    A radial network of n nodes takes on the order of n operations, since each end of a branch is eliminated alone.
    """

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, complex]] = {}
        self._steps: list[tuple[str, complex, list[tuple[str, complex]]]] | None = None

    def link(self, a: str, b: str, ohm: complex) -> None:
        """Join two nodes by an impedance, ohm."""
        y = 1.0 / ohm
        one, other = self._row(a), self._row(b)
        one[a] += y
        other[b] += y
        one[b] = one.get(b, 0j) - y
        other[a] = other.get(a, 0j) - y

    def ground(self, node: str, ohm: complex) -> None:
        """Join a node to earth, the node of all sources at rest, by an impedance, ohm."""
        self._row(node)[node] += 1.0 / ohm

    def solve(self, currents: Mapping[str, complex]) -> dict[str, complex]:
        """The voltage of every node, V, when these currents (A) are fed into nodes.

        Every part of the network must be grounded somewhere.
        """
        if self._steps is None:
            self._steps = self._eliminated()
        right = dict.fromkeys(self._rows, 0j)
        right.update(currents)
        for node, pivot, others in self._steps:
            share = right[node] / pivot
            for other, y in others:
                right[other] -= y * share
        volts: dict[str, complex] = {}
        for node, pivot, others in reversed(self._steps):
            volts[node] = (right[node] - sum(y * volts[other] for other, y in others)) / pivot
        return volts

    def _row(self, node: str) -> dict[str, complex]:
        self._steps = None
        return self._rows.setdefault(node, {node: 0j})

    def _eliminated(self) -> list[tuple[str, complex, list[tuple[str, complex]]]]:
        rows = {node: dict(row) for node, row in self._rows.items()}
        steps = []
        waiting = {node: len(row) for node, row in rows.items()}
        while waiting:
            node = min(waiting, key=waiting.__getitem__)
            del waiting[node]
            row = rows.pop(node)
            pivot = row.pop(node)
            others = list(row.items())
            for other, y in others:
                target = rows[other]
                del target[node]
                factor = y / pivot
                for third, z in others:
                    target[third] = target.get(third, 0j) - factor * z
                waiting[other] = len(target)
            steps.append((node, pivot, others))
        return steps
