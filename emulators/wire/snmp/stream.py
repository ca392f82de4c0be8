"""SNMP over TCP (RFC 3430): the same messages one after the other on a connection.

A message is found by its own length, which its SEQUENCE contains. Octets that are no message end the connection, since
the start of the next one is unknown (RFC 3430 §2.1).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import cast

from twinfeed.emulators.wire.backlog import BUFFERS, Backlog, always, nothing, promptly
from twinfeed.emulators.wire.pool import ConnectionPool
from twinfeed.emulators.wire.snmp.agent import SnmpAgent
from twinfeed.emulators.wire.snmp.server import SNMP_PORT, check_loopback, log_failure
from twinfeed.emulators.wire.turns import Turns

MAX_MESSAGE = 65_535
"""Longest message that is read, octets; RFC 3430 §2.2 recommends at least 8192."""

MAX_CONNECTIONS = 16
"""Connections kept at one agent. A further one closes the one that was silent longest."""

_SEQUENCE = 0x30


class NotAMessage(ValueError):
    """The octets of a stream do not begin with an SNMP message that may be read."""


def message_end(received: bytes | bytearray) -> int | None:
    """The end of the first message in `received`; None while its header is incomplete.

    Raises:
        NotAMessage: no SEQUENCE, of indefinite length, or longer than MAX_MESSAGE.
    """
    if not received:
        return None
    if received[0] != _SEQUENCE:
        raise NotAMessage(f"found tag {received[0]:#04x}, expected the SEQUENCE of a message")
    if len(received) < 2:
        return None
    first = received[1]
    if first < 0x80:
        return 2 + first
    size = first & 0x7F
    if not 1 <= size <= 4:
        raise NotAMessage(f"found a length of {size} octets, expected 1 to 4")
    if len(received) < 2 + size:
        return None
    length = int.from_bytes(received[2 : 2 + size], "big")
    if length > MAX_MESSAGE:
        raise NotAMessage(f"found a message of {length} octets, expected at most {MAX_MESSAGE}")
    return 2 + size + length


class SnmpStreamServer:
    """Serves `agent` over TCP at (host, port); port 0 takes a free one, which `port` has after :meth:`start`.

    While `gate` returns False what arrives is swallowed, as by a device without power or with its cable out; a
    connection used meanwhile is reset at its next octets. `catch_up` is called before the gate (see `SnmpServer`).
    `delay_s` returns how long the device takes over each answer, s; at most `buffers` answers wait, and nothing more is
    read meanwhile. `failed` is called with an exception in the device's code; the request gets no answer. `processor`
    (s) measures requests for the device's turns (`Turns`); by default none takes time, so that a simulation repeats.
    NotLoopback for an address others can reach, unless that is allowed.
    """

    def __init__(
        self,
        agent: SnmpAgent,
        host: str = "127.0.0.1",
        port: int = SNMP_PORT,
        gate: Callable[[], bool] = always,
        *,
        catch_up: Callable[[], None] = nothing,
        delay_s: Callable[[], float] = promptly,
        buffers: int = BUFFERS,
        failed: Callable[[Exception], None] = log_failure,
        pool: ConnectionPool | None = None,
        processor: Callable[[], float] = promptly,
        allow_non_loopback: bool = False,
    ) -> None:
        check_loopback(host, allow_non_loopback)
        self.agent = agent
        self.host = host
        self.port = port
        self.gate = gate
        self.catch_up = catch_up
        self.failed = failed
        self.delay_s = delay_s
        self.backlog = Backlog(delay_s, buffers)
        self.backlog.freed = self._go_on
        self.processor = processor
        self.turns = Turns(self._go_on)
        self._stalled: deque[_Connection] = deque()
        """Connections with messages that wait for a free buffer, or for the end of the device's rest."""
        self._pool = pool
        self._server: asyncio.Server | None = None
        self._connections: dict[_Connection, None] = {}

    async def start(self) -> None:
        """Listen on the running loop; OSError when the address is taken or a port below 1024 is not permitted."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self, loop), self.host, self.port)
        if self.port == 0:
            self.port = self._server.sockets[0].getsockname()[1]
        if self._pool is not None:
            self._pool.join(self)

    async def stop(self) -> None:
        """Stop listening and drop every connection; nothing happens if not started."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        self.backlog.clear()
        self._stalled.clear()
        self.turns.stop()
        for connection in list(self._connections):
            connection.abort()
        if self._pool is not None:
            self._pool.leave(self)
        await server.wait_closed()

    async def __aenter__(self) -> "SnmpStreamServer":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def hasten(self) -> None:
        """Send the answers that are due. Call this after the delay may have changed."""
        self.backlog.hasten()

    def _go_on(self) -> None:
        """Resume the connections that waited, in their order."""
        while self._stalled and self.is_free:
            self._stalled.popleft().go_on()

    @property
    def is_free(self) -> bool:
        """True if the device takes a request now: it has a buffer for the answer, and does not rest."""
        return not self.backlog.full and not self.turns.resting

    def stalled(self, connection: "_Connection") -> None:
        """Resume that connection when the device is free."""
        self._stalled.append(connection)

    def opened(self, connection: "_Connection") -> None:
        if len(self._connections) >= MAX_CONNECTIONS:
            self.close_longest_silent()
        if self._pool is not None:
            self._pool.opening()
        self._connections[connection] = None

    @property
    def connection_count(self) -> int:
        """Connections open now."""
        return len(self._connections)

    def close_longest_silent(self) -> None:
        """Close the connection that has been silent longest."""
        min(self._connections, key=lambda one: one.heard_s).abort()

    def closed(self, connection: "_Connection") -> None:
        if connection in self._connections:
            del self._connections[connection]
            if self._pool is not None:
                self._pool.closed()


class _Connection(asyncio.Protocol):
    def __init__(self, server: SnmpStreamServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self._received = bytearray()
        self._forgotten = False
        self._stalled = False
        self.heard_s = loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are none by class
        self._server.catch_up()
        self._forgotten = not self._server.gate()
        self._server.opened(self)

    def data_received(self, data: bytes) -> None:
        self.heard_s = self._loop.time()
        self._server.catch_up()
        if not self._server.gate():
            self._forgotten = True
            return
        if self._forgotten:
            self._transport.abort()
            return
        self._received += data
        if not self._stalled:
            self._answer()

    def _answer(self) -> None:
        """Answer the received messages, until all buffers of a slow device are taken or its turn ends."""
        server = self._server
        backlog = server.backlog
        while not self._transport.is_closing():
            try:
                end = message_end(self._received)
            except NotAMessage:
                self._transport.close()
                return
            if end is None or end > len(self._received):
                return
            if not server.is_free:
                self._stalled = True
                self._transport.pause_reading()
                server.stalled(self)
                return
            message = bytes(self._received[:end])
            del self._received[:end]
            began_s = server.processor()
            try:
                answer = server.agent.handle_in_stream(message)
            except Exception as error:
                server.failed(error)
                answer = None
            server.turns.worked(server.processor() - began_s, self._loop)
            if answer is None:
                continue
            if server.delay_s() > 0.0 or backlog.waiting:
                backlog.put(partial(self._answer_late, answer))
            else:
                self._transport.write(answer)

    def _answer_late(self, answer: bytes) -> None:
        self._server.catch_up()
        if not self._transport.is_closing() and self._server.gate():
            self._transport.write(answer)

    def go_on(self) -> None:
        """Continue: the device has a free buffer, or its next turn."""
        if self._stalled and not self._transport.is_closing():
            self._stalled = False
            self._transport.resume_reading()
            self._answer()

    def pause_writing(self) -> None:
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        if not self._stalled:
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.closed(self)

    def abort(self) -> None:
        self._transport.abort()
        self._server.closed(self)
