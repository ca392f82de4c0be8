"""Recordings of net-snmp's snmpd, a real agent of this machine, beside net-snmp's own walk of it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from socket import SOCK_DGRAM

import pytest
from external import background, free_port, program, run, until

from twinfeed.harness.characterise.recording.recorder import Recorder
from twinfeed.harness.characterise.recording.recording import Recording
from twinfeed.harness.characterise.recording.snmp_walk import SnmpWalker
from twinfeed.harness.transports.snmp.transport import SnmpTransport
from twinfeed.harness.transports.urls import Credentials, opened

pytestmark = pytest.mark.interop

USER = Credentials("public", "operator", "auth-password", "priv-password")
SYSTEM, HOST_RESOURCES = "1.3.6.1.2.1.1", "1.3.6.1.2.1.25"
WALK_TYPES = {
    "STRING": "string", "Hex-STRING": "string", "INTEGER": "integer", "OID": "oid", "Timeticks": "timeticks",
    "Counter32": "counter32", "Gauge32": "gauge32", "Counter64": "counter64", "IpAddress": "ipaddress", '""': "string",
    "Network Address": "ipaddress", "BITS": "string", "Opaque": "opaque",
}  # fmt: skip


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an snmpd that knows the community `public` and the user `operator`."""
    folder = tmp_path_factory.mktemp("snmpd")
    path, port = program("snmpd", "snmpd"), free_port(SOCK_DGRAM)
    configuration = folder / "snmpd.conf"
    configuration.write_text(
        f"agentaddress udp:127.0.0.1:{port}\nrocommunity public\nrouser operator priv\nsysLocation lab\n"
        "createUser operator SHA auth-password AES priv-password\n"
    )
    environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder), "SNMPCONFPATH": str(folder), "MIBS": ""}
    get = [program("snmpget", "snmp"), "-v2c", "-c", "public", "-t", "1", "-r", "0", "-m", "", f"127.0.0.1:{port}"]
    log = folder / "log"
    with background([path, "-f", "-C", "-c", str(configuration), "-Lo"], log, environment):
        until(lambda: subprocess.run([*get, f"{SYSTEM}.6.0"], capture_output=True).returncode == 0, log.read_text)
        yield port


async def recorded(address: str, path: Path, *subtrees: str) -> Recording:
    agent = opened(address, USER, timeout_s=5.0, retries=0)
    assert isinstance(agent, SnmpTransport)
    return await Recorder(SnmpWalker(agent, subtrees), path).record()


@pytest.mark.parametrize("version", ["snmp", "snmp+v1", "snmp+v3"])
async def test_each_version_records_the_same_system(snmpd: int, tmp_path: Path, version: str) -> None:
    recording = await recorded(f"{version}://127.0.0.1:{snmpd}", tmp_path / "r.jsonl", SYSTEM)
    variables = recording.walks[0].variables
    assert variables[f"{SYSTEM}.6.0"].value == b"lab"
    assert variables[f"{SYSTEM}.3.0"].type == "timeticks"
    assert recording.identity["sysObjectID"].startswith("1.3.6.1.4.1.8072.3.2.")
    assert recording.walks[0].troubles == []


async def test_oids_and_types_are_those_that_net_snmp_walks(snmpd: int, tmp_path: Path) -> None:
    recording = await recorded(f"snmp://127.0.0.1:{snmpd}", tmp_path / "r.jsonl", "1.3.6.1.2.1.1", "1.3.6.1.2.1.2")
    theirs = {}
    for subtree in ("1.3.6.1.2.1.1", "1.3.6.1.2.1.2"):
        walk = [program("snmpbulkwalk", "snmp"), "-v2c", "-c", "public", "-On", "-m", "", f"127.0.0.1:{snmpd}", subtree]
        for line in run(walk).splitlines():
            match = re.match(r'\.([\d.]+) = (""|[A-Za-z0-9 -]+)', line)
            if match:
                theirs[match[1]] = WALK_TYPES[match[2]]
    ours = {oid: variable.type for oid, variable in recording.walks[0].variables.items()}
    assert ours == theirs


async def test_an_agent_is_left_as_it_was(snmpd: int, tmp_path: Path) -> None:
    """snmpInSetRequests counts what tried to write (RFC 3418)."""
    recording = await recorded(f"snmp://127.0.0.1:{snmpd}", tmp_path / "r.jsonl", "1.3.6.1.2.1.11")
    assert recording.walks[0].variables["1.3.6.1.2.1.11.17.0"].value == 0
