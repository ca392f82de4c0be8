"""A draft of a profile from a list of registers and a recording of them.

The list is a CSV file with a header. Columns, of which `address` and `name` are needed and the order is free:

    address       of the PDU, from 0; with `first=1` as lists that count from 1 write it
    name          as the manual has it
    table         holding (default), input, coil or discrete
    type          u16 (default), i16, u32, i32, u64, i64, f32, f64, string, bool; uint16, int32, float and the like too
    unit, scale   a raw 1 is `scale` (default 1) of the unit: unit V and scale 0.1 make a raw 2305 230.5 V
    access        r (default), rw or w
    length        registers of a string
    word_order    big (default) or little, for values of several registers
    values        of an enumeration: 0=off;1=on
    source        page or remark
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from emulators.profiles.registers import unpack
from emulators.profiles.schema import Register
from emulators.yamlfile import FileError
from harness.learning.draft import Draft, fixed, guessed, question
from harness.learning.guesses import Guesser, Shown
from harness.learning.recording import TABLES, Recording, Table, Walk
from harness.learning.units import Measure, measure

COLUMNS = (
    "address", "name", "table", "type", "unit", "scale", "access", "length", "word_order", "values", "source",
)  # fmt: skip

TYPES = {
    **{name: name for name in ("u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "string")},
    "": "u16", "uint16": "u16", "unsigned": "u16", "word": "u16", "ushort": "u16", "int16": "i16", "signed": "i16",
    "short": "i16", "uint32": "u32", "dword": "u32", "ulong": "u32", "int32": "i32", "long": "i32", "uint64": "u64",
    "int64": "i64", "float": "f32", "float32": "f32", "real": "f32", "float64": "f64", "double": "f64", "str": "string",
    "ascii": "string", "text": "string", "bool": "bool", "bit": "bool", "boolean": "bool",
}  # fmt: skip
"""How lists call the types of a profile."""

ACCESS = {"": "ro", "r": "ro", "ro": "ro", "read": "ro", "rw": "rw", "r/w": "rw", "w": "wo", "wo": "wo", "write": "wo"}


@dataclass(frozen=True)
class Row:
    """One line of the list. `register` is what it says, as a profile's entry with a fixed value; None for bits."""

    line: int
    name: str
    table: Table
    address: int
    register: Register | None
    access: str
    unit: str
    scale: Fraction
    labels: Mapping[str, int]
    source: str

    @property
    def measure(self) -> Measure | None:
        of = measure(self.unit)
        return None if of is None else Measure(of.base, of.times * self.scale)


def rows(path: Path, first: int = 0) -> list[Row]:
    """The list; its addresses count from `first`.

    Raises:
        FileError: a line for each mistake: file, line, column, found, expected.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            sample = file.read(4096)
            file.seek(0)
            reader = csv.DictReader(file, delimiter=";" if sample.count(";") > sample.count(",") else ",")
            names = [str(name).strip().lower() for name in reader.fieldnames or ()]
            unknown = [name for name in names if name not in COLUMNS]
            if not {"address", "name"} <= set(names) or unknown:
                raise FileError(
                    [f"{path}:1: the columns are {', '.join(names) or 'none'}; known are {', '.join(COLUMNS)}"]
                )
            reader.fieldnames = names
            found, problems = [], []
            for fields in reader:
                try:
                    found.append(_row({k: (v or "").strip() for k, v in fields.items() if k}, reader.line_num, first))
                except ValueError as error:
                    problems.append(f"{path}:{reader.line_num}: {error}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileError([f"{path}: cannot be read: {error}"]) from None
    if not found and not problems:
        problems = [f"{path}: lists no register"]
    if problems:
        raise FileError(problems)
    return found


def _row(fields: Mapping[str, str], line: int, first: int) -> Row:
    """One line. Raises ValueError, which names the column."""
    table = fields.get("table", "").lower() or "holding"
    if table not in TABLES:
        raise ValueError(f"table: found {table!r}, expected {', '.join(TABLES)}")
    address = _whole(fields, "address") - first
    if not 0 <= address <= 65535:
        raise ValueError(f"address: found {fields['address']}, expected {first} to {65535 + first}")
    if not fields.get("name"):
        raise ValueError("name: is empty")
    word = fields.get("type", "").lower()
    type = TYPES.get(word)
    bits = table in ("coil", "discrete")
    if type is None or ((type == "bool") != bits and not (bits and not word)):
        expected = "bool" if bits else ", ".join(dict.fromkeys(name for name in TYPES.values() if name != "bool"))
        raise ValueError(f"type: found {word!r}, expected {expected}")
    access = ACCESS.get(fields.get("access", "").lower())
    if access is None:
        raise ValueError(f"access: found {fields['access']!r}, expected r, rw or w")
    try:
        scale = Fraction(fields.get("scale") or "1")
        if not scale > 0:
            raise ValueError
    except (ValueError, ZeroDivisionError):
        raise ValueError(
            f"scale: found {fields['scale']!r}, expected a number more than 0 such as 0.1 or 1/60"
        ) from None
    register = None
    if not bits:
        wanted: dict[str, Any] = {"table": table, "address": address, "type": type, "value": 0}
        if type == "string":
            wanted["length"] = _whole(fields, "length")
        if fields.get("word_order"):
            wanted["word_order"] = fields["word_order"].lower()
        try:
            register = Register(**wanted)
        except ValidationError as error:
            detail = error.errors()[0]
            raise ValueError(
                f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}, found {detail['input']!r}"
            ) from None
    labels = dict(_labels(fields.get("values", "")))
    source = fields.get("source") or fields["name"]
    return Row(
        line,
        fields["name"],
        table,
        address,
        register,
        access,
        fields.get("unit", ""),
        scale,
        labels,
        source,
    )


def _whole(fields: Mapping[str, str], column: str) -> int:
    text = fields.get(column, "")
    try:
        return int(text, 0)
    except ValueError:
        raise ValueError(f"{column}: found {text!r}, expected a whole number") from None


def _labels(text: str) -> Iterator[tuple[str, int]]:
    for part in filter(None, map(str.strip, text.split(";"))):
        number, equals, label = part.partition("=")
        if not equals or not number.strip().isdigit():
            raise ValueError(f"values: found {part!r}, expected NUMBER=NAME;NUMBER=NAME such as 0=off;1=on")
        yield label.strip(), int(number)


def draft(name: str, kind: str, listed: list[Row], path: Path, recording: Recording) -> Draft:
    """The profile, every line of the list in it."""
    walk = recording.at(0.0)
    identity = recording.identity
    made = Draft(name, kind, identity.get("0", "TODO"), identity.get("4") or identity.get("1") or "TODO")
    made.sources = {"list": path.name, "recording": str(recording.head.get("device", "a recording"))}
    made.head["modbus"] = {"unit": 1}
    if identity:
        made.head["modbus"]["identification"] = {int(id): text for id, text in identity.items()}
    made.notes = [f"A draft: search for TODO. It answers as {made.sources['recording']} did when it was recorded."]
    guesser = Guesser(kind)
    for row in listed:
        _entry(made, row, walk, guesser)
    unlisted = sorted(walk.registers.keys() - {place for row in listed for place in _places(row)})
    if unlisted:
        shown = ", ".join(f"{table} {address}" for table, address in unlisted[:5])
        more = f" … {len(unlisted)} in all" if len(unlisted) > 5 else ""
        made.notes.append(f"Recorded, but not in the list: {shown}{more}.")
    return made


def _entry(made: Draft, row: Row, walk: Walk, guesser: Guesser) -> None:
    section = "registers" if row.register is not None else "bits"
    fields: dict[str, object] = {"table": row.table, "address": row.address}
    if row.register is not None:
        fields["type"] = row.register.type
        if row.register.length:
            fields["length"] = row.register.length
        if row.register.word_order != "big":
            fields["word_order"] = row.register.word_order
    unit = f", {row.unit}" if row.unit else ""
    source = f"list line {row.line}: {row.source}{unit}"
    value = _recorded(row, walk)
    is_text = row.register is not None and row.register.type == "string"
    recorded = (float(value),) if isinstance(value, (int, float)) else ()
    known = Shown(row.name, row.measure, row.labels, is_text, recorded=recorded)
    guess = guesser.guess(known)
    missing = "" if value is not None else _why_not(row, walk)
    if guess is not None:
        access = {} if row.access == "ro" else {"access": row.access}
        doubt = "; ".join(filter(None, (guess.doubt, missing)))
        made.entry(section, fields | guessed(guess) | access | {"source": source}, doubt)
        return
    made.comment(section, question(row.name, guesser.near(known), labels=row.labels))
    shown = fixed(value) if isinstance(value, (bytes, str)) else value if value is not None else "" if is_text else 0
    made.entry(section, fields | {"value": shown, "source": source}, missing)


def _places(row: Row) -> list[tuple[Table, int]]:
    return [(row.table, row.address + n) for n in range(row.register.words if row.register is not None else 1)]


def _recorded(row: Row, walk: Walk) -> int | float | str | bytes | None:
    """What the device had there, None if it was not recorded."""
    values = [walk.registers.get(place) for place in _places(row)]
    if None in values:
        return None
    if row.register is None:
        return values[0]
    return unpack(row.register, b"".join(cast(int, value).to_bytes(2, "big") for value in values))


def _why_not(row: Row, walk: Walk) -> str:
    if any(place in walk.refused for place in _places(row)):
        return "the device refused it when it was recorded: is it there?"
    return "it was not recorded: what is it?"
