"""Names and values of answers, decoded as net-snmp does where pyasn1 refuses.

Unsigned types that were sent with a sign or too wide are masked to their width: agents compute counters in signed
integers and send them with their sign bit. What cannot be understood stays octets, with the reason. A number of no
octets is one of these, where pyasn1 reads 0 (X.690 8.3.1: one or more octets) and net-snmp refuses the message.
"""

from __future__ import annotations

from typing import NamedTuple

from twinfeed._phrases import Phrase
from twinfeed.harness.transports.answers.tlv import CONSTRUCTED, Unreadable, integer, pieces
from twinfeed.harness.transports.answers.variables import ABSENT, Absent, Malformed, Value

INTEGER, OCTET_STRING, OBJECT_IDENTIFIER, IP_ADDRESS = 0x02, 0x04, 0x06, 0x40

UNSIGNED = {
    0x41: ("Counter32", "counter32", 32),
    0x42: ("Gauge32", "gauge32", 32),
    0x43: ("TimeTicks", "timeticks", 32),
    0x46: ("Counter64", "counter64", 64),
    0x47: ("UInteger32", "uinteger32", 32),
}
"""Tag -> the type's name in ASN.1 and in a profile, its width in bits (RFC 2578 §7.1, UInteger32: RFC 1442 §7.1.11)."""

OCTETS = {OCTET_STRING: "string", 0x44: "opaque", 0x45: "nsapaddress"}
"""RFC 2578 §7.1, NsapAddress: RFC 1442 §7.1.8."""

WIDEST_MASKED = 9
"""Octets of an unsigned number that net-snmp masks (asn_parse_unsigned_int64): 64 bits and a leading zero."""

WIDEST_INTEGER = 8
"""Octets of an INTEGER that net-snmp reads (asn_parse_int)."""

MOST_SUBIDENTIFIER_OCTETS = 21
"""As many as pyasn1 reads; five hold what RFC 2578 allows."""


class Read(NamedTuple):
    value: Value | Absent | Malformed
    type: str = ""
    note: str = ""


def read_value(tag: int, contents: bytes) -> Read:
    """The value of that tag. Never raises: what it cannot be is Malformed."""
    if tag in ABSENT:
        if contents:
            return _malformed(
                tag,
                contents,
                Phrase("{absent} with {contents} octets of contents", absent=ABSENT[tag].name, contents=len(contents)),
            )
        return Read(ABSENT[tag])
    if tag in UNSIGNED:
        return _unsigned(tag, contents)
    if tag == INTEGER and not contents:
        return _malformed(tag, contents, Phrase("an INTEGER of no octets"))
    if tag == INTEGER:
        number = integer(contents)
        if -(2**31) <= number < 2**31:
            return Read(number, "integer")
        bits = Phrase("an INTEGER of {bit_length} bits, the most is 32", bit_length=number.bit_length() + 1)
        if len(contents) > WIDEST_INTEGER:
            return _malformed(tag, contents, bits)
        return Read(number, "integer", bits)
    if tag == OBJECT_IDENTIFIER:
        return _oid(contents)
    if tag & ~CONSTRUCTED in OCTETS or tag & ~CONSTRUCTED == IP_ADDRESS:
        return _octets(tag, contents)
    return _malformed(tag, contents, Phrase("tag 0x{tag:02x} is no type of SNMP", tag=tag))


def read_name(contents: bytes) -> str:
    """An OID in dotted form; sub-identifiers may be padded and of any size, no octets are 0.0 as net-snmp has it.

    Raises:
        Unreadable: it ends in the middle of a sub-identifier, or one has more than `MOST_SUBIDENTIFIER_OCTETS`.
    """
    if not contents:
        return "0.0"
    if contents[-1] & 0x80:
        raise Unreadable(Phrase("an OBJECT IDENTIFIER that ends in the middle of a sub-identifier"))
    numbers, number, begins = [], 0, 0
    for at, octet in enumerate(contents):
        number = number << 7 | octet & 0x7F
        if octet & 0x80:
            if at - begins + 1 >= MOST_SUBIDENTIFIER_OCTETS:
                raise Unreadable(
                    Phrase(
                        "a sub-identifier of more than {most_subidentifier_octets} octets",
                        most_subidentifier_octets=MOST_SUBIDENTIFIER_OCTETS,
                    )
                )
            continue
        numbers.append(number)
        number, begins = 0, at + 1
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def _unsigned(tag: int, contents: bytes) -> Read:
    name, type, bits = UNSIGNED[tag]
    if not contents:
        return _malformed(tag, contents, Phrase("a {name} of no octets", name=name))
    number = integer(contents)
    masked = number & (1 << bits) - 1
    if number == masked:
        return Read(number, type)
    if len(contents) > WIDEST_MASKED:
        return _malformed(
            tag,
            contents,
            Phrase(
                "a {name} of {contents} octets, the most is {bits}", name=name, contents=len(contents), bits=bits // 8
            ),
        )
    form = (
        Phrase("came with its sign bit")
        if number < 0
        else Phrase("came with {bit_length} bits", bit_length=number.bit_length())
    )
    return Read(
        masked,
        type,
        Phrase("a {name} {form}; read as net-snmp reads it: the low {bits} bits", name=name, form=form, bits=bits),
    )


def _oid(contents: bytes) -> Read:
    try:
        name = read_name(contents)
    except Unreadable as error:
        return _malformed(OBJECT_IDENTIFIER, contents, str(error))
    return Read(
        name, "oid", "" if contents else Phrase("an OBJECT IDENTIFIER of no octets; read as net-snmp reads it: 0.0")
    )


def _octets(tag: int, contents: bytes) -> Read:
    simple = tag & ~CONSTRUCTED
    octets = contents
    if tag & CONSTRUCTED:
        try:
            octets = _joined(contents)
        except Unreadable as error:
            return _malformed(tag, contents, Phrase("a string in pieces that are none: {error}", error=error))
    if simple != IP_ADDRESS:
        return Read(octets, OCTETS[simple])
    if len(octets) != 4:
        return _malformed(tag, contents, Phrase("an IpAddress of {octets} octets, expected 4", octets=len(octets)))
    return Read(".".join(map(str, octets)), "ipaddress")


def _joined(contents: bytes) -> bytes:
    """The octets of a string that came in pieces."""
    found = list(pieces(contents))
    for piece in found:
        if piece.tag != OCTET_STRING:
            raise Unreadable(Phrase("tag 0x{tag:02x} in place of a piece", tag=piece.tag))
    return b"".join(piece.contents for piece in found)


def _malformed(tag: int, contents: bytes, reason: str) -> Read:
    return Read(Malformed(tag, contents, reason))
