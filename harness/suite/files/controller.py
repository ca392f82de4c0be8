"""A small plant controller. It uses the registers of the devices, and imports nothing of twinfeed. Replace it.

When the mains fail, it starts the generator and moves both transfer switches. When the mains have been good for two
minutes, it moves them back. `inventory` holds the addresses of the devices; `store` is memory that survives a restart.
"""

import asyncio
import struct

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusTcpClient

POLL_S = 5.0
"""Period in which it polls the switches, s."""

START_S = 12.0
"""The generator takes ten seconds to start and to close onto its bus."""

RETURN_S = 120.0
"""Time of good mains before the load returns, s."""

# Siemens 3KC ATC6300: a status word of 32 bits, and the simulation of its keys.
STATUS, MAINS_GOOD, ON_GENERATOR = 0x220F, 1 << 4, 1 << 9
TRANSFER, TO_MAINS, TO_GENERATOR = 0x2F09, 0x1008, 0x1100

# Deep Sea GenComm: a control key and its complement at page 16, offset 8.
CONTROL_KEY, START, STOP = 4104, 35732, 35733


class Device:
    """One device on Modbus TCP. After a request without an answer it is polled again in the next period."""

    def __init__(self, inventory, name):
        place = inventory["devices"][name]["modbus"]
        self.unit = place["unit"]
        self.client = AsyncModbusTcpClient(place["address"], port=place["port"], timeout=1, retries=0)

    async def read(self, address, count):
        """The registers, or None without an answer."""
        try:
            if not self.client.connected:
                await self.client.connect()
            answer = await self.client.read_holding_registers(address, count=count, device_id=self.unit)
        except ModbusException:
            return None
        return None if answer.isError() else answer.registers

    async def write(self, address, *values):
        try:
            if not self.client.connected:
                await self.client.connect()
            await self.client.write_registers(address, list(values), device_id=self.unit)
        except ModbusException:
            pass


class Switch(Device):
    """A transfer switch, which also reports whether the mains are good."""

    mains_good = True
    on_generator = False
    good_since = 0.0

    async def poll(self, now):
        words = await self.read(STATUS, 2)
        if words is None:
            return
        (status,) = struct.unpack(">I", struct.pack(">2H", *words))
        if status & MAINS_GOOD and not self.mains_good:
            self.good_since = now
        self.mains_good = bool(status & MAINS_GOOD)
        self.on_generator = bool(status & ON_GENERATOR)


async def main(inventory, store):
    """Control the room until cancelled."""
    switches = [Switch(inventory, "ats-a"), Switch(inventory, "ats-b")]
    generators = [Device(inventory, "generator-1")]
    called_at = None
    while True:
        now = asyncio.get_running_loop().time()
        for switch in switches:
            await switch.poll(now)
        lost = [switch for switch in switches if not switch.mains_good]
        away = [switch for switch in switches if switch.on_generator]
        if lost and called_at is None:
            for generator in generators:
                await generator.write(CONTROL_KEY, START, 0xFFFF - START)
            called_at = now
        for switch in lost:
            if switch not in away and now - called_at >= START_S:
                await switch.write(TRANSFER, TO_GENERATOR)
        for switch in away:
            if switch.mains_good and now - switch.good_since >= RETURN_S:
                await switch.write(TRANSFER, TO_MAINS)
        if called_at is not None and not lost and not away:
            for generator in generators:
                await generator.write(CONTROL_KEY, STOP, 0xFFFF - STOP)
            called_at = None
        await asyncio.sleep(POLL_S)
