"""The diagnostic counters of a server and function 8 (Diagnostics), which reads and clears them.

Source: Modbus Application Protocol Specification V1.1b3, section 6.8. It reserves function 8 to serial lines;
devices on TCP that offer it answer as here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, fields

from emulators.wire.modbus.unit import ExceptionCode, IllegalFunction, IllegalValue

_RETURN_QUERY_DATA = 0x00
_CLEAR_COUNTERS = 0x0A
_CLEAR_OVERRUN_COUNTER = 0x14


@dataclass(slots=True)
class Counters:
    """What a server has seen since it started, in messages. On the wire each is taken modulo 65,536.

    The order is that of the sub-functions 11 to 18 that read them.
    """

    bus_messages: int = 0
    """Well-formed messages seen, also those for units that are not here."""
    comm_errors: int = 0
    """Messages that were not Modbus: wrong protocol identifier, impossible length."""
    exceptions: int = 0
    """Exception responses sent."""
    server_messages: int = 0
    """Messages addressed to a unit that is here."""
    no_responses: int = 0
    """Messages processed without a response (broadcasts; none on TCP)."""
    naks: int = 0
    """Exception responses sent with code 07, negative acknowledge."""
    busies: int = 0
    """Exception responses sent with code 06, server device busy."""
    overruns: int = 0
    """Messages lost because the receiver was too slow (none on TCP)."""

    def clear(self) -> None:
        """Set every counter to zero, as after a restart."""
        for counter in fields(self):
            setattr(self, counter.name, 0)

    def count_exception(self, code: int) -> None:
        """Note an exception response with this code."""
        self.exceptions += 1
        if code == ExceptionCode.NEGATIVE_ACKNOWLEDGE:
            self.naks += 1
        elif code == ExceptionCode.SERVER_DEVICE_BUSY:
            self.busies += 1


_COUNTER_OF_SUB_FUNCTION = {11 + n: counter.name for n, counter in enumerate(fields(Counters))}


def diagnostics(counters: Counters | None, pdu: bytes) -> bytes:
    """Answer a function 8 request: sub-functions 0, 10 to 18 and 20; without counters only 0.

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
