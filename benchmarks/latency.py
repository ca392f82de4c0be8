"""Requests with their latency, for benchmarks of running sites: plain datagrams and connections, no library between.

An `Ask` sends one request and waits for its answer. It returns when the answer is there and raises `Lost` after
`PATIENCE_S`. The requests are made by twinfeed's own encoder, since only their latency is measured.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from twinfeed.emulators.profiles.schema import Profile
from twinfeed.emulators.wire.snmp.ber import encode_oid, encode_sequence, parse_oid
from twinfeed.emulators.wire.snmp.message import PduType, Version, encode_community_message, encode_pdu

PATIENCE_S = 2.0
"""The time that a client waits for an answer, s: the default of most SNMP and Modbus clients is 1 to 3 s."""

_numbers = itertools.count(1)


class Lost(Exception):
    """No answer came within `PATIENCE_S`, or the connection was closed."""


@dataclass
class Latencies:
    """The results of the clients of one kind: latencies in ms, answers that never came."""

    ms: list[float] = field(default_factory=list)
    lost: int = 0

    def quantile(self, share: float) -> float:
        """The latency that this share of the answers did not exceed, ms; NaN without answers."""
        ordered = sorted(self.ms)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else float("nan")

    async def measure(self, ask: Callable[[], Awaitable[None]]) -> None:
        """Ask once, and note how long it took or that no answer came."""
        began_s = time.perf_counter()
        try:
            await ask()
        except Lost:
            self.lost += 1
        else:
            self.ms.append((time.perf_counter() - began_s) * 1000.0)


def snmp_request(
    pdu_type: int, names: list[str], first: int = 0, second: int = 0, community: bytes = b"public"
) -> bytes:
    """A v2c request for these OIDs with a request-id of its own; its values are NULL."""
    bindings = [encode_sequence(encode_oid(parse_oid(name)), b"\x05\x00") for name in names]
    number = 0x10000000 + next(_numbers) % 0x10000000
    return encode_community_message(Version.V2C, community, encode_pdu(pdu_type, number, first, second, bindings))


class Datagrams(asyncio.DatagramProtocol):
    """A UDP client with one request outstanding; answers to requests given up are dropped by their octets 0 to 3."""

    def __init__(self) -> None:
        self._waiting: asyncio.Future[bytes] | None = None
        self._expected = b""
        self._busy = asyncio.Lock()
        self._transport: asyncio.DatagramTransport

    async def open(self, address: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, remote_addr=(address, port))

    def datagram_received(self, data: bytes, addr: object) -> None:
        if self._waiting is not None and not self._waiting.done() and self._expected in data:
            self._waiting.set_result(data)

    def error_received(self, exc: Exception) -> None:
        """A refused port is an answer that does not come."""

    async def ask(self, request: bytes, expected: bytes) -> bytes:
        """The answer to `request`, which must hold the octets `expected` (its request-id)."""
        async with self._busy:
            return await self._ask(request, expected)

    async def _ask(self, request: bytes, expected: bytes) -> bytes:
        self._waiting, self._expected = asyncio.get_running_loop().create_future(), expected
        self._transport.sendto(request)
        try:
            return await asyncio.wait_for(self._waiting, PATIENCE_S)
        except TimeoutError:
            raise Lost from None

    def close(self) -> None:
        self._transport.close()


class Snmp:
    """GETs of sysUpTime and sysName, every fourth time a GETBULK of 20 from the start of the system group."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port
        self._client: Datagrams | None = None
        self._turn = 0

    async def __call__(self) -> None:
        if self._client is None:
            self._client = Datagrams()
            await self._client.open(self.address, self.port)
        self._turn += 1
        if self._turn % 4:
            request = snmp_request(PduType.GET, ["1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0"])
        else:
            request = snmp_request(PduType.GET_BULK, ["1.3.6.1.2.1.1"], 0, 20)
        number = request[request.index(b"public") + 6 :][2:][:24]
        at = number.index(b"\x02\x04")
        await self._client.ask(request, number[at : at + 6])

    def close(self) -> None:
        if self._client is not None:
            self._client.close()


class Modbus:
    """Reads of one value over a connection that is kept, and opened again after a loss."""

    def __init__(self, address: str, port: int, unit: int, profile: Profile) -> None:
        assert profile.modbus is not None
        register = profile.modbus.registers[0]
        function = 3 if register.table == "holding" else 4
        self._pdu = bytes((unit, function)) + register.address.to_bytes(2, "big") + register.words.to_bytes(2, "big")
        self.address, self.port, self.unit, self._profile = address, port, unit, profile
        self._busy = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def again(self) -> Modbus:
        """The measurement over a connection of its own."""
        return Modbus(self.address, self.port, self.unit, self._profile)

    async def __call__(self) -> None:
        async with self._busy:
            await self._ask()

    async def _ask(self) -> None:
        number = (next(_numbers) % 0x10000).to_bytes(2, "big")
        try:
            async with asyncio.timeout(PATIENCE_S):
                if self._streams is None:
                    self._streams = await asyncio.open_connection(self.address, self.port)
                reader, writer = self._streams
                writer.write(number + b"\0\0\0\6" + self._pdu)
                head = await reader.readexactly(6)
                await reader.readexactly(int.from_bytes(head[4:], "big"))
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            self.close()
            raise Lost from None
        assert head[:2] == number, "the answer belongs to another request"

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
