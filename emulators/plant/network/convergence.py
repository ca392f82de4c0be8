"""Spanning tree in time: when a change is noticed, and what each port does until it forwards.

`spanning_tree` computes where it ends. Ports that are to block do so at once. Ports that are to forward do so
after a handshake on point-to-point links between RSTP bridges, after twice the forward delay otherwise. A neighbour
that falls silent without link-down is believed until its information is too old.
"""

from __future__ import annotations

from collections.abc import Mapping

from twinfeed.emulators.plant.network.cabling import Trunk
from twinfeed.emulators.plant.network.fabric import Fabric
from twinfeed.emulators.plant.network.spanning_tree import (
    FORWARD_DELAY_S,
    HANDSHAKE_S,
    TC_WHILE_S,
    End,
    Heard,
    Segment,
    Tree,
    spanning_tree,
)
from twinfeed.emulators.plant.network.switch import Switch


class Convergence:
    """Leads the bridge ports of a network to its spanning tree. What it remembers is in the switches' states."""

    def __init__(self, network: Fabric) -> None:
        self.net = network
        self.tree = Tree()
        self.trunk_of = {end: trunk for trunk in network.trunks for end in trunk.ends}

    def settle(self, at_once: bool) -> None:
        """Compute the tree of the present links and lead every bridge port there."""
        segments: list[Segment] = []
        alone: list[End] = []
        agreed: dict[End, Trunk] = {}
        for trunk in self.net.trunks:
            up = bool(self.net.carrying(trunk))
            if up and self._believed(trunk, at_once):
                (a, port), ends = trunk.a, trunk.ends
                segments.append(Segment(*ends, a.path_cost(port)))
                agreed.update(dict.fromkeys(ends, trunk))
            elif up:
                alone += trunk.ends
            if not up:
                self.net.state.silent.pop(trunk.id, None)
                self.net.cancel(f"age {trunk.id}")
        hosts = {end for end in self.net.hosts if self.net.switches[end.bridge].state.oper[end.port - 1]}
        bridges = {id: switch.bridge_id for id, switch in self.net.switches.items() if switch.running}
        self.tree = tree = spanning_tree(
            bridges, segments, [e for e in [*alone, *sorted(hosts)] if e.bridge in bridges]
        )
        roles: dict[str, dict[str, str]] = {id: {} for id in self.net.switches}
        for end, role in tree.role.items():
            roles[end.bridge][str(end.port)] = role
        silent = set(alone)
        for switch in self.net.switches.values():
            if switch.running:
                self._guard(switch, roles[switch.id], silent)
            self._apply(switch, roles[switch.id], agreed, hosts, at_once)

    def _believed(self, trunk: Trunk, at_once: bool) -> bool:
        """True if the ends of a trunk receive each other's BPDUs, or still believe the last ones."""
        heard = any(link.passes for link in self.net.carrying(trunk)) and trunk.a[0].bridges and trunk.b[0].bridges
        if heard:
            self.net.state.silent.pop(trunk.id, None)
            self.net.cancel(f"age {trunk.id}")
            return True
        since = self.net.state.silent.get(trunk.id)
        if since is None:
            known = any(str(port) in switch.state.role for switch, port in (trunk.a, trunk.b))
            since = self.net.state.silent[trunk.id] = self.net.plant.now if known and not at_once else -trunk.age_s
            if known and not at_once:
                self.net.after(trunk.age_s, f"age {trunk.id}")
        return self.net.plant.now < since + trunk.age_s - 1e-9

    def _guard(self, switch: Switch, roles: Mapping[str, str], silent: set[End]) -> None:
        """Loop guard: a port that received BPDUs and does not any more stays closed until it receives them again."""
        state = switch.state
        held = [
            port
            for port in roles
            if switch.params.loop_guard
            and switch.bridges
            and End(switch.id, int(port)) in silent
            and (port in state.guarded or state.role.get(port) in ("root", "alternate", "backup"))
        ]
        for port in held:
            if port not in state.guarded:
                switch.log("loop guard", port=int(port))
        state.guarded = held

    def _apply(
        self, switch: Switch, roles: Mapping[str, str], agreed: Mapping[End, Trunk], hosts: set[End], at_once: bool
    ) -> None:
        """Give the switch's bridge ports their new roles, and their states or the timers that lead to them."""
        state, tree = switch.state, self.tree
        if not switch.running:
            for port in list(state.stp):
                self._stop(switch, port)
            state.role.clear()
            state.guarded.clear()
            state.root, state.root_cost, state.root_port = "", 0, 0
            return
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
            if role in ("alternate", "backup") or port in state.guarded:
                if state.stp.get(port) != "discarding":
                    self._stop(switch, port)
                    state.stp[port] = "discarding"
            elif state.stp.get(port) == "forwarding":
                continue
            elif at_once or switch.stp_off or (end in hosts and switch.params.edge_ports):
                self.advance_port(switch, port, "forward", quietly=at_once or end in hosts)
            elif end in agreed and agreed[end].rapid:
                a, b = agreed[end].ends
                hops = 1 if was == "alternate" else max(tree.depth[a.bridge], tree.depth[b.bridge], 1)
                state.stp.setdefault(port, "discarding")
                due = self.net.remaining_s(f"forward {switch.id}:{port}")
                if due is None or due > hops * HANDSHAKE_S:
                    self.net.cancel(f"learn {switch.id}:{port}")
                    self.net.after(hops * HANDSHAKE_S, f"forward {switch.id}:{port}")
            else:
                state.stp.setdefault(port, "discarding")
                waiting = any(self.net.remaining_s(f"{verb} {switch.id}:{port}") for verb in ("learn", "forward"))
                if not waiting:
                    self.net.after(FORWARD_DELAY_S, f"learn {switch.id}:{port}")

    def _stop(self, switch: Switch, port: str) -> None:
        """The port forwards no longer: the same instant, whatever the protocol."""
        switch.state.stp.pop(port, None)
        self.net.cancel(f"learn {switch.id}:{port}")
        self.net.cancel(f"forward {switch.id}:{port}")

    def advance_port(self, switch: Switch, port: str, verb: str, quietly: bool = False) -> None:
        """A bridge port begins to learn or to forward."""
        state = switch.state
        if verb == "learn":
            state.stp[port] = "learning"
            self.net.after(FORWARD_DELAY_S, f"forward {switch.id}:{port}")
            return
        self.net.cancel(f"learn {switch.id}:{port}")
        self.net.cancel(f"forward {switch.id}:{port}")
        state.stp[port] = "forwarding"
        if quietly:
            return
        state.transitions[port] = state.transitions.get(port, 0) + 1
        switch.log("port forwarding", port=int(port), role=state.role.get(port, "designated"))
        if not switch.params.edge_ports or End(switch.id, int(port)) in self.trunk_of:
            self._topology_change(switch)

    def _topology_change(self, origin: Switch) -> None:
        """Every bridge of the tree learns of it; one that is still announcing a change only goes on doing so."""
        tree = origin.state.root
        for switch in self.net.switches.values():
            state = switch.state
            if switch.bridges and state.root == tree:
                if self.net.plant.now >= state.topology_changed_at + TC_WHILE_S or not state.topology_changes:
                    state.topology_changes += 1
                state.topology_changed_at = self.net.plant.now

    def heard(self, end: End) -> Heard | None:
        """The announcement of the designated port of that bridge port's segment."""
        return self.tree.designated.get(end)
