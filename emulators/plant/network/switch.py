"""Switches: their power, their ports, what spanning tree made of each and what it counts.

`twinfeed.emulators.plant.network.network` works out what the switches of a site do together.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import ClassVar

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.room_air import room_around
from twinfeed.emulators.plant.network.port_counters import PortCounters
from twinfeed.emulators.plant.network.ratings import SwitchRatings, SwitchState
from twinfeed.emulators.plant.network.spanning_tree import BridgeId, path_cost
from twinfeed.emulators.plant.network.state import OCTETS_PER_GBIT, Topology
from twinfeed.emulators.plant.power.electrical import (
    DEAD,
    NOTHING,
    Draw,
    Electrical,
    Supply,
    single_phase,
)

AGGREGATE_BASE = 768
"""ifIndex of link aggregate n is 768 + n (recording of an Aruba CX 8360: lag1 is 769, lag101 is 869)."""

PSU_LOWEST_VOLTS = 90.0
"""Below this a 100-240 V power supply with 10 % tolerance drops out, V phase to neutral."""

POWER_FACTOR = 0.95
"""Of a power supply with active correction at half load (80 PLUS asks for 0.9 at half load; usual value)."""

PSU_FAULTS = {"psu_a": "psu-a-failed", "psu_b": "psu-b-failed"}


def mac_address(id: str, port: int = 0) -> bytes:
    """Six octets for that name and port (0 to 255): locally administered, the same in every run."""
    return ((0x02 << 40) + (zlib.crc32(id.encode()) << 8) + port).to_bytes(6, "big")


PORT: Mapping[str, Parameter] = {"port": Parameter(1, "", 1, 10000, "which port", neutral=None, whole=True)}
"""Parameters of the deeds at ports."""


class Switch(Electrical[SwitchState, SwitchRatings]):
    """A switch: two power supplies, ports, and what spanning tree made of each port.

    Ports are named by their number, bridge ports by the number of the port or, for a link aggregate,
    `AGGREGATE_BASE` plus the aggregate's number.
    """

    kind = "switch"
    TERMINALS = ("psu_a", "psu_b")
    NEEDS: ClassVar[int] = 0
    PARAMS = SwitchRatings
    STATE = SwitchState
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "reload": DeedKind("restart it", lambda switch, _: switch.reload()),
        "shut-port": DeedKind("shut a port", lambda switch, a: switch.shut(int(a["port"])), PORT, "open-port"),
        "open-port": DeedKind("open a port", lambda switch, a: switch.open(int(a["port"])), PORT, "shut-port"),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES,
        "running": "",
        "forwarding": "",
        "ports_up": "",
        "psu_a_live": "",
        "psu_b_live": "",
        "is_root": "",
        "is_master": "",
        "storm": "",
        "topology_changes": "",
        "input_kw": "kW",
        "traffic_gbps": "Gb/s",
    }
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "psu-a-failed": Fault("power supply A is dead", failure=FailureMode("at once", "switch-supply", "psu_a")),
        "psu-b-failed": Fault("power supply B is dead", failure=FailureMode("at once", "switch-supply", "psu_b")),
        "fan-failed": Fault(
            "one fan stands still", {"fan": Parameter(1.0, "", 1.0, 6.0, "number of the fan", neutral=None, whole=True)}
        ),
        "hang": Fault(
            "the control processor hangs: frames still flow, but no BPDU, LACPDU or VRRP is sent",
            failure=FailureMode("at once", "switch"),
        ),
        "reload": Fault("the switch is restarted properly: it resigns as VRRP master and boots"),
        "stp-off": Fault("spanning tree is switched off: every port forwards"),
        "loop": Fault("a patch cable joins two ports behind a device that swallows BPDUs: frames go round for ever"),
        "port-dark": Fault(
            "the patch cable of one port is pulled",
            {"port": Parameter(1.0, "", 1.0, 512.0, "number of the port", neutral=None, whole=True)},
        ),
    }

    network: Topology

    def __init__(self, id: str, params: SwitchRatings | None = None, feeds: Mapping[str, str] | None = None) -> None:
        inputs = dict(feeds or {})
        super().__init__(id, params, {psu: inputs[psu] for psu in self.TERMINALS if psu in inputs})
        self.cabled: dict[int, float] = {}
        """Speed of ports with a link, Gb/s; filled by the network."""
        self.aggregates: dict[int, list[int]] = {}
        """Member ports of each link aggregate, by its bridge port; filled by the network."""
        self.counters = PortCounters(self)
        self.supplies: tuple[str, ...] = ()
        """The inputs that deliver, found by `energise`."""
        self._noted: tuple[str, ...] = ()
        combinations: tuple[tuple[str, ...], ...] = ((), ("psu_a",), ("psu_b",), ("psu_a", "psu_b"))
        self._draws = {live: self._draw(live) for live in combinations}
        self.revision = 0
        """Grows when its supplies, its power or its faults change."""
        self.state.oper = [False] * self.params.ports
        self.state.changed = [0.0] * self.params.ports

    def start(self) -> None:
        self._room = room_around(self)
        if not any(getattr(actor, "kind", "") == "network" for actor in self.plant.actors.values()):
            raise PlantError(f"{self.id}: a site with switches needs one component of kind network")

    def _draw(self, live: tuple[str, ...]) -> dict[str, Draw]:
        share = single_phase(self.params.kw / len(live), self.params.phase, POWER_FACTOR) if live else NOTHING
        return {psu: share if psu in live else NOTHING for psu in self.feeds}

    # -- power ----------------------------------------------------------------------------------------------

    def numbered(self, parameter: str) -> int | None:
        return self.params.ports if parameter == "port" else None

    def energise(self) -> Supply:
        """The better of its two inputs: a switch feeds nothing else, but its management card asks whether it is fed."""
        phase, faults = self.params.phase, self.state.faults
        best, live = DEAD, []
        for psu, supply in self.seen.items():
            if supply.volts[phase] >= PSU_LOWEST_VOLTS and not (faults and PSU_FAULTS[psu] in faults):
                live.append(psu)
                best = supply if supply.volts[phase] > best.volts[phase] else best
        self.supplies = tuple(live)
        return best

    def demand(self) -> Mapping[str, Draw]:
        """Both supplies share the load; one takes it all when it is alone."""
        return self._draws[() if self.state.hot else self.supplies]

    @property
    def psu_a_live(self) -> bool:
        """True if power supply A has voltage."""
        return "psu_a" in self.supplies

    @property
    def psu_b_live(self) -> bool:
        """True if power supply B has voltage."""
        return "psu_b" in self.supplies

    @property
    def input_kw(self) -> float:
        """Power drawn from both inputs, kW."""
        return self.params.kw if self.supplies and not self.state.hot else 0.0

    @property
    def heat_kw(self) -> float:
        """All it draws becomes heat in its hall, kW."""
        return self.input_kw

    def react(self) -> None:
        if self.supplies != self._noted:
            self._noted = self.supplies
            self.revision += 1
        if self._room is not None:
            self._feel(self._room.inlet_c)
        if self.supplies or not self.feeds:
            if self.remaining_s("holdup") is not None:
                self.cancel("holdup")
            if self.state.power == "off" and not self.state.hot:
                self._boot()
        elif self.state.power != "off" and self.remaining_s("holdup") is None:
            self.after(self.params.holdup_s, "holdup")

    def _feel(self, inlet_c: float) -> None:
        """Switch off in air that is too hot, and boot again when it has cooled."""
        hot = inlet_c >= self.params.hot_stop_c - (15.0 if self.state.hot else 0.0)
        if hot == self.state.hot:
            return
        self.state.hot = hot
        self.log("overheated" if hot else "cooled down", inlet_c=round(inlet_c, 1))
        if hot and self.state.power != "off":
            self.state.power = "off"
            self.cancel("booted")
        self._changed()

    def on_timer(self, name: str) -> None:
        if name == "holdup":
            self.state.power = "off"
            self.cancel("booted")
            self.log("lost power")
            self._changed()
        elif name == "booted":
            self.state.power = "up"
            self.state.booted_at = self.plant.now
            self.state.boots += 1
            self.counters.restart()
            self.state.topology_changes = 0
            self.state.transitions = {}
            self.log("booted")
            self._changed()
        else:
            super().on_timer(name)

    def on_fault(self, kind: str, active: bool) -> None:
        if kind == "reload" and active:
            self.state.faults.pop("reload")
            self.reload()
        self._changed()

    def reload(self) -> None:
        """Restart it: as VRRP master it resigns first, then its ports are down until it has booted."""
        if self.state.power == "up":
            self.network.resign(self.id)
            self._boot()
            self._changed()

    def _boot(self) -> None:
        self.state.power = "booting"
        self.after(self.params.boot_s, "booted")
        self.log("booting")

    def _changed(self) -> None:
        self.revision += 1
        self.network.stale = True
        self.touch()

    # -- ports ----------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """True if it has power and has booted."""
        return self.state.power == "up"

    @property
    def numbers(self) -> range:
        return range(1, self.params.ports + 1)

    def check_port(self, port: int) -> None:
        """
        Raises:
            PlantError: the switch has no such port.
        """
        if port not in self.numbers:
            raise PlantError(f"{self.id} has no port {port}; its ports are 1 to {self.params.ports}")

    def speed_gbps(self, port: int) -> float:
        """Speed of the port: that of its link, or its own; an aggregate the sum of its members that work."""
        if port in self.aggregates:
            return sum(self.speed_gbps(member) for member in self.active_members(port))
        if port in self.cabled:
            return self.cabled[port]
        fast = port > self.params.ports - self.params.uplinks
        return self.params.uplink_gbps if fast else self.params.gbps

    def is_shut(self, port: int) -> bool:
        return port in self.state.shut

    def is_up(self, port: int) -> bool:
        """True if the port has a carrier; an aggregate when one of its members carries traffic."""
        if port in self.aggregates:
            return bool(self.active_members(port))
        return self.state.oper[port - 1]

    def active_members(self, aggregate: int) -> list[int]:
        """The member ports that carry the aggregate's traffic now."""
        return [port for port in self.aggregates[aggregate] if self.network.distributes(self.id, port)]

    def bridge_port(self, port: int) -> int:
        """The bridge port a port belongs to: itself, or its aggregate."""
        return next((lag for lag, members in self.aggregates.items() if port in members), port)

    def stp_state(self, port: int) -> str:
        """disabled, discarding, learning or forwarding."""
        return self.state.stp.get(str(self.bridge_port(port)), "disabled")

    def stp_role(self, port: int) -> str:
        """disabled, root, designated, alternate or backup."""
        return self.state.role.get(str(self.bridge_port(port)), "disabled")

    def shut(self, port: int) -> None:
        """Shut a port as an operator does: it loses its carrier at once."""
        self.check_port(port)
        if port not in self.state.shut:
            self.state.shut = sorted([*self.state.shut, port])
            self.log("port shut", port=port)
            self._changed()

    def open(self, port: int) -> None:
        """Take back a `shut`."""
        self.check_port(port)
        if port in self.state.shut:
            self.state.shut.remove(port)
            self.log("port opened", port=port)
            self._changed()

    def carries(self, port: int) -> bool:
        """True if this end of the cable could have a carrier."""
        dark = self.fault("port-dark")
        return self.running and port not in self.state.shut and (dark is None or round(dark["port"]) != port)

    # -- bridge ---------------------------------------------------------------------------------------------

    @property
    def bridge_id(self) -> BridgeId:
        return BridgeId(self.params.stp_priority, mac_address(self.id))

    @property
    def speaks(self) -> bool:
        """True if its control processor sends BPDUs, LACPDUs and advertisements."""
        return self.running and "hang" not in self.state.faults

    @property
    def bridges(self) -> bool:
        """True if it takes part in spanning tree."""
        return self.speaks and not self.stp_off

    @property
    def stp_off(self) -> bool:
        return "stp-off" in self.state.faults or "stp-off" in self.network.state.faults

    def path_cost(self, port: int) -> int:
        return path_cost(sum(self.speed_gbps(p) for p in self.aggregates.get(port, [port])))

    @property
    def forwarding(self) -> bool:
        """True if any of its ports forwards."""
        return self.running and "forwarding" in self.state.stp.values()

    @property
    def ports_up(self) -> int:
        """Number of ports whose link is up."""
        return sum(self.state.oper)

    @property
    def is_root(self) -> bool:
        """True if it is the root of the spanning tree."""
        return self.running and self.state.root == self.id

    @property
    def is_master(self) -> bool:
        """True if it is the VRRP master."""
        return self.network.vrrp_role(self.id) == "master"

    @property
    def storm(self) -> bool:
        """True if frames go round in circles here."""
        return self.id in self.network.state.storm

    @property
    def topology_changes(self) -> int:
        """Number of topology changes of the spanning tree since the start."""
        return self.state.topology_changes

    # -- traffic --------------------------------------------------------------------------------------------

    def utilisation_percent(self, port: int) -> float:
        """Utilisation of the port in its busier direction, %."""
        gbps = self.speed_gbps(port)
        busier = max(self.counters.rate(port, "in_octets"), self.counters.rate(port, "out_octets"))
        return min(100.0, 100.0 * busier / (gbps * OCTETS_PER_GBIT)) if gbps > 0.0 else 0.0

    @property
    def traffic_gbps(self) -> float:
        """Traffic that comes in through all its ports, Gb/s."""
        return sum(rates[0] for rates in self.state.rates.values()) / OCTETS_PER_GBIT
