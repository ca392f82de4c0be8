"""SNMPv1 and v2c messages, made and read with pysnmp; no sockets, no time.

pysnmp builds and takes apart a message in about half a millisecond, and pollers ask the same things for ever. Messages
are therefore made and read with one fixed request id, and kept; the id in use is put in, or taken out, where it stands.
It always has four octets, so that nothing else of the message changes.

An answer that pyasn1 refuses is read by `twinfeed.harness.transports.answers`, which costs nothing but the odd values.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import univ
from pysnmp.proto import rfc1902, rfc1905
from pysnmp.proto.api import PROTOCOL_MODULES
from pysnmp.proto.error import ProtocolError

from twinfeed._phrases import Phrase
from twinfeed.harness.transports.answers import (
    ABSENT,
    END_OF_MIB_VIEW,
    Absent,
    Malformed,
    Message,
    Response,
    Unreadable,
    Value,
    VarBind,
    read_message,
)

__all__ = [
    "END_OF_MIB_VIEW",
    "Absent",
    "Asked",
    "Malformed",
    "Operation",
    "Response",
    "Undecodable",
    "Value",
    "VarBind",
]

Operation = Literal["get", "next", "bulk", "set"]
FIRST_ID, LAST_ID = 0x4000_0000, 0x7FFF_FFFF
"""Request ids of four octets; the first is the fixed one."""

SYNTAX: dict[str, Any] = {
    "integer": rfc1902.Integer32,
    "string": rfc1902.OctetString,
    "oid": rfc1902.ObjectIdentifier,
    "ipaddress": rfc1902.IpAddress,
    "counter32": rfc1902.Counter32,
    "gauge32": rfc1902.Gauge32,
    "timeticks": rfc1902.TimeTicks,
    "opaque": rfc1902.Opaque,
    "counter64": rfc1902.Counter64,
}
"""A profile's types as pysnmp's."""

TYPES = {syntax.tagSet: name for name, syntax in SYNTAX.items()}
"""The types by their tags on the wire."""

ERRORS = (
    *("noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType", "wrongLength"),
    *("wrongEncoding", "wrongValue", "noCreation", "inconsistentValue", "resourceUnavailable", "commitFailed"),
    *("undoFailed", "authorizationError", "notWritable", "inconsistentName"),
)
"""error-status by number (RFC 3416 §3)."""

TOO_BIG, NO_SUCH_NAME = 1, 2

ABSENTEES = {
    syntax.tagSet: ABSENT[syntax.tagSet.superTags[-1].tagClass | syntax.tagSet.superTags[-1].tagId]
    for syntax in (univ.Null(), rfc1905.NoSuchObject(), rfc1905.NoSuchInstance(), rfc1905.EndOfMibView())
}
"""pysnmp's types of what is no value."""

MESSAGES = {version: PROTOCOL_MODULES[version].Message() for version in (0, 1)}
"""The specification by which pyasn1 decodes."""


class Asked(NamedTuple):
    """A variable of a request: its type and value for "set" only."""

    oid: str
    type: str = ""
    value: Value = b""


class Undecodable(Exception):
    """Octets that are no SNMP response. The message may give the reason."""


def request(
    version: int,
    community: bytes,
    operation: Operation,
    asked: tuple[Asked, ...],
    request_id: int,
    repetitions: int = 0,
) -> bytes:
    """The octets of a request. `version` is 0 for v1 and 1 for v2c, as on the wire; `repetitions` are for "bulk"."""
    message, place = _request(version, community, operation, asked, repetitions)
    return message[:place] + request_id.to_bytes(4, "big") + message[place + 4 :]


def carries(datagram: bytes, request_id: int) -> int:
    """The place of that request id in a datagram, -1 if it has none."""
    place = datagram.find(b"\x02\x04" + request_id.to_bytes(4, "big"))
    return place if place < 0 else place + 2


def response(version: int, datagram: bytes, place: int) -> Response:
    """A response whose request id stands at that place.

    Raises:
        Undecodable: it cannot be read, or what stands there is not its request id.
    """
    return _response(version, datagram[:place] + FIRST_ID.to_bytes(4, "big") + datagram[place + 4 :])


@lru_cache(maxsize=4096)
def _request(
    version: int, community: bytes, operation: Operation, asked: tuple[Asked, ...], repetitions: int
) -> tuple[bytes, int]:
    """The octets of a request with the fixed id, and where that stands."""
    module = PROTOCOL_MODULES[version]
    pdu = {
        "get": module.GetRequestPDU,
        "next": module.GetNextRequestPDU,
        "set": module.SetRequestPDU,
        "bulk": rfc1905.GetBulkRequestPDU,
    }[operation]()
    access = module.apiBulkPDU if operation == "bulk" else module.apiPDU
    access.set_defaults(pdu)
    access.set_request_id(pdu, FIRST_ID)
    if operation == "bulk":
        access.set_max_repetitions(pdu, repetitions)
    access.set_varbinds(pdu, [(a.oid, SYNTAX[a.type](a.value) if operation == "set" else module.null) for a in asked])
    message = module.Message()
    module.apiMessage.set_defaults(message)
    module.apiMessage.set_community(message, community)
    module.apiMessage.set_pdu(message, pdu)
    octets: bytes = encoder.encode(message)
    return octets, carries(octets, FIRST_ID)


def read_anyhow(datagram: bytes) -> tuple[int, Response]:
    """The request id and the response of an answer in which pysnmp finds none.

    Raises:
        Undecodable: it is no response; the message gives the mistake.
    """
    try:
        message = read_message(datagram)
    except Unreadable as error:
        raise Undecodable(str(error)) from None
    return message.request_id, _clamped(message)


EMPTY_NUMBER = re.compile(rb"[\x02\x41-\x43\x46\x47][\x81-\xfe]?\x00")
"""Octets that may be a number of no octets, its length in the short or in a long form, or part of anything else."""


@lru_cache(maxsize=2048)
def _response(version: int, datagram: bytes) -> Response:
    found = _by_pyasn1(version, datagram)
    if found is not None:
        return found
    request_id, response = read_anyhow(datagram)
    if request_id != FIRST_ID:
        raise Undecodable(Phrase("an answer with another request id"))
    return response


def _by_pyasn1(version: int, datagram: bytes) -> Response | None:
    """The response if pyasn1 reads it."""
    module = PROTOCOL_MODULES[version]
    try:
        message, rest = decoder.decode(datagram, asn1Spec=MESSAGES[version])
        pdu = module.apiMessage.get_pdu(message)
        if rest or int(module.apiMessage.get_version(message)) not in MESSAGES:
            return None
        if not isinstance(pdu, module.GetResponsePDU) or int(module.apiPDU.get_request_id(pdu)) != FIRST_ID:
            return None
        varbinds = tuple(varbind(name, value) for name, value in module.apiPDU.get_varbinds(pdu))
        if EMPTY_NUMBER.search(datagram) and any(found.value == 0 for found in varbinds):
            return None  # pyasn1 reads a number of no octets as 0; the lenient reader distinguishes the two
        return Response(
            int(module.apiPDU.get_error_status(pdu)),
            int(module.apiPDU.get_error_index(pdu, muteErrors=True)),
            varbinds,
        )
    except (PyAsn1Error, ProtocolError, ValueError, TypeError, KeyError, IndexError):
        return None


def _clamped(message: Message) -> Response:
    """The response with an error-index that is within it, as pysnmp has it."""
    response = message.response
    return response._replace(about=min(response.about, len(response.varbinds)))


def varbind(name: Any, value: Any) -> VarBind:
    """A variable of pysnmp's as ours."""
    return VarBind(str(name), plain(value), TYPES.get(value.tagSet, ""))


def plain(value: Any) -> Value | Absent:
    """A value of pysnmp's as Python's."""
    absent = ABSENTEES.get(value.tagSet)
    if absent is not None:
        return absent
    if value.tagSet == rfc1902.IpAddress.tagSet:
        return str(value.prettyPrint())
    if isinstance(value, univ.OctetString):
        return bytes(value)
    if isinstance(value, univ.ObjectIdentifier):
        return str(value)
    return int(value)


def numbers(oid: str) -> tuple[int, ...]:
    """The numbers of a dotted OID."""
    return tuple(map(int, oid.split(".")))
