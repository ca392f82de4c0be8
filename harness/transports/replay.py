"""Transports that answer from a recording of a device.

handle = DeviceHandle("ups", profile, snmp=recorded_agent(varbinds, "ups.jsonl"))
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any

from pymodbus import FramerType
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsResponse, ReadDiscreteInputsResponse
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse, ReadInputRegistersResponse

from twinfeed.harness.transports.modbus.line import Ask, Line
from twinfeed.harness.transports.modbus.transport import ModbusTransport
from twinfeed.harness.transports.snmp.messages import (
    END_OF_MIB_VIEW,
    Absent,
    Asked,
    Operation,
    Response,
    VarBind,
    numbers,
)
from twinfeed.harness.transports.snmp.transport import SnmpTransport
from twinfeed.harness.transports.tries import Tries

NOT_WRITABLE = 17
"""error-status (RFC 3416 §3)."""

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS = 1, 2
"""Exception codes (V1.1b3, section 7)."""


def recorded_agent(varbinds: Iterable[VarBind], where: str) -> SnmpTransport:
    """A read-only agent with these variables."""
    return SnmpTransport(RecordedSession(varbinds), where)


def recorded_unit(values: Mapping[tuple[str, int], int], where: str) -> ModbusTransport:
    """A read-only unit with these registers and bits, by table and address."""
    return ModbusTransport(RecordedLine(values, where), 1)


class RecordedSession:
    """See `twinfeed.harness.transports.snmp.transport.Session`."""

    version = 1
    elsewhere = ""

    def __init__(self, varbinds: Iterable[VarBind]) -> None:
        self.requests = 0
        self._varbinds = sorted(varbinds, key=lambda varbind: numbers(varbind.oid))
        self._names = [numbers(varbind.oid) for varbind in self._varbinds]
        self._by_oid = {varbind.oid: varbind for varbind in self._varbinds}

    async def ask(self, operation: Operation, asked: tuple[Asked, ...], where: str, repetitions: int = 0) -> Response:
        self.requests += 1
        if operation == "set":
            return Response(NOT_WRITABLE, 1, ())
        if operation == "get":
            absent = Absent("noSuchInstance")
            return Response(0, 0, tuple(self._by_oid.get(a.oid, VarBind(a.oid, absent)) for a in asked))
        first = bisect_right(self._names, numbers(asked[0].oid))
        following = self._varbinds[first : first + max(1, repetitions)]
        return Response(0, 0, tuple(following) or (VarBind(asked[0].oid, END_OF_MIB_VIEW),))

    def close(self) -> None:
        pass


class RecordedLine(Line):
    """A line whose requests go to a client that finds them in a recording."""

    def __init__(self, values: Mapping[tuple[str, int], int], where: str) -> None:
        super().__init__(where, RecordedClient, FramerType.SOCKET, Tries(1.0, 0))
        self._lookup = RecordedClient(values)

    async def ask(self, where: str, ask: Ask) -> ModbusPDU:
        self.requests += 1
        return await ask(self._lookup)  # type: ignore[arg-type]


class RecordedClient:
    """The reading half of a pymodbus client."""

    def __init__(self, values: Mapping[tuple[str, int], int]) -> None:
        self._values = values

    async def read_holding_registers(self, address: int, *, count: int, device_id: int) -> ModbusPDU:
        return self._found("holding", address, count, ReadHoldingRegistersResponse)

    async def read_input_registers(self, address: int, *, count: int, device_id: int) -> ModbusPDU:
        return self._found("input", address, count, ReadInputRegistersResponse)

    async def read_coils(self, address: int, *, count: int, device_id: int) -> ModbusPDU:
        return self._found("coil", address, count, ReadCoilsResponse)

    async def read_discrete_inputs(self, address: int, *, count: int, device_id: int) -> ModbusPDU:
        return self._found("discrete", address, count, ReadDiscreteInputsResponse)

    def _found(self, table: str, address: int, count: int, response: Any) -> ModbusPDU:
        places = [(table, n) for n in range(address, address + count)]
        if not all(place in self._values for place in places):
            return ExceptionResponse(response.function_code, ILLEGAL_ADDRESS)
        values = [self._values[place] for place in places]
        if table in ("holding", "input"):
            answer: ModbusPDU = response(registers=values)
        else:
            answer = response(bits=[bool(value) for value in values] + [False] * (-len(values) % 8))
        return answer

    async def write_register(self, *_: Any, **__: Any) -> ModbusPDU:
        return ExceptionResponse(6, ILLEGAL_FUNCTION)

    async def write_registers(self, *_: Any, **__: Any) -> ModbusPDU:
        return ExceptionResponse(16, ILLEGAL_FUNCTION)

    async def write_coil(self, *_: Any, **__: Any) -> ModbusPDU:
        return ExceptionResponse(5, ILLEGAL_FUNCTION)
