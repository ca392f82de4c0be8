"""Every point of a switch: two cores joined by a link aggregate, an access switch on both, as IEEE and IETF have them."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

import pytest
from expected_values import (
    FILE,
    Table,
    Tables,
    all_of,
    fork,
    one_sided,
    readings,
    rows,
    system,
    value,
    without_value,
    wrong,
)

from twinfeed.emulators.devices.catalogue import SWITCH as KIND
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.site import Site

SITE = """
site: net
power:
  mains: {kind: utility, capacity_kw: 100}
  mains-b: {kind: utility, capacity_kw: 100}
  house: {kind: utility, capacity_kw: 100}
cooling:
  hall: {kind: hall, area_m2: 40}
racks:
  pdu: {kind: pdu, from: house, outlets: 2, banks: 2,
        device: {profile: raritan-px2, address: 127.30.6.21, switch_port: "core-2:5"}}
network:
  network: {kind: network, station: "core-1:48", gateways: [core-1, core-2], uplinks: ["core-1:50", "core-2:50"]}
  core-1: {kind: switch, from: {psu_a: mains, psu_b: mains-b}, hall: hall, kw: 0.117, stp_priority: 4096,
           device: {profile: aruba-cx-8360, address: 127.30.6.71, serial: SW0071, model: Aruba, location: room 1,
                    contact: the networker, firmware: LL.10}}
  core-2: {kind: switch, from: {psu_a: mains, psu_b: mains-b}, hall: hall, stp_priority: 8192,
           device: {profile: aruba-cx-8360, address: 127.30.6.72, powered_by: [house]}}
  access: {kind: switch, from: {psu_a: house}, hall: hall, ports: 8, gbps: 10, uplinks: 0, kw: 0.02, boot_s: 30,
           device: {profile: net-snmp-switch, address: 127.30.6.73, firmware: "6.1", model: Linux bridge}}
  isl-1: {kind: link, a: "core-1:53", b: "core-2:53", lag: lag1}
  isl-2: {kind: link, a: "core-1:54", b: "core-2:54", lag: lag1}
  up-1: {kind: link, a: "access:7", b: "core-1:1"}
  up-2: {kind: link, a: "access:8", b: "core-2:1"}
"""

REST_S = 600.0


def mac(switch: str, port: int = 0) -> bytes:
    """Locally administered, from the switch's name (the site's own rule)."""
    return b"\x02" + crc32(switch.encode()).to_bytes(4, "big") + bytes([port])


CORE_1, CORE_2, ACCESS = mac("core-1"), mac("core-2"), mac("access")
PDU_MAC = b"\x02\x54\x7f\x1e\x06\x15"
LAG = 769
"""ifIndex of lag1 (recording of an Aruba CX 8360)."""
BPDU, LLDP, VRRP, LACP = REST_S / 2.0, REST_S / 30.0, REST_S / 1.0, REST_S / 30.0
"""Frames since the start: a hello each 2 s (802.1D), LLDP each 30 s (802.1AB), VRRP each second (RFC 5798), slow LACP
each 30 s (802.1AX)."""
POLLS = 4000.0 / 8.0 / 150.0 * REST_S
"""Frames of 4 kb/s of polls, 150 octets each."""
GATEWAY = "vrrp.16777217-1-1"


def station(address: bytes) -> str:
    return "station." + "-".join(map(str, address))


def alarms(*active: str) -> Table:
    """The alarms of the switch as a whole."""
    names = [alarm.name for alarm in KIND.alarms]
    return {f"alarm.{name}.active": value(name in active, "of the story of this moment") for name in names}


CORE: Table = {
    **system("core-1", "127.30.6.71", b"", REST_S, location="room 1", contact="the networker", serial="SW0071",
             model="Aruba", firmware="LL.10"),
    "system.mac": value(CORE_1, "of the bridge"),
    "alarm.count": value(0, "nothing is wrong"),
    "port.1.name": value("1/1/1", "Aruba: member, slot, port"),
    f"port.{LAG}.name": value("lag1", FILE),
    "port.1.alias": value("", "factory"),
    "port.1.aggregate": value(False, "a port"),
    f"port.{LAG}.aggregate": value(True, "an aggregate"),
    "port.1.admin": value("up", "factory"),
    "port.1.oper": value("up", "cabled"),
    "port.2.oper": value("down", "not cabled"),
    "port.1.changed": value(0.0, "up since before the agent started (RFC 2863)"),
    "port.1.speed": value(100_000.0, "of its cable's uplink, Mb/s"),
    "port.2.speed": value(25_000.0, "48 ports of 25 Gb/s"),
    f"port.{LAG}.speed": value(200_000.0, "two ports of 100 Gb/s"),
    "port.1.mtu": value(9198, "Aruba CX: jumbo frames"),
    "port.1.mac": value(mac("core-1", 1), "of the port"),
    "port.1.link_trap": value(True, "factory"),
    "port.1.in_octets": value(LLDP * 250.0, "LLDP; a root port sends no BPDU"),
    "port.1.in_unicast": value(0.0, "nobody is behind it"),
    "port.1.in_multicast": value(LLDP, "LLDP"),
    "port.1.in_broadcast": value(0.0, "nobody is behind it"),
    "port.1.in_not_unicast": value(LLDP, "multicast and broadcast"),
    "port.1.out_octets": value(BPDU * 64.0 + LLDP * 250.0 + VRRP * 64.0 + 0.2 * REST_S * 64.0,
                               "frames by their lengths; four hosts resolve an address each 20 s"),
    "port.1.out_unicast": value(0.0, "nobody is behind it"),
    "port.1.out_multicast": value(BPDU + LLDP + VRRP, "BPDU, LLDP and VRRP"),
    "port.1.out_broadcast": value(0.2 * REST_S, "four hosts resolve an address each 20 s"),
    "port.1.out_not_unicast": value(BPDU + LLDP + VRRP + 0.2 * REST_S, "multicast and broadcast"),
    "port.1.utilisation": value(
        lambda read: 100.0 * read("port.1.out_octets") * 8.0 / REST_S / 100e9, "the busier direction, of 100 Gb/s"),
    **all_of(0.0, "no link is full, no cable damaged", "port.1.in_discards", "port.1.in_errors", "port.1.out_discards",
             "port.1.out_errors"),
    "port.53.in_multicast": value(LLDP + LACP, "members carry LLDP and LACP; the other frames take one of them"),
    "port.count": value(55, "54 and an aggregate"),
    "bridge.address": value(CORE_1, "its first"),
    "bridge.ports": value(53, "54, of which two are one aggregate"),
    "stp.priority": value(4096, FILE),
    "stp.protocol": value("rstp", "by default"),
    "stp.root": value(b"\x10\x00" + CORE_1, "802.1D 9.2.5: priority and address"),
    "stp.root_name": value("core-1", "the lowest priority"),
    "stp.root_cost": value(0, "it is the root"),
    "stp.root_port": value(0, "it is the root"),
    "stp.changes": value(0, "nothing has changed"),
    "stp.since_change": value(REST_S, "nothing has changed"),
    "stp.1.state": value("forwarding", "of the root"),
    "stp.2.state": value("disabled", "not cabled"),
    "stp.1.role": value("designated", "of the root"),
    "stp.2.role": value("disabled", "not cabled"),
    "stp.1.cost": value(200, "802.1D-2004 table 17-3: 20 Tb/s over 100 Gb/s"),
    "stp.2.cost": value(800, "20 Tb/s over 25 Gb/s"),
    f"stp.{LAG}.cost": value(100, "20 Tb/s over 200 Gb/s"),
    "stp.1.designated_root": value(b"\x10\x00" + CORE_1, "itself"),
    "stp.1.designated_cost": value(0, "of the root"),
    "stp.1.designated_bridge": value(b"\x10\x00" + CORE_1, "itself"),
    "stp.1.designated_port": value(b"\x80\x01", "802.1D 9.2.7: priority 128 and number"),
    f"stp.{LAG}.designated_port": value(b"\x83\x01", "the number 769 in twelve bits"),
    "stp.1.transitions": value(0, "it has forwarded from the start"),
    "stp.1.edge": value(False, "a switch is behind it"),
    "stp.2.edge": value(True, "for hosts"),
    f"{station(ACCESS)}.address": value(ACCESS, "the access switch"),
    f"{station(ACCESS)}.port": value(1, "its cable"),
    f"{station(PDU_MAC)}.port": value(LAG, "behind core-2"),
    "lldp.0-1-3.chassis": value(ACCESS, "the neighbour"),
    "lldp.0-1-3.port": value("1/1/7", "the neighbour's port"),
    "lldp.0-1-3.port_description": value("1/1/7", "the neighbour's port"),
    "lldp.0-1-3.name": value("access", "the neighbour"),
    "lldp.0-1-3.description": value("Linux bridge  6.1", "the neighbour's model and firmware"),
    "lldp.inserts": value(3, "three cables"),
    **all_of(0, "nobody has left", "lldp.deletes", "lldp.ageouts"),
    "lldp.changed": value(0.0, "known from the start"),
    "lldp.address.0-1-3-1-4-127-30-6-73.interface": value(1, "its cable"),
    f"lag.{LAG}.partner": value(CORE_2, "the other end"),
    f"lag.{LAG}.members": value(b"\0\0\0\0\0\0\x0c", "RFC 4363 PortList: 53 and 54 are bits 5 and 6 of octet 7"),
    f"lag.{LAG}.active": value(2, "both cables"),
    "lacp.53.lag": value(LAG, FILE),
    "lacp.53.attached": value(LAG, "it carries traffic"),
    "lacp.53.partner": value(CORE_2, "the other end"),
    "lacp.53.partner_port": value(53, FILE),
    "lacp.53.state": value(b"\xbc", "802.1AX: activity, aggregation, synchronisation, collecting, distributing"),
    "lacp.53.period": value(30.0, "802.1AX: slow"),
    f"{GATEWAY}.state": value("master", "the higher priority"),
    f"{GATEWAY}.priority": value(200, "the first gateway of the file"),
    f"{GATEWAY}.master": value(bytes((127, 30, 6, 71)), "itself"),
    f"{GATEWAY}.address": value(bytes((127, 30, 6, 71)), FILE),
    f"{GATEWAY}.mac": value(b"\0\0\x5e\0\x01\x01", "RFC 5798, 7.3: 00-00-5E-00-01 and the router's number"),
    f"{GATEWAY}.masterships": value(1, "from the start"),
    f"{GATEWAY}.reason": value("not-master", "RFC 6527: it has replaced nobody"),
    f"{GATEWAY}.uptime": value(REST_S, "from the start"),
    f"{GATEWAY}.preempt": value(True, "RFC 5798: default"),
    "entity.1.name": value("Chassis", "ENTITY-MIB of an Aruba CX 8360"),
    "entity.1.description": value("8360 48p 25G 6p 100G switch", "the same"),
    "entity.1.type": value("1.3.6.1.4.1.47196.4.1.1.1.424", "arubaWiredCx8360 JL704C"),
    "entity.1.inside": value(0, "RFC 6933: nothing contains the chassis"),
    "entity.20530.inside": value(12001, "the line card"),
    "entity.1.class": value(3, "RFC 6933: chassis(3)"),
    "entity.5003.class": value(5, "RFC 6933: container(5)"),
    "entity.13002.class": value(6, "RFC 6933: powerSupply(6)"),
    "entity.15202.class": value(7, "RFC 6933: fan(7)"),
    "entity.7402.class": value(8, "RFC 6933: sensor(8)"),
    "entity.20530.class": value(10, "RFC 6933: port(10)"),
    "entity.1.position": value(-1, "RFC 6933: no siblings"),
    "entity.20530.position": value(53, "port 53"),
    "entity.1.part": value("JL704C", "the model"),
    "entity.1.replaceable": value(True, "RFC 6933 isFRU"),
    "entity.4001.replaceable": value(False, "a slot"),
    "entity.1.serial": value("SW0071", FILE),
    "entity.1.firmware": value("LL.10", FILE),
    "socket.20530.interface_oid": value("1.3.6.1.2.1.2.2.1.1.53", "ifIndex.53"),
    "sensor.7101.type": value(10, "RFC 3433: rpm(10)"),
    "sensor.7401.type": value(6, "RFC 3433: watts(6)"),
    "sensor.7101.value": value(5500.0, "recording of an Aruba CX 8360", within=500.0),
    "sensor.7401.value": value(58.5, "half of 117 W"),
    "sensor.7401.works": value(True, "it delivers"),
    **rows("psu.{}.state", ("ok", "ok"), "both deliver"),
    **rows("psu.{}.power", (58.5, 58.5), "half of 117 W each"),
    **rows("psu.{}.serial", ("SW0071-P1", "SW0071-P2"), "of the chassis, with a number"),
    "fan.1.speed": value(5500.0, "recording of an Aruba CX 8360", within=500.0),
    **rows("fan.{}.state", ("ok",) * 6, "all turn"),
    "probe.4-1-9.name": value("1/1-Front-Inlet", "recording of an Aruba CX 8360"),
    "probe.4-1-9.state": value("normal", "colder than 45 C"),
    "probe.4-1-9.temperature": value(lambda read: read("plant.hall.inlet_c"), "the air that it breathes"),
    "probe.4-1-9.lowest": value(22.0, "the hall at the start"),
    "probe.4-1-9.highest": value(lambda read: read("plant.hall.inlet_c"), "the hall warms up"),
    "inlet.temperature": value(lambda read: read("plant.hall.inlet_c"), "the air that it breathes"),
    "cpu.load": value(8.0, "recording of an Aruba CX 8360", within=4.0),
    "cpu.196608.load": value(8.0, "recording of an Aruba CX 8360", within=4.0),
    "memory.size": value(16014432, "recording of an Aruba CX 8360, kB"),
    "memory.used": value(1984968, "recording of an Aruba CX 8360, kB"),
    **all_of(False, "nothing has changed", "alarm.link_down.active", "alarm.topology_change.active"),
    **alarms(),
}  # fmt: skip

TABLES: Tables = {
    ("at rest", "core-1"): CORE,
    ("at rest", "core-2"): {
        "stp.root_cost": value(100, "over the aggregate"),
        "stp.root_port": value(LAG, "over the aggregate"),
        f"stp.{LAG}.role": value("root", "towards core-1"),
        "stp.1.designated_cost": value(100, "its own cost to the root"),
        "stp.1.designated_bridge": value(b"\x20\x00" + CORE_2, "itself: priority 8192"),
        f"{GATEWAY}.state": value("backup", "the lower priority"),
        f"{GATEWAY}.priority": value(100, "RFC 5798: default of a backup"),
        f"{GATEWAY}.master": value(bytes((127, 30, 6, 71)), "core-1"),
        f"{station(PDU_MAC)}.port": value(5, FILE),
        "port.5.in_broadcast": value(0.05 * REST_S, "a host resolves an address each 20 s"),
        **all_of(POLLS, "the station at core-1 asks, the PDU answers", "port.5.in_unicast", "port.5.out_unicast"),
    },
    ("at rest", "access"): {
        "stp.root_cost": value(200, "its own link"),
        "stp.root_port": value(7, "200, less than 200 + 100 over core-2"),
        "stp.7.role": value("root", "towards core-1"),
        "stp.8.role": value("alternate", "the way over core-2"),
        "stp.8.state": value("discarding", "802.1D-2004: an alternate port"),
        "port.count": value(8, FILE),
    },
    ("cable pulled", "core-1"): {
        "port.1.oper": value("down", "the fault"),
        "port.1.changed": value(REST_S, "uptime when it fell"),
        "alarm.link_down.active": value(True, "the fault"),
        "alarm.topology_change.active": value(True, "802.1D: announced for two hellos"),
        "stp.changes": value(1, "once"),
        "alarm.count": value(2, "the link, and the change of topology"),
        f"{station(ACCESS)}.port": value(LAG, "now behind core-2"),
    },
    ("cable pulled", "access"): {
        "stp.root_cost": value(300, "200 to core-2, which has 100"),
        "stp.root_port": value(8, "the alternate port has taken over"),
        "stp.8.state": value("forwarding", "at once (RSTP)"),
        "stp.8.transitions": value(1, "once"),
    },
    ("neighbour forgotten", "core-1"): {
        **all_of(1, "the access switch", "lldp.deletes", "lldp.ageouts"),
        "lldp.changed": value(REST_S + 120.0, "802.1AB: time to live of 4 x 30 s after the last frame"),
    },
    ("core-1 restarts", "core-2"): {
        "stp.root": value(b"\x20\x00" + CORE_2, "the next priority"),
        f"{GATEWAY}.state": value("master", "core-1 has resigned"),
        f"{GATEWAY}.masterships": value(1, "once"),
        f"{GATEWAY}.reason": value("priority", "RFC 6527: the master has sent priority 0"),
        f"{GATEWAY}.uptime": value(20.0 - (256.0 - 100.0) / 256.0, "RFC 5798: the skew time after the resignation"),
        f"lag.{LAG}.active": value(0, "the other end is down"),
        f"lag.{LAG}.members": value(bytes(7), "none"),
        "lacp.53.attached": value(0, "the other end is down"),
        "lacp.53.partner": value(bytes(6), "none"),
        "lacp.53.partner_port": value(0, "none"),
        "lacp.53.state": value(b"\xa2", "802.1AX: activity, aggregation, defaulted"),
    },
    ("storm", "core-2"): {
        "port.5.out_discards": value(lambda read: read("port.5.out_broadcast"), "twice what the port can send", within=1e3),
    },
    ("dirty connector", "core-1"): {
        "port.1.in_errors": value(0.25 * LLDP, "a quarter of the LLDP frames of as long again"),
        "port.1.in_multicast": value(1.75 * LLDP, "the others"),
    },
    ("storm", "core-1"): {
        "cpu.load": value(99.0, "frames without end", within=2.0),
        **alarms("cpu"),
    },
    ("parts broken", "core-1"): {
        **rows("psu.{}.state", ("output", "input"), "the supply is dead; the mains are"),
        **rows("fan.{}.state", ("ok", "ok", "fault", "ok", "ok", "ok"), "the fault"),
        "fan.3.speed": value(0.0, "the fault"),
    },
    ("half power", "core-2"): {
        **rows("psu.{}.power", (105.0, 0.0), "one carries all"),
        **rows("psu.{}.state", ("ok", "input"), "its mains are dead"),
        "sensor.7402.works": value(False, "it does not deliver"),
        "sensor.7401.value": value(105.0, "one carries all"),
        **alarms("psu_b_failed"),
    },
    ("fan and supply", "core-2"): alarms("psu_a_failed", "fan_failed"),
    ("hot", "core-1"): {
        "probe.4-1-9.state": value("max", "hotter than 45 C"),
        "inlet.temperature": value(lambda read: read("plant.hall.inlet_c"), "the air that it breathes"),
        **alarms("temperature"),
    },
    ("set", "core-1"): {
        "port.1.alias": value("to access", "as it was set"),
        "port.3.admin": value("down", "as it was set"),
        "port.3.link_trap": value(False, "as it was set"),
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Value]]:
    """All readings that the tables name, by moment and switch."""
    file = tmp_path_factory.mktemp("values") / "net.yaml"
    file.write_text(SITE)
    site = Site.load(file)
    hall = site.components["hall"]
    return {
        (moment, name): readings(site[name], hall=hall)
        for moment in story(site)
        for when, name in TABLES
        if when == moment
    }


def story(site: Site) -> Iterator[str]:
    """The moments; each fork begins at rest."""
    site.advance(REST_S)
    yield "at rest"
    with fork(site):
        site.inject("core-1", "port-dark", {"port": 1})
        site.advance(1.0)
        yield "cable pulled"
        site.advance(139.0)
        yield "neighbour forgotten"
    with fork(site):
        site.do("core-1", "reload")
        site.advance(20.0)
        yield "core-1 restarts"
    with fork(site):
        site.inject("access", "loop")
        site.advance(45.0)
        yield "storm"
    with fork(site):
        site.inject("up-1", "loss", {"ratio": 0.25})
        site.advance(REST_S)
        yield "dirty connector"
    with fork(site):
        site.inject("mains-b", "outage")
        site.advance(5.0)
        yield "half power"
        site.inject("core-1", "fan-failed", {"fan": 3})
        site.inject("core-1", "psu-a-failed")
        site.plant.settle()
        yield "parts broken"
    with fork(site):
        site.inject("core-2", "fan-failed", {"fan": 3})
        site.inject("core-2", "psu-a-failed")
        site.advance(1.0)
        yield "fan and supply"
    with fork(site):
        site.components["hall"].state.nodes_c = [47.0] * len(site.components["hall"].state.nodes_c)
        site.plant.rearrange()
        site.advance(40.0)
        yield "hot"
    with fork(site):
        for point, expected in TABLES["set", "core-1"].items():
            site["core-1"].write(point, expected.value)
        yield "set"


@pytest.mark.parametrize(("moment", "device"), TABLES)
def test_each_point_reads_what_standards_and_manuals_say(seen: dict, moment: str, device: str) -> None:
    assert wrong(TABLES[moment, device], seen[moment, device]) == {}


def test_each_point_of_the_kind_has_an_expected_value() -> None:
    assert without_value("switch", TABLES.values()) == set()


def test_each_word_and_truth_is_seen_to_change() -> None:
    not_modelled = {"port.{port}.in_discards", "port.{port}.out_errors", "vrrp.{gateway}.preempt"}
    assert one_sided("switch", TABLES.values()) - not_modelled == set()
