"""The UPS profiles against the walks of real devices, the MIBs, and clients' own sources."""

from __future__ import annotations

import re
import struct

import pytest
from ups_rig import Rig

from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.modbus_binding import ProfileUnit
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree
from twinfeed.emulators.wire.modbus import DeviceFailure, IllegalAddress, IllegalValue
from twinfeed.emulators.wire.snmp import InconsistentValue, WrongValue
from twinfeed.emulators.wire.snmp.ber import Syntax, encode_oid_content

UPS_MIB = "1.3.6.1.2.1.33."
POWERNET_UPS = "1.3.6.1.4.1.318.1.1.1."
TAGS = {
    "2": Syntax.INTEGER,
    "4": Syntax.OCTET_STRING,
    "4x": Syntax.OCTET_STRING,
    "6": Syntax.OBJECT_IDENTIFIER,
    "65": Syntax.COUNTER32,
    "66": Syntax.GAUGE32,
    "67": Syntax.TIMETICKS,
}


def smart_ups(**kwargs) -> Rig:
    return Rig(
        kw=0.4, rated_kw=0.7, kva=1.0, phases=1, blocks=2, strings=1,
        device={"model": "Smart-UPS 1000", "serial": "TW0001", "firmware": "UPS 16.0"}, **kwargs,
    )  # fmt: skip


class Agent:
    """The variables of a profile over a UPS."""

    def __init__(self, profile: str, rig: Rig):
        self.rig = rig
        self.tree = SurfaceTree(Surface(library.get(profile), rig.ups))

    def instance(self, oid: str):
        self.tree.refresh()
        place = self.tree.find(encode_oid_content(tuple(map(int, oid.split(".")))))
        assert place is not None, f"{oid} is not answered"
        return self.tree.instances[place]

    def get(self, oid: str):
        return self.instance(oid).read()

    def set(self, oid: str, value) -> None:
        instance = self.instance(oid)
        assert instance.write, f"{oid} cannot be written"
        instance.check(value)
        instance.write(value)

    def oids(self) -> list[str]:
        self.tree.refresh()
        return [".".join(map(str, i.oid)) for i in self.tree.instances]


def recorded(shared_data, name: str, under: str):
    for line in (shared_data / "recordings" / f"{name}.snmprec").read_text(errors="replace").splitlines():
        oid, tag, _ = line.split("|", 2)
        if oid.startswith(under):
            yield oid, TAGS[tag]


@pytest.mark.parametrize(
    ("profile", "recording", "under", "phases"),
    [
        ("ups-rfc1628", "generex-ups_cs141", UPS_MIB, 3),
        ("ups-rfc1628", "eaton-mgeups_93ps", UPS_MIB, 3),
        ("ups-rfc1628", "dell-ups_tower1000w", UPS_MIB, 1),
        ("apc-smartups-snmp", "apc_smtl1000-nmc3", POWERNET_UPS, 1),
    ],
)
def test_what_a_real_device_answers_is_answered_with_the_same_type(shared_data, profile, recording, under, phases):
    agent = Agent(profile, Rig() if phases == 3 else smart_ups())
    compared = 0
    for oid, syntax in recorded(shared_data, recording, under):
        assert agent.instance(oid).syntax == syntax, oid
        compared += 1
    assert compared >= 15


@pytest.mark.parametrize(("profile", "mib"), [("ups-rfc1628", UPS_MIB), ("apc-smartups-snmp", POWERNET_UPS)])
def test_every_variable_can_be_read_and_walked_in_order(profile, mib):
    agent = Agent(profile, Rig() if profile == "ups-rfc1628" else smart_ups())
    oids = agent.oids()
    assert sum(oid.startswith(mib) for oid in oids) > 60
    assert oids == sorted(oids, key=lambda oid: tuple(map(int, oid.split("."))))
    for oid in oids:
        agent.get(oid)


def test_rfc1628_shows_each_line():
    agent = Agent("ups-rfc1628", Rig())
    assert agent.get(UPS_MIB + "1.3.2.0") == agent.get(UPS_MIB + "1.4.3.0") == 3
    assert [agent.get(f"{UPS_MIB}1.4.4.1.5.{line}") for line in (1, 2, 3)] == [80, 80, 80]
    assert [agent.get(f"{UPS_MIB}1.3.3.1.3.{line}") for line in (1, 2, 3)] == [230, 230, 230]
    assert agent.get(UPS_MIB + "1.4.2.0") == 500


def test_the_alarm_table_grows_and_shrinks():
    rig = Rig()
    agent = Agent("ups-rfc1628", rig)
    assert agent.get(UPS_MIB + "1.6.1.0") == 0
    rig.run(10.0)
    rig.mains.set(0.0)
    rig.run(1.0)
    assert agent.get(UPS_MIB + "1.6.1.0") == 3
    descriptions = [agent.get(oid) for oid in agent.oids() if oid.startswith(UPS_MIB + "1.6.2.1.2.")]
    well_known = (1, 3, 6, 1, 2, 1, 33, 1, 6, 3)
    assert descriptions == [(*well_known, 2), (*well_known, 6), (*well_known, 10)]
    assert agent.get(UPS_MIB + "1.6.2.1.3.2") == 1000, "sysUpTime when it was raised"
    rig.mains.set(230.0)
    rig.run(60.0)
    assert agent.get(UPS_MIB + "1.6.1.0") == 0
    assert not any(oid.startswith(UPS_MIB + "1.6.2.") for oid in agent.oids())


def test_a_test_is_started_by_its_object_identifier():
    rig = Rig()
    agent = Agent("ups-rfc1628", rig)
    test = (1, 3, 6, 1, 2, 1, 33, 1, 7, 7)
    assert agent.get(UPS_MIB + "1.7.1.0") == (*test, 1)
    agent.set(UPS_MIB + "1.7.2.0", 1)
    agent.set(UPS_MIB + "1.7.1.0", (*test, 4))
    assert agent.get(UPS_MIB + "1.7.3.0") == 5
    with pytest.raises(InconsistentValue):
        agent.set(UPS_MIB + "1.7.1.0", (*test, 5))
    rig.run(20.0)
    assert agent.get(UPS_MIB + "1.7.3.0") == 1
    assert agent.get(UPS_MIB + "1.7.6.0") == 1000
    assert agent.get(UPS_MIB + "1.7.2.0") == 2
    with pytest.raises(WrongValue):
        agent.set(UPS_MIB + "1.7.1.0", (1, 3, 6, 1))


def test_a_shutdown_is_counted_down_over_snmp():
    rig = Rig()
    agent = Agent("ups-rfc1628", rig)
    assert agent.get(UPS_MIB + "1.8.2.0") == -1
    agent.set(UPS_MIB + "1.8.2.0", 30)
    rig.run(10.0)
    assert agent.get(UPS_MIB + "1.8.2.0") == 20
    rig.run(30.0)
    assert agent.get(UPS_MIB + "1.4.1.0") == 2


def test_every_well_known_alarm_has_its_traps():
    traps = library.get("ups-rfc1628").snmp.traps
    assert len([t for t in traps if t.oid == UPS_MIB + "2.3"]) == 24
    assert len([t for t in traps if t.oid == UPS_MIB + "2.4"]) == 24
    assert {t.oid for t in traps} == {f"{UPS_MIB}2.{n}" for n in (1, 2, 3, 4)}


def test_powernet_shows_the_states_of_an_outage():
    rig = smart_ups()
    agent = Agent("apc-smartups-snmp", rig)
    status, flags = POWERNET_UPS + "4.1.1.0", POWERNET_UPS + "11.1.1.0"
    assert agent.get(status) == 2
    assert agent.get(flags) == b"0001010000000000001" + b"0" * 45
    rig.mains.set(0.0)
    rig.run(1.0)
    assert agent.get(status) == 3
    assert agent.get(flags)[:6] == b"110001"
    assert agent.get(POWERNET_UPS + "3.2.5.0") == 4
    agent.set(POWERNET_UPS + "6.1.1.0", 2)
    assert agent.get(status) == 11
    rig.mains.set(230.0)
    rig.run(30.0)
    assert agent.get(status) == 2


def test_powernet_commands_read_as_doing_nothing():
    agent = Agent("apc-smartups-snmp", smart_ups())
    assert [agent.get(f"{POWERNET_UPS}6.2.{n}.0") for n in range(1, 8)] == [1] * 7
    agent.set(POWERNET_UPS + "7.2.2.0", 2)
    assert agent.get(POWERNET_UPS + "7.2.3.0") == 4


# -- Modbus --------------------------------------------------------------------------------------------------

NUT_BLOCKS = ((0, 27), (128, 44), (516, 120), (1026, 22))
"""The blocks that NUT's apc_modbus driver reads in one request each (drivers/apc_modbus.c)."""


def unit(rig: Rig) -> ProfileUnit:
    return ProfileUnit(Surface(library.get("apc-smartups-modbus"), rig.ups))


def words(unit: ProfileUnit, address: int, count: int = 1) -> tuple[int, ...]:
    return struct.unpack(f">{count}H", unit.read_registers("holding", address, count))


def test_the_blocks_that_nut_reads_are_whole():
    smart = unit(smart_ups())
    for address, count in NUT_BLOCKS:
        assert len(words(smart, address, count)) == count
    with pytest.raises(IllegalAddress):
        words(smart, 100)


def test_modbus_values_are_fixed_point():
    smart = unit(smart_ups())
    assert words(smart, 130) == (100 * 512,)
    assert words(smart, 136)[0] / 256 == pytest.approx(400 / 7, abs=0.01)
    assert words(smart, 142)[0] / 64 == pytest.approx(230.0)
    assert words(smart, 144)[0] / 128 == pytest.approx(50.0)
    assert smart.read_registers("holding", 532, 16).rstrip(b"\0") == b"Smart-UPS 1000"


def test_modbus_status_bits_follow_the_plant():
    """An online unit in eco mode in the field answers 0x2002 in the first register pair's low half."""
    eco = smart_ups(eco=True)
    assert words(unit(eco), 0, 2) == (0, 0x2002)
    rig = smart_ups()
    smart = unit(rig)
    assert words(smart, 0, 2) == (0, 1 << 1)
    rig.mains.set(0.0)
    rig.run(1.0)
    assert words(smart, 0, 2) == (0, 1 << 2 | 1 << 6)
    rig.mains.set(230.0)
    rig.run(60.0)
    rig.load.set(0.9)
    rig.run(1.0)
    assert words(smart, 0, 2) == (1 << 5, 1 << 1)


def test_modbus_commands_act():
    rig = smart_ups()
    smart = unit(rig)
    smart.write_registers(1541, struct.pack(">H", 1))
    assert words(smart, 23)[0] & 1 << 1
    rig.run(20.0)
    assert words(smart, 23)[0] & 1 << 2
    smart.write_registers(1538, struct.pack(">I", 4 | 256 | 128))
    assert words(smart, 155) == (20,)
    rig.run(21.0)
    assert not rig.load.live
    smart.write_registers(1538, struct.pack(">I", 2 | 256))
    assert rig.load.live
    with pytest.raises(IllegalValue):
        smart.write_registers(1538, struct.pack(">I", 1 << 30))


def test_a_modbus_command_that_cannot_be_done_now_is_a_device_failure():
    rig = smart_ups()
    rig.mains.set(0.0)
    rig.run(1.0)
    with pytest.raises(DeviceFailure):
        unit(rig).write_registers(1541, struct.pack(">H", 1))


def test_modbus_protocol_verification_block():
    assert words(unit(smart_ups()), 2048, 14) == (
        0x3030, 0x2E35, 0x3132, 0x3334, 0x3536, 0x3738, 0x1234, 0x5678, 0xFFFF, 0xFFFB, 0x1234, 0xFFFB, 0x2020, 0xDFE0,
    )  # fmt: skip


def mib_objects(shared_data, module: str, root: str) -> dict[str, tuple[str, str]]:
    """OID under `root` -> (name, access) of every readable object of a MIB module's text."""
    text = (shared_data / "mibs" / module).read_text(errors="replace")
    pattern = r"^(\w+)\s+(?:OBJECT IDENTIFIER|OBJECT-TYPE)(.*?)::=\s*\{\s*(\w+)\s+(\d+)\s*\}"
    nodes = {m[1]: (m[3], m[4], m[2]) for m in re.finditer(pattern, text, re.S | re.M)}

    def oid(name: str) -> str:
        if name not in nodes:
            return {"upsMIB": UPS_MIB[:-1], "enterprises": "1.3.6.1.4.1"}.get(name, "?")
        parent, number, _ = nodes[name]
        return f"{oid(parent)}.{number}"

    found = {}
    for name, (_, _, body) in nodes.items():
        access = re.search(r"ACCESS\s+(read-\w+)", body)
        if access and oid(name).startswith(root):
            found[oid(name)] = (name, access[1])
    return found


def entry_oids(profile: str, root: str) -> dict[str, str]:
    """Object OID (without its instance) -> access of every entry of the profile under `root`."""
    objects = library.get(profile).snmp.objects
    return {re.sub(r"(\.0|\.\{\w+\})$", "", o.oid): o.access for o in objects if o.oid.startswith(root)}


def test_the_whole_ups_mib_is_there_and_nothing_else(shared_data):
    mib = mib_objects(shared_data, "UPS-MIB", UPS_MIB + "1.")
    ours = entry_oids("ups-rfc1628", UPS_MIB + "1.")
    readable_by_nut_only = {UPS_MIB + "1.6.3.8"}
    assert set(ours) - readable_by_nut_only == set(mib)
    assert len(mib) == 55
    for oid, access in ours.items():
        assert access == "ro" or mib[oid][1] == "read-write", mib[oid][0]


def test_the_powernet_objects_are_those_of_the_mib(shared_data):
    mib = mib_objects(shared_data, "PowerNet-MIB", POWERNET_UPS)
    for oid, access in entry_oids("apc-smartups-snmp", POWERNET_UPS).items():
        assert oid in mib, oid
        assert access == "ro" or mib[oid][1] == "read-write", mib[oid][0]
