"""Transports that answer from a recording behave as those of the device did."""

from __future__ import annotations

import pytest

from twinfeed.emulators.profiles import library
from twinfeed.harness.transports import DeviceHandle, Refused
from twinfeed.harness.transports.replay import recorded_agent, recorded_unit
from twinfeed.harness.transports.snmp.messages import VarBind

CHARGE = "1.3.6.1.2.1.33.1.2.4.0"
VARIABLES = [VarBind(f"1.3.6.1.2.1.33.1.4.4.1.2.{line}", 230 + line, "integer") for line in (1, 2, 3)]
VARIABLES += [VarBind(CHARGE, 94, "integer")]


async def test_a_handle_reads_points_from_recorded_variables() -> None:
    ups = DeviceHandle("ups", library.get("ups-rfc1628"), snmp=recorded_agent(VARIABLES, "ups.jsonl"))
    readings = await ups.read_many(["battery.charge", "output.2.voltage"])
    assert [reading.value for reading in readings.values()] == [94, 232]
    assert readings["battery.charge"].source == f"ups.jsonl {CHARGE}"


async def test_a_walk_gives_them_in_order_whatever_their_order_was() -> None:
    agent = recorded_agent(VARIABLES, "ups.jsonl")
    assert await agent.walk("1.3.6.1") == [VARIABLES[3], *VARIABLES[:3]]


async def test_what_was_not_recorded_is_refused_as_by_an_agent() -> None:
    agent = recorded_agent(VARIABLES, "ups.jsonl")
    with pytest.raises(Refused, match="noSuchInstance"):
        await agent.get(["1.3.6.1.2.1.1.5.0"])
    with pytest.raises(Refused, match="notWritable"):
        await agent.set(CHARGE, "integer", 1)


async def test_a_handle_reads_points_from_recorded_registers() -> None:
    registers = {("holding", 3109): 0x4248, ("holding", 3110): 0x0000}  # 50.0 as a 32-bit float (IEEE 754)
    meter = DeviceHandle("meter", library.get("schneider-pm5000"), modbus=recorded_unit(registers, "meter.jsonl"))
    assert (await meter.read("frequency")).value == 50.0


async def test_registers_that_were_not_recorded_are_refused_as_by_a_unit() -> None:
    unit = recorded_unit({("holding", 0): 1, ("coil", 0): 1}, "meter.jsonl")
    assert await unit.read_bits("coil", 0, 1) == [True]
    for ask in (unit.read_registers("holding", 0, 2), unit.read_bits("discrete", 0, 1)):
        with pytest.raises(Refused, match="illegal data address"):
            await ask
    with pytest.raises(Refused, match="illegal function"):
        await unit.write_registers(0, b"\0\1")
