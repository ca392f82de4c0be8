"""How the harness reaches a device: Modbus through pymodbus, SNMP through pysnmp; never our own codecs."""

from harness.transports.errors import NoAnswer, NotAdmitted, NotShown, Refused, TransportError, WrongAnswer
from harness.transports.handle import DeviceHandle, Reading
from harness.transports.modbus import ModbusTransport
from harness.transports.snmp import SnmpTransport
from harness.transports.snmp_usm import UsmUser
from harness.transports.traps import Trap, TrapReceiver

__all__ = [
    "DeviceHandle",
    "ModbusTransport",
    "NoAnswer",
    "NotAdmitted",
    "NotShown",
    "Reading",
    "Refused",
    "SnmpTransport",
    "TransportError",
    "Trap",
    "TrapReceiver",
    "UsmUser",
    "WrongAnswer",
]
