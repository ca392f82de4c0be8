"""Floating-point numbers in an Opaque, as net-snmp defines them and Synology and others send them.

The Opaque holds a BER element of its own with the two-octet tag 9f 78 (float, 4 octets) or 9f 79 (double, 8 octets) and
a number of IEEE 754 (net-snmp: snmplib/asn1.c, ASN_OPAQUE_FLOAT and ASN_OPAQUE_DOUBLE).
"""

from __future__ import annotations

import math
import struct

FORMS = {"opaque-float": (b"\x9f\x78\x04", ">f"), "opaque-double": (b"\x9f\x79\x08", ">d")}
"""A profile's type -> the octets before the number, and the number's form."""

LARGEST = {"opaque-float": struct.unpack(">f", b"\x7f\x7f\xff\xff")[0], "opaque-double": 1.7976931348623157e308}


def packed(type: str, number: float) -> bytes:
    """The contents octets of the Opaque. A number that is too large for the type becomes its largest one."""
    head, form = FORMS[type]
    if math.isfinite(number):
        number = max(-LARGEST[type], min(LARGEST[type], number))
    return head + struct.pack(form, number)


def unpacked(octets: bytes) -> float | None:
    """The number in an Opaque, None if it holds none. A float has the fewest digits that stand for its octets."""
    for head, form in FORMS.values():
        if octets.startswith(head) and len(octets) == len(head) + struct.calcsize(form):
            number: float = struct.unpack(form, octets[len(head) :])[0]
            return number if form == ">d" else _shortest(number)
    return None


def _shortest(number: float) -> float:
    """0.1 for the 0.10000000149011612 that the nearest 32-bit number is."""
    octets = struct.pack(">f", number)
    for digits in range(1, 10 if math.isfinite(number) else 1):
        shorter = float(f"{number:.{digits}g}")
        if abs(shorter) <= LARGEST["opaque-float"] and struct.pack(">f", shorter) == octets:
            return shorter
    return number
