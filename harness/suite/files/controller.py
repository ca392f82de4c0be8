"""A small plant controller: it knows the devices' registers and nothing of twinfeed. Put your own logic in its place.

When the mains fail it starts the generator and moves both transfer switches; when the mains have been back for a
while it moves them back. `inventory` says where the devices answer; `store` is memory that survives a restart.
"""

import asyncio
import struct

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusTcpClient

LOOK_S = 5.0
"""How often it looks at the switches, s."""

START_S = 12.0
"""The generator takes ten seconds to start and to close onto its bus."""

RETURN_S = 120.0
"""The mains must have been good for so long before the load goes back, s."""

# Siemens 3KC ATC6300: a status word of 32 bits, and the simulation of its keys.
STATUS, MAINS_GOOD, ON_GENERATOR = 0x220F, 1 << 4, 1 << 9
TRANSFER, TO_MAINS, TO_GENERATOR = 0x2F09, 0x1008, 0x1100

# Deep Sea GenComm: a control key and its complement at page 16, offset 8.
CONTROL_KEY, START, STOP = 4104, 35732, 35733


class Device:
    """One device on Modbus TCP. When it does not answer it is asked again at the next look."""

    def __init__(self, inventory, name):
        place = inventory["devices"][name]["modbus"]
        self.unit = place["unit"]
        self.client = AsyncModbusTcpClient(place["address"], port=place["port"], timeout=1, retries=0)

    async def read(self, address, count):
        """The registers, None if there is no answer."""
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
    """A transfer switch, and what it says of the mains at its terminals."""

    mains_good = True
    on_generator = False
    good_since = 0.0

    async def look(self, now):
        words = await self.read(STATUS, 2)
        if words is None:
            return
        (status,) = struct.unpack(">I", struct.pack(">2H", *words))
        if status & MAINS_GOOD and not self.mains_good:
            self.good_since = now
        self.mains_good = bool(status & MAINS_GOOD)
        self.on_generator = bool(status & ON_GENERATOR)


async def main(inventory, store):
    """Look after the room until cancelled."""
    switches = [Switch(inventory, "ats-a"), Switch(inventory, "ats-b")]
    generators = [Device(inventory, "generator-1")]
    called_at = None
    while True:
        now = asyncio.get_running_loop().time()
        for switch in switches:
            await switch.look(now)
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
        await asyncio.sleep(LOOK_S)
