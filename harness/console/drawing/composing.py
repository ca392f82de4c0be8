"""From units with a row and a centre to boxes and wires with coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from twinfeed.harness.console.drawing.folding import CELL_PX, HEADING_PX, Edge, Graph, Unit, differences
from twinfeed.harness.console.drawing.placing import Span
from twinfeed.harness.console.drawing.routing import LEAST_CHANNEL_PX, End, Levels, Line, Router, levels
from twinfeed.harness.console.drawing.shapes import Box, Cell, Drawing, Lane, Node, Wire

MARGIN_PX = 16.0
"""Empty border of a drawing, px."""

TEXT_PX = 12.0
"""Height of the room of a label, px."""


@dataclass
class Plan:
    """The row, centre and width of each unit."""

    graph: Graph
    row: dict[str, int] = field(default_factory=dict)
    centre: dict[str, float] = field(default_factory=dict)
    """x of the centre of each unit, px."""
    width: dict[str, float] = field(default_factory=dict)
    """Width of each unit, px."""
    lanes: list[tuple[str, float, float]] = field(default_factory=list)
    """Root, left edge and right edge of each lane, px."""
    fixed: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Centres that the site file gives, px of the drawing."""

    def span(self, unit: str) -> Span:
        return self.centre[unit] - self.width[unit] / 2, self.centre[unit] + self.width[unit] / 2


def compose(plan: Plan) -> Drawing:
    """The drawing of a plan. Units of one row must not overlap in x."""
    units = plan.graph.units
    shift = MARGIN_PX - min((plan.span(unit)[0] for unit in units), default=0.0)
    for unit in units:
        plan.centre[unit] += shift
    rows: dict[int, list[Span]] = {}
    heights: dict[int, float] = {}
    for unit, row in plan.row.items():
        rows.setdefault(row, []).append(plan.span(unit))
        heights[row] = max(heights.get(row, 0.0), units[unit].height)
    router = Router(rows)
    wired = _wired(plan, router)
    placed = levels(heights, router, MARGIN_PX)
    boxes = {unit: _box(plan, units[unit], placed) for unit in units}
    wires = tuple(_wire(plan, edge, line, boxes, placed) for edge, line in wired)
    nodes = tuple(_node(units[unit], boxes[unit]) for unit in units)
    xs = [x for wire in wires for x, _ in wire.points]
    least = min([MARGIN_PX, *(x - CLEAR_LEFT_PX for x in xs)])
    width = max([box.x + box.w for box in boxes.values()] + xs, default=0.0)
    bottom = max([box.bottom for box in boxes.values()] + [y for w in wires for _, y in w.points], default=0.0)
    drawing = Drawing(
        width + MARGIN_PX,
        bottom + MARGIN_PX + LEAST_CHANNEL_PX,
        nodes,
        wires,
        tuple(Lane(root, left + shift, right - left) for root, left, right in plan.lanes),
    )
    return drawing if least >= 0.0 else _moved(drawing, -least)


BAR_PX = 6.0
"""Thickness of a bar, which is the lower edge of its box, px."""

CLEAR_LEFT_PX = 4.0
"""Room on the left of wires that pass outside of all boxes, px."""


def _wired(plan: Plan, router: Router) -> list[tuple[Edge, Line]]:
    """The way of each edge, the shortest first, so that long ones go around them."""
    graph, unit_of = plan.graph, plan.graph.unit_of
    arrivals = _arrivals(plan)

    def length(edge: Edge) -> tuple[int, float, str]:
        a, b = unit_of[edge.source], unit_of[edge.target]
        return abs(plan.row[b] - plan.row[a]), abs(plan.centre[b] - plan.centre[a]), edge.id

    lines = []
    for edge in sorted(graph.edges, key=length):
        source, target = unit_of[edge.source], unit_of[edge.target]
        bundle = (source, target)
        at = arrivals[edge.id]
        end = End(plan.row[target], at)
        wanted = router.column(bundle, plan.row[source], end) if plan.row[target] > plan.row[source] + 1 else at
        lines.append((edge, router.connect(bundle, End(plan.row[source], _leaves(plan, edge, wanted)), end)))
    return lines


def _arrivals(plan: Plan) -> dict[str, float]:
    """The x at which each wire meets the upper edge of its target, px."""
    graph = plan.graph
    incoming: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        incoming.setdefault(edge.target, []).append(edge)
    arrivals: dict[str, float] = {}
    for target, edges in incoming.items():
        unit = graph.units[graph.unit_of[target]]
        centre, width = plan.centre[unit.id], plan.width[unit.id]
        edges = sorted(edges, key=lambda edge: (plan.centre[graph.unit_of[edge.source]], edge.id))
        if unit.strip:
            middle = _cell_x(plan, unit, target)
            for n, edge in enumerate(edges):
                arrivals[edge.id] = middle + 2.0 * (n - (len(edges) - 1) / 2)
            continue
        room = width - 16.0 if unit.bar else min(width - 16.0, 12.0 * (len(edges) - 1))
        reach = width / 2 - 4.0 if unit.bar else 1.0
        for n, edge in enumerate(edges):
            part = 0.5 if len(edges) == 1 else n / (len(edges) - 1)
            straight = plan.centre[graph.unit_of[edge.source]]
            aligned = abs(straight - centre) <= reach
            arrivals[edge.id] = straight if aligned else centre + room * (part - 0.5)
    return arrivals


def _leaves(plan: Plan, edge: Edge, wanted: float) -> float:
    """The x at which a wire leaves the lower edge of its source, px: a wire leaves a bar anywhere."""
    unit = plan.graph.units[plan.graph.unit_of[edge.source]]
    if unit.strip:
        return _cell_x(plan, unit, edge.source)
    left, right = plan.span(unit.id)
    return min(max(wanted, left + 4.0), right - 4.0) if unit.bar else plan.centre[unit.id]


def _cell_x(plan: Plan, unit: Unit, part: str) -> float:
    """The x at which the wires of a cell meet its strip, px; cells of several lines have places side by side."""
    at = [member.id for member in unit.parts].index(part)
    line, column = divmod(at, unit.columns)
    left = plan.centre[unit.id] - unit.columns * CELL_PX[0] / 2
    return left + CELL_PX[0] * (column + (line + 1) / (unit.lines + 1))


def _box(plan: Plan, unit: Unit, placed: Levels) -> Box:
    row = plan.row[unit.id]
    y = placed.tops[row] + (placed.heights[row] - unit.height if unit.bar else 0.0)
    if fixed := plan.fixed.get(unit.id):
        return Box(fixed[0] - plan.width[unit.id] / 2, fixed[1] - unit.height / 2, plan.width[unit.id], unit.height)
    return Box(plan.span(unit.id)[0], y, plan.width[unit.id], unit.height)


def _node(unit: Unit, box: Box) -> Node:
    part = unit.parts[0]
    if unit.strip:
        left = box.centre_x - unit.columns * CELL_PX[0] / 2
        cells = tuple(
            Cell(
                member.id,
                label,
                Box(
                    left + CELL_PX[0] * (n % unit.columns),
                    box.y + HEADING_PX + CELL_PX[1] * (n // unit.columns),
                    *CELL_PX,
                ),
            )
            for n, (member, label) in enumerate(zip(unit.parts, differences(unit.parts), strict=True))
        )
        return Node(unit.id, part.kind, unit.label, box, Box(box.x, box.y, box.w, TEXT_PX), part.level, cells)
    if unit.bar:
        return Node(unit.id, part.kind, unit.label, box, Box(box.x, box.y, box.w, TEXT_PX), part.level, bar=True)
    return Node(unit.id, part.kind, unit.label, box, Box(box.x, box.y + 23.0, box.w, TEXT_PX), part.level)


def _wire(plan: Plan, edge: Edge, line: Line, boxes: Mapping[str, Box], placed: Levels) -> Wire:
    source, target = plan.graph.unit_of[edge.source], plan.graph.unit_of[edge.target]
    start, end = boxes[source], boxes[target]
    if source in plan.fixed or target in plan.fixed:
        points = _elbow(start, end)
    else:
        upwards = line.target.row <= line.source.row
        top = end.bottom - BAR_PX if plan.graph.units[target].bar else end.y
        points = placed.corners(line, start.bottom, end.bottom if upwards else top)
    return Wire(edge.id, edge.source, edge.target, edge.terminal, points, edge.alternate)


def _elbow(start: Box, end: Box) -> tuple[tuple[float, float], ...]:
    """A wire between boxes of which one has its place from the site file."""
    middle = (start.bottom + end.y) / 2
    return (start.centre_x, start.bottom), (start.centre_x, middle), (end.centre_x, middle), (end.centre_x, end.y)


def _moved(drawing: Drawing, dx: float) -> Drawing:
    """The drawing moved to the right, so that nothing is left of 0."""

    def moved(box: Box) -> Box:
        return box._replace(x=box.x + dx)

    nodes = [
        replace(
            node,
            box=moved(node.box),
            text=moved(node.text),
            cells=tuple(replace(cell, box=moved(cell.box)) for cell in node.cells),
        )
        for node in drawing.nodes
    ]
    wires = [replace(wire, points=tuple((x + dx, y) for x, y in wire.points)) for wire in drawing.wires]
    lanes = [replace(lane, x=lane.x + dx) for lane in drawing.lanes]
    return Drawing(drawing.width + dx, drawing.height, tuple(nodes), tuple(wires), tuple(lanes))
