"""Modbus over a byte stream: requests taken out of their MBAP frames, responses put into theirs. No sockets here.

Source: Modbus Messaging on TCP/IP Implementation Guide V1.0b: the description of the MBAP header, and of what a
server checks in a request (from memory, the document was not at hand).

    transaction identifier (2) | protocol identifier 0 (2) | length of the rest (2) | unit identifier (1) | PDU
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from emulators.wire.modbus.diagnostics import Counters
from emulators.wire.modbus.pdu import exception_response, respond
from emulators.wire.modbus.unit import ExceptionCode, Unit

MAX_ADU_BYTES = 260
"""Longest frame: the MBAP header of 7 bytes and a PDU of 253."""

_LENGTH_END = 6
_MIN_LENGTH = 2
_MAX_LENGTH = MAX_ADU_BYTES - _LENGTH_END

_head = struct.Struct(">HHHB")
_protocol_and_length = struct.Struct(">HH")


def direct(unit: Unit) -> dict[int, Unit]:
    """The unit map of a device directly on TCP: it answers to identifiers 0xFF (the one the guide recommends) and
    0 (also accepted by the guide), and to 1, which most clients send unless told otherwise."""
    return {0: unit, 1: unit, 0xFF: unit}


def any_unit(unit: Unit) -> dict[int, Unit]:
    """The unit map of a device that ignores the unit identifier, as many products on TCP do."""
    return dict.fromkeys(range(256), unit)


class ModbusTcpConnection:
    """The server's side of one connection: give it the bytes that came in, send the bytes it returns.

    `units` maps unit identifiers to what answers for them, and may change while the connection is open: several
    devices behind one address (a gateway) are several entries. An identifier that is not there gets the gateway
    exception `absent`, or no answer at all if that is None. `counters` are shared by the connections of a server.

    A frame with another protocol identifier is discarded. A length field that no Modbus frame can have (below 2
    or above 254) means that the stream cannot be followed any further: `closed` becomes true, later bytes are
    ignored and the connection is to be closed once the answers are sent.
    """

    __slots__ = ("_absent", "_counters", "_pending", "_units", "closed")

    def __init__(
        self,
        units: Mapping[int, Unit],
        counters: Counters,
        *,
        absent: ExceptionCode | None = ExceptionCode.GATEWAY_TARGET_FAILED_TO_RESPOND,
    ) -> None:
        self._units = units
        self._counters = counters
        self._absent = absent
        self._pending = b""
        self.closed = False

    @property
    def pending_bytes(self) -> int:
        """Bytes of an incomplete frame held back: always fewer than one frame's 260."""
        return len(self._pending)

    def receive(self, data: bytes) -> bytes:
        """The answers, in order, to all requests that `data` completes; empty if none. Never raises."""
        if self.closed:
            return b""
        if self._pending:
            data = self._pending + data
        answers = []
        start, end = 0, len(data)
        while end - start >= _LENGTH_END:
            protocol, length = _protocol_and_length.unpack_from(data, start + 2)
            if not _MIN_LENGTH <= length <= _MAX_LENGTH:
                self._counters.comm_errors += 1
                self.closed = True
                start = end
                break
            stop = start + _LENGTH_END + length
            if stop > end:
                break
            if protocol == 0:
                answers.append(self._answer(data[start:stop]))
            else:
                self._counters.comm_errors += 1
            start = stop
        self._pending = data[start:]
        return b"".join(answers)

    def _answer(self, frame: bytes) -> bytes:
        counters = self._counters
        counters.bus_messages += 1
        unit = self._units.get(frame[6])
        if unit is not None:
            counters.server_messages += 1
            pdu = respond(unit, frame[7:], counters)
        elif self._absent is not None:
            pdu = exception_response(frame[7], self._absent)
        else:
            counters.no_responses += 1
            return b""
        if pdu[0] & 0x80:
            counters.count_exception(pdu[1])
        return frame[:4] + (len(pdu) + 1).to_bytes(2, "big") + frame[6:7] + pdu
