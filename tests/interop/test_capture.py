"""Wireshark dissects a session with the bench as it went over the loopback interface, and finds nothing wrong."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from benches import bench_on
from external import background, program, run, until
from net_snmp import NetSnmp
from running import Running
from scapy.all import IP, UDP, Ether, Raw, wrpcap

from twinfeed.emulators.serving import HIGH_PORTS

pytestmark = pytest.mark.interop

KEYS = '"","twinfeed","SHA1","twinfeed-auth","AES","twinfeed-priv"'
"""The user's keys, so that Wireshark reads encrypted messages too."""

# snmp.data is the kind of PDU: 2 response, 3 set, 4 trap of version 1, 5 get-bulk, 6 inform, 7 trap, 8 report.

WRONG = {
    "malformed": "_ws.malformed",
    "an error": "_ws.expert.severity == 0x00800000",
    "no SNMP on a port of SNMP": f"udp.port == {HIGH_PORTS['snmp']} && !snmp && !icmp",
    "no Modbus on a port of Modbus": f"tcp.port == {HIGH_PORTS['modbus']} && tcp.len > 0 && !mbtcp",
}


class Capture:
    """A capture file and Wireshark's reading of it. `trap_port` is where notifications were sent."""

    def __init__(self, file: Path, trap_port: int) -> None:
        self.file = file
        self._decode = ["-d", f"udp.port=={HIGH_PORTS['snmp']},snmp", "-d", f"udp.port=={trap_port},snmp"]
        self._decode += ["-d", f"tcp.port=={HIGH_PORTS['modbus']},mbtcp"]

    def packets(self, filter: str) -> list[str]:
        """One line for each packet that the display filter keeps."""
        command = [program("tshark", "tshark"), "-r", str(self.file), "-n", *self._decode, "-Y", filter]
        lines = run([*command, "-o", f"uat:snmp_users:{KEYS}"], timeout_s=90.0).splitlines()
        found = [line for line in lines if "→" in line]
        assert len(lines) <= len(found) + 1, lines  # it warns that it runs as root, and nothing else
        return found


def session(live: Running, snmp: NetSnmp) -> None:
    """The traffic of a management station and its tools with the bench in a few minutes."""
    for device in ("ups-1", "ups-2", "pdu-1", "pdu-2", "ats-1"):
        for version in ("v2c", "v3"):
            snmp.walk("snmpbulkwalk", device, version)
    for device in ("ups-1", "switch-1"):
        snmp.walk("snmpwalk", device, "v1", ".1.3.6.1.2.1.1")
    for version in ("v1", "v2c", "v3"):
        for value in ("bench", "board 1"):
            snmp.run("snmpset", "ups-2", ".1.3.6.1.2.1.1.6.0", "s", value, version=version, community="private")
        snmp.run("snmpset", "ups-2", ".1.3.6.1.2.1.1.6.0", "i", "1", version=version, community="private")
        snmp.run("snmpget", "ups-2", ".1.3.6.1.2.1.1.77.0", version=version)
    snmp.run("snmpget", "ups-1", ".1.3.6.1.2.1.1.1.0", community="guess")
    mbpoll = program("mbpoll", "mbpoll")
    for device, type, address, count in (
        ("meter-1", "4:float", 3027, 30),
        ("ups-3", "4", 128, 20),
        ("ups-3", "4", 5000, 1),
        ("generator-1", "4", 1024, 60),
        ("ats-main", "3", 1, 60),
        ("relay-1", "0", 0, 6),
    ):
        place = live.endpoint(device, "modbus")
        options = ["-m", "tcp", "-1", "-0", "-p", str(place.port), "-t", type, "-r", str(address), "-c", str(count)]
        run([mbpoll, *options, place.address])
    place = live.endpoint("relay-1", "modbus")
    for value in ("1", "0"):
        run([mbpoll, "-m", "tcp", "-1", "-0", "-p", str(place.port), "-t", "0", "-r", "18", place.address, value])


def alarms(live: Running) -> None:
    """Mains failures: every device has something to announce."""
    for utility in ("utility-a", "utility-b"):
        live.do(lambda name=utility: live.site.inject(name, "outage"))
        live.advance(60.0)
    live.do(live.site.clear)
    live.advance(600.0)


@pytest.fixture(scope="module")
def capture(bench: Running, net_snmp: NetSnmp, tmp_path_factory: pytest.TempPathFactory) -> Capture:
    """A session and a mains failure in each version of traps, captured on the loopback interface."""
    folder = tmp_path_factory.mktemp("capture")
    file, log = folder / "session.pcapng", folder / "tshark.log"
    command = [program("tshark", "tshark"), "-i", "lo", "-n", "-l", "-P", "-w", str(file), "-f", "net 127.19.0.0/16"]
    with (
        background(command, log) as tshark,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        receiver.bind(("127.0.0.1", 0))
        port = receiver.getsockname()[1]

        def seen(address: str) -> bool:
            """Ring at that address, and whether tshark has shown it: then it has captured all that went before."""
            bell.sendto(b"bell", (address, 9))
            return tshark.poll() is not None or address in log.read_text()

        until(lambda: seen("127.19.255.253"), lambda: log.read_text()[-1500:])
        if tshark.poll() is not None:
            pytest.skip(f"capturing on lo needs root or the right to (apt install tshark): {log.read_text()}")
        session(bench, net_snmp)
        for version in ("v1", "v2c", "v3", "inform"):
            with bench_on(folder, traps=f'["127.0.0.1:{port}"]', trap_version=version) as live:
                alarms(live)
        until(lambda: seen("127.19.255.254"), lambda: log.read_text()[-1500:])
    return Capture(file, port)


@pytest.mark.parametrize(
    "filter",
    [
        "modbus.func_code == 3",
        "modbus.func_code == 4",
        "modbus.func_code == 1",
        "modbus.func_code == 5",
        "modbus.exception_code == 2",
        "snmp.version == 0 && snmp.data == 2",
        "snmp.version == 0 && snmp.data == 4",
        "snmp.version == 1 && snmp.data == 5",
        "snmp.version == 1 && snmp.data == 7",
        "snmp.version == 1 && snmp.data == 6",
        "snmp.msgVersion == 3 && snmp.data == 2",
        "snmp.msgVersion == 3 && snmp.data == 7",
        "snmp.msgVersion == 3 && snmp.data == 8",
        "snmp.msgVersion == 3 && snmp.data == 3",
        "snmp.error_status != 0",
    ],
)
def test_the_session_has_every_kind_of_message(capture: Capture, filter: str) -> None:
    assert capture.packets(filter)


def test_the_session_is_a_long_one(capture: Capture) -> None:
    assert len(capture.packets("snmp")) > 500
    assert len(capture.packets("modbus")) > 12


@pytest.mark.parametrize("filter", WRONG.values(), ids=WRONG)
def test_wireshark_finds_nothing_wrong(capture: Capture, filter: str) -> None:
    assert capture.packets(filter) == []


GET = "302602010104067075626c6963a01902020d3f020100020100300d300b06072b060102010101050000"


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (GET[:40] + "ffff" + GET[44:], "malformed"),
        (GET[:40] + "ffff" + GET[44:], "an error"),
        (GET[:-12], "no SNMP on a port of SNMP"),
    ],
)
def test_a_wrong_message_would_have_been_found(tmp_path: Path, broken: str, kind: str) -> None:
    packet = Ether() / IP(src="127.0.0.1", dst="127.0.0.1") / UDP(sport=40000, dport=HIGH_PORTS["snmp"])
    wrpcap(str(tmp_path / "broken.pcap"), [packet / Raw(bytes.fromhex(broken))])
    assert len(Capture(tmp_path / "broken.pcap", 9).packets(WRONG[kind])) == 1
