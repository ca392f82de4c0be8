"""`twinfeed proxy` beside a server and a client that nobody here wrote, and its messages for wrong usage."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from external import program, run
from pymodbus.client import ModbusTcpClient
from typer.testing import CliRunner

from twinfeed.harness.cli.app import app

PEER = Path(__file__).parents[3] / "benchmarks" / "peers" / "pymodbus_server.py"


@pytest.fixture
def device_port() -> Iterator[int]:
    """pymodbus' server, a process of its own, with registers 0 to 127 that hold their addresses."""
    server = subprocess.Popen([sys.executable, str(PEER)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.communicate(timeout=120)


@contextmanager
def proxied(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, running, and its first line; Ctrl-C at the end."""
    command = [sys.executable, "-m", "twinfeed.harness.cli", "proxy", *arguments]
    environment = {**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)


def port_of(line: str) -> int:
    found = re.search(r"127\.0\.0\.1:(\d+) is passed on", line)
    assert found, line
    return int(found[1])


def test_a_fault_on_the_command_line_is_what_a_client_gets_and_ctrl_c_writes_the_record(
    device_port: int, tmp_path: Path
) -> None:
    file = tmp_path / "frames.pcapng"
    arguments = ["tcp://127.0.0.1:0", f"tcp://127.0.0.1:{device_port}", "--record", str(file)]
    with proxied(*arguments, "--fault", "modbus-exception", "--set", "code=6") as (process, line):
        assert process.stdout is not None
        assert "modbus-exception code=6" in process.stdout.readline()
        client = ModbusTcpClient("127.0.0.1", port=port_of(line), timeout=5, retries=0)
        assert client.connect()
        answer = client.read_holding_registers(5, count=2)
        client.close()
        assert answer.exception_code == 6
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(120) == 0
    assert f"tshark -r {file} -o mbtcp.tcp.port:{port_of(line)}" in rest
    assert file.stat().st_size > 500


def test_a_fault_begins_and_ends_when_it_is_told_to(device_port: int) -> None:
    arguments = ["tcp://127.0.0.1:0", f"tcp://127.0.0.1:{device_port}", "--fault", "refused", "--at", "100ms"]
    with proxied(*arguments, "--for", "100ms") as (process, line):
        assert process.stdout is not None
        assert re.search(r"^ +0\.\d s  refused$", process.stdout.readline().rstrip("\n"))
        assert "refused is over" in process.stdout.readline()
        client = ModbusTcpClient("127.0.0.1", port=port_of(line), timeout=5, retries=0)
        assert client.connect()
        assert client.read_holding_registers(5, count=2).registers == [5, 6]
        client.close()


@pytest.mark.interop
def test_mbpoll_says_what_it_makes_of_it(device_port: int) -> None:
    mbpoll = program("mbpoll", "mbpoll")
    arguments = ["tcp://127.0.0.1:0", f"tcp://127.0.0.1:{device_port}", "--fault", "modbus-exception"]
    with proxied(*arguments, "--set", "code=6", "--show") as (process, line):
        assert process.stdout is not None
        process.stdout.readline()
        said = run([mbpoll, "-m", "tcp", "-1", "-0", "-p", str(port_of(line)), "-r", "5", "-c", "2", "127.0.0.1"])
        question, answer = process.stdout.readline(), process.stdout.readline()
    assert "-> transaction 1 unit 1: Read Holding Registers startAddr=5 quantity=2" in question
    assert "<- transaction 1 unit 1: Read Holding Registers Exception exceptCode=6" in answer
    assert "Slave device or server is busy" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected LISTEN and TARGET"),
        (["tcp://0.0.0.0:1502", "tcp://127.0.0.1:502"], "asked to listen on 0.0.0.0, which is not a loopback address"),
        (["http://127.0.0.1:1", "tcp://127.0.0.1:502"], "found 'http://127.0.0.1:1', expected tcp://HOST:PORT"),
        (["tcp://127.0.0.1:1", "udp://127.0.0.1:161"], "tcp cannot be passed on as udp"),
        (["tcp://127.0.0.1:1", "tcp://127.0.0.1:2", "--fault", "gremlins"], "no fault is called 'gremlins'"),
        (
            ["tcp://127.0.0.1:1", "tcp://127.0.0.1:2", "--fault", "snmp-generr"],
            "snmp-generr cannot happen on tcp://127.0.0.1:1",
        ),
        (["tcp://127.0.0.1:1", "tcp://127.0.0.1:2", "--set", "code=6"], "--set code: none of the faults takes it"),
        (
            ["tcp://127.0.0.1:1", "tcp://127.0.0.1:2", "--fault", "loss", "--set", "percent=200"],
            "loss: percent is 200, expected 0 to 100 %",
        ),
        (["tcp://127.0.0.1:1", "tcp://127.0.0.1:2", "--for", "soon"], "found 'soon', expected a time such as 90"),
        (["tcp://127.0.0.1:1", "tcp://127.0.0.1:2", "--record", "/nowhere/x.pcapng"], "there is no folder /nowhere"),
        (["tcp://127.0.0.1:1", "tcp://127.0.0.1:2", "--traps"], "notifications come as udp, found tcp"),
    ],
)
def test_wrong_usage_is_explained(arguments: list[str], message: str) -> None:
    said = CliRunner().invoke(app, ["proxy", *arguments])
    assert said.exit_code == 2
    assert message in " ".join(said.output.split())


def test_an_address_that_is_taken_is_named() -> None:
    said = CliRunner().invoke(app, ["proxy", "serial:///nowhere", "serial:///nowhere/either"])
    assert said.exit_code == 3
    assert "serial:///nowhere to serial:///nowhere/either: No such file or directory" in " ".join(said.output.split())


def test_every_fault_is_listed_with_its_parameters() -> None:
    said = CliRunner().invoke(app, ["proxy", "--list"], env={"COLUMNS": "300"})
    assert said.exit_code == 0
    lines = {line.split()[0]: line for line in said.output.splitlines() if line.strip()}
    assert "code=4" in lines["modbus-exception"]
    assert "bits_per_s=9600 bit/s" in lines["bandwidth"]
    assert {"stale", "torn", "snmp-key-changed", "traps-late", "half-open", "serial-noise"} <= set(lines)
