"""What every port carries: the servers' traffic, the management station's polls and the protocols' own frames.

Rates, not frames: from one change of topology or load to the next they are constant, so a counter is its last
value plus rate times time. Servers talk through their gateway (each rack row is a subnet of its own), along the
forwarding links (`twinfeed.emulators.plant.network.streams`). What is more than a link carries is discarded where
it would leave the switch; a damaged frame is counted as an error where it arrives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from twinfeed.emulators.plant.network.cabling import Trunk
from twinfeed.emulators.plant.network.fabric import Fabric
from twinfeed.emulators.plant.network.port_counters import COUNTERS
from twinfeed.emulators.plant.network.spanning_tree import HELLO_S
from twinfeed.emulators.plant.network.state import ADVERTISEMENT_S, LACP_PERIOD_S, OCTETS_PER_GBIT
from twinfeed.emulators.plant.network.streams import Exit, Exits, Leg, Load, Stream, flow_hash, settle
from twinfeed.emulators.plant.network.switch import Switch

CONTROL_FRAME_OCTETS = 64.0
"""A BPDU or an advertisement, padded to the shortest Ethernet frame (IEEE 802.3), octets."""

LACP_FRAME_OCTETS = 128.0
"""A LACPDU with header and check sequence (IEEE 802.1AX-2014 6.4.2.3: 110 octets and 18), octets."""

LLDP_FRAME_OCTETS = 250.0
"""A usual LLDPDU; its length depends on the names in it, octets."""

LLDP_PERIOD_S = 30.0
"""Between two LLDPDUs (IEEE 802.1AB: msgTxInterval), s."""

ARP_PER_HOST_S = 0.05
"""Broadcasts that one host causes: an address resolved every 20 s (Linux keeps one 15 to 45 s), frames/s."""

POLL_FRAME_OCTETS = 150.0
"""A request or answer of a management protocol, octets."""

INBOUND_PER_OUTBOUND = 0.25
"""Octets that a serving site receives for each octet that it sends to the outside; unverified."""

STORM_FRAME_OCTETS = 128.0
"""A circling broadcast, mostly ARP and the like with its share of longer frames; unverified, octets."""

IN_OCTETS, IN_ERRORS, OUT_OCTETS, OUT_DISCARDS = map(
    COUNTERS.index, ("in_octets", "in_errors", "out_octets", "out_discards")
)
IN_FRAMES, OUT_FRAMES = COUNTERS.index("in_unicast"), COUNTERS.index("out_unicast")
"""The counters of the first of `SORTS`; those of the others follow."""

NOWHERE: Leg = ()
"""A hop that no port leads over: the frames are lost."""


Rates = dict[str, dict[str, list[float]]]
"""By switch and port: how fast each of `COUNTERS` grows, per second."""


class Traffic(NamedTuple):
    """The rates of all ports, and the traffic of the servers in Gb/s: all that is offered is delivered or lost."""

    rates: Rates
    offered_gbps: float
    """Traffic that the servers send, and that comes in for them from the outside."""
    delivered_gbps: float
    lost_gbps: float


class Branch(NamedTuple):
    """A switch, and the trunk that leads from it towards the root of the walk."""

    switch: str
    trunk: Trunk
    towards: str


Way = dict[str, Branch]
"""The branch of every switch that frames reach from the root of the walk."""


def branches(network: Fabric, root: str) -> list[Branch]:
    """Every switch that exchanges frames with the root, nearest first."""
    beside: dict[str, list[tuple[Trunk, str]]] = defaultdict(list)
    for trunk in network.trunks:
        if network.passes(trunk):
            a, b = (end.bridge for end in trunk.ends)
            beside[a].append((trunk, b))
            beside[b].append((trunk, a))
    found: list[Branch] = []
    seen, edge = {root}, [root]
    for near in edge:
        for trunk, far in beside[near]:
            if far not in seen:
                seen.add(far)
                edge.append(far)
                found.append(Branch(far, trunk, near))
    return found


def forwards(switch: Switch, port: int) -> bool:
    """True if a port that is in no aggregate forwards."""
    return switch.state.stp.get(str(port)) == "forwarding"


def measure(network: Fabric) -> Traffic:
    """Work out what every port carries from now on."""
    streams = _Streams(network)
    servers = streams.servers()
    streams.polls()
    streams.broadcasts()
    streams.protocols()
    streams.storms()
    settle(streams.all, streams.exits)
    gbps = (octets / OCTETS_PER_GBIT for octets in servers.totals())
    return Traffic(streams.rates(), *gbps)


class _Servers:
    """The streams of the servers: up to the gateway, from there down again and to the outside."""

    def __init__(self) -> None:
        self.up: list[Stream] = []
        self.down: list[Stream] = []
        self.out: list[Stream] = []
        self.inbound: list[Stream] = []

    def totals(self) -> tuple[float, float, float]:
        """Offered, delivered and lost, octets/s."""
        offered = sum(stream.load.octets for stream in (*self.up, *self.inbound))
        delivered = sum(stream.reached for stream in (*self.down, *self.out))
        return offered, delivered, sum(stream.lost for stream in (*self.up, *self.down, *self.out))


class _Streams:
    """All streams of a network at one moment."""

    def __init__(self, network: Fabric) -> None:
        self.network = network
        self.exits = Exits(network)
        self.all: list[Stream] = []
        self.entries: list[tuple[str, tuple[int, ...], Stream]] = []
        """Switch, ports and the stream that hosts send in through them, the same through each port."""
        self.doors: dict[str, dict[str, tuple[int, ...]]] = {}
        """By row and switch: the ports to the row's servers."""
        for (id, port), row in network.servers.items():
            if forwards(network.switches[id], port):
                own = self.doors.setdefault(row, {})
                own[id] = (*own.get(id, ()), port)

    def _add(self, sort: str, load: Load, legs: Sequence[Leg], of: Sequence[Stream] = (), part: float = 0.0) -> Stream:
        stream = Stream(sort, load, legs, of, part)
        self.all.append(stream)
        return stream

    def _host(self, switch: Switch, *ports: int) -> Leg:
        """The last hop, to a host or to hosts that each get the same."""
        return ((self.exits.host(switch, ports), 1.0),)

    def _up(self, way: Way, id: str, flows: Sequence[int]) -> list[Leg]:
        """The hops from a switch to the root of the walk."""
        legs = []
        while id in way:
            legs.append(self.exits.leg(way[id].trunk, id, flows))
            id = way[id].towards
        return legs

    def _down(self, way: Way, id: str, flows: Sequence[int]) -> list[Leg]:
        """The hops from the root of the walk to a switch."""
        legs = []
        while id in way:
            legs.append(self.exits.leg(way[id].trunk, way[id].towards, flows))
            id = way[id].towards
        return legs[::-1]

    def servers(self) -> _Servers:
        """Each row sends what its power lets expect, evenly through the switches it is cabled to."""
        network, params, found = self.network, self.network.params, _Servers()
        gateway = network.vrrp_master
        way = {branch.switch: branch for branch in branches(network, gateway)} if gateway else {}
        outside = params.outside_share if network.outside else 0.0
        door = next(((s, p) for s, p in network.outside if s.id == gateway and forwards(s, p)), None)
        inbound = INBOUND_PER_OUTBOUND if door else 0.0
        for row, kw in network.state.offered_kw.items():
            octets = kw * params.gbps_per_kw * OCTETS_PER_GBIT
            sent = Load(octets, octets / params.frame_octets)
            for id, ports in self.doors.get(row, {}).items():
                load = sent.times(1.0 / len(self.doors[row]))
                if id != gateway and id not in way:
                    found.up.append(self._add("unicast", load, [NOWHERE]))
                    continue
                hosts = [f"{id}:{port}" for port in ports]
                up = self._add("unicast", load, self._up(way, id, [flow_hash(host, gateway) for host in hosts]))
                self.entries.append((id, ports, up))
                legs = self._down(way, id, [flow_hash(gateway, host) for host in hosts])
                legs.append(self._host(network.switches[id], *ports))
                found.up.append(up)
                found.down.append(self._add("unicast", load, legs, [up], 1.0 - outside * (1.0 - inbound)))
            if row not in self.doors:
                found.up.append(self._add("unicast", sent, [NOWHERE]))
        if outside > 0.0:
            frame = Load(params.frame_octets, 1.0)
            leg = self._host(*door) if door else NOWHERE
            found.out.append(self._add("unicast", frame, [leg], found.up, outside))
            if door:
                back = self._add("unicast", frame, [], found.up, outside * inbound)
                found.inbound.append(back)
                self.entries.append((door[0].id, (door[1],), back))
        return found

    def polls(self) -> None:
        """The management station asks every device it can reach; requests and answers are of one size."""
        network = self.network
        if network.station is None:
            return
        station, station_port = network.station
        way = {branch.switch: branch for branch in branches(network, station.id)}
        octets = network.params.poll_kbps * 1000.0 / 8.0
        poll = Load(octets, octets / POLL_FRAME_OCTETS)
        here = self._host(station, station_port)
        for id, (_, switch, port) in network.cards.items():
            if network.reachable(id):
                there = self._host(switch, port)
                ask = self._down(way, switch.id, [flow_hash("station", id)])
                answer = self._up(way, switch.id, [flow_hash(id, "station")])
                request = self._add("unicast", poll, [*ask, there])
                self.entries.append((station.id, (station_port,), request))
                self.entries.append((switch.id, (port,), self._add("unicast", poll, [*answer, here])))

    def broadcasts(self) -> None:
        """Address resolution: the requests of the hosts of one side flood the other, and every host port."""
        network = self.network
        doors: dict[str, list[tuple[int, ...]]] = defaultdict(list)
        for row in self.doors.values():
            for id, ports in row.items():
                doors[id].append(ports)
        for id, port in network.hosts:
            if (id, port) not in network.servers and forwards(network.switches[id], port):
                doors[id].append((port,))
        one = Load(ARP_PER_HOST_S * CONTROL_FRAME_OCTETS, ARP_PER_HOST_S)
        done: set[str] = set()
        for root, switch in network.switches.items():
            if root in done or not switch.running:
                continue
            walk = branches(network, root)
            part = [root, *(branch.switch for branch in walk)]
            done.update(part)
            below = {id: sum(map(len, doors[id])) for id in part}
            total = sum(below.values())
            for branch in reversed(walk):
                below[branch.towards] += below[branch.switch]
            for branch in walk:
                self._over("broadcast", one.times(below[branch.switch]), branch.trunk, branch.switch)
                self._over("broadcast", one.times(total - below[branch.switch]), branch.trunk, branch.towards)
            for id in part:
                for ports in doors[id]:
                    self.entries.append((id, ports, self._add("broadcast", one.times(len(ports)), [])))
                    self._add(
                        "broadcast",
                        one.times(len(ports) * (total - 1)),
                        [self._host(network.switches[id], *ports)],
                    )

    def _over(self, sort: str, load: Load, trunk: Trunk, sender: str) -> None:
        """Frames over one trunk, all of one flow."""
        self._add(sort, load, [self.exits.leg(trunk, sender, [flow_hash(sender, sort)])])

    def protocols(self) -> None:
        """BPDUs of designated ports, LLDPDUs and LACPDUs of both ends, the master's advertisements."""
        network = self.network
        for trunk in network.trunks:
            links = network.carrying(trunk)
            for switch, port in (trunk.a, trunk.b):
                if not links or not switch.speaks:
                    continue
                if switch.stp_role(port) == "designated" and switch.bridges:
                    self._over("multicast", Load(CONTROL_FRAME_OCTETS / HELLO_S, 1.0 / HELLO_S), trunk, switch.id)
                lldp = Load(LLDP_FRAME_OCTETS / LLDP_PERIOD_S, 1.0 / LLDP_PERIOD_S)
                for link, exit in zip(links, self.exits.members(trunk, switch.id), strict=True):
                    self._add("multicast", lldp, [((exit, 1.0),)])
                    if trunk.aggregated:
                        every = 1.0 / LACP_PERIOD_S[link.params.lacp]
                        self._add("multicast", Load(LACP_FRAME_OCTETS * every, every), [((exit, 1.0),)])
        master = network.vrrp_master
        if master and network.switches[master].speaks:
            advertisement = Load(CONTROL_FRAME_OCTETS / ADVERTISEMENT_S, 1.0 / ADVERTISEMENT_S)
            for branch in branches(network, master):
                self._over("multicast", advertisement, branch.trunk, branch.towards)

    def storms(self) -> None:
        """A storm offers twice what each port of its switches can send: half of everything is dropped."""
        stormy = self.network.state.storm
        if not stormy:
            return
        circling = [exit for (id, _), exit in self.exits.hosts.items() if id in stormy]
        for trunk in self.network.trunks:
            for end in trunk.ends if self.network.passes(trunk) else ():
                if end.bridge in stormy:
                    circling += self.exits.members(trunk, end.bridge)
        for exit in circling:
            octets = 2.0 * exit.room
            self._add("broadcast", Load(octets, octets / STORM_FRAME_OCTETS), [((exit, 1.0),)])

    def rates(self) -> Rates:
        """Growth of the counters of all ports, per second."""
        counts = _Counts(self.network)
        for id, ports, stream in self.entries:
            row, load = counts.of(id, ports), stream.load
            row[IN_OCTETS] += load.octets / len(ports)
            row[IN_FRAMES + stream.sort] += load.frames / len(ports)
        for exit in self.exits:
            counts.leaves(exit)
        return counts.rates


class _Counts:
    """The rates of the counters, added up. Ports that carry the same share a list."""

    def __init__(self, network: Fabric) -> None:
        self.rates: Rates = {id: {} for id in network.switches}

    def of(self, id: str, ports: tuple[int, ...]) -> list[float]:
        """The rates of those ports, each of which carries the same."""
        rates = self.rates[id]
        row = rates.get(str(ports[0]))
        if row is None:
            row = [0.0] * len(COUNTERS)
            rates.update((str(port), row) for port in ports)
        return row

    def leaves(self, exit: Exit) -> None:
        """Frames that leave through an exit and arrive at its other end; those that do not fit are discarded."""
        octets, frames = sum(exit.octets), sum(exit.frames)
        if octets <= 0.0:
            return
        row, fits = self.of(exit.switch.id, exit.ports), exit.fits / len(exit.ports)
        row[OUT_OCTETS] += octets * fits
        for sort, count in enumerate(exit.frames, OUT_FRAMES):
            row[sort] += count * fits
        row[OUT_DISCARDS] += frames * (1.0 - exit.fits) / len(exit.ports)
        if exit.far is None:
            return
        switch, port = exit.far
        row = self.of(switch.id, (port,))
        row[IN_OCTETS] += octets * exit.passes
        for sort, count in enumerate(exit.frames, IN_FRAMES):
            row[sort] += count * exit.passes
        row[IN_ERRORS] += frames * exit.fits * exit.damaged
