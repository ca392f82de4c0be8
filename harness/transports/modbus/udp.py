"""A Modbus client over UDP that takes answers from any port of the device.

Some devices answer from a port of their own choice. A socket that is connected to the port of the request would drop
these answers; this one is not, and drops the datagrams of other addresses itself.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from pymodbus.client import AsyncModbusUdpClient

ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}


def client(host: str, *, port: int, **options: Any) -> AsyncModbusUdpClient:
    """As `AsyncModbusUdpClient`, with the same options."""
    found = AsyncModbusUdpClient(host, port=port, **options)
    protocol: Any = found.ctx

    async def create() -> tuple[asyncio.BaseTransport, asyncio.BaseProtocol]:
        loop = asyncio.get_running_loop()
        family, _, _, _, there = (await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM))[0]
        place = str(there[0]), int(there[1])
        _, made = await loop.create_datagram_endpoint(
            lambda: _Conversation(protocol.handle_new_connection, place), local_addr=(ANY[family], 0)
        )
        return made.towards, made

    protocol.call_create = create
    return found


class _Conversation(asyncio.DatagramProtocol):
    """Between the socket and pymodbus' protocol: sends to one place, and receives from its address alone."""

    def __init__(self, protocol: Callable[[], asyncio.DatagramProtocol], place: tuple[str, int]) -> None:
        self._protocol, self._place = protocol(), place
        self.towards: _Towards

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.towards = _Towards(transport, self._place)
        self._protocol.connection_made(self.towards)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if addr[0] == self._place[0]:
            self._protocol.datagram_received(data, addr)

    def error_received(self, exc: Exception) -> None:
        self._protocol.error_received(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)


class _Towards(asyncio.DatagramTransport):
    """The socket's transport, with one destination."""

    def __init__(self, transport: Any, place: tuple[str, int]) -> None:
        super().__init__()
        self._transport, self._place = transport, place

    def sendto(self, data: Any, addr: Any = None) -> None:
        self._transport.sendto(data, self._place)

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return bool(self._transport.is_closing())

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)
