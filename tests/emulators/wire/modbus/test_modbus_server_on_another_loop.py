"""The server on an event loop with a clock and a network of its own, which knows streaming protocols only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from twinfeed.emulators.wire.modbus import ModbusTcpServer, TableUnit, direct

READ = bytes.fromhex("0001 0000 0006 01 03 0004 0001")
ANSWER = bytes.fromhex("0001 0000 0005 01 03 02 0004")


class Wire:
    """A transport that keeps what is done to it."""

    def __init__(self) -> None:
        self.written = b""
        self.calls: list[str] = []

    def write(self, data: bytes) -> None:
        self.written += data

    def get_extra_info(self, name: str, default: object = None) -> object:
        return default

    def __getattr__(self, name: str) -> Callable[[], None]:
        return lambda: self.calls.append(name)


class StillLoop(asyncio.SelectorEventLoop):
    """Time stands still unless set, and a server is only its protocol factory."""

    now_s = 0.0

    def time(self) -> float:
        return self.now_s

    async def create_server(self, factory: Any, *_: Any, **__: Any) -> Any:
        self.factory = factory
        return asyncio.Server(self, [], factory, None, 1, None)

    def connect(self) -> tuple[Any, Wire]:
        protocol, wire = self.factory(), Wire()
        protocol.connection_made(wire)
        return protocol, wire

    async def at(self, now_s: float) -> None:
        self.now_s = now_s
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def run(scenario: Callable[[StillLoop, ModbusTcpServer], Any], **options: Any) -> None:
    loop = StillLoop()

    async def play() -> None:
        server = ModbusTcpServer(direct(TableUnit(holding=range(9))), "127.0.0.1", **options)
        await server.start()
        await scenario(loop, server)

    try:
        loop.run_until_complete(play())
    finally:
        loop.close()


def test_it_answers_through_data_received() -> None:
    async def scenario(loop: StillLoop, _: ModbusTcpServer) -> None:
        protocol, wire = loop.connect()
        protocol.data_received(READ)
        assert wire.written == ANSWER

    run(scenario)


def test_a_connection_is_closed_when_silent_for_the_idle_timeout_and_not_before() -> None:
    async def scenario(loop: StillLoop, server: ModbusTcpServer) -> None:
        _, silent = loop.connect()
        protocol, active = loop.connect()
        await loop.at(40.0)
        protocol.data_received(READ)
        await loop.at(59.9)
        assert silent.calls == []
        await loop.at(60.0)
        assert silent.calls == ["abort"]
        assert active.calls == []
        await loop.at(99.9)
        assert active.calls == []
        await loop.at(100.0)
        assert active.calls == ["abort"]
        assert server.connection_count == 0

    run(scenario, idle_timeout_s=60.0)


def test_without_idle_timeout_a_connection_stays() -> None:
    async def scenario(loop: StillLoop, _: ModbusTcpServer) -> None:
        _, wire = loop.connect()
        await loop.at(1e9)
        assert wire.calls == []

    run(scenario)


def test_reading_stops_while_the_client_does_not_take_its_answers() -> None:
    async def scenario(loop: StillLoop, _: ModbusTcpServer) -> None:
        protocol, wire = loop.connect()
        protocol.pause_writing()
        protocol.resume_writing()
        assert wire.calls == ["pause_reading", "resume_reading"]

    run(scenario)


def test_a_network_without_sockets_is_aborted_instead_of_reset() -> None:
    async def scenario(loop: StillLoop, server: ModbusTcpServer) -> None:
        protocol, wire = loop.connect()
        server.lose_connections()
        protocol.data_received(READ)
        assert (wire.written, wire.calls) == (b"", ["abort"])

    run(scenario)
