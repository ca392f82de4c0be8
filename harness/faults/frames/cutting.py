"""Whole frames out of a stream of octets: Modbus' MBAP frames on TCP, RTU frames on a serial line. No I/O.

A stream without faults is passed on as it comes; only where its frames begin is kept in mind, so that a fault can begin
in the middle of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

MORE = 0
"""More octets are needed to decide."""

LOST = -1
"""No frame begins like this."""

_MBAP_HEAD = 6
_MBAP_LENGTHS = range(2, 255)


class Piece(NamedTuple):
    """A piece of a stream: a whole frame, or octets that are none and pass unchanged."""

    octets: bytes
    whole: bool


class Cutter:
    """One direction of one stream.

    `measure` gets the octets from a frame's start and returns that frame's length, `MORE` or `LOST`. A stream that is
    lost passes unchanged, for ever unless `recovers`: then the octets at hand pass and the next ones begin a frame.
    """

    __slots__ = ("_lost", "_measure", "_partial", "_passed", "_recovers")

    def __init__(self, measure: Callable[[bytes], int], recovers: bool = False) -> None:
        self._measure = measure
        self._recovers = recovers
        self._partial = b""  # the frame that has begun
        self._passed = 0  # the number of its octets that have been passed on
        self._lost = False

    @property
    def waiting(self) -> bool:
        """True if part of a frame is held back."""
        return self._passed < len(self._partial)

    def whole(self, data: bytes) -> bytes:
        """The octets that pass when `data` comes and no frame is decoded."""
        if self._lost:
            return data
        if not self._partial and self._measure(data) == len(data):
            return data
        out = self._partial[self._passed :] + data
        rest = self._partial + data
        self._partial, self._passed = b"", 0
        while rest and not self._lost:
            length = self._measure(rest)
            if length == LOST:
                self._lost = not self._recovers
                break
            if length == MORE or length > len(rest):
                self._partial, self._passed = rest, len(rest)
                break
            rest = rest[length:]
        return out

    def cut(self, data: bytes) -> list[Piece]:
        """The frames that `data` completes, in order, and what else passes; the beginning of a frame is held back."""
        if self._lost:
            return [Piece(data, False)]
        rest, passed = self._partial + data, self._passed
        self._partial, self._passed = b"", 0
        pieces = []
        while rest:
            length = self._measure(rest)
            if length == LOST:
                self._lost = not self._recovers
                pieces.append(Piece(rest[passed:], False))
                break
            if length == MORE or length > len(rest):
                self._partial, self._passed = rest, passed
                break
            # A frame whose beginning has passed already can no longer be changed: its rest follows.
            pieces.append(Piece(rest[passed:length], not passed))
            rest, passed = rest[length:], 0
        return pieces

    def idle(self) -> bytes:
        """Pass what was held back, after a silence longer than a frame allows. A new frame begins."""
        held = self._partial[self._passed :]
        self._partial, self._passed = b"", 0
        return held


def mbap(octets: bytes) -> int:
    """The length of the Modbus TCP frame that begins here: 6 octets and as many as its length field gives."""
    if len(octets) < _MBAP_HEAD:
        return MORE
    length = octets[4] << 8 | octets[5]
    return _MBAP_HEAD + length if length in _MBAP_LENGTHS else LOST


def datagram(octets: bytes) -> int:
    """A datagram is a frame."""
    return len(octets)


def rtu_request(octets: bytes) -> int:
    """The length of the RTU request that begins here, its CRC checked."""
    return _checked(octets, _REQUEST_LENGTHS, {15: (6, 9), 16: (6, 9), 23: (10, 13)})


def rtu_answer(octets: bytes) -> int:
    """The length of the RTU answer that begins here, its CRC checked."""
    if len(octets) > 1 and octets[1] & 0x80:
        return _with_crc(octets, 5)
    return _checked(octets, _ANSWER_LENGTHS, dict.fromkeys((1, 2, 3, 4, 12, 17, 20, 21, 23), (2, 5)))


_REQUEST_LENGTHS = {
    **dict.fromkeys((1, 2, 3, 4, 5, 6, 8), 8),
    **dict.fromkeys((7, 11, 12, 17), 4),
    22: 10,
    24: 6,
    43: 7,
}
_ANSWER_LENGTHS = {**dict.fromkeys((5, 6, 8, 11, 15, 16), 8), 7: 5, 22: 10}


def _checked(octets: bytes, fixed: dict[int, int], counted: dict[int, tuple[int, int]]) -> int:
    """`counted`: where the octet count stands, and the octets of a frame without those it counts."""
    if len(octets) < 2:
        return MORE
    function = octets[1]
    if function in fixed:
        return _with_crc(octets, fixed[function])
    if function not in counted:
        return _with_crc(octets, len(octets), MORE)
    at, others = counted[function]
    return _with_crc(octets, others + octets[at]) if len(octets) > at else MORE


def _with_crc(octets: bytes, length: int, otherwise: int = LOST) -> int:
    """`length` if the frame is not there yet or its CRC is right, else `otherwise`."""
    if len(octets) < length:
        return length
    return length if length > 3 and crc16(octets[: length - 2]) == octets[length - 2 : length] else otherwise


def crc16(octets: bytes) -> bytes:
    """The check of an RTU frame, low octet first (Modbus over Serial Line V1.02 §6.2.2)."""
    crc = 0xFFFF
    for octet in octets:
        crc = crc >> 8 ^ _CRC_OF_OCTET[(crc ^ octet) & 0xFF]
    return crc.to_bytes(2, "little")


def _crc_of(octet: int) -> int:
    for _ in range(8):
        octet = octet >> 1 ^ 0xA001 if octet & 1 else octet >> 1
    return octet


_CRC_OF_OCTET = [_crc_of(octet) for octet in range(256)]
