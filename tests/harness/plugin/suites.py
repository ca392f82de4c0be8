"""Test files that a user of the plugin might write, and a site of their own to run them on."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

# pytester forgets what a run has imported; what is imported here is kept, which some of it needs and all is quicker for.
PRELOADED = [
    import_module(name)
    for name in ("twinfeed.harness.faults.proxy", "twinfeed.harness.search", "pysnmp.hlapi.v3arch.asyncio", "scapy.layers.snmp",
                 "scapy.contrib.modbus", "matplotlib.figure")
    if find_spec(name.partition(".")[0])
]  # fmt: skip

BENCH = Path(__file__).parents[3] / "emulators" / "sites" / "bench.yaml"


def own_bench(pytester: pytest.Pytester) -> str:
    """The bench at addresses that no other test run on this machine uses; its file's name."""
    place = f"127.{100 + os.getpid() % 150}.{os.getpid() // 150 % 250}"
    path = pytester.path / "bench.yaml"
    path.write_text(BENCH.read_text(encoding="utf-8").replace("127.30.0", place), encoding="utf-8")
    return str(path)


OUTAGE = """
import pytest
from twinfeed.harness.properties import always, within

@pytest.mark.watch("rack-1.supplied", "generator-1.running")
async def test_an_outage_is_carried(site, journal):
    await site.inject("utility-b", "outage", for_="2 min")
    await site.run("30 s")
    assert (await site["generator-1"].read("engine.speed")).value > 1400
    site.check(always("rack-1.supplied"), within("20 s", "generator-1.running"))
    assert any(event.what == "fault" for event in journal)
"""

LOOKING_ON = """
import asyncio

async def main(inventory, store):
    store["began"] = store.get("began", 0) + 1
    while True:
        await asyncio.sleep(1)
"""

FAILING = """
import pytest
from twinfeed.harness.properties import always

@pytest.mark.watch("generator-1.running")
async def test_the_mains_never_fail(site):
    await site["ups-1"].read("battery.charge")
    await site.inject("utility-a", "outage", at=5, for_=10)
    await site.run(20)
    site.check(always("utility-a.live"))

async def test_something_else(site):
    await site["ups-1"].read("battery.charge")
    assert site.now > 1e9
"""

CLIENT = """
import json, os, sys, time
from pymodbus.client import ModbusTcpClient

with open(os.environ["TWINFEED_INVENTORY"]) as file:
    place = json.load(file)["devices"]["generator-1"]["modbus"]
assert os.environ["TWINFEED_GENERATOR_1_MODBUS"] == "{address}:{port}/{unit}".format(**place)
assert os.environ["TWINFEED_SPEED"] == "20"
client = ModbusTcpClient(place["address"], port=place["port"])
assert client.connect()
# GenComm page 4, register 6: engine speed, 1/min
while True:
    answer = client.read_holding_registers(4 * 256 + 6, count=1, device_id=place["unit"])
    print("speed", answer.registers[0], flush=True)
    if answer.registers[0] > 1000:
        sys.exit("the generator runs, and I fall over")
    time.sleep(0.05)
"""
