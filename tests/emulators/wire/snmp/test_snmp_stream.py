"""SNMP over TCP: messages found in a stream however it is cut, answered in order; what is no message ends it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snmp_manager import SYSTEM, Device, read, request
from workers.dialling import dial

from twinfeed.emulators.wire.snmp import SnmpStreamServer
from twinfeed.emulators.wire.snmp.stream import MAX_CONNECTIONS, MAX_MESSAGE, NotAMessage, message_end
from twinfeed.emulators.wire.turns import LONG_S, TURN_S

pytestmark = pytest.mark.usefixtures("hanging_up")

HOST = "127.12.2.3"
NAME = (*SYSTEM, 5, 0)


class Gate:
    open = True
    delay_s = 0.0


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def server(gate: Gate) -> AsyncIterator[SnmpStreamServer]:
    serving = SnmpStreamServer(Device().agent(), HOST, 0, lambda: gate.open, delay_s=lambda: gate.delay_s)
    async with serving:
        yield serving


async def message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(2)
    assert head[1] < 0x80, "the answers here are short"
    return head + await reader.readexactly(head[1])


async def connected(server: SnmpStreamServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await dial(server.host, server.port)


@pytest.mark.parametrize("piece", [1, 3, 7, 1000])
async def test_requests_are_answered_however_the_stream_is_cut(server: SnmpStreamServer, piece: int) -> None:
    reader, writer = await connected(server)
    octets = b"".join(request("Get", NAME, request_id=number) for number in range(1, 6))
    for start in range(0, len(octets), piece):
        writer.write(octets[start : start + piece])
        await writer.drain()
        await asyncio.sleep(0)
    for _ in range(5):
        assert read(await message(reader)).values == [b"pdu-a"]
    writer.close()


@pytest.mark.parametrize(
    "octets", [b"GET / HTTP/1.1\r\n", b"\x30\x80\x02\x01\x01", b"\x30\x84\x7f\xff\xff\xff", b"\x02"]
)
async def test_what_is_no_message_ends_the_connection(server: SnmpStreamServer, octets: bytes) -> None:
    reader, writer = await connected(server)
    writer.write(request("Get", NAME) + octets)
    assert read(await message(reader)).values == [b"pdu-a"]
    assert await reader.read() == b""
    writer.close()


async def test_a_message_that_cannot_be_parsed_leaves_the_connection(server: SnmpStreamServer) -> None:
    reader, writer = await connected(server)
    writer.write(b"\x30\x03\x02\x01\x07" + request("Get", NAME))
    assert read(await message(reader)).values == [b"pdu-a"]
    writer.close()


async def test_a_slow_device_reads_no_further_until_it_has_answered(server: SnmpStreamServer, gate: Gate) -> None:
    gate.delay_s = 3600.0
    reader, writer = await connected(server)
    writer.write(b"".join(request("Get", NAME, request_id=number) for number in range(1, 101)))
    while not server.backlog.full:
        await asyncio.sleep(0.01)
    gate.delay_s = 0.0
    server.hasten()
    for _ in range(100):
        await message(reader)
    assert server.backlog.dropped == 0
    writer.close()


async def test_an_answer_that_is_due_while_the_device_is_off_is_never_sent(
    server: SnmpStreamServer, gate: Gate
) -> None:
    gate.delay_s = 3600.0
    reader, writer = await connected(server)
    writer.write(request("Get", (*SYSTEM, 3, 0)))
    while not server.backlog.waiting:
        await asyncio.sleep(0.01)
    gate.delay_s, gate.open = 0.0, False
    server.hasten()
    assert not server.backlog.waiting
    gate.open = True
    writer.write(request("Get", NAME))
    assert read(await message(reader)).values == [b"pdu-a"], "of the second request"
    writer.close()


async def test_a_device_without_power_answers_nothing_and_forgets_the_connection(
    server: SnmpStreamServer, gate: Gate
) -> None:
    reader, writer = await connected(server)
    writer.write(request("Get", NAME))
    await message(reader)
    gate.open = False
    writer.write(request("Get", NAME))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1)
    gate.open = True
    writer.write(request("Get", NAME))
    with suppress(ConnectionResetError):  # or an orderly end
        assert await reader.read() == b""
    writer.close()


async def test_one_connection_too_many_ends_the_most_silent_one(server: SnmpStreamServer) -> None:
    first, *rest = [await connected(server) for _ in range(MAX_CONNECTIONS)]
    for _, writer in rest:
        writer.write(request("Get", NAME))
    for reader, _ in rest:
        await message(reader)
    last = await connected(server)
    last[1].write(request("Get", NAME))
    await message(last[0])
    assert await first[0].read() == b""
    for _, writer in (first, *rest, last):
        writer.close()


async def test_a_device_that_has_used_its_turn_rests_and_then_goes_on_with_each_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Processor time is given by the test: each request costs nine tenths of a long one."""
    processor_s = [0.0]
    agent = Device().agent()
    answered = agent.handle_in_stream

    def costly(octets: bytes) -> bytes | None:
        processor_s[0] += LONG_S * 0.9
        return answered(octets)

    async with SnmpStreamServer(agent, HOST, 0, processor=lambda: processor_s[0]) as served:
        monkeypatch.setattr(served, "agent", SimpleNamespace(handle_in_stream=costly))
        turns: list[float] = []
        rested = served.turns._rested
        monkeypatch.setattr(served.turns, "_rested", lambda: (turns.append(processor_s[0]), rested()))
        clients = [await connected(served) for _ in range(4)]
        for _, writer in clients:
            writer.write(b"".join(request("Get", NAME) for _ in range(5)))
        for reader, _ in clients:
            for _ in range(5):
                await asyncio.wait_for(message(reader), 10.0)
        for _, writer in clients:
            writer.close()
    assert len(turns) >= 3
    assert all(after - before <= TURN_S + LONG_S for before, after in pairwise([0.0, *turns]))


@given(st.binary(max_size=20))
def test_where_a_message_ends_is_told_or_it_is_none(octets: bytes) -> None:
    try:
        end = message_end(octets)
    except NotAMessage:
        return
    assert end is None or 2 <= end <= 2 + 4 + MAX_MESSAGE
    if end is not None:
        for cut in range(len(octets)):
            assert message_end(octets[:cut]) in (None, end)
