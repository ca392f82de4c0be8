"""The lines of .snmprec files: `1.3.6.1.2.1.1.5.0|4|ups-a1`, an OID, an ASN.1 tag and a value.

snmpsim serves such files and LibreNMS keeps its test data in them. An `x` after the tag means that the value is octets
in hexadecimal. What a device sent in place of a value has a tag too:

    5, 128, 129, 130   NULL, noSuchObject, noSuchInstance, endOfMibView: no value follows (`1.3.6.1.2.1.33.1.2.2.0|5|`)
    2x, 6x, 64x, 65x … the contents octets of a value that is none of its type (`…|64x|` is an empty IpAddress,
                       `…|2x|00ffffffff` an INTEGER of 33 bits); snmpsim does not know these forms but for 64x
    72x, 48x …         the same for a tag that no SNMP type has

These are the lines of recordings, as `record` and `--export` write them. What other programs write in .snmprec files is
read by `twinfeed.harness.characterise.recording.snmpfiles`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from twinfeed.emulators.wire.snmp.ber import INTEGER_RANGE
from twinfeed.harness.transports.answers import ABSENT, Absent, Malformed, Value, VarBind
from twinfeed.harness.transports.answers.values import read_value

ABSENT_TAGS = {"null": 5, "nosuchobject": 128, "nosuchinstance": 129, "endofmibview": 130}
"""The answer of an agent in place of a value -> ASN.1 tag, decimal (RFC 3416 §3)."""

TAGS = {
    "integer": 2,
    "string": 4,
    "oid": 6,
    "ipaddress": 64,
    "counter32": 65,
    "gauge32": 66,
    "timeticks": 67,
    "opaque": 68,
    "nsapaddress": 69,
    "counter64": 70,
    "uinteger32": 71,
    **ABSENT_TAGS,
}
"""A profile's types, and those of what is no value -> ASN.1 tag, decimal (RFC 2578 §7.1: the application class begins
at 64). NsapAddress and UInteger32 are those of RFC 1442 §7.1, which old cards still send."""

TYPES = {str(tag): name for name, tag in TAGS.items()}

INTEGERS = {TYPES[str(tag)]: limits for tag, limits in INTEGER_RANGE.items()} | {"uinteger32": (0, 0xFFFF_FFFF)}
"""The types that are numbers -> the least and the greatest value (RFC 2578 §7.1; UInteger32: RFC 1442 §7.1.11)."""

OCTETS = ("string", "opaque", "nsapaddress")
"""Types whose values are octets."""


OID = re.compile(r"[0-9]{1,40}(\.[0-9]{1,40})*")
"""Names of variables, those that no agent may have included: a device that has sent one is recorded."""

TAG = re.compile(r"[0-9]{1,3}")
INTEGER = re.compile(r"-?[0-9]{1,40}")


class NotARecord(ValueError):
    """A line does not belong to a .snmprec file. The message gives what was found and what was expected."""


class Variable(NamedTuple):
    """One variable as an agent answered it.

    `type` is a name of `TAGS`, or `tag` and a number for a tag that is none of them. `value` is octets for strings,
    b"" for what is no value (`ABSENT_TAGS`), and the contents octets where these are no value of the type: see
    `is_malformed`.
    """

    oid: str
    type: str
    value: Value

    @property
    def is_absent(self) -> bool:
        """True if there is no value: NULL or an exception of RFC 3416."""
        return self.type in ABSENT_TAGS

    @property
    def is_malformed(self) -> bool:
        """True if `value` holds octets that are no value of `type`."""
        return isinstance(self.value, bytes) and self.type not in OCTETS and (not self.is_absent or bool(self.value))

    @property
    def tag(self) -> int:
        """The ASN.1 tag."""
        return TAGS[self.type] if self.type in TAGS else int(self.type.removeprefix("tag"))


def answered(varbind: VarBind) -> Variable:
    """An agent's answer as a variable of a recording."""
    value = varbind.value
    if isinstance(value, Absent):
        return Variable(varbind.oid, value.name.lower(), b"")
    if isinstance(value, Malformed):
        return Variable(varbind.oid, TYPES.get(str(value.tag), f"tag{value.tag}"), value.octets)
    if varbind.type == "integer" and isinstance(value, int) and not -(2**31) <= value < 2**31:
        octets = value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
        return Variable(varbind.oid, varbind.type, octets)  # a number, but none that an INTEGER of SNMP can be
    return Variable(varbind.oid, varbind.type, value)


def as_answered(variable: Variable) -> VarBind:
    """The variable as an agent answers it again."""
    tag, octets = variable.tag, variable.value
    if variable.is_malformed:
        assert isinstance(octets, bytes)
        return VarBind(variable.oid, *read_value(tag, octets))
    return VarBind(variable.oid, ABSENT[tag]) if variable.is_absent else VarBind(variable.oid, octets, variable.type)


def line(variable: Variable) -> str:
    """The variable as a line, without its end."""
    oid, type, value = variable
    tag = variable.tag
    if not isinstance(value, bytes):
        return f"{oid}|{tag}|{value}"
    if variable.is_malformed:
        return f"{oid}|{tag}x|{value.hex()}"
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
    if not bar or not second_bar or not OID.fullmatch(oid):
        raise NotARecord(f"found {text[:60]!r}, expected OID|tag|value such as 1.3.6.1.2.1.1.5.0|4|ups-a1")
    if ":" in tag:
        raise NotARecord(f"{oid}: {tag!r} computes its value by a module of snmpsim, which is no recording")
    bare = tag.removesuffix("x")
    type = TYPES.get(bare)
    if type is None and TAG.fullmatch(bare) and int(bare) < 256 and tag.endswith("x"):
        type = f"tag{int(bare)}"
    if type is None:
        raise NotARecord(f"{oid}: found the tag {tag!r}, expected one of {', '.join(TYPES)}, with x for hexadecimal")
    try:
        return Variable(oid, type, _value(type, tag, value))
    except ValueError:
        raise NotARecord(f"{oid}: found {value[:40]!r}, which is no value of type {type}") from None


def _value(type: str, tag: str, text: str) -> Value:
    if tag.endswith("x"):
        octets = bytes.fromhex(text)
        if type == "ipaddress" and len(octets) == 4:
            return ".".join(map(str, octets))
        return octets
    if type in ABSENT_TAGS:
        return b""
    if type in OCTETS:
        return text.encode("utf-8", "surrogateescape")
    parts = text.strip(".").split(".")
    if type in INTEGERS:
        low, high = INTEGERS[type]
        if not INTEGER.fullmatch(text):
            raise ValueError
        if not low <= int(text) <= high:
            raise ValueError
        return int(text)
    if not OID.fullmatch(".".join(parts)) or len(parts) < 2:
        raise ValueError
    if type == "ipaddress" and (len(parts) != 4 or max(map(int, parts)) > 255):
        raise ValueError
    return ".".join(parts)
