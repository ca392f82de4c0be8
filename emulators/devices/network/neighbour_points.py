"""The points of a switch that LLDP-MIB shows: its neighbours."""

from __future__ import annotations

from twinfeed.emulators.devices.firmware.points import Point, Points, RowPoint
from twinfeed.emulators.devices.network.port_points import alias
from twinfeed.emulators.devices.network.switch import SwitchFirmware

Neighbour = tuple[int, int, int]


def _peer(d: SwitchFirmware, row: Neighbour) -> SwitchFirmware | None:
    return d.firmware_of(d.neighbour(row[1])[0])


def _peer_name(d: SwitchFirmware, row: Neighbour) -> str:
    peer = _peer(d, row)
    return d.neighbour(row[1])[0].id if peer is None else str(peer.read("system.name"))


def _peer_description(d: SwitchFirmware, row: Neighbour) -> str:
    peer = _peer(d, row)
    return "" if peer is None else f"{peer.params.model}  {peer.params.firmware}"


def _peer_port(d: SwitchFirmware, row: Neighbour) -> str:
    return f"1/1/{d.neighbour(row[1])[1]}"


def _peer_port_description(d: SwitchFirmware, row: Neighbour) -> str:
    peer, port = _peer(d, row), d.neighbour(row[1])[1]
    return (alias(peer, port) if peer else "") or f"1/1/{port}"


def _peer_chassis(d: SwitchFirmware, row: Neighbour) -> bytes:
    return d.neighbour(row[1])[0].bridge_id.address


LLDP: Points[SwitchFirmware] = (
    RowPoint("lldp.{neighbour}.chassis", "hardware address of the neighbour", _peer_chassis, kind="octets"),
    RowPoint("lldp.{neighbour}.port", "its port", _peer_port, kind="text"),
    RowPoint(
        "lldp.{neighbour}.port_description", "the neighbour's name of that port", _peer_port_description, kind="text"
    ),
    RowPoint("lldp.{neighbour}.name", "its system name", _peer_name, kind="text"),
    RowPoint("lldp.{neighbour}.description", "its product and firmware", _peer_description, kind="text"),
    Point("lldp.inserts", "neighbours learned", lambda d: d.state.lldp_inserts),
    Point("lldp.deletes", "neighbours forgotten", lambda d: d.state.lldp_deletes),
    Point("lldp.ageouts", "neighbours forgotten because their time to live ran out", lambda d: d.state.lldp_ageouts),
    Point(
        "lldp.changed",
        "uptime when a neighbour last came or went",
        lambda d: max(0.0, d.state.lldp_changed_at - d.state.booted_at),
        "s",
    ),
    RowPoint(
        "lldp.address.{neighbour_address}.interface", "ifIndex behind its management address", lambda d, row: row[1]
    ),
)
