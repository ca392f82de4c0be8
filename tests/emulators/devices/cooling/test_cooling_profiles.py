"""The profiles of the cooling against walks of real devices, their MIB, and the chiller's register map."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from cooled import Site

from twinfeed.emulators.devices.catalogue import CHILLED_WATER_PLANT, CHILLER, CRAH, SENSOR
from twinfeed.emulators.devices.cooling.chiller import ChillerController, ChillerParams
from twinfeed.emulators.devices.cooling.crah import CrahParams
from twinfeed.emulators.devices.cooling.pump_controller import PlantControllerParams
from twinfeed.emulators.devices.monitoring.environment_monitor import SensorParams
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.modbus_binding import ProfileUnit
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree

TAGS = {"integer": 2, "string": 4, "oid": 6, "ipaddress": 64, "counter32": 65, "gauge32": 66, "timeticks": 67}

HALL_PROBES = tuple(f"hall-{h}.{q}" for h in (1, 2) for q in ("humidity_percent", "inlet_c", "return_c"))
PROBES = (*HALL_PROBES, "outdoors.outdoor_c", "loop.supply_c")


def served(profile: str) -> Surface:
    devices: dict[str, Any] = {
        "daikin-microtech3": CHILLER.build("chiller-1/device", ChillerParams(of="chiller-1")),
        "stulz-wib8000": CRAH.build("crah-11/device", CrahParams(of="crah-11")),
        "hwg-poseidon": SENSOR.build("probes/device", SensorParams(probes=PROBES, inputs=("hall-1.fire",))),
    }
    device = devices[profile]
    Site(device)
    return Surface(library.get(profile), device)


def walked(shared_data: Path, recording: str, under: str) -> dict[str, int]:
    lines = (shared_data / "recordings" / f"{recording}.snmprec").read_text(errors="replace").splitlines()
    rows = (line.split("|", 2) for line in lines if line.count("|") >= 2)
    return {oid: int(re.sub(r"\D", "", tag)) for oid, tag, _ in rows if oid.startswith(under)}


@pytest.mark.parametrize(
    ("profile", "recording", "enterprise"),
    [
        ("stulz-wib8000", "stulz_wib8000", "1.3.6.1.4.1.29462."),
        ("hwg-poseidon", "hwg-poseidon", "1.3.6.1.4.1.21796."),
    ],
)
def test_every_recorded_enterprise_column_is_answered_with_its_type(
    shared_data: Path, profile: str, recording: str, enterprise: str
) -> None:
    tree = SurfaceTree(served(profile))
    have = {re.sub(r"\.?\{.*", "", e.oid): TAGS[e.type] for e in library.get(profile).snmp.objects}
    rows = walked(shared_data, recording, enterprise)
    assert rows
    rest = r"(\.1\.1\.1|\.1\.1)$" if recording == "stulz_wib8000" else r"^$"
    have = {re.sub(rest, "", oid): tag for oid, tag in have.items()}
    trim = 3 if recording == "stulz_wib8000" else 1
    for oid, tag in rows.items():
        column = oid.rsplit(".", 2 if ".393221." in oid else trim)[0]
        assert have.get(column) == tag, f"{oid} has tag {tag}"
    assert tree is not None


def test_the_poseidon_answers_the_very_rows_of_the_walk(shared_data: Path) -> None:
    """Eight probes and six contacts, as the walked device has."""
    entries = library.get("hwg-poseidon").snmp.objects
    surface = served("hwg-poseidon")
    ours = set()
    for entry in entries:
        if entry.oid.startswith("1.3.6.1.4.1.21796."):
            for row in surface.rows(entry.rows, entry.oid):
                ours.add(re.sub(r"\{(\w+)\}", lambda m, row=row: str(row[m[1]]), entry.oid))
    assert ours == set(walked(shared_data, "hwg-poseidon", "1.3.6.1.4.1.21796."))


def value_of(surface: Surface, oid: str) -> Any:
    for entry in surface.profile.snmp.objects:
        for row in surface.rows(entry.rows, entry.oid):
            if re.sub(r"\{(\w+)\}", lambda m, row=row: str(row[m[1]]), entry.oid) == oid:
                return surface.getter(entry, row, oid)()
    raise AssertionError(f"no object {oid}")


def test_the_stulz_board_shows_the_unit_in_tenths() -> None:
    surface = served("stulz-wib8000")
    base = "1.3.6.1.4.1.29462.10.2.1.1.1.1.1.1.1"
    assert value_of(surface, f"{base}.1193.1.1.1") == pytest.approx(220)
    assert value_of(surface, f"{base}.1175.1.1.1") == pytest.approx(220)
    assert 320 < value_of(surface, f"{base}.1192.1.1.1") < 350
    assert value_of(surface, "1.3.6.1.4.1.29462.10.2.1.1.2.4.1.1.6932.1.1.1") == 75


def test_a_fire_closes_the_contact_and_a_lost_probe_reads_no_number() -> None:
    surface = served("hwg-poseidon")
    plant = surface.device.plant
    contact = "1.3.6.1.4.1.21796.3.3.1.1.2.1"
    assert value_of(surface, contact) == 0
    plant.inject("hall-1", "fire-suppression")
    plant.inject("probes/device", "probe-failure", {"probe": 2})
    plant.advance(1.0)
    assert value_of(surface, contact) == 1
    assert value_of(surface, "1.3.6.1.4.1.21796.3.3.3.1.6.2") == -9999
    assert value_of(surface, "1.3.6.1.4.1.21796.3.3.3.1.4.2") == 0


def test_every_trap_names_an_alarm_of_the_air_handler() -> None:
    alarms = {alarm.name for alarm in CRAH.alarms}
    assert {trap.alarm for trap in library.get("stulz-wib8000").snmp.traps} <= alarms


def register(unit: ProfileUnit, number: int) -> int:
    """A holding register by the manual's number, which starts at 1."""
    return int.from_bytes(unit.read_registers("holding", number - 1, 1), "big", signed=True)


@pytest.fixture
def chiller() -> tuple[ProfileUnit, ChillerController]:
    surface = served("daikin-microtech3")
    device = surface.device
    assert isinstance(device, ChillerController)
    return ProfileUnit(surface), device


def test_the_chillers_registers_are_at_the_manuals_numbers(chiller: tuple[ProfileUnit, ChillerController]) -> None:
    """ED 15121 p. 8: holding register 8 is Chiller On/Off and is addressed as 7; temperatures and percents are x 10."""
    unit, device = chiller
    assert register(unit, 8) == 1
    assert register(unit, 12) == 100
    assert register(unit, 15) == 3
    assert register(unit, 17) == pytest.approx(10 * device.chiller.leaving_c, abs=1)
    assert register(unit, 13) == pytest.approx(10 * device.chiller.load_percent, abs=1)


def test_writing_the_enable_register_stops_the_chiller(chiller: tuple[ProfileUnit, ChillerController]) -> None:
    unit, device = chiller
    unit.write_registers(9 - 1, b"\x00\x00")
    assert not device.chiller.running
    assert register(unit, 15) == 1


def test_the_plant_controllers_registers_show_each_pump_and_take_orders() -> None:
    device = CHILLED_WATER_PLANT.build("loop/device", PlantControllerParams(of="loop"))
    s = Site(device)
    unit = ProfileUnit(Surface(library.get("chilled-water-plant"), device))
    assert unit.read_registers("input", 3, 1) == (500).to_bytes(2, "big")
    assert list(unit.read_bits("discrete", 120, 3)) == [False, False, False]
    unit.write_registers(120, b"\x00\x01")
    s.run(30.0)
    assert list(unit.read_bits("discrete", 120, 3)) == [True, True, False]
    assert s.loop.flow_l_s == pytest.approx(75.0)
