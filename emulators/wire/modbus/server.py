"""A Modbus server for streams on an asyncio event loop: real sockets, or the simulated world's network.

Modbus TCP, the same in TLS (Modbus/TCP Security), and RTU over TCP as serial device servers pass it on.

Only `loop.create_server`, `loop.time`, timers and the transport are used, so any event loop will do.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal, cast

from twinfeed.emulators.wire.backlog import BUFFERS, Backlog, always, nothing, promptly
from twinfeed.emulators.wire.modbus.diagnostics import Counters
from twinfeed.emulators.wire.modbus.rtu import ModbusRtuConnection
from twinfeed.emulators.wire.modbus.tcp import ModbusTcpConnection
from twinfeed.emulators.wire.modbus.unit import ExceptionCode, Unit
from twinfeed.emulators.wire.pool import ConnectionPool
from twinfeed.emulators.wire.turns import Turns

MODBUS_PORT = 502
"""The port IANA registered for Modbus (mbap)."""

_RECEIVE_BYTES = 520
"""Read at once from a connection: two of the longest requests, so that a client that sends many has its turn no longer
than others."""
_READ_BYTES, _FUNCTION_AT, _READS = 12, 7, frozenset((1, 2, 3, 4))
"""The length of a Modbus TCP frame of a read, the place of its function code, and the functions that only read. One of
these at a time never takes long; all else is measured."""

_NO_LINGER = struct.pack("ii", 1, 0)
"""struct linger: on, 0 s: closing discards what is unsent and sends a reset."""

_log = logging.getLogger(__name__)


def log_failure(error: Exception) -> None:
    """The default handler of an exception in a device's code: log it, and send no answer."""
    _log.error("no answer to a Modbus request, since the device's code failed", exc_info=error)


class ModbusTcpServer:
    """One listening address with one or more units behind it.

    `units` maps unit identifiers to units and may change while the server runs. `port` 0 lets the system choose;
    see `address`. `absent` is what a request for a unit that is not there gets, None for no answer.

    `gate` is called at each arrival of data. While it returns False the device has no power or no network, and the data
    are swallowed. A connection used or opened meanwhile is reset at its next data after the gate opened again, as by a
    device that came back and knows nothing of it. `catch_up` is called first, at each arrival and before an answer that
    was delayed leaves: it brings everything that the gate and the units depend on up to the loop's time.

    `delay_s` is asked before each answer how many seconds the device takes over it; it answers one request after the
    other, so what comes meanwhile waits. While `buffers` answers wait, nothing more is read from any connection.

    At most `max_connections` are kept. One more is reset at once (`when_full` is "refuse"), or closes the one that has
    been silent longest ("close-oldest"), as the connection pool of the Messaging on TCP/IP Implementation Guide does. A
    connection silent for `idle_timeout_s` seconds is closed (None: never). A client that does not read its answers is
    not read from either. `pool` bounds the connections of several servers together.

    `failed` is called with an exception in the device's code that is no answer; the request gets none. `processor`
    (`time.thread_time`) measures what requests take, for the device's turns; in virtual time nothing may.

    `framing` is "mbap" (Modbus TCP) or "rtu", where `absent` does not apply: on a line, who is not there is silent.
    With a `tls` context connections are encrypted; whether clients need a certificate is the context's business.

    Raises ValueError for a host that is not a loopback address unless `allow_non_loopback`.
    """

    def __init__(
        self,
        units: Mapping[int, Unit],
        host: str = "127.0.0.1",
        port: int = MODBUS_PORT,
        *,
        gate: Callable[[], bool] = always,
        catch_up: Callable[[], None] = nothing,
        delay_s: Callable[[], float] = promptly,
        counters: Counters | None = None,
        absent: ExceptionCode | None = ExceptionCode.GATEWAY_TARGET_FAILED_TO_RESPOND,
        max_connections: int | Callable[[], int] = 64,
        when_full: Literal["close-oldest", "refuse"] = "close-oldest",
        idle_timeout_s: float | None = None,
        buffers: int = BUFFERS,
        pool: ConnectionPool | None = None,
        failed: Callable[[Exception], None] = log_failure,
        processor: Callable[[], float] = promptly,
        allow_non_loopback: bool = False,
        framing: Literal["mbap", "rtu"] = "mbap",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        check_loopback(host, allow_non_loopback)
        if isinstance(max_connections, int) and max_connections < 1:
            raise ValueError(f"max_connections is {max_connections}, expected at least 1")
        if idle_timeout_s is not None and not idle_timeout_s > 0:
            raise ValueError(f"idle_timeout_s is {idle_timeout_s}, expected more than 0, or None for never")
        self.counters = counters if counters is not None else Counters()
        self._units = units
        self._host = host
        self._port = port
        self._gate = gate
        self._catch_up = catch_up
        self._delay_s = delay_s
        self._backlog = Backlog(delay_s, buffers)
        self._backlog.freed = self._go_on
        self._stalled: deque[_Connection] = deque()
        """Connections with data that wait for a free buffer, or for the end of the device's rest."""
        self._turns = Turns(self._go_on)
        self._full = False
        """True if the limit of connections was reached and logged."""
        self._failed = failed
        self._processor = processor
        self._absent = absent
        self._max_connections = max_connections
        self._when_full = when_full
        self._pool = pool
        self._idle_timeout_s = idle_timeout_s
        self._framing = framing
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: dict[_Connection, None] = {}
        self._idle_check: asyncio.TimerHandle | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port; after `start` the port that was bound."""
        return self._host, self._port

    @property
    def connection_count(self) -> int:
        """Connections open now."""
        return len(self._connections)

    async def start(self) -> None:
        """Listen, on the running loop. Raises OSError if the address cannot be bound."""
        if self._server is not None:
            raise RuntimeError(f"Modbus server on {self._host}:{self._port} is already started: stop it first")
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Connection(self, loop), self._host, self._port, ssl=self._tls)
        self._server = server
        if self._pool is not None:
            self._pool.join(self)
        if self._port == 0:
            self._port = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop every connection. Does nothing if not started."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        self._backlog.clear()
        self._stalled.clear()
        self._turns.stop()
        for connection in list(self._connections):
            self._drop(connection)
        if self._pool is not None:
            self._pool.leave(self)
        await server.wait_closed()

    def hasten(self) -> None:
        """Send the waiting answers that are due. Call this after the delay may have changed."""
        self._backlog.hasten()

    def close_longest_silent(self) -> None:
        """Close the connection that has been silent longest."""
        self._drop(min(self._connections, key=_heard_s))

    def lose_connections(self) -> None:
        """Forget the open connections, as a restart does: each is reset at its next data."""
        for connection in self._connections:
            connection.forgotten = True

    def _framed(self) -> ModbusTcpConnection | ModbusRtuConnection:
        if self._framing == "rtu":
            return ModbusRtuConnection(self._units, self.counters)
        return ModbusTcpConnection(self._units, self.counters, absent=self._absent)

    def _opened(self, connection: _Connection, loop: asyncio.AbstractEventLoop) -> bool:
        """Add this connection. Returns False if it is refused."""
        most = self._max_connections if isinstance(self._max_connections, int) else self._max_connections()
        if len(self._connections) >= most:
            self._log_limit(most)
            if self._when_full == "refuse":
                return False
            while len(self._connections) >= most:
                self.close_longest_silent()
        if self._pool is not None:
            self._pool.opening()
        self._connections[connection] = None
        if self._idle_timeout_s is not None and self._idle_check is None:
            self._idle_check = loop.call_later(self._idle_timeout_s, self._close_idle, loop)
        return True

    def _log_limit(self, most: int) -> None:
        """Log one line when the limit is reached, and again only after connections have closed by themselves."""
        if not self._full:
            self._full = True
            fate = "further ones are refused" if self._when_full == "refuse" else "each further one closes the oldest"
            _log.warning("%s:%d holds %d Modbus connections, its limit: %s", self._host, self._port, most, fate)

    def _closed(self, connection: _Connection) -> None:
        if connection not in self._connections:
            return
        del self._connections[connection]
        if self._pool is not None:
            self._pool.closed()
        if not self._connections and self._idle_check is not None:
            self._idle_check.cancel()
            self._idle_check = None

    def _go_on(self) -> None:
        """Resume the connections that waited for a buffer, in their order."""
        while self._stalled and not self._turns.resting and not self._backlog.full:
            self._stalled.popleft().go_on()

    def _drop(self, connection: _Connection) -> None:
        connection.abort()
        self._closed(connection)

    def _close_idle(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close the connections that are silent for too long, and schedule the next check."""
        assert self._idle_timeout_s is not None
        self._idle_check = None
        silent_since_s = loop.time() - self._idle_timeout_s
        for connection in [c for c in self._connections if c.heard_s <= silent_since_s]:
            self._drop(connection)
        if self._connections:
            first_s = min(connection.heard_s for connection in self._connections)
            self._idle_check = loop.call_at(first_s + self._idle_timeout_s, self._close_idle, loop)


class _Connection(asyncio.BufferedProtocol):
    """One accepted connection: passes bytes between the transport and the sans-IO connection.

    Buffered, because asyncio's streaming transport allocates 256 KiB for every receive, which costs more than
    the request, and because a small buffer bounds how many answers one receive can give rise to. An event loop
    that knows streaming protocols only may call `data_received`.
    """

    def __init__(self, server: ModbusTcpServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self._now_s = loop.time
        self._gate = server._gate
        self._catch_up = server._catch_up
        self._delay_s = server._delay_s
        self._backlog = server._backlog
        self._turns = server._turns
        self._held = b""
        """Data received while the device had no free buffer."""
        self._processor = server._processor
        self._modbus = server._framed()
        self._receive = self._modbus.receive
        self._buffer = memoryview(bytearray(_RECEIVE_BYTES))
        self.forgotten = False
        self.heard_s = self._now_s()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not checked with isinstance: uvloop's transports are none by class.
        self._transport = cast(asyncio.Transport, transport)
        self._write = self._transport.write
        self._catch_up()
        self.forgotten = not self._gate()
        if not self._server._opened(self, self._loop):
            self._reset()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(self._buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        self.heard_s = self._now_s()
        self._catch_up()
        if not self._gate():
            self.forgotten = True
            return
        if self.forgotten:
            self._reset()
            return
        backlog = self._backlog
        if (backlog.waiting and backlog.full) or self._turns.resting:
            self._stall(data)
            return
        measured = len(data) != _READ_BYTES or data[_FUNCTION_AT] not in _READS
        began_s = self._processor() if measured else 0.0
        try:
            answers = self._receive(data)
        except Exception as error:
            self._server._failed(error)
            self.forgotten = True  # it is unknown how much of the data has been taken
            return
        if answers:
            if self._delay_s() > 0.0 or backlog.waiting:
                backlog.put(partial(self._write_late, answers))
            else:
                self._write(answers)
        if self._modbus.closed:
            self._transport.close()
        if measured:
            self._turns.worked(self._processor() - began_s, self._loop)

    def _stall(self, data: bytes) -> None:
        """Stop reading until the device has a buffer and time."""
        if not self._held:
            self._server._stalled.append(self)
            self._transport.pause_reading()
        self._held += data

    def go_on(self) -> None:
        """Continue: the device has a free buffer."""
        data, self._held = self._held, b""
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self.data_received(data)

    def _write_late(self, answers: bytes) -> None:
        self._catch_up()
        if not self._transport.is_closing() and self._gate():
            self._write(answers)

    def pause_writing(self) -> None:
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self._server._connections:  # the client or the network has closed it
            self._server._full = False
            self._server._closed(self)

    def abort(self) -> None:
        self._transport.abort()

    def _reset(self) -> None:
        """Close so that the client gets a TCP reset rather than an orderly end."""
        connected = self._transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()


def _heard_s(connection: _Connection) -> float:
    return connection.heard_s


def check_loopback(host: str, allow_non_loopback: bool) -> None:
    """ValueError unless `host` is a loopback address or the caller allows others; names are not resolved."""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback and not allow_non_loopback:
        raise ValueError(
            f"Modbus server asked to listen on {host}, which is not a loopback address: everyone who reaches it "
            "can write to the device. Use 127.x.y.z or ::1, or pass allow_non_loopback=True"
        )
