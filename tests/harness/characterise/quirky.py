"""An SNMP agent in memory with any number of bad habits: datagrams in, datagrams out.

    agent = Quirky({6: "0500"}, long_lengths=True, bulk=False)
    agent.answer(request)

It has sysDescr, sysObjectID and sysUpTime, and the variables 1.3.6.1.4.1.99999.1.1.0 to .12.0 whose values are 10, 20 …
unless stated otherwise.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from twinfeed.harness.virtual.loop import VirtualLoop

Oid = tuple[int, ...]

TABLE = (1, 3, 6, 1, 4, 1, 99999, 1)
SYSTEM = (1, 3, 6, 1, 2, 1, 1)
GET, GET_NEXT, GET_BULK = 0xA0, 0xA1, 0xA5
ADDRESS = ("127.12.0.9", 161)


def oid_of(n: int) -> str:
    """The variable with that number."""
    return ".".join(map(str, (*TABLE, n, 0)))


@dataclass
class Quirky:
    """`values` are tag, length and contents in hexadecimal of the variables with these numbers."""

    values: Mapping[int, str] = field(default_factory=dict)
    order: tuple[int, ...] = tuple(range(1, 13))
    """In which GETNEXT gives the variables."""
    back_after: tuple[int, int] | None = None
    """From the first of these numbers on, GETNEXT leads to the second again."""
    long_lengths: bool = False
    trailing: bytes = b""
    padded_names: bool = False
    bulk: bool = True
    v2c: bool = True
    most_in_get: int = 1000
    """A GET of more is answered with its first variables only."""
    most_in_bulk: int = 20
    uptimes: list[int] = field(default_factory=list)
    """The values of sysUpTime in turn, hundredths of a second; the last one stays. Empty for a clock."""
    requests: list[tuple[int, Oid]] = field(default_factory=list)

    def answer(self, request: bytes) -> bytes:
        """The answer, empty for silence."""
        message = _parts(_parts(request)[0][1])
        version, pdu = message[0][1], message[2]
        request_id, _, most, bindings = (part[1] for part in _parts(pdu[1]))
        asked = [_oid(_parts(binding)[0][1]) for _, binding in _parts(bindings)]
        self.requests.append((pdu[0], asked[0]))
        is_v1 = version == b"\0"
        if (pdu[0] == GET_BULK and not self.bulk) or (not is_v1 and not self.v2c):
            return b""
        status, index, found = 0, 0, []
        if pdu[0] == GET:
            for oid in asked[: self.most_in_get]:
                value = self._value(oid)
                if is_v1 and value is None and not status:
                    status, index = 2, len(found) + 1
                found.append((oid, value or b"\x80\0"))
        else:
            oid = asked[0]
            repetitions = 1 if pdu[0] == GET_NEXT else min(self.most_in_bulk, int.from_bytes(most, "big"))
            for _ in range(repetitions):
                following = self._following(oid)
                if following is None:
                    status, index = (2, 1) if is_v1 else (0, 0)
                    found.append((oid, b"\x82\0"))
                    break
                oid = following
                found.append((oid, self._value(oid) or b""))
        return self._response(version, request_id, (status, index), found)

    def _names(self) -> list[Oid]:
        return [(*SYSTEM, 1, 0), (*SYSTEM, 2, 0), (*SYSTEM, 3, 0), *((*TABLE, n, 0) for n in self.order)]

    def _following(self, oid: Oid) -> Oid | None:
        names = self._names()
        if self.back_after is not None and oid >= (*TABLE, self.back_after[0], 0):
            return (*TABLE, self.back_after[1], 0)
        if oid in names:
            rest = names[names.index(oid) + 1 :]
            return rest[0] if rest else None
        return next((name for name in names if name > oid), None)

    def _value(self, oid: Oid) -> bytes | None:
        if oid == (*SYSTEM, 1, 0):
            return self._tlv(4, b"quirky")
        if oid == (*SYSTEM, 2, 0):
            return self._tlv(6, bytes.fromhex("2b06010401868d1f07"))
        if oid == (*SYSTEM, 3, 0):
            return self._tlv(0x43, struct.pack(">I", self._ticks()))
        if oid not in self._names():
            return None
        n = oid[-2]
        return bytes.fromhex(self.values[n]) if n in self.values else self._tlv(2, bytes([n * 10]))

    def _ticks(self) -> int:
        if not self.uptimes:
            return 100_000 + round(100 * asyncio.get_running_loop().time())
        return self.uptimes.pop(0) if len(self.uptimes) > 1 else self.uptimes[0]

    def _response(
        self, version: bytes, request_id: bytes, error: tuple[int, int], found: list[tuple[Oid, bytes]]
    ) -> bytes:
        bindings = b"".join(self._tlv(0x30, self._tlv(6, self._name(oid)) + value) for oid, value in found)
        head = self._tlv(2, request_id) + self._tlv(2, bytes(error[:1])) + self._tlv(2, bytes(error[1:]))
        pdu = self._tlv(0xA2, head + self._tlv(0x30, bindings))
        return self._tlv(0x30, self._tlv(2, version) + self._tlv(4, b"public") + pdu) + self.trailing

    def _name(self, oid: Oid) -> bytes:
        octets = bytes([oid[0] * 40 + oid[1]])
        for number in oid[2:]:
            groups = [number >> shift & 0x7F for shift in range(0, max(1, number.bit_length()), 7)][::-1]
            padding = b"\x80" if self.padded_names and len(groups) > 1 else b""
            octets += padding + bytes([0x80 | group for group in groups[:-1]] + [groups[-1]])
        return octets

    def _tlv(self, tag: int, contents: bytes) -> bytes:
        size = len(contents)
        if self.long_lengths:
            return bytes([tag]) + b"\x83" + size.to_bytes(3, "big") + contents
        return bytes([tag]) + (bytes([size]) if size < 0x80 else b"\x82" + struct.pack(">H", size)) + contents


async def listening(agent: Quirky, loop: VirtualLoop) -> None:
    """Let the agent answer at `ADDRESS` of the loop's network."""

    class Endpoint(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: object) -> None:
            if answer := agent.answer(data):
                self.transport.sendto(answer, addr)  # type: ignore[attr-defined]

    await loop.create_datagram_endpoint(Endpoint, local_addr=ADDRESS)


def _parts(octets: bytes) -> list[tuple[int, bytes]]:
    """The TLVs of a request, whose lengths pysnmp writes in the short and the two-octet form."""
    found, at = [], 0
    while at < len(octets):
        tag, size, at = octets[at], octets[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            size, at = int.from_bytes(octets[at : at + count], "big"), at + count
        found.append((tag, octets[at : at + size]))
        at += size
    return found


def _oid(contents: bytes) -> Oid:
    numbers, number = [contents[0] // 40, contents[0] % 40], 0
    for octet in contents[1:]:
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(number)
            number = 0
    return tuple(numbers)
