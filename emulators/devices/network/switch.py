"""Firmware of a managed switch: its ports, its neighbours, its protocols' state, its fans and supplies.

The plant (`twinfeed.emulators.plant.network.network`) moves frames, converges trees and changes masters, also while
the management agent is off. The firmware shows that, lets an operator shut a port, learns its neighbours by
LLDP and announces what changed.

Ports are named by their ifIndex: physical ports from 1, link aggregates from 769 (`AGGREGATE_BASE`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Annotated, Any, cast

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Index, dashed
from twinfeed.emulators.devices.firmware.state import Params, State
from twinfeed.emulators.devices.network.switch_inventory import Inventory
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.ratings import Form, Range
from twinfeed.emulators.plant.network.network import ManagementNetwork
from twinfeed.emulators.plant.network.spanning_tree import TC_WHILE_S, End
from twinfeed.emulators.plant.network.switch import AGGREGATE_BASE, Switch
from twinfeed.emulators.plant.network.traffic import LLDP_PERIOD_S

LLDP_TTL_S = 4 * LLDP_PERIOD_S
"""The time that a neighbour is remembered: transmit interval times hold multiplier (IEEE 802.1AB: 30 s times 4), s."""

VLAN_BASE = 16777216
"""ifIndex of a VLAN interface is 16777216 plus the VLAN (recording of an Aruba CX 8360: vlan1004 is 16778220)."""

HOTTEST_INLET_C = 45.0
"""Highest operating temperature of the Aruba CX 8360 (HPE data sheet: 0 to 45 C), C."""

COOL_AGAIN_C = 42.0
"""Below this the temperature alarm clears, C."""

FAN_COUNT = 6


@dataclass(frozen=True)
class SwitchParams(Params):
    boot_s: Annotated[float, Range(0.0, 3600.0, "s")] = 10.0
    """From forwarding ports to an agent that answers, s (the switch itself boots first, see `SwitchRatings`)."""
    vlan: Annotated[int, Range(1, 4094, "(VLAN id)")] = 1
    """The VLAN of its ports."""
    virtual_router: Annotated[int, Range(1, 255, "(VRRP router id)")] = 1
    """VRRP virtual router id, 1 to 255."""
    virtual_address: Annotated[str, Form("an IPv4 address", IPv4Address)] = "10.0.0.1"
    """The gateway address the core switches share."""


@dataclass
class SwitchState(State):
    oper: list[bool] = field(default_factory=list)
    """By port from port 1: the state last announced."""
    lags: dict[str, bool] = field(default_factory=dict)
    topology_changes: int = 0
    new_roots: int = 0
    vrrp: str = ""
    neighbours: dict[str, dict[str, float]] = field(default_factory=dict)
    """By port: row `index`, `since` when it is known (s), `expires` when its time to live ends (s; 0: received now)."""
    neighbour_count: int = 0
    lldp_changed_at: float = 0.0
    lldp_inserts: int = 0
    lldp_deletes: int = 0
    lldp_ageouts: int = 0
    coolest_c: float = 99.0
    """Lowest and highest inlet temperature since the agent came up, C."""
    hottest_c: float = -99.0


class SwitchFirmware(Device[SwitchState]):
    """A data-centre switch as its management stations see it."""

    kind = "switch"
    PARAMS = SwitchParams
    MANAGES = (Switch,)
    STATE = SwitchState
    params: SwitchParams

    def start(self) -> None:
        switch = self.plant.find(self.params.of)
        if not isinstance(switch, Switch):
            raise PlantError(f"{self.id}: `of` is {self.params.of!r}, expected a component of kind switch")
        assert isinstance(switch.network, ManagementNetwork)
        self.switch, self.network = switch, switch.network
        self.hall: Any = self.plant.find(switch.params.hall) if switch.params.hall else None
        self.inventory = Inventory(switch, FAN_COUNT)
        aggregates = sorted(switch.aggregates)
        members = {port for ports in switch.aggregates.values() for port in ports}
        self.ports: list[Index] = [*switch.numbers, *aggregates]
        self.bridge_ports: list[Index] = [p for p in switch.numbers if p not in members]
        self.bridge_ports += aggregates
        self.members: list[Index] = sorted(members)
        gateway = switch.id in self.network.params.gateways
        vlan = VLAN_BASE + self.params.vlan
        stack: list[Index] = [(0, cast(int, port)) for port in self.bridge_ports]
        stack += [(lag, port) for lag in aggregates for port in switch.aggregates[lag]]
        self._rows: dict[str, Sequence[Index]] = {
            "port": self.ports,
            "ethernet": list(switch.numbers),
            "bridge_port": self.bridge_ports,
            "lag": list(aggregates),
            "member": self.members,
            "stack": stack,
            "psu": [1, 2],
            "fan": list(range(1, FAN_COUNT + 1)),
            "probe": list(self.inventory.probes),
            "entity": list(self.inventory.rows),
            "sensor": list(self.inventory.sensors),
            "socket": list(self.inventory.sockets),
            "gateway": [(vlan, self.params.virtual_router, 1)] if gateway else [],
            "vlan": [vlan] if gateway else [],
            "core": [196608, 196609, 196610, 196611],
        }
        self._peers: dict[str, SwitchFirmware] = {}
        self._seen: tuple[int, int, str, int, int] | None = None
        self._seen_state: State | None = None
        self._stations: tuple[int, dict[bytes, int]] = (-1, {})

    # -- the management agent -------------------------------------------------------------------------------

    @property
    def answers(self) -> bool:
        """The agent runs on the control processor: when that hangs, it is silent too."""
        return super().answers and self.switch.speaks

    @property
    def mac(self) -> bytes:
        return self.switch.bridge_id.address

    def card_supplied(self) -> bool:
        """The agent starts once the switch has booted."""
        return self.switch.running

    def reboot(self) -> None:
        """Restart the whole switch, not just the agent."""
        self.log_event("reload requested")
        self.switch.reload()

    def on_boot(self) -> None:
        state = self.state
        for port in list(state.neighbours):
            self.cancel(f"lldp {port}")
        state.neighbours.clear()
        state.coolest_c, state.hottest_c = 99.0, -99.0
        state.oper, state.lags = [], {}
        self._seen = None

    def react(self) -> None:
        """Evaluate again only if the network, the switch, the agent or the air has changed, or a fault is active."""
        state, inlet = self.state, self.inlet_c
        if self.hall is not None:
            state.coolest_c, state.hottest_c = min(state.coolest_c, inlet), max(state.hottest_c, inlet)
        warmth = (inlet > HOTTEST_INLET_C) - (inlet < COOL_AGAIN_C)
        seen = (self.network.revision, self.switch.revision, state.card, len(state.faults), warmth)
        if seen == self._seen and state is self._seen_state and not state.faults:
            return
        super().react()
        self._seen, self._seen_state = seen, state
        if state.card == "up":
            self._announce_ports()
            self._announce_tree()
            self._announce_gateway()
            self._neighbours()

    def on_timer(self, name: str) -> None:
        if name.startswith("lldp "):
            port = name.removeprefix("lldp ")
            del self.state.neighbours[port]
            self.state.lldp_deletes += 1
            self.state.lldp_ageouts += 1
            self.state.lldp_changed_at = self.plant.now
            self.layout += 1
            self.log("neighbour aged out", port=int(port))
        else:
            super().on_timer(name)

    # -- announcements --------------------------------------------------------------------------------------

    def _announce_ports(self) -> None:
        """linkDown for every port that was up, linkUp for every port that comes up (RFC 2863 3.1.15)."""
        state, now = self.state, list(self.switch.state.oper)
        lags = {str(lag): self.switch.is_up(lag) for lag in self.switch.aggregates}
        fresh = not state.oper and self.plant.now > 0.0
        for port, up in [*enumerate(now, 1), *((int(lag), up) for lag, up in lags.items())]:
            was = (
                state.lags.get(str(port), False) if port > AGGREGATE_BASE else bool(state.oper) and state.oper[port - 1]
            )
            silent = not state.oper and not fresh
            if up == was or silent or not self.read(f"port.{port}.link_trap"):
                continue
            name = f"link_down.{port}"
            if not up:
                self.raise_alarm(name)
            elif name in state.alarms:
                self.drop_alarm(name)
            else:
                self.notify(name, raised=False)
        state.oper, state.lags = now, lags

    def _announce_tree(self) -> None:
        state, bridge = self.state, self.switch.state
        if bridge.new_roots > state.new_roots:
            self.notify("new_root")
            self.log_event("became root bridge")
        state.new_roots = bridge.new_roots
        if bridge.topology_changes > state.topology_changes:
            if "topology_change" not in state.alarms:
                self.raise_alarm("topology_change")
            self.after(TC_WHILE_S, "drop topology_change")
        state.topology_changes = bridge.topology_changes

    def _announce_gateway(self) -> None:
        role = self.network.vrrp_role(self.switch.id)
        if role != self.state.vrrp:
            if role == "master" and self.plant.now > 0.0:
                for row in self.indices("gateway"):
                    self.notify(f"vrrp_new_master.{dashed(row)}")
                self.log_event("vrrp: now master")
            elif self.state.vrrp == "master":
                self.log_event(f"vrrp: now {role}")
            self.state.vrrp = role

    def any_alarm(self, name: str) -> bool:
        """True if an alarm of that name is active in any row."""
        return any(active.partition(".")[0] == name for active in self.state.alarms)

    # -- neighbours -----------------------------------------------------------------------------------------

    def _neighbours(self) -> None:
        """The LLDP neighbours: known at once when a port comes up, forgotten a time to live after the last frame."""
        state, now = self.state, self.plant.now
        for port in self.switch.cabled:
            found = self.network.neighbour(self.switch, port)
            assert found is not None
            link, there, _ = found
            entry = state.neighbours.get(str(port))
            if link.passes and there.speaks:
                if entry is None:
                    state.neighbour_count += 1
                    row = {"index": state.neighbour_count, "since": now, "expires": 0.0}
                    state.neighbours[str(port)] = row
                    state.lldp_inserts += 1
                    state.lldp_changed_at = now
                    self.layout += 1
                elif entry["expires"]:
                    entry["expires"] = 0.0
                    self.cancel(f"lldp {port}")
            elif entry is not None and not entry["expires"]:
                sent = (now - entry["since"]) // LLDP_PERIOD_S
                entry["expires"] = entry["since"] + sent * LLDP_PERIOD_S + LLDP_TTL_S
                self.after(entry["expires"] - now, f"lldp {port}")

    def neighbour(self, port: int) -> tuple[Switch, int]:
        """The switch and port that an LLDP entry is about."""
        found = self.network.neighbour(self.switch, port)
        assert found is not None
        return found[1], found[2]

    def firmware_of(self, switch: Switch) -> SwitchFirmware | None:
        """The firmware of another switch, with its LLDP data."""
        if not self._peers:
            firmware = [actor for actor in self.plant.actors.values() if isinstance(actor, SwitchFirmware)]
            self._peers = {actor.params.of: actor for actor in firmware}
        return self._peers.get(switch.id)

    # -- tables ---------------------------------------------------------------------------------------------

    def indices(self, name: str) -> Sequence[Index]:
        fixed = self._rows.get(name)
        if fixed is not None:
            return fixed
        if name == "neighbour":
            return [self._neighbour_row(port) for port in sorted(self.state.neighbours, key=int)]
        if name == "neighbour_address":
            rows = []
            for port in sorted(self.state.neighbours, key=int):
                peer = self.firmware_of(self.neighbour(int(port))[0])
                if peer is not None:
                    octets = tuple(int(part) for part in peer.params.address.split("."))
                    rows.append((*self._neighbour_row(port), 1, 4, *octets))
            return cast(list[Index], rows)
        if name == "station":
            return [tuple(mac) for mac in sorted(self.stations())]
        return super().indices(name)

    def _neighbour_row(self, port: str) -> tuple[int, int, int]:
        entry = self.state.neighbours[port]
        mark = max(0.0, entry["since"] - self.state.booted_at)
        return int(mark * 100), int(port), int(entry["index"])

    def stations(self) -> dict[bytes, int]:
        """The hardware addresses it has learned, and the bridge port behind which each is."""
        if self._stations[0] != self.network.revision:
            exits = self.network.toward(self.switch)
            table: dict[bytes, int] = {}
            for id, port in exits.items():
                table[self.network.switches[id].bridge_id.address] = port
            for card, switch, port in self.network.cards.values():
                if switch is self.switch and switch.stp_state(port) == "forwarding":
                    table[cast(Device, card).mac] = port
                elif switch.id in exits and switch.stp_state(port) == "forwarding":
                    table[cast(Device, card).mac] = exits[switch.id]
            self._stations = (self.network.revision, table)
        return self._stations[1]

    # -- environment ----------------------------------------------------------------------------------------

    def psu_live(self, number: int) -> bool:
        """True if that power supply delivers; a switch without feeds in the site file has both."""
        return self.psu_state(number) == "ok"

    def psu_state(self, number: int) -> str:
        """ok, absent (the site file wires only the other), input (nothing comes in) or output (it is broken)."""
        psu = ("psu_a", "psu_b")[number - 1]
        if self.switch.feeds and psu not in self.switch.feeds:
            return "absent"
        if f"psu-{'ab'[number - 1]}-failed" in self.switch.state.faults:
            return "output"
        live = self.switch.psu_a_live if psu == "psu_a" else self.switch.psu_b_live
        return "ok" if live or not self.switch.feeds else "input"

    def psu_watts(self, number: int) -> float:
        live = [n for n in (1, 2) if self.psu_live(n)]
        return self.switch.params.kw * 1000.0 / len(live) if number in live else 0.0

    @property
    def inlet_c(self) -> float:
        """The air it breathes: its hall's, or 24 C where none is modelled."""
        return 24.0 if self.hall is None else float(self.hall.inlet_c)

    def fan_rpm(self, fan: int) -> float:
        """Fans turn at 5 500/min up to 25 C and at 12 000/min at 45 C; the others make up for one that stands.

        The recording of an Aruba CX 8360 shows 5 100 to 6 300/min at 19.5 C; the slope is assumed.
        """
        broken = self.switch.fault("fan-failed")
        if broken is not None and round(broken["fan"]) == fan:
            return 0.0
        rpm = 5500.0 + max(0.0, self.inlet_c - 25.0) * 325.0
        return min(12000.0, rpm * 1.2 if broken is not None else rpm)

    @property
    def cpu_percent(self) -> float:
        """6 to 9 % in the recording of an Aruba CX 8360; circling broadcasts occupy all of it."""
        return 99.0 if self.switch.storm else 8.0

    def stp_end(self, port: int) -> End:
        return End(self.switch.id, port)
