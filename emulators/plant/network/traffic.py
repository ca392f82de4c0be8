"""What every port carries: the servers' traffic, the management station's polls and the protocols' own frames.

Rates, not frames: from one change of topology or load to the next they are constant, so a counter is its last
value plus rate times time. Servers talk through their gateway (each rack row is a subnet of its own), along the
forwarding links; an aggregate splits evenly over its members. What is more than a link carries is discarded where
it would leave the switch; a damaged frame is counted as an error where it arrives.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from twinfeed.emulators.plant.network.cabling import Trunk
from twinfeed.emulators.plant.network.fabric import Fabric
from twinfeed.emulators.plant.network.links import Link
from twinfeed.emulators.plant.network.spanning_tree import HELLO_S
from twinfeed.emulators.plant.network.state import ADVERTISEMENT_S, LACP_PERIOD_S, OCTETS_PER_GBIT
from twinfeed.emulators.plant.network.switch import COUNTERS, Switch

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
"""What a serving site receives for each octet it sends to the outside; unverified."""

STORM_FRAME_OCTETS = 128.0
"""A circling broadcast, mostly ARP and the like with its share of longer frames; unverified, octets."""

WHICH = {name: n for n, name in enumerate(COUNTERS)}


class Load(NamedTuple):
    """Frames of one sort in one direction, per second."""

    octets: float
    frames: float

    def times(self, factor: float) -> Load:
        return Load(self.octets * factor, self.frames * factor)


class Ports:
    """The rates being worked out, by switch and port."""

    def __init__(self, network: Fabric) -> None:
        self.network = network
        self.rates: dict[str, dict[str, list[float]]] = {id: {} for id in network.switches}
        self.alike: dict[tuple[str, int], list[int]] = {}
        """Server ports of one row on one switch carry the same: the first of them is worked out for all."""
        self.lost_octets = 0.0

    def add(self, switch: Switch, port: int, counter: str, per_second: float) -> None:
        if per_second > 0.0:
            rates = self.rates[switch.id].setdefault(str(port), [0.0] * len(COUNTERS))
            rates[WHICH[counter]] += per_second

    def arrives(self, switch: Switch, port: int, sort: str, load: Load, damaged: float = 0.0) -> None:
        """Frames that reach a port, a share of them damaged."""
        self.add(switch, port, "in_octets", load.octets * (1.0 - damaged))
        self.add(switch, port, f"in_{sort}", load.frames * (1.0 - damaged))
        self.add(switch, port, "in_errors", load.frames * damaged)

    def leaves(self, switch: Switch, port: int, loads: dict[str, Load]) -> float:
        """Frames that are to leave through a port; returns the share that fits."""
        room = switch.speed_gbps(port) * OCTETS_PER_GBIT
        wanted = sum(load.octets for load in loads.values())
        fits = min(1.0, room / wanted) if wanted > 0.0 else 1.0
        for sort, load in loads.items():
            self.add(switch, port, "out_octets", load.octets * fits)
            self.add(switch, port, f"out_{sort}", load.frames * fits)
            self.add(switch, port, "out_discards", load.frames * (1.0 - fits))
        return fits


class Branch(NamedTuple):
    """A switch, and the trunk that leads from it towards the root of the walk."""

    switch: str
    trunk: Trunk
    towards: str


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


Flows = dict[tuple[str, str], dict[str, Load]]
"""By trunk and the switch that sends: what it is to carry, by sort."""


def put(flows: Flows, trunk: Trunk, sender: str, sort: str, load: Load) -> None:
    loads = flows[trunk.id, sender]
    old = loads.get(sort, Load(0.0, 0.0))
    loads[sort] = Load(old.octets + load.octets, old.frames + load.frames)


def measure(network: Fabric) -> tuple[dict[str, dict[str, list[float]]], float, float]:
    """The rates of every port by switch, and the servers' traffic in Gb/s: offered, and lost on its way."""
    ports = Ports(network)
    flows: Flows = defaultdict(dict)
    hosts: dict[tuple[str, int], dict[str, Load]] = defaultdict(dict)
    """What leaves through ports that have a host, by switch and port."""
    offered, lost = _servers(network, ports, flows, hosts)
    _polls(network, ports, flows, hosts)
    _broadcasts(network, ports, flows, hosts)
    _protocols(network, flows)
    for (id, port), loads in hosts.items():
        switch = network.switches[id]
        if id in network.state.storm:
            _fill(switch, port, loads)
        ports.leaves(switch, port, loads)
    for (id, first), others in ports.alike.items():
        if (rates := ports.rates[id].get(str(first))) is not None:
            ports.rates[id].update((str(port), rates) for port in others)
    for trunk in network.trunks:
        for (sender, _), (receiver, _) in ((trunk.a, trunk.b), (trunk.b, trunk.a)):
            _carry(network, ports, trunk, sender, receiver, flows[trunk.id, sender.id])
    return ports.rates, offered, (lost + ports.lost_octets) / OCTETS_PER_GBIT


def _carry(
    network: Fabric, ports: Ports, trunk: Trunk, sender: Switch, receiver: Switch, loads: dict[str, Load]
) -> None:
    """Split over the links of a trunk, drop what does not fit, damage what a bad link damages."""
    links = network.carrying(trunk)
    stormy = sender.id in network.state.storm and network.passes(trunk)
    for link in links:
        share = {sort: load.times(1.0 / len(links)) for sort, load in loads.items()}
        own, far = _ports(link, sender)
        if stormy:
            _fill(sender, own, share)
        fits = ports.leaves(sender, own, share)
        for sort, load in share.items():
            ports.arrives(receiver, far, sort, load.times(fits), link.loss_ratio)
        unicast = share.get("unicast", Load(0.0, 0.0)).octets
        ports.lost_octets += unicast * (1.0 - fits * (1.0 - link.loss_ratio))


def _ports(link: Link, sender: Switch) -> tuple[int, int]:
    """The link's port at the sender and at the other end."""
    return (link.a[1], link.b[1]) if link.a[0] is sender else (link.b[1], link.a[1])


def _fill(switch: Switch, port: int, loads: dict[str, Load]) -> None:
    """A storm offers twice what the port can send: half of everything on it is dropped."""
    octets = 2.0 * switch.speed_gbps(port) * OCTETS_PER_GBIT
    loads["broadcast"] = Load(octets, octets / STORM_FRAME_OCTETS)


def _servers(
    network: Fabric, ports: Ports, flows: Flows, hosts: dict[tuple[str, int], dict[str, Load]]
) -> tuple[float, float]:
    """The servers' traffic: offered in Gb/s, lost for want of a way in octets/s."""
    params = network.params
    gateway = network.vrrp_master
    way = {branch.switch: branch for branch in branches(network, gateway)} if gateway else {}
    doors: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for (id, port), row in network.servers.items():
        if forwards(network.switches[id], port):
            doors[row][id].append(port)
    for row in doors:
        for id, own in doors[row].items():
            ports.alike[id, own[0]] = own[1:]
    offered = lost = arrived = 0.0
    for row, kw in network.state.offered_kw.items():
        sent = kw * params.gbps_per_kw * OCTETS_PER_GBIT
        offered += sent
        if not doors[row]:
            lost += sent
        for id, own in doors[row].items():
            share = sent / len(doors[row])
            if id != gateway and id not in way:
                lost += share
                continue
            arrived += share
            up = Load(share, share / params.frame_octets)
            down = up.times(1.0 - params.outside_share * (1.0 - INBOUND_PER_OUTBOUND))
            ports.arrives(network.switches[id], own[0], "unicast", up.times(1.0 / len(own)))
            hosts[id, own[0]]["unicast"] = down.times(1.0 / len(own))
            _along(flows, way, id, up, down)
    outside = next(((s, p) for s, p in network.outside if s.id == gateway), None)
    if outside and forwards(*outside):
        out = Load(arrived, arrived / params.frame_octets).times(params.outside_share)
        hosts[gateway, outside[1]]["unicast"] = out
        ports.arrives(*outside, "unicast", out.times(INBOUND_PER_OUTBOUND))
    return offered / OCTETS_PER_GBIT, lost


def _along(flows: Flows, way: dict[str, Branch], id: str, up: Load, down: Load) -> None:
    """Put a flow on every trunk from that switch to the root of the walk, and its answer on the way back."""
    while id in way:
        branch = way[id]
        put(flows, branch.trunk, id, "unicast", up)
        put(flows, branch.trunk, branch.towards, "unicast", down)
        id = branch.towards


def _polls(network: Fabric, ports: Ports, flows: Flows, hosts: dict[tuple[str, int], dict[str, Load]]) -> None:
    """The management station asks every device it can reach; requests and answers are of one size."""
    if network.station is None:
        return
    station, station_port = network.station
    way = {branch.switch: branch for branch in branches(network, station.id)}
    octets = network.params.poll_kbps * 1000.0 / 8.0
    poll = Load(octets, octets / POLL_FRAME_OCTETS)
    reached = 0
    for id, (_, switch, port) in network.cards.items():
        if network.reachable(id):
            reached += 1
            ports.arrives(switch, port, "unicast", poll)
            hosts[switch.id, port]["unicast"] = poll
            _along(flows, way, switch.id, poll, poll)
    if reached:
        ports.arrives(station, station_port, "unicast", poll.times(reached))
        hosts[station.id, station_port]["unicast"] = poll.times(reached)


def _broadcasts(network: Fabric, ports: Ports, flows: Flows, hosts: dict[tuple[str, int], dict[str, Load]]) -> None:
    """Address resolution: what the hosts of one side ask floods the other, and every host port."""
    doors: dict[str, list[int]] = defaultdict(list)
    for id, port in network.hosts:
        if forwards(network.switches[id], port):
            doors[id].append(port)
    copies = {(id, port) for (id, _), others in ports.alike.items() for port in others}
    one = Load(ARP_PER_HOST_S * CONTROL_FRAME_OCTETS, ARP_PER_HOST_S)
    done: set[str] = set()
    for root, switch in network.switches.items():
        if root in done or not switch.running:
            continue
        walk = branches(network, root)
        part = [root, *(branch.switch for branch in walk)]
        done.update(part)
        below = {id: len(doors[id]) for id in part}
        total = sum(below.values())
        for branch in reversed(walk):
            below[branch.towards] += below[branch.switch]
        for branch in walk:
            put(flows, branch.trunk, branch.switch, "broadcast", one.times(below[branch.switch]))
            put(flows, branch.trunk, branch.towards, "broadcast", one.times(total - below[branch.switch]))
        for id in part:
            for port in doors[id]:
                if (id, port) not in copies:
                    ports.arrives(network.switches[id], port, "broadcast", one)
                    hosts[id, port]["broadcast"] = one.times(total - 1)


def _protocols(network: Fabric, flows: Flows) -> None:
    """BPDUs of designated ports, LLDPDUs and LACPDUs of both ends, the master's advertisements."""
    for trunk in network.trunks:
        links = network.carrying(trunk)
        for switch, port in (trunk.a, trunk.b):
            if not links or not switch.speaks:
                continue
            if switch.stp_role(port) == "designated" and switch.bridges:
                put(flows, trunk, switch.id, "multicast", Load(CONTROL_FRAME_OCTETS / HELLO_S, 1.0 / HELLO_S))
            lldp = len(links) / LLDP_PERIOD_S
            put(flows, trunk, switch.id, "multicast", Load(LLDP_FRAME_OCTETS * lldp, lldp))
            if trunk.aggregated:
                lacp = sum(1.0 / LACP_PERIOD_S[link.params.lacp] for link in links)
                put(flows, trunk, switch.id, "multicast", Load(LACP_FRAME_OCTETS * lacp, lacp))
    master = network.vrrp_master
    if master and network.switches[master].speaks:
        advertisement = Load(CONTROL_FRAME_OCTETS / ADVERTISEMENT_S, 1.0 / ADVERTISEMENT_S)
        for branch in branches(network, master):
            put(flows, branch.trunk, branch.towards, "multicast", advertisement)
