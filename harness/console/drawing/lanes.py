"""Lanes: a tidy tree of normal feeds for each source, side by side.

Each unit hangs below its normal feed. A board with several incomers hangs below all of them: it stands under the part
of the tree that feeds it. Sources with the largest trees are placed by name from left to right, all others (generators)
between them, next to what they feed. Lanes on the right are mirrored, so that partners face each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from twinfeed.harness.console.drawing.folding import Graph
from twinfeed.harness.console.drawing.placing import Block, beside

ROOT = ""
"""The parent of all sources."""

TRUNK_PX = 10.0
"""Room for the wire of a unit that hangs several rows below its feeder, px."""

TIE_PX = 80.0
"""Room for a bus tie between two boards, px."""


@dataclass
class Forest:
    """The tree of units that are drawn in lanes."""

    graph: Graph
    row: Mapping[str, int]
    feeders: Mapping[str, Sequence[str]]
    """Feeders of each unit in the lanes, the normal one first."""
    tied: frozenset[str] = frozenset()
    """Boards beside which a bus tie needs room."""
    parent: dict[str, str] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.children = {ROOT: [], **{unit: [] for unit in self.feeders}}
        for unit in sorted(self.feeders, key=lambda unit: self.row[unit]):
            feeders = self.feeders[unit]
            if not feeders:
                parent = ROOT
            elif self.merges(unit):
                parent = self.common(feeders)
            else:
                parent = feeders[0]
            self.parent[unit] = parent
            self.children[parent].append(unit)
        order = {unit: n for n, unit in enumerate(self.graph.units)}
        for units in self.children.values():
            units.sort(key=lambda unit: order[unit])

    def merges(self, unit: str) -> bool:
        """True for a board that all of its feeders supply together."""
        return self.graph.units[unit].bar and len(self.feeders[unit]) > 1

    def ancestors(self, unit: str) -> list[str]:
        """The unit itself, then the way up to `ROOT`."""
        way = [unit]
        while way[-1] != ROOT:
            way.append(self.parent[way[-1]])
        return way

    def common(self, units: Sequence[str]) -> str:
        """The nearest ancestor of all these units that is none of them."""
        ways = [self.ancestors(unit)[1:] for unit in units]
        return next(unit for unit in ways[0] if all(unit in way for way in ways[1:]))

    def branch(self, unit: str, node: str) -> str:
        """The child of `node` above or at `unit`, '' if it is not below `node`."""
        way = self.ancestors(unit)
        return way[way.index(node) - 1] if node in way[1:] else ""

    def below(self, unit: str) -> list[str]:
        """The unit and all that hangs below it."""
        found = [unit]
        for one in found:
            found += self.children[one]
        return found


def lane_blocks(forest: Forest, consumers: Mapping[str, Sequence[str]]) -> list[tuple[str, Block]]:
    """The root and the block of each lane from left to right. The blocks share one x axis and do not overlap."""
    items = _clusters(forest, ROOT)
    sizes = {item[0]: sum(len(forest.below(unit)) for unit in item) for item in items}
    largest = max(sizes.values(), default=0)
    main = sorted((item for item in items if 2 * sizes[item[0]] >= largest), key=lambda item: item[0])
    middle = (len(main) - 1) / 2
    keys = {item[0]: (float(n), item[0]) for n, item in enumerate(main)}
    for item in items:
        if item[0] in keys:
            continue
        inside = {unit for root in item for unit in forest.below(root)}
        fed = [
            n
            for n, lane in enumerate(main)
            for root in lane
            for unit in forest.below(root)
            if inside.intersection(forest.feeders[unit])
        ]
        centre = sum(fed) / len(fed) if fed else middle
        keys[item[0]] = (centre + 0.3 * ((centre < middle) - (centre > middle)), item[0])
    placed: list[tuple[str, Block]] = []
    row = Block()
    for item in sorted(items, key=lambda item: keys[item[0]]):
        mirrored = keys[item[0]][0] > middle
        block = _stacked(forest, item, consumers, mirrored)
        moved = Block()
        moved.take(block, row.shift_beside(block) if row.covers else 0.0)
        row.take(moved, 0.0)
        placed.append((item[0], moved))
    return _centred(placed, {root: keys[root][0] - middle for root, _ in placed}, {item[0] for item in main})


def _centred(placed: list[tuple[str, Block]], side: Mapping[str, float], main: set[str]) -> list[tuple[str, Block]]:
    """Move what stands between the main lanes towards what it feeds, as far as there is room."""
    for n in reversed(range(len(placed) - 1)):
        root, block = placed[n]
        if root in main or side[root] < -0.01:
            continue
        rest = Block()
        for _, other in placed[n + 1 :]:
            rest.take(other, 0.0)
        room = -block.shift_beside(rest) if set(rest.covers) & set(block.covers) else 0.0
        moved = Block()
        moved.take(block, max(0.0, room) * (0.5 if abs(side[root]) <= 0.01 else 1.0))
        placed[n] = root, moved
    return placed


def _clusters(forest: Forest, node: str) -> list[list[str]]:
    """The children of a unit, each together with those that feed a board with it; the board comes last."""
    items = [[child] for child in forest.children[node] if not forest.merges(child)]
    boards = sorted((child for child in forest.children[node] if forest.merges(child)), key=lambda c: forest.row[c])
    for board in boards:
        branches = {forest.branch(feeder, node) for feeder in forest.feeders[board]}
        joined = [item for item in items if branches.intersection(item)]
        at = items.index(joined[0])
        items = [item for item in items if item not in joined]
        items.insert(at, [*(unit for item in joined for unit in item), board])
    return items


def _stacked(forest: Forest, item: Sequence[str], consumers: Mapping[str, Sequence[str]], mirrored: bool) -> Block:
    """A cluster: units side by side, and the boards that they feed together below them."""
    block = Block()
    side: list[Block] = []
    for unit in item:
        if not forest.merges(unit):
            side.append(_tree(forest, unit, consumers, mirrored))
            continue
        above = beside(side[::-1] if mirrored else side)
        board = _tree(forest, unit, consumers, mirrored)
        feeders = [above.centres[f] for f in forest.feeders[unit] if f in above.centres]
        wanted = (min(feeders) + max(feeders)) / 2 - board.centres[unit] if feeders else 0.0
        block = Block()
        block.take(above, 0.0)
        if set(above.covers) & set(board.covers):
            wanted = above.shift_beside(board)
        block.take(board, wanted)
        side = [block]
    return beside(side[::-1] if mirrored else side)


def _tree(forest: Forest, unit: str, consumers: Mapping[str, Sequence[str]], mirrored: bool) -> Block:
    """A unit over the blocks of all that hangs below it."""
    here = forest.row[unit]
    items = _companions(forest, _clusters(forest, unit), consumers)
    blocks = []
    for item in items:
        block = _stacked(forest, item, consumers, mirrored)
        top = min(forest.row[child] for child in item)
        for row in range(here + 1, top):
            block.cover(row, block.centres[item[0]] - TRUNK_PX / 2, block.centres[item[0]] + TRUNK_PX / 2)
        blocks.append(block)
    block = beside(blocks[::-1] if mirrored else blocks)
    hung = [block.centres[child] for child in forest.children[unit] if forest.parent[child] == unit]
    shape = forest.graph.units[unit]
    width = shape.width
    if hung:
        centre = (min(hung) + max(hung)) / 2
        if shape.bar:
            direct = [block.centres[c] for c in consumers[unit] if c in block.centres] or hung
            centre = (min(direct) + max(direct)) / 2
            width = max(width, max(direct) - min(direct) + 24.0)
    else:
        centre = 0.0
    whole = Block()
    whole.take(block, 0.0)
    whole.add(unit, here, centre, width)
    if unit in forest.tied:
        whole.cover(here, centre - width / 2 - TIE_PX / 2, centre + width / 2 + TIE_PX / 2)
    return whole


def _companions(forest: Forest, items: list[list[str]], consumers: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Put a unit that only feeds the branch of a sibling (the breaker of a bypass) beside that sibling."""
    ordered = [item for item in items if not _serves(forest, item, consumers)]
    for item in items:
        if item in ordered:
            continue
        fed = consumers[item[0]][0]
        host = next((n for n, other in enumerate(ordered) if _holds(forest, other, fed)), len(ordered) - 1)
        if host < 0:
            ordered.append(item)
        elif any(forest.merges(unit) for unit in ordered[host]):
            at = next(n for n, unit in enumerate(ordered[host]) if fed in forest.below(unit))
            ordered[host].insert(at + 1, item[0])
        else:
            ordered.insert(host + 1, item)
    return ordered


def _holds(forest: Forest, item: Iterable[str], unit: str) -> bool:
    return any(unit in forest.below(one) for one in item)


def _serves(forest: Forest, item: Sequence[str], consumers: Mapping[str, Sequence[str]]) -> bool:
    """True for a single unit with nothing below it that feeds a branch of a sibling."""
    unit = item[0]
    if len(item) > 1 or forest.children[unit] or not consumers[unit]:
        return False
    fed = [other for other in consumers[unit] if other in forest.parent]
    if not fed:
        return False
    node = forest.parent[unit]
    branches = {forest.branch(other, node) for other in fed}
    return len(branches) == 1 and branches != {""} and branches != {unit}
