"""Modbus, the server's side: requests in, responses out, on any framing and any event loop.

`respond` answers a PDU from a `Unit`; `ModbusTcpConnection` and `ModbusRtuConnection` do so for a stream of octets
without touching a socket; `ModbusTcpServer` (TCP, TLS, RTU over TCP), `ModbusUdpServer` and `ModbusSerialServer` put
them on an asyncio loop.
"""

from twinfeed.emulators.wire.modbus.diagnostics import Counters
from twinfeed.emulators.wire.modbus.extras import COMMON_FUNCTIONS, Extras, Records, ServerId
from twinfeed.emulators.wire.modbus.pdu import exception_response, respond
from twinfeed.emulators.wire.modbus.rtu import ModbusRtuConnection, crc16
from twinfeed.emulators.wire.modbus.serial_line import ModbusSerialServer
from twinfeed.emulators.wire.modbus.server import ModbusTcpServer
from twinfeed.emulators.wire.modbus.tcp import ModbusTcpConnection, any_unit, direct
from twinfeed.emulators.wire.modbus.udp import ModbusUdpServer
from twinfeed.emulators.wire.modbus.unit import (
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
    Unanswered,
    Unit,
)

__all__ = [
    "COMMON_FUNCTIONS",
    "Acknowledge",
    "BitTable",
    "Busy",
    "Counters",
    "DeviceFailure",
    "ExceptionCode",
    "Extras",
    "GatewayPathUnavailable",
    "GatewayTargetFailed",
    "IllegalAddress",
    "IllegalFunction",
    "IllegalValue",
    "MemoryParityError",
    "ModbusError",
    "ModbusRtuConnection",
    "ModbusSerialServer",
    "ModbusTcpConnection",
    "ModbusTcpServer",
    "ModbusUdpServer",
    "NegativeAcknowledge",
    "Records",
    "RegisterTable",
    "ServerId",
    "TableUnit",
    "Unanswered",
    "Unit",
    "any_unit",
    "crc16",
    "direct",
    "exception_response",
    "respond",
]
