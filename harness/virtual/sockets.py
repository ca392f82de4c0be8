"""The sockets of the simulated network: listeners, datagram endpoints, and their names."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any, Literal, NamedTuple, Protocol, cast

Address = tuple[str, int]

UDP_HEADERS = 28
"""Octets of IPv4 and UDP headers (RFC 791, 768), for paths with a rate."""


class Frame(NamedTuple):
    """Something that was sent."""

    t_s: float
    protocol: Literal["tcp", "udp"]
    source: Address
    destination: Address
    data: bytes
    lost: bool = False


class Arriving(Protocol):
    """Calls a function at a time of the loop, in a call that is never cancelled."""

    def __call__(self, when: float, callback: Callable[..., object], *args: Any) -> None: ...


class Net(Protocol):
    """The network as a socket needs it."""

    record: Callable[[Frame], None] | None
    """Notes what is sent, if anything does."""
    context: Context
    """The size of the data that is on its way."""
    arrive_at: Arriving

    def unlisten(self, address: Address) -> None:
        """No more connections are accepted there."""

    def unbind(self, address: Address) -> None:
        """No more datagrams are received there."""

    def send_datagram(self, source: Address, destination: Address, data: bytes) -> None:
        """Send it; whether it arrives is up to the path."""


class Listener(asyncio.AbstractServer):
    """The result of `create_server`: the part of `asyncio.Server` that servers use."""

    def __init__(self, network: Net, loop: asyncio.AbstractEventLoop, address: Address) -> None:
        self._network, self._loop, self._address = network, loop, address
        self._serving: asyncio.Future[None] | None = None
        self.sockets: tuple[Socket, ...] = (Socket(address),)

    def close(self) -> None:
        self._network.unlisten(self._address)
        self.sockets = ()
        if self._serving is not None and not self._serving.done():
            self._serving.cancel()

    async def wait_closed(self) -> None:
        pass

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def is_serving(self) -> bool:
        return bool(self.sockets)

    async def start_serving(self) -> None:
        pass

    async def serve_forever(self) -> None:
        if not self.sockets:
            raise RuntimeError("the server is closed")
        self._serving = self._loop.create_future()
        try:
            await self._serving
        finally:
            self.close()


class Socket:
    """As much of a socket as is asked for its names and options: `get_extra_info("socket")`."""

    def __init__(self, here: Address, there: Address | None = None, kind: int = socket.SOCK_STREAM) -> None:
        self.family, self.type, self.proto = socket.AF_INET, kind, 0
        self._here, self._there = here, there
        self._options: dict[tuple[int, int], Any] = {}

    def getsockname(self) -> Address:
        return self._here

    def getpeername(self) -> Address:
        if self._there is None:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return self._there

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        self._options[level, option] = value

    def getsockopt(self, level: int, option: int) -> Any:
        return self._options.get((level, option), 0)

    def fileno(self) -> int:
        return -1

    @property
    def resets(self) -> bool:
        """True if it is set to reset the connection when it is closed (SO_LINGER with no time)."""
        linger = self._options.get((socket.SOL_SOCKET, socket.SO_LINGER))
        return linger is not None and struct.unpack("ii", linger) == (1, 0)


class DatagramTransport(asyncio.DatagramTransport):
    """A bound datagram socket in memory."""

    def __init__(
        self,
        network: Net,
        loop: asyncio.AbstractEventLoop,
        here: Address,
        remote: Address | None,
        protocol: asyncio.DatagramProtocol,
    ) -> None:
        super().__init__({"sockname": here, "peername": remote, "socket": Socket(here, remote, socket.SOCK_DGRAM)})
        self.protocol = protocol
        self.remote = remote
        """The only address it exchanges datagrams with, if it is connected."""
        self.context = copy_context()
        """The context of its protocol's callbacks: whatever they start belongs to the owner of this endpoint."""
        self._network, self._loop, self._here = network, loop, here
        self._closing = False

    def call(self, method: Callable[..., object], *arguments: object) -> None:
        """Call that method of the protocol, in a copy of its context: it may be called while it is being called."""
        self.context.copy().run(method, *arguments)

    def vanish(self) -> None:
        """Its process is gone: it receives and sends nothing more, and the protocol is not called again."""
        self._closing = True
        self._network.unbind(self._here)

    def sendto(self, data: Any, addr: Any = None) -> None:
        destination = addr or self.remote
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
            self._loop.call_soon(self.call, self.protocol.connection_lost, None, context=self._network.context)

    def abort(self) -> None:
        self.close()

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = cast(asyncio.DatagramProtocol, protocol)
