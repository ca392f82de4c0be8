"""The server on real sockets: bad clients do not disturb good ones, nothing grows, nothing reaches the log."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator

import pytest
from workers.dialling import dial

from twinfeed.emulators.wire.modbus import ModbusTcpServer, TableUnit, direct

pytestmark = pytest.mark.usefixtures("hanging_up")

Serve = Callable[..., Awaitable[ModbusTcpServer]]
Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]

READ = bytes.fromhex("0001 0000 0006 01 03 0004 0001")
ANSWER = bytes.fromhex("0001 0000 0005 01 03 02 0004")


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


async def connect(server: ModbusTcpServer) -> Client:
    return await dial(*server.address)


async def ask(client: Client, request: bytes = READ) -> bytes:
    reader, writer = client
    writer.write(request)
    return await asyncio.wait_for(reader.readexactly(len(ANSWER)), 10)


async def ending(client: Client) -> bytes:
    """Octets that still come until the server closes the connection."""
    return await asyncio.wait_for(client[0].read(), 10)


class TestBadClientsBesideAGoodOne:
    async def test_one_that_sends_byte_by_byte(self, serve: Serve) -> None:
        server = await serve()
        slow, good = await connect(server), await connect(server)
        for byte in READ[:-1]:
            slow[1].write(bytes((byte,)))
            await slow[1].drain()
            assert await ask(good) == ANSWER
        assert await ask(slow, READ[-1:]) == ANSWER

    async def test_one_that_leaves_in_the_middle_of_a_request(self, serve: Serve) -> None:
        server = await serve()
        truncated, good = await connect(server), await connect(server)
        truncated[1].write(READ[:9])
        truncated[1].close()
        assert await ask(good) == ANSWER

    async def test_one_that_announces_an_impossible_length_is_closed(self, serve: Serve) -> None:
        server = await serve()
        oversized, good = await connect(server), await connect(server)
        oversized[1].write(READ + bytes.fromhex("0002 0000 FFFF") + b"\0" * 500)
        assert await ending(oversized) == ANSWER
        assert await ask(good) == ANSWER

    async def test_one_that_speaks_http(self, serve: Serve) -> None:
        server = await serve()
        stranger, good = await connect(server), await connect(server)
        stranger[1].write(b"GET / HTTP/1.1\r\nHost: ups\r\n\r\n")
        assert await ending(stranger) == b""
        assert await ask(good) == ANSWER

    async def test_one_that_closes_its_half_still_gets_its_answer(self, serve: Serve) -> None:
        server = await serve()
        half_open, good = await connect(server), await connect(server)
        half_open[1].write(READ)
        half_open[1].write_eof()
        assert await ending(half_open) == ANSWER
        assert await ask(good) == ANSWER

    async def test_one_that_resets(self, serve: Serve) -> None:
        server = await serve()
        good = await connect(server)
        resetting = socket.create_connection(server.address)
        resetting.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        resetting.sendall(READ * 10)
        resetting.close()
        assert await ask(good) == ANSWER

    async def test_one_that_never_reads_is_not_read_from_and_loses_nothing(self, serve: Serve) -> None:
        """Requests of 12 bytes ask for 259 each: unread answers must fill the sockets, not the memory."""
        server = await serve()
        good = await connect(server)
        greedy = socket.socket()
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * 1024)
        greedy.connect(server.address)
        greedy.setblocking(False)
        requests = b"".join(struct.pack(">HHHBBHH", n & 0xFFFF, 0, 6, 1, 3, 0, 125) for n in range(200_000))
        sent = 0
        for _ in range(500):
            try:
                sent += greedy.send(requests[sent : sent + 65536])
            except BlockingIOError:
                assert await ask(good) == ANSWER
        assert sent < len(requests)
        held = max(connection._transport.get_write_buffer_size() for connection in server._connections)
        assert 0 < held < 128 * 1024

        loop = asyncio.get_running_loop()
        whole_requests = sent // 12
        answers = bytearray()
        while len(answers) < 259 * whole_requests:
            answers += await asyncio.wait_for(loop.sock_recv(greedy, 1 << 20), 10)
        transactions = [struct.unpack_from(">H", answers, 259 * n)[0] for n in range(whole_requests)]
        assert transactions == [n & 0xFFFF for n in range(whole_requests)]
        greedy.close()


class TestGate:
    """A device without power or network answers nothing, and has forgotten its connections when it is back."""

    async def test_what_arrives_while_it_is_closed_is_swallowed_and_the_connection_reset_afterwards(
        self, serve: Serve
    ) -> None:
        reachable = True
        server = await serve(gate=lambda: reachable)
        client = await connect(server)
        assert await ask(client) == ANSWER
        reachable = False
        swallowed = server.counters.bus_messages
        client[1].write(READ)
        await until(lambda: any(connection.forgotten for connection in server._connections))
        assert server.counters.bus_messages == swallowed
        reachable = True
        client[1].write(READ)
        with pytest.raises(ConnectionResetError):
            await ending(client)
        assert await ask(await connect(server)) == ANSWER

    async def test_a_connection_opened_while_it_is_closed_is_reset_too(self, serve: Serve) -> None:
        reachable = False
        server = await serve(gate=lambda: reachable)
        client = await connect(server)
        await until(lambda: server.connection_count == 1)
        reachable = True
        client[1].write(READ)
        with pytest.raises(ConnectionResetError):
            await ending(client)

    async def test_a_device_that_restarts_resets_the_connections_it_had(self, serve: Serve) -> None:
        server = await serve()
        client = await connect(server)
        assert await ask(client) == ANSWER
        server.lose_connections()
        client[1].write(READ)
        with pytest.raises(ConnectionResetError):
            await ending(client)


class TestConnectionLimit:
    async def test_one_too_many_closes_the_one_silent_longest(self, serve: Serve) -> None:
        server = await serve(max_connections=3)
        first, second, third = [await connect(server) for _ in range(3)]
        for client in (first, second, third, first):
            assert await ask(client) == ANSWER
        fourth = await connect(server)
        assert await ending(second) == b""
        for client in (first, third, fourth):
            assert await ask(client) == ANSWER
        assert server.connection_count == 3

    async def test_connections_that_end_make_room(self, serve: Serve) -> None:
        server = await serve(max_connections=2)
        kept = await connect(server)
        for _ in range(5):
            passing = await connect(server)
            assert await ask(passing) == ANSWER
            passing[1].close()
            await until(lambda: server.connection_count == 1)
        assert await ask(kept) == ANSWER


class TestStartAndStop:
    async def test_stop_ends_the_connections_and_frees_the_port(self) -> None:
        server = ModbusTcpServer(direct(TableUnit(holding=range(9))), "127.11.0.1", 0)
        await server.start()
        address = server.address
        client = await connect(server)
        await ask(client)
        await server.stop()
        await server.stop()
        assert await ending(client) == b""
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*address)
        await server.start()
        assert server.address == address
        await server.stop()

    async def test_starting_twice_is_refused(self, serve: Serve) -> None:
        server = await serve()
        with pytest.raises(RuntimeError, match="already started"):
            await server.start()

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "", "ups.example.org"])
    def test_an_address_that_others_can_reach_needs_to_be_asked_for(self, host: str) -> None:
        with pytest.raises(ValueError, match="allow_non_loopback=True"):
            ModbusTcpServer({}, host)
        ModbusTcpServer({}, host, allow_non_loopback=True)

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.11.200.3", "::1", "localhost"])
    def test_loopback_addresses_need_not(self, host: str) -> None:
        ModbusTcpServer({}, host)

    @pytest.mark.parametrize("options", [{"max_connections": 0}, {"idle_timeout_s": 0}, {"idle_timeout_s": -1.0}])
    def test_impossible_limits_are_refused(self, options: dict[str, float]) -> None:
        with pytest.raises(ValueError, match="expected"):
            ModbusTcpServer({}, **options)  # type: ignore[arg-type]


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until it has come to that; fails after 10 s."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)
