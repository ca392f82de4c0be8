"""Messages that pyasn1 refuses, converted for pysnmp's engine: v3 after decryption, and traps.

pysnmp checks and decrypts a message and gives its scoped PDU to pyasn1, which refuses all of it for one odd value. Here
the scoped PDU is read first: variables that pyasn1 would refuse are wrapped as Opaque, with a mark, and taken out of it
again from what pysnmp delivers. Digests are checked over the octets that came.
"""

from __future__ import annotations

from typing import Any

from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pysnmp.entity.engine import SnmpEngine
from pysnmp.proto.api import PROTOCOL_MODULES
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU, SnmpV3MessageProcessingModel
from pysnmp.proto.secmod.rfc3414.service import SnmpUSMSecurityModel

from twinfeed._phrases import N_
from twinfeed.harness.transports.answers.message import SEQUENCE, read_varbinds
from twinfeed.harness.transports.answers.tlv import Tlv, Unreadable, encoded, expect, integer, read_tlv
from twinfeed.harness.transports.answers.values import INTEGER, OBJECT_IDENTIFIER, OCTET_STRING
from twinfeed.harness.transports.answers.variables import VarBind

OPAQUE = 0x44
MARK = b"\x00twinfeed: not read by pyasn1\x00"
"""The first octets of an Opaque that wraps a variable."""

V1, V2C, V3 = 0, 1, 3
"""Versions as on the wire, and the message processing model of the last (RFC 3411 §5)."""

USM = 3
"""Its security model (the same)."""

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
    """A scoped PDU as pyasn1 can read it; one that it reads already, or that is none, as it is."""
    try:
        scoped = expect(scoped_pdu, 0, SEQUENCE, "a scoped PDU")
        engine_id = expect(scoped.contents, 0, OCTET_STRING, N_("the context engine ID"))
        context = expect(scoped.contents, engine_id.end, OCTET_STRING, N_("the context name"))
        pdu = read_tlv(scoped.contents, context.end)
        if _reads(scoped_pdu, ScopedPDU()):
            return scoped_pdu
        names = encoded(OCTET_STRING, engine_id.contents) + encoded(OCTET_STRING, context.contents)
        return encoded(SEQUENCE, names + _with_readable_list(pdu, V2C))
    except Unreadable:
        return scoped_pdu


def readable_datagram(datagram: bytes) -> bytes:
    """A message of v1 or v2c, such as a trap, as pyasn1 can read it; anything else as it is."""
    try:
        message = expect(datagram, 0, SEQUENCE, N_("an SNMP message")).contents
        version = expect(message, 0, INTEGER, N_("the version"))
        number = integer(version.contents)
        if number not in (V1, V2C) or _reads(datagram, PROTOCOL_MODULES[number].Message()):
            return datagram
        community = expect(message, version.end, OCTET_STRING, N_("the community"))
        head = encoded(INTEGER, version.contents) + encoded(OCTET_STRING, community.contents)
        return encoded(SEQUENCE, head + _with_readable_list(read_tlv(message, community.end), number))
    except Unreadable:
        return datagram


def _with_readable_list(pdu: Tlv, version: int) -> bytes:
    """A PDU whose list of variables, which is its last part, pyasn1 reads. Raises Unreadable."""
    at, head = 0, b""
    while True:
        part = read_tlv(pdu.contents, at)
        if part.tag == SEQUENCE:
            return encoded(pdu.tag, head + encoded(SEQUENCE, _wrapped(part.contents, version)))
        head, at = head + encoded(part.tag, part.contents), part.end


def _reads(octets: bytes, syntax: Any) -> bool:
    """True if pyasn1 reads them."""
    try:
        decoder.decode(octets, asn1Spec=syntax)
    except PyAsn1Error:
        return False
    return True


def _wrapped(variables: bytes, version: int) -> bytes:
    """The list with each variable that pyasn1 refuses in an Opaque."""
    out, at = b"", 0
    while at < len(variables):
        try:
            end = read_tlv(variables, at).end
        except Unreadable:
            end = len(variables)
        octets = variables[at:end]
        is_plain = _reads(octets, PROTOCOL_MODULES[version].VarBind())
        out += octets if is_plain else encoded(SEQUENCE, _NO_NAME + encoded(OPAQUE, MARK + octets))
        at = end
    return out


class _Security(SnmpUSMSecurityModel):  # type: ignore[misc]  # pysnmp is not typed
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


class _Messages(SnmpV3MessageProcessingModel):  # type: ignore[misc]  # pysnmp is not typed
    """The processing of v3 messages, whose plain scoped PDUs are read too."""

    def prepare_data_elements(self, engine: Any, domain: Any, address: Any, message: Any) -> Any:
        octets = bytes(message)
        security = engine.security_models[USM]
        try:
            whole = expect(octets, 0, SEQUENCE, N_("an SNMP message"))
            security.came = octets[: whole.end]  # octets after the message are of no digest
            octets = _with_readable_data(whole) or security.came
        except Unreadable:
            security.came = octets
        return super().prepare_data_elements(engine, domain, address, octets)


def _with_readable_data(message: Tlv) -> bytes:
    """The message with a plain scoped PDU that pyasn1 reads; empty if it is encrypted. Raises Unreadable."""
    at, head = 0, b""
    for tag, what in (
        (INTEGER, N_("the version")),
        (SEQUENCE, N_("the header")),
        (OCTET_STRING, N_("the security parameters")),
    ):
        end = expect(message.contents, at, tag, what).end
        head, at = head + message.contents[at:end], end
    data = read_tlv(message.contents, at)
    if data.tag != SEQUENCE:
        return b""
    return encoded(SEQUENCE, head + readable(message.contents[at : data.end]))
