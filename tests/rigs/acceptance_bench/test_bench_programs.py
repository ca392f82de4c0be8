"""The bench's programs do what hardware does: links are cut for real, gateways report silent units, nothing stays behind."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from bench_of_programs import FOLDER, SECRETS, ProgramBench, needed
from external import program, run, until

from twinfeed.emulators.profiles import library
from twinfeed.harness.transports import ModbusTransport, Refused
from twinfeed.hil_rigs import rigfile

pytestmark = pytest.mark.interop

TYPES = {
    "INTEGER": "integer",
    "STRING": "string",
    "Hex-STRING": "string",
    "OID": "oid",
    "Counter32": "counter32",
    "Counter64": "counter64",
    "Gauge32": "gauge32",
    "Timeticks": "timeticks",
    '""': "string",
}
"""Types in the output of net-snmp's tools; nothing but quotes is an empty text."""


def snmp(bench: ProgramBench, tool: str, *arguments: str) -> str:
    """A tool of net-snmp's output of the switch."""
    access = rigfile.read(bench.rig).bench.devices["switch-1"].snmp
    assert access is not None
    login = ["-v3", "-l", "authPriv", "-u", "bench", "-a", "SHA", "-A", SECRETS["BENCH_AUTH"]]
    login += ["-x", "AES", "-X", SECRETS["BENCH_PRIV"]]
    return run([program(tool, "snmp"), *login, "-m", "", "-On", access.address, *arguments])


def interface(bench: ProgramBench, name: str) -> dict[str, object]:
    """The kernel's data of an interface of the switch."""
    ip = program("ip", "iproute2")
    found: list[dict[str, object]] = json.loads(run([ip, "-n", bench.switch, "-json", "link", "show", name]))
    return found[0]


def test_setting_the_admin_status_takes_the_real_interface_down(bench: ProgramBench) -> None:
    admin = "1.3.6.1.2.1.2.2.1.7.4"
    assert interface(bench, "swp4")["operstate"] == "UP"
    snmp(bench, "snmpset", admin, "i", "2")
    try:
        until(lambda: interface(bench, "swp4")["operstate"] == "DOWN")
    finally:
        snmp(bench, "snmpset", admin, "i", "1")
    until(lambda: interface(bench, "swp4")["operstate"] == "UP")


def test_the_profile_of_the_switch_is_what_snmpd_answers(bench: ProgramBench) -> None:
    profile = library.get("net-snmp-switch").snmp
    assert profile is not None
    wanted = {"." + re.sub(r"\{[^}]*\}", "3", entry.oid): entry.type for entry in profile.objects}
    names = list(wanted)
    lines = "".join(snmp(bench, "snmpget", *names[n : n + 20]) for n in range(0, len(names), 20)).splitlines()
    answered = (line.partition(" = ") for line in lines)
    assert {oid: TYPES.get(value.partition(":")[0], value) for oid, _, value in answered} == wanted


async def test_a_unit_that_is_not_there_is_told_by_the_gateway(bench: ProgramBench) -> None:
    access = rigfile.read(bench.rig).bench.devices["meter-3"].modbus
    assert access is not None and access.address is not None
    gateway = ModbusTransport.tcp(access.address, access.port)
    try:
        with pytest.raises(Refused, match="gateway target device failed to respond"):
            await gateway.unit(6).read_registers("holding", 2999, 2)
    finally:
        gateway.close()


def test_a_bench_that_is_ended_leaves_nothing_behind(tmp_path: Path) -> None:
    needed()
    log = tmp_path / "log"
    with log.open("wb") as output:
        started = subprocess.Popen([sys.executable, str(FOLDER / "bench_of_programs.py")], stdout=output, stderr=output)
    until(lambda: "Ctrl-C ends it" in log.read_text(), log.read_text, patience_s=120.0)
    folder = re.search(rf"{tempfile.gettempdir()}/twinfeed-bench-\w+", log.read_text())
    assert folder is not None
    running = [path for path in Path("/proc").glob("[0-9]*") if folder[0] in _command(path)]
    assert len(running) >= 8, "two lines, three Modbus programs, snmpd, snmpsim and the emulators"
    started.terminate()
    assert started.wait(120) == 0, log.read_text()
    assert not any(folder[0] in _command(path) for path in running)
    assert not Path(folder[0]).exists()
    assert f"tf{started.pid}" not in run([program("ip", "iproute2"), "netns", "list"])
    assert f"tf{started.pid}" not in run([program("ip", "iproute2"), "link", "show"])


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
