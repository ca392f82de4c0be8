"""The output of net-snmp's `snmpwalk`: `.1.3.6.1.2.1.1.5.0 = STRING: "ups-a1"`.

Numbers for names (`-On`) are what can be read without the reporter's MIB modules. Also read: `iso.3.6.1…`, which a
machine without MIB modules prints; names below a few roots that never change; `-Oq` and `-OQ`, which leave out the
types, so that these are guessed; `-Oe`, `-OT`, `-OU`, `-OX` and `-Ot`. Strings and hexadecimal may have several lines.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from twinfeed.harness.characterise.recording.snmpfiles.values import NotAValue, name, of_octets, of_text
from twinfeed.harness.characterise.recording.snmprec import Variable

NUMERIC = "walk the device with `snmpwalk -On …`, which prints numbers for names and keeps the types"

ROOTS = {
    "iso": "1",
    "internet": "1.3.6.1",
    "mgmt": "1.3.6.1.2",
    "mib-2": "1.3.6.1.2.1",
    "system": "1.3.6.1.2.1.1",
    "transmission": "1.3.6.1.2.1.10",
    "experimental": "1.3.6.1.3",
    "private": "1.3.6.1.4",
    "enterprises": "1.3.6.1.4.1",
    "security": "1.3.6.1.5",
    "snmpV2": "1.3.6.1.6",
    "snmpModules": "1.3.6.1.6.3",
    "zeroDotZero": "0.0",
    "sysDescr": "1.3.6.1.2.1.1.1",
    "sysObjectID": "1.3.6.1.2.1.1.2",
    "sysUpTime": "1.3.6.1.2.1.1.3",
    "sysUpTimeInstance": "1.3.6.1.2.1.1.3.0",
    "sysContact": "1.3.6.1.2.1.1.4",
    "sysName": "1.3.6.1.2.1.1.5",
    "sysLocation": "1.3.6.1.2.1.1.6",
    "sysServices": "1.3.6.1.2.1.1.7",
    "sysORLastChange": "1.3.6.1.2.1.1.8",
}
"""Names of SNMPv2-SMI (RFC 2578) and of the system group (RFC 3418) -> their OIDs."""

NUMBERED = re.compile(r"(\.?(?:iso|\d+)(?:\.\d+)+(?:\[[^=]*?)?)\s+=(?:\s+(.*))?")
NAMED = re.compile(r"(\.?(?:[A-Za-z][\w-]*::)?[A-Za-z][\w-]*(?:[.\[][^=]*?)?)\s+=(?:\s+(.*))?")
"""The beginning of a variable. In a file of numbers the second is a line of a string."""
QUICK = re.compile(r"(\.(?:iso|\d+)(?:\.\d+)+)(?: (.*))?")
"""A record of `-Oq`, which has a space for ` = `."""

REMARKS = (
    "Timeout: No Response", "Error in packet", "Reason: ", "Failed object: ", "Error: OID not increasing",
    "Cannot find module", "Cannot adopt OID", "MIB search path", "Did not find", "Unlinked OID", "Bad operator",
    "End of MIB",
)  # fmt: skip
"""Beginnings of lines that net-snmp's programs print between the variables."""

GONE = ("No Such Instance currently exists", "No Such Object available", "No more variables left in this MIB View")

TYPED = re.compile(r"([A-Za-z][\w-]*(?: Address)?):(?: (.*)|$)", re.DOTALL)

TICKS = re.compile(r"(?:(\d+):)?(\d+):(\d+):(\d+)\.(\d\d)")
HEX_PAIRS = re.compile(r"\s*[0-9A-Fa-f]{2}(?:\s+[0-9A-Fa-f]{2})*\s*")
BRACKETS = re.compile(r"\s+\[.*?\](?=\s*(?:\n[0-9A-F]{2} |\Z))", re.DOTALL)
"""The characters that -OT prints behind octets, line ends among them."""
QUOTED_HEX = re.compile(r'"(?:[0-9A-F]{2} )+"')


@dataclass
class Entry:
    """A variable as it is printed: its first line's number, its name, and the text after ` = ` with its line ends."""

    line: int
    name: str
    text: str


def entries(lines: list[tuple[int, bytes]]) -> tuple[list[Entry], list[tuple[int, str]]]:
    """The variables of the lines, and the lines that are none of a variable."""
    found: list[Entry] = []
    remarks: list[tuple[int, str]] = []
    texts = [(number, octets.decode("latin-1").removesuffix("\r")) for number, octets in lines]
    forms = next((f for f in (NUMBERED, QUICK, NAMED) if any(f.fullmatch(text) for _, text in texts)), NUMBERED)
    for number, text in texts:
        start = forms.fullmatch(text)
        if start is not None:
            found.append(Entry(number, start[1].strip(), start[2] or ""))
        elif not found or (text.startswith(REMARKS) and not _is_open(found[-1].text)):
            if text.strip():
                remarks.append((number, text))
        else:
            found[-1].text += "\n" + text
    return found, remarks


def _is_open(text: str) -> bool:
    """True if a quoted string has begun and not ended."""
    quote = text.find('"')
    return quote >= 0 and re.fullmatch(r'(?:[^"\\]|\\.)*"\s*', text[quote + 1 :], re.DOTALL) is None


def variables(found: list[Entry]) -> Iterator[tuple[int, Variable | None, str]]:
    """For each entry its line, the variable, and a warning ("" for none); None where there is no variable.

    Raises:
        UnknownName: a name needs a MIB module.
    """
    typed = any(TYPED.match(entry.text) for entry in found)
    for entry in found:
        text = entry.text.rstrip()
        if text.startswith(GONE):
            yield entry.line, None, ""
            continue
        try:
            oid = name(numeric(entry.name))
            wrong, colon, rest = text.partition(": ")
            if wrong.startswith("Wrong Type (should be") and colon:
                text = rest
            type, value, doubt = _value(text, typed)
        except NotAValue as error:
            yield entry.line, None, f"{entry.name}: {error}"
        else:
            yield entry.line, Variable(oid, type, value), f"{oid}: {doubt}" if doubt else ""


class UnknownName(ValueError):
    """A name needs a MIB module. The message gives the module, and a way without it."""


def numeric(text: str) -> str:
    """The numbers of a name: `iso.3.6` and `SNMPv2-SMI::enterprises.318` have them without MIB modules.

    Raises:
        UnknownName: see there.
    """
    bare = text.rpartition("::")[2].lstrip(".")
    head, dot, rest = bare.replace("[", ".").replace("]", "").partition(".")
    if head.isdigit():
        return bare
    if head not in ROOTS or not all(part.isdigit() for part in rest.split(".") if part):
        raise UnknownName(f"the name {text[:60]!r} has no numbers without its MIB module: {NUMERIC}")
    return ROOTS[head] + dot + rest


def _value(text: str, typed: bool) -> tuple[str, int | bytes | str, str]:
    """Type, value and doubts. Raises NotAValue and UnknownName."""
    match = TYPED.match(text)
    if match is not None and match[1].upper() in READERS:
        return READERS[match[1].upper()](match[2] or "")
    if text in ('""', ""):
        return "string", b"", ""
    if text == "NULL":
        return "null", b"", ""
    if typed and text.isdigit():
        return "timeticks", of_text("timeticks", text), ""  # -Ot prints ticks without their type
    return _guessed(text)


def _guessed(text: str) -> tuple[str, int | bytes | str, str]:
    """The possible meanings of a text without a type (-OQ, -Oq)."""
    if ticks := TICKS.fullmatch(text):
        return "timeticks", _ticks(ticks), ""
    if QUOTED_HEX.fullmatch(text):
        return "string", bytes.fromhex(text.strip('"')), ""
    if text.startswith('"'):
        return "string", _unquoted(text), ""
    if re.fullmatch(r"-?\d+", text):
        type = next((t for t in ("integer", "gauge32", "counter64") if _fits(t, text)), "string")
        if type != "string":
            return type, of_text(type, text), f"has no type in the file and is taken for {type}"
    if re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", text):
        return "ipaddress", of_text("ipaddress", text), ""
    if re.fullmatch(r"\.?(iso|\d+)(\.\d+)+", text) and not re.fullmatch(r"\d+\.\d+", text):
        return "oid", of_text("oid", numeric(text)), ""
    return "string", text.encode("latin-1"), ""


def _fits(type: str, text: str) -> bool:
    try:
        of_text(type, text)
    except NotAValue:
        return False
    return True


# -- values by type ---------------------------------------------------------------------------------------------

Read = tuple[str, int | bytes | str, str]


def _string(text: str) -> Read:
    if text.startswith('"'):
        return "string", _unquoted(text), ""
    if re.fullmatch(r"[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2})+", text):  # the DISPLAY-HINT of addresses
        return "string", bytes(int(part, 16) for part in text.split(":")), ""
    return "string", text.encode("latin-1"), ""


def _unquoted(text: str) -> bytes:
    inside = text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:]
    return re.sub(r'\\(["\\])', r"\1", inside).encode("latin-1")


def _hexadecimal(text: str) -> Read:
    bare = BRACKETS.sub("", text)
    try:
        return "string", bytes.fromhex(bare), ""
    except ValueError:
        raise NotAValue(f"found {bare[:40]!r}, expected octets in hexadecimal such as 00 C0 B7") from None


def _bits(text: str) -> Read:
    pairs = re.match(r"(?:[0-9A-Fa-f]{2}(?:\s+|$))*", text)
    assert pairs is not None
    return "string", bytes.fromhex(pairs[0]), ""


MOST_DIGITS = 20
"""Digits of a part of a time: more than any device counts."""


def _number(type: str) -> Callable[[str], Read]:
    def read(text: str) -> Read:
        if match := re.match(r"[^\n]*?\((-?\d+)\)$", text.strip()):  # an enumeration's word before it
            return type, of_text(type, match[1]), ""
        if match := re.match(r"(-?\d+)(?:\s.*)?$", text, re.DOTALL):  # a unit after it
            return type, of_text(type, match[1]), ""
        if match := re.match(r"(-?)(\d*)\.(\d+)(?:\s.*)?$", text, re.DOTALL):
            digits = f"{match[1]}{match[2]}{match[3]}"
            return (
                type,
                of_text(type, digits),
                f"is printed as {text!r} by its DISPLAY-HINT and taken for {int(digits)}",
            )
        raise NotAValue(
            f"found {text[:40]!r}, expected a whole number: the type is {type}; -Oe prints numbers for words"
        )

    return read


def _timeticks(text: str) -> Read:
    if match := re.match(r"\((\d+)\)", text):
        return "timeticks", of_text("timeticks", match[1]), ""
    if ticks := TICKS.fullmatch(text):
        return "timeticks", _ticks(ticks), ""
    return "timeticks", of_text("timeticks", text), ""


def _ticks(match: re.Match[str]) -> int:
    if any(len(part or "") > MOST_DIGITS for part in match.groups()):
        raise NotAValue(f"found {match[0][:40]!r}, expected timeticks up to 4294967295 hundredths of a second")
    days, hours, minutes, seconds, hundredths = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 6000 + seconds * 100 + hundredths


def _address(text: str) -> Read:
    if re.fullmatch(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){3}", text):
        return "ipaddress", of_octets("ipaddress", bytes.fromhex(text.replace(":", ""))), ""
    return "ipaddress", of_text("ipaddress", text), ""


def _opaque(text: str) -> Read:
    kind, _, rest = text.partition(": ")
    try:
        return _opaque_number(kind.upper(), rest) or ("opaque", _hexadecimal(text.removeprefix("0x"))[1], "")
    except (ValueError, OverflowError):
        raise NotAValue(
            f"found {text[:40]!r}, expected an Opaque: Float: 1.5, Int64: 5, or octets as 9F 78 04"
        ) from None


def _opaque_number(kind: str, rest: str) -> Read | None:
    """A number that net-snmp finds in an Opaque; None for octets. Raises ValueError, OverflowError."""
    if kind in ("FLOAT", "DOUBLE"):
        form, tag = ("!f", b"\x78") if kind == "FLOAT" else ("!d", b"\x79")
        octets = struct.pack(form, float(rest))
        rounded = "has the digits that were printed, not all that the device sent"
        return "opaque", b"\x9f" + tag + bytes((len(octets),)) + octets, rounded
    if kind in ("INT64", "UINT64", "COUNTER64"):
        number = int(rest)
        octets = number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)
        tag = {"INT64": b"\x7a", "UINT64": b"\x7b", "COUNTER64": b"\x76"}[kind]
        return "opaque", b"\x9f" + tag + bytes((len(octets),)) + octets, ""
    return None


def _oid(text: str) -> Read:
    try:
        return "oid", of_text("oid", numeric(text)), ""
    except UnknownName as error:
        raise NotAValue(str(error)) from None


def _null(text: str) -> Read:
    return "null", b"", ""


READERS: dict[str, Callable[[str], Read]] = {
    "STRING": _string,
    "HEX-STRING": _hexadecimal,
    "BITS": _bits,
    "INTEGER": _number("integer"),
    "INTEGER32": _number("integer"),
    "GAUGE32": _number("gauge32"),
    "UNSIGNED32": _number("gauge32"),
    "COUNTER32": _number("counter32"),
    "COUNTER64": _number("counter64"),
    "UINTEGER32": _number("uinteger32"),
    "UINTEGER": _number("uinteger32"),
    "TIMETICKS": _timeticks,
    "IPADDRESS": _address,
    "NETWORK ADDRESS": _address,
    "OID": _oid,
    "OPAQUE": _opaque,
    "NULL": _null,
}
"""Types as net-snmp prints them, in capitals -> what reads the text behind."""
