"""Answers of SNMPv3 agents that pyasn1 refuses, made readable for pysnmp after it has decrypted them.

pysnmp checks and decrypts a message and gives its scoped PDU to pyasn1, which refuses all of it for one odd value. Here
the scoped PDU is read first: variables that pyasn1 would refuse are wrapped as Opaque, with a mark, and taken out of it
again from what pysnmp delivers. Digests are checked over the octets that came.
"""

from __future__ import annotations

from typing import Any

from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pysnmp.entity.engine import SnmpEngine
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU, SnmpV3MessageProcessingModel
from pysnmp.proto.secmod.rfc3414.service import SnmpUSMSecurityModel

from harness.transports.answers.message import REPORT, RESPONSE, SEQUENCE, read_varbinds
from harness.transports.answers.tlv import Tlv, Unreadable, encoded, expect, integer, read_tlv
from harness.transports.answers.values import INTEGER, OBJECT_IDENTIFIER, OCTET_STRING
from harness.transports.answers.variables import VarBind

OPAQUE = 0x44
MARK = b"\x00twinfeed: not read by pyasn1\x00"
"""What the contents of an Opaque begin with that wraps a variable."""

USM, V3 = 3, 3
"""The security model and the message processing model (RFC 3411 §5)."""

_NO_NAME = encoded(OBJECT_IDENTIFIER, b"\0")


def engine() -> Any:
    """One of pysnmp's engines that reads such answers."""
    made = SnmpEngine()
    made.message_processing_subsystems[V3] = _Messages()
    made.security_models[USM] = _Security()
    return made


def unwrapped(varbind: VarBind) -> VarBind:
    """The variable as it came."""
    value = varbind.value
    if not isinstance(value, bytes) or not value.startswith(MARK):
        return varbind
    return next(read_varbinds(value[len(MARK) :]), varbind)


def readable(scoped_pdu: bytes) -> bytes:
    """The scoped PDU of a response as pyasn1 can read it; anything else as it is."""
    try:
        scoped = expect(scoped_pdu, 0, SEQUENCE, "a scoped PDU")
        engine_id = expect(scoped.contents, 0, OCTET_STRING, "the context engine ID")
        context = expect(scoped.contents, engine_id.end, OCTET_STRING, "the context name")
        pdu = read_tlv(scoped.contents, context.end)
        if pdu.tag not in (RESPONSE, REPORT) or _reads(scoped_pdu):
            return scoped_pdu
        request_id = expect(pdu.contents, 0, INTEGER, "the request-id")
        status = expect(pdu.contents, request_id.end, INTEGER, "the error-status")
        index = expect(pdu.contents, status.end, INTEGER, "the error-index")
        listed = expect(pdu.contents, index.end, SEQUENCE, "the list of variables")
    except Unreadable:
        return scoped_pdu
    numbers = b"".join(map(_number, (request_id, status, index)))
    body = encoded(pdu.tag, numbers + encoded(SEQUENCE, _wrapped(listed.contents)))
    names = encoded(OCTET_STRING, engine_id.contents) + encoded(OCTET_STRING, context.contents)
    return encoded(SEQUENCE, names + body)


def _reads(scoped_pdu: bytes) -> bool:
    """Whether pyasn1 reads it."""
    try:
        decoder.decode(scoped_pdu, asn1Spec=ScopedPDU())
    except PyAsn1Error:
        return False
    return True


def _number(part: Tlv) -> bytes:
    number = integer(part.contents)
    return encoded(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def _wrapped(variables: bytes) -> bytes:
    """The list with each variable that pyasn1 may refuse in an Opaque."""
    out, at = b"", 0
    while at < len(variables):
        try:
            end = read_tlv(variables, at).end
        except Unreadable:
            end = len(variables)
        octets = variables[at:end]
        out += octets if _is_plain(octets) else encoded(SEQUENCE, _NO_NAME + encoded(OPAQUE, MARK + octets))
        at = end
    return out


def _is_plain(variable: bytes) -> bool:
    """Whether pyasn1 reads that variable."""
    scoped = encoded(OCTET_STRING, b"") * 2 + encoded(
        RESPONSE, encoded(INTEGER, b"\0") * 3 + encoded(SEQUENCE, variable)
    )
    return _reads(encoded(SEQUENCE, scoped))


class _Security(SnmpUSMSecurityModel):  # type: ignore[misc]
    """The User-based Security Model, which checks the message that came and decrypts to what pyasn1 reads."""

    came: bytes = b""
    """The message that is being processed."""

    def __init__(self) -> None:
        super().__init__()
        services: dict[Any, Any] = SnmpUSMSecurityModel.PRIV_SERVICES
        self.PRIV_SERVICES = {id: _Privacy(service) for id, service in services.items()}

    def process_incoming_message(self, *arguments: Any) -> Any:
        *others, _, message = arguments
        return super().process_incoming_message(*others, self.came, message)


class _Privacy:
    """An encryption service of pysnmp's."""

    def __init__(self, service: Any) -> None:
        self._service = service

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)

    def decrypt_data(self, key: Any, parameters: Any, data: Any) -> bytes:
        return readable(bytes(self._service.decrypt_data(key, parameters, data)))


class _Messages(SnmpV3MessageProcessingModel):  # type: ignore[misc]
    """The processing of v3 messages, whose plain scoped PDUs are read too."""

    def prepare_data_elements(self, engine: Any, domain: Any, address: Any, message: Any) -> Any:
        octets = bytes(message)
        security = engine.security_models[USM]
        try:
            whole = expect(octets, 0, SEQUENCE, "an SNMP message")
            security.came = octets[: whole.end]  # octets after the message are of no digest
            octets = _with_readable_data(whole) or security.came
        except Unreadable:
            security.came = octets
        return super().prepare_data_elements(engine, domain, address, octets)


def _with_readable_data(message: Tlv) -> bytes:
    """The message with a plain scoped PDU that pyasn1 reads; empty if it is encrypted. Raises Unreadable."""
    at, head = 0, b""
    for tag, what in ((INTEGER, "the version"), (SEQUENCE, "the header"), (OCTET_STRING, "the security parameters")):
        end = expect(message.contents, at, tag, what).end
        head, at = head + message.contents[at:end], end
    data = read_tlv(message.contents, at)
    if data.tag != SEQUENCE:
        return b""
    return encoded(SEQUENCE, head + readable(message.contents[at : data.end]))
