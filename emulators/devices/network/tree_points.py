"""The points of a switch that BRIDGE-MIB shows: its spanning tree and the stations it has learned."""

from __future__ import annotations

from collections.abc import Callable

from twinfeed.emulators.devices.firmware.points import Point, Points, RowPoint, Value
from twinfeed.emulators.devices.network.switch import SwitchFirmware
from twinfeed.emulators.plant.network.spanning_tree import port_id
from twinfeed.emulators.plant.network.switch import AGGREGATE_BASE


def _bridge_id(d: SwitchFirmware, switch_id: str) -> bytes:
    switch = d.network.switches.get(switch_id)
    return b"\x00" * 8 if switch is None else switch.bridge_id.octets


def _designated(what: str) -> Callable[[SwitchFirmware, int], Value]:
    def read(d: SwitchFirmware, port: int) -> Value:
        heard = d.network.convergence.heard(d.stp_end(port))
        if what == "cost":
            return 0 if heard is None else heard.cost
        if heard is None:
            return b""
        if what == "port":
            return port_id(heard.port).to_bytes(2, "big")
        return _bridge_id(d, heard.root if what == "root" else heard.bridge)

    return read


def _edge(d: SwitchFirmware, port: int) -> bool:
    return d.switch.params.edge_ports and port not in d.switch.cabled and port <= AGGREGATE_BASE


def _since_change(d: SwitchFirmware) -> float:
    return d.plant.now - max(d.switch.state.topology_changed_at, d.switch.state.booted_at)


def _root(d: SwitchFirmware) -> bytes:
    return _bridge_id(d, d.switch.state.root)


def _root_port(d: SwitchFirmware) -> int:
    return d.switch.state.root_port


def _stp_cost(d: SwitchFirmware, port: int) -> int:
    return d.switch.path_cost(port)


def _transitions(d: SwitchFirmware, port: int) -> int:
    return d.switch.state.transitions.get(str(port), 0)


BRIDGE: Points[SwitchFirmware] = (
    Point("bridge.address", "hardware address of the bridge", lambda d: d.switch.bridge_id.address, kind="octets"),
    Point("bridge.ports", "bridge ports", lambda d: len(d.bridge_ports)),
    Point("stp.priority", "bridge priority", lambda d: d.switch.params.stp_priority),
    Point("stp.protocol", "spanning tree spoken", lambda d: d.switch.params.protocol, kind="text"),
    Point("stp.root", "bridge id of the root, eight octets", _root, kind="octets"),
    Point("stp.root_name", "the root bridge's name in the site", lambda d: d.switch.state.root, kind="text"),
    Point("stp.root_cost", "path cost to the root", lambda d: d.switch.state.root_cost),
    Point("stp.root_port", "bridge port towards the root, 0 for the root itself", _root_port),
    Point("stp.changes", "topology changes since boot", lambda d: d.switch.state.topology_changes),
    Point("stp.since_change", "time since the last one", _since_change, "s"),
    RowPoint(
        "stp.{bridge_port}.state",
        "the state of the port for frames",
        lambda d, p: d.switch.stp_state(p),
        values=("disabled", "discarding", "learning", "forwarding"),
    ),
    RowPoint(
        "stp.{bridge_port}.role",
        "its place in the tree",
        lambda d, p: d.switch.stp_role(p),
        values=("disabled", "root", "designated", "alternate", "backup"),
    ),
    RowPoint("stp.{bridge_port}.cost", "its path cost", _stp_cost),
    RowPoint("stp.{bridge_port}.designated_root", "root announced on its segment", _designated("root"), kind="octets"),
    RowPoint("stp.{bridge_port}.designated_cost", "cost announced on its segment", _designated("cost")),
    RowPoint(
        "stp.{bridge_port}.designated_bridge", "bridge that announces there", _designated("bridge"), kind="octets"
    ),
    RowPoint("stp.{bridge_port}.designated_port", "through which port", _designated("port"), kind="octets"),
    RowPoint("stp.{bridge_port}.transitions", "times that it began to forward", _transitions),
    RowPoint("stp.{bridge_port}.edge", "it leads to a host", _edge, kind="truth"),
    RowPoint("station.{station}.address", "a learned hardware address", lambda d, mac: bytes(mac), kind="octets"),
    RowPoint("station.{station}.port", "bridge port it is behind", lambda d, mac: d.stations()[bytes(mac)]),
)
