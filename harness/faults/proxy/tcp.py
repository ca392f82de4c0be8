"""A proxy of TCP connections.

TCP is reliable, so what a path does to its segments shows as time: loss stalls the stream for retransmissions, a black
hole stalls it until it is over, duplication and reordering do not show. The kernel completes a client's handshake, so a
client that connects into a black hole is connected, and receives nothing.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import cast

from twinfeed.harness.faults.capture import Capture, Place
from twinfeed.harness.faults.frames import Tamper
from twinfeed.harness.faults.proxy.base import DIRECT, WIRESHARK, Proxy, answered, asked, check_loopback, made
from twinfeed.harness.virtual.links.link import LinkConditions, LinkModel
from twinfeed.harness.virtual.links.shaping import Shaper

MOST_BACKLOG = 1 << 20
"""Octets that may be under way in one direction of a connection; then its sender is not read from."""

MOST_CONNECTIONS = 256
"""One more is reset at once; devices serve far fewer."""

LINGER_S = 60.0
"""A connection that one end has ended and the other has not is given up after this time, s: Linux' tcp_fin_timeout."""

IDLE_S = 0.05
"""A part of an RTU frame that stays alone for so long passes as it is, s: 3.5 characters at 1200 bit/s are 32 ms."""

_NO_LINGER = struct.pack("ii", 1, 0)


class TcpProxy(Proxy):
    """Listens at `listen` and connects to `target` for each client.

    Port 0 takes a free one, which `address` holds once started. Raises NotLoopback for an address others can reach
    unless `exposed`.
    """

    def __init__(
        self,
        listen: Place,
        target: Place,
        tamper: Tamper,
        *,
        healthy: LinkConditions = DIRECT,
        seed: int = 0,
        capture: Capture | None = None,
        exposed: bool = False,
    ) -> None:
        check_loopback(listen[0], exposed)
        super().__init__(tamper, healthy=healthy, seed=seed, capture=capture)
        self.address = listen
        self.target = target
        self._server: asyncio.Server | None = None
        self._connections: dict[_Connection, None] = {}

    @property
    def _clients_see(self) -> Place:
        return self.address

    async def start(self) -> None:
        self._start_clock()
        await self._listen()
        if self.capture is not None:
            self.capture.decode_as("tcp", self.address[1], WIRESHARK[self.tamper.speaks])

    async def stop(self) -> None:
        await self._deafen()
        for connection in list(self._connections):
            connection.drop()

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _ClientSide(self, loop), *self.address)
        self._server = server
        if self.address[1] == 0:
            self.address = (self.address[0], server.sockets[0].getsockname()[1])

    async def _deafen(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _set(self, conditions: LinkConditions) -> None:
        before, self.conditions = self.conditions, conditions
        for connection in list(self._connections):
            connection.changed()
        if conditions.state == "refused" and self._server is not None:
            await self._deafen()
            self._reset()
        elif conditions.state != "refused" and before.state == "refused":
            await self._listen()

    def _reset(self) -> None:
        for connection in list(self._connections):
            connection.drop(reset=True)


class _End(Enum):
    """The ways in which one end of a connection leaves it."""

    FIN = "sends no more"
    RST = "has gone"


class _Pipe:
    """One direction of a connection: octets leave it in order, when the path allows.

    While more is under way than `MOST_BACKLOG`, or `full` is set by who takes what comes out, `source` is not read.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, model: LinkModel, out: Callable[[bytes | _End, str], None]
    ) -> None:
        self.model = model
        self.source: asyncio.Transport | None = None
        self.full = False
        self._loop = loop
        self._out = out
        self._stalled: list[tuple[bytes | _End, str]] = []
        self._travelling: deque[tuple[bytes | _End, str]] = deque()  # timers of one instant fire in any order
        self._backlog = 0
        self._paused = False

    def send(self, item: bytes | _End, comment: str = "") -> None:
        self._backlog += _size(item)
        now = self._loop.time()
        arrival = None if self._stalled else self.model.segment(now, _size(item))
        if arrival is None:
            self._stalled.append((item, comment))
        elif arrival <= now and not self._travelling:
            self._arrive(item, comment)
        else:
            self._travelling.append((item, comment))
            self._loop.call_at(arrival, self._travelled)
        self.throttle()

    def go_on(self) -> None:
        """Send the stalled octets again, after a change of the path."""
        stalled, self._stalled = self._stalled, []
        for item, comment in stalled:
            self._backlog -= _size(item)
            self.send(item, comment)

    def throttle(self) -> None:
        """Do not read faster than can be passed on."""
        source = self.source
        if source is None or source.is_closing():
            return
        if not self._paused and (self.full or self._backlog > MOST_BACKLOG):
            self._paused = True
            source.pause_reading()
        elif self._paused and not self.full and self._backlog <= MOST_BACKLOG // 2:
            self._paused = False
            source.resume_reading()

    def _travelled(self) -> None:
        self._arrive(*self._travelling.popleft())
        self.throttle()

    def _arrive(self, item: bytes | _End, comment: str) -> None:
        self._backlog -= _size(item)
        self._out(item, comment)


class _Connection:
    """A client's connection and the one to the device made for it."""

    def __init__(self, proxy: TcpProxy, loop: asyncio.AbstractEventLoop, client: asyncio.Transport) -> None:
        self._proxy = proxy
        self._loop = loop
        self._client = client
        self._shaper: Shaper[_End] = Shaper()
        self._device: asyncio.Transport | None = None
        self._conversation = proxy.tamper.conversation()
        self.there = _Pipe(loop, proxy._model(), self._to_device)
        self.back = _Pipe(loop, proxy._model(), self._to_client)
        self.there.source = client
        self._early: list[bytes | _End] = []  # octets for the device before there is a connection to it
        self._finished: list[asyncio.Transport] = []  # ends that have been closed for sending
        self._dialling: asyncio.Task[None] | None = None
        self._silence: asyncio.TimerHandle | None = None
        self._lingering: asyncio.TimerHandle | None = None
        self._forgotten = False  # by the device: it has gone without a word
        self._peer: Place = client.get_extra_info("peername")[:2]
        if proxy.capture is not None:
            proxy.capture.opened(proxy.now_s, self._peer, proxy.address)
        self.changed()

    def asked(self, data: bytes) -> None:
        """The client sent something."""
        proxy = self._proxy
        if self._forgotten:
            proxy._record(self._peer, proxy.address, "tcp", data, "half-open: not passed on")
            if proxy.conditions.state == "up":
                self.drop(reset=True)  # by a device that is back and knows nothing of this connection
            return
        onward, instead, comment = asked(self._conversation, proxy.tamper, data)
        proxy._record(self._peer, proxy.address, "tcp", data, comment)
        for piece in onward:
            self.there.send(piece)
        for answer in instead:
            self._send_back(answer, made(proxy.tamper))
        self._watch()

    def answered(self, data: bytes) -> None:
        """The device sent something."""
        for piece, comment in answered(self._conversation, self._proxy.tamper, data):
            self._send_back(piece, comment)
        self._watch()

    def ended(self) -> None:
        """The device sends no more."""
        self._send_back(_End.FIN)

    def _send_back(self, item: bytes | _End, comment: str = "") -> None:
        """Towards the client, cut or joined where the path does that; what is reshaped has no comment."""
        conditions = self._proxy.conditions
        if not self._shaper.takes(conditions):
            self.back.send(item, comment)
            return
        for due_s in self._shaper.put(self._loop.time(), item, conditions):
            self._loop.call_at(due_s, self._send_shaped)

    def _send_shaped(self) -> None:
        self.back.send(self._shaper.next())

    def connected(self, device: asyncio.Transport) -> None:
        """The device has accepted a connection."""
        self._device = self.back.source = device
        early, self._early = self._early, []
        for item in early:
            self._to_device(item, "")

    def changed(self) -> None:
        """The path has changed."""
        conditions = self._proxy.conditions
        self.there.model.conditions = self.back.model.conditions = conditions
        if conditions.state == "half-open" and not self._forgotten:
            self._forgotten = True
            if self._device is not None:
                self._device.abort()
        elif conditions.state == "up" and not self._forgotten:
            if self._device is None and self._dialling is None:
                self._dialling = self._loop.create_task(self._dial())
            self.there.go_on()
            self.back.go_on()

    def lost(self, pipe: _Pipe, error: Exception | None) -> None:
        """One of the two connections is gone; the other end learns of it when the path lets it."""
        if self not in self._proxy._connections:
            return
        if self._forgotten:
            if pipe is self.there:
                self.drop()
        elif pipe is self.back and error is None:
            self.ended()
        else:
            pipe.send(_End.FIN if error is None else _End.RST)

    def drop(self, reset: bool = False) -> None:
        """Both connections end."""
        proxy = self._proxy
        if proxy._connections.pop(self, self) is self:
            return
        if proxy.capture is not None:
            proxy.capture.closed(proxy.now_s, proxy.address, self._peer, reset=reset)
        for pending in (self._dialling, self._silence, self._lingering):
            if pending is not None:
                pending.cancel()
        for transport in (self._client, self._device):
            if transport is not None and reset:
                reset_connection(transport)
            elif transport is not None:
                transport.close()

    async def _dial(self) -> None:
        try:
            await self._loop.create_connection(lambda: _DeviceSide(self), *self._proxy.target)
        except OSError:
            self._dialling = None
            self.drop(reset=True)  # the target refuses: as if the client had been refused, a moment later

    def _to_device(self, item: bytes | _End, _comment: str) -> None:
        if self._device is None:
            self._early.append(item)
        else:
            self._deliver(item, self._device)

    def _to_client(self, item: bytes | _End, comment: str) -> None:
        if isinstance(item, bytes):
            self._proxy._record(self._proxy.address, self._peer, "tcp", item, comment)
        self._deliver(item, self._client)

    def _deliver(self, item: bytes | _End, to: asyncio.Transport) -> None:
        if isinstance(item, bytes):
            if not to.is_closing():
                to.write(item)
        elif item is _End.RST:
            self.drop(reset=True)
        elif to not in self._finished:
            self._finished.append(to)
            if len(self._finished) == 2 or to.is_closing() or not to.can_write_eof():
                self.drop()
            else:
                to.write_eof()
                self._lingering = self._loop.call_later(LINGER_S, self.drop)

    def _watch(self) -> None:
        """Part of an RTU frame is not held back for ever."""
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
        if self._conversation.waiting:
            self._silence = self._loop.call_later(IDLE_S, self._idle)

    def _idle(self) -> None:
        there, back = self._conversation.idle()
        if there:
            self.there.send(there)
        if back:
            self._send_back(back)


class _ClientSide(asyncio.Protocol):
    def __init__(self, proxy: TcpProxy, loop: asyncio.AbstractEventLoop) -> None:
        self._proxy = proxy
        self._loop = loop
        self._connection: _Connection | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        client = cast(asyncio.Transport, transport)
        if len(self._proxy._connections) >= MOST_CONNECTIONS:
            reset_connection(client)
            return
        self._connection = _Connection(self._proxy, self._loop, client)
        self._proxy._connections[self._connection] = None

    def data_received(self, data: bytes) -> None:
        if self._connection is not None:
            self._connection.asked(data)

    def eof_received(self) -> bool:
        if self._connection is not None:
            self._connection.there.send(_End.FIN)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._connection.lost(self._connection.there, exc)

    def pause_writing(self) -> None:
        self._full(True)

    def resume_writing(self) -> None:
        self._full(False)

    def _full(self, full: bool) -> None:
        if self._connection is not None:
            self._connection.back.full = full
            self._connection.back.throttle()


class _DeviceSide(asyncio.Protocol):
    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connection.connected(cast(asyncio.Transport, transport))

    def data_received(self, data: bytes) -> None:
        self._connection.answered(data)

    def eof_received(self) -> bool:
        self._connection.ended()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.lost(self._connection.back, exc)

    def pause_writing(self) -> None:
        self._full(True)

    def resume_writing(self) -> None:
        self._full(False)

    def _full(self, full: bool) -> None:
        self._connection.there.full = full
        self._connection.there.throttle()


def reset_connection(transport: asyncio.Transport) -> None:
    """End a connection by a reset: lingering for no time makes the kernel send one; memory needs no such hint."""
    endpoint = transport.get_extra_info("socket")
    if endpoint is not None:
        with suppress(OSError):  # it is closed already
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


def _size(item: bytes | _End) -> int:
    return len(item) if isinstance(item, bytes) else 0
