"""Transports: Modbus through pymodbus, SNMP through pysnmp; never with the codecs of the emulators."""

from twinfeed.harness.transports.errors import NoAnswer, NotAdmitted, NotShown, Refused, TransportError, WrongAnswer
from twinfeed.harness.transports.handle import DeviceHandle, Reading
from twinfeed.harness.transports.modbus.transport import ModbusTransport
from twinfeed.harness.transports.snmp.transport import SnmpTransport
from twinfeed.harness.transports.snmp.traps import Trap, TrapReceiver
from twinfeed.harness.transports.snmp.usm import UsmUser

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
