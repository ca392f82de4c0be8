"""What takes the place of sockets in the simulated network: listeners, and asyncio transports in memory."""

from __future__ import annotations

import asyncio
import errno
import os
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from harness.faults.frames.tamper import Answer, Conversation
from harness.faults.link import LinkModel

if TYPE_CHECKING:
    from harness.worlds.loop import VirtualLoop
    from harness.worlds.network import Network, Path

Address = tuple[str, int]

UDP_HEADERS = 28
TCP_HEADERS = 40
"""Octets of IPv4 and UDP or TCP headers (RFC 791, 768, 9293), for paths with a rate."""

IDLE_S = 0.1
"""A partial frame that a fault holds back goes on after so long a silence, s."""

HIGH_WATER = 64 * 1024
"""Octets on their way in one direction of a stream at which the writer is paused (asyncio's default)."""


class Frame(NamedTuple):
    """Something that was sent."""

    t_s: float
    protocol: Literal["tcp", "udp"]
    source: Address
    destination: Address
    data: bytes
    lost: bool = False


class Listener:
    """What `create_server` returns: as much of `asyncio.Server` as servers use."""

    def __init__(self, network: Network, address: Address) -> None:
        self._network = network
        self._address = address
        self.sockets = (_Name(address),)

    def close(self) -> None:
        self._network.unlisten(self._address)

    async def wait_closed(self) -> None:
        pass

    def is_serving(self) -> bool:
        return self._address in self._network._listeners

    async def start_serving(self) -> None:
        pass


class _Name:
    """As much of a socket as tells its name."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def getsockname(self) -> Address:
        return self._address


class StreamTransport(asyncio.Transport):
    """One end of a connection in memory."""

    def __init__(
        self,
        network: Network,
        loop: VirtualLoop,
        here: Address,
        there: Address,
        path: Path,
        model: LinkModel,
        *,
        to_device: bool,
    ) -> None:
        super().__init__({"sockname": here, "peername": there})
        self.peer: StreamTransport | None = None
        self.here, self.there = here, there
        self._network, self._loop, self._path, self._model = network, loop, path, model
        self._to_device = to_device
        self._protocol: asyncio.BaseProtocol
        self._held: list[bytes] = []
        """What waits for a path that is up."""
        self._unread: list[bytes] = []
        self._in_flight = 0
        self._paused_writing = False
        self._reading = True
        self._closing = False
        self._lost = False
        self._end_sent = False
        self._last_s = 0.0
        """When the last octets sent so far arrive, s: a stream keeps its order."""

    def start(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol
        protocol.connection_made(self)

    # -- asyncio.Transport ----------------------------------------------------------------------------------------

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return self._reading

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
        unread, self._unread = self._unread, []
        for data in unread:
            self.deliver(data)

    def can_write_eof(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return self._in_flight

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing or not data:
            return
        octets = bytes(data)
        conversation = self._conversation()
        if conversation is None:
            self._send(octets)
        elif self._to_device:
            for piece in conversation.request(octets):
                if isinstance(piece, Answer):
                    assert self.peer is not None
                    self.peer._send(piece.frame)
                else:
                    self._send(piece)
        else:
            for answer in conversation.answer(octets):
                self._send(answer)
        if conversation is not None and conversation.waiting:
            self._loop.call_later(IDLE_S, self._idle, conversation)

    def _conversation(self) -> Conversation | None:
        if not self._path.tampers:
            return None
        device, client = (self.there, self.here) if self._to_device else (self.here, self.there)
        return self._path.conversation(device[1], client)

    def _idle(self, conversation: Conversation) -> None:
        """What was held back as part of a frame goes on: no more of it came."""
        client, device = (self, self.peer) if self._to_device else (self.peer, self)
        for sender, data in zip((client, device), conversation.idle(), strict=True):
            if data and sender is not None and not sender._lost:
                sender._send(data)

    def close(self) -> None:
        """Close in order: what was written arrives, then the other end is told."""
        if self._closing:
            return
        self._closing = True
        self._send_end()
        self._loop.call_soon(self.lose, None)

    def abort(self) -> None:
        """Close with a reset."""
        if self._lost:
            return
        self._closing = True
        error = ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
        arrival_s = self._model.segment(self._loop.time(), TCP_HEADERS)
        if arrival_s is not None and self.peer is not None:
            self._loop.call_at(arrival_s, self.peer.lose, error)
        self._loop.call_soon(self.lose, None)

    # -- the wire -------------------------------------------------------------------------------------------------

    def _send(self, data: bytes) -> None:
        now_s = self._loop.time()
        arrival_s = None if self._held else self._model.segment(now_s, len(data) + TCP_HEADERS)
        if self._network.record is not None:
            self._network.record(Frame(now_s, "tcp", self.here, self.there, data, arrival_s is None))
        if arrival_s is None:
            self._held.append(data)
            return
        self._in_flight += len(data)
        self._loop.call_at(arrival_s, self._arrive, data)
        self._last_s = arrival_s
        if self._in_flight > HIGH_WATER and not self._paused_writing:
            self._paused_writing = True
            self._loop.call_soon(self._protocol.pause_writing)

    def _arrive(self, data: bytes) -> None:
        self._in_flight -= len(data)
        if self.peer is not None:
            self.peer.deliver(data)
        if self._paused_writing and self._in_flight <= HIGH_WATER // 4:
            self._paused_writing = False
            self._protocol.resume_writing()

    def flush(self) -> None:
        """The path is up again: send what waited, as TCP does with its next retransmission."""
        held, self._held = self._held, []
        for data in held:
            self._send(data)
        if self._closing and not self._end_sent:
            self._send_end()

    def _send_end(self) -> None:
        if self._held:
            return
        arrival_s = self._model.segment(self._loop.time(), TCP_HEADERS)
        if arrival_s is not None and self.peer is not None:
            self._end_sent = True
            self._loop.call_at(max(arrival_s, self._last_s), self.peer._end)

    def deliver(self, data: bytes) -> None:
        if self._lost or self._closing:
            return
        if not self._reading:
            self._unread.append(data)
            return
        protocol = self._protocol
        if isinstance(protocol, asyncio.BufferedProtocol):
            at = 0
            while at < len(data):
                buffer = memoryview(protocol.get_buffer(len(data) - at))
                size = min(len(buffer), len(data) - at)
                buffer[:size] = data[at : at + size]
                protocol.buffer_updated(size)
                at += size
        else:
            cast(asyncio.Protocol, protocol).data_received(data)

    def _end(self) -> None:
        if self._lost or self._closing:
            return
        if not cast(Any, self._protocol).eof_received():
            self.close()

    def lose(self, error: Exception | None) -> None:
        """The connection is over on this side."""
        if self._lost:
            return
        self._lost = self._closing = True
        self._path.streams.pop(self, None)
        if not self._to_device:
            self._path.forget(self.here[1], self.there)
        self._protocol.connection_lost(error)


class DatagramTransport(asyncio.DatagramTransport):
    """A bound datagram socket in memory."""

    def __init__(
        self,
        network: Network,
        loop: VirtualLoop,
        here: Address,
        remote: Address | None,
        protocol: asyncio.DatagramProtocol,
    ) -> None:
        super().__init__({"sockname": here, "peername": remote})
        self.protocol = protocol
        self._network, self._loop, self._here, self._remote = network, loop, here, remote
        self._closing = False

    def sendto(self, data: Any, addr: Any = None) -> None:
        destination = addr or self._remote
        if destination is None:
            raise ValueError("sendto without an address on an endpoint that is not connected")
        if not self._closing:
            self._network.send_datagram(self._here, (str(destination[0]), int(destination[1])), bytes(data))

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._network.unbind(self._here)
            self._loop.call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = cast(asyncio.DatagramProtocol, protocol)
