"""What a reading costs the harness: processor time of one request and its answer, the emulator's share included.

    python -m benchmarks.bench_transports

pysnmp's own high-level calls and pymodbus's client are measured in the same run. "Same" values are those that have not
changed since they were last read; "new" ones change each time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count

from pymodbus.client import AsyncModbusTcpClient
from pysnmp.hlapi.v1arch import asyncio as v1arch
from pysnmp.hlapi.v3arch import asyncio as v3arch

from twinfeed.emulators.wire.modbus import ModbusTcpServer, TableUnit, direct
from twinfeed.emulators.wire.snmp import Access, Engine, Instance, MibTree, SnmpAgent, SnmpServer, Syntax, User
from twinfeed.harness.transports import ModbusTransport, SnmpTransport, UsmUser

HOST = "127.13.0.1"
REQUESTS = 300
USER = UsmUser("bench", "auth-password", "priv-password")


def agent() -> SnmpAgent:
    """Variables 1 to 20 stand still, 21 to 40 never give the same value twice."""
    ticks = count(1)
    still = [Instance((1, 3, 6, 1, 2, 1, 1, n, 0), Syntax.INTEGER, lambda: 5) for n in range(1, 21)]
    moving = [
        Instance((1, 3, 6, 1, 2, 1, 1, n, 0), Syntax.INTEGER, lambda: next(ticks), volatile=True) for n in range(21, 41)
    ]
    user = User(USER.name.encode(), USER.auth_password.encode(), USER.priv_password.encode())
    engine = Engine(bytes.fromhex("80001f88035400000001"), lambda: 1, lambda: 100)
    return SnmpAgent(MibTree(still + moving, lambda: 0), {b"public": Access.READ_ONLY}, [user], engine)


async def cost(what: str, ask: Callable[[], Awaitable[object]]) -> None:
    for _ in range(10):
        await ask()
    begun = time.process_time()
    for _ in range(REQUESTS):
        await ask()
    print(f"{what:<52} {(time.process_time() - begun) / REQUESTS * 1e3:7.3f} ms")


async def snmp(size: int) -> None:
    same, new = ([f"1.3.6.1.2.1.1.{first + n}.0" for n in range(size)] for first in (1, 21))
    async with SnmpServer(agent(), HOST, 0) as server:
        here = (HOST, server.port)
        engine, public = v3arch.SnmpEngine(), v3arch.CommunityData("public")
        target, context = await v3arch.UdpTransportTarget.create(here), v3arch.ContextData()
        asked = [v3arch.ObjectType(v3arch.ObjectIdentity(name)) for name in same]
        get = partial(v3arch.get_cmd, engine, public, target, context, *asked, lookupMib=False)
        await cost(f"pysnmp v3arch get_cmd, v2c, {size} variables", get)
        engine.close_dispatcher()

        dispatcher, public = v1arch.SnmpDispatcher(), v1arch.CommunityData("public")
        target = await v1arch.UdpTransportTarget.create(here)
        pairs = [(name, v1arch.Null("")) for name in same]
        get = partial(v1arch.get_cmd, dispatcher, public, target, *pairs, lookupMib=False)
        await cost(f"pysnmp v1arch get_cmd, v2c, {size} variables", get)
        dispatcher.close()

        v2c, v3 = SnmpTransport.v2c(*here), SnmpTransport.v3(*here, user=USER)
        await cost(f"SnmpTransport v2c, {size} variables, same", partial(v2c.get, same))
        await cost(f"SnmpTransport v2c, {size} variables, new", partial(v2c.get, new))
        await cost(f"SnmpTransport v3 (SHA, AES-128), {size} variables", partial(v3.get, same))
        v2c.close()
        v3.close()


async def modbus(size: int) -> None:
    server = ModbusTcpServer(direct(TableUnit(holding=range(125))), HOST, 0)
    await server.start()
    client = AsyncModbusTcpClient(HOST, port=server.address[1])
    await client.connect()
    await cost(f"pymodbus client, {size} registers", partial(client.read_holding_registers, 0, count=size))
    client.close()
    transport = ModbusTransport.tcp(*server.address)
    await cost(f"ModbusTransport, {size} registers", partial(transport.read_registers, "holding", 0, size))
    transport.close()
    await server.stop()


async def main() -> None:
    for variables in (1, 20):
        await snmp(variables)
    for registers in (2, 125):
        await modbus(registers)


if __name__ == "__main__":
    asyncio.run(main())
