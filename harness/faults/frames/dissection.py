"""Messages as text, decoded by scapy. 0.2 ms a Modbus frame, 1 ms an SNMP message."""

from __future__ import annotations

from typing import Any

from twinfeed.emulators.wire.snmp.ber import BerError
from twinfeed.emulators.wire.snmp.message import read_v3_message, read_version
from twinfeed.harness.faults.frames import modbus, snmp
from twinfeed.harness.faults.frames.added import Speaks
from twinfeed.harness.faults.frames.community import (
    GET,
    GET_BULK,
    GET_NEXT,
    RESPONSE,
    SET,
    V3,
    Binding,
    CommunityMessage,
    taken_apart,
    version_of,
)
from twinfeed.harness.faults.frames.cutting import crc16, mbap
from twinfeed.harness.transports.answers import Absent, Malformed, Unreadable
from twinfeed.harness.transports.answers.values import read_value

NAMES = {GET: "SNMPget", GET_NEXT: "SNMPnext", RESPONSE: "SNMPresponse", SET: "SNMPset", GET_BULK: "SNMPbulk"}
"""scapy's names of PDUs."""

_LONGEST_TEXT = 120
"""Longer lists of values are cut, characters."""


def prepare() -> None:
    """Load scapy's layers: half a second, once a process, at the first message unless it is done before."""
    import scapy.contrib.modbus
    import scapy.layers.snmp  # noqa: F401 (imported for its layers to be known)


def described(speaks: Speaks, message: bytes, answer: bool) -> str:
    """One line with the content of a message; unreadable parts are shown as octets. Never raises."""
    if speaks == "snmp":
        return _snmp(message) or _octets(message)
    if speaks == "modbus-tcp":
        return _modbus(message, answer) if len(message) > 7 and mbap(message) == len(message) else _octets(message)
    if len(message) < 4 or crc16(message[:-2]) != message[-2:]:
        return f"wrong check: {_octets(message)}"
    return _modbus(b"\0\0\0\0" + (len(message) - 2).to_bytes(2, "big") + message[:-2], answer)


def _modbus(adu: bytes, answer: bool) -> str:
    frame = modbus.dissected(adu, answer)
    said = frame.payload
    fields = " ".join(f"{name}={_short(value)}" for name, value in said.fields.items() if name != "funcCode")
    transaction = f"transaction {frame.transId} " if frame.transId else ""
    return f"{transaction}unit {frame.unitId}: {said.name} {fields}".rstrip()


def _snmp(message: bytes) -> str:
    try:
        version = version_of(message)
        if version == V3:
            _, start, end = read_version(message)
            head = read_v3_message(message, start, end)
            return f"v3 msgID {head.msg_id}, {len(message)} octets, " + ("encrypted" if head.flags & 2 else "plain")
        read = snmp.dissected(message)
        if read is None:
            return _odd(taken_apart(message))
    except (BerError, Unreadable):
        return ""
    pdu = read.PDU
    binds = ", ".join(_bind(bind) for bind in pdu.varbindlist)
    status = getattr(pdu, "error", None)
    failed = f" error {status.val} at {pdu.error_index.val}" if status is not None and status.val else ""
    return f"{'v1' if version == 0 else 'v2c'} {type(pdu).__name__} {pdu.id.val}{failed}: {_short(binds)}"


def _odd(message: CommunityMessage) -> str:
    """A message that scapy cannot decode completely."""
    name = NAMES.get(message.tag, f"tag 0x{message.tag:02x}")
    failed = f" error {message.status} at {message.index}" if message.tag == RESPONSE and message.status else ""
    binds = ", ".join(_odd_bind(binding) for binding in message.bindings)
    return f"{'v1' if message.version == 0 else 'v2c'} {name} {message.request_id}{failed}: {_short(binds)}"


def _odd_bind(binding: Binding) -> str:
    if not binding.oid:
        return f"octets {binding.octets.hex(' ')}"
    value = read_value(binding.tag, binding.contents).value
    if isinstance(value, Malformed):
        return f"{binding.oid}=({value.reason})"
    if isinstance(value, Absent):
        return f"{binding.oid} {value.name}"
    return f"{binding.oid}={_printable(value) if isinstance(value, bytes) else value}"


def _bind(bind: Any) -> str:
    name = bind.oid.val.lstrip(".")
    for exception in ("noSuchObject", "noSuchInstance", "endOfMibView"):
        if getattr(bind, exception) is not None:
            return f"{name} {exception}"
    value = getattr(bind.value, "val", None)
    if isinstance(value, bytes):
        value = _printable(value)
    return name if type(bind.value).__name__ == "ASN1_NULL" else f"{name}={value}"


def _printable(octets: bytes) -> str:
    text = octets.decode(errors="backslashreplace")
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


def _octets(message: bytes) -> str:
    return f"{len(message)} octets {_short(message.hex(' '))}"
