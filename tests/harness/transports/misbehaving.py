"""Devices that answer as a test orders, well or not."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from pymodbus.framer import FramerRTU

from twinfeed.harness.virtual.loop import VirtualLoop

HOST = "127.12.0.1"


def mbap(request: bytes, pdu: str) -> bytes:
    """The PDU as the answer to a request."""
    body = request[6:7] + bytes.fromhex(pdu)
    return request[:4] + struct.pack(">H", len(body)) + body


def rtu(frame: str) -> bytes:
    """The frame with its CRC, by pymodbus."""
    octets = bytes.fromhex(frame)
    return octets + FramerRTU.compute_CRC(octets).to_bytes(2, "big")


@asynccontextmanager
async def answering(answer: Callable[[bytes], bytes], delay_s: float = 0.0) -> AsyncIterator[int]:
    """A server that answers each request as ordered, well or not; gives its port."""
    loop = asyncio.get_running_loop()

    class Server(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            loop.call_later(delay_s, self.send, answer(data))

        def send(self, data: bytes) -> None:
            if data and not self.transport.is_closing():
                self.transport.write(data)

    port = 15020 if isinstance(loop, VirtualLoop) else 0
    server = await loop.create_server(Server, HOST, port)
    try:
        yield port or server.sockets[0].getsockname()[1]
    finally:
        server.close()
