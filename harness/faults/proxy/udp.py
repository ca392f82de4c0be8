"""A proxy of datagrams: SNMP requests and their answers, or notifications on their way to a station."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from typing import Any

from twinfeed.harness.faults.capture import Capture, Place
from twinfeed.harness.faults.frames import STREAMS_ONLY, Late, Tamper
from twinfeed.harness.faults.proxy.base import DIRECT, WIRESHARK, Proxy, answered, asked, check_loopback, made
from twinfeed.harness.virtual.links.link import LinkConditions

_log = logging.getLogger(__name__)

MOST_CLIENTS = 256
"""Addresses whose answers find back; one more makes the proxy forget the one that sent first."""

MOST_EARLY = 64
"""Datagrams kept until there is an endpoint to send them from."""


class UdpProxy(Proxy):
    """Listens at `listen` and passes each client's datagrams on to `target` from an endpoint of the client's own.

    With `notifications` the clients are devices and the target is a station: what they send suffers the faults of
    notifications, and what comes back (the acknowledgements of informs) passes as it is.
    Port 0 takes a free one, which `address` holds once started. Raises NotLoopback for an address others can reach
    unless `exposed`.
    """

    MEANINGLESS = ("reset", *STREAMS_ONLY)

    def __init__(
        self,
        listen: Place,
        target: Place,
        tamper: Tamper,
        *,
        notifications: bool = False,
        healthy: LinkConditions = DIRECT,
        seed: int = 0,
        capture: Capture | None = None,
        exposed: bool = False,
    ) -> None:
        check_loopback(listen[0], exposed)
        super().__init__(tamper, healthy=healthy, seed=seed, capture=capture)
        self.address = listen
        self.target = target
        self.resolved_target = target
        """The target by its numeric address, once something was sent there."""
        self.elsewhere: Place | None = None
        """The source of the last answer that did not come from the target."""
        self._notifications = notifications
        self._transport: asyncio.DatagramTransport | None = None
        self._elsewhere: asyncio.DatagramTransport | None = None
        """The endpoint of another port, while the fault `snmp-other-port` has answers come from there."""
        self._clients: dict[Place, _Client] = {}
        self._there, self._back = self._model(), self._model()

    @property
    def _clients_see(self) -> Place:
        return self.address

    async def start(self) -> None:
        loop = self._start_clock()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Endpoint(self._asked), local_addr=self.address)
        self._transport = transport
        bound = transport.get_extra_info("sockname")
        if bound is not None:  # a network in memory may not give it; then the port is the requested one
            self.address = self.address[0], bound[1]
        if self.capture is not None:
            speaks = "mbudp" if self.tamper.speaks == "modbus-tcp" else WIRESHARK[self.tamper.speaks]
            self.capture.decode_as("udp", self.address[1], speaks)

    async def stop(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._elsewhere is not None:
            self._elsewhere.close()
            self._elsewhere = None
        for client in list(self._clients.values()):
            client.close()
        self._clients.clear()

    async def apply(self, kind: str, parameters: Mapping[str, float] | None = None) -> None:
        await super().apply(kind, parameters)
        if kind == "snmp-other-port" and self._elsewhere is None:
            self._elsewhere, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Endpoint(lambda _data, _sender: None), local_addr=(self.address[0], 0)
            )

    async def _set(self, conditions: LinkConditions) -> None:
        self.conditions = self._there.conditions = self._back.conditions = conditions

    def _asked(self, data: bytes, sender: Any) -> None:
        peer: Place = sender[:2]
        client = self._clients.get(peer)
        if client is None:
            client = self._new_client(peer)
        if self._notifications:
            self._notified(client, data)
            return
        onward, instead, comment = asked(client.conversation, self.tamper, data)
        self._record(peer, self.address, "udp", data, comment)
        for datagram in onward:
            self._send(self._there.datagram, client.send, datagram)
        for answer in instead:
            self._answer(client, answer, made(self.tamper))

    def answered(self, client: _Client, data: bytes) -> None:
        """The target sent something to the endpoint of this client."""
        if self._notifications:
            self._answer(client, data, "")
            return
        for datagram, comment in answered(client.conversation, self.tamper, data):
            self._answer(client, datagram, comment)

    def came_from(self, sender: Place) -> None:
        """The sender of an answer, which need not be the target: some devices answer from another port or address."""
        if sender != self.resolved_target and sender != self.elsewhere:
            self.elsewhere = sender
            _log.warning("the request went to %s:%d, its answer came from %s:%d", *self.target, *sender)

    def _notified(self, client: _Client, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        passed = self.tamper.notification(data)
        late = any(isinstance(item, Late) for item in passed)
        comment = "" if len(passed) == 1 and not late else f"{', '.join(self.tamper.active)}: {len(passed)} passed on"
        self._record(client.peer, self.address, "udp", data, comment)
        for item in passed:
            if isinstance(item, Late):
                loop.call_later(item.delay_s, self._send, self._there.datagram, client.send, item.frame)
            else:
                self._send(self._there.datagram, client.send, item)

    def _answer(self, client: _Client, datagram: bytes, comment: str) -> None:
        def arrive(datagram: bytes) -> None:
            elsewhere = self._elsewhere if "snmp-other-port" in self.tamper.active else None
            transport = elsewhere or self._transport
            if transport is not None:
                self._record(self.address, client.peer, "udp", datagram, comment)
                transport.sendto(datagram, client.peer)

        self._send(self._back.datagram, arrive, datagram)

    def _send(self, path: Callable[[float, int], list[float]], arrive: Callable[[bytes], None], data: bytes) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for arrival in path(now, len(data)):
            if arrival <= now:
                arrive(data)
            else:
                loop.call_at(arrival, arrive, data)

    def _new_client(self, peer: Place) -> _Client:
        if len(self._clients) >= MOST_CLIENTS:
            self._clients.pop(next(iter(self._clients))).close()
        client = self._clients[peer] = _Client(self, peer)
        return client


class _Client:
    """A client's address, and the endpoint from which its datagrams reach the target."""

    def __init__(self, proxy: UdpProxy, peer: Place) -> None:
        self.peer = peer
        self.conversation = proxy.tamper.conversation()
        self._proxy = proxy
        self._early: list[bytes] = []
        self._transport: asyncio.DatagramTransport | None = None
        self._opening: asyncio.Task[None] | None = asyncio.get_running_loop().create_task(self._open())

    def send(self, datagram: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(datagram, self._proxy.resolved_target)
        elif self._opening is not None and len(self._early) < MOST_EARLY:
            self._early.append(datagram)

    def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    async def _open(self) -> None:
        """An endpoint that is not connected: a device may answer from another port or address than it was asked at."""
        loop, proxy = asyncio.get_running_loop(), self._proxy
        (family, _, _, _, place), *_ = await loop.getaddrinfo(*proxy.target, type=socket.SOCK_DGRAM)
        proxy.resolved_target = str(place[0]), int(place[1])
        here = "::" if family == socket.AF_INET6 else "0.0.0.0"
        transport, _ = await loop.create_datagram_endpoint(lambda: _Endpoint(self._received), local_addr=(here, 0))
        self._transport, self._opening = transport, None
        for datagram in self._early:
            self.send(datagram)
        self._early.clear()

    def _received(self, data: bytes, sender: Any) -> None:
        self._proxy.came_from((str(sender[0]), int(sender[1])))
        self._proxy.answered(self, data)


class _Endpoint(asyncio.DatagramProtocol):
    def __init__(self, receive: Callable[[bytes, Any], None]) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._receive(data, addr)

    def error_received(self, exc: Exception) -> None:
        """The target's port is closed: its client receives nothing, as after any datagram that is lost."""
