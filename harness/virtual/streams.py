"""One end of a TCP connection in memory, as an asyncio transport.

It shows protocols what asyncio's transports on real sockets show them, in the same order: ends, resets, pauses.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from contextvars import copy_context
from typing import Protocol, TypeVar, cast

from twinfeed.harness.virtual.links.link import LinkModel
from twinfeed.harness.virtual.links.shaping import Shaper
from twinfeed.harness.virtual.links.tampering import Answer, Conversation
from twinfeed.harness.virtual.sockets import Address, Frame, Net, Socket

T = TypeVar("T")

TCP_HEADERS = 40
"""Octets of IPv4 and TCP headers (RFC 791, 9293), for paths with a rate."""

IDLE_S = 0.1
"""Silence, s, after which a partial frame that a fault holds back is sent."""

HIGH_WATER = 64 * 1024
"""Octets that the other end has not taken yet, at which the writer is paused (asyncio's default)."""

END = b""
"""In a stream's order: nothing more comes (TCP FIN)."""


def reset_error() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))


class Course(Protocol):
    """The path as a connection needs it."""

    @property
    def tampered(self) -> bool:
        """True if anything alters messages on it."""

    def conversation(self, port: int, client: Address) -> Conversation | None:
        """The alteration of the messages between that client and the service at `port`, None while there is none."""

    def forget(self, port: int, client: Address) -> None:
        """Forget a client that has gone."""

    def tidy(self, stream: StreamTransport) -> None:
        """Check one end of a connection, which may be over."""


class StreamTransport(asyncio.Transport):
    """One end of a connection in memory."""

    def __init__(
        self,
        network: Net,
        loop: asyncio.AbstractEventLoop,
        here: Address,
        there: Address,
        path: Course,
        model: LinkModel,
        *,
        to_device: bool,
    ) -> None:
        self._socket = Socket(here, there)
        super().__init__({"sockname": here, "peername": there, "socket": self._socket})
        self.peer: StreamTransport
        self.here, self.there = here, there
        self.context = copy_context()
        """The context of its protocol's callbacks: whatever they start belongs to the owner of this end."""
        self.lost = False
        """True if the connection has ended on this side."""
        self._network, self._loop, self._path, self._model = network, loop, path, model
        self._to_device = to_device
        self._protocol: asyncio.BaseProtocol | None = None
        self._shaper: Shaper[bytes] = Shaper()
        self._held: list[bytes] = []
        """The octets that wait for the path."""
        self._unread: list[bytes] = []
        self._not_taken = 0
        """Octets sent that the other end's protocol has not been given yet."""
        self._high, self._low = HIGH_WATER, HIGH_WATER // 4
        self._writing_paused = False
        self._reading = False
        self._closing = False
        self._end_sent = False
        self._end_received = False
        self._broken = False
        self._last_s = 0.0
        """When the last octets sent so far arrive, s: a stream keeps its order."""

    def start(self, protocol: asyncio.BaseProtocol) -> None:
        """The connection is there; what has arrived meanwhile follows."""
        self._protocol = protocol
        self._reading = True
        self._call(protocol.connection_made, self)
        if self._unread:
            self._loop.call_soon(self._read, context=self._network.context)

    def _call(self, method: Callable[..., T], *arguments: object) -> T:
        """Call that method of the protocol."""
        return self.context.copy().run(method, *arguments)

    # -- asyncio.Transport ----------------------------------------------------------------------------------------

    def get_protocol(self) -> asyncio.BaseProtocol:
        assert self._protocol is not None
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return self._reading and not self._closing

    def pause_reading(self) -> None:
        if not self._closing:
            self._reading = False

    def resume_reading(self) -> None:
        if not self._reading and not self._closing:
            self._reading = True
            self._loop.call_soon(self._read, context=self._network.context)

    def get_write_buffer_size(self) -> int:
        return self._not_taken

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if high is None:
            high = HIGH_WATER if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high, self._low = high, low
        self._throttle()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"data argument must be a bytes-like object, not {type(data).__name__!r}")
        if self._end_sent and not self._closing:
            raise RuntimeError("Cannot call write() after write_eof()")
        if self._broken and not self._closing:
            self._closing = True
            broken = BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
            self._loop.call_soon(self.lose, broken, context=self._network.context)
        if self._closing or not data:
            return
        octets = bytes(data)
        conversation = self._conversation()
        if conversation is None:
            self._send(octets)
        elif self._to_device:
            for piece in conversation.request(octets):
                if isinstance(piece, Answer):
                    self.peer._send(piece.frame)
                else:
                    self._send(piece)
        else:
            for answer in conversation.answer(octets):
                self._send(answer)
        if conversation is not None and conversation.waiting:
            self._loop.call_later(IDLE_S, self._idle, conversation, context=self._network.context)

    def _conversation(self) -> Conversation | None:
        if not self._path.tampered:
            return None
        device, client = (self.there, self.here) if self._to_device else (self.here, self.there)
        return self._path.conversation(device[1], client)

    def _idle(self, conversation: Conversation) -> None:
        """Send what was held back as part of a frame, since no more of it came."""
        client, device = (self, self.peer) if self._to_device else (self.peer, self)
        for sender, data in zip((client, device), conversation.idle(), strict=True):
            if data and not sender.lost:
                sender._send(data)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if not self._closing and not self._end_sent:
            self._end_sent = True
            self._send(END)

    def close(self) -> None:
        """Close in order: written octets arrive, then the end of the stream; a reset, if octets are unread."""
        if self._closing:
            return
        self._closing = True
        if self._socket.resets or any(self._unread):
            self._send_reset()
        elif not self._end_sent:
            self._end_sent = True
            self._send(END)
        self._loop.call_soon(self.lose, None, context=self._network.context)

    def abort(self) -> None:
        """As `close`: the octets are already on their way, as those that the kernel has taken."""
        self.close()

    # -- the wire -------------------------------------------------------------------------------------------------

    def _send(self, data: bytes) -> None:
        """On its way; an answer is first cut or joined where the path does that."""
        conditions = self._model.conditions
        if self._to_device or not self._shaper.takes(conditions):
            self._transmit(data)
            return
        for due_s in self._shaper.put(self._loop.time(), data, conditions):
            self._loop.call_at(due_s, self._send_shaped, context=self._network.context)

    def _send_shaped(self) -> None:
        self._transmit(self._shaper.next())

    def _transmit(self, data: bytes) -> None:
        now_s = self._loop.time()
        arrival_s = None if self._held else self._model.segment(now_s, len(data) + TCP_HEADERS, self._last_s)
        if data and self._network.record is not None:
            self._network.record(Frame(now_s, "tcp", self.here, self.there, data, arrival_s is None))
        self._not_taken += len(data)
        if arrival_s is None:
            self._held.append(data)
        else:
            self._last_s = arrival_s
            self._network.arrive_at(arrival_s, self.peer._arrive, data)
        if self._not_taken > self._high:
            self._throttle()

    def _send_reset(self) -> None:
        """Send a reset to the other end, if the path allows."""
        self._held.clear()
        arrival_s = self._model.segment(self._loop.time(), TCP_HEADERS, self._last_s)
        if arrival_s is not None:
            self._network.arrive_at(arrival_s, self.peer._reset)

    def flush(self) -> None:
        """Send the waiting octets after the path is up again, as TCP does with its next retransmission."""
        held, self._held = self._held, []
        for data in held:
            self._not_taken -= len(data)
            self._transmit(data)
        self._path.tidy(self)

    def vanish(self) -> None:
        """The client gave up this connection: the next octets of the other end get a reset."""
        if not self.lost:
            self.lost = self._closing = True
            self._send_reset()
            self._path.tidy(self)

    def _arrive(self, data: bytes) -> None:
        if self.lost or self._closing:
            self._taken(data)
            if data:
                self._send_reset()  # RFC 9293 §3.10.7.1: what comes for a connection that is no more
        elif self._reading and not self._unread:
            self._give(data)
        else:
            self._unread.append(data)

    def _read(self) -> None:
        """Reading goes on."""
        while self._unread and self._reading and not self._closing:
            self._give(self._unread.pop(0))

    def _give(self, data: bytes) -> None:
        """To the protocol."""
        try:
            if data == END:
                self._end_received = True
                if not self._call(cast(asyncio.Protocol, self._protocol).eof_received):
                    self.close()
            elif isinstance(self._protocol, asyncio.BufferedProtocol):
                self._call(_fill, self._protocol, data)
            else:
                self._call(cast(asyncio.Protocol, self._protocol).data_received, data)
        except Exception as error:
            self._fail(error)
        self._taken(data)

    def _fail(self, error: Exception) -> None:
        """The protocol has raised: its connection ends, as asyncio prescribes."""
        self._loop.call_exception_handler(
            {"message": "a protocol failed", "exception": error, "transport": self, "protocol": self._protocol}
        )
        if not self._closing:
            self._closing = True
            self._end_sent = True
            self._send(END)
            self._loop.call_soon(self.lose, error, context=self._network.context)

    def _taken(self, data: bytes) -> None:
        sender = self.peer
        sender._not_taken -= len(data)
        if sender._writing_paused:
            sender._throttle()

    def _throttle(self) -> None:
        """Pause the writer, or let it go on."""
        if self.lost or self._protocol is None:
            return
        if not self._writing_paused and self._not_taken > self._high:
            self._writing_paused = True
            self._call(self._protocol.pause_writing)
        elif self._writing_paused and self._not_taken <= self._low:
            self._writing_paused = False
            self._call(self._protocol.resume_writing)

    def _reset(self) -> None:
        """A reset has arrived. Who has seen the end does not read any more, and notices at the next write."""
        if self._end_received:
            self._broken = True
        else:
            self.lose(reset_error())

    def lose(self, error: Exception | None) -> None:
        """The connection is over on this side."""
        if self.lost:
            return
        self.lost = self._closing = True
        if error is not None:
            self._held.clear()
        self._path.tidy(self)
        if not self._to_device:
            self._path.forget(self.here[1], self.there)
        if self._protocol is not None:
            self._call(self._protocol.connection_lost, error)

    @property
    def over(self) -> bool:
        """Nothing more is to come from this end."""
        return self.lost and not self._held


def _fill(protocol: asyncio.BufferedProtocol, data: bytes) -> None:
    at = 0
    while at < len(data):
        buffer = memoryview(protocol.get_buffer(len(data) - at))
        size = min(len(buffer), len(data) - at)
        buffer[:size] = data[at : at + size]
        protocol.buffer_updated(size)
        at += size
