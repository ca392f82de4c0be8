"""The diagnostic counters of a server and function 8 (Diagnostics), which reads and clears them.

Source: Modbus Application Protocol Specification V1.1b3, section 6.8. It reserves function 8 to serial lines;
devices on TCP that offer it answer as here.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass, field

from twinfeed.emulators.wire.modbus.unit import ExceptionCode, IllegalFunction, IllegalValue

_RETURN_QUERY_DATA = 0x00
_RESTART_COMMUNICATIONS = 0x01
_RETURN_DIAGNOSTIC_REGISTER = 0x02
_CLEAR_COUNTERS = 0x0A
_CLEAR_OVERRUN_COUNTER = 0x14


@dataclass(slots=True)
class Counters:
    """The messages of a server since its start. On the wire each counter is modulo 65,536.

    The order is that of the sub-functions 11 to 18 that read them.
    """

    bus_messages: int = 0
    """Well-formed messages received, also those for units of other servers."""
    comm_errors: int = 0
    """Messages that were not Modbus: wrong protocol identifier, impossible length."""
    exceptions: int = 0
    """Exception responses sent."""
    server_messages: int = 0
    """Messages addressed to a unit of this server."""
    no_responses: int = 0
    """Messages processed without a response (broadcasts; none on TCP)."""
    naks: int = 0
    """Exception responses sent with code 07, negative acknowledge."""
    busies: int = 0
    """Exception responses sent with code 06, server device busy."""
    overruns: int = 0
    """Messages lost because the receiver was too slow (none on TCP)."""
    fetches: int = 0
    """Requests of functions 11 and 12, which the event counter leaves out (section 6.9)."""
    log: deque[bytes] = field(default_factory=lambda: deque(maxlen=64), compare=False)
    """The last communication events (section 6.10): an octet for each, those of one message together, oldest first."""

    @property
    def events(self) -> int:
        """Messages completed without an exception."""
        return max(0, self.server_messages - self.exceptions - self.fetches)

    def clear(self) -> None:
        """Set every counter to zero, as after a restart."""
        for name in (*_COUNTED, "fetches"):
            setattr(self, name, 0)

    def count_exception(self, code: int) -> None:
        """Note an exception response with this code."""
        self.exceptions += 1
        self.log.append(bytes((RECEIVED, SENT | _SENT_BITS.get(code, 0))))
        if code == ExceptionCode.NEGATIVE_ACKNOWLEDGE:
            self.naks += 1
        elif code == ExceptionCode.SERVER_DEVICE_BUSY:
            self.busies += 1


_COUNTED = (
    "bus_messages",
    "comm_errors",
    "exceptions",
    "server_messages",
    "no_responses",
    "naks",
    "busies",
    "overruns",
)
_COUNTER_OF_SUB_FUNCTION = {11 + n: name for n, name in enumerate(_COUNTED)}

RECEIVED, SENT, RESTARTED = 0x80, 0x40, 0x00
"""Events of the log: a message came, an answer left, communication was restarted (section 6.10)."""

ANSWERED = bytes((RECEIVED, SENT))
"""The events of one successful request."""

BROADCAST_RECEIVED = bytes((RECEIVED | 0x40,))

_SENT_BITS = {1: 0x01, 2: 0x01, 3: 0x01, 4: 0x02, 5: 0x04, 6: 0x04, 7: 0x08}
"""Bits of a send event by exception code: read exception, server abort, server busy, server program NAK."""


def diagnostics(counters: Counters | None, pdu: bytes) -> bytes:
    """Answer a function 8 request: sub-functions 0 to 2, 10 to 18 and 20; without counters only 0.

    Raises IllegalFunction for any other sub-function, IllegalValue for a malformed request.
    """
    if len(pdu) < 3:
        raise IllegalValue(f"function 8 needs a sub-function of 2 bytes, got {len(pdu) - 1}")
    (sub_function,) = struct.unpack_from(">H", pdu, 1)
    data = pdu[3:]
    if sub_function == _RETURN_QUERY_DATA:
        if len(data) < 2 or len(data) % 2:
            raise IllegalValue(f"sub-function 0 echoes whole 16-bit words, got {len(data)} bytes")
        return pdu
    if counters is not None and sub_function == _RESTART_COMMUNICATIONS:
        if data not in (b"\0\0", b"\xff\0"):
            raise IllegalValue(f"sub-function 1 wants data 0000 or FF00, got {data.hex() or 'none'}")
        counters.clear()
        if data == b"\xff\0":
            counters.log.clear()
        counters.log.append(bytes((RESTARTED,)))
        return pdu
    if counters is not None and sub_function == _RETURN_DIAGNOSTIC_REGISTER and data == b"\0\0":
        return pdu
    name = _COUNTER_OF_SUB_FUNCTION.get(sub_function)
    if counters is None or (name is None and sub_function not in (_CLEAR_COUNTERS, _CLEAR_OVERRUN_COUNTER)):
        raise IllegalFunction(f"diagnostics sub-function {sub_function} is not implemented here")
    if data != b"\0\0":
        raise IllegalValue(f"sub-function {sub_function} wants data 0000, got {data.hex() or 'none'}")
    if name is not None:
        return pdu[:3] + struct.pack(">H", getattr(counters, name) & 0xFFFF)
    if sub_function == _CLEAR_COUNTERS:
        counters.clear()
    else:
        counters.overruns = 0
    return pdu
