"""The single-line diagram of the power paths.

Sources are at the top. Each source has a lane with all that it normally feeds; everything with two cords stands in a
band below the lanes. Bus ties stand between their boards. The vertical place is the longest way from a source.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import ceil

from twinfeed.emulators.plant.generation.fuel import BulkTank, DayTank
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.power.boards import Board
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.flow import Tie
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.references import references
from twinfeed.harness.console.drawing.composing import Plan, compose
from twinfeed.harness.console.drawing.folding import Edge, Graph, Part, folded
from twinfeed.harness.console.drawing.lanes import ROOT, Forest, lane_blocks
from twinfeed.harness.console.drawing.placing import GAP_PX, Block, beside, free_place, spread
from twinfeed.harness.console.drawing.shapes import Drawing

ALTERNATE = frozenset({"emergency", "alternate", "bypass", "maintenance", "pump_2"})
"""Terminals that carry nothing while all is well. Both cords of a rack or a switch carry."""

FIRST_LEVEL = frozenset(
    {"utility", "generator", "transformer", "board", "ats", "ups", "rotary_ups", "bus_tie", "paralleling_plc"}
)
"""Kinds whose texts are readable from afar."""

LEAST_BAND_PX = 1340.0
"""Width of the band below the lanes, unless the lanes are wider, px."""

NEARLY_PX = 60.0
"""Units of the band whose feeders are as near as this stand in the order of the site file, px."""


def power(site: Site) -> Drawing:
    """The power paths of a site: every component that has terminals, every feed; the bulk tanks of the generators."""
    components = [c for c in site.components.values() if isinstance(c, (Electrical, BulkTank))]
    return drawn(components, {e.name: e.screen for e in site.file.components if e.screen})


def drawn(components: Sequence[Component], fixed: Mapping[str, tuple[float, float]] | None = None) -> Drawing:
    """The power paths of these components.

    Args:
        fixed: centres of components, px of the drawing, that replace the computed ones.
    """
    fixed = fixed or {}
    known = {c.id for c in components}
    graph = folded([_part(c) for c in components], [e for c in components for e in _edges(c, known)], fixed)
    ties = {c.id for c in components if isinstance(c, Tie)}
    feeders = {unit: found for unit, found in graph.feeders().items() if unit not in ties}
    consumers = {unit: [c for c in found if c not in ties] for unit, found in graph.consumers().items()}
    row = _distances(feeders)
    banded = _banded(graph, feeders, consumers, row)
    inside = {unit: found for unit, found in feeders.items() if unit not in banded}
    tied = frozenset(graph.unit_of[edge.source] for edge in graph.edges if edge.target in ties)
    forest = Forest(graph, row, inside, tied)
    plan = Plan(graph, fixed={unit: fixed[unit] for unit in graph.units if unit in fixed})
    whole = Block()
    for root, block in lane_blocks(forest, consumers):
        whole.take(block, 0.0)
        plan.lanes.append((root, block.left, block.right))
    plan.row.update({unit: row[unit] for unit in forest.parent})
    _tie(plan, graph, ties, whole)
    _band(plan, graph, banded, feeders, whole)
    plan.centre, plan.width = whole.centres, whole.widths
    return compose(plan)


def _part(component: Component) -> Part:
    board = isinstance(component, Board)
    alone = isinstance(component, Tie) or component.kind == "utility"
    return Part(component.id, component.kind, 0 if component.kind in FIRST_LEVEL else 1, board, alone)


def _edges(component: Component, known: Collection[str]) -> Iterable[Edge]:
    feeds = component.feeds if isinstance(component, Electrical) else {}
    for terminal, feed in feeds.items():
        source = feed.partition(":")[0]
        yield Edge(f"{component.id}.{terminal}", source, component.id, terminal, terminal in ALTERNATE)
    if isinstance(component, DayTank):
        for field, _, tank in references(component.params):
            if tank in known:
                yield Edge(f"{component.id}.{field}", tank, component.id, field, field == "bulk_2")


def _distances(feeders: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The longest way of each unit from a source, in units. Feeders come before what they feed."""
    row: dict[str, int] = {}
    for unit, found in feeders.items():
        row[unit] = 1 + max((row[feeder] for feeder in found), default=-1)
    return row


def _banded(
    graph: Graph, feeders: Mapping[str, Sequence[str]], consumers: Mapping[str, Sequence[str]], row: Mapping[str, int]
) -> set[str]:
    """Units with two cords from different branches and no board below, all that they feed, and all that is alone."""
    boards = {unit for unit in graph.units if graph.units[unit].parts[0].bar}
    over: dict[str, bool] = {}
    for unit in sorted(row, key=lambda unit: -row[unit]):
        over[unit] = unit in boards or any(over[c] for c in consumers[unit])
    forest = Forest(graph, row, feeders)
    found = set[str]()
    for unit in sorted(row, key=lambda unit: row[unit]):
        cords = feeders[unit]
        alone = not cords and not consumers[unit]
        two_cords = len(cords) > 1 and not _siblings(forest, cords)
        served = not over[unit] and (two_cords or found.intersection(cords))
        if alone or served or graph.units[unit].kind == BulkTank.kind:
            found.add(unit)
    return found


def _siblings(forest: Forest, units: Sequence[str]) -> bool:
    """True if these units hang below the same one, as the feeder and the bypass of a UPS do."""
    return len({forest.parent[unit] for unit in units}) == 1 and all(
        forest.graph.units[u].kind == "breaker" for u in units
    )


def _tie(plan: Plan, graph: Graph, ties: Iterable[str], whole: Block) -> None:
    """Put each tie between its boards."""
    for tie in ties:
        boards = [graph.unit_of[edge.source] for edge in graph.edges if edge.target == tie]
        row = max(plan.row[board] for board in boards)
        ends = sorted((whole.centres[b] - whole.widths[b] / 2, whole.centres[b] + whole.widths[b] / 2) for b in boards)
        wanted = (ends[0][1] + ends[-1][0]) / 2
        taken = [
            (whole.centres[u] - whole.widths[u] / 2, whole.centres[u] + whole.widths[u] / 2)
            for u in whole.centres
            if plan.row[u] == row
        ]
        width = graph.units[tie].width
        plan.row[tie] = row
        whole.add(tie, row, free_place(wanted, width, taken), width)


def _band(plan: Plan, graph: Graph, banded: set[str], feeders: Mapping[str, Sequence[str]], whole: Block) -> None:
    """Put everything of the band below the lanes, in as many lines as it needs, each near its feeders."""
    inside = {unit: [f for f in feeders[unit] if f in banded] for unit in graph.units if unit in banded}
    depth = _distances(inside)
    forest = Forest(graph, depth, {unit: found[:1] for unit, found in inside.items()})
    wanted: dict[str, float] = {}
    blocks: dict[str, Block] = {}
    for group in _joined(forest, inside):
        block = blocks[group[0]] = beside([_column(forest, depth, root) for root in group])
        above = [whole.centres[f] for unit in block.centres for f in feeders[unit] if f in whole.centres]
        wanted[group[0]] = sum(above) / len(above) if above else whole.right
    widths = {name: block.right - block.left for name, block in blocks.items()}
    room = max(whole.right - whole.left, LEAST_BAND_PX)
    lines = max(1, ceil(sum(w + GAP_PX for w in widths.values()) / room))
    order = sorted(wanted, key=lambda name: round(wanted[name] / NEARLY_PX))  # otherwise as in the site file
    row = max(plan.row.values(), default=-1) + 1
    for n in range(lines):
        line = order[n::lines]
        centres = spread(line, wanted, widths)
        for name in line:
            block = blocks[name]
            shift = centres[name] - (block.left + block.right) / 2
            for unit, centre in block.centres.items():
                plan.row[unit] = row + depth[unit]
                whole.add(unit, plan.row[unit], centre + shift, block.widths[unit])
        row += 1 + max((depth[unit] for name in line for unit in blocks[name].centres), default=0)


def _joined(forest: Forest, feeders: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """The roots of the band in groups: those that feed the same unit stand on one line, above it."""
    group_of: dict[str, list[str]] = {}
    for root in forest.children[ROOT]:
        group = [root]
        group_of.update((unit, group) for unit in forest.below(root))
    for unit, found in feeders.items():
        for feeder in found:
            ours, theirs = group_of[unit], group_of[feeder]
            if ours is not theirs:
                ours += theirs
                group_of.update({other: ours for other, one in group_of.items() if one is theirs})
    return [group for root, group in group_of.items() if group[0] == root]


def _column(forest: Forest, depth: Mapping[str, int], root: str) -> Block:
    """A unit of the band over what it feeds."""
    block = beside([_column(forest, depth, child) for child in forest.children[root]])
    centre = (block.left + block.right) / 2
    whole = Block()
    whole.take(block, 0.0)
    whole.add(root, depth[root], centre, forest.graph.units[root].width)
    return whole
