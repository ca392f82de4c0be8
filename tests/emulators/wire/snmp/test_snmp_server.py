"""The agent on a socket, asked by pysnmp's high-level client."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pysnmp.hlapi.v3arch import asyncio as hlapi
from snmp_manager import SYSTEM, TABLE, Device, read, request

from twinfeed.emulators.wire.snmp import (
    AuthProtocol,
    Engine,
    NotLoopback,
    SnmpServer,
    User,
    engine_id_from_mac,
    format_oid,
)

HOST = "127.12.1.1"
ENGINE = Engine(engine_id_from_mac(53864, b"\x02\x00\x00\x00\x00\x01"), boots=lambda: 3, time_s=lambda: 5000)
USERS = [
    User(b"watcher"),
    User(b"operator", b"auth-secret", auth=AuthProtocol.SHA256),
    User(b"engineer", b"auth-secret", b"priv-secret", writable=True),
]


@pytest.fixture(params=[False, True], ids=["endpoint", "draining"])
async def served(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Device, SnmpServer]]:
    device = Device()
    agent = device.agent(users=USERS, engine=ENGINE)
    async with SnmpServer(agent, HOST, 0, draining=request.param) as server:
        yield device, server


class Client:
    """pysnmp's high-level client at one server."""

    def __init__(self, port: int, credentials: Any) -> None:
        self.port = port
        self.credentials = credentials
        self.engine = hlapi.SnmpEngine()

    async def ask(self, command: Any, *arguments: Any) -> Any:
        target = await hlapi.UdpTransportTarget.create((HOST, self.port), timeout=2, retries=0)
        return await command(self.engine, self.credentials, target, hlapi.ContextData(), *arguments)

    async def get(self, *names: tuple[int, ...]) -> Any:
        return await self.ask(hlapi.get_cmd, *(named(name) for name in names))

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.engine.close_dispatcher()


def named(name: tuple[int, ...], *value: Any) -> Any:
    return hlapi.ObjectType(hlapi.ObjectIdentity(format_oid(name)), *value)


CREDENTIALS = {
    "v1": hlapi.CommunityData("private", mpModel=0),
    "v2c": hlapi.CommunityData("private", mpModel=1),
    "v3 authPriv": hlapi.UsmUserData(
        "engineer",
        "auth-secret",
        "priv-secret",
        authProtocol=hlapi.USM_AUTH_HMAC96_SHA,
        privProtocol=hlapi.USM_PRIV_CFB128_AES,
    ),
}


@pytest.mark.parametrize("kind", CREDENTIALS)
async def test_pysnmp_reads_and_writes(served: tuple[Device, SnmpServer], kind: str) -> None:
    device, server = served
    async with Client(server.port, CREDENTIALS[kind]) as client:
        indication, status, _, bindings = await client.get((*SYSTEM, 5, 0), (*TABLE, 1, 2))
        assert (indication, int(status)) == (None, 0)
        assert [value.prettyPrint() for _, value in bindings] == ["pdu-a", "12"]
        renamed = named((*SYSTEM, 5, 0), hlapi.OctetString("pdu-b"))
        indication, status, _, _ = await client.ask(hlapi.set_cmd, renamed)
        assert (indication, int(status)) == (None, 0)
    assert device.name == b"pdu-b"


@pytest.mark.parametrize("served", [True], ids=["draining"], indirect=True)
@pytest.mark.parametrize("kind", ["v2c", "v3 authPriv"])
async def test_pysnmp_reads_in_bulk(served: tuple[Device, SnmpServer], kind: str) -> None:
    _, server = served
    async with Client(server.port, CREDENTIALS[kind]) as client:
        indication, status, _, bindings = await client.ask(hlapi.bulk_cmd, 0, 6, named(TABLE))
    assert (indication, int(status)) == (None, 0)
    assert [int(value) for _, value in bindings] == [11, 12, 13, 2**40 + 11, 2**40 + 12, 2**40 + 13]


USM_CASES = {
    "noAuthNoPriv": (hlapi.UsmUserData("watcher"), None, 0),
    "authNoPriv, SHA-256": (
        hlapi.UsmUserData("operator", "auth-secret", authProtocol=hlapi.USM_AUTH_HMAC192_SHA256),
        None,
        0,
    ),
    "unknown user": (hlapi.UsmUserData("stranger"), "unknownUserName", 0),
    "wrong password": (
        hlapi.UsmUserData("operator", "not-the-secret", authProtocol=hlapi.USM_AUTH_HMAC192_SHA256),
        "wrongDigest",
        0,
    ),
    "wrong privacy password": (
        hlapi.UsmUserData(
            "engineer",
            "auth-secret",
            "not-the-secret",
            authProtocol=hlapi.USM_AUTH_HMAC96_SHA,
            privProtocol=hlapi.USM_PRIV_CFB128_AES,
        ),
        "decryptionError",
        0,
    ),
    "more than the user has": (
        hlapi.UsmUserData("watcher", "auth-secret", authProtocol=hlapi.USM_AUTH_HMAC96_SHA),
        "unsupportedSecurityLevel",
        0,
    ),
    "less than the user must": (
        hlapi.UsmUserData("engineer", "auth-secret", authProtocol=hlapi.USM_AUTH_HMAC96_SHA),
        None,
        16,  # authorizationError
    ),
}


@pytest.mark.parametrize("served", [False], ids=["endpoint"], indirect=True)
@pytest.mark.parametrize("case", USM_CASES)
async def test_what_pysnmp_is_told_at_each_security_level(served: tuple[Device, SnmpServer], case: str) -> None:
    credentials, expected, expected_status = USM_CASES[case]
    _, server = served
    async with Client(server.port, credentials) as client:
        indication, status, _, _ = await client.get((*SYSTEM, 1, 0))
    assert (type(indication).__name__[:1].lower() + type(indication).__name__[1:] if indication else None) == expected
    assert int(status) == expected_status


async def exchange(port: int, *datagrams: bytes) -> list[bytes]:
    """Send all, then collect what comes back within a tenth of a second of silence."""
    loop = asyncio.get_running_loop()
    answers: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        client.connect((HOST, port))
        for datagram in datagrams:
            client.send(datagram)
        while True:
            try:
                answers.append(await asyncio.wait_for(loop.sock_recv(client, 65535), 0.1))
            except TimeoutError:
                return answers


async def test_a_burst_is_answered_in_order(served: tuple[Device, SnmpServer]) -> None:
    _, server = served
    asked = [request("Get", (*SYSTEM, 5, 0), request_id=number) for number in range(200)]
    answers = await exchange(server.port, *asked)
    assert [server.agent.handle(datagram) for datagram in asked] == answers


async def test_nonsense_is_survived(served: tuple[Device, SnmpServer]) -> None:
    _, server = served
    answers = await exchange(server.port, b"", b"\x30", b"\xff" * 60000, request("Get", (*SYSTEM, 5, 0)))
    assert [read(answer).values for answer in answers] == [[b"pdu-a"]]


@pytest.mark.parametrize("draining", [False, True])
async def test_a_closed_gate_drops_what_arrives(draining: bool) -> None:
    powered = False
    server = SnmpServer(Device().agent(), HOST, 0, gate=lambda: powered, draining=draining)
    async with server:
        assert await exchange(server.port, request("Get", (*SYSTEM, 5, 0))) == []
        powered = True
        assert len(await exchange(server.port, request("Get", (*SYSTEM, 5, 0)))) == 1


@pytest.mark.parametrize("draining", [False, True])
async def test_a_stopped_server_frees_its_port(draining: bool) -> None:
    server = SnmpServer(Device().agent(), HOST, 0, draining=draining)
    await server.start()
    await server.stop()
    await server.stop()
    await asyncio.sleep(0)
    async with SnmpServer(Device().agent(), HOST, server.port, draining=draining) as again:
        assert len(await exchange(again.port, request("Get", (*SYSTEM, 5, 0)))) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "ups.example"])
def test_addresses_others_can_reach_are_refused(host: str) -> None:
    with pytest.raises(NotLoopback, match="allow_non_loopback=True"):
        SnmpServer(Device().agent(), host, 0)


def test_addresses_others_can_reach_can_be_allowed() -> None:
    assert SnmpServer(Device().agent(), "0.0.0.0", 0, allow_non_loopback=True).host == "0.0.0.0"
