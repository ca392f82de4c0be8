"""A variable of a response: its name and its value, or what came in the value's place."""

from __future__ import annotations

from typing import NamedTuple

from twinfeed._phrases import Phrase

Value = int | bytes | str
"""Numbers, octets of strings and opaques, and as texts OIDs (`1.3.6.1`) and IPv4 addresses."""

MOST_SUBIDENTIFIERS, LAST_SUBIDENTIFIER = 128, 2**32 - 1
"""RFC 2578 §3.5."""


class Absent(NamedTuple):
    """An agent's answers in place of a value: NULL, noSuchObject, noSuchInstance or endOfMibView."""

    name: str


class Malformed(NamedTuple):
    """A value that is none of its type: its tag, the octets after tag and length, and the reason."""

    tag: int
    octets: bytes
    reason: str


NULL = Absent("NULL")
"""No exception of RFC 3416, but sent as one by cards that have no value yet."""

END_OF_MIB_VIEW = Absent("endOfMibView")

ABSENT = {0x05: NULL, 0x80: Absent("noSuchObject"), 0x81: Absent("noSuchInstance"), 0x82: END_OF_MIB_VIEW}
"""By tag (RFC 3416 §3)."""


class VarBind(NamedTuple):
    oid: str
    """Empty if the name could not be read."""
    value: Value | Absent | Malformed
    type: str = ""
    """A profile's name of the ASN.1 type that came, also `nsapaddress` and `uinteger32`; empty for all that is no
    value."""
    note: str = ""
    """The way in which a value in a wrong form had to be read; empty for most."""


class Response(NamedTuple):
    status: int
    """error-status (RFC 3416 §3), 0 for none."""
    about: int
    """Which variable the status is about, from 1; 0 for none."""
    varbinds: tuple[VarBind, ...]


def illegal_name(oid: str) -> str:
    """Why no agent may have a variable of that name; empty if it may (RFC 2578 §3.5)."""
    numbers = oid.split(".")
    if len(numbers) > MOST_SUBIDENTIFIERS:
        return Phrase(
            "a name of {numbers} sub-identifiers, the most is {most_subidentifiers}",
            numbers=len(numbers),
            most_subidentifiers=MOST_SUBIDENTIFIERS,
        )
    high = next((n for n in numbers if len(n) > 9 and int(n) > LAST_SUBIDENTIFIER), None)
    return Phrase("sub-identifier {high} is beyond 2^32-1", high=high[:24]) if high is not None else ""
