"""The points of a switch that IF-MIB shows: its ports."""

from __future__ import annotations

from collections.abc import Callable

from twinfeed.emulators.devices.firmware.points import Point, Points, RowPoint
from twinfeed.emulators.devices.network.switch import SwitchFirmware
from twinfeed.emulators.plant.network.port_counters import COUNTERS
from twinfeed.emulators.plant.network.switch import AGGREGATE_BASE, mac_address


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
    d.log_event(f"port {port_name(d, port)} administratively {value}")


def _oper(d: SwitchFirmware, port: int) -> str:
    return "up" if d.switch.is_up(port) else "down"


def _changed(d: SwitchFirmware, port: int) -> float:
    """Uptime of the agent when the port last changed, 0 if it was before (RFC 2863 ifLastChange)."""
    ports = d.switch.aggregates.get(port, [port])
    return max(0.0, max(d.switch.state.changed[p - 1] for p in ports) - d.state.booted_at)


def _port_mac(d: SwitchFirmware, port: int) -> bytes:
    return mac_address(d.switch.id, 0 if port > AGGREGATE_BASE else port)


def alias(d: SwitchFirmware, port: int) -> str:
    """The name that an operator gave the port, '' without one."""
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
    return lambda d, port: d.switch.counters.count(port, name)


def _counter_pair(direction: str) -> Callable[[SwitchFirmware, int], float]:
    def read(d: SwitchFirmware, port: int) -> float:
        return d.switch.counters.count(port, f"{direction}_multicast") + d.switch.counters.count(
            port, f"{direction}_broadcast"
        )

    return read


PORTS: Points[SwitchFirmware] = (
    RowPoint("port.{port}.name", "its name on the front panel", port_name, kind="text"),
    RowPoint("port.{port}.alias", "name that its operator gave it", alias, write=_set_alias, kind="text"),
    RowPoint("port.{port}.aggregate", "it is a link aggregate", lambda d, p: p > AGGREGATE_BASE, kind="truth"),
    RowPoint("port.{port}.admin", "state that the operator wants", _admin, write=_set_admin, values=("up", "down")),
    RowPoint("port.{port}.oper", "it has a carrier", _oper, values=("up", "down")),
    RowPoint("port.{port}.changed", "uptime when that last changed", _changed, "s"),
    RowPoint("port.{port}.speed", "speed it runs at or could", _speed, "Mb/s"),
    RowPoint("port.{port}.mtu", "longest frame", lambda d, p: 0 if p > AGGREGATE_BASE else 9198, "octets"),
    RowPoint("port.{port}.mac", "its hardware address", _port_mac, kind="octets"),
    RowPoint("port.{port}.link_trap", "it announces link up and down", _trap, write=_set_trap, kind="truth"),
    RowPoint("port.{port}.utilisation", "its busier direction", lambda d, p: d.switch.utilisation_percent(p), "%"),
    *(
        RowPoint[SwitchFirmware](f"port.{{port}}.{name}", f"{name.replace('_', ' ')} since boot", _counter(name))
        for name in COUNTERS
    ),
    RowPoint("port.{port}.in_not_unicast", "multicast and broadcast frames received", _counter_pair("in")),
    RowPoint("port.{port}.out_not_unicast", "multicast and broadcast frames sent", _counter_pair("out")),
    Point("port.count", "physical ports and aggregates", lambda d: len(d.ports)),
)
