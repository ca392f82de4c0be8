"""The plainest managers there are, for any event loop: pymodbus and pysnmp as their own documentation uses them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from pymodbus import pymodbus_apply_logging_config
from pymodbus.client import AsyncModbusTcpClient
from pysnmp.hlapi.v1arch.asyncio import (
    CommunityData,
    SnmpDispatcher,
    UdpTransportTarget,
    get_cmd,
)
from pysnmp.proto.api import v2c
from pysnmp.proto.rfc1902 import ObjectName

Ask = Callable[[], Awaitable[None]]

pymodbus_apply_logging_config(logging.CRITICAL)


async def modbus(address: str, port: int, first: int, count: int) -> Ask:
    """A connection, and one reading of that block of holding registers over it."""
    client = AsyncModbusTcpClient(address, port=port, timeout=1.0, retries=0)
    if not await client.connect():
        raise ConnectionError(f"{address}:{port} cannot be reached")

    async def ask() -> None:
        answer = await client.read_holding_registers(first, count=count)
        if answer.isError():
            raise ConnectionError(f"{address}: {answer}")

    return ask


async def snmp(dispatcher: SnmpDispatcher, address: str, port: int, name: str) -> Ask:
    """One GET of that variable."""
    target = await UdpTransportTarget.create((address, port), timeout=1.0, retries=0)
    community, asked = CommunityData("public"), (ObjectName(name), v2c.null)

    async def ask() -> None:
        failure, status, _, _ = await get_cmd(dispatcher, community, target, asked, lookupMib=False)
        if failure or status:
            raise ConnectionError(f"{address}: {failure or status.prettyPrint()}")

    return ask


async def poll(asks: Sequence[Ask], period_s: float, times: int) -> None:
    """Each of these that often, spread over the period."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()

    async def one(n: int, ask: Ask) -> None:
        for turn in range(times):
            due_s = began_s + (turn + n / len(asks)) * period_s
            await asyncio.sleep(due_s - loop.time())
            await ask()

    await asyncio.gather(*(one(n, ask) for n, ask in enumerate(asks)))
    await asyncio.sleep(max(0.0, began_s + times * period_s - loop.time()))
