"""Texts and octets as values of ASN.1 types, and values as the octets that an agent sends: for files and replays."""

from __future__ import annotations

import re

from twinfeed.emulators.wire.snmp.ber import (
    MAX_SUBIDENTIFIER,
    MAX_SUBIDENTIFIERS,
    check_oid,
    encode_integer,
    encode_tlv,
)
from twinfeed.harness.characterise.recording.snmprec import ABSENT_TAGS, INTEGERS, OCTETS, Variable
from twinfeed.harness.transports.snmp.messages import Value

PLAIN = re.compile(r"1\.[1-3](?:\.(?:0|[1-9]\d{0,8}))*")
"""Names below iso.1 to iso.3 whose numbers have at most nine digits and no leading zeros."""


SUFFIXES = (".snmprec", ".snmprec.bz2", ".snmpwalk", ".sapwalk", ".dump", ".MVC")
"""The names that snmpsim knows."""


class NotAValue(ValueError):
    """A text or octets are no value of the type. The message gives what was found and what was expected."""


def name(text: str) -> str:
    """An OID as recordings write it: `.1.3..6` is `1.3.6`, as for snmpsim.

    Raises:
        NotAValue: an agent cannot have a variable of that name.
    """
    if PLAIN.fullmatch(text) and text.count(".") < MAX_SUBIDENTIFIERS:
        return text  # as nearly all are
    try:
        subidentifiers = tuple(int(part) for part in text.strip().split(".") if part)
        check_oid(subidentifiers)
    except ValueError:
        wide = all(part.strip().isdigit() for part in text.split(".") if part)
        why = f" with numbers up to {MAX_SUBIDENTIFIER}" if wide else ""
        raise NotAValue(f"found the OID {text[:60]!r}, expected 2 to 128 numbers{why}: 1.3.6.1.2.1.1.5.0") from None
    return ".".join(map(str, subidentifiers))


def of_text(type: str, text: str) -> Value:
    """The value that snmpsim makes of a text; its characters are octets (latin-1).

    Raises:
        NotAValue: see there.
    """
    if type in INTEGERS:
        return _number(type, text)
    if type in OCTETS:
        return text.encode("latin-1")
    if type in ABSENT_TAGS:
        if text:
            raise NotAValue(f"found {text[:40]!r}, expected nothing: {type} has no value")
        return b""
    if type == "oid":
        return _oid(text)
    if len(text) == 4:  # four octets as they are; no dotted address is so short
        return ".".join(map(str, text.encode("latin-1")))
    try:
        octets = bytes(int(part) for part in text.split("."))
    except ValueError:
        octets = b""
    if len(octets) != 4:
        raise NotAValue(f"found {text[:40]!r}, expected an IpAddress such as 192.0.2.1")
    return ".".join(map(str, octets))


def of_octets(type: str, octets: bytes) -> Value:
    """The value with these contents octets; the octets themselves where they are no value of the type."""
    if type in INTEGERS and octets:
        number = int.from_bytes(octets, "big", signed=True)
        low, high = INTEGERS[type]
        if low <= number <= high and encode_integer(number)[2:] == octets:
            return number
    if type == "ipaddress" and len(octets) == 4:
        return ".".join(map(str, octets))
    return octets


def _number(type: str, text: str) -> int:
    low, high = INTEGERS[type]
    try:
        number = int(text)
    except ValueError:
        raise NotAValue(f"found {text[:40]!r}, expected a whole number: the type is {type}") from None
    if not low <= number <= high:
        raise NotAValue(f"found {number}, expected {low} to {high}: the type is {type}")
    return number


def _oid(text: str) -> Value:
    """An OID as a value may be empty (some cards send that) and have numbers of more than 32 bits."""
    try:
        subidentifiers = [int(part) for part in text.split(".") if part]
    except ValueError:
        subidentifiers = [-1]
    if not subidentifiers:
        return b""
    first = subidentifiers[0]
    if min(subidentifiers) < 0 or len(subidentifiers) < 2 or first > 2 or (first < 2 and subidentifiers[1] > 39):
        raise NotAValue(f"found {text[:60]!r}, expected an OID such as 1.3.6.1.4.1.318")
    return ".".join(map(str, subidentifiers))


def octets(variable: Variable) -> bytes:
    """Tag, length and contents of the variable's value, as the device sent them."""
    value, tag = variable.value, variable.tag
    if isinstance(value, int):
        return encode_integer(value, tag)
    if isinstance(value, bytes):
        return encode_tlv(tag, value)
    if variable.type == "oid":
        return encode_tlv(tag, _oid_contents([int(part) for part in value.split(".")]))
    return encode_tlv(tag, bytes(int(part) for part in value.split(".")))


def _oid_contents(subidentifiers: list[int]) -> bytes:
    """X.690 §8.19, without a limit to the numbers."""
    first, second, *rest = subidentifiers
    contents = bytearray()
    for number in (first * 40 + second, *rest):
        septets = [number & 0x7F]
        while number := number >> 7:
            septets.append(0x80 | number & 0x7F)
        contents += bytes(reversed(septets))
    return bytes(contents)
