"""The points of a switch: what IF-MIB, BRIDGE-MIB, LLDP-MIB, IEEE8023-LAG-MIB, VRRPV3-MIB and ENTITY-MIB show."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from twinfeed.emulators.devices.firmware.points import Point, Value
from twinfeed.emulators.plant.network.spanning_tree import port_id
from twinfeed.emulators.plant.network.state import LACP_PERIOD_S
from twinfeed.emulators.plant.network.switch import AGGREGATE_BASE, COUNTERS, mac_address

if TYPE_CHECKING:
    from twinfeed.emulators.devices.network.switch import SwitchFirmware

MEMORY_KB = 16014432
"""Of an Aruba CX 8360 (recording), kB."""

MEMORY_USED_KB = 1984968

# -- ports ----------------------------------------------------------------------------------------------------


def port_name(d: SwitchFirmware, port: int) -> str:
    return f"lag{port - AGGREGATE_BASE}" if port > AGGREGATE_BASE else f"1/1/{port}"


def _admin(d: SwitchFirmware, port: int) -> str:
    ports = d.switch.aggregates.get(port, [port])
    return "down" if all(d.switch.is_shut(p) for p in ports) else "up"


def _set_admin(d: SwitchFirmware, port: int, value: str) -> None:
    for member in d.switch.aggregates.get(port, [port]):
        if value == "down":
            d.switch.shut(member)
        else:
            d.switch.open(member)
    d.record(f"port {port_name(d, port)} administratively {value}")


def _oper(d: SwitchFirmware, port: int) -> str:
    return "up" if d.switch.is_up(port) else "down"


def _changed(d: SwitchFirmware, port: int) -> float:
    """Uptime of the agent when the port last changed, 0 if it was before (RFC 2863 ifLastChange)."""
    ports = d.switch.aggregates.get(port, [port])
    return max(0.0, max(d.switch.state.changed[p - 1] for p in ports) - d.state.booted_at)


def _port_mac(d: SwitchFirmware, port: int) -> bytes:
    return mac_address(d.switch.id, 0 if port > AGGREGATE_BASE else port)


def _alias(d: SwitchFirmware, port: int) -> str:
    return str(d.state.settings.get(f"port.{port}.alias", ""))


def _set_alias(d: SwitchFirmware, port: int, value: str) -> None:
    d.state.settings[f"port.{port}.alias"] = value


def _trap(d: SwitchFirmware, port: int) -> bool:
    return bool(d.state.settings.get(f"port.{port}.link_trap", True))


def _set_trap(d: SwitchFirmware, port: int, value: bool) -> None:
    d.state.settings[f"port.{port}.link_trap"] = value


def _speed(d: SwitchFirmware, port: int) -> float:
    return d.switch.speed_gbps(port) * 1000.0


def _counter(name: str) -> Callable[[SwitchFirmware, int], float]:
    return lambda d, port: d.switch.counter(port, name)


def _counter_pair(direction: str) -> Callable[[SwitchFirmware, int], float]:
    def read(d: SwitchFirmware, port: int) -> float:
        return d.switch.counter(port, f"{direction}_multicast") + d.switch.counter(port, f"{direction}_broadcast")

    return read


PORTS = (
    Point("port.{port}.name", "its name on the front panel", port_name, kind="text"),
    Point("port.{port}.alias", "what its operator calls it", _alias, write=_set_alias, kind="text"),
    Point("port.{port}.aggregate", "whether it is a link aggregate", lambda d, p: p > AGGREGATE_BASE, kind="truth"),
    Point("port.{port}.admin", "what the operator wants of it", _admin, write=_set_admin, values=("up", "down")),
    Point("port.{port}.oper", "whether it has a carrier", _oper, values=("up", "down")),
    Point("port.{port}.changed", "uptime when that last changed", _changed, "s"),
    Point("port.{port}.speed", "speed it runs at or could", _speed, "Mb/s"),
    Point("port.{port}.mtu", "longest frame", lambda d, p: 0 if p > AGGREGATE_BASE else 9198, "octets"),
    Point("port.{port}.mac", "its hardware address", _port_mac, kind="octets"),
    Point("port.{port}.link_trap", "whether it announces link up and down", _trap, write=_set_trap, kind="truth"),
    Point("port.{port}.utilisation", "its busier direction", lambda d, p: d.switch.utilisation_percent(p), "%"),
    *(Point(f"port.{{port}}.{name}", f"{name.replace('_', ' ')} since boot", _counter(name)) for name in COUNTERS),
    Point("port.{port}.in_not_unicast", "multicast and broadcast frames received", _counter_pair("in")),
    Point("port.{port}.out_not_unicast", "multicast and broadcast frames sent", _counter_pair("out")),
    Point("port.count", "physical ports and aggregates", lambda d: len(d.ports)),
)

# -- bridge and spanning tree ---------------------------------------------------------------------------------


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


BRIDGE = (
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
    Point(
        "stp.{bridge_port}.state",
        "what it does with frames",
        lambda d, p: d.switch.stp_state(p),
        values=("disabled", "discarding", "learning", "forwarding"),
    ),
    Point(
        "stp.{bridge_port}.role",
        "its place in the tree",
        lambda d, p: d.switch.stp_role(p),
        values=("disabled", "root", "designated", "alternate", "backup"),
    ),
    Point("stp.{bridge_port}.cost", "its path cost", _stp_cost),
    Point("stp.{bridge_port}.designated_root", "root announced on its segment", _designated("root"), kind="octets"),
    Point("stp.{bridge_port}.designated_cost", "cost announced on its segment", _designated("cost")),
    Point("stp.{bridge_port}.designated_bridge", "who announces there", _designated("bridge"), kind="octets"),
    Point("stp.{bridge_port}.designated_port", "through which port", _designated("port"), kind="octets"),
    Point("stp.{bridge_port}.transitions", "how often it began to forward", _transitions),
    Point("stp.{bridge_port}.edge", "whether it leads to a host", _edge, kind="truth"),
    Point("station.{station}.address", "a learned hardware address", lambda d, mac: bytes(mac), kind="octets"),
    Point("station.{station}.port", "bridge port it is behind", lambda d, mac: d.stations()[bytes(mac)]),
)

# -- neighbours -----------------------------------------------------------------------------------------------

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
    return (_alias(peer, port) if peer else "") or f"1/1/{port}"


def _peer_chassis(d: SwitchFirmware, row: Neighbour) -> bytes:
    return d.neighbour(row[1])[0].bridge_id.address


LLDP = (
    Point("lldp.{neighbour}.chassis", "hardware address of the neighbour", _peer_chassis, kind="octets"),
    Point("lldp.{neighbour}.port", "its port", _peer_port, kind="text"),
    Point("lldp.{neighbour}.port_description", "what it calls that port", _peer_port_description, kind="text"),
    Point("lldp.{neighbour}.name", "its system name", _peer_name, kind="text"),
    Point("lldp.{neighbour}.description", "its product and firmware", _peer_description, kind="text"),
    Point("lldp.inserts", "neighbours learned", lambda d: d.state.lldp_inserts),
    Point("lldp.deletes", "neighbours forgotten", lambda d: d.state.lldp_deletes),
    Point("lldp.ageouts", "neighbours forgotten because their time to live ran out", lambda d: d.state.lldp_ageouts),
    Point(
        "lldp.changed",
        "uptime when a neighbour last came or went",
        lambda d: max(0.0, d.state.lldp_changed_at - d.state.booted_at),
        "s",
    ),
    Point("lldp.address.{neighbour_address}.interface", "ifIndex behind its management address", lambda d, row: row[1]),
)

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


LACP = (
    Point("lag.{lag}.partner", "system at the other end", _lag_partner, kind="octets"),
    Point("lag.{lag}.members", "ports that carry its traffic, as a PortList", _port_list, kind="octets"),
    Point("lag.{lag}.active", "how many they are", lambda d, lag: len(d.switch.active_members(lag))),
    Point("lacp.{member}.lag", "aggregate it is configured for", _lag_of),
    Point("lacp.{member}.attached", "aggregate it carries traffic for, 0 for none", _attached),
    Point("lacp.{member}.partner", "system at the other end", _partner, kind="octets"),
    Point("lacp.{member}.partner_port", "its port number, 0 for none", _partner_port),
    Point("lacp.{member}.state", "its LACP state octet", _lacp_state, kind="octets"),
    Point("lacp.{member}.period", "between two LACPDUs", _lacp_period, "s"),
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


VRRP = (
    Point("vrrp.{gateway}.state", "initialize, backup or master", _role, values=("initialize", "backup", "master")),
    Point("vrrp.{gateway}.priority", "VRRP priority", _priority),
    Point("vrrp.{gateway}.master", "address of the master, four octets", _master_address, kind="octets"),
    Point("vrrp.{gateway}.address", "own address, four octets", _own_address, kind="octets"),
    Point(
        "vrrp.{gateway}.mac",
        "virtual hardware address",
        lambda d, r: b"\x00\x00\x5e\x00\x01" + bytes([r[1]]),
        kind="octets",
    ),
    Point("vrrp.{gateway}.masterships", "how often it became master", _masterships),
    Point(
        "vrrp.{gateway}.reason",
        "why it last became master",
        _reason,
        values=("not-master", "priority", "preempted", "no-response"),
    ),
    Point("vrrp.{gateway}.uptime", "time in the present state", _vrrp_uptime, "s"),
    Point(
        "vrrp.{gateway}.preempt", "whether it takes its role back", lambda d, r: d.network.params.preempt, kind="truth"
    ),
)

# -- inventory and environment --------------------------------------------------------------------------------


def _entity_serial(d: SwitchFirmware, number: int) -> str:
    row = d.inventory.rows[number]
    return f"{d.params.serial}{row.serial}" if row.part else ""


def _entity_firmware(d: SwitchFirmware, number: int) -> str:
    return d.params.firmware if d.inventory.rows[number].part == "JL704C" else ""


def _socket_interface(d: SwitchFirmware, number: int) -> str:
    return f"1.3.6.1.2.1.2.2.1.1.{d.inventory.sockets[number]}"


def _sensor(d: SwitchFirmware, number: int) -> float:
    sensor = d.inventory.sensors[number]
    return d.fan_rpm(sensor.number) if sensor.type == 10 else d.psu_watts(sensor.number)


def _sensor_works(d: SwitchFirmware, number: int) -> bool:
    sensor = d.inventory.sensors[number]
    return sensor.type == 10 or d.psu_live(sensor.number)


Probe = tuple[int, int, int]


def _above(d: SwitchFirmware, row: Probe) -> float:
    return d.inventory.probes[row].above_inlet_k


def _probe(d: SwitchFirmware, row: Probe) -> float:
    return d.inlet_c + _above(d, row)


def _probe_state(d: SwitchFirmware, row: Probe) -> str:
    return "max" if d.inlet_c > 45.0 else "normal"


def _coolest(d: SwitchFirmware, row: Probe) -> float:
    return min(d.state.coolest_c, d.inlet_c) + _above(d, row)


def _hottest(d: SwitchFirmware, row: Probe) -> float:
    return max(d.state.hottest_c, d.inlet_c) + _above(d, row)


HARDWARE = (
    Point("entity.{entity}.name", "a part's name", lambda d, n: d.inventory.rows[n].name, kind="text"),
    Point("entity.{entity}.description", "what it is", lambda d, n: d.inventory.rows[n].description, kind="text"),
    Point("entity.{entity}.type", "its vendor type, an OID", lambda d, n: d.inventory.rows[n].type, kind="text"),
    Point("entity.{entity}.inside", "the part it is in", lambda d, n: d.inventory.rows[n].inside),
    Point("entity.{entity}.class", "its PhysicalClass", lambda d, n: d.inventory.rows[n].sort),
    Point(
        "entity.{entity}.position",
        "its place there",
        lambda d, n: d.inventory.rows[n].position,
        possible=(-1.0, 2.0**31),
    ),
    Point("entity.{entity}.part", "part number", lambda d, n: d.inventory.rows[n].part, kind="text"),
    Point(
        "entity.{entity}.replaceable",
        "whether it can be swapped",
        lambda d, n: d.inventory.rows[n].replaceable,
        kind="truth",
    ),
    Point("entity.{entity}.serial", "serial number", _entity_serial, kind="text"),
    Point("entity.{entity}.firmware", "software on it", _entity_firmware, kind="text"),
    Point(
        "socket.{socket}.interface_oid", "the interface of a port's entity, as an OID", _socket_interface, kind="text"
    ),
    Point("sensor.{sensor}.type", "10 for 1/min, 6 for W", lambda d, n: d.inventory.sensors[n].type),
    Point("sensor.{sensor}.value", "fan speed in 1/min or power in W", _sensor),
    Point("sensor.{sensor}.works", "whether its reading can be trusted", _sensor_works, kind="truth"),
    Point(
        "psu.{psu}.state",
        "ok, absent, input or output",
        lambda d, n: d.psu_state(n),
        values=("ok", "absent", "input", "output"),
    ),
    Point("psu.{psu}.power", "what it delivers", lambda d, n: d.psu_watts(n), "W"),
    Point("psu.{psu}.serial", "serial number", lambda d, n: f"{d.params.serial}-P{n}", kind="text"),
    Point("fan.{fan}.speed", "how fast it turns", lambda d, n: d.fan_rpm(n), "1/min"),
    Point(
        "fan.{fan}.state", "ok or fault", lambda d, n: "ok" if d.fan_rpm(n) > 0.0 else "fault", values=("ok", "fault")
    ),
    Point("probe.{probe}.name", "where it sits", lambda d, r: d.inventory.probes[r].name, kind="text"),
    Point("probe.{probe}.state", "normal or max", _probe_state, values=("normal", "max")),
    Point("probe.{probe}.temperature", "what it measures", _probe, "°C"),
    Point("probe.{probe}.lowest", "the lowest since the agent started", _coolest, "°C"),
    Point("probe.{probe}.highest", "the highest since the agent started", _hottest, "°C"),
    Point("inlet.temperature", "air it breathes", lambda d: d.inlet_c, "°C"),
    Point("cpu.load", "processor load", lambda d: d.cpu_percent, "%"),
    Point("cpu.{core}.load", "load of one processor core", lambda d, core: d.cpu_percent, "%"),
    Point("memory.size", "main memory", lambda d: MEMORY_KB, "kB"),
    Point("memory.used", "of it in use", lambda d: MEMORY_USED_KB, "kB"),
)

POINTS: tuple[Point, ...] = (*PORTS, *BRIDGE, *LLDP, *LACP, *VRRP, *HARDWARE)
