"""Modbus RTU: requests found in a stream of octets, responses framed. No line, no clock.

Source: Modbus over Serial Line Specification and Implementation Guide V1.02, sections 2.2 (addressing), 2.5.1 (RTU
framing) and appendix 6.2.2 (CRC generation).

    address (1) | PDU (1 to 253) | CRC-16 of both, low octet first (2)

The specification ends a frame with a silence of 3.5 characters, which neither a pseudo-terminal nor a serial device
server passes on. Frames are therefore measured: a function code says how long its request is, and the CRC whether it
was one. What cannot be a request is skipped octet by octet. A client sends one request and waits, so whatever ends
with what has come and has the right CRC is a request too: of a function unknown here, of a wrong byte count, or after
the beginning of one that never came to its end.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from emulators.wire.modbus.diagnostics import Counters
from emulators.wire.modbus.pdu import respond
from emulators.wire.modbus.unit import Unit

MIN_FRAME_BYTES, MAX_FRAME_BYTES = 4, 256
"""Section 2.5.1.1: at most 256 octets."""

BROADCAST = 0
"""Section 2.2: the address all devices take and none answers."""

BROADCAST_FUNCTIONS = frozenset({5, 6, 15, 16, 22})
"""Broadcasts are writing commands (section 2.1); a read would have nobody to answer it."""

FIXED_SIZES = {1: 8, 2: 8, 3: 8, 4: 8, 5: 8, 6: 8, 7: 4, 8: 8, 11: 4, 12: 4, 17: 4, 22: 10, 24: 6, 43: 7}
"""Octets of a request's frame by function code."""

BYTE_COUNTS = {15: 6, 16: 6, 20: 2, 21: 2, 23: 10}
"""Where in the frame the byte count stands, for requests that have one; the data and the CRC follow it."""


def _crc_table() -> list[int]:
    """Appendix 6.2.2: the polynomial 0xA001 (x^16 + x^15 + x^2 + 1, reflected) shifted through an octet."""
    table = []
    for octet in range(256):
        for _ in range(8):
            octet = octet >> 1 ^ (0xA001 if octet & 1 else 0)
        table.append(octet)
    return table


_TABLE = _crc_table()


def crc16(data: bytes) -> bytes:
    """The two octets that end a frame of these."""
    crc = 0xFFFF
    for octet in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ octet) & 0xFF]
    return struct.pack("<H", crc)


class ModbusRtuConnection:
    """The server's side of one line or stream: give it the octets that came in, send the octets it returns.

    `units` maps addresses to what answers for them, and may change meanwhile. An address that is not there is not
    answered, as on a line where another device may have it; a broadcast is carried out by every unit and not answered.
    """

    __slots__ = ("_counters", "_pending", "_units", "closed")

    def __init__(self, units: Mapping[int, Unit], counters: Counters) -> None:
        self._units = units
        self._counters = counters
        self._pending = b""
        self.closed = False
        """Always: a line can be followed again after any garbage."""

    @property
    def pending_bytes(self) -> int:
        """Octets held back because a request may begin among them: fewer than one frame's 256."""
        return len(self._pending)

    def receive(self, data: bytes) -> bytes:
        """The answers, in order, to all requests that `data` completes; empty if none. Never raises."""
        data = self._pending + data
        answers = []
        while (frame := _first_frame(data)) is not None:
            start, end = frame
            if start:
                self._counters.comm_errors += 1
            answers.append(self._answer(data[start], data[start + 1 : end - 2]))
            data = data[end:]
        if len(data) >= MAX_FRAME_BYTES:
            self._counters.comm_errors += 1
            data = data[1 - MAX_FRAME_BYTES :]
        self._pending = data
        return b"".join(answers)

    def forget(self) -> None:
        """Discard the beginning of a request, as a device does that loses its power."""
        self._pending = b""

    def _answer(self, address: int, pdu: bytes) -> bytes:
        counters = self._counters
        counters.bus_messages += 1
        if address == BROADCAST:
            counters.no_responses += 1
            if pdu[0] in BROADCAST_FUNCTIONS:
                present = map(self._units.get, self._units)
                for each in {id(unit): unit for unit in present if unit is not None}.values():
                    respond(each, pdu, counters)
            return b""
        unit = self._units.get(address)
        if unit is None:
            return b""
        counters.server_messages += 1
        answer = respond(unit, pdu, counters)
        if not answer:
            counters.no_responses += 1
            return b""
        if answer[0] & 0x80:
            counters.count_exception(answer[1])
        body = bytes((address,)) + answer
        return body + crc16(body)


def _first_frame(data: bytes) -> tuple[int, int] | None:
    """Where the first request in these octets begins and ends."""
    begun = False
    for start in range(len(data) - MIN_FRAME_BYTES + 1):
        size = _size(data, start)
        for end in _ends(start, size, len(data), begun):
            if crc16(data[start : end - 2]) == data[end - 2 : end]:
                return start, end
        begun = begun or size is None or start + size > len(data)
    return None


def _ends(start: int, size: int | None, available: int, begun: bool) -> Iterator[int]:
    """Where a request that begins there may end. After the beginning of another, only where everything ends."""
    if size and start + size < available and not begun:
        yield start + size
    if available - start <= MAX_FRAME_BYTES:
        yield available


def _size(data: bytes, start: int) -> int | None:
    """Octets of the request that begins there; None while that cannot be told yet, 0 if it never can be."""
    if len(data) < start + 2:
        return None
    function = data[start + 1]
    counted_at = BYTE_COUNTS.get(function)
    if counted_at is None:
        return FIXED_SIZES.get(function, 0)
    if len(data) < start + counted_at + 1:
        return None
    return min(counted_at + 1 + data[start + counted_at] + 2, MAX_FRAME_BYTES + 1)
