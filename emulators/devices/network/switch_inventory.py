"""Inventory of a fixed-configuration switch: the rows of ENTITY-MIB and ENTITY-SENSOR-MIB.

Numbers of entities and their nesting follow the recording of an Aruba CX 8360: chassis 1, power supply slots 4001
and fan tray slots 5001 on, sensors 7001 on, line module 12001, power supplies 13001, fans 15001, ports 20010 in
steps of ten.
"""

from __future__ import annotations

from dataclasses import dataclass

from twinfeed.emulators.plant.network.switch import Switch

CHASSIS, POWER_SLOT, TRAY, PROBE, FAN_SENSOR, POWER_SENSOR, MODULE, POWER, FAN, SOCKET = (
    1, 4001, 5001, 7001, 7101, 7401, 12001, 13001, 15001, 20010,
)  # fmt: skip

OTHER, CHASSIS_CLASS, CONTAINER, POWER_CLASS, FAN_CLASS, SENSOR_CLASS, MODULE_CLASS, PORT_CLASS = (
    1, 3, 5, 6, 7, 8, 9, 10,
)  # fmt: skip
"""PhysicalClass of ENTITY-MIB (RFC 6933)."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One row of entPhysicalTable."""

    name: str
    description: str
    type: str
    """entPhysicalVendorType, as recorded where the part is the same."""
    inside: int
    sort: int
    position: int
    replaceable: bool = False
    part: str = ""
    serial: str = ""
    """The suffix that makes a part's serial number from the switch's."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """One row of entPhySensorTable: a fan's speed in 1/min (type 10) or a supply's power in W (type 6)."""

    type: int
    number: int


@dataclass(frozen=True, slots=True)
class Probe:
    """A temperature sensor: its name and how much warmer than the inlet it is, K (from the recording)."""

    name: str
    above_inlet_k: float


PROBES = (
    ((3, 1, 1), Probe("1/1-Switch-ASIC-Internal", 51.3)),
    ((4, 1, 1), Probe("1/1-Back-Outlet", 15.0)),
    ((4, 1, 2), Probe("1/1-CPU", 22.1)),
    ((4, 1, 3), Probe("1/1-CPU_TZ_0", 18.5)),
    ((4, 1, 4), Probe("1/1-CPU_TZ_1", 18.5)),
    ((4, 1, 5), Probe("1/1-CPU_TZ_2", 18.5)),
    ((4, 1, 6), Probe("1/1-CPU_TZ_3", 18.5)),
    ((4, 1, 7), Probe("1/1-CPU_TZ_4", 19.5)),
    ((4, 1, 8), Probe("1/1-DDR", 14.7)),
    ((4, 1, 9), Probe("1/1-Front-Inlet", 0.0)),
    ((4, 1, 10), Probe("1/1-LCB", 7.5)),
    ((4, 1, 11), Probe("1/1-Switch-ASIC", 46.1)),
)

TYPES = "1.3.6.1.4.1.47196.4.1.1"


class Inventory:
    """The parts of one switch, by their numbers."""

    def __init__(self, switch: Switch, fans: int) -> None:
        ports = switch.params.ports
        slow = ports - switch.params.uplinks
        what = f"8360 {slow}p {switch.params.gbps:g}G {switch.params.uplinks}p {switch.params.uplink_gbps:g}G switch"
        supply = "Aruba 8360 X391 550W AC Power Supply"
        rows = {CHASSIS: Entity("Chassis", what, f"{TYPES}.1.424", 0, CHASSIS_CLASS, -1, True, "JL704C")}
        for n in (1, 2):
            slot = f"Power Supply Slot {n}"
            rows[POWER_SLOT + n - 1] = Entity(
                slot, "Aruba 8360 Chassis Power Supply Slot", f"{TYPES}.2.2.18", CHASSIS, CONTAINER, n
            )
        trays = (fans + 1) // 2
        for n in range(1, trays + 1):
            rows[TRAY + n - 1] = Entity(
                f"Fan Tray Slot {n}", "Aruba 8360 Chassis Fan Tray Slot", f"{TYPES}.2.2.17", CHASSIS, CONTAINER, n + 2
            )
        rows[PROBE] = Entity(
            "Temp Sensor", "Aruba 8360 Temp Sensor", f"{TYPES}.2.1.1", CHASSIS, SENSOR_CLASS, trays + 4
        )
        self.sensors: dict[int, Sensor] = {}
        for fan in range(1, fans + 1):
            tray, place = (fan - 1) // 2, (fan - 1) % 2
            name = f"Tray-1/{tray + 1}/{place + 1}"
            rows[FAN + 100 * tray + place] = Entity(
                name, "Aruba 8360 Chassis Fan", f"{TYPES}.2.3.123", TRAY + tray, FAN_CLASS, place + 1, True
            )
            number = FAN_SENSOR + 100 * tray + place
            inside = FAN + 100 * tray + place
            description = "RPM sensor for Aruba 8360 Chassis Fan"
            rows[number] = Entity(
                f"RPM sensor for fan {name}", description, f"{TYPES}.2.1.2", inside, SENSOR_CLASS, 1, True
            )
            self.sensors[number] = Sensor(10, fan)
        for n in (1, 2):
            rows[POWER + n - 1] = Entity(
                f"1/{n}", supply, f"{TYPES}.2.3.119", POWER_SLOT + n - 1, POWER_CLASS, 1, True, "JL600A", f"-P{n}"
            )
            number = POWER_SENSOR + n - 1
            rows[number] = Entity(
                f"Power sensor for power supply 1/{n}",
                f"Power sensor for {supply}",
                f"{TYPES}.2.1.3",
                POWER + n - 1,
                SENSOR_CLASS,
                1,
                True,
            )
            self.sensors[number] = Sensor(6, n)
        rows[MODULE] = Entity(
            "Line Module", "Aruba 8360 Switch Line Module", f"{TYPES}.2.3.146", CHASSIS, MODULE_CLASS, trays + 3, False,
            "JL704C", "-M1",
        )  # fmt: skip
        self.sockets: dict[int, int] = {}
        for port in switch.numbers:
            rows[SOCKET + 10 * (port - 1)] = Entity(
                f"1/1/{port}", "Aruba 8360 Switch Port", "0.0", MODULE, PORT_CLASS, port
            )
            self.sockets[SOCKET + 10 * (port - 1)] = port
        self.rows = dict(sorted(rows.items()))
        self.sensors = dict(sorted(self.sensors.items()))
        self.probes = dict(PROBES)
