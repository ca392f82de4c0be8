"""Streams of frames: each takes its way from port to port, and what a port has no room for goes no further.

A stream is a rate, not frames. It enters a switch, leaves it through an exit (a port, or the members of a link
aggregate), and reaches the next switch with what is left of it. So every octet is delivered or lost once: what a full
uplink discards is not offered to the link after it.

An aggregate does not split a stream evenly. It sends each flow over one member, chosen by a hash of the flow's
addresses (IEEE 802.1AX-2014 6.2.4: a distribution algorithm keeps the frames of a conversation in order; the hash is
left to the vendor). Two large flows may therefore meet on one member while the other is idle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple
from zlib import crc32

from twinfeed.emulators.plant.network.cabling import Trunk
from twinfeed.emulators.plant.network.fabric import Fabric
from twinfeed.emulators.plant.network.state import OCTETS_PER_GBIT
from twinfeed.emulators.plant.network.switch import Switch

MOST_ROUNDS = 100
"""Rounds in which the shares that fit settle. Ways in a tree need two for each of its levels; a storm has no levels."""

SETTLED = 1e-12
"""Change of a share that fits, below which it has settled."""

SORTS = ("unicast", "multicast", "broadcast")


class Load(NamedTuple):
    """Frames of one sort in one direction, per second."""

    octets: float
    frames: float

    def times(self, factor: float) -> Load:
        return Load(self.octets * factor, self.frames * factor)


class Exit:
    """A port as frames leave through it; several ports where the same number of frames leaves through each."""

    def __init__(self, switch: Switch, ports: tuple[int, ...], far: tuple[Switch, int] | None, damaged: float) -> None:
        self.switch, self.ports, self.far, self.damaged = switch, ports, far, damaged
        self.room = switch.speed_gbps(ports[0]) * OCTETS_PER_GBIT * len(ports)
        """Largest rate that it can send, octets/s."""
        self.octets = [0.0] * len(SORTS)
        """Rate that is to leave through it, by sort, octets/s."""
        self.frames = [0.0] * len(SORTS)
        """Rate that is to leave through it, by sort, frames/s."""
        self.fits = 1.0
        """The share of what is to leave that it can send."""
        self.passes = 1.0 - damaged
        """The share of what is to leave that reaches the other end undamaged."""

    def forget(self) -> None:
        """Nothing is to leave through it yet."""
        self.octets, self.frames = [0.0] * len(SORTS), [0.0] * len(SORTS)

    def fit(self) -> float:
        """Send as much as there is room for; returns by how much the share has changed."""
        wanted = sum(self.octets)
        before, self.fits = self.fits, 1.0 if wanted <= self.room else self.room / wanted
        self.passes = self.fits * (1.0 - self.damaged)
        return abs(self.fits - before)


Leg = tuple[tuple[Exit, float], ...]
"""The exits of one hop, and the part of the stream that takes each."""


class Stream:
    """Frames of one sort from one place to another."""

    def __init__(
        self, sort: str, load: Load, legs: Sequence[Leg], of: Sequence[Stream] = (), part: float = 0.0
    ) -> None:
        self.sort, self.legs = SORTS.index(sort), legs
        self.load = load
        """Frames that enter it, per second; of a stream that continues others it is computed."""
        self._of, self._part = of, part
        self._frames_per_octet = load.frames / load.octets if load.octets else 0.0
        self.reached = self.lost = 0.0
        """Part of it that arrives, and part that does not, octets/s."""

    def continued(self) -> None:
        """Take up what arrives of the streams that this one continues: `part` of it, in frames of the same length."""
        if self._of:
            octets = self._part * sum(stream.reached for stream in self._of)
            self.load = Load(octets, octets * self._frames_per_octet)

    def pass_on(self) -> None:
        """Go from exit to exit with what is left; each exit adds up what wants to leave through it."""
        octets, self.lost = self.load.octets, 0.0
        for leg in self.legs:
            passed = 0.0
            if not leg:
                self.lost += octets
            for exit, part in leg:
                share = octets * part
                exit.octets[self.sort] += share
                exit.frames[self.sort] += share * self._frames_per_octet
                passed += share * exit.passes
                self.lost += share * (1.0 - exit.passes)
            octets = passed
        self.reached = octets


@cache
def flow_hash(source: str, destination: str) -> int:
    """The hash of a flow's addresses, by which an aggregate chooses the member for it."""
    return crc32(f"{source}>{destination}".encode())


class Exits:
    """All ports that frames leave through, each once."""

    def __init__(self, network: Fabric) -> None:
        self.network = network
        self.hosts: dict[tuple[str, int], Exit] = {}
        self.trunks: dict[tuple[str, str], list[Exit]] = {}
        """By trunk and the switch that sends: an exit for each link that carries."""

    def host(self, switch: Switch, ports: tuple[int, ...]) -> Exit:
        """The exit to a host, or to hosts of which each gets the same."""
        key = switch.id, ports[0]
        if key not in self.hosts:
            self.hosts[key] = Exit(switch, ports, None, 0.0)
        return self.hosts[key]

    def members(self, trunk: Trunk, sender: str) -> list[Exit]:
        """The exits of a trunk at the switch that sends, one for each link that carries."""
        found = self.trunks.get((trunk.id, sender))
        if found is None:
            found = []
            for link in self.network.carrying(trunk):
                near, far = (link.a, link.b) if link.a[0].id == sender else (link.b, link.a)
                found.append(Exit(near[0], (near[1],), far, link.loss_ratio))
            self.trunks[trunk.id, sender] = found
        return found

    def leg(self, trunk: Trunk, sender: str, flows: Sequence[int]) -> Leg:
        """A hop over a trunk: flows with these hashes, equal in size, each on one member."""
        members = self.members(trunk, sender)
        if len(members) == 1:
            return ((members[0], 1.0),)
        count = [0] * len(members)
        for flow in flows:
            count[flow % len(members)] += 1
        return tuple((exit, n / len(flows)) for exit, n in zip(members, count, strict=True) if n)

    def __iter__(self) -> Iterator[Exit]:
        yield from self.hosts.values()
        for members in self.trunks.values():
            yield from members


def settle(streams: Sequence[Stream], exits: Exits) -> None:
    """Find the share that fits at every exit, and what of each stream arrives.

    The streams are in an order in which each comes after those it continues.
    """
    for _ in range(MOST_ROUNDS):
        for exit in exits:
            exit.forget()
        for stream in streams:
            stream.continued()
            stream.pass_on()
        if max([exit.fit() for exit in exits], default=0.0) <= SETTLED:
            return
