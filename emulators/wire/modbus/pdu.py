"""Modbus requests and their answers: a protocol data unit in, a protocol data unit out, on any framing.

Checks are made in the order of the state diagrams of the Modbus Application Protocol Specification V1.1b3
(section 6): function code (exception 01), quantity and structure (03), address (02), processing (04).
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache

from twinfeed.emulators.wire.modbus import extras
from twinfeed.emulators.wire.modbus.diagnostics import Counters, diagnostics
from twinfeed.emulators.wire.modbus.identification import read_device_identification
from twinfeed.emulators.wire.modbus.unit import (
    BitTable,
    DeviceFailure,
    IllegalAddress,
    IllegalFunction,
    IllegalValue,
    ModbusError,
    RegisterTable,
    Unanswered,
    Unit,
)

MAX_READ_BITS = 2000
MAX_READ_REGISTERS = 125
MAX_WRITE_BITS = 1968
MAX_WRITE_REGISTERS = 123
MAX_READ_WRITE_REGISTERS = 121
"""Most registers that function 23 may write (it may read 125)."""

ADDRESSES = 0x10000
"""Size of the address space of each table."""

_DIAGNOSTICS = 8
_EXTRAS = frozenset({7, 11, 12, 17, 20, 21, 24})
_COMMON = extras.Extras()
_COIL_VALUES = {0x0000: False, 0xFF00: True}
_BITS_OF_BYTE = [tuple(bool(byte >> bit & 1) for bit in range(8)) for byte in range(256)]

_DIGITS = b"0" + b"1" * 255
"""The digit of each value of a bit: 0 for zero, 1 for all others."""

_two_words = struct.Struct(">BHH")
_three_words = struct.Struct(">BHHH")
_write_head = struct.Struct(">BHHB")
_read_write_head = struct.Struct(">BHHHHB")

_log = logging.getLogger(__name__)


def respond(unit: Unit, pdu: bytes, counters: Counters | None = None) -> bytes:
    """The response PDU to a request PDU, an exception response if the request cannot be served; empty for silence.

    `pdu` is 1 to 253 bytes (ValueError if empty: without a function code there is no response). `counters`
    are those that functions 8, 11 and 12 read; without them these are illegal functions. A unit may have `extras`
    (`emulators.wire.modbus.extras.Extras`): which functions it implements, and what those beyond its tables answer.
    What the unit raises is answered; what is not a ModbusError is a defect of the unit, logged and answered with 04.
    Only `Unanswered` gives no response: the result is empty.
    """
    if not pdu:
        raise ValueError("an empty PDU has no response: a request starts with its function code")
    function = pdu[0]
    own: extras.Extras = getattr(unit, "extras", _COMMON)
    try:
        if function not in own.functions:
            return _illegal_function(unit, pdu)
        if function == _DIAGNOSTICS:
            return diagnostics(counters, pdu)
        if function in _EXTRAS:
            return extras.answer(own, counters, pdu)
        return _FUNCTIONS.get(function, _illegal_function)(unit, pdu)
    except Exception as error:
        return error_response(unit, function, error)


def error_response(unit: Unit, function: int, error: Exception) -> bytes:
    """The exception response to a request whose processing raised `error`; empty for `Unanswered`."""
    if isinstance(error, Unanswered):
        return b""
    if isinstance(error, ModbusError):
        return exception_response(function, error.code)
    _log.error("%r failed on function %d, answered device failure (04)", unit, function, exc_info=error)
    return exception_response(function, DeviceFailure.code)


def exception_response(function: int, code: int) -> bytes:
    """The two bytes of an exception response."""
    return bytes((function | 0x80, code))


def read_exactly(unit: Unit, table: RegisterTable, address: int, count: int) -> bytes:
    """The registers of a range that was checked before. Raises RuntimeError unless the unit returns 2 * count bytes."""
    data = unit.read_registers(table, address, count)
    if len(data) != 2 * count:
        raise _wrong_length(unit, len(data), 2 * count)
    return data


def read_bits_exactly(unit: Unit, table: BitTable, address: int, count: int) -> bytes:
    """The bits of a range, packed eight a byte. Raises RuntimeError unless the unit returns `count` bits."""
    bits = unit.read_bits(table, address, count)
    if len(bits) != count:
        raise _wrong_length(unit, len(bits), count)
    return _pack_bits(bits)


def _read_registers(unit: Unit, pdu: bytes) -> bytes:
    function, address, count = _unpack(_two_words, pdu)
    _check_quantity(count, MAX_READ_REGISTERS)
    _check_range(address, count)
    data = read_exactly(unit, "holding" if function == 3 else "input", address, count)
    return bytes((function, len(data))) + data


def _read_bits(unit: Unit, pdu: bytes) -> bytes:
    function, address, count = _unpack(_two_words, pdu)
    _check_quantity(count, MAX_READ_BITS)
    _check_range(address, count)
    data = read_bits_exactly(unit, "coil" if function == 1 else "discrete", address, count)
    return bytes((function, len(data))) + data


def _write_single_coil(unit: Unit, pdu: bytes) -> bytes:
    _, address, value = _unpack(_two_words, pdu)
    if value not in _COIL_VALUES:
        raise IllegalValue(f"a coil is written 0000 or FF00, got {value:04X}")
    unit.write_bits(address, [_COIL_VALUES[value]])
    return pdu


def _write_single_register(unit: Unit, pdu: bytes) -> bytes:
    _, address, _ = _unpack(_two_words, pdu)
    unit.write_registers(address, pdu[3:])
    return pdu


def _write_multiple_coils(unit: Unit, pdu: bytes) -> bytes:
    address, count, announced, data = _unpack_write(pdu)
    _check_quantity(count, MAX_WRITE_BITS)
    _check_byte_count(announced, len(data), (count + 7) // 8)
    _check_range(address, count)
    unit.write_bits(address, _unpack_bits(data, count))
    return pdu[:5]


def _write_multiple_registers(unit: Unit, pdu: bytes) -> bytes:
    address, count, announced, data = _unpack_write(pdu)
    _check_quantity(count, MAX_WRITE_REGISTERS)
    _check_byte_count(announced, len(data), 2 * count)
    _check_range(address, count)
    unit.write_registers(address, data)
    return pdu[:5]


def _mask_write_register(unit: Unit, pdu: bytes) -> bytes:
    _, address, and_mask, or_mask = _unpack(_three_words, pdu)
    held = int.from_bytes(read_exactly(unit, "holding", address, 1), "big")
    changed = held & and_mask | or_mask & ~and_mask
    unit.write_registers(address, changed.to_bytes(2, "big"))
    return pdu


def _read_write_multiple_registers(unit: Unit, pdu: bytes) -> bytes:
    if len(pdu) < _read_write_head.size:
        raise _structure(pdu, f"at least {_read_write_head.size}")
    head, data = pdu[: _read_write_head.size], pdu[_read_write_head.size :]
    function, read_address, read_count, write_address, write_count, announced = _read_write_head.unpack(head)
    _check_quantity(read_count, MAX_READ_REGISTERS)
    _check_quantity(write_count, MAX_READ_WRITE_REGISTERS)
    _check_byte_count(announced, len(data), 2 * write_count)
    _check_range(read_address, read_count)
    _check_range(write_address, write_count)
    # Both ranges are to be in order before anything is written, so the read is tried first; what is answered
    # is read after the write, as the specification asks.
    read_exactly(unit, "holding", read_address, read_count)
    unit.write_registers(write_address, data)
    return bytes((function, 2 * read_count)) + read_exactly(unit, "holding", read_address, read_count)


def _encapsulated_interface(unit: Unit, pdu: bytes) -> bytes:
    return read_device_identification(unit.identification, pdu)


def _illegal_function(_unit: Unit, pdu: bytes) -> bytes:
    raise IllegalFunction(f"function {pdu[0]} is not implemented here")


_FUNCTIONS: dict[int, Callable[[Unit, bytes], bytes]] = {
    1: _read_bits,
    2: _read_bits,
    3: _read_registers,
    4: _read_registers,
    5: _write_single_coil,
    6: _write_single_register,
    15: _write_multiple_coils,
    16: _write_multiple_registers,
    22: _mask_write_register,
    23: _read_write_multiple_registers,
    43: _encapsulated_interface,
}


def _unpack(shape: struct.Struct, pdu: bytes) -> tuple[int, ...]:
    if len(pdu) != shape.size:
        raise _structure(pdu, shape.size)
    return shape.unpack(pdu)


def _unpack_write(pdu: bytes) -> tuple[int, int, int, bytes]:
    """Address, quantity, byte count and data of functions 15 and 16."""
    if len(pdu) < _write_head.size:
        raise _structure(pdu, f"at least {_write_head.size}")
    _, address, count, announced = _write_head.unpack_from(pdu)
    return address, count, announced, pdu[_write_head.size :]


def _check_quantity(count: int, limit: int) -> None:
    if not 0 < count <= limit:
        raise IllegalValue(f"quantity is {count}, expected 1 to {limit}")


def _check_byte_count(announced: int, present: int, expected: int) -> None:
    if not announced == present == expected:
        raise IllegalValue(f"byte count says {announced}, {present} are there, the quantity takes {expected}")


def _check_range(address: int, count: int) -> None:
    if address + count > ADDRESSES:
        raise IllegalAddress(f"{count} items from address {address} on reach past the last address, 65535")


def _pack_bits(bits: Sequence[bool]) -> bytes:
    """Eight bits a byte, the first one lowest, the last byte filled up with zeros."""
    return _packed(bytes(bits))


@lru_cache(maxsize=256)
def _packed(bits: bytes) -> bytes:
    """Like `_pack_bits`, for bits of one byte each. Cached, because coils seldom change between two reads."""
    digits = bits[::-1].translate(_DIGITS)  # the number in base 2, its highest digit first
    return int(digits, 2).to_bytes((len(bits) + 7) // 8, "little")


def _unpack_bits(data: bytes, count: int) -> list[bool]:
    return [bit for byte in data for bit in _BITS_OF_BYTE[byte]][:count]


def _structure(pdu: bytes, expected: int | str) -> IllegalValue:
    return IllegalValue(f"function {pdu[0]} got a request of {len(pdu)} bytes, expected {expected}")


def _wrong_length(unit: Unit, got: int, expected: int) -> RuntimeError:
    return RuntimeError(f"{unit!r} returned {got} where {expected} were asked for: fix its read method")
