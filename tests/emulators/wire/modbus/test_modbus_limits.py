"""Connections, buffers and turns of a Modbus server: few, bounded, and given back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import Any

import pytest
from workers.dialling import dial

from twinfeed.emulators.wire.modbus import ModbusTcpServer, TableUnit, Unanswered, direct
from twinfeed.emulators.wire.pool import ConnectionPool
from twinfeed.emulators.wire.turns import LONG_S, TURN_S

pytestmark = pytest.mark.usefixtures("hanging_up")

HOST = "127.0.0.1"
READ = bytes.fromhex("0001 0000 0006 FF 03 0000 0001")
WRITE = bytes.fromhex("0001 0000 0006 FF 06 0000 0005")
ANSWER = bytes.fromhex("0001 0000 0005 FF 03 02 0007")


def server(**options: Any) -> ModbusTcpServer:
    return ModbusTcpServer(direct(TableUnit(holding=[7])), HOST, 0, **options)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop work until that holds."""
    async with asyncio.timeout(10.0):
        while not condition():
            await asyncio.sleep(0.001)


class Client:
    """One connection, and what came back over it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, served: ModbusTcpServer) -> Client:
        return cls(*await dial(*served.address))

    async def read(self) -> bytes:
        self.writer.write(READ)
        return await asyncio.wait_for(self.reader.readexactly(len(ANSWER)), 2.0)

    async def is_closed(self) -> bool:
        try:
            return await asyncio.wait_for(self.reader.read(), 2.0) == b""
        except ConnectionError:
            return True


@pytest.fixture
async def started() -> AsyncIterator[Any]:
    running: list[ModbusTcpServer] = []

    async def start(**options: Any) -> ModbusTcpServer:
        running.append(server(**options))
        await running[-1].start()
        return running[-1]

    yield start
    for each in running:
        await each.stop()


class TestConnectionLimit:
    async def test_one_more_closes_the_one_silent_longest(self, started: Any) -> None:
        served = await started(max_connections=2)
        first, second = await Client.to(served), await Client.to(served)
        await first.read()
        await second.read()
        await first.read()
        third = await Client.to(served)
        assert await third.read() == ANSWER
        assert await second.is_closed()
        assert await first.read() == ANSWER

    async def test_or_is_refused_itself_where_the_product_does_that(self, started: Any) -> None:
        served = await started(max_connections=1, when_full="refuse")
        first = await Client.to(served)
        await first.read()
        second = await Client.to(served)
        assert await second.is_closed()
        assert await first.read() == ANSWER
        assert served.connection_count == 1

    async def test_is_logged_once_when_it_is_met(self, started: Any, caplog: pytest.LogCaptureFixture) -> None:
        served = await started(max_connections=1, when_full="refuse")
        first = await Client.to(served)
        await first.read()
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                assert await (await Client.to(served)).is_closed()
        (line,) = caplog.messages
        assert line == f"127.0.0.1:{served.address[1]} holds 1 Modbus connections, its limit: further ones are refused"

    async def test_a_limit_that_changes_holds_for_the_next_connection(self, started: Any) -> None:
        limit = [3]
        served = await started(max_connections=lambda: limit[0])
        clients = [await Client.to(served) for _ in range(3)]
        for client in clients:
            await client.read()
        limit[0] = 1
        last = await Client.to(served)
        assert await last.read() == ANSWER
        assert served.connection_count == 1
        assert all([await client.is_closed() for client in clients])


class TestPool:
    async def test_the_fullest_server_gives_up_its_longest_silent_connection(
        self, started: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        pool = ConnectionPool(4)
        crowded, other = await started(pool=pool), await started(pool=pool)
        attackers = [await Client.to(crowded) for _ in range(4)]
        for attacker in attackers:
            await attacker.read()
        others = []
        with caplog.at_level(logging.WARNING):
            for _ in range(2):
                others.append(await Client.to(other))
                assert await others[-1].read() == ANSWER
        assert (crowded.connection_count, other.connection_count, pool.count) == (2, 2, 4)
        assert await attackers[0].is_closed()
        assert len(caplog.records) == 1
        assert "4 connections are open" in caplog.text

    async def test_is_empty_when_its_servers_have_stopped(self) -> None:
        pool = ConnectionPool(4)
        served = server(pool=pool)
        await served.start()
        client = await Client.to(served)
        await client.read()
        await served.stop()
        assert pool.count == 0


class TestSlowDevice:
    async def test_reads_no_further_than_it_has_buffers_and_loses_nothing(self, started: Any) -> None:
        delay = [3600.0]
        served = await started(delay_s=lambda: delay[0], buffers=2)
        clients = [await Client.to(served) for _ in range(5)]
        for client in clients:
            client.writer.write(READ)
        await until(lambda: len(served._stalled) == 3)
        assert len(served._backlog.waiting) == 2
        delay[0] = 0.0
        served.hasten()
        answers = [await asyncio.wait_for(client.reader.readexactly(len(ANSWER)), 2.0) for client in clients]
        assert answers == [ANSWER] * 5
        assert len(served._backlog.waiting) == 0

    async def test_an_answer_that_is_due_while_the_device_is_off_is_never_sent(self, started: Any) -> None:
        delay, on = [3600.0], [True]
        served = await started(delay_s=lambda: delay[0], gate=lambda: on[0])
        client = await Client.to(served)
        client.writer.write(READ)
        await until(lambda: len(served._backlog.waiting) == 1)
        delay[0], on[0] = 0.0, False
        served.hasten()
        assert len(served._backlog.waiting) == 0
        on[0] = True
        client.writer.write(b"\0\2" + READ[2:])
        answer = await asyncio.wait_for(client.reader.readexactly(len(ANSWER)), 2.0)
        assert answer == b"\0\2" + ANSWER[2:], "that of the second request"

    async def test_a_client_that_has_gone_is_not_worked_for(self, started: Any) -> None:
        delay = [3600.0]
        served = await started(delay_s=lambda: delay[0], buffers=1)
        gone, patient = await Client.to(served), await Client.to(served)
        gone.writer.write(READ)
        await until(lambda: len(served._backlog.waiting) == 1)
        patient.writer.write(READ)
        gone.writer.close()
        await until(lambda: len(served._stalled) == 1)
        delay[0] = 0.0
        served.hasten()
        assert await asyncio.wait_for(patient.reader.readexactly(len(ANSWER)), 2.0) == ANSWER


async def test_a_unit_that_dies_of_a_request_gives_no_answer_and_others_behind_its_address_go_on() -> None:
    class Dying(TableUnit):
        def read_registers(self, table: Any, address: int, count: int) -> bytes:
            raise Unanswered

    served = ModbusTcpServer({1: Dying(), 0xFF: TableUnit(holding=[7])}, HOST, 0)
    await served.start()
    try:
        client = await Client.to(served)
        client.writer.write(READ[:6] + b"\1" + READ[7:])
        assert await client.read() == ANSWER
        assert served.counters.no_responses == 1
    finally:
        await served.stop()


class TestTurns:
    """Processor time is given by the test: each request has a stated cost."""

    async def test_a_device_that_has_used_its_turn_rests_and_then_goes_on(
        self, started: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        processor_s = [0.0]

        class Costly(TableUnit):
            def write_registers(self, address: int, data: bytes) -> None:
                processor_s[0] += LONG_S * 0.9

        served = ModbusTcpServer(direct(Costly(holding=[7])), HOST, 0, processor=lambda: processor_s[0])
        turns: list[float] = []
        rested = served._turns._rested
        monkeypatch.setattr(served._turns, "_rested", lambda: (turns.append(processor_s[0]), rested()))
        await served.start()
        try:
            clients = [await Client.to(served) for _ in range(20)]
            for client in clients:
                client.writer.write(WRITE)
            answers = [await asyncio.wait_for(client.reader.readexactly(len(WRITE)), 10.0) for client in clients]
            assert answers == [WRITE] * 20
            assert len(turns) >= 3
            assert all(after - before <= TURN_S + LONG_S for before, after in pairwise([0.0, *turns]))
        finally:
            await served.stop()

    async def test_single_reads_are_never_held_up(self, started: Any) -> None:
        served = await started(processor=lambda: pytest.fail("a read is measured"))
        client = await Client.to(served)
        assert [await client.read() for _ in range(5)] == [ANSWER] * 5
