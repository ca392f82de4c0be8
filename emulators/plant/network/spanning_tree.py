"""Spanning tree: which bridge ports forward, computed as IEEE 802.1D-2004 clause 17 settles it.

Pure functions of the topology. When a change becomes visible, and how long a port stays discarding or learning
before it forwards, is the business of `twinfeed.emulators.plant.network.network`, with the timers given here.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

HELLO_S = 2.0
"""Between two BPDUs of a designated port (802.1D-2004 table 17-1), s."""

MAX_AGE_S = 20.0
"""Time for which legacy STP believes a BPDU that it no longer receives (802.1D-2004 table 17-1), s."""

INFORMATION_AGE_S = 3 * HELLO_S
"""Time for which RSTP believes a neighbour that is silent: three hellos (802.1D-2004 17.21.23), s."""

FORWARD_DELAY_S = 15.0
"""In discarding and again in learning where no agreement can be had (802.1D-2004 table 17-1), s."""

TC_WHILE_S = HELLO_S + 1.0
"""Time for which an RSTP bridge announces a topology change on a point-to-point link (802.1D-2004 17.21.7), s."""

HANDSHAKE_S = 0.05
"""One proposal and agreement between two bridges, s. The standard gives no figure; published measurements are well
below 1 s for a whole tree, and this is a round value for the BPDU handling of a switch's processor."""


class BridgeId(NamedTuple):
    """Lower is better: the lowest of a network becomes its root."""

    priority: int
    address: bytes

    @property
    def octets(self) -> bytes:
        """The eight octets of BRIDGE-MIB's BridgeId."""
        return self.priority.to_bytes(2, "big") + self.address


class End(NamedTuple):
    """A bridge port: which bridge, and the number of the port or link aggregate on it."""

    bridge: str
    port: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Two bridge ports that receive each other's BPDUs."""

    a: End
    b: End
    cost: int


def path_cost(gbps: float) -> int:
    """The cost of a port of that speed: 20 000 for 1 Gb/s, 2 000 for 10 (802.1D-2004 table 17-3)."""
    return max(1, round(20_000 / gbps)) if gbps > 0.0 else 200_000_000


def port_id(port: int, priority: int = 128) -> int:
    """The 16-bit port identifier: four bits of priority, twelve of number (802.1D-2004 9.2.7)."""
    return (priority // 16) << 12 | port & 0xFFF


class Heard(NamedTuple):
    """The announcement of the designated port of a segment."""

    root: str
    cost: int
    bridge: str
    port: int


@dataclass
class Tree:
    """The settled spanning tree. Bridges that cannot reach each other have trees of their own."""

    root: dict[str, str] = field(default_factory=dict)
    """Bridge -> the root of its tree."""
    cost: dict[str, int] = field(default_factory=dict)
    """Bridge -> its path cost to that root."""
    depth: dict[str, int] = field(default_factory=dict)
    """Bridge -> how many segments it is from the root."""
    root_port: dict[str, int] = field(default_factory=dict)
    """Bridge -> its root port, 0 for a root."""
    role: dict[End, str] = field(default_factory=dict)
    """Bridge port -> root, designated, alternate or backup."""
    designated: dict[End, Heard] = field(default_factory=dict)
    """Bridge port -> what the designated port of its segment announces."""


def spanning_tree(bridges: Mapping[str, BridgeId], segments: Sequence[Segment], alone: Iterable[End]) -> Tree:
    """The spanning tree of these bridges; `alone` are ports that are up and receive no BPDU."""
    tree = Tree()
    ends: dict[str, list[tuple[End, End, int]]] = {bridge: [] for bridge in bridges}
    for segment in segments:
        if segment.a.bridge != segment.b.bridge:
            ends[segment.a.bridge].append((segment.a, segment.b, segment.cost))
            ends[segment.b.bridge].append((segment.b, segment.a, segment.cost))
    for root in sorted(bridges, key=lambda name: bridges[name]):
        if root not in tree.root:
            _spread(tree, root, bridges, ends)

    def rank(end: End) -> tuple[int, BridgeId, int]:
        return tree.cost[end.bridge], bridges[end.bridge], port_id(end.port)

    for segment in segments:
        best, other = sorted((segment.a, segment.b), key=rank)
        heard = Heard(tree.root[best.bridge], tree.cost[best.bridge], best.bridge, best.port)
        tree.designated[best] = tree.designated[other] = heard
        tree.role[best] = "designated"
        if other.bridge == best.bridge:
            tree.role[other] = "backup"
        elif tree.root_port[other.bridge] == other.port:
            tree.role[other] = "root"
        else:
            tree.role[other] = "alternate"
    for end in alone:
        tree.role[end] = "designated"
        tree.designated[end] = Heard(tree.root[end.bridge], tree.cost[end.bridge], end.bridge, end.port)
    return tree


def _spread(
    tree: Tree, root: str, bridges: Mapping[str, BridgeId], ends: Mapping[str, list[tuple[End, End, int]]]
) -> None:
    """Give every bridge that this root reaches its root port: the best priority vector wins (802.1D-2004 17.5)."""
    Offer = tuple[int, BridgeId, int, int, str, int]
    offers: list[Offer] = [(0, bridges[root], 0, 0, root, 0)]
    while offers:
        cost, _, _, own_port_id, bridge, depth = heapq.heappop(offers)
        if bridge in tree.root:
            continue
        tree.root[bridge], tree.cost[bridge], tree.depth[bridge] = root, cost, depth
        tree.root_port[bridge] = next((e.port for e, _, _ in ends[bridge] if port_id(e.port) == own_port_id), 0)
        for here, there, segment_cost in ends[bridge]:
            if there.bridge not in tree.root:
                offers_of = (cost + segment_cost, bridges[bridge], port_id(here.port), port_id(there.port))
                heapq.heappush(offers, (*offers_of, there.bridge, depth + 1))
