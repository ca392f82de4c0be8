"""One file served by snmpsim and by us, walked with net-snmp: the same lines are printed."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from socket import SOCK_DGRAM

import pytest
from external import background, free_port, program, run, until

from twinfeed.emulators.wire.snmp import SnmpServer
from twinfeed.harness.characterise.recording.recording import load
from twinfeed.harness.characterise.recording.replaying import server

pytestmark = pytest.mark.interop

ODD = (
    rb"""# a file with what snmpsim's grammar has
1.3.6.1.2.1.1.1.0|4|form"""
    + b"\x0c"
    + rb"""feed, bar | and 45 """
    + b"\xb0"
    + rb"""C
1.3.6.1.2.1.1.2.0|6|.1.3.6.1.4.1.99999.1
1.3.6.1.2.1.1.3.0|67|4294967295
1.3.6.1.2.1.1.4.0|4|

1.3.6.1.2.1.1.5.0|4e|line one\r\nline two \x80\x00 end
1.3.6.1.2.1.1.7.0|2|-2147483647
1.3.6.1.2.1.2.2.1.6.1|4x|00c0b7fae271
1.3.6.1.2.1.2.2.1.6.2|4x|00c0b7fae27
1.3.6.1.2.1.4.20.1.1.1|64|10.1.2.3
1.3.6.1.2.1.4.20.1.1.2|64x|0a010204
1.3.6.1.2.1.4.20.1.1.3|64e|\n\xee\x02\x19
1.3.6.1.2.1.33.1.2.2.0|5|
1.3.6.1.4.1.99999.1.1|65|4294967295
1.3.6.1.4.1.99999.1.2|66|0
1.3.6.1.4.1.99999.1.3|70|18446744073709551615
1.3.6.1.4.1.99999.1.4|68x|9f780442f60000
1.3.6.1.4.1.99999.1.5|4|"""
    + b"long" * 500
    + rb"""
1.3.6.1.4.1.99999.4294967295.1|2|1
1.3.6.1.4.1.99999.4294967295.2|4:writecache|value=ups-1
"""
)


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A folder of files and the port at which snmpsim serves them, each as the community of its name."""
    beside = str(Path(sys.executable).parent)
    snmpsim = shutil.which("snmpsim-command-responder", path=beside) or shutil.which("snmpsim-command-responder")
    if snmpsim is None:
        pytest.skip("snmpsim-command-responder is missing: pip install snmpsim")
    data = tmp_path / "data"
    data.mkdir()
    (data / "odd.snmprec").write_bytes(ODD)
    port = free_port(SOCK_DGRAM)
    command = [
        snmpsim, f"--data-dir={data}", f"--cache-dir={tmp_path / 'cache'}", f"--agent-udpv4-endpoint=127.0.0.1:{port}"
    ]  # fmt: skip
    if os.getuid() == 0:
        command += ["--process-user", "root", "--process-group", "root"]
    log = tmp_path / "log"
    with background(command, log):
        until(lambda: "Listening at" in log.read_text(), log.read_text)
        yield data, port


async def test_an_odd_file_is_walked_the_same(simulated: tuple[Path, int]) -> None:
    data, port = simulated
    walk = [program("snmpwalk", "snmp"), "-v2c", "-t", "5", "-m", "", "-Onx", "-c"]
    theirs = await asyncio.to_thread(run, [*walk, "odd", f"127.0.0.1:{port}", ".1"])
    served = server(load(data / "odd.snmprec"), "127.0.0.1", 0)
    assert isinstance(served, SnmpServer)
    async with served:
        ours = await asyncio.to_thread(run, [*walk, "public", f"127.0.0.1:{served.port}", ".1"])
    assert ours.splitlines() == theirs.splitlines()
    assert len(load(data / "odd.snmprec").walks[0].variables) == 19


@pytest.mark.parametrize("options", ["-On", "-Onx", "-OnT", "-OnU", "-Ont", "-Ob -On", "-OnX"])
async def test_what_snmpwalk_prints_of_a_replay_is_a_recording_of_it(
    simulated: tuple[Path, int], tmp_path: Path, options: str
) -> None:
    """The next step that a refused file of names gives: walk the device with `snmpwalk -On`."""
    data, _ = simulated
    recording = load(data / "odd.snmprec")
    served = server(recording, "127.0.0.1", 0)
    assert isinstance(served, SnmpServer)
    async with served:
        command = [
            program("snmpwalk", "snmp"),
            "-v2c",
            "-m",
            "",
            *options.split(),
            "-c",
            "public",
            f"127.0.0.1:{served.port}",
            ".1",
        ]
        printed = await asyncio.to_thread(run, command)
    path = tmp_path / "walk.txt"
    path.write_text(printed, encoding="utf-8")
    again = load(path).walks[0].variables
    assert {oid: variable.value for oid, variable in again.items()} == {
        oid: variable.value for oid, variable in recording.walks[0].variables.items()
    }
