"""The lines of .snmprec files: `1.3.6.1.2.1.1.5.0|4|ups-a1`, an OID, an ASN.1 tag and a value.

snmpsim serves such files and LibreNMS keeps its test data in them. An `x` after the tag says that the value is octets
in hexadecimal. Lines that compute their value (`2:numeric|…`, snmpsim's variation modules) are not recordings of
anything and are refused.
"""

from __future__ import annotations

from typing import NamedTuple

from harness.transports.snmp_messages import Value

TAGS = {
    "integer": 2,
    "string": 4,
    "oid": 6,
    "ipaddress": 64,
    "counter32": 65,
    "gauge32": 66,
    "timeticks": 67,
    "opaque": 68,
    "counter64": 70,
}
"""A profile's types -> ASN.1 tag, decimal (RFC 2578 §7.1: the application class begins at 64)."""

TYPES = {str(tag): name for name, tag in TAGS.items()}


class NotARecord(ValueError):
    """A line is none of a .snmprec file; the message says what was found and expected."""


class Variable(NamedTuple):
    """One variable as an agent answered it. `type` is a profile's name of the ASN.1 type."""

    oid: str
    type: str
    value: Value


def line(variable: Variable) -> str:
    """The variable as a line, without its end."""
    oid, type, value = variable
    tag = TAGS[type]
    if not isinstance(value, bytes):
        return f"{oid}|{tag}|{value}"
    text = value.decode("ascii", "replace")
    # snmpsim strips lines and reads them as texts: whatever is not plainly printed goes in hexadecimal.
    if type == "opaque" or not text.isprintable() or "\ufffd" in text or text != text.strip():
        return f"{oid}|{tag}x|{value.hex()}"
    return f"{oid}|{tag}|{text}"


def variable(text: str) -> Variable:
    """The variable in a line.

    Raises:
        NotARecord: see there.
    """
    oid, bar, rest = text.partition("|")
    tag, second_bar, value = rest.partition("|")
    if not bar or not second_bar or not all(part.isdigit() for part in oid.split(".")):
        raise NotARecord(f"found {text[:60]!r}, expected OID|tag|value such as 1.3.6.1.2.1.1.5.0|4|ups-a1")
    if ":" in tag:
        raise NotARecord(f"{oid}: {tag!r} computes its value by a module of snmpsim, which is no recording")
    type = TYPES.get(tag.rstrip("xe"))
    if type is None:
        raise NotARecord(f"{oid}: found the tag {tag!r}, expected one of {', '.join(TYPES)}, with x for hexadecimal")
    try:
        return Variable(oid, type, _value(type, tag, value))
    except ValueError:
        raise NotARecord(f"{oid}: found {value[:40]!r}, which is no value of type {type}") from None


def _value(type: str, tag: str, text: str) -> Value:
    if tag.endswith("x"):
        octets = bytes.fromhex(text)
        if type == "ipaddress":
            return ".".join(map(str, octets))
        return octets
    if type in ("string", "opaque"):
        return text.encode("utf-8", "surrogateescape")
    if type == "oid":
        return text.strip(".")
    return text if type == "ipaddress" else int(text)
