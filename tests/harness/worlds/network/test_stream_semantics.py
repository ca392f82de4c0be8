"""A stream in memory behaves as a TCP connection of the operating system."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from virtual import real, simulated

Seen = dict[str, list[str]]


class End(asyncio.Protocol):
    """One end of a connection that notes what it is shown; octets in a row are one note."""

    def __init__(self, keep_open: bool = False) -> None:
        self.keep_open = keep_open
        self.seen: list[str] = []
        self.octets = b""
        self.transport: Any = None

    def note(self, what: str) -> None:
        if self.octets:
            self.seen.append(f"received {len(self.octets)}")
            self.octets = b""
        self.seen.append(what)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.note("made")

    def data_received(self, data: bytes) -> None:
        self.octets += data

    def eof_received(self) -> bool:
        self.note("eof")
        return self.keep_open

    def connection_lost(self, exc: Exception | None) -> None:
        self.note(f"lost {type(exc).__name__ if exc else None}")

    def pause_writing(self) -> None:
        self.note("pause")

    def resume_writing(self) -> None:
        self.note("resume")


async def rest() -> None:
    """Long enough for whatever is on its way on loopback."""
    await asyncio.sleep(0.05)


def reset(end: End) -> None:
    end.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.transport.abort()


async def plain_close(near: End, far: End) -> None:
    near.transport.write(b"x" * 100)
    near.transport.close()
    near.note(f"closing {near.transport.is_closing()}")


async def write_after_close(near: End, far: End) -> None:
    near.transport.close()
    near.transport.write(b"too late")
    near.transport.close()


async def abort(near: End, far: End) -> None:
    near.transport.write(b"x" * 100)
    near.transport.abort()


async def resetting(near: End, far: End) -> None:
    far.transport.write(b"x" * 10)
    await rest()
    reset(near)


async def half_close(near: End, far: End) -> None:
    far.keep_open = True
    near.note(f"can {near.transport.can_write_eof()}")
    near.transport.write(b"question")
    near.transport.write_eof()
    await rest()
    far.transport.write(b"answer")
    await rest()
    near.note("answered")
    far.transport.close()


async def both_half_closed(near: End, far: End) -> None:
    near.keep_open = far.keep_open = True
    near.transport.write_eof()
    far.transport.write_eof()
    await rest()
    near.transport.close()
    await rest()
    far.transport.close()


async def write_after_eof(near: End, far: End) -> None:
    near.transport.write_eof()
    try:
        near.transport.write(b"x")
    except RuntimeError as error:
        near.note(str(error))


async def eof_with_the_default_answer(near: End, far: End) -> None:
    near.transport.write_eof()
    await rest()
    near.note("later")


async def closed_with_unread_octets(near: End, far: End) -> None:
    far.transport.pause_reading()
    await rest()
    near.transport.write(b"x" * 100)
    await rest()
    far.transport.close()


async def writing_to_who_has_closed(near: End, far: End) -> None:
    near.keep_open = True
    far.transport.close()
    await rest()
    near.transport.write(b"one")
    await rest()
    near.transport.write(b"two")
    await rest()
    near.note("later")


async def end_behind_a_pause(near: End, far: End) -> None:
    far.transport.pause_reading()
    await rest()
    near.transport.write(b"x" * 100)
    near.transport.close()
    await rest()
    far.note(f"reading {far.transport.is_reading()}")
    far.transport.resume_reading()
    far.note(f"reading {far.transport.is_reading()}")


async def resume_does_not_call_at_once(near: End, far: End) -> None:
    far.transport.pause_reading()
    await rest()
    near.transport.write(b"x")
    await rest()
    far.transport.resume_reading()
    far.note("resumed")


async def slow_reader(near: End, far: End) -> None:
    far.transport.pause_reading()
    near.transport.write(b"x" * 20_000_000)
    near.note("written")
    await rest()
    far.transport.resume_reading()
    for _ in range(40):
        await rest()


async def limits(near: End, far: End) -> None:
    near.note(str(near.transport.get_write_buffer_limits()))
    near.transport.set_write_buffer_limits(high=1000)
    near.note(str(near.transport.get_write_buffer_limits()))
    near.transport.set_write_buffer_limits(low=50)
    near.note(str(near.transport.get_write_buffer_limits()))
    try:
        near.transport.set_write_buffer_limits(1, 2)
    except ValueError as error:
        near.note(str(error))


async def wrong_type(near: End, far: End) -> None:
    for wrong in ("text", 5):
        try:
            near.transport.write(wrong)
        except TypeError as error:
            near.note(type(error).__name__)


async def nothing_written(near: End, far: End) -> None:
    near.transport.write(b"")
    await rest()


async def a_protocol_that_raises(near: End, far: End) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: far.note(str(context["exception"])))

    def data_received(data: bytes) -> None:
        raise ValueError("what is this")

    far.data_received = data_received  # type: ignore[method-assign]
    near.transport.write(b"x")


async def names(near: End, far: End) -> None:
    info, other = near.transport.get_extra_info, far.transport.get_extra_info
    near.note(f"{info('peername') == other('sockname')} {info('sockname') == other('peername')}")
    near.note(f"{info('socket').getpeername() == info('peername')} {info('nothing', 'default')}")
    near.note(f"{other('socket').getsockname() == other('sockname')} {info('sslcontext')}")


PROGRAMS = [
    plain_close, write_after_close, abort, resetting, half_close, both_half_closed, write_after_eof,
    eof_with_the_default_answer, closed_with_unread_octets, writing_to_who_has_closed,
    end_behind_a_pause, resume_does_not_call_at_once, slow_reader, limits, wrong_type, nothing_written,
    a_protocol_that_raises, names,
]  # fmt: skip


def both_ends(program: Callable[[End, End], Awaitable[None]], swapped: bool) -> Callable[[], Any]:
    async def main() -> Seen:
        loop = asyncio.get_running_loop()
        client, server = End(), End()
        listener = await loop.create_server(lambda: server, "127.0.0.1", 0)
        await loop.create_connection(lambda: client, *listener.sockets[0].getsockname()[:2])
        await rest()
        await program(*((server, client) if swapped else (client, server)))
        await rest()
        listener.close()
        for end in (client, server):
            end.note("test over")
            end.transport.abort()
        return {"client": client.seen, "server": server.seen}

    return main


@pytest.mark.parametrize("swapped", [False, True], ids=["by the client", "by the server"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_stream_shows_what_a_real_socket_shows(program: Callable[[End, End], Awaitable[None]], swapped: bool) -> None:
    main = both_ends(program, swapped)
    assert simulated(main) == real(main)


# -- connections and datagrams ------------------------------------------------------------------------------------------


async def error_of(opening: Awaitable[Any]) -> str:
    try:
        await opening
    except OSError as error:
        return f"{type(error).__name__} {error.errno}"
    return "none"


async def refused() -> str:
    listener = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    listener.close()
    await listener.wait_closed()
    return await error_of(asyncio.open_connection("127.0.0.1", port))


async def taken() -> str:
    listener = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    try:
        return await error_of(asyncio.start_server(lambda r, w: None, *listener.sockets[0].getsockname()))
    finally:
        listener.close()


async def listened_again() -> str:
    listener = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    place = listener.sockets[0].getsockname()
    listener.close()
    await listener.wait_closed()
    again = await asyncio.start_server(lambda r, w: None, *place)
    said = f"{again.is_serving()} {listener.is_serving()} {listener.sockets}"
    again.close()
    return said


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def streams() -> list[bytes]:
    got = []
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as listener:
        reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
        for line in (b"one\n", b"two\n"):
            writer.write(line)
            await writer.drain()
            got.append(await reader.readline())
        writer.write_eof()
        got.append(await reader.read())
        writer.close()
        await writer.wait_closed()
    return got


async def served_for_ever() -> list[str]:
    listener = await asyncio.start_server(echo, "127.0.0.1", 0)
    serving = asyncio.create_task(listener.serve_forever())
    await asyncio.sleep(0)
    seen = [str(listener.is_serving())]
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    seen += [str(serving.cancelled()), str(listener.is_serving())]
    return seen


async def still_open_when_the_listener_closes() -> bytes:
    listener = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
    await rest()
    listener.close()
    writer.write(b"still\n")
    answer = await reader.readline()
    writer.close()
    await rest()
    return answer


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.seen: list[str] = []
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.seen.append("made")

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.seen.append(data.decode())

    def error_received(self, exc: Exception) -> None:
        self.seen.append(type(exc).__name__)

    def connection_lost(self, exc: Exception | None) -> None:
        self.seen.append("lost")


async def bound(*place: Any, remote: Any = None) -> Datagrams:
    _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        Datagrams, local_addr=place or ("127.0.0.1", 0), remote_addr=remote
    )
    assert protocol.seen == ["made"]
    return protocol


def name(endpoint: Datagrams) -> tuple[str, int]:
    return endpoint.transport.get_extra_info("sockname")


async def connected_datagrams_come_from_one_peer() -> list[str]:
    server, stranger = await bound(), await bound()
    client = await bound(remote=name(server))
    client.transport.sendto(b"question")
    await rest()
    server.transport.sendto(b"answer", name(client))
    stranger.transport.sendto(b"spam", name(client))
    await rest()
    for endpoint in (server, stranger, client):
        endpoint.transport.close()
    await rest()
    return client.seen + server.seen + stranger.seen


async def nobody_is_bound() -> list[str]:
    gone, stranger = await bound(), await bound()
    place = name(gone)
    gone.transport.close()
    await rest()
    client = await bound(remote=place)
    client.transport.sendto(b"question")
    stranger.transport.sendto(b"question", place)
    await rest()
    client.transport.close()
    stranger.transport.close()
    await rest()
    return client.seen + stranger.seen


async def datagram_port_taken() -> str:
    first = await bound()
    try:
        return await error_of(bound(*name(first)))
    finally:
        first.transport.close()


async def localhost_is_numeric() -> list[str]:
    server = await bound("localhost", 0)
    client = await bound(remote=("localhost", name(server)[1]))
    client.transport.sendto(b"question")
    await rest()
    server.transport.close()
    client.transport.close()
    await rest()
    return server.seen


OPENINGS = [
    refused, taken, listened_again, streams, served_for_ever, still_open_when_the_listener_closes,
    connected_datagrams_come_from_one_peer, nobody_is_bound, datagram_port_taken, localhost_is_numeric,
]  # fmt: skip


@pytest.mark.parametrize("program", OPENINGS, ids=lambda program: program.__name__)
def test_opening_and_datagrams_are_as_on_real_sockets(program: Callable[[], Any]) -> None:
    assert simulated(program) == real(program)
