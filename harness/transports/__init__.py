"""How the harness reaches a device: Modbus through pymodbus, SNMP through pysnmp; never our own codecs."""

from twinfeed.harness.transports.errors import NoAnswer, NotAdmitted, NotShown, Refused, TransportError, WrongAnswer
from twinfeed.harness.transports.handle import DeviceHandle, Reading
from twinfeed.harness.transports.modbus import ModbusTransport
from twinfeed.harness.transports.snmp import SnmpTransport
from twinfeed.harness.transports.snmp_usm import UsmUser
from twinfeed.harness.transports.traps import Trap, TrapReceiver

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
