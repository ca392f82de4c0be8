"""Folding: neighbours that are alike become one strip of cells.

Components fold if they have the same kind, the same name up to digits, and the same feeders, where feeders that are
themselves folded together count as the same. Twenty-four feeders of rows, their PDUs and the rows are three strips.
Nothing is hidden: each component stays a cell of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, sqrt
from typing import NamedTuple

LEAST = {0: 7, 1: 4, 2: 4}
"""The smallest number of neighbours that fold, by their level of detail: what matters most stays single longer."""

CHAR_PX = 6.4
"""Width of a character of a label, px: a sans-serif font of 10.5 px, on the wide side."""

TILE_PX = (56.0, 46.0)
"""Least width, and height of a single component: symbol, name, value."""

BAR_PX = (118.0, 22.0)
"""Least width, and height of a bar with its name and value above it."""

CELL_PX = (14.0, 18.0)
"""Width and height of a cell."""

ASPECT = 4.0
"""Columns of a large strip for each of its lines."""

HEADING_PX = 13.0
"""Height of the name of a strip."""


@dataclass(frozen=True)
class Part:
    """A component, or a device, that is to be drawn."""

    id: str
    kind: str
    level: int
    bar: bool = False
    alone: bool = False
    """True if it never folds."""
    group: str = ""
    """Parts of the same group fold whatever their kind, name and number."""


class Edge(NamedTuple):
    """A connection of two parts."""

    id: str
    source: str
    target: str
    terminal: str
    alternate: bool = False


@dataclass(frozen=True)
class Unit:
    """One box of the drawing: a part or a strip of parts."""

    id: str
    label: str
    parts: tuple[Part, ...]
    columns: int = 1

    @property
    def kind(self) -> str:
        return self.parts[0].kind

    @property
    def level(self) -> int:
        return self.parts[0].level

    @property
    def bar(self) -> bool:
        return self.parts[0].bar and not self.strip

    @property
    def strip(self) -> bool:
        return len(self.parts) > 1 or bool(self.parts[0].group)

    @property
    def lines(self) -> int:
        """Lines of cells of a strip."""
        return ceil(len(self.parts) / self.columns)

    @property
    def width(self) -> float:
        """Least width, px."""
        label = CHAR_PX * len(self.label) + 8.0
        if self.strip:
            return max(self.columns * CELL_PX[0] + 4.0, label)
        return max(BAR_PX[0], label + 60.0) if self.bar else max(TILE_PX[0], label)

    @property
    def height(self) -> float:
        """Height, px."""
        if self.strip:
            return HEADING_PX + self.lines * CELL_PX[1] + 2.0
        return (BAR_PX if self.bar else TILE_PX)[1]


@dataclass
class Graph:
    """Units with the edges of their parts."""

    units: dict[str, Unit] = field(default_factory=dict)
    unit_of: dict[str, str] = field(default_factory=dict)
    """The unit of each part."""
    edges: list[Edge] = field(default_factory=list)

    def feeders(self) -> dict[str, list[str]]:
        """The units that feed each unit, the normal feed first."""
        found: dict[str, dict[str, None]] = {unit: {} for unit in self.units}
        for edge in self.edges:
            found[self.unit_of[edge.target]].setdefault(self.unit_of[edge.source])
        return {unit: [other for other in others if other != unit] for unit, others in found.items()}

    def consumers(self) -> dict[str, list[str]]:
        """The units that each unit feeds."""
        found: dict[str, dict[str, None]] = {unit: {} for unit in self.units}
        for edge in self.edges:
            found[self.unit_of[edge.source]].setdefault(self.unit_of[edge.target])
        return {unit: [other for other in others if other != unit] for unit, others in found.items()}


def folded(parts: Sequence[Part], edges: Sequence[Edge], single: Iterable[str] = ()) -> Graph:
    """The units of these parts, each after those that feed it. The order of `parts` is kept among equals.

    Args:
        single: ids of parts that stay single, whatever their neighbours.
    """
    known = {part.id: part for part in parts}
    incoming: dict[str, list[Edge]] = {part.id: [] for part in parts}
    for edge in edges:
        incoming[edge.target].append(edge)
    kept = frozenset(single)
    unit_of: dict[str, str] = {}
    graph = Graph(edges=list(edges))
    for wave in _waves(known, incoming):
        alike: dict[tuple[object, ...], list[Part]] = {}
        for id in wave:
            part = known[id]
            feeds = tuple((e.terminal, unit_of.get(e.source, e.source)) for e in incoming[id])
            alike.setdefault(_likeness(part, feeds, kept), []).append(part)
        for members in alike.values():
            for unit in _units(members):
                graph.units[unit.id] = unit
                unit_of.update({part.id: unit.id for part in unit.parts})
    graph.unit_of = unit_of
    return graph


def _waves(known: Mapping[str, Part], incoming: Mapping[str, Sequence[Edge]]) -> list[list[str]]:
    """Parts by the longest way from a source; what lies on a circle comes last."""
    left, done, waves = dict.fromkeys(known), set[str](), []
    while left:
        wave = [id for id in left if all(edge.source in done for edge in incoming[id])] or list(left)
        waves.append(wave)
        done.update(wave)
        for id in wave:
            del left[id]
    return waves


def _likeness(part: Part, feeds: tuple[tuple[str, str], ...], kept: frozenset[str]) -> tuple[object, ...]:
    if part.alone or part.id in kept:
        return (part.id,)
    if part.group:
        return ("group", part.group, feeds)
    return (part.kind, re.sub(r"\d+", "#", part.id), feeds)


def _units(members: list[Part]) -> list[Unit]:
    first = members[0]
    if first.group or len(members) >= LEAST[first.level]:
        id = first.group or f"strip:{first.id}"
        label = first.group or _range(members)
        columns = min(len(members), max(12, ceil(sqrt(ASPECT * len(members)))))
        columns = ceil(len(members) / ceil(len(members) / columns))
        return [Unit(id, label, tuple(members), columns)]
    return [Unit(part.id, part.id, (part,)) for part in members]


def _numbers(members: Sequence[Part]) -> dict[int, list[int]]:
    """The numbers in their names that differ: which one in each name, and its values."""
    found = [[int(n) for n in re.findall(r"\d+", part.id.partition("/")[0])] for part in members]
    columns = {n: [numbers[n] for numbers in found] for n in range(min(map(len, found)))}
    return {n: values for n, values in columns.items() if len(set(values)) > 1}


def _range(members: Sequence[Part]) -> str:
    """The name of a strip: that of its first member with a range in the place of each number that differs."""
    pieces = re.split(r"(\d+)", members[0].id)
    for n, values in _numbers(members).items():
        pieces[2 * n + 1] = f"{min(values)}…{max(values)}"
    return "".join(pieces)


def differences(members: Sequence[Part]) -> list[str]:
    """The text in each cell of a strip: the last number in which the names differ."""
    differing = list(_numbers(members).values())
    return [str(value) for value in differing[-1]] if differing else [""] * len(members)
