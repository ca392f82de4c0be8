"""Modbus over a byte stream: requests taken out of their MBAP frames, responses put into theirs. No sockets.

Source: Modbus Messaging on TCP/IP Implementation Guide V1.0b: the description of the MBAP header, and of what a
server checks in a request (from memory, the document was not at hand).

    transaction id (2) | protocol id, 0 (2) | length of the rest (2) | unit id (1) | PDU (1 to 253)
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache

from twinfeed.emulators.wire.modbus.diagnostics import ANSWERED, Counters
from twinfeed.emulators.wire.modbus.pdu import (
    ADDRESSES,
    MAX_READ_BITS,
    MAX_READ_REGISTERS,
    error_response,
    exception_response,
    read_bits_exactly,
    read_exactly,
    respond,
)
from twinfeed.emulators.wire.modbus.unit import BitTable, ExceptionCode, RegisterTable, Unit

MAX_ADU_BYTES = 260
"""Longest frame: the MBAP header of 7 bytes and a PDU of 253."""

_LENGTH_END = 6
_MIN_LENGTH = 2
_MAX_LENGTH = MAX_ADU_BYTES - _LENGTH_END

_protocol_and_length = struct.Struct(">HH")
_read_request = struct.Struct(">HHBBHH")
_read_response = struct.Struct(">HHBBB")
_READ_REQUEST_BYTES = 2 + _read_request.size


def direct(unit: Unit) -> dict[int, Unit]:
    """The units of a device directly on TCP: it answers to identifier 0xFF, which the guide recommends, to 0,
    which it also allows, and to 1, the default of most clients."""
    return {0: unit, 1: unit, 0xFF: unit}


def any_unit(unit: Unit) -> dict[int, Unit]:
    """The units of a device that ignores the unit identifier, as many products on TCP do."""
    return dict.fromkeys(range(256), unit)


class ModbusTcpConnection:
    """The server's side of one connection: give it the bytes that came in, send the bytes it returns.

    `units` maps unit identifiers to what answers for them, and may change while the connection is open. Several
    devices behind one address (a gateway) are several entries. An identifier that is not there gets the gateway
    exception `absent`, or no answer at all if that is None. `counters` are shared by all connections of a
    server.

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
        """Bytes of an incomplete frame that are kept: fewer than the 260 of a frame."""
        return len(self._pending)

    def receive(self, data: bytes) -> bytes:
        """The answers, in order, to all requests that `data` completes; empty if none. Never raises."""
        if self.closed:
            return b""
        if len(data) == _READ_REQUEST_BYTES and not self._pending:
            # One whole read is nearly all the traffic there is, so it gets a short way to the same answer. Whatever is
            # unusual about it takes the long one.
            read = _plain_read(data[2:])
            if read is not None:
                identifier, function, address, count, head = read
                unit = self._units.get(identifier)
                if unit is not None:
                    counters = self._counters
                    counters.bus_messages += 1
                    counters.server_messages += 1
                    try:
                        if function > 2:
                            table: RegisterTable = "holding" if function == 3 else "input"
                            answer = data[:2] + head + read_exactly(unit, table, address, count)
                        else:
                            bits: BitTable = "coil" if function == 1 else "discrete"
                            answer = data[:2] + head + read_bits_exactly(unit, bits, address, count)
                        counters.log.append(ANSWERED)
                        return answer
                    except Exception as error:
                        return self._frame(data, error_response(unit, function, error))
        return self._receive_stream(self._pending + data)

    def _receive_stream(self, data: bytes) -> bytes:
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
        identifier, function = frame[6], frame[7]
        unit = self._units.get(identifier)
        if unit is not None:
            counters.server_messages += 1
            pdu = respond(unit, frame[7:], counters)
        elif self._absent is not None:
            pdu = exception_response(function, self._absent)
        else:
            counters.no_responses += 1
            return b""
        return self._frame(frame, pdu)

    def _frame(self, request: bytes, pdu: bytes) -> bytes:
        """The response PDU in the frame that goes with the request's, counted if it is an exception or empty."""
        if not pdu:
            self._counters.no_responses += 1
            return b""
        if pdu[0] & 0x80:
            self._counters.count_exception(pdu[1])
        else:
            self._counters.log.append(ANSWERED)
        return request[:4] + (1 + len(pdu)).to_bytes(2, "big") + request[6:7] + pdu


@lru_cache(maxsize=4096)
def _plain_read(request: bytes) -> tuple[int, int, int, int, bytes] | None:
    """The read that a frame of functions 1 to 4, without its transaction identifier, requests; None for other frames.

    Returns unit identifier, function, address, count and all of the response between transaction identifier and data.
    Cached, for clients repeat the same few requests for ever.
    """
    protocol, length, identifier, function, address, count = _read_request.unpack(request)
    if protocol != 0 or length != 6 or not 1 <= function <= 4 or not count or address + count > ADDRESSES:
        return None
    if count > (MAX_READ_BITS if function < 3 else MAX_READ_REGISTERS):
        return None
    octets = (count + 7) // 8 if function < 3 else 2 * count
    return identifier, function, address, count, _read_response.pack(0, 3 + octets, identifier, function, octets)
