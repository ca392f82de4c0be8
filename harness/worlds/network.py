"""The simulated world's network: TCP and UDP between protocol objects, in memory, on the loop's virtual time.

Every address is a host. The path between the station (whoever is not listed as a device) and a device's address can be
given conditions of its own (`path`), and something that alters what passes (`Tamper`). What is sent arrives through
`loop.call_at`, so that the same seed gives the same bytes at the same times.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from harness.faults.link import LinkConditions, LinkModel

if TYPE_CHECKING:
    from harness.worlds.loop import VirtualLoop

Address = tuple[str, int]

FIRST_EPHEMERAL_PORT = 49152
"""RFC 6335 §6: dynamic ports are 49152 to 65535."""

CONNECT_TIMEOUT_S = 127.0
"""Linux gives up an unanswered connection after six SYN retransmissions, s (net.ipv4.tcp_syn_retries)."""

HIGH_WATER = 64 * 1024
"""Octets on their way in one direction of a stream at which the writer is paused (asyncio's default)."""


class Tamper(Protocol):
    """What may alter the traffic between the station and one device; times are delays in s after the normal arrival."""

    def request(self, data: bytes, protocol: str) -> list[Altered]:
        """What becomes of `data` on its way to the device."""

    def answer(self, data: bytes, protocol: str) -> list[Altered]:
        """What becomes of `data` on its way to the station."""


class Altered(NamedTuple):
    """One piece that goes on instead of what came: where to (`on` or `back` to its sender) and how much later, s."""

    data: bytes
    onward: bool = True
    delay_s: float = 0.0


class Frame(NamedTuple):
    """Something that was sent."""

    t_s: float
    protocol: str
    """tcp or udp."""
    source: Address
    destination: Address
    data: bytes
    lost: bool = False


class Path:
    """The two directions between the station and one device's address."""

    def __init__(self, rng: Random, conditions: LinkConditions) -> None:
        self.out = LinkModel(conditions, Random(rng.getrandbits(64)))
        self.back = LinkModel(conditions, Random(rng.getrandbits(64)))
        self.tamper: Tamper | None = None
        self.streams: dict[StreamTransport, None] = {}
        """The device's ends of open connections."""

    @property
    def conditions(self) -> LinkConditions:
        return self.out.conditions

    def set(self, conditions: LinkConditions) -> None:
        """Give both directions these conditions; what waited for a path that is up again goes on."""
        self.out.conditions = self.back.conditions = conditions
        if conditions.state == "up":
            for stream in list(self.streams):
                stream.flush()
                if stream.peer is not None:
                    stream.peer.flush()

    def reset(self) -> int:
        """Reset every open connection; returns how many there were."""
        streams = list(self.streams)
        for stream in streams:
            if stream.peer is not None:
                stream.peer.lose(ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)))
            stream.lose(ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)))
        return len(streams)


class Network:
    """Hosts, listeners and paths of one simulated world."""

    def __init__(self, seed: int = 0, conditions: LinkConditions | None = None) -> None:
        self.default = conditions or LinkConditions()
        self.record: Callable[[Frame], None] | None = None
        self._rng = Random(seed)
        self._paths: dict[str, Path] = {}
        self._listeners: dict[Address, Callable[[], asyncio.BaseProtocol]] = {}
        self._datagrams: dict[Address, DatagramTransport] = {}
        self._next_port: dict[str, int] = {}
        self._loop: VirtualLoop

    def attach(self, loop: VirtualLoop) -> None:
        self._loop = loop

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
        port = self._next_port.get(host, FIRST_EPHEMERAL_PORT)
        while (host, port) in self._listeners or (host, port) in self._datagrams:
            port += 1
        self._next_port[host] = port + 1 if port < 65535 else FIRST_EPHEMERAL_PORT
        return port

    # -- streams ------------------------------------------------------------------------------------------------

    def listen(self, factory: Callable[[], asyncio.BaseProtocol], address: Address) -> Listener:
        """Accept connections at that address.

        Raises:
            OSError: somebody listens there already.
        """
        host, port = address
        if port == 0:
            port = self._port(host)
        if (host, port) in self._listeners:
            raise OSError(errno.EADDRINUSE, f"{host}:{port} is in use in the simulated network")
        self._listeners[host, port] = factory
        return Listener(self, (host, port))

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
            ConnectionRefusedError: nobody listens there, or the path refuses.
            TimeoutError: nothing comes back.
        """
        loop = self._loop
        path = self.path(address[0])
        arrival_s = path.out.segment(loop.time(), 60)
        if arrival_s is None:
            await asyncio.sleep(CONNECT_TIMEOUT_S)
            raise TimeoutError(errno.ETIMEDOUT, f"{address[0]}:{address[1]} does not answer")
        await asyncio.sleep(arrival_s - loop.time())
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
        path.streams[far] = None
        far.start(accept())
        answered_s = path.back.segment(loop.time(), 60)
        if answered_s is not None:
            await asyncio.sleep(answered_s - loop.time())
        protocol = factory()
        near.start(protocol)
        return near, protocol

    # -- datagrams ----------------------------------------------------------------------------------------------

    def datagram_endpoint(
        self, factory: Callable[[], asyncio.BaseProtocol], local: Address | None, remote: Address | None
    ) -> tuple[DatagramTransport, asyncio.DatagramProtocol]:
        """Bind a datagram endpoint.

        Raises:
            OSError: the address is taken.
        """
        host, port = local or ("127.0.0.1", 0)
        host = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
        if port == 0:
            port = self._port(host)
        if (host, port) in self._datagrams:
            raise OSError(errno.EADDRINUSE, f"{host}:{port}/udp is in use in the simulated network")
        protocol = cast(asyncio.DatagramProtocol, factory())
        transport = DatagramTransport(self, self._loop, (host, port), remote, protocol)
        self._datagrams[host, port] = transport
        self._loop.call_soon(protocol.connection_made, transport)
        return transport, protocol

    def unbind(self, address: Address) -> None:
        self._datagrams.pop(address, None)

    def send_datagram(self, source: Address, destination: Address, data: bytes) -> None:
        path, model, to_device = self._between(source[0], destination[0])
        loop = self._loop
        now_s = loop.time()
        if path.tamper is None:
            pieces = [Altered(data)]
        else:
            pieces = (path.tamper.request if to_device else path.tamper.answer)(data, "udp")
        for piece in pieces:
            ends = (source, destination) if piece.onward else (destination, source)
            arrivals_s = model.datagram(now_s, len(piece.data) + 28)
            if self.record is not None:
                self.record(Frame(now_s, "udp", *ends, piece.data, not arrivals_s))
            for arrival_s in arrivals_s:
                loop.call_at(arrival_s + piece.delay_s, self._deliver_datagram, *ends, piece.data)

    def _deliver_datagram(self, source: Address, destination: Address, data: bytes) -> None:
        transport = self._datagrams.get(destination)
        if transport is not None:
            transport.protocol.datagram_received(data, source)


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
        self._held: list[tuple[bytes, bool]] = []
        """What waits for a path that is up, and whether it goes on or back."""
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
        tamper = self._path.tamper
        if tamper is None:
            self._send(octets, True, 0.0)
            return
        for piece in (tamper.request if self._to_device else tamper.answer)(octets, "tcp"):
            self._send(piece.data, piece.onward, piece.delay_s)

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
        arrival_s = self._model.segment(self._loop.time(), 40)
        if arrival_s is not None and self.peer is not None:
            self._loop.call_at(arrival_s, self.peer.lose, error)
        self._loop.call_soon(self.lose, None)

    # -- the wire -------------------------------------------------------------------------------------------------

    def _send(self, data: bytes, onward: bool, delay_s: float) -> None:
        now_s = self._loop.time()
        arrival_s = None if self._held else self._model.segment(now_s, len(data) + 40)
        network = self._network
        if network.record is not None:
            ends = (self.here, self.there) if onward else (self.there, self.here)
            network.record(Frame(now_s, "tcp", *ends, data, arrival_s is None))
        if arrival_s is None:
            self._held.append((data, onward))
            return
        self._in_flight += len(data)
        self._last_s = arrival_s = max(arrival_s + delay_s, self._last_s)
        self._loop.call_at(arrival_s, self._arrive, data, onward)
        if self._in_flight > HIGH_WATER and not self._paused_writing:
            self._paused_writing = True
            self._loop.call_soon(self._protocol.pause_writing)

    def _arrive(self, data: bytes, onward: bool) -> None:
        self._in_flight -= len(data)
        target = self.peer if onward else self
        if target is not None and not target._lost:
            target.deliver(data)
        if self._paused_writing and self._in_flight <= HIGH_WATER // 4:
            self._paused_writing = False
            self._protocol.resume_writing()

    def flush(self) -> None:
        """The path is up again: send what waited, as TCP does with its next retransmission."""
        held, self._held = self._held, []
        for data, onward in held:
            self._send(data, onward, 0.0)
        if self._closing and not self._end_sent:
            self._send_end()

    def _send_end(self) -> None:
        if self._held:
            return
        arrival_s = self._model.segment(self._loop.time(), 40)
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
