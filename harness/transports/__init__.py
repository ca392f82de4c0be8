"""How the harness reaches a device: Modbus through pymodbus, SNMP through pysnmp; never our own codecs."""

from harness.transports.handle import DeviceHandle, Reading, WrongAnswer
from harness.transports.modbus import ModbusTransport
from harness.transports.snmp import SnmpTransport

__all__ = ["DeviceHandle", "ModbusTransport", "Reading", "SnmpTransport", "WrongAnswer"]
