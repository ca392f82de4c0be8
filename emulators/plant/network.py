"""The site's network: who reaches whom, and how long it takes after something broke.

From event to event: whenever a port gains or loses its carrier, `ManagementNetwork` computes what link
aggregation, spanning tree and the virtual router settle to, makes at once what happens at once, and sets a timer
for what the standards make wait. In between nothing runs: hellos and advertisements that only say that all is
well are not played.

    carriers          links and hosts with power at both ends
    aggregates        members that carry traffic (IEEE 802.1AX)
    spanning tree     roles and states of bridge ports (IEEE 802.1D-2004)
    paths             which switches exchange frames; a circle in them is a broadcast storm
    virtual router    which core switch is the gateway (RFC 5798)
    traffic           what every port counts (see `emulators.plant.traffic`)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, cast

from emulators.plant import traffic
from emulators.plant.bridging import (
    FORWARD_DELAY_S,
    HANDSHAKE_S,
    INFORMATION_AGE_S,
    MAX_AGE_S,
    TC_WHILE_S,
    End,
    Heard,
    Segment,
    Tree,
    spanning_tree,
)
from emulators.plant.electrical import Component, Ref
from emulators.plant.engine import Actor, Fault, PlantError, State
from emulators.plant.links import AGGREGATE_BASE, Link, Switch
from emulators.plant.redundancy import (
    ADVERTISEMENT_S,
    AGGREGATE_WAIT_S,
    lacp_timeout_s,
    last_advertisement,
    master_down_s,
    rivals,
    skew_s,
)

__all__ = ["Link", "ManagementNetwork", "Switch"]


class Card(Protocol):
    """A device with a management card, as far as the network sees it."""

    id: str
    state: Any
    params: Any

    @property
    def answers(self) -> bool: ...


class Row(Protocol):
    """A rack row, as far as the network sees it."""

    @property
    def heat_kw(self) -> float: ...


@dataclass(frozen=True)
class NetworkRatings:
    """What is true of the network as a whole."""

    station: Ref = ""
    """Where the management station is attached, `mgmt-core-1:48`."""
    gateways: tuple[Ref, ...] = ()
    """The switches that share the virtual router address, the owner of the highest priority first."""
    priorities: tuple[int, ...] = (200, 100)
    """Their VRRP priorities (100 is the default of RFC 5798 5.2.4)."""
    preempt: bool = True
    """Whether a gateway of higher priority takes its role back (RFC 5798 6.1: default true)."""
    uplinks: tuple[Ref, ...] = ()
    """The gateways' ports to the outside world, one each (`core-1:54`)."""
    gbps_per_kw: float = 0.4
    """What servers send for each kW they draw, Gb/s: 44 servers in a 10 kW rack at 1 % of 10 Gb/s
    (utilisation: Roy et al., Inside the Social Network's (Datacenter) Network, SIGCOMM 2015; from memory)."""
    outside_share: float = 0.2
    """Share of the servers' traffic that leaves the site (same source, order of magnitude; unverified)."""
    frame_octets: float = 800.0
    """Mean frame length: mostly 64 or 1500 octets (Benson et al., IMC 2010; mean unverified), octets."""
    poll_kbps: float = 4.0
    """What the management station exchanges with each device, each way, kb/s."""


@dataclass
class NetworkState(State):
    converged: bool = False
    active: list[str] = field(default_factory=list)
    """Members of link aggregates that carry traffic."""
    silent: dict[str, float] = field(default_factory=dict)
    """Trunks that are up but bring no BPDU any more, and since when, s."""
    vrrp: dict[str, str] = field(default_factory=dict)
    """Gateway -> initialize, backup or master."""
    vrrp_since: dict[str, float] = field(default_factory=dict)
    vrrp_last: dict[str, float] = field(default_factory=dict)
    """When each gateway that is master no longer sent its last advertisement, s."""
    vrrp_transitions: dict[str, int] = field(default_factory=dict)
    """How often each gateway became master."""
    vrrp_reason: dict[str, str] = field(default_factory=dict)
    """Why each gateway last became master (RFC 6527): not-master, priority, preempted or no-response."""
    vrrp_resigned: dict[str, float] = field(default_factory=dict)
    """When each gateway last resigned with priority 0, s."""
    storm: list[str] = field(default_factory=list)
    """Switches that a broadcast storm reaches."""
    offered_kw: dict[str, float] = field(default_factory=dict)
    """The rows' power that the present traffic was worked out for, kW."""
    offered_gbps: float = 0.0
    lost_gbps: float = 0.0


class Trunk:
    """What spanning tree sees as one link: a cable, or all cables of one aggregate."""

    def __init__(self, id: str, links: list[Link], a: tuple[Switch, int], b: tuple[Switch, int]) -> None:
        self.id, self.links, self.a, self.b = id, links, a, b
        self.ends = End(a[0].id, a[1]), End(b[0].id, b[1])
        self.aggregated = a[1] > AGGREGATE_BASE
        rapid = all(switch.params.protocol == "rstp" for switch in (a[0], b[0]))
        self.rapid = rapid and not any(link.params.shared for link in links)
        """Whether both ends can agree at once (point to point, RSTP)."""
        self.age_s = INFORMATION_AGE_S if rapid else MAX_AGE_S


class ManagementNetwork(Component):
    """All switches and links of the site, production and management alike; it exists once."""

    kind = "network"
    PARAMS = NetworkRatings
    STATE = NetworkState
    params: NetworkRatings
    state: NetworkState
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        "converged": "",
        "storm": "",
        "vrrp_master": "",
        "vrrp_masters": "",
        "reachable_devices": "",
        "offered_gbps": "Gb/s",
        "lost_gbps": "Gb/s",
    }
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "stp-off": Fault("spanning tree is switched off everywhere: every port forwards")
    }

    def __init__(self, id: str, params: Any = None) -> None:
        super().__init__(id, params)
        self.stale = True
        """A switch or link has changed: work everything out again."""
        self.tree = Tree()
        self.revision = 0
        """Grows with every change of the topology."""

    def start(self) -> None:
        actors = list(self.plant.actors.values())
        if [a for a in actors if isinstance(a, ManagementNetwork)] != [self]:
            raise PlantError(f"{self.id}: a site has one component of kind network, this one has several")
        self.switches = {a.id: a for a in actors if isinstance(a, Switch)}
        self.links = {a.id: a for a in actors if isinstance(a, Link)}
        self._far: dict[tuple[str, int], tuple[Link, Switch, int]] = {}
        taken: dict[tuple[str, int], str] = {}
        for switch in self.switches.values():
            switch.network = self
        for link in self.links.values():
            link.network = self
            link.start()
            for switch, port in (link.a, link.b):
                self._occupy(taken, switch, port, link.id)
                switch.cabled[port] = link.params.gbps
            for (switch, port), far in ((link.a, link.b), (link.b, link.a)):
                self._far[switch.id, port] = (link, *far)
        self.trunks = self._trunks()
        self._trunk_of = {end: trunk for trunk in self.trunks for end in trunk.ends}
        self.cards: dict[str, tuple[Card, Switch, int]] = {}
        for actor in actors:
            self._attach(actor, taken)
        self._watched = [card for card, _, _ in self.cards.values()]
        self.rows: dict[str, Row] = {}
        self.servers: dict[tuple[str, int], str] = {}
        """The row behind each server port."""
        for switch in self.switches.values():
            self._serve(switch, taken)
        self.station = self._port(self.params.station) if self.params.station else None
        if self.station:
            self._occupy(taken, *self.station, "the management station")
        self.outside = [self._port(ref) for ref in self.params.uplinks]
        for switch, port in self.outside:
            self._occupy(taken, switch, port, "the outside world")
        for gateway in self.params.gateways:
            if gateway not in self.switches:
                raise PlantError(f"{self.id}: gateway {gateway!r} is not a switch")
        if len(self.params.priorities) < len(self.params.gateways):
            raise PlantError(f"{self.id}: expected a VRRP priority for each of {len(self.params.gateways)} gateways")
        self.priority = dict(zip(self.params.gateways, self.params.priorities, strict=False))
        self._shape: tuple[NetworkState, list[bool], list[bool]] | None = None
        self._part: dict[str, int] = {}
        self._paths: dict[str, bool] = {}

    def _occupy(self, taken: dict[tuple[str, int], str], switch: Switch, port: int, what: str) -> None:
        other = taken.setdefault((switch.id, port), what)
        if other != what:
            raise PlantError(f"{switch.id}:{port} is used by {other} and by {what}; a port takes one cable")

    def _port(self, ref: str) -> tuple[Switch, int]:
        id, _, port = ref.partition(":")
        switch = self.switches.get(id)
        if switch is None or not port.isdigit():
            raise PlantError(f"{self.id}: {ref!r} is no switch port; expected switch:number, such as mgmt-1:12")
        switch.check_port(int(port))
        return switch, int(port)

    def _attach(self, actor: Actor, taken: dict[tuple[str, int], str]) -> None:
        ref = getattr(getattr(actor, "params", None), "switch_port", "")
        if ref:
            try:
                switch, port = self._port(ref)
            except PlantError as error:
                raise PlantError(f"{actor.id}: {error}") from None
            self._occupy(taken, switch, port, actor.id)
            self.cards[actor.id] = (cast(Card, actor), switch, port)

    def _serve(self, switch: Switch, taken: Mapping[tuple[str, int], str]) -> None:
        rows = switch.params.serves
        for name in rows:
            self.rows[name] = cast(Row, self.plant.find(name))
        if rows:
            each = switch.params.server_ports // len(rows)
            for n in range(each * len(rows)):
                if (switch.id, n + 1) not in taken:
                    self.servers[switch.id, n + 1] = rows[n // each]

    def _trunks(self) -> list[Trunk]:
        trunks: list[Trunk] = []
        aggregates: dict[tuple[str, str, str], list[Link]] = {}
        for link in self.links.values():
            if not link.params.lag:
                trunks.append(Trunk(link.id, [link], link.a, link.b))
                continue
            first, second = sorted((link.a[0].id, link.b[0].id))
            aggregates.setdefault((first, second, link.params.lag), []).append(link)
        for (first, second, lag), links in aggregates.items():
            digits = lag.removeprefix("lag")
            if not digits.isdigit() or not 1 <= int(digits) <= 256:
                raise PlantError(f"{links[0].id}: lag is {lag!r}, expected lag1 to lag256")
            number = AGGREGATE_BASE + int(digits)
            for id in (first, second):
                switch = self.switches[id]
                if number in switch.aggregates:
                    raise PlantError(f"{links[0].id}: {lag} of {id} already leads to another switch")
                ends = [end for link in links for end in (link.a, link.b) if end[0] is switch]
                switch.aggregates[number] = [port for _, port in ends]
            ends_ = (self.switches[first], number), (self.switches[second], number)
            trunks.append(Trunk(f"{first}/{second} {lag}", links, *ends_))
        return trunks

    # -- what others ask ------------------------------------------------------------------------------------

    def reachable(self, device_id: str) -> bool:
        """Whether the management station can talk to that device now.

        Its card answers, its port is up and forwards, and forwarding links lead to the station's port without
        passing through a broadcast storm. A device cabled to no switch is as reachable as its card; a switch is
        asked in band.
        """
        card: Any = self.plant.actors[device_id]
        path = self._paths.get(device_id)
        if path is None:
            path = self._paths[device_id] = self._path_exists(card)
        return path and bool(card.answers)

    def connected(self, a: str, b: str) -> bool:
        """Whether frames get from switch `a` to switch `b`, a storm aside."""
        part = self._part.get(a)
        return part is not None and part == self._part.get(b)

    def vrrp_role(self, gateway: str) -> str:
        """initialize, backup or master."""
        return self.state.vrrp.get(gateway, "initialize")

    def neighbour(self, switch: Switch, port: int) -> tuple[Link, Switch, int] | None:
        """What is at the other end of a port's cable, if that is a switch: the link, that switch and its port."""
        return self._far.get((switch.id, port))

    def distributes(self, switch: Switch, port: int) -> bool:
        """Whether that member of an aggregate carries traffic."""
        found = self.neighbour(switch, port)
        return found is not None and found[0].id in self.state.active

    def toward(self, switch: Switch) -> dict[str, int]:
        """For every switch that frames reach from here: the bridge port they leave through."""
        exits: dict[str, int] = {}
        steps = self._steps()
        seen = {switch.id}
        edge = [(there, port) for port, there in steps.get(switch.id, [])]
        while edge:
            onward = []
            for id, exit in edge:
                if id not in seen:
                    seen.add(id)
                    exits[id] = exit
                    onward += [(there, exit) for _, there in steps[id]]
            edge = onward
        return exits

    @property
    def converged(self) -> bool:
        """Whether every bridge port that is to forward does."""
        return all(
            switch.state.stp.get(port) == "forwarding"
            for switch in self.switches.values()
            for port, role in switch.state.role.items()
            if role in ("root", "designated")
        )

    @property
    def storm(self) -> bool:
        return bool(self.state.storm)

    @property
    def offered_gbps(self) -> float:
        """What the servers would send, Gb/s."""
        return self.state.offered_gbps

    @property
    def lost_gbps(self) -> float:
        """What of it finds no way, no room or a bad link, Gb/s."""
        return self.state.lost_gbps

    @property
    def vrrp_masters(self) -> int:
        """How many gateways think they are master: one when all is well."""
        return sum(role == "master" for role in self.state.vrrp.values())

    @property
    def vrrp_master(self) -> str:
        """The gateway whose advertisements win, '' when there is none."""
        masters = [g for g in self.params.gateways if self.vrrp_role(g) == "master"]
        speaking = [g for g in masters if self.switches[g].speaks]
        return max(speaking or masters, key=lambda g: self.priority[g], default="")

    @property
    def reachable_devices(self) -> int:
        return sum(self.reachable(id) for id in self.cards)

    # -- the clock's calls ----------------------------------------------------------------------------------

    def react(self) -> None:
        cards = [card.state.card != "off" for card in self._watched]
        power = [row.heat_kw for row in self.rows.values()]
        lit = [kw > 0.0 for kw in power]
        shape = self._shape
        if self.stale or shape is None or shape[0] is not self.state or shape[1] != cards or shape[2] != lit:
            restored = shape is not None and shape[0] is not self.state
            self._shape, self.stale = (self.state, cards, lit), False
            self._settle(restored)
            self.touch()
        elif any(abs(kw - self.state.offered_kw[name]) > 0.01 * kw for name, kw in zip(self.rows, power, strict=True)):
            self._measure()

    def on_fault(self, kind: str, active: bool) -> None:
        self.stale = True

    def on_timer(self, name: str) -> None:
        verb, _, rest = name.partition(" ")
        if verb in ("learn", "forward"):
            id, _, port = rest.rpartition(":")
            self._advance_port(self.switches[id], port, verb)
        elif verb == "join":
            self.state.active.append(rest)
            self.log("aggregate member active", link=rest)
        elif verb == "expire":
            self._leave(rest)
        elif verb == "master":
            self._become(rest, "master")
        elif verb == "yield":
            self._become(rest, "backup")
        elif verb != "age":
            super().on_timer(name)
        self.stale = True

    # -- working it out -------------------------------------------------------------------------------------

    def _settle(self, restored: bool) -> None:
        """Everything that follows from the present carriers, from bottom to top."""
        at_once = not self.state.converged
        self.state.converged = True
        self.revision += 1
        self._carriers()
        self._aggregate(at_once)
        self._span(at_once)
        self._connect()
        self._route(at_once)
        self._paths.clear()
        if not restored:
            self._measure()

    def _carriers(self) -> None:
        oper = {id: [False] * switch.params.ports for id, switch in self.switches.items()}
        for link in self.links.values():
            if link.up:
                for switch, port in (link.a, link.b):
                    oper[switch.id][port - 1] = True
        for card, switch, port in self.cards.values():
            oper[switch.id][port - 1] = card.state.card != "off" and switch.carries(port)
        for (id, port), row in self.servers.items():
            oper[id][port - 1] = self.rows[row].heat_kw > 0.0 and self.switches[id].carries(port)
        for switch, port in [*self.outside, *([self.station] if self.station else [])]:
            oper[switch.id][port - 1] = switch.carries(port)
        for id, up in oper.items():
            switch = self.switches[id]
            if up == switch.state.oper:
                continue
            for port, (now, before) in enumerate(zip(up, switch.state.oper, strict=True), 1):
                if now != before:
                    switch.state.changed[port - 1] = self.plant.now
            if switch.running and self.plant.now > 0.0:
                for change in (True, False):
                    ports = [p for p in switch.numbers if up[p - 1] is change is not switch.state.oper[p - 1]]
                    if ports:
                        switch.log("ports up" if change else "ports down", ports=ports)
            switch.state.oper = up

    # -- link aggregation -----------------------------------------------------------------------------------

    def _aggregate(self, at_once: bool) -> None:
        for trunk in self.trunks:
            for link in trunk.links if trunk.aggregated else ():
                heard = link.passes and link.a[0].speaks and link.b[0].speaks
                active = link.id in self.state.active
                if not link.up:
                    self.cancel(f"join {link.id}")
                    self.cancel(f"expire {link.id}")
                    if active:
                        self._leave(link.id)
                elif not heard:
                    self.cancel(f"join {link.id}")
                    if active and self.remaining_s(f"expire {link.id}") is None:
                        self.after(lacp_timeout_s(link.params.lacp), f"expire {link.id}")
                else:
                    self.cancel(f"expire {link.id}")
                    if not active and at_once:
                        self.state.active.append(link.id)
                    elif not active and self.remaining_s(f"join {link.id}") is None:
                        self.after(AGGREGATE_WAIT_S, f"join {link.id}")

    def _leave(self, link: str) -> None:
        self.state.active.remove(link)
        self.log("aggregate member lost", link=link)

    def carrying(self, trunk: Trunk) -> list[Link]:
        """The links of a trunk that traffic is put on."""
        if trunk.aggregated:
            return [link for link in trunk.links if link.id in self.state.active]
        return [link for link in trunk.links if link.up]

    # -- spanning tree --------------------------------------------------------------------------------------

    def _span(self, at_once: bool) -> None:
        segments: list[Segment] = []
        alone: list[End] = []
        agreed: dict[End, Trunk] = {}
        for trunk in self.trunks:
            up = bool(self.carrying(trunk))
            if up and self._believed(trunk, at_once):
                (a, port), ends = trunk.a, trunk.ends
                segments.append(Segment(*ends, a.path_cost(port)))
                agreed.update(dict.fromkeys(ends, trunk))
            elif up:
                alone += trunk.ends
            if not up:
                self.state.silent.pop(trunk.id, None)
                self.cancel(f"age {trunk.id}")
        members = {
            (switch.id, port)
            for switch in self.switches.values()
            for ports in switch.aggregates.values()
            for port in ports
        }
        hosts: set[End] = set()
        for switch in self.switches.values():
            for port in switch.numbers:
                end = End(switch.id, port)
                if switch.state.oper[port - 1] and port not in switch.cabled and end not in members:
                    hosts.add(end)
        bridges = {id: switch.bridge_id for id, switch in self.switches.items() if switch.running}
        self.tree = tree = spanning_tree(
            bridges, segments, [e for e in [*alone, *sorted(hosts)] if e.bridge in bridges]
        )
        for switch in self.switches.values():
            self._apply(switch, tree, agreed, hosts, at_once)

    def _believed(self, trunk: Trunk, at_once: bool) -> bool:
        """Whether the ends of a trunk hear each other, or still believe what they last heard."""
        heard = any(link.passes for link in self.carrying(trunk)) and trunk.a[0].bridges and trunk.b[0].bridges
        if heard:
            self.state.silent.pop(trunk.id, None)
            self.cancel(f"age {trunk.id}")
            return True
        since = self.state.silent.get(trunk.id)
        if since is None:
            known = any(str(port) in switch.state.role for switch, port in (trunk.a, trunk.b))
            since = self.state.silent[trunk.id] = self.plant.now if known and not at_once else -trunk.age_s
            if known and not at_once:
                self.after(trunk.age_s, f"age {trunk.id}")
        return self.plant.now < since + trunk.age_s - 1e-9

    def _apply(self, switch: Switch, tree: Tree, agreed: Mapping[End, Trunk], hosts: set[End], at_once: bool) -> None:
        """Give the switch's bridge ports their new roles, and their states or the timers that lead to them."""
        state = switch.state
        if not switch.running:
            for port in list(state.stp):
                self._stop(switch, port)
            state.role.clear()
            state.root, state.root_cost, state.root_port = "", 0, 0
            return
        roles = {str(end.port): role for end, role in tree.role.items() if end.bridge == switch.id}
        for port in [port for port in state.stp if port not in roles]:
            self._stop(switch, port)
            state.role.pop(port, None)
        if not switch.speaks:
            for port in [port for port in roles if port not in state.stp]:
                state.stp[port] = "discarding"
                state.role[port] = "designated"
            return
        root = tree.root[switch.id]
        if root != state.root:
            if root == switch.id and switch.bridges and not at_once:
                state.new_roots += 1
                switch.log("became root bridge")
            state.root = root
        state.root_cost, state.root_port = tree.cost[switch.id], tree.root_port[switch.id]
        for port, role in roles.items():
            was, state.role[port] = state.role.get(port), role
            end = End(switch.id, int(port))
            if switch.stp_off:
                state.role[port] = role = "designated"
            if role in ("alternate", "backup"):
                if state.stp.get(port) != "discarding":
                    self._stop(switch, port)
                    state.stp[port] = "discarding"
            elif state.stp.get(port) == "forwarding":
                continue
            elif at_once or switch.stp_off or (end in hosts and switch.params.edge_ports):
                self._advance_port(switch, port, "forward", quietly=at_once or end in hosts)
            elif end in agreed and agreed[end].rapid:
                a, b = agreed[end].ends
                hops = 1 if was == "alternate" else max(tree.depth[a.bridge], tree.depth[b.bridge], 1)
                state.stp.setdefault(port, "discarding")
                due = self.remaining_s(f"forward {switch.id}:{port}")
                if due is None or due > hops * HANDSHAKE_S:
                    self.cancel(f"learn {switch.id}:{port}")
                    self.after(hops * HANDSHAKE_S, f"forward {switch.id}:{port}")
            else:
                state.stp.setdefault(port, "discarding")
                waiting = any(self.remaining_s(f"{verb} {switch.id}:{port}") for verb in ("learn", "forward"))
                if not waiting:
                    self.after(FORWARD_DELAY_S, f"learn {switch.id}:{port}")

    def _stop(self, switch: Switch, port: str) -> None:
        """The port forwards no longer: the same instant, whatever the protocol."""
        switch.state.stp.pop(port, None)
        self.cancel(f"learn {switch.id}:{port}")
        self.cancel(f"forward {switch.id}:{port}")

    def _advance_port(self, switch: Switch, port: str, verb: str, quietly: bool = False) -> None:
        """A bridge port begins to learn or to forward."""
        state = switch.state
        if verb == "learn":
            state.stp[port] = "learning"
            self.after(FORWARD_DELAY_S, f"forward {switch.id}:{port}")
            return
        self.cancel(f"learn {switch.id}:{port}")
        self.cancel(f"forward {switch.id}:{port}")
        state.stp[port] = "forwarding"
        if quietly:
            return
        state.transitions[port] = state.transitions.get(port, 0) + 1
        switch.log("port forwarding", port=int(port), role=state.role.get(port, "designated"))
        if not switch.params.edge_ports or End(switch.id, int(port)) in self._trunk_of:
            self._topology_change(switch)

    def _topology_change(self, origin: Switch) -> None:
        """Every bridge of the tree learns of it; one that is still announcing a change only goes on doing so."""
        tree = origin.state.root
        for switch in self.switches.values():
            state = switch.state
            if switch.bridges and state.root == tree:
                if self.plant.now >= state.topology_changed_at + TC_WHILE_S or not state.topology_changes:
                    state.topology_changes += 1
                state.topology_changed_at = self.plant.now

    def heard(self, end: End) -> Heard | None:
        """What the designated port of that bridge port's segment announces."""
        return self.tree.designated.get(end)

    # -- paths ----------------------------------------------------------------------------------------------

    def passes(self, trunk: Trunk) -> bool:
        """Whether frames pass the trunk: both ends forward and some link in it works."""
        return all(switch.state.stp.get(str(port)) == "forwarding" for switch, port in (trunk.a, trunk.b)) and any(
            link.passes for link in self.carrying(trunk)
        )

    def _steps(self) -> dict[str, list[tuple[int, str]]]:
        """Switch -> (bridge port, switch behind it) for each open trunk."""
        steps: dict[str, list[tuple[int, str]]] = {id: [] for id, s in self.switches.items() if s.running}
        for trunk in self.trunks:
            if self.passes(trunk):
                a, b = trunk.ends
                steps[a.bridge].append((a.port, b.bridge))
                steps[b.bridge].append((b.port, a.bridge))
        return steps

    def _connect(self) -> None:
        """Which switches exchange frames; a part with as many open trunks as switches holds a circle."""
        steps = self._steps()
        self._part = {}
        storm: list[str] = []
        for number, first in enumerate(steps):
            if first in self._part:
                continue
            part, edge = [first], [first]
            self._part[first] = number
            while edge:
                for _, there in steps[edge.pop()]:
                    if there not in self._part:
                        self._part[there] = number
                        part.append(there)
                        edge.append(there)
            trunks = sum(len(steps[id]) for id in part) // 2
            if trunks >= len(part) or any("loop" in self.switches[id].state.faults for id in part):
                storm += part
        storm.sort()
        if storm != self.state.storm:
            self.state.storm = storm
            self.log("broadcast storm" if storm else "broadcast storm over", switches=storm)

    def _path_exists(self, card: Any) -> bool:
        if card.id in self.cards:
            _, switch, port = self.cards[card.id]
            if not switch.running or switch.state.stp.get(str(port)) != "forwarding":
                return False
        else:
            of = self.plant.actors.get(card.params.of)
            if not isinstance(of, Switch):
                return True
            switch = of
        if switch.id in self.state.storm:
            return False
        if self.station is None:
            return switch.running
        station, port = self.station
        return station.state.stp.get(str(port)) == "forwarding" and self.connected(switch.id, station.id)

    # -- virtual router -------------------------------------------------------------------------------------

    def resign(self, gateway: Switch) -> None:
        """A master that goes down properly says so with priority 0: the backup waits its skew only (RFC 5798 6.4.2)."""
        if self.vrrp_role(gateway.id) != "master":
            return
        self.state.vrrp_resigned[gateway.id] = self.plant.now
        for other in self.params.gateways:
            if self.vrrp_role(other) == "backup" and self.connected(gateway.id, other):
                self.after(skew_s(self.priority[other]), f"master {other}")

    def _route(self, at_once: bool) -> None:
        routers = self.params.gateways
        if at_once and routers:
            best = max((r for r in routers if self.switches[r].running), key=lambda r: self.priority[r], default="")
            for router in routers:
                running = self.switches[router].running
                role = ("master" if router == best else "backup") if running else "initialize"
                self.state.vrrp[router], self.state.vrrp_since[router] = role, self.plant.now
                self.state.vrrp_transitions[router] = int(role == "master")
            return
        for router in routers:
            switch, role = self.switches[router], self.vrrp_role(router)
            if not switch.running:
                if role != "initialize":
                    self._become(router, "initialize")
            elif role == "initialize":
                self._become(router, "backup")
            elif role == "master":
                self._challenge(router)
        for router in routers:
            if self.vrrp_role(router) == "backup":
                self._wait(router)

    def _hears(self, sender: str, receiver: str) -> bool:
        return (
            self.switches[sender].speaks
            and self.switches[receiver].speaks
            and self.connected(sender, receiver)
            and sender not in self.state.storm
        )

    def _challenge(self, router: str) -> None:
        """A master that hears a better one steps back at that one's next advertisement."""
        better = [
            other
            for other in rivals(router, self.params.gateways, self.state.vrrp, self._hears)
            if self.priority[other] > self.priority[router]
        ]
        name = f"yield {router}"
        if not better:
            self.cancel(name)
        elif self.remaining_s(name) is None:
            since, now = self.state.vrrp_since[better[0]], self.plant.now
            self.after(0.0 if since == now else last_advertisement(since, now) + ADVERTISEMENT_S - now, name)

    def _wait(self, router: str) -> None:
        """A backup that hears no master of its own rank or better becomes master after its master-down interval."""
        heard = [
            other
            for other in rivals(router, self.params.gateways, self.state.vrrp, self._hears)
            if not self.params.preempt or self.priority[other] >= self.priority[router]
        ]
        name = f"master {router}"
        if heard or not self.switches[router].speaks:
            self.cancel(name)
        elif self.remaining_s(name) is None:
            last = self.state.vrrp_since[router]
            for other in self.params.gateways:
                if other != router and (not self.params.preempt or self.priority[other] >= self.priority[router]):
                    last = max(last, self._last_advertisement(other))
            self.after(max(0.0, last + master_down_s(self.priority[router]) - self.plant.now), name)

    def _last_advertisement(self, router: str) -> float:
        if self.vrrp_role(router) == "master":
            return last_advertisement(self.state.vrrp_since[router], self.plant.now)
        return self.state.vrrp_last.get(router, 0.0)

    def _become(self, router: str, role: str) -> None:
        self.cancel(f"master {router}")
        self.cancel(f"yield {router}")
        if self.vrrp_role(router) == "master":
            self.state.vrrp_last[router] = self._last_advertisement(router)
        self.state.vrrp[router] = role
        self.state.vrrp_since[router] = self.plant.now
        if role == "master":
            self.state.vrrp_reason[router] = self._reason(router)
            self.state.vrrp_transitions[router] = self.state.vrrp_transitions.get(router, 0) + 1
        self.switches[router].log(f"vrrp {role}")
        self.stale = True
        self.touch()

    def _reason(self, router: str) -> str:
        """Why that gateway becomes master: it preempts a lower one, the master resigned, or the master is silent."""
        if rivals(router, self.params.gateways, self.state.vrrp, self._hears):
            return "preempted"
        since = self.plant.now - 1.001 * skew_s(self.priority[router])
        resigned = [t for other, t in self.state.vrrp_resigned.items() if other != router and t >= since]
        return "priority" if resigned else "no-response"

    # -- traffic --------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        """Work out what every port carries from now on."""
        self.state.offered_kw = {name: row.heat_kw for name, row in self.rows.items()}
        rates, self.state.offered_gbps, self.state.lost_gbps = traffic.measure(self)
        for id, switch in self.switches.items():
            switch.count_at(rates[id])
