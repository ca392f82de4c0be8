"""Modbus RTU: requests found in a stream of octets, responses framed. No line, no clock.

Source: Modbus over Serial Line Specification and Implementation Guide V1.02, sections 2.2 (addressing), 2.5.1 (RTU
framing) and appendix 6.2.2 (CRC generation).

    address (1) | PDU (1 to 253) | CRC-16 of both, low octet first (2)

The specification ends a frame with a silence of 3.5 characters, which neither a pseudo-terminal nor a serial device
server passes on. Frames are therefore measured: a function code gives the length of its request, the CRC shows if it
was one. What cannot be a request is skipped octet by octet, after the beginning of one that never came to its end as
well: a client sends one request and waits, so the request that ends with what has come is the one.

A request of a function unknown here, or of a wrong byte count, cannot be measured. It is found where a request is sure
to begin: after the one before, or where a piece that has come begins (one of at least four octets). Noise is taken for
a request once in 65,536 trials, so there are as few as possible: about one in thirteen octets of noise is tried.
"""

from __future__ import annotations

import struct
from bisect import insort
from collections.abc import Mapping
from itertools import chain

from twinfeed.emulators.wire.modbus.diagnostics import ANSWERED, BROADCAST_RECEIVED, Counters
from twinfeed.emulators.wire.modbus.pdu import respond
from twinfeed.emulators.wire.modbus.unit import Unit

MIN_FRAME_BYTES, MAX_FRAME_BYTES = 4, 256
"""Section 2.5.1.1: at most 256 octets."""

BROADCAST = 0
"""Section 2.2: the address all devices take and none answers."""

BROADCAST_FUNCTIONS = frozenset({5, 6, 15, 16, 22})
"""Broadcasts are writing commands (section 2.1); a read would have no receiver for its answer."""

FIXED_SIZES = {1: 8, 2: 8, 3: 8, 4: 8, 5: 8, 6: 8, 7: 4, 8: 8, 11: 4, 12: 4, 17: 4, 22: 10, 24: 6, 43: 7}
"""Octets of a request's frame by function code."""

BYTE_COUNTS = {15: 6, 16: 6, 20: 2, 21: 2, 23: 10}
"""The offset of the byte count in the frame, for requests that have one; the data and the CRC follow it."""


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
    """The CRC of these octets, the two octets that end a frame."""
    return struct.pack("<H", _crc(data))


def _crc(data: bytes, crc: int = 0xFFFF) -> int:
    """The CRC register after these octets, `crc` before them. After a whole frame, its CRC included, it is 0."""
    table = _TABLE
    for octet in data:
        crc = crc >> 8 ^ table[(crc ^ octet) & 0xFF]
    return crc


_Begun = tuple[int, int, bool]
"""A place where a request may have begun, counted from the first octet of the line: its start, the next place to try,
and whether that is its end (or only where its length stands)."""


class ModbusRtuConnection:
    """The server's side of one line or stream: give it the octets that came in, send the octets it returns.

    `units` maps addresses to what answers for them, and may change meanwhile. An address that is not there is not
    answered, as on a line where another device may have it; a broadcast is carried out by every unit and not answered.

    Each octet is visited a bounded number of times, whatever comes in whatever pieces.
    """

    __slots__ = (
        "_base",
        "_blocked",
        "_counters",
        "_crc",
        "_open",
        "_pending",
        "_seen",
        "_synchronous",
        "_units",
        "closed",
    )

    def __init__(self, units: Mapping[int, Unit], counters: Counters) -> None:
        self._units = units
        self._counters = counters
        self.closed = False
        """Always True: the server finds the next request after any garbage."""
        self._crc = -1
        """The CRC register after all that is pending; -1 once that is too long for a frame."""
        self.forget()

    @property
    def pending_bytes(self) -> int:
        """Octets kept because a request may begin among them: fewer than the 256 of a frame."""
        return len(self._pending)

    def receive(self, data: bytes) -> bytes:
        """The answers, in order, to all requests that `data` completes; empty if none. Never raises."""
        piece = self._base + len(self._pending) if len(data) >= MIN_FRAME_BYTES else -1
        if self._synchronous:
            self._crc = _crc(data, self._crc) if len(self._pending) + len(data) <= MAX_FRAME_BYTES else -1
        self._pending += data
        answers = []
        while (frame := self._first_frame(piece)) is not None:
            start, end = frame
            if start:
                self._counters.comm_errors += 1
            address, pdu = self._pending[start], self._pending[start + 1 : end - 2]
            self._begin(self._pending[end:], self._base + end)
            answers.append(self._answer(address, pdu))
        if len(self._pending) >= MAX_FRAME_BYTES:
            self._counters.comm_errors += 1
            self._skip(len(self._pending) - MAX_FRAME_BYTES + 1)
        return b"".join(answers)

    def forget(self) -> None:
        """Discard the beginning of a request, as a loss of power does."""
        self._begin(b"", 0)

    def _begin(self, pending: bytes, base: int) -> None:
        """Start anew: the next request begins with these octets, if there are any."""
        self._pending, self._base = pending, base
        self._synchronous = True
        self._crc = _crc(pending) if len(pending) <= MAX_FRAME_BYTES else -1
        self._seen = base
        """The first octet that was not tried as the beginning of a request."""
        self._open: list[_Begun] = []
        """Possible requests that have begun and not ended, in order."""
        self._blocked: list[_Begun] = []
        """Complete possible requests, which may be the data of one that began before."""

    def _skip(self, octets: int) -> None:
        """Discard the oldest octets."""
        self._pending, self._base = self._pending[octets:], self._base + octets
        self._synchronous = False
        for begun in (self._open, self._blocked):
            while begun and begun[0][0] < self._base:
                begun.pop(0)

    def _first_frame(self, piece: int) -> tuple[int, int] | None:
        """Start and end of the first request in the pending octets. `piece` is the start of those that have just
        come, below 0 if no request begins there."""
        pending, base = self._pending, self._base
        here = base + len(pending)
        whole = self._whole(piece)
        fresh = range(max(self._seen, base), here - MIN_FRAME_BYTES + 1)
        tried = [begun for begun in self._open if begun[1] <= here]
        if tried:
            self._open = [begun for begun in self._open if begun[1] > here]
        if self._blocked:
            tried = sorted(tried + self._blocked)
            self._blocked = []
        for start, end, measured in chain(tried, [(start, 0, False) for start in fresh]):
            if whole is not None and whole < start:
                break
            if not measured:
                end, measured = _sized(pending, base, start)
                if not end:
                    continue
                if end > here:
                    insort(self._open, (start, end, measured))
                    continue
            if not _crc(pending[start - base : end - base]):
                if end == here or not self._open or self._open[0][0] > start:
                    return start - base, end - base
                self._blocked.append((start, end, True))
        self._seen = max(self._seen, fresh.stop)
        return None if whole is None else (whole - base, here - base)

    def _whole(self, piece: int) -> int | None:
        """Start of a request that is all that has come since the last one, or since `piece`."""
        pending, base = self._pending, self._base
        if self._synchronous and len(pending) >= MIN_FRAME_BYTES and self._crc == 0:
            return base
        since = pending[piece - base :] if piece > base else b""
        return piece if MIN_FRAME_BYTES <= len(since) <= MAX_FRAME_BYTES and not _crc(since) else None

    def _answer(self, address: int, pdu: bytes) -> bytes:
        counters = self._counters
        counters.bus_messages += 1
        if address == BROADCAST:
            counters.no_responses += 1
            counters.log.append(BROADCAST_RECEIVED)
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
        else:
            counters.log.append(ANSWERED)
        body = bytes((address,)) + answer
        return body + crc16(body)


def _sized(data: bytes, base: int, start: int) -> tuple[int, bool]:
    """End of the request that begins there, and True; or the place of its length, and False; 0 if it can be none.

    `base` is where `data` begins.
    """
    function = data[start - base + 1]
    counted_at = BYTE_COUNTS.get(function)
    if counted_at is None:
        size = FIXED_SIZES.get(function, 0)
    elif len(data) <= start - base + counted_at:
        return start + counted_at + 1, False
    else:
        size = counted_at + 1 + data[start - base + counted_at] + 2
    return (start + size, True) if 0 < size <= MAX_FRAME_BYTES else (0, False)
