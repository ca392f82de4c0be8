"""Answers of SNMP agents: the variables of a response, and a lenient decoder for answers that pyasn1 refuses.

pysnmp makes the requests and pyasn1 reads the answers. This package reads what pyasn1 does not: messages of v1 and v2c
and decrypted scoped PDUs of v3 in which single values, names or lengths are wrong. Name and value of each variable are
read apart, so that one odd value costs nothing but itself. `units` does the same for pymodbus.

The package does not import the emulators' codecs, and the emulators never import it: each judges the other.
"""

from twinfeed.harness.transports.answers.message import Message, read_message, read_scoped_pdu
from twinfeed.harness.transports.answers.tlv import Unreadable
from twinfeed.harness.transports.answers.variables import (
    ABSENT,
    END_OF_MIB_VIEW,
    NULL,
    Absent,
    Malformed,
    Response,
    Value,
    VarBind,
    illegal_name,
)

__all__ = [
    "ABSENT",
    "END_OF_MIB_VIEW",
    "NULL",
    "Absent",
    "Malformed",
    "Message",
    "Response",
    "Unreadable",
    "Value",
    "VarBind",
    "illegal_name",
    "read_message",
    "read_scoped_pdu",
]
