"""Devices and stations nobody here wrote, with proxies between them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from external import free_port
from pymodbus import pymodbus_apply_logging_config
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import cmdrsp, context
from stations import LOCAL, REGISTERS, TIMEOUT_S, Connect, Manager

from twinfeed.harness.faults.frames import Tamper
from twinfeed.harness.faults.proxy import TcpProxy, UdpProxy


@pytest.fixture(autouse=True, scope="session")
def quiet() -> None:
    pymodbus_apply_logging_config(logging.CRITICAL)


@pytest.fixture
async def modbus_device() -> AsyncIterator[tuple[str, int]]:
    """pymodbus' server with unit 1 and a hundred holding registers; its address."""
    port = free_port()
    device = SimDevice(1, [SimData(0, values=list(REGISTERS), datatype=DataType.REGISTERS)])
    server = ModbusTcpServer(device, address=(LOCAL, port))
    await server.serve_forever(background=True)
    yield LOCAL, port
    await server.shutdown()


@pytest.fixture
async def modbus_proxy(modbus_device: tuple[str, int]) -> AsyncIterator[TcpProxy]:
    async with TcpProxy((LOCAL, 0), modbus_device, Tamper(1)) as proxy:
        yield proxy


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Connects unmodified pymodbus clients, which are closed afterwards."""
    async with AsyncExitStack() as stack:

        async def connected(place: tuple[str, int]) -> AsyncModbusTcpClient:
            client = AsyncModbusTcpClient(place[0], port=place[1], timeout=TIMEOUT_S, retries=0, reconnect_delay=0)
            stack.callback(client.close)
            await client.connect()
            return client

        yield connected


@pytest.fixture
async def client(modbus_proxy: TcpProxy, connect: Connect) -> AsyncModbusTcpClient:
    """A client behind the proxy."""
    return await connect(modbus_proxy.address)


@pytest.fixture
async def snmp_device() -> AsyncIterator[tuple[str, int]]:
    """pysnmp's own agent with its own objects: community public, user twinfeed; its address."""
    port = free_port(2)
    agent = engine.SnmpEngine()
    config.add_transport(agent, udp.DOMAIN_NAME, udp.UdpTransport().open_server_mode((LOCAL, port)))
    config.add_v1_system(agent, "area", "public")
    config.add_v3_user(
        agent, "twinfeed", config.USM_AUTH_HMAC96_SHA, "twinfeed-auth", config.USM_PRIV_CFB128_AES, "twinfeed-priv"
    )
    for model in (1, 2):
        config.add_vacm_user(agent, model, "area", "noAuthNoPriv", (1, 3, 6), (1, 3, 6))
    config.add_vacm_user(agent, 3, "twinfeed", "authPriv", (1, 3, 6), (1, 3, 6))
    served = context.SnmpContext(agent)
    for responder in (cmdrsp.GetCommandResponder, cmdrsp.NextCommandResponder, cmdrsp.BulkCommandResponder):
        responder(agent, served)
    agent.transport_dispatcher.job_started(1)
    await asyncio.sleep(0)  # its endpoint opens in a task
    yield LOCAL, port
    agent.transport_dispatcher.job_finished(1)
    agent.close_dispatcher()


@pytest.fixture
async def snmp_proxy(snmp_device: tuple[str, int]) -> AsyncIterator[UdpProxy]:
    async with UdpProxy((LOCAL, 0), snmp_device, Tamper(1, "snmp")) as proxy:
        yield proxy


@pytest.fixture
async def manager(snmp_proxy: UdpProxy) -> AsyncIterator[Manager]:
    """A manager behind the proxy."""
    asking = Manager(snmp_proxy.address)
    yield asking
    asking.close()
