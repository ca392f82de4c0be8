"""Devices with bad habits, recorded by `twinfeed record` and read by net-snmp and mbpoll beside: all agree on what can be read.

The devices are the small programs of the shared cases, one bad habit each.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from external import program
from typer.testing import CliRunner

from twinfeed.harness.cli.app import app

pytestmark = pytest.mark.interop

TABLE = "1.3.6.1.4.1.99999.1"
VALUE = re.compile(r"^\.(1\.3\.6\.1\.4\.1\.99999\.1\.\d+\.0) = (.*)$")

NET_SNMP_WALKS = (
    "none", "null", "negative-counter", "long-integer", "uinteger32", "empty-oid", "padded-oid", "long-sequences",
    "long-lengths", "other-port", "trailing", "v1-words", "unsorted",
)  # fmt: skip
"""Habits behind which net-snmp reads the whole table."""

NET_SNMP_FAILS = ("empty-ip", "ip8", "big-subid", "empty-integer", "nobulk", "mid-absent", "circle", "fewer")
"""Habits with which it stops or receives nothing."""


@contextmanager
def device(script: Path, port: int, habit: str) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, str(script), str(port), habit], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def recorded(address: str, path: Path, *options: str) -> dict[str, Any]:
    """The output of `twinfeed record --json`."""
    arguments = ["record", address, "-o", str(path), "--rate", "1000/s", "--timeout", "0.3s", "--json", *options]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def variables(path: Path) -> dict[str, str]:
    """The lines of the table in a recording, by OID."""
    lines = (line for item in map(json.loads, path.read_text().splitlines()) for line in item.get("variables", ()))
    return {line.partition("|")[0]: line for line in lines if line.startswith(TABLE)}


def by_net_snmp(port: int, folder: Path) -> dict[str, str]:
    """snmpbulkwalk's output of the table, by OID."""
    command = [program("snmpbulkwalk", "snmp"), "-v2c", "-c", "public", "-t", "1", "-r", "0", "-On", "-Cc"]
    environment = {"SNMPCONFPATH": str(folder), "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""}
    printed = subprocess.run(
        [*command, f"127.0.0.1:{port}", TABLE],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    ).stdout
    return {
        match[1]: match[2] for line in printed.splitlines() if (match := VALUE.match(line)) and "No more" not in line
    }


def as_net_snmp_prints(line: str) -> str:
    """A line of a recording as net-snmp prints that variable."""
    _, tag, value = line.split("|")
    if tag == "2x":
        return f"INTEGER: {int.from_bytes(bytes.fromhex(value), 'big', signed=True)}"
    names = {"2": "INTEGER: ", "65": "Counter32: ", "71": "", "5": "NULL", "6": "OID: ."}
    return names[tag] + ("0" if (tag, value) == ("6", "0.0") else value)


@pytest.mark.parametrize("habit", NET_SNMP_WALKS)
def test_what_net_snmp_reads_is_recorded_as_it_reads_it(shared_cases: Path, tmp_path: Path, habit: str) -> None:
    port = 3161
    with device(shared_cases / "quirky_agent.py", port, habit):
        theirs = by_net_snmp(port, tmp_path)
        summary = recorded(f"snmp://127.0.0.1:{port}", tmp_path / "r.jsonl")
    ours = variables(tmp_path / "r.jsonl")
    assert len(theirs) == 12
    assert {oid: as_net_snmp_prints(line) for oid, line in ours.items()} == theirs
    assert summary["values"] == 16


@pytest.mark.parametrize("habit", NET_SNMP_FAILS)
def test_where_net_snmp_stops_the_good_values_are_recorded(shared_cases: Path, tmp_path: Path, habit: str) -> None:
    with device(shared_cases / "quirky_agent.py", 3162, habit):
        summary = recorded("snmp://127.0.0.1:3162", tmp_path / "r.jsonl")
    ours = variables(tmp_path / "r.jsonl")
    good = range(1, 7) if habit == "circle" else [n for n in range(1, 13) if n != 6]
    assert {f"{TABLE}.{n}.0|2|{n * 10}" for n in good} <= set(ours.values())
    assert summary["troubles"] or habit == "fewer"


def test_a_restart_in_the_middle_of_a_walk_is_noticed(shared_cases: Path, tmp_path: Path) -> None:
    with device(shared_cases / "quirky_agent.py", 3163, "reboot"):
        summary = recorded("snmp://127.0.0.1:3163", tmp_path / "r.jsonl")
    assert any("the device restarted in the middle of this walk" in trouble for trouble in summary["troubles"])
    assert summary["values"] == 16


@pytest.mark.parametrize(
    "habit",
    ["none", "most10-code3", "most10-silent", "hole-silent", "single", "tid0", "split", "unit1", "short", "close",
     "busy5", "coalesce"],
)  # fmt: skip
def test_every_register_of_a_unit_is_recorded(shared_cases: Path, tmp_path: Path, habit: str) -> None:
    unit = 5 if habit == "unit1" else 1
    with device(shared_cases / "quirky_modbus.py", 3502, habit):
        ranges = "holding:0-9,holding:10-39"
        recorded(f"modbus://127.0.0.1:3502/{unit}", tmp_path / "r.jsonl", "--ranges", ranges)
    items = map(json.loads, (tmp_path / "r.jsonl").read_text().splitlines())
    found: dict[int, int] = {}
    for _, first, octets in (item["registers"] for item in items if "registers" in item):
        found |= {first + n: int(octets[4 * n : 4 * n + 4], 16) for n in range(len(octets) // 4)}
    assert found == {n: 3 * n for n in range(40) if not 15 <= n < 20}


def test_mbpoll_reads_the_registers_that_were_recorded(shared_cases: Path, tmp_path: Path) -> None:
    with device(shared_cases / "quirky_modbus.py", 3503, "hole-silent"):
        command = [
            program("mbpoll", "mbpoll"),
            "-m",
            "tcp",
            "-p",
            "3503",
            "-a",
            "1",
            "-0",
            "-r",
            "20",
            "-c",
            "20",
            "-1",
        ]
        printed = subprocess.run(
            [*command, "127.0.0.1"], capture_output=True, text=True, timeout=120, check=True
        ).stdout
        recorded("modbus://127.0.0.1:3503/1", tmp_path / "r.jsonl", "--ranges", "holding:0-39")
    theirs = {int(n): int(value) for n, value in re.findall(r"^\[(\d+)\]:\s+(\d+)", printed, re.MULTILINE)}
    assert theirs == {n: 3 * n for n in range(20, 40)}
    (line,) = [
        item["registers"][2] for item in map(json.loads, (tmp_path / "r.jsonl").read_text().splitlines())
        if item.get("registers", ["", 0])[1] == 20
    ]  # fmt: skip
    assert line == "".join(f"{value:04x}" for value in theirs.values())
