"""The site's network: who reaches whom, and how long it takes after something broke.

From event to event: whenever a port gains or loses its carrier, `ManagementNetwork` computes what link
aggregation, spanning tree and the virtual router settle to, makes at once what happens at once, and sets a timer
for what the standards make wait. In between nothing runs: hellos and advertisements that only confirm that all is
well are not played.

    carriers          links and hosts with power at both ends
    aggregates        members that carry traffic (IEEE 802.1AX)
    spanning tree     roles and states of bridge ports (IEEE 802.1D-2004)
    paths             which switches exchange frames; a circle in them is a broadcast storm
    virtual router    which core switch is the gateway (RFC 5798)
    traffic           what every port counts (see `twinfeed.emulators.plant.network.traffic`)

What is left out: VLANs (production and management are one broadcast domain if they are cabled together),
multiple-instance spanning tree, and the frames that are on their way when something changes. A storm makes
everything behind it unreachable, where a real one lets a few answers through.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.faults import Fault
from twinfeed.emulators.plant.network import traffic
from twinfeed.emulators.plant.network.cabling import Cabling, Trunk
from twinfeed.emulators.plant.network.convergence import Convergence
from twinfeed.emulators.plant.network.links import Link
from twinfeed.emulators.plant.network.redundancy import Aggregation, VirtualRouter
from twinfeed.emulators.plant.network.state import NetworkRatings, NetworkState
from twinfeed.emulators.plant.network.switch import Switch

__all__ = ["Link", "ManagementNetwork", "Switch"]


class ManagementNetwork(Component[NetworkState, NetworkRatings]):
    """All switches and links of the site, production and management alike; it exists once."""

    kind = "network"
    PARAMS = NetworkRatings
    STATE = NetworkState
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        "converged": "",
        "storm": "",
        "vrrp_master": "",
        "vrrp_masters": "",
        "reachable_devices": "",
        "offered_gbps": "Gb/s",
        "delivered_gbps": "Gb/s",
        "lost_gbps": "Gb/s",
    }
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "stp-off": Fault("spanning tree is switched off everywhere: every port forwards")
    }

    def __init__(self, id: str, params: Any = None) -> None:
        super().__init__(id, params)
        self.stale = True
        """A switch or link has changed: work everything out again."""
        self.revision = 0
        """Grows with every change of the topology."""
        self._shape: tuple[NetworkState, list[str], list[bool]] | None = None
        self._part: dict[str, int] = {}
        self._open: set[str] = set()
        self._paths: dict[str, bool] = {}

    def start(self) -> None:
        actors = list(self.plant.actors.values())
        if [a for a in actors if isinstance(a, ManagementNetwork)] != [self]:
            raise PlantError(f"{self.id}: a site has one component of kind network, this one has several")
        cabling = Cabling(actors, self.params.station, self.params.uplinks)
        self.switches, self.links, self.trunks = cabling.switches, cabling.links, cabling.trunks
        self.cards, self.station, self.outside = cabling.cards, cabling.station, cabling.outside
        self.rows, self.servers, self.hosts = cabling.rows, cabling.servers, cabling.hosts
        self._far = cabling.far
        for switch in self.switches.values():
            switch.network = self
        for link in self.links.values():
            link.network = self
        for gateway in self.params.gateways:
            if gateway not in self.switches:
                raise PlantError(f"{self.id}: gateway {gateway!r} is not a switch")
        if len(self.params.priorities) < len(self.params.gateways):
            raise PlantError(f"{self.id}: expected a VRRP priority for each of {len(self.params.gateways)} gateways")
        self.priority = dict(zip(self.params.gateways, self.params.priorities, strict=False))
        self.aggregation = Aggregation(self)
        self.convergence = Convergence(self)
        self.router = VirtualRouter(self)

    # -- questions of others --------------------------------------------------------------------------------

    def reachable(self, device_id: str) -> bool:
        """True if the management station can talk to that device now.

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
        """True if frames get from switch `a` to switch `b`, a storm aside."""
        part = self._part.get(a)
        return part is not None and part == self._part.get(b)

    def vrrp_role(self, gateway: str) -> str:
        """initialize, backup or master."""
        return self.router.role(gateway)

    def neighbour(self, switch: Switch, port: int) -> tuple[Link, Switch, int] | None:
        """The other end of a port's cable, if that is a switch: the link, that switch and its port."""
        return self._far.get((switch.id, port))

    def resign(self, gateway: str) -> None:
        """A gateway goes down properly: it gives up being VRRP master."""
        self.router.resign(gateway)

    def distributes(self, switch: str, port: int) -> bool:
        """True if that port, a member of an aggregate, carries traffic."""
        found = self._far.get((switch, port))
        return found is not None and found[0].id in self.state.active

    def carrying(self, trunk: Trunk) -> list[Link]:
        """The links of a trunk that traffic is put on."""
        if trunk.aggregated:
            return [link for link in trunk.links if link.id in self.state.active]
        return [link for link in trunk.links if link.up]

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
        """True if every bridge port that is to forward does."""
        return all(
            switch.state.stp.get(port) == "forwarding"
            for switch in self.switches.values()
            for port, role in switch.state.role.items()
            if role in ("root", "designated")
        )

    @property
    def storm(self) -> bool:
        """True while frames circulate without end."""
        return bool(self.state.storm)

    @property
    def offered_gbps(self) -> float:
        """Traffic that the servers send, and that the outside sends them, Gb/s."""
        return self.state.offered_gbps

    @property
    def delivered_gbps(self) -> float:
        """Traffic of it that arrives, Gb/s."""
        return self.state.delivered_gbps

    @property
    def lost_gbps(self) -> float:
        """Traffic of it that finds no way, no room or a bad link, Gb/s: all that is not delivered."""
        return self.state.lost_gbps

    @property
    def vrrp_masters(self) -> int:
        """Number of gateways that act as master: one when all is well."""
        return sum(role == "master" for role in self.state.vrrp.values())

    def words(self, name: str) -> tuple[str, ...]:
        return (*self.switches, "") if name == "vrrp_master" else super().words(name)

    @property
    def vrrp_master(self) -> str:
        """The gateway whose advertisements win, '' when there is none."""
        return self.router.master

    @property
    def reachable_devices(self) -> int:
        """Number of management cards that a station can reach."""
        return sum(self.reachable(id) for id in self.cards)

    # -- the clock's calls ----------------------------------------------------------------------------------

    def react(self) -> None:
        cards = [card.state.card for card, _, _ in self.cards.values()]
        power = [row.heat_kw for row in self.rows.values()]
        lit = [kw > 0.0 for kw in power]
        shape = self._shape
        if self.stale or shape is None or shape[0] is not self.state or shape[1] != cards or shape[2] != lit:
            restored = shape is not None and shape[0] is not self.state
            self._shape, self.stale = (self.state, cards, lit), False
            self._settle(restored)
            if not restored:  # a snapshot is of a plant at rest
                self.touch()
        elif any(abs(kw - self.state.offered_kw[name]) > 0.01 * kw for name, kw in zip(self.rows, power, strict=True)):
            self._measure()

    def on_fault(self, kind: str, active: bool) -> None:
        self.stale = True

    def on_timer(self, name: str) -> None:
        verb, _, rest = name.partition(" ")
        if verb in ("learn", "forward"):
            id, _, port = rest.rpartition(":")
            self.convergence.advance_port(self.switches[id], port, verb)
        elif verb == "join":
            self.aggregation.join(rest)
        elif verb == "expire":
            self.aggregation.leave(rest)
        elif verb == "master":
            self.router.become(rest, "master")
        elif verb == "yield":
            self.router.become(rest, "backup")
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
        self.aggregation.settle(at_once)
        self.convergence.settle(at_once)
        self._connect()
        self.router.settle(at_once)
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

    # -- paths ----------------------------------------------------------------------------------------------

    def passes(self, trunk: Trunk) -> bool:
        """True if frames pass the trunk."""
        return trunk.id in self._open

    def _passes(self, trunk: Trunk) -> bool:
        """True if both ends forward and some link in it works."""
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
        self._open = {trunk.id for trunk in self.trunks if self._passes(trunk)}
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

    # -- traffic --------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        """Work out what every port carries from now on."""
        self.state.offered_kw = {name: row.heat_kw for name, row in self.rows.items()}
        found = traffic.measure(self)
        self.state.offered_gbps, self.state.lost_gbps = found.offered_gbps, found.lost_gbps
        self.state.delivered_gbps = found.delivered_gbps
        for id, switch in self.switches.items():
            switch.counters.grow(found.rates[id])
