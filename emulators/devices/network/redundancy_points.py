"""The points of a switch that IEEE8023-LAG-MIB and VRRPV3-MIB show: link aggregation and the virtual router."""

from __future__ import annotations

from twinfeed.emulators.devices.firmware.points import Points, RowPoint
from twinfeed.emulators.devices.network.switch import SwitchFirmware
from twinfeed.emulators.plant.network.state import LACP_PERIOD_S

# -- link aggregation -----------------------------------------------------------------------------------------

ACTIVITY, TIMEOUT, AGGREGATION, SYNCHRONIZATION, COLLECTING, DISTRIBUTING, DEFAULTED, EXPIRED = (
    0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02, 0x01,
)  # fmt: skip
"""Bits of the LACP state octet, first bit first (IEEE8023-LAG-MIB LacpState)."""


def _lacp_state(d: SwitchFirmware, port: int) -> bytes:
    found = d.network.neighbour(d.switch, port)
    assert found is not None
    link, there, _ = found
    bits = ACTIVITY | AGGREGATION | (TIMEOUT if link.params.lacp == "fast" else 0)
    if d.network.distributes(d.switch.id, port):
        bits |= SYNCHRONIZATION | COLLECTING | DISTRIBUTING
    elif not (link.passes and there.speaks):
        bits |= DEFAULTED
    return bytes([bits])


def _lag_of(d: SwitchFirmware, port: int) -> int:
    return d.switch.bridge_port(port)


def _attached(d: SwitchFirmware, port: int) -> int:
    return _lag_of(d, port) if d.network.distributes(d.switch.id, port) else 0


def _partner(d: SwitchFirmware, port: int) -> bytes:
    found = d.network.neighbour(d.switch, port)
    alive = found is not None and d.network.distributes(d.switch.id, port)
    return found[1].bridge_id.address if found and alive else b"\x00" * 6


def _partner_port(d: SwitchFirmware, port: int) -> int:
    found = d.network.neighbour(d.switch, port)
    return found[2] if found and d.network.distributes(d.switch.id, port) else 0


def _lag_partner(d: SwitchFirmware, lag: int) -> bytes:
    members = d.switch.active_members(lag)
    return _partner(d, members[0]) if members else b"\x00" * 6


def _port_list(d: SwitchFirmware, lag: int) -> bytes:
    """The members as a PortList: port 1 is the highest bit of the first octet (RFC 4363)."""
    octets = bytearray((d.switch.params.ports + 7) // 8)
    for port in d.switch.active_members(lag):
        octets[(port - 1) // 8] |= 0x80 >> (port - 1) % 8
    return bytes(octets)


def _lacp_period(d: SwitchFirmware, port: int) -> float:
    found = d.network.neighbour(d.switch, port)
    assert found is not None
    return LACP_PERIOD_S[found[0].params.lacp]


LACP: Points[SwitchFirmware] = (
    RowPoint("lag.{lag}.partner", "system at the other end", _lag_partner, kind="octets"),
    RowPoint("lag.{lag}.members", "ports that carry its traffic, as a PortList", _port_list, kind="octets"),
    RowPoint("lag.{lag}.active", "number of active members", lambda d, lag: len(d.switch.active_members(lag))),
    RowPoint("lacp.{member}.lag", "aggregate it is configured for", _lag_of),
    RowPoint("lacp.{member}.attached", "aggregate it carries traffic for, 0 for none", _attached),
    RowPoint("lacp.{member}.partner", "system at the other end", _partner, kind="octets"),
    RowPoint("lacp.{member}.partner_port", "its port number, 0 for none", _partner_port),
    RowPoint("lacp.{member}.state", "its LACP state octet", _lacp_state, kind="octets"),
    RowPoint("lacp.{member}.period", "between two LACPDUs", _lacp_period, "s"),
)

# -- virtual router -------------------------------------------------------------------------------------------


def _priority(d: SwitchFirmware, row: tuple[int, int, int]) -> int:
    return d.network.priority[d.switch.id]


def _master_address(d: SwitchFirmware, row: tuple[int, int, int]) -> bytes:
    master = d.network.vrrp_master
    firmware = d.firmware_of(d.network.switches[master]) if master else None
    return bytes(4) if firmware is None else bytes(int(part) for part in firmware.params.address.split("."))


def _role(d: SwitchFirmware, row: tuple[int, int, int]) -> str:
    return d.network.vrrp_role(d.switch.id)


def _masterships(d: SwitchFirmware, row: tuple[int, int, int]) -> int:
    return d.network.state.vrrp_transitions.get(d.switch.id, 0)


def _reason(d: SwitchFirmware, row: tuple[int, int, int]) -> str:
    """not-master, priority, preempted or no-response (RFC 6527 vrrpv3StatisticsNewMasterReason)."""
    return d.network.state.vrrp_reason.get(d.switch.id, "not-master")


def _vrrp_uptime(d: SwitchFirmware, row: tuple[int, int, int]) -> float:
    return d.plant.now - d.network.state.vrrp_since.get(d.switch.id, d.plant.now)


def _own_address(d: SwitchFirmware, row: tuple[int, int, int]) -> bytes:
    return bytes(int(part) for part in d.params.address.split("."))


VRRP: Points[SwitchFirmware] = (
    RowPoint("vrrp.{gateway}.state", "initialize, backup or master", _role, values=("initialize", "backup", "master")),
    RowPoint("vrrp.{gateway}.priority", "VRRP priority", _priority),
    RowPoint("vrrp.{gateway}.master", "address of the master, four octets", _master_address, kind="octets"),
    RowPoint("vrrp.{gateway}.address", "own address, four octets", _own_address, kind="octets"),
    RowPoint(
        "vrrp.{gateway}.mac",
        "virtual hardware address",
        lambda d, r: b"\x00\x00\x5e\x00\x01" + bytes([r[1]]),
        kind="octets",
    ),
    RowPoint("vrrp.{gateway}.masterships", "times that it became master", _masterships),
    RowPoint(
        "vrrp.{gateway}.reason",
        "why it last became master",
        _reason,
        values=("not-master", "priority", "preempted", "no-response"),
    ),
    RowPoint("vrrp.{gateway}.uptime", "time in the present state", _vrrp_uptime, "s"),
    RowPoint(
        "vrrp.{gateway}.preempt", "whether it takes its role back", lambda d, r: d.network.params.preempt, kind="truth"
    ),
)
