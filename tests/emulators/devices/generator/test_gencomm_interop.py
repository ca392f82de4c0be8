"""The controller of a set on a served site, read and commanded by mbpoll and pymodbus."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from pymodbus.client import ModbusTcpClient
from running import Running, running

from twinfeed.emulators.site import Site

SITE = """
site: genset
power:
  mains: {kind: utility}
  day-tank: {kind: day_tank}
  generator-1:
    kind: generator
    tank: day-tank
    bus: generator-bus
    device: {profile: dse-gencomm, address: 127.17.1.1, serial: "4711", firmware: "6.1", start_requests: [ats]}
  generator-bus: {kind: board, from: {g1: generator-1}}
  ats: {kind: ats, from: {normal: mains, emergency: generator-bus},
        device: {profile: siemens-atc6300, address: 127.17.1.2, retransfer_s: 10}}
  board: {kind: board, from: {supply: ats}}
"""
CONTROL = 16 * 256 + 8

needs_mbpoll = pytest.mark.skipif(shutil.which("mbpoll") is None, reason="mbpoll is missing: apt install mbpoll")
pytestmark = pytest.mark.interop


@pytest.fixture
def live(tmp_path) -> Iterator[Running]:
    path = tmp_path / "genset.yaml"
    path.write_text(SITE)
    with running(Site.load(path), speed=0.001, ports=31700) as site:
        site.advance(60.0)
        yield site


@pytest.fixture
def client(live: Running) -> Iterator[ModbusTcpClient]:
    endpoint = live.endpoint("generator-1", "modbus")
    client = ModbusTcpClient(endpoint.address, port=endpoint.port, timeout=5)
    assert client.connect()
    yield client
    client.close()


def press(client: ModbusTcpClient, key: int) -> bool:
    """Write a control key and its complement; whether the controller took it."""
    return not client.write_registers(CONTROL, [key, 65535 - key], device_id=1).isError()


@needs_mbpoll
def test_mbpoll_reads_the_instruments_of_a_running_set(live: Running):
    live.do(lambda: live.site.inject("mains", "outage"))
    live.advance(120.0)
    endpoint = live.endpoint("generator-1", "modbus")
    options = f"-m tcp -p {endpoint.port} -a 1 -0 -1 -t 4 -r 1024 -c 8"
    command = ["mbpoll", *options.split()]
    printed = subprocess.run([*command, endpoint.address], capture_output=True, text=True, timeout=120).stdout
    values = {int(a): int(v) for a, v in re.findall(r"^\[(\d+)\]:\s+(-?\d+)", printed, re.MULTILINE)}
    assert values[1028] == 278
    assert values[1030] == 1500
    assert values[1031] == 500
    assert values[1025] == 46
    assert values[1027] == 95
    assert values[1026] == 32767


def test_pymodbus_reads_totals_and_alarms(live: Running, client: ModbusTcpClient):
    assert client.read_holding_registers(768, count=4, device_id=1).registers == [1, 32832, 0, 4711]
    live.do(lambda: live.site.inject("generator-1", "fail-to-start"))
    live.do(lambda: live.site.inject("mains", "outage"))
    live.advance(120.0)
    named = client.read_holding_registers(39424, count=40, device_id=1).registers
    assert named[0] == 84
    assert named[4] == 0x1311
    assert client.read_holding_registers(774, count=1, device_id=1).registers == [0x1000]


def test_pymodbus_starts_and_stops_the_set(live: Running, client: ModbusTcpClient):
    assert press(client, 35732)
    live.advance(15.0)
    assert client.read_holding_registers(1408, count=1, device_id=1).registers == [3]
    assert press(client, 35733)
    live.advance(300.0)
    assert client.read_holding_registers(1408, count=1, device_id=1).registers == [0]
    assert client.read_holding_registers(1808, count=2, device_id=1).registers == [0, 1]


def test_a_wrong_complement_is_answered_with_an_exception_and_changes_nothing(client: ModbusTcpClient):
    assert client.write_registers(CONTROL, [35700, 35700], device_id=1).exception_code == 3
    assert client.read_holding_registers(772, count=1, device_id=1).registers == [1]


def test_the_set_takes_the_load_when_the_mains_fail_and_gives_it_back(live: Running):
    live.do(lambda: live.site.inject("mains", "outage"))
    live.advance(15.0)
    assert live.do(lambda: live.site.plant.actors["board"].output.origin) == "generator-bus"
    live.do(lambda: live.site.clear("mains"))
    live.advance(400.0)
    assert live.do(lambda: live.site.plant.actors["board"].output.origin) == "mains"
    assert live.do(lambda: live.site.plant.actors["generator-1"].running) is False
