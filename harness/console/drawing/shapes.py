"""The result of a drawing: boxes and wires with coordinates.

Coordinates are pixels at scale 1, x to the right, y downwards. A page scales the whole drawing to its window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

TOUCHING_PX = 0.01
"""Edges nearer than this touch, px: sums of floats are not exact."""


class Box(NamedTuple):
    """A rectangle: its left upper corner, width and height, px."""

    x: float
    y: float
    w: float
    h: float

    @property
    def centre_x(self) -> float:
        return self.x + self.w / 2

    @property
    def bottom(self) -> float:
        return self.y + self.h

    def overlaps(self, other: Box) -> bool:
        """True if both cover a common area; edges that touch, within `TOUCHING_PX`, do not overlap."""
        return (
            self.x + TOUCHING_PX < other.x + other.w
            and other.x + TOUCHING_PX < self.x + self.w
            and self.y + TOUCHING_PX < other.y + other.h
            and other.y + TOUCHING_PX < self.y + self.h
        )

    def to_dict(self) -> dict[str, float]:
        return {"x": round(self.x, 1), "y": round(self.y, 1), "w": round(self.w, 1), "h": round(self.h, 1)}


@dataclass(frozen=True)
class Cell:
    """One member of a strip."""

    id: str
    label: str
    """The part of its name in which it differs from its neighbours."""
    box: Box

    def to_dict(self) -> dict[str, Any]:
        return {"id": self.id, "label": self.label, **self.box.to_dict()}


@dataclass(frozen=True)
class Node:
    """One box: a component, or a strip of components that are drawn as cells side by side."""

    id: str
    """The id of the component; `strip:…` for a strip, whose cells have the ids of their components."""
    kind: str
    label: str
    box: Box
    text: Box
    """The room of its label, inside the box."""
    level: int
    """Level of detail from which its texts are shown: 0 from afar, 1 nearer, 2 close."""
    cells: tuple[Cell, ...] = ()
    bar: bool = False
    """True for a board, a water header or a room: a bar over what it feeds."""

    def components(self) -> tuple[str, ...]:
        """The ids of the components in this box."""
        return tuple(cell.id for cell in self.cells) or (self.id,)

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "label": self.label,
            **self.box.to_dict(),
            "text": self.text.to_dict(),
            "symbol": "bar" if self.bar else self.kind,
            "level": self.level,
            "strip": {"members": [cell.to_dict() for cell in self.cells]} if self.cells else None,
        }


@dataclass(frozen=True)
class Wire:
    """One connection, from what feeds to what is fed."""

    id: str
    source: str
    target: str
    terminal: str
    points: tuple[tuple[float, float], ...]
    """Corners of the line, px."""
    alternate: bool
    """True if it carries nothing while all is well (drawn dashed)."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "from": self.source,
            "to": self.target,
            "terminal": self.terminal,
            "points": [[round(x, 1), round(y, 1)] for x, y in self.points],
            "alternate": self.alternate,
        }


@dataclass(frozen=True)
class Lane:
    """The width that one source and all that it normally feeds take."""

    root: str
    x: float
    w: float

    def to_dict(self) -> dict[str, Any]:
        return {"root": self.root, "x": round(self.x, 1), "w": round(self.w, 1)}


@dataclass(frozen=True)
class Drawing:
    """A whole drawing."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...]
    lanes: tuple[Lane, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON values, as `GET /api/v1/drawing/…` returns them."""
        return {
            "width": round(self.width, 1),
            "height": round(self.height, 1),
            "nodes": [node.to_dict() for node in self.nodes],
            "wires": [wire.to_dict() for wire in self.wires],
            "lanes": [lane.to_dict() for lane in self.lanes],
        }
