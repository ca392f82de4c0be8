"""The simulated world's network: TCP and UDP between protocol objects, in memory, on the loop's virtual time.

Every address is a host. The path between the station (any address that is no device's) and a device's address can be
given conditions of its own, and its messages can be altered (`path`). What is sent arrives through
`loop.arrive_at`, so that the same seed gives the same bytes at the same times.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from contextvars import Context, copy_context
from random import Random
from typing import cast

from twinfeed.harness.virtual.links.link import LinkConditions, LinkModel
from twinfeed.harness.virtual.links.tampering import Answer, Conversation, Late, Tampering
from twinfeed.harness.virtual.owner import owner_in
from twinfeed.harness.virtual.sockets import UDP_HEADERS, Address, Arriving, DatagramTransport, Frame, Listener
from twinfeed.harness.virtual.streams import TCP_HEADERS, StreamTransport, reset_error

FIRST_EPHEMERAL_PORT = 49152
"""RFC 6335 §6: dynamic ports are 49152 to 65535."""

OTHER_PORT = FIRST_EPHEMERAL_PORT - 1
"""The source of answers under the fault `snmp-other-port`."""

SYN_RETRIES_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""The time that Linux waits for the answer to each SYN, s; then it gives up (net.ipv4.tcp_syn_retries is 6)."""

LAST_PORT = 65535


class Path:
    """The two directions between the station and one device's address."""

    def __init__(self, rng: Random, conditions: LinkConditions) -> None:
        self.out = LinkModel(conditions, Random(rng.getrandbits(64)))
        self.back = LinkModel(conditions, Random(rng.getrandbits(64)))
        self.tampers: dict[int, Tampering] = {}
        """The faults of the messages of a device's services, by port."""
        self.streams: dict[StreamTransport, None] = {}
        """The device's ends of open connections."""
        self._conversations: dict[tuple[int, Address], Conversation] = {}

    @property
    def tampered(self) -> bool:
        """True if anything alters messages on it."""
        return bool(self.tampers)

    def conversation(self, port: int, client: Address) -> Conversation | None:
        """The faults of the messages between the client and the service at `port`; None while there are none."""
        tamper = self.tampers.get(port)
        if tamper is None:
            return None
        found = self._conversations.get((port, client))
        if found is None:
            found = self._conversations[port, client] = tamper.conversation()
        return found

    def forget(self, port: int, client: Address) -> None:
        """Forget a client that has gone."""
        self._conversations.pop((port, client), None)

    def notified(self, data: bytes) -> list[bytes | Late]:
        """The datagrams that a message which answers no request becomes on its way to the station."""
        tamper = next((tamper for tamper in self.tampers.values() if tamper.notifies), None)
        return [data] if tamper is None else tamper.notification(data)

    @property
    def conditions(self) -> LinkConditions:
        return self.out.conditions

    def set(self, conditions: LinkConditions) -> None:
        """Give both directions these conditions. Octets that waited for the path continue."""
        self.out.conditions = self.back.conditions = conditions
        for device_end in list(self.streams):
            if conditions.state == "up":
                device_end.flush()
                device_end.peer.flush()
            elif conditions.state == "half-open":
                device_end.lose(reset_error())

    def tidy(self, stream: StreamTransport) -> None:
        """Forget a connection once both its ends are over."""
        if stream.over and stream.peer.over:
            self.streams.pop(stream, None)
            self.streams.pop(stream.peer, None)

    def reset(self) -> int:
        """Reset every open connection; returns how many there were."""
        device_ends = [end for end in self.streams if not end.lost]
        for device_end in device_ends:
            device_end.peer.lose(reset_error())
            device_end.lose(reset_error())
        return len(device_ends)


class VirtualNetwork:
    """Hosts, listeners and paths of one simulated world."""

    def __init__(self, seed: int = 0, conditions: LinkConditions | None = None) -> None:
        self.default = conditions or LinkConditions()
        self.record: Callable[[Frame], None] | None = None
        self._rng = Random(seed)
        self._paths: dict[str, Path] = {}
        self._listeners: dict[Address, tuple[Callable[[], asyncio.BaseProtocol], Context]] = {}
        """A place where connections are accepted: the factory of their protocols, and the context of its callbacks."""
        self._datagrams: dict[Address, DatagramTransport] = {}
        self._services: set[Address] = set()
        """Datagram endpoints that were bound to a port of their choice: devices answer from there."""
        self._next_port: dict[str, int] = {}
        self.context = Context()
        """Schedule an arrival without an owner: it happens even if the sender has stopped."""
        self._loop: asyncio.AbstractEventLoop
        self.arrive_at: Arriving

    def attach(self, loop: asyncio.AbstractEventLoop, arrive_at: Arriving) -> None:
        """Use that loop; `arrive_at` calls a function at a time, in a call that is never cancelled."""
        self._loop, self.arrive_at = loop, arrive_at

    def seed(self, seed: int) -> None:
        """Draw the chance of paths from that seed, for the paths that come to be from now on."""
        self._rng = Random(seed)

    def path(self, host: str) -> Path:
        """The path between the station and the device at that address; made at the first call, in its own seed."""
        path = self._paths.get(host)
        if path is None:
            path = self._paths[host] = Path(self._rng, self.default)
        return path

    def _between(self, source: str, destination: str) -> tuple[Path, LinkModel, bool]:
        """The path of a packet, its direction's model, and whether it goes to the device."""
        path = self._paths.get(destination)
        if path is not None:
            return path, path.out, True
        path = self._paths.get(source)
        if path is None:
            path = self.path(destination)
            return path, path.out, True
        return path, path.back, False

    def _port(self, host: str) -> int:
        """A free port of that host.

        Raises:
            OSError: there is none.
        """
        port = self._next_port.get(host, FIRST_EPHEMERAL_PORT)
        for _ in range(FIRST_EPHEMERAL_PORT, LAST_PORT + 1):
            following = port + 1 if port < LAST_PORT else FIRST_EPHEMERAL_PORT
            if (host, port) not in self._listeners and (host, port) not in self._datagrams:
                self._next_port[host] = following
                return port
            port = following
        raise OSError(errno.EADDRINUSE, f"{host}: every ephemeral port is in use in the simulated network")

    # -- streams ------------------------------------------------------------------------------------------------

    def listen(self, factory: Callable[[], asyncio.BaseProtocol], address: Address) -> Listener:
        """Accept connections at that address.

        Raises:
            OSError: the address is in use.
        """
        host, port = _bindable(address[0]), address[1]
        if port == 0:
            port = self._port(host)
        if (host, port) in self._listeners:
            raise OSError(errno.EADDRINUSE, f"{host}:{port} is in use in the simulated network")
        self._listeners[host, port] = factory, copy_context()
        return Listener(self, self._loop, (host, port))

    def unlisten(self, address: Address) -> None:
        self._listeners.pop(address, None)

    async def connect(
        self,
        factory: Callable[[], asyncio.BaseProtocol],
        address: Address,
        local: Address | None,
    ) -> tuple[StreamTransport, asyncio.BaseProtocol]:
        """Open a connection.

        Raises:
            ConnectionRefusedError: nothing listens there, or the path refuses.
            TimeoutError: nothing comes back.
        """
        loop = self._loop
        path = self.path(address[0])
        await self._handshake(path.out, address)
        accept = self._listeners.get(address)
        if accept is None or path.conditions.state == "refused":
            await asyncio.sleep(path.conditions.latency_s)
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"{address[0]}:{address[1]} refuses the connection")
        here = (local[0], local[1]) if local else ("127.0.0.1", 0)
        if here[1] == 0:
            here = (here[0], self._port(here[0]))
        near = StreamTransport(self, loop, here, address, path, path.out, to_device=True)
        far = StreamTransport(self, loop, address, here, path, path.back, to_device=False)
        near.peer, far.peer = far, near
        factory_there, far.context = accept
        path.streams[far] = None
        loop.call_soon(_accept, far, factory_there, context=self.context)
        try:
            await self._handshake(path.back, address)
        except BaseException:
            near.vanish()
            raise
        if near.lost:
            raise reset_error()
        protocol = factory()
        near.start(protocol)
        return near, protocol

    async def _handshake(self, model: LinkModel, address: Address) -> None:
        """Let a SYN, or its answer, cross the path.

        Raises:
            TimeoutError: it never does.
        """
        for patience_s in SYN_RETRIES_S:
            now_s = self._loop.time()
            arrival_s = model.segment(now_s, TCP_HEADERS, now_s)
            if arrival_s is not None:
                await asyncio.sleep(arrival_s - now_s)
                return
            await asyncio.sleep(patience_s)
        raise TimeoutError(errno.ETIMEDOUT, f"{address[0]}:{address[1]} does not answer")

    def disconnect(self, owner: object) -> bool:
        """Remove everything of an owner, as at the end of its process. Returns True if there was anything."""
        listening = [address for address, (_, context) in self._listeners.items() if owner_in(context) is owner]
        bound = [endpoint for endpoint in self._datagrams.values() if owner_in(endpoint.context) is owner]
        ends = [end for path in self._paths.values() for far in path.streams for end in (far, far.peer)]
        open_ = [end for end in ends if not end.lost and owner_in(end.context) is owner]
        for address in listening:
            self.unlisten(address)
        for endpoint in bound:
            endpoint.vanish()
        for end in open_:
            end.vanish()
        return bool(listening or bound or open_)

    # -- datagrams ----------------------------------------------------------------------------------------------

    def datagram_endpoint(
        self, factory: Callable[[], asyncio.BaseProtocol], local: Address | None, remote: Address | None
    ) -> tuple[DatagramTransport, asyncio.DatagramProtocol]:
        """Bind a datagram endpoint.

        Raises:
            OSError: the address is taken.
        """
        host, port = local or ("127.0.0.1", 0)
        host = _bindable(host)
        if port == 0:
            port = self._port(host)
        else:
            self._services.add((host, port))
        if (host, port) in self._datagrams:
            raise OSError(errno.EADDRINUSE, f"{host}:{port}/udp is in use in the simulated network")
        protocol = cast(asyncio.DatagramProtocol, factory())
        transport = DatagramTransport(self, self._loop, (host, port), remote, protocol)
        self._datagrams[host, port] = transport
        protocol.connection_made(transport)
        return transport, protocol

    def unbind(self, address: Address) -> None:
        self._datagrams.pop(address, None)
        self._services.discard(address)

    def send_datagram(self, source: Address, destination: Address, data: bytes) -> None:
        path, model, to_device = self._between(source[0], destination[0])
        if not path.tampers:
            self._fly(model, source, destination, data)
            return
        if to_device:
            conversation = path.conversation(destination[1], source)
            for piece in (data,) if conversation is None else conversation.request(data):
                if isinstance(piece, Answer):
                    self._fly(path.back, destination, source, piece.frame)
                else:
                    self._fly(model, source, destination, piece)
        elif source in self._services:
            conversation = path.conversation(source[1], destination)
            sender = self._answering(path, source)
            for answer in (data,) if conversation is None else conversation.answer(data):
                self._fly(model, sender, destination, answer)
        else:
            for note in path.notified(data):
                if isinstance(note, Late):
                    self._loop.call_later(
                        note.delay_s, self._fly, model, source, destination, note.frame, context=self.context
                    )
                else:
                    self._fly(model, source, destination, note)

    def _answering(self, path: Path, source: Address) -> Address:
        """The source of an answer from there: another port where that is tampered with."""
        tamper = path.tampers.get(source[1])
        return (source[0], OTHER_PORT) if tamper is not None and tamper.answers_elsewhere else source

    def _fly(self, model: LinkModel, source: Address, destination: Address, data: bytes) -> None:
        now_s = self._loop.time()
        arrivals_s = model.datagram(now_s, len(data) + UDP_HEADERS)
        if self.record is not None:
            self.record(Frame(now_s, "udp", source, destination, data, not arrivals_s))
        for arrival_s in arrivals_s:
            self.arrive_at(arrival_s, self._deliver_datagram, source, destination, data)

    def _deliver_datagram(self, source: Address, destination: Address, data: bytes) -> None:
        transport = self._datagrams.get(destination)
        if transport is None:
            self._unreachable(source, destination)
        elif transport.remote in (None, source):
            transport.call(transport.protocol.datagram_received, data, source)

    def _unreachable(self, source: Address, destination: Address) -> None:
        """Nothing is bound there: ICMP reports it to a sender that is connected to that address (RFC 1122 §4.1.3.3)."""
        sender = self._datagrams.get(source)
        if sender is not None and sender.remote == destination:
            error = ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
            _, model, _ = self._between(destination[0], source[0])
            for arrival_s in model.datagram(self._loop.time(), UDP_HEADERS):
                self.arrive_at(arrival_s, sender.call, sender.protocol.error_received, error)


def _bindable(host: str) -> str:
    """A socket bound to every address is reached at that of the station."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host


def _accept(stream: StreamTransport, accept: Callable[[], asyncio.BaseProtocol]) -> None:
    """The device's end of a connection comes to be."""
    if not stream.lost:
        stream.start(accept())
