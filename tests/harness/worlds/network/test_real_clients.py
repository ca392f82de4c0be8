"""Unmodified pymodbus and pysnmp, clients and servers, in virtual time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from pymodbus import pymodbus_apply_logging_config
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import cmdrsp, context, ntfrcv
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    NotificationType,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    get_cmd,
    send_notification,
    usmAesCfb128Protocol,
    usmHMACSHAAuthProtocol,
)
from virtual import QUICK, Main, simulated

from twinfeed.harness.virtual.clock import virtual_time
from twinfeed.harness.virtual.links.link import LinkConditions

DEVICE = "127.20.1.11"
REGISTERS = list(range(1000, 1100))
SYS_DESCR = "1.3.6.1.2.1.1.1.0"
SILENT = LinkConditions(state="black-hole")


@pytest.fixture(autouse=True)
def site_time() -> Iterator[None]:
    pymodbus_apply_logging_config(logging.CRITICAL)
    with virtual_time():
        yield


def now() -> float:
    return asyncio.get_running_loop().time()


def cut(conditions: LinkConditions = SILENT) -> None:
    asyncio.get_running_loop().network.path(DEVICE).set(conditions)  # type: ignore[attr-defined]


async def modbus_server() -> ModbusTcpServer:
    device = SimDevice(1, [SimData(0, values=REGISTERS, datatype=DataType.REGISTERS)])
    server = ModbusTcpServer(device, address=(DEVICE, 502))
    await server.serve_forever(background=True)
    return server


def modbus_client(**options: Any) -> AsyncModbusTcpClient:
    return AsyncModbusTcpClient(DEVICE, port=502, **options)


def test_pymodbus_reads_pymodbus() -> None:
    async def main() -> list[int]:
        server = await modbus_server()
        client = modbus_client()
        assert await client.connect()
        answer = await client.read_holding_registers(10, count=3, device_id=1)
        client.close()
        await server.shutdown()
        return answer.registers

    assert simulated(main) == [1010, 1011, 1012]


def test_pymodbus_polls_for_an_hour_of_virtual_time() -> None:
    async def main() -> tuple[int, float]:
        server = await modbus_server()
        client = modbus_client()
        await client.connect()
        start_s, read = now(), 0
        for _ in range(1800):
            answer = await client.read_holding_registers(0, count=10, device_id=1)
            read += answer.registers == REGISTERS[:10]
            await asyncio.sleep(2)
        client.close()
        took_s = now() - start_s
        await server.shutdown()
        return read, took_s

    assert simulated(main) == (1800, pytest.approx(1800 * 2.002))


def test_pymodbus_gives_up_at_the_exact_second_after_its_retries() -> None:
    async def main() -> float:
        server = await modbus_server()
        client = modbus_client(timeout=3, retries=2, reconnect_delay=0)
        await client.connect()
        cut()
        start_s = now()
        with pytest.raises(ModbusIOException):
            await client.read_holding_registers(0, count=1, device_id=1)
        took_s = now() - start_s
        client.close()
        cut(QUICK)
        await server.shutdown()
        return took_s

    assert simulated(main) == pytest.approx(3 * (1 + 2))


def test_pymodbus_gives_up_connecting_after_its_timeout() -> None:
    async def main() -> tuple[bool, float]:
        cut()
        client = modbus_client(timeout=4)
        connected = await client.connect()
        took_s = now()
        client.close()
        return connected, took_s

    assert simulated(main) == (False, 4.0)


def test_pymodbus_connects_again_by_itself_after_a_reset() -> None:
    async def main() -> list[bool]:
        server = await modbus_server()
        client = modbus_client(reconnect_delay=1, reconnect_delay_max=8)
        await client.connect()
        seen = [client.connected]
        asyncio.get_running_loop().network.path(DEVICE).reset()  # type: ignore[attr-defined]
        await asyncio.sleep(0.5)
        seen.append(client.connected)
        await asyncio.sleep(1)
        seen.append(client.connected)
        client.close()
        await server.shutdown()
        return seen

    assert simulated(main) == [True, False, True]


# -- pysnmp ---------------------------------------------------------------------------------------------------------------


def users(agent: Any) -> None:
    config.add_v1_system(agent, "area", "public")
    config.add_v3_user(
        agent, "twinfeed", config.USM_AUTH_HMAC96_SHA, "twinfeed-auth", config.USM_PRIV_CFB128_AES, "twinfeed-priv"
    )
    for model, name, level in ((1, "area", "noAuthNoPriv"), (2, "area", "noAuthNoPriv"), (3, "twinfeed", "authPriv")):
        config.add_vacm_user(agent, model, name, level, (1, 3, 6), (1, 3, 6))


def snmp_agent() -> Any:
    agent = engine.SnmpEngine()
    config.add_transport(agent, udp.DOMAIN_NAME, udp.UdpTransport().open_server_mode((DEVICE, 161)))
    users(agent)
    cmdrsp.GetCommandResponder(agent, context.SnmpContext(agent))
    return agent


ACCESS = {
    "v2c": CommunityData("public", mpModel=1),
    "v3": UsmUserData(
        "twinfeed",
        "twinfeed-auth",
        "twinfeed-priv",
        authProtocol=usmHMACSHAAuthProtocol,
        privProtocol=usmAesCfb128Protocol,
    ),
}


async def asked(manager: SnmpEngine, version: str, **options: Any) -> str:
    """pysnmp's result for the agent's sysDescr: its text, or the error."""
    target = await UdpTransportTarget.create((DEVICE, 161), **options)
    variable = ObjectType(ObjectIdentity(SYS_DESCR))
    failure, status, _, binds = await get_cmd(
        manager, ACCESS[version], target, ContextData(), variable, lookupMib=False
    )
    return str(failure or status or binds[0][1].prettyPrint())


@pytest.mark.parametrize("version", ["v2c", "v3"])
def test_pysnmp_reads_pysnmp(version: str) -> None:
    async def main() -> str:
        agent, manager = snmp_agent(), SnmpEngine()
        await asyncio.sleep(1)
        said = await asked(manager, version)
        manager.close_dispatcher()
        agent.close_dispatcher()
        return said

    assert "PySNMP" in simulated(main)


def test_pysnmp_gives_up_in_virtual_time() -> None:
    timeout_s, retries = 3, 2

    async def main() -> tuple[str, float]:
        manager = SnmpEngine()
        cut()
        start_s = now()
        said = await asked(manager, "v2c", timeout=timeout_s, retries=retries)
        took_s = now() - start_s
        manager.close_dispatcher()
        return said, took_s

    said, took_s = simulated(main)
    assert said == "No SNMP response received before timeout"
    # Each of its attempts ends at the first check after its time; pysnmp checks every 0.1 s of virtual time.
    assert timeout_s * (retries + 1) < took_s < (timeout_s + 0.11) * (retries + 1)
    assert took_s / 0.1 == pytest.approx(round(took_s / 0.1))


def test_a_request_that_is_lost_once_is_sent_again() -> None:
    async def main() -> tuple[str, float]:
        agent, manager = snmp_agent(), SnmpEngine()
        await asyncio.sleep(1)
        cut()
        asyncio.get_running_loop().call_later(0.8, cut, QUICK)
        start_s = now()
        said = await asked(manager, "v2c", timeout=1, retries=3)
        took_s = now() - start_s
        manager.close_dispatcher()
        agent.close_dispatcher()
        return said, took_s

    said, took_s = simulated(main)
    assert "PySNMP" in said
    assert 1 < took_s < 2.5


def test_pysnmp_receives_the_traps_of_pysnmp() -> None:
    async def main() -> list[str]:
        receiver, sender = engine.SnmpEngine(), SnmpEngine()
        config.add_transport(receiver, udp.DOMAIN_NAME, udp.UdpTransport().open_server_mode(("127.0.0.1", 162)))
        users(receiver)
        got: list[str] = []

        def received(_engine: Any, _state: Any, _id: Any, _name: Any, binds: Any, _context: Any) -> None:
            got.append(str(binds[1][1]))

        ntfrcv.NotificationReceiver(receiver, received)
        await asyncio.sleep(1)
        target = await UdpTransportTarget.create(("127.0.0.1", 162))
        on_battery = NotificationType(ObjectIdentity("1.3.6.1.2.1.33.2.0.1"))
        await send_notification(sender, ACCESS["v2c"], target, ContextData(), "trap", on_battery)
        await asyncio.sleep(1)
        sender.close_dispatcher()
        receiver.close_dispatcher()
        return got

    assert simulated(main) == ["1.3.6.1.2.1.33.2.0.1"]


def test_both_repeat_themselves_to_the_octet() -> None:
    def once(main: Main) -> Any:
        return simulated(main, seed=5, conditions=LinkConditions(jitter_s=0.1, loss_percent=10))

    async def main() -> list[Any]:
        kept: list[Any] = []
        asyncio.get_running_loop().network.record = kept.append  # type: ignore[attr-defined]
        server = await modbus_server()
        client = modbus_client()
        await client.connect()
        for _ in range(50):
            await client.read_holding_registers(0, count=10, device_id=1)
        client.close()
        await server.shutdown()
        return kept

    assert once(main) == once(main)
