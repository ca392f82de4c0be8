"""Modbus, the server's side: requests in, responses out, on any framing and any event loop.

`respond` answers a PDU from a `Unit`; `ModbusTcpConnection` does so for a TCP byte stream without touching a
socket; `ModbusTcpServer` puts it on an asyncio loop.
"""

from emulators.wire.modbus.diagnostics import Counters
from emulators.wire.modbus.pdu import exception_response, respond
from emulators.wire.modbus.server import ModbusTcpServer
from emulators.wire.modbus.tcp import ModbusTcpConnection, any_unit, direct
from emulators.wire.modbus.unit import (
    Acknowledge,
    BitTable,
    Busy,
    DeviceFailure,
    ExceptionCode,
    GatewayPathUnavailable,
    GatewayTargetFailed,
    IllegalAddress,
    IllegalFunction,
    IllegalValue,
    MemoryParityError,
    ModbusError,
    NegativeAcknowledge,
    RegisterTable,
    TableUnit,
    Unit,
)

__all__ = [
    "Acknowledge",
    "BitTable",
    "Busy",
    "Counters",
    "DeviceFailure",
    "ExceptionCode",
    "GatewayPathUnavailable",
    "GatewayTargetFailed",
    "IllegalAddress",
    "IllegalFunction",
    "IllegalValue",
    "MemoryParityError",
    "ModbusError",
    "ModbusTcpConnection",
    "ModbusTcpServer",
    "NegativeAcknowledge",
    "RegisterTable",
    "TableUnit",
    "Unit",
    "any_unit",
    "direct",
    "exception_response",
    "respond",
]
