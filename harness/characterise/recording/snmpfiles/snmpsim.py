"""Lines of .snmprec files as snmpsim reads them: `OID|tag|value`.

The tag is the ASN.1 tag in decimal. After it `x` means that the value is octets in hexadecimal, `e` that it has escapes
as Python's strings have them, and `:module` that a variation module of snmpsim computes the value (`variations`).

Blanks at the end of a text are kept, since devices send them; snmpsim alone strips them.
"""

from __future__ import annotations

from pathlib import Path

from twinfeed.harness.characterise.recording.snmpfiles.values import NotAValue, name, of_octets, of_text
from twinfeed.harness.characterise.recording.snmpfiles.variations import Read, started
from twinfeed.harness.characterise.recording.snmprec import OCTETS, TAG, TAGS, TYPES, Variable

ESCAPES = dict(zip("\\'\"abfnrtv", b"\\'\"\a\b\f\n\r\t\v", strict=True))
"""Letter after a backslash -> the octet it stands for."""

BACKSLASH = ord("\\")


class NotALine(ValueError):
    """The line is not of the file's format, so that the file as a whole cannot be read."""


def variables(line: bytes, path: Path, read: Read) -> tuple[list[Variable], str]:
    """The variables in a line, and a warning about how they were made ("" for none). `read` reads another file.

    Raises:
        NotALine: see there.
        NotAValue: the line is one, but its value cannot exist.
    """
    oid, bar, rest = line.decode("latin-1").removesuffix("\r").lstrip().partition("|")
    tag, second_bar, text = rest.partition("|")
    if not (oid and tag and bar and second_bar):
        shown = line[:60].decode("utf-8", "replace").strip()
        raise NotALine(f"found {shown!r}, expected OID|tag|value such as 1.3.6.1.2.1.1.5.0|4|ups-a1")
    tag, colon, module = tag.partition(":")
    if not colon:
        return [variable(oid, tag, text)], ""
    return started(name(oid), tag, module, text, path, variable, read)


def variable(oid: str, tag: str, text: str) -> Variable:
    """The variable of a line without a module. Raises NotAValue."""
    named = name(oid)
    bare, form = (tag[:-1], tag[-1]) if tag[-1:] in ("x", "e") else (tag, "")
    type = TYPES.get(bare)
    if type is None and form == "x" and TAG.fullmatch(bare) and int(bare) < 256:
        type = f"tag{int(bare)}"  # `record` writes this for a tag that no type has
    if type is None:
        known = ", ".join(f"{number} {known}" for known, number in TAGS.items())
        raise NotAValue(f"found the tag {tag!r}, expected one of {known}; x or e after it for hexadecimal or escapes")
    if type not in OCTETS or form == "x":
        text = text.rstrip()
    try:
        if form == "x":
            return Variable(named, type, of_octets(type, _unhexed(text)))
        if form == "e":
            if type not in OCTETS and type != "ipaddress":
                raise NotAValue(f"found the tag {tag!r}, expected escapes in texts (4e) only")
            return Variable(named, type, of_octets(type, _unescaped(text)))
        return Variable(named, type, of_text(type, text))
    except NotAValue as error:
        raise NotAValue(f"{named}: {error}") from None


def _unhexed(text: str) -> bytes:
    """Two characters an octet; an odd one at the end is the high half of the last octet."""
    try:
        return bytes(int(text[n : n + 2].ljust(2, "0"), 16) for n in range(0, len(text), 2))
    except ValueError:
        raise NotAValue(f"found {text[:40]!r}, expected octets in hexadecimal such as 00c0b7") from None


def _unescaped(text: str) -> bytes:
    """As snmpsim: a backslash made by `\\x5c` begins another escape, one cut short at the end counts for nothing."""
    found, escaped, characters = bytearray(), False, iter(text)
    for character in characters:
        octet = ord(character)
        if escaped and character == "x":
            digits = next(characters, "") + next(characters, "")
            if len(digits) < 2:
                break
            if not all(digit in "0123456789abcdefABCDEF" for digit in digits):
                raise NotAValue(f"found \\x{digits} in {text[:40]!r}, expected two hexadecimal digits after \\x")
            octet, escaped = int(digits, 16), False
        elif escaped:
            if character not in ESCAPES:
                raise NotAValue(f"found \\{character} in {text[:40]!r}, expected \\xHH or one of {' '.join(ESCAPES)}")
            found.append(ESCAPES[character])
            escaped = False
            continue
        if octet == BACKSLASH:
            escaped = True
        else:
            found.append(octet)
    return bytes(found)
