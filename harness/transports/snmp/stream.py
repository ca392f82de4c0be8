"""SNMP over TCP (RFC 3430) for sessions that otherwise send datagrams: one message after the other on a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal, cast

from pysnmp.carrier.asyncio.base import AbstractAsyncioTransport
from pysnmp.carrier.asyncio.dgram import udp, udp6

from twinfeed._phrases import Phrase

Over = Literal["udp", "tcp"]
"""The carrier of the messages."""

DOMAINS = {4: (*udp.DOMAIN_NAME, 6), 6: (*udp6.DOMAIN_NAME, 6)}
"""Names of the transport in pysnmp's tables, by IP version: beneath those of UDP, so that addresses have their form."""

MAX_MESSAGE = 1 << 20
"""Longest message that is read, octets: what announces more is no SNMP."""


class Stream(asyncio.Protocol):
    """One connection. It calls `heard` with each message, and `lost` with the reason when the connection ends."""

    def __init__(self, heard: Callable[[bytes], None], lost: Callable[[str], None]) -> None:
        self._heard, self._lost = heard, lost
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, message: bytes) -> None:
        if self._transport is not None:
            self._transport.write(message)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := _end(self._received)) is not None and end <= len(self._received):
            message = bytes(self._received[:end])
            del self._received[:end]
            self._heard(message)
        if end is not None and end > MAX_MESSAGE:
            self._heard(bytes(self._received))  # passed on as an answer that is none
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(str(exc) if exc is not None else Phrase("it closed the connection"))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _end(received: bytearray) -> int | None:
    """The end of the first message by its own length, None while it is not there; far away for octets that are none."""
    if received and received[0] != 0x30:
        return MAX_MESSAGE + 1
    if len(received) < 2:
        return None
    if received[1] < 0x80:
        return 2 + received[1]
    size = received[1] & 0x7F
    if not 1 <= size <= 4:
        return MAX_MESSAGE + 1
    if len(received) < 2 + size:
        return None
    return 2 + size + int.from_bytes(received[2 : 2 + size], "big")


class StreamTransport(AbstractAsyncioTransport):  # type: ignore[misc]
    """The transport of pysnmp's dispatcher: a connection to each agent, made when it is first needed."""

    def __init__(self, version: int) -> None:
        super().__init__()
        self.ADDRESS_TYPE = udp.UdpTransportAddress if version == 4 else udp6.Udp6TransportAddress
        self._rest = () if version == 4 else (0, 0)  # flow information and scope, as asyncio gives them
        self._streams: dict[tuple[str, int], Stream] = {}
        self._opening: dict[tuple[str, int], asyncio.Task[None]] = {}

    def send_message(self, outgoingMessage: bytes, transportAddress: Any) -> None:
        place = str(transportAddress[0]), int(transportAddress[1])
        stream = self._streams.get(place)
        if stream is not None and stream.is_open:
            stream.send(outgoingMessage)
        elif place not in self._opening:
            self._opening[place] = asyncio.get_running_loop().create_task(self._open(place, outgoingMessage))

    async def _open(self, place: tuple[str, int], message: bytes) -> None:
        def heard(received: bytes) -> None:
            if self._callback_function is not None:
                self._callback_function(self, self.ADDRESS_TYPE((*place, *self._rest)), received)

        try:
            loop = asyncio.get_running_loop()
            _, stream = await loop.create_connection(lambda: Stream(heard, lambda why: None), *place)
            self._streams[place] = stream
            stream.send(message)
        except OSError:
            pass  # silence, which the session's time-out ends
        finally:
            del self._opening[place]

    def close_transport(self) -> None:
        for task in self._opening.values():
            task.cancel()
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()
        super().close_transport()
