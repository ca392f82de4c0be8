"""Responses of v1 and v2c agents, and scoped PDUs of v3, with one variable read apart from the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.transports.answers.tlv import Unreadable, expect, integer, read_tlv
from twinfeed.harness.transports.answers.values import read_name, read_value
from twinfeed.harness.transports.answers.variables import Malformed, Response, VarBind

SEQUENCE, INTEGER, OCTET_STRING, OBJECT_IDENTIFIER = 0x30, 0x02, 0x04, 0x06
RESPONSE, REPORT = 0xA2, 0xA8
"""RFC 3416 §3."""


class Message(NamedTuple):
    """A response as it came. Octets after its end are passed over, as net-snmp does."""

    version: int
    """0 for v1, 1 for v2c, as on the wire."""
    community: bytes
    request_id: int
    response: Response


class ScopedPdu(NamedTuple):
    """The content of a v3 message (RFC 3412 §6.8). `tag` is the PDU's, `varbinds` the octets of each value apart."""

    engine_id: bytes
    context: bytes
    tag: int
    request_id: int
    response: Response


def read_message(datagram: bytes) -> Message:
    """A response of v1 or v2c.

    Raises:
        Unreadable: it is none; single variables that cannot be read are Malformed.
    """
    message = expect(datagram, 0, SEQUENCE, N_("an SNMP message")).contents
    version = expect(message, 0, INTEGER, N_("the version"))
    number = integer(version.contents)
    if number not in (0, 1):
        raise Unreadable(Phrase("version {number} in place of v1 or v2c", number=number))
    community = expect(message, version.end, OCTET_STRING, N_("the community"))
    pdu = expect(message, community.end, RESPONSE, "a response")
    return Message(number, community.contents, *_pdu(pdu.contents))


def read_scoped_pdu(octets: bytes) -> ScopedPdu:
    """A scoped PDU; octets after its end are padding of the cipher (RFC 3414 §8.1.1.2). Raises Unreadable."""
    scoped = expect(octets, 0, SEQUENCE, "a scoped PDU").contents
    engine_id = expect(scoped, 0, OCTET_STRING, N_("the context engine ID"))
    context = expect(scoped, engine_id.end, OCTET_STRING, N_("the context name"))
    pdu = read_tlv(scoped, context.end)
    if pdu.tag not in (RESPONSE, REPORT):
        raise Unreadable(Phrase("tag 0x{tag:02x} in place of a response", tag=pdu.tag))
    return ScopedPdu(engine_id.contents, context.contents, pdu.tag, *_pdu(pdu.contents))


def _pdu(octets: bytes) -> tuple[int, Response]:
    """The request-id and the rest of a response PDU."""
    request_id = expect(octets, 0, INTEGER, N_("the request-id"))
    status = expect(octets, request_id.end, INTEGER, N_("the error-status"))
    index = expect(octets, status.end, INTEGER, N_("the error-index"))
    varbinds = tuple(read_varbinds(expect(octets, index.end, SEQUENCE, N_("the list of variables")).contents))
    response = Response(integer(status.contents), integer(index.contents), varbinds)
    return integer(request_id.contents), response


def read_varbinds(octets: bytes) -> Iterator[VarBind]:
    """The variables of a list. Never raises: what cannot be read is Malformed."""
    at = 0
    while at < len(octets):
        try:
            binding = read_tlv(octets, at)
        except Unreadable as error:  # where the next one would begin is not known
            yield VarBind(
                "", Malformed(octets[at], octets[at:], Phrase("a variable that is none: {error}", error=error))
            )
            return
        yield _varbind(binding.tag, binding.contents)
        at = binding.end


def _varbind(tag: int, octets: bytes) -> VarBind:
    """One variable: its name if that can be read, its value if that can be read."""
    try:
        if tag != SEQUENCE:
            raise Unreadable(Phrase("tag 0x{tag:02x} in place of a variable", tag=tag))
        name = expect(octets, 0, OBJECT_IDENTIFIER, "a variable's name")
        oid = read_name(name.contents)
    except Unreadable as error:
        return VarBind("", Malformed(tag, octets, str(error)))
    try:
        value = read_tlv(octets, name.end)
    except Unreadable as error:
        rest = octets[name.end :]
        return VarBind(
            oid, Malformed(rest[0] if rest else 0, rest[2:], Phrase("a value that is none: {error}", error=error))
        )
    return VarBind(oid, *read_value(value.tag, value.contents))
