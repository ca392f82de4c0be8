"""Raw values as the octets of Modbus registers and back: for the emulator's units and the harness's clients."""

from __future__ import annotations

import struct
from collections.abc import Callable

from twinfeed.emulators.profiles.schema import Register
from twinfeed.emulators.profiles.values import Raw, whole

FORMATS = {"u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "u64": ">Q", "i64": ">q", "f32": ">f", "f64": ">d"}

BOUNDS = {
    "u16": (0, 2**16 - 1),
    "i16": (-(2**15), 2**15 - 1),
    "u32": (0, 2**32 - 1),
    "i32": (-(2**31), 2**31 - 1),
    "u64": (0, 2**64 - 1),
    "i64": (-(2**63), 2**63 - 1),
}
"""Registers saturate: a number outside these bounds is shown as the nearest bound."""


def packer(register: Register) -> Callable[[Raw], bytes]:
    """A function that gives the octets of a value in that entry's registers, two a register."""
    octets_of_text = 2 * register.words
    usual = register.word_order == register.byte_order == "big"
    if register.type == "string":

        def text(raw: Raw) -> bytes:
            octets = raw if isinstance(raw, bytes) else str(raw).encode("latin-1", "replace")
            octets = octets[:octets_of_text].ljust(octets_of_text, b"\0")
            return octets if usual else ordered(register, octets)

        return text
    encode = struct.Struct(FORMATS[register.type]).pack
    low, high = BOUNDS.get(register.type, (0, 0))

    def integer(raw: Raw) -> bytes:
        value = whole(float(raw) if isinstance(raw, (str, bytes)) else raw)
        octets = encode(low if value < low else high if value > high else value)
        return octets if usual else ordered(register, octets)

    def floating(raw: Raw) -> bytes:
        octets = encode(float(raw))
        return octets if usual else ordered(register, octets)

    return integer if register.type in BOUNDS else floating


def pack(register: Register, raw: Raw) -> bytes:
    """The octets of the value in its registers. Use `packer` to pack many values of one entry."""
    return packer(register)(raw)


def unpack(register: Register, octets: bytes) -> Raw:
    """The value in those octets, of which there are two for each of the entry's registers."""
    octets = ordered(register, octets)
    if register.type == "string":
        return octets.rstrip(b"\0 ").decode("latin-1")
    number: int | float = struct.unpack(FORMATS[register.type], octets)[0]
    return number


def ordered(register: Register, octets: bytes) -> bytes:
    """The octets changed between the usual order and that of the product; the same exchange works both ways."""
    if register.word_order == "little" and register.type != "string":
        octets = b"".join(octets[i : i + 2] for i in range(len(octets) - 2, -1, -2))
    if register.byte_order == "little":
        octets = b"".join(octets[i : i + 2][::-1] for i in range(0, len(octets), 2))
    return octets
