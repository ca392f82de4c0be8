"""One addressable Modbus unit: its four tables, and the errors that it may raise.

Names and codes are those of the Modbus Application Protocol Specification V1.1b3 (sections 4.3 and 7).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import ClassVar, Literal, Protocol

BitTable = Literal["coil", "discrete"]
RegisterTable = Literal["holding", "input"]


class ExceptionCode(IntEnum):
    """Exception codes a server may answer with (V1.1b3, section 7)."""

    ILLEGAL_FUNCTION = 0x01
    ILLEGAL_DATA_ADDRESS = 0x02
    ILLEGAL_DATA_VALUE = 0x03
    SERVER_DEVICE_FAILURE = 0x04
    ACKNOWLEDGE = 0x05
    SERVER_DEVICE_BUSY = 0x06
    NEGATIVE_ACKNOWLEDGE = 0x07
    MEMORY_PARITY_ERROR = 0x08
    GATEWAY_PATH_UNAVAILABLE = 0x0A
    GATEWAY_TARGET_FAILED_TO_RESPOND = 0x0B


class ModbusError(Exception):
    """A request that is answered with an exception response; `code` is the exception code sent.

    Raise one of the subclasses from a `Unit`. The message is for the developer and never goes on the wire.
    """

    code: ClassVar[ExceptionCode]


class IllegalFunction(ModbusError):
    """The unit does not implement this function code or sub-function."""

    code = ExceptionCode.ILLEGAL_FUNCTION


class IllegalAddress(ModbusError):
    """An address of the requested range does not exist in this table."""

    code = ExceptionCode.ILLEGAL_DATA_ADDRESS


class IllegalValue(ModbusError):
    """The quantity, the byte count or the structure of the request is wrong.

    The specification is explicit that this is not for a value outside the application's expectation, yet many
    products answer a set point out of range this way; their profiles may do so too.
    """

    code = ExceptionCode.ILLEGAL_DATA_VALUE


class DeviceFailure(ModbusError):
    """The unit failed while performing a valid request."""

    code = ExceptionCode.SERVER_DEVICE_FAILURE


class Acknowledge(ModbusError):
    """The unit has accepted the request and needs long to perform it."""

    code = ExceptionCode.ACKNOWLEDGE


class Busy(ModbusError):
    """The unit is engaged in a long command; the client should try again."""

    code = ExceptionCode.SERVER_DEVICE_BUSY


class NegativeAcknowledge(ModbusError):
    """The unit cannot perform the program function received (serial line legacy, counted as NAK)."""

    code = ExceptionCode.NEGATIVE_ACKNOWLEDGE


class MemoryParityError(ModbusError):
    """The unit found its extended memory inconsistent."""

    code = ExceptionCode.MEMORY_PARITY_ERROR


class GatewayPathUnavailable(ModbusError):
    """The gateway has no path to the requested unit."""

    code = ExceptionCode.GATEWAY_PATH_UNAVAILABLE


class GatewayTargetFailed(ModbusError):
    """The gateway got no response from the requested unit."""

    code = ExceptionCode.GATEWAY_TARGET_FAILED_TO_RESPOND


class Unanswered(Exception):
    """A request that the unit leaves without an answer."""


class Unit(Protocol):
    """The Modbus side of one device: four tables of at most 65,536 entries, and an identification.

    Addresses are those of the PDU, from 0; register data are big-endian, two bytes a register. A method that
    cannot serve the whole range raises a `ModbusError` and changes nothing, or `Unanswered` for silence; any other
    exception it raises is logged and answered as exception 04.
    """

    @property
    def identification(self) -> Mapping[int, bytes]:
        """Device identification objects by id: 0 vendor name, 1 product code, 2 revision, 3 vendor URL,
        4 product name, 5 model name, 6 user application name, 0x80 and up private.

        Empty when the unit does not implement function 43/14. Objects 0 to 2 are mandatory otherwise; a value
        is at most 244 bytes."""

    def read_bits(self, table: BitTable, address: int, count: int) -> Sequence[bool]:
        """`count` (1 to 2000) bits from `address` on."""

    def read_registers(self, table: RegisterTable, address: int, count: int) -> bytes:
        """`count` (1 to 125) registers from `address` on: exactly 2 * count bytes."""

    def write_bits(self, address: int, values: Sequence[bool]) -> None:
        """Set the coils from `address` on (1 to 1968 of them)."""

    def write_registers(self, address: int, data: bytes) -> None:
        """Set the holding registers from `address` on (2 to 246 bytes)."""


class TableUnit:
    """A unit with plain tables, each contiguous from address 0: for simple devices and for tests.

    `holding` and `input` are register values from 0 to 65535 (struct.error beyond). What lies beyond the end of
    a table answers IllegalAddress.
    """

    def __init__(
        self,
        *,
        coils: Sequence[bool] = (),
        discrete: Sequence[bool] = (),
        holding: Sequence[int] = (),
        input: Sequence[int] = (),
        identification: Mapping[int, bytes] | None = None,
    ) -> None:
        self._bits: dict[BitTable, list[bool]] = {"coil": list(coils), "discrete": list(discrete)}
        self._registers: dict[RegisterTable, bytes] = {
            "holding": struct.pack(f">{len(holding)}H", *holding),
            "input": struct.pack(f">{len(input)}H", *input),
        }
        self.identification: Mapping[int, bytes] = dict(identification or {})

    def read_bits(self, table: BitTable, address: int, count: int) -> Sequence[bool]:
        bits = self._bits[table][address : address + count]
        if len(bits) != count:
            raise self._beyond(table, len(self._bits[table]), address, count)
        return bits

    def read_registers(self, table: RegisterTable, address: int, count: int) -> bytes:
        data = self._registers[table][2 * address : 2 * (address + count)]
        if len(data) != 2 * count:
            raise self._beyond(table, len(self._registers[table]) // 2, address, count)
        return data

    def write_bits(self, address: int, values: Sequence[bool]) -> None:
        self.set_bits("coil", address, values)

    def write_registers(self, address: int, data: bytes) -> None:
        self.set_registers("holding", address, data)

    def set_bits(self, table: BitTable, address: int, values: Sequence[bool]) -> None:
        """Change bits of either table from the device's side; IllegalAddress beyond its end."""
        bits = self._bits[table]
        if address + len(values) > len(bits):
            raise self._beyond(table, len(bits), address, len(values))
        bits[address : address + len(values)] = values

    def set_registers(self, table: RegisterTable, address: int, data: bytes) -> None:
        """Change registers of either table from the device's side; IllegalAddress beyond its end."""
        held, start, end = self._registers[table], 2 * address, 2 * address + len(data)
        if end > len(held):
            raise self._beyond(table, len(held) // 2, address, len(data) // 2)
        self._registers[table] = held[:start] + data + held[end:]

    @staticmethod
    def _beyond(table: str, size: int, address: int, count: int) -> IllegalAddress:
        return IllegalAddress(
            f"{table} {address} to {address + count - 1} asked for, the table has {size}: "
            "ask for addresses below that or make the table longer"
        )
