"""A small plant controller: it knows the devices' registers and nothing of twinfeed. Put your own logic in its place.

When the mains fail it starts the generator and moves the transfer switch; when they have been back for a while it
returns. `inventory` says where the devices answer; `store` is memory that survives a restart.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping, MutableMapping
from typing import Any

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusTcpClient

LOOK_S = 1.0
"""How often it looks at the mains, s."""

OVERRIDE_S = 3.0
"""A dip is ridden over so long, s; the batteries carry it."""

RETURN_S = 120.0
"""The mains must have been good for so long before the load goes back, s."""

LOST_VOLTS = 200.0
"""Below this a phase counts as lost, V (87 % of 230 V)."""

# Schneider PM5000: voltage A-N, B-N, C-N from register 3028, floats.
VOLTAGES = 3027
# Deep Sea GenComm: a control key and its complement at page 16, offset 8; 35732 start, 35733 stop in automatic mode.
CONTROL_KEY, START, STOP = 4104, 35732, 35733
# Siemens 3KC ATC6300: key press simulation.
TRANSFER, TO_MAINS, TO_GENERATOR = 0x2F09, 0x1008, 0x1100


class Device:
    """One device on Modbus TCP; it is asked again later when it does not answer."""

    def __init__(self, inventory: Mapping[str, Any], name: str) -> None:
        place = inventory["devices"][name]["modbus"]
        self.unit = place["unit"]
        self.client = AsyncModbusTcpClient(place["address"], port=place["port"], timeout=1, retries=1)

    async def read(self, address: int, count: int) -> list[int] | None:
        try:
            if not self.client.connected and not await self.client.connect():
                return None
            answer = await self.client.read_holding_registers(address, count=count, device_id=self.unit)
        except ModbusException:
            return None
        return None if answer.isError() else list(answer.registers)

    async def write(self, address: int, values: list[int]) -> bool:
        try:
            if not self.client.connected and not await self.client.connect():
                return False
            answer = await self.client.write_registers(address, values, device_id=self.unit)
        except ModbusException:
            return False
        return not answer.isError()


async def main(inventory: Mapping[str, Any], store: MutableMapping[str, Any]) -> None:
    """Look after the site until cancelled."""
    meter, ats = Device(inventory, "meter-mains"), Device(inventory, "ats")
    generator = Device(inventory, "generator-1")
    loop = asyncio.get_running_loop()
    lost_since: float | None = None
    good_since: float | None = None
    on_generator = bool(store.get("on generator"))
    while True:
        registers = await meter.read(VOLTAGES, 6)
        if registers is not None:
            volts = struct.unpack(">3f", struct.pack(">6H", *registers))
            if min(volts) < LOST_VOLTS:
                lost_since, good_since = lost_since or loop.time(), None
            else:
                lost_since, good_since = None, good_since or loop.time()
        if not on_generator and lost_since is not None and loop.time() - lost_since >= OVERRIDE_S:
            await generator.write(CONTROL_KEY, [START, 0xFFFF - START])
            await asyncio.sleep(12.0)  # it takes ten seconds to start and close onto its bus
            await ats.write(TRANSFER, [TO_GENERATOR])
            store["on generator"] = on_generator = True
        elif on_generator and good_since is not None and loop.time() - good_since >= RETURN_S:
            await ats.write(TRANSFER, [TO_MAINS])
            await generator.write(CONTROL_KEY, [STOP, 0xFFFF - STOP])
            store["on generator"] = on_generator = False
        await asyncio.sleep(LOOK_S)
