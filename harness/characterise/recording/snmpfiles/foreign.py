"""Two more formats that snmpsim reads: SimpleAgentPro's `.sapwalk` and the older `.dump` (also `.MVC`)."""

from __future__ import annotations

from twinfeed.harness.characterise.recording.snmpfiles.snmpsim import NotALine
from twinfeed.harness.characterise.recording.snmpfiles.values import NotAValue, name, of_octets, of_text
from twinfeed.harness.characterise.recording.snmprec import Variable

SAP_TYPES = {
    "counter": "counter32", "gauge": "gauge32", "integer": "integer", "ipaddress": "ipaddress", "objectid": "oid",
    "octetstring": "string", "timeticks": "timeticks", "counter64": "counter64",
}  # fmt: skip

DUMP_TYPES = (
    "counter32", "gauge32", "integer", "ipaddress", "null", "oid", "string", "timeticks", "counter32", "counter64",
)  # fmt: skip
"""By the digit that stands for each."""


def sap_variable(line: bytes) -> Variable:
    """A line `OID, type, value` of a .sapwalk file. Raises NotALine, NotAValue."""
    oid, *rest = (part.strip() for part in line.decode("latin-1").split(",", 2))
    if len(rest) < 2 or not oid:
        raise NotALine(
            f"found {_shown(line)!r}, expected OID, type, value such as 1.3.6.1.2.1.1.5.0, OctetString, ups-a1"
        )
    word, text = rest
    type = SAP_TYPES.get(word.lower())
    if type is None:
        raise NotAValue(f"{oid}: found the type {word!r}, expected one of {', '.join(SAP_TYPES)}")
    if type == "string" and text.startswith("0x"):
        return Variable(name(oid), type, _octets(oid, text[2:]))
    return Variable(name(oid), type, of_text(type, text))


def dump_variable(line: bytes) -> Variable:
    """A line `OID|digit|value` of a .dump file. Raises NotALine, NotAValue."""
    oid, *rest = line.decode("latin-1").split("|", 2)
    if len(rest) < 2 or not oid or not rest[0]:
        raise NotALine(f"found {_shown(line)!r}, expected OID|digit|value such as 1.3.6.1.2.1.1.5.0|6|ups-a1")
    digit, text = rest[0], rest[1].strip()
    if digit not in "0123456789" or len(digit) != 1:
        raise NotAValue(f"{oid}: found the type {digit!r}, expected a digit")
    type = DUMP_TYPES[int(digit)]
    if type == "null":
        return Variable(name(oid), type, b"")
    if type == "string" and text[:5].lower() == "hex: ":
        return Variable(name(oid), type, _octets(oid, "".join(part.zfill(2) for part in text[5:].split("."))))
    if type == "string" and len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return Variable(name(oid), type, of_text(type, text))


def _octets(oid: str, text: str) -> bytes:
    try:
        value = of_octets("string", bytes.fromhex(text))
    except ValueError:
        raise NotAValue(f"{oid}: found {text[:40]!r}, expected octets in hexadecimal") from None
    assert isinstance(value, bytes)
    return value


def _shown(line: bytes) -> str:
    return line[:60].decode("utf-8", "replace").strip()
