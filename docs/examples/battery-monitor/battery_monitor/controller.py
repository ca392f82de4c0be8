"""A controller: it polls the voltage of the battery, and keeps the last and the highest value."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, MutableMapping
from typing import Any

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusTcpClient

POLL_S = 5.0


async def main(inventory: Mapping[str, Any], store: MutableMapping[str, Any]) -> None:
    place = inventory["devices"]["monitor-1"]["modbus"]
    client = AsyncModbusTcpClient(place["address"], port=place["port"], timeout=1, retries=0)
    try:
        while True:
            try:
                if not client.connected:
                    await client.connect()
                answer = await client.read_input_registers(0, count=1, device_id=place["unit"])
            except ModbusException:
                client.close()
            else:
                store["volts"] = answer.registers[0] / 10.0
                store["highest"] = max(store["volts"], store.get("highest", 0.0))
            await asyncio.sleep(POLL_S)
    finally:
        client.close()
