"""Places of units in rows: blocks side by side, each row as narrow as its contents allow.

A block is a part of the drawing with its own x axis. It knows what it covers in each row, so that two blocks are moved
together until the first row touches: a narrow trunk leaves room beside it, whatever hangs far below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

GAP_PX = 8.0
"""Least distance of two boxes in a row, px."""

Span = tuple[float, float]


@dataclass
class Block:
    """Units with the x of their centres, and the width that they cover in each row."""

    centres: dict[str, float] = field(default_factory=dict)
    covers: dict[int, Span] = field(default_factory=dict)
    """Left and right edge in each row, px."""
    widths: dict[str, float] = field(default_factory=dict)
    """The width of each unit, px."""

    def add(self, unit: str, row: int, centre: float, width: float) -> None:
        """Put a unit into it."""
        self.centres[unit], self.widths[unit] = centre, width
        self.cover(row, centre - width / 2, centre + width / 2)

    def cover(self, row: int, left: float, right: float) -> None:
        before = self.covers.get(row, (left, right))
        self.covers[row] = min(left, before[0]), max(right, before[1])

    def take(self, other: Block, shift: float) -> None:
        """Put another block into this one, moved by `shift` px."""
        for unit, centre in other.centres.items():
            self.centres[unit] = centre + shift
        self.widths.update(other.widths)
        for row, (left, right) in other.covers.items():
            self.cover(row, left + shift, right + shift)

    def shift_beside(self, other: Block) -> float:
        """The way that `other` must be moved to stand on the right of this block, px."""
        shared = [self.covers[row][1] + GAP_PX - other.covers[row][0] for row in other.covers if row in self.covers]
        if shared:
            return max(shared)
        return max((right for _, right in self.covers.values()), default=0.0) - min(
            (left for left, _ in other.covers.values()), default=0.0
        )

    @property
    def left(self) -> float:
        return min((left for left, _ in self.covers.values()), default=0.0)

    @property
    def right(self) -> float:
        return max((right for _, right in self.covers.values()), default=0.0)


def beside(blocks: Sequence[Block]) -> Block:
    """Blocks side by side, in this order."""
    row = Block()
    for block in blocks:
        row.take(block, row.shift_beside(block) if row.covers else 0.0)
    return row


def spread(order: Sequence[str], ideal: Mapping[str, float], widths: Mapping[str, float]) -> dict[str, float]:
    """Centres of the units of one row in this order, none over another, each near its ideal place, px.

    Neighbours that want the same place form a group, which stands where its members are nearest to theirs on average.
    """
    groups: list[tuple[list[str], float, float]] = []  # members, left edge, width
    for unit in order:
        members, width = [unit], widths[unit]
        left = ideal[unit] - width / 2
        while groups and groups[-1][1] + groups[-1][2] + GAP_PX > left:
            before, before_left, before_width = groups.pop()
            left = (len(before) * before_left + len(members) * (left - before_width - GAP_PX)) / (
                len(before) + len(members)
            )
            members, width = before + members, before_width + GAP_PX + width
        groups.append((members, left, width))
    centres: dict[str, float] = {}
    for members, left, _ in groups:
        for unit in members:
            centres[unit] = left + widths[unit] / 2
            left += widths[unit] + GAP_PX
    return centres


def free_place(ideal: float, width: float, taken: Sequence[Span]) -> float:
    """The centre nearest to `ideal` at which a box of that width overlaps none of the spans of its row, px."""
    edges = sorted((left - GAP_PX, right + GAP_PX) for left, right in taken)
    merged: list[Span] = []
    for left, right in edges:
        if merged and left < merged[-1][1]:
            merged[-1] = merged[-1][0], max(right, merged[-1][1])
        else:
            merged.append((left, right))
    bounds = [float("-inf"), *(edge for span in merged for edge in span), float("inf")]
    places = [
        min(max(ideal, left + width / 2), right - width / 2)
        for left, right in list(pairwise(bounds))[::2]
        if right - left >= width
    ]
    return min(places, key=lambda place: (abs(place - ideal), place))
