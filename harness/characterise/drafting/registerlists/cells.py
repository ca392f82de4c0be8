"""The cells of a list of registers: numbers, types, orders of octets, scales and enumerations in their many spellings.

Each function raises ValueError with what was found and expected; who calls it names the column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

TABLES = {
    "holding": "holding", "holding register": "holding", "holding registers": "holding", "hr": "holding",
    "4x": "holding",
    "4": "input", "04": "input", "3": "holding", "03": "holding", "input": "input", "input register": "input",
    "input registers": "input", "ir": "input", "3x": "input", "coil": "coil", "coils": "coil", "co": "coil",
    "0x": "coil",
    "1": "coil", "01": "coil", "discrete": "discrete", "discrete input": "discrete", "discrete inputs": "discrete",
    "di": "discrete", "1x": "discrete", "2": "discrete", "02": "discrete", "halteregister": "holding",
    "eingangsregister": "input", "registre": "holding", "": "holding",
}  # fmt: skip
"""Names of a table in lists, or the function code that reads it -> the table."""

ACCESS = {
    "": "ro", "r": "ro", "ro": "ro", "read": "ro", "read only": "ro", "read-only": "ro", "rd": "ro", "lesen": "ro",
    "lecture": "ro", "l": "ro", "rw": "rw", "r/w": "rw", "wr": "rw", "read/write": "rw", "read-write": "rw",
    "r w": "rw",
    "lesen/schreiben": "rw", "lecture/ecriture": "rw", "lecture/écriture": "rw", "l/e": "rw", "w": "wo", "wo": "wo",
    "write": "wo", "write only": "wo", "schreiben": "wo", "ecriture": "wo", "écriture": "wo", "e": "wo",
}  # fmt: skip

NAMES = {
    "u16": "uint16 uint unsigned unsignedint unsignedshort ushort word uword enum enum16 bitfield bitfield16 bitmap "
    "bitmap16 acc16 count pad int16u 16u ui16 uinteger uinteger16",
    "i16": "int16 int signed signedint short s16 sint16 integer integer16 16s si16 sunssf int16s",
    "u32": "uint32 udint dword ulong unsignedlong uint2 enum32 bitfield32 bitmap32 acc32 int32u 32u ui32 uinteger32",
    "i32": "int32 dint long signedlong s32 sint32 integer32 32s si32 int32s longint",
    "u64": "uint64 ulint qword acc64 int64u ulonglong 64u ui64 uinteger64",
    "i64": "int64 lint s64 sint64 longlong 64s si64 int64s integer64",
    "f32": "float float32 real real32 single ieee754 ieee float4 fp32 singlefloat floatieee",
    "f64": "float64 double lreal real64 fp64 doublefloat",
    "string": "str ascii text char utf8 zeichenkette chaine",
    "bool": "bit boolean bits digital",
}  # fmt: skip
TYPES = {alias: type for type, aliases in NAMES.items() for alias in (type, *aliases.split())}
"""Names in lists of the types of a profile, without blanks and marks."""

WIDER = {"u16": {2: "u32", 4: "u64"}, "i16": {2: "i32", 4: "i64"}, "f32": {4: "f64"}}
"""Types that name no width, by the number of registers that the list gives."""

VAGUE = {"", "int", "integer", "uint", "unsigned", "unsignedint", "signed", "signedint", "float", "real", "word"}

FAMILIES = {
    **dict.fromkeys(("u", "unsigned", "unsignedint", "unsignedinteger", "uint", "uinteger"), "u"),
    **dict.fromkeys(("i", "s", "signed", "signedint", "signedinteger", "int", "integer", "sint", ""), "i"),
    **dict.fromkeys(("f", "float", "real", "floating", "floatingpoint"), "f"),
}
"""A type's name without its width -> the letter that profiles write before the width: `32-bit signed integer`."""

ORDER_SUFFIXES = {
    **{name: name for name in ("swapped", "swap", "cdab", "badc", "dcba", "abcd")},
    "le": "cdab",
    "be": "abcd",
    "sw": "cdab",
}
"""The ending of a type's name -> the order it means: `float32_cdab`, `uint32 swapped`."""

Order = tuple[str, str]
"""Word order and byte order, `big` or `little` each."""

ORDERS: dict[str, Order] = {
    **dict.fromkeys(
        [
            "abcd",
            "ab",
            "abcdefgh",
            "1234",
            "12",
            "big",
            "bigendian",
            "be",
            "msw",
            "mswfirst",
            "hilo",
            "hi-lo",
            "none",
            "no",
            "highfirst",
            "highwordfirst",
        ],
        ("big", "big"),
    ),
    **dict.fromkeys(
        [
            "cdab",
            "ghefcdab",
            "3412",
            "little",
            "lsw",
            "lswfirst",
            "lohi",
            "lo-hi",
            "lowfirst",
            "lowwordfirst",
            "wordswap",
            "wordswapped",
            "swapped",
            "swap",
            "word",
            "swappedwords",
            "words",
            "littleendianwordswap",
            "mixedendian",
            "middleendian",
        ],
        ("little", "big"),
    ),
    **dict.fromkeys(
        ["badc", "ba", "badcfehg", "2143", "byteswap", "byteswapped", "byte", "bytes", "bigendianbyteswap"],
        ("big", "little"),
    ),
    **dict.fromkeys(
        [
            "dcba",
            "hgfedcba",
            "4321",
            "littleendian",
            "le",
            "littleendianbyte",
            "wordbyteswap",
            "byteandword",
            "bytewordswap",
            "wordbyte",
        ],
        ("little", "little"),
    ),
}
"""Names in lists of the order of octets -> the order of registers and that of the octets in each."""


class Kind(NamedTuple):
    """A profile's type, the registers of a text (0: not given), and the order of octets if the type's name has it."""

    type: str
    length: int
    order: Order | None


def whole(text: str) -> int:
    """A whole number: with leading zeros, `0x10`, `10h`, `&H10`, `#10`, or `10.0` as spreadsheets write it."""
    bare = text.strip().replace("\u00a0", "").replace(" ", "")
    if match := re.fullmatch(r"(?:0[xX]|&[hH]|#|\$)([0-9A-Fa-f]+)|([0-9A-Fa-f]+)[hH]", bare):
        return int(match[1] or match[2], 16)
    if re.fullmatch(r"\d+([.,]0+)?", bare):
        return int(re.split(r"[.,]", bare)[0])
    raise ValueError(f"found {text!r}, expected a whole number such as 17, 0017, 0x11 or 11h")


def table(text: str) -> str:
    """Which table: its name in any spelling, or the function code that reads it."""
    bare = " ".join(text.lower().replace("_", " ").replace("fc", "").replace("-", " ").split())
    if bare not in TABLES:
        raise ValueError(f"found {text!r}, expected holding, input, coil or discrete, or the function code 1 to 4")
    return TABLES[bare]


def access(text: str) -> str:
    """A profile's ro, rw or wo."""
    if text.strip().lower() not in ACCESS:
        raise ValueError(f"found {text!r}, expected r, rw or w")
    return ACCESS[text.strip().lower()]


def kind(text: str, registers: int = 0) -> Kind:
    """The type that a cell names; `registers` is the number that the list gives the value, 0 where it gives none."""
    lower = text.lower()
    length, order = 0, None
    bare = re.sub(r"[^a-z0-9]+", "", re.sub(r"\bbits?\b|ieee[- ]?754|\bregisters?\b", " ", lower)) or plain_ieee(lower)
    for suffix, meant in ORDER_SUFFIXES.items():
        if bare.removesuffix(suffix) in TYPES and bare.endswith(suffix) and bare not in TYPES:
            bare, order = bare.removesuffix(suffix), ORDERS[meant]
            break
    if bare not in TYPES and (match := re.search(r"16|32|64", bare)):
        letter = FAMILIES.get(bare.replace(match[0], "", 1), "")
        bare = f"{letter}{match[0]}" if letter else bare
    if match := re.fullmatch(r"(?:string|str|ascii|char|text|utf8)(\d+)", bare):
        return Kind("string", -(-int(match[1]) // 2), order)
    type = TYPES.get(bare) if bare else "u16"
    if type is None:
        known = ", ".join(dict.fromkeys(name for name in TYPES.values() if name != "bool"))
        raise ValueError(f"found {text!r}, expected {known}")
    if bare in VAGUE and registers:
        type = WIDER.get(type, {}).get(registers, type)
    return Kind(type, length, order)


def plain_ieee(text: str) -> str:
    return "float" if "ieee" in text else ""


def order(text: str) -> Order:
    """Word and byte order: `abcd`, `cdab`, `badc`, `dcba`, or in words."""
    bare = re.sub(r"[^a-z0-9]+", "", text.lower())
    if bare not in ORDERS:
        raise ValueError(
            f"found {text!r}, expected big or little (the order of registers), or abcd, cdab, badc or dcba"
        )
    return ORDERS[bare]


def number(text: str) -> Fraction:
    """A number with a point or a comma: `0.1`, `0,1`, `1/10`, `/10`, `x0.1`, `10^-1`, `1e-1`."""
    bare = text.strip().replace("\u00a0", "").replace("−", "-").replace(" ", "")
    bare = re.sub(r"^[x×*·]|^(?=/)", lambda match: "1" if bare.startswith("/") else "", bare)
    if match := re.fullmatch(r"10(?:\^|\*\*)(-?\d+)", bare):
        return Fraction(10) ** int(match[1])
    if re.fullmatch(r"-?\d+,\d+", bare):
        bare = bare.replace(",", ".")
    try:
        return Fraction(bare)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"found {text!r}, expected a number such as 0.1, 0,1 or 1/60") from None


def scale(text: str) -> tuple[Fraction, Fraction]:
    """The worth of a raw 1, and the offset that is added after: `0.1`, `0.1, offset -40`."""
    factor, offset = text, Fraction(0)
    if match := re.fullmatch(r"(.*?)[,;]?\s*(?:offset|versatz|décalage|decalage)\s*[:=]?\s*(\S+)", text, re.IGNORECASE):
        factor, offset = match[1], number(match[2])
    found = Fraction(1) if factor.strip() in ("", "-", "–", "n/a") else number(factor)
    if not found > 0:
        raise ValueError(f"found {text!r}, expected a number more than 0 such as 0.1 or 1/60")
    return found, offset


def labels(text: str) -> Iterator[tuple[str, int]]:
    """The names of an enumeration's numbers: `0=off;1=on`, `0: off, 1: on`, one a line."""
    for part in filter(None, map(str.strip, re.split(r"[;\n|]|,(?=\s*(?:0x)?\d+\s*[=:])|\s/\s(?=\d)", text))):
        match = re.fullmatch(r"(0[xX][0-9A-Fa-f]+|\d+)\s*[=:–-]\s*(.+)", part, re.DOTALL)
        if match is None:
            raise ValueError(f"found {part!r}, expected NUMBER=NAME;NUMBER=NAME such as 0=off;1=on")
        yield match[2].strip(), int(match[1], 0) if match[1].lower().startswith("0x") else int(match[1])
