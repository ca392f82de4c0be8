"""A proxy of TCP connections.

TCP is reliable, so what a path does to its segments shows as time: loss stalls the stream for retransmissions, a black
hole stalls it until it is over, duplication and reordering do not show. The kernel completes a client's handshake, so a
client that connects into a black hole is connected, and receives nothing.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import cast

from twinfeed.harness.faults.capture import Capture, Place
from twinfeed.harness.faults.frames import Tamper
from twinfeed.harness.faults.proxy.base import DIRECT, WIRESHARK, Proxy, answered, asked, check_loopback, made
from twinfeed.harness.faults.proxy.pipe import End, Pipe
from twinfeed.harness.virtual.links.link import LinkConditions
from twinfeed.harness.virtual.links.shaping import Shaper

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


class _Connection:
    """A client's connection and the one to the device made for it."""

    def __init__(self, proxy: TcpProxy, loop: asyncio.AbstractEventLoop, client: asyncio.Transport) -> None:
        self._proxy = proxy
        self._loop = loop
        self._client = client
        self._shaper: Shaper[End] = Shaper()
        self._device: asyncio.Transport | None = None
        self._conversation = proxy.tamper.conversation()
        self.there = Pipe(loop, proxy._model(), self._to_device)
        self.back = Pipe(loop, proxy._model(), self._to_client)
        self.there.source = client
        self._early: list[bytes | End] = []  # octets for the device before there is a connection to it
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
        self._send_back(End.FIN)

    def _send_back(self, item: bytes | End, comment: str = "") -> None:
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

    def lost(self, pipe: Pipe, error: Exception | None) -> None:
        """One of the two connections is gone; the other end learns of it when the path lets it."""
        if self not in self._proxy._connections:
            return
        if self._forgotten:
            if pipe is self.there:
                self.drop()
        elif pipe is self.back and error is None:
            self.ended()
        else:
            pipe.send(End.FIN if error is None else End.RST)

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

    def _to_device(self, item: bytes | End, _comment: str) -> None:
        if self._device is None:
            self._early.append(item)
        else:
            self._deliver(item, self._device)

    def _to_client(self, item: bytes | End, comment: str) -> None:
        if isinstance(item, bytes):
            self._proxy._record(self._proxy.address, self._peer, "tcp", item, comment)
        self._deliver(item, self._client)

    def _deliver(self, item: bytes | End, to: asyncio.Transport) -> None:
        if isinstance(item, bytes):
            if not to.is_closing():
                to.write(item)
        elif item is End.RST:
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
            self._connection.there.send(End.FIN)
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
