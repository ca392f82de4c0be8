"""The edge: an agent on a UDP socket.

Two ways of receiving. `draining=False` uses `loop.create_datagram_endpoint` and so runs on any asyncio loop, one
with an in-memory network included. `draining=True` reads the socket until it is empty at each wake, several times
cheaper a datagram; it needs a loop with `add_reader` and a real network.
"""

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address

from emulators.wire.snmp.agent import SnmpAgent

SNMP_PORT = 161
MAX_DATAGRAM = 65535  # octets
DATAGRAMS_PER_WAKE = 64  # then other agents of the process have their turn

Address = tuple[str, int]


class NotLoopback(ValueError):
    """A listener was told to bind an address others can reach."""


def check_loopback(host: str, allow_non_loopback: bool) -> None:
    """NotLoopback unless `host` is a loopback address or the caller allows others.

    Names are not resolved: an emulator must not depend on a resolver for its safety.
    """
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback and not allow_non_loopback:
        raise NotLoopback(
            f"refusing to bind {host!r}: emulators listen on loopback addresses (127.0.0.0/8, ::1) only, as anyone "
            "who can reach them can set their variables; pass allow_non_loopback=True if that is intended"
        )


def _always() -> bool:
    return True


class SnmpServer:
    """Serves `agent` at (host, port); port 0 takes a free one, which `port` tells after :meth:`start`.

    While `gate` returns False datagrams are dropped unseen, as by a device without power or with its cable out.
    """

    __slots__ = ("_draining", "_gate", "_loop", "_socket", "_transport", "agent", "host", "port")

    def __init__(
        self,
        agent: SnmpAgent,
        host: str = "127.0.0.1",
        port: int = SNMP_PORT,
        gate: Callable[[], bool] = _always,
        *,
        draining: bool = False,
        allow_non_loopback: bool = False,
    ) -> None:
        check_loopback(host, allow_non_loopback)
        self.agent = agent
        self.host = host
        self.port = port
        self._gate = gate
        self._draining = draining
        self._loop: asyncio.AbstractEventLoop | None = None
        self._socket: socket.socket | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self) -> None:
        """Bind and serve; OSError when the address is taken or a port below 1024 is not permitted."""
        self._loop = asyncio.get_running_loop()
        if self._draining:
            self._socket = _bound_socket(self.host, self.port)
            self.port = self._socket.getsockname()[1]
            self._loop.add_reader(self._socket.fileno(), self._drain)
            return
        self._transport, _ = await self._loop.create_datagram_endpoint(
            lambda: _Endpoint(self), local_addr=(self.host, self.port)
        )
        self.port = self._transport.get_extra_info("sockname")[1]

    async def stop(self) -> None:
        """Stop serving and free the port; nothing happens if not started."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._socket is not None and self._loop is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    async def __aenter__(self) -> "SnmpServer":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def answer(self, datagram: bytes) -> bytes | None:
        """What goes back for a datagram, None when nothing does."""
        return self.agent.handle(datagram) if self._gate() else None

    def _drain(self) -> None:
        served = self._socket
        assert served is not None
        receive, send, handle, gate = served.recvfrom, served.sendto, self.agent.handle, self._gate
        for _ in range(DATAGRAMS_PER_WAKE):
            try:
                datagram, sender = receive(MAX_DATAGRAM)
            except BlockingIOError:
                return
            except ConnectionError:  # an ICMP answer to something sent earlier
                continue
            answer = handle(datagram) if gate() else None
            if answer is not None:
                try:
                    send(answer, sender)
                except OSError:  # UDP may lose a datagram: a full buffer, a sender gone since
                    continue


def _bound_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


class _Endpoint(asyncio.DatagramProtocol):
    __slots__ = ("_server", "_transport")

    def __init__(self, server: SnmpServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # asyncio's own annotation is the base class

    def datagram_received(self, data: bytes, addr: Address) -> None:
        answer = self._server.answer(data)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)
