"""Raw values as the octets of Modbus registers and back: for the emulator's units and the harness's clients."""

from __future__ import annotations

import struct

from emulators.profiles.schema import Register
from emulators.profiles.values import Raw, whole

FORMATS = {"u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "u64": ">Q", "i64": ">q", "f32": ">f", "f64": ">d"}

BOUNDS = {
    "u16": (0, 2**16 - 1),
    "i16": (-(2**15), 2**15 - 1),
    "u32": (0, 2**32 - 1),
    "i32": (-(2**31), 2**31 - 1),
    "u64": (0, 2**64 - 1),
    "i64": (-(2**63), 2**63 - 1),
}
"""Numbers beyond these are shown as the nearest bound: registers saturate."""


def pack(register: Register, raw: Raw) -> bytes:
    """The octets of that value in its registers, two a register."""
    if register.type == "string":
        octets = raw if isinstance(raw, bytes) else str(raw).encode("latin-1", "replace")
        return octets[: 2 * register.words].ljust(2 * register.words, b"\0")
    number = float(raw) if isinstance(raw, (str, bytes)) else raw
    if register.type in BOUNDS:
        low, high = BOUNDS[register.type]
        number = min(max(whole(number), low), high)
    return _ordered(register, struct.pack(FORMATS[register.type], number))


def unpack(register: Register, octets: bytes) -> Raw:
    """The value in those octets, of which there are two for each of the entry's registers."""
    if register.type == "string":
        return octets.rstrip(b"\0 ").decode("latin-1")
    number: int | float = struct.unpack(FORMATS[register.type], _ordered(register, octets))[0]
    return number


def _ordered(register: Register, octets: bytes) -> bytes:
    """The octets with the registers the other way round for products that send the low word first."""
    if register.word_order == "big":
        return octets
    return b"".join(octets[i : i + 2] for i in range(len(octets) - 2, -1, -2))
