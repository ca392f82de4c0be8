"""The points of a switch that ENTITY-MIB and its sensors show: parts, supplies, fans, probes, processor."""

from __future__ import annotations

from twinfeed.emulators.devices.firmware.points import Point, Points, RowPoint
from twinfeed.emulators.devices.network.switch import SwitchFirmware

MEMORY_KB = 16014432
"""Of an Aruba CX 8360 (recording), kB."""

MEMORY_USED_KB = 1984968


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


HARDWARE: Points[SwitchFirmware] = (
    RowPoint("entity.{entity}.name", "a part's name", lambda d, n: d.inventory.rows[n].name, kind="text"),
    RowPoint("entity.{entity}.description", "kind of part", lambda d, n: d.inventory.rows[n].description, kind="text"),
    RowPoint("entity.{entity}.type", "its vendor type, an OID", lambda d, n: d.inventory.rows[n].type, kind="text"),
    RowPoint("entity.{entity}.inside", "the part it is in", lambda d, n: d.inventory.rows[n].inside),
    RowPoint("entity.{entity}.class", "its PhysicalClass", lambda d, n: d.inventory.rows[n].sort),
    RowPoint(
        "entity.{entity}.position",
        "its place there",
        lambda d, n: d.inventory.rows[n].position,
        possible=(-1.0, 2.0**31),
    ),
    RowPoint("entity.{entity}.part", "part number", lambda d, n: d.inventory.rows[n].part, kind="text"),
    RowPoint(
        "entity.{entity}.replaceable",
        "it can be swapped",
        lambda d, n: d.inventory.rows[n].replaceable,
        kind="truth",
    ),
    RowPoint("entity.{entity}.serial", "serial number", _entity_serial, kind="text"),
    RowPoint("entity.{entity}.firmware", "software on it", _entity_firmware, kind="text"),
    RowPoint(
        "socket.{socket}.interface_oid", "the interface of a port's entity, as an OID", _socket_interface, kind="text"
    ),
    RowPoint("sensor.{sensor}.type", "10 for 1/min, 6 for W", lambda d, n: d.inventory.sensors[n].type),
    RowPoint("sensor.{sensor}.value", "fan speed in 1/min or power in W", _sensor),
    RowPoint("sensor.{sensor}.works", "its reading can be trusted", _sensor_works, kind="truth"),
    RowPoint(
        "psu.{psu}.state",
        "ok, absent, input or output",
        lambda d, n: d.psu_state(n),
        values=("ok", "absent", "input", "output"),
    ),
    RowPoint("psu.{psu}.power", "power that it delivers", lambda d, n: d.psu_watts(n), "W"),
    RowPoint("psu.{psu}.serial", "serial number", lambda d, n: f"{d.params.serial}-P{n}", kind="text"),
    RowPoint("fan.{fan}.speed", "its speed", lambda d, n: d.fan_rpm(n), "1/min"),
    RowPoint(
        "fan.{fan}.state", "ok or fault", lambda d, n: "ok" if d.fan_rpm(n) > 0.0 else "fault", values=("ok", "fault")
    ),
    RowPoint("probe.{probe}.name", "its place", lambda d, r: d.inventory.probes[r].name, kind="text"),
    RowPoint("probe.{probe}.state", "normal or max", _probe_state, values=("normal", "max")),
    RowPoint("probe.{probe}.temperature", "its reading", _probe, "°C"),
    RowPoint("probe.{probe}.lowest", "the lowest since the agent started", _coolest, "°C"),
    RowPoint("probe.{probe}.highest", "the highest since the agent started", _hottest, "°C"),
    Point("inlet.temperature", "air it breathes", lambda d: d.inlet_c, "°C"),
    Point("cpu.load", "processor load", lambda d: d.cpu_percent, "%"),
    RowPoint("cpu.{core}.load", "load of one processor core", lambda d, core: d.cpu_percent, "%"),
    Point("memory.size", "main memory", lambda d: MEMORY_KB, "kB"),
    Point("memory.used", "of it in use", lambda d: MEMORY_USED_KB, "kB"),
)
