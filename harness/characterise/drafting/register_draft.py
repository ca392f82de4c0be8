"""A draft of a profile from a list of registers and a recording of them.

The list is a CSV file with a header; `registerlists` describes the forms. A column holds:

    address       of the protocol, from 0; from 1, or in the 40001 notation (`numbering`); decimal or hexadecimal
    name          as the manual has it
    table         holding (default), input, coil or discrete, or the function code; the 40001 notation implies it too
    type          u16 (default), i16, u32, i32, u64, i64, f32, f64, string, bool, and their many other names
    unit          a unit's symbol or name
    scale         a raw 1 is so many of the unit (default 1): unit V and scale 0.1 make a raw 2305 230.5 V
    divisor       the same upside down
    offset        what is added after scaling
    access        r (default), rw or w
    length        registers of the value; needed for a string
    order         of registers and octets: big (default), little, abcd, cdab, badc, dcba
    values        of an enumeration: 0=off;1=on
    source        page or remark
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from twinfeed.emulators.profiles.registers import unpack
from twinfeed.emulators.profiles.schema import Register
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.characterise.drafting.draft import Draft, fixed, guessed, question
from twinfeed.harness.characterise.drafting.guesses import Guesser, Shown
from twinfeed.harness.characterise.drafting.registerlists import cells, sheet
from twinfeed.harness.characterise.drafting.registerlists.numbering import Numbering, Reader
from twinfeed.harness.characterise.drafting.registerlists.sheet import SheetLine
from twinfeed.harness.characterise.drafting.units import Measure, measure
from twinfeed.harness.characterise.recording.recording import Recording, Table, Walk

Made = TypeVar("Made")


@dataclass(frozen=True)
class Row:
    """One line of the list. `register` is its content, as a profile's entry with a fixed value; None for bits."""

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
    offset: Fraction = Fraction(0)
    """The offset of the scaled number, in the list's unit."""

    @property
    def measure(self) -> Measure | None:
        of = measure(self.unit)
        return None if of is None else Measure(of.base, of.times * self.scale)

    @property
    def raw_offset(self) -> Fraction:
        """The raw number of 0 in the list's unit."""
        return -self.offset / self.scale


@dataclass
class Listed:
    """A list of registers. `notes` give what was detected: separator, encoding, numbering, unused columns."""

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def rows(path: Path, numbering: Numbering = "auto", recording: Recording | None = None) -> Listed:
    """Read the list. If its numbering is "auto", the recording decides between the 40001 notation and such addresses.

    Raises:
        FileError: a line for each mistake: file, line, column, found, expected.
    """
    read = sheet.read(path)
    reader = Reader(read.records, numbering, _recorded_addresses(recording))
    found, problems = Listed(notes=[*read.notes, *reader.notes]), []
    for record in read.records:
        try:
            found.rows.append(_row(record, reader))
        except ValueError as error:
            problems.append(f"{path}:{record.line}: {error}")
    if not found.rows and not problems:
        problems = [f"{path}: lists no register"]
    if problems:
        raise FileError(problems)
    return found


def _recorded_addresses(recording: Recording | None) -> dict[str, frozenset[int]]:
    if recording is None:
        return {}
    places = [place for walk in recording.walks for place in walk.registers]
    return {table: frozenset(n for t, n in places if t == table) for table, _ in places}


def _row(record: SheetLine, reader: Reader) -> Row:
    """One line. Raises ValueError, which names the column."""

    def cell(column: str, make: Callable[[str], Made], default: str = "") -> Made:
        try:
            return make(record.cells.get(column, default))
        except ValueError as error:
            raise ValueError(f"{column}: {error}") from None

    address = cell("address", reader.read)
    table = cell("table", cells.table) if "table" in record.cells or not address.table else address.table
    if address.table not in ("", table):
        raise ValueError(f"table: found {record.cells['table']!r}, but {record.cells['address']} is {address.table}")
    name = record.cells.get("name", "")
    if not name:
        raise ValueError("name: is empty")
    length = cell("length", cells.whole) if "length" in record.cells else address.registers
    kind = cell("type", lambda text: cells.kind(text, length))
    bits = table in ("coil", "discrete")
    if bits != (kind.type == "bool") and not (bits and "type" not in record.cells):
        expected = "bool" if bits else "a type of numbers or string; a table coil or discrete has bits"
        raise ValueError(f"type: found {record.cells.get('type', '')!r}, expected {expected}")
    access = cell("access", cells.access)
    scale, offset = cell("scale", cells.scale)
    if "divisor" in record.cells:
        scale /= cell("divisor", lambda text: cells.scale(text)[0])
    if "offset" in record.cells:
        offset = cell("offset", cells.number)
    register = None
    if not bits:
        order = cell("order", cells.order) if "order" in record.cells else kind.order or ("big", "big")
        register = _register(cast(Table, table), address.address, kind, length or kind.length, order)
    return Row(
        record.line,
        name,
        cast(Table, table),
        address.address,
        register,
        access,
        record.cells.get("unit", ""),
        scale,
        dict(cell("values", lambda text: list(cells.labels(text)))),
        record.cells.get("source", name),
        offset,
    )


def _register(table: Table, address: int, kind: cells.Kind, length: int, order: cells.Order) -> Register:
    wanted: dict[str, Any] = {"table": table, "address": address, "type": kind.type, "value": 0}
    if kind.type == "string":
        if not length:
            raise ValueError("length: found '', expected a whole number: how many registers the string takes")
        wanted["length"] = length
    wanted["word_order"], wanted["byte_order"] = order
    try:
        register = Register(**wanted)
    except ValidationError as error:
        detail = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}, found {detail['input']!r}") from None
    if length and length != register.words:
        raise ValueError(f"length: found {length}, expected {register.words}: the registers of a {kind.type}")
    return register


def draft(name: str, kind: str, listed: list[Row], path: Path, recording: Recording | None = None) -> Draft:
    """The profile, every line of the list in it; without a recording, entries that show no point answer 0."""
    walk = None if recording is None else recording.at(0.0)
    identity = {} if recording is None else recording.identity
    made = Draft(name, kind, identity.get("0", "TODO"), identity.get("4") or identity.get("1") or "TODO")
    made.sources = {"list": path.name}
    if recording is not None:
        made.sources["recording"] = str(recording.head.get("device", "a recording"))
    made.head["modbus"] = {"unit": 1}
    if identity:
        made.head["modbus"]["identification"] = {int(id): text for id, text in identity.items()}
    answers = (
        "No device was asked: values that are no points are 0."
        if recording is None
        else f"It answers as {made.sources['recording']} did when it was recorded."
    )
    made.notes = [f"A draft: search for TODO. {answers}"]
    guesser = Guesser(kind, names=[row.name for row in listed])
    for row in listed:
        _entry(made, row, walk, guesser)
    made.lacks(guesser.lacking(made.shown))
    recorded = {} if walk is None else walk.registers
    unlisted = sorted(recorded.keys() - {place for row in listed for place in _places(row)})
    if unlisted:
        shown = ", ".join(f"{table} {address}" for table, address in unlisted[:5])
        more = f" … {len(unlisted)} in all" if len(unlisted) > 5 else ""
        made.notes.append(f"Recorded, but not in the list: {shown}{more}.")
    return made


def _entry(made: Draft, row: Row, walk: Walk | None, guesser: Guesser) -> None:
    section = "registers" if row.register is not None else "bits"
    fields: dict[str, object] = {"table": row.table, "address": row.address}
    if row.register is not None:
        fields["type"] = row.register.type
        if row.register.length:
            fields["length"] = row.register.length
        if row.register.word_order != "big":
            fields["word_order"] = row.register.word_order
        if row.register.byte_order != "big":
            fields["byte_order"] = row.register.byte_order
    unit = f", {row.unit}" if row.unit else ""
    source = f"list line {row.line}: {row.source}{unit}"
    value = None if walk is None else _recorded(row, walk)
    is_text = row.register is not None and row.register.type == "string"
    recorded = (float(value - row.raw_offset),) if isinstance(value, (int, float)) else ()
    is_bit = row.register is None
    known = Shown(row.name, row.measure, {} if is_bit else row.labels, is_text, recorded=recorded, is_bit=is_bit)
    guess = guesser.guess(known)
    missing = "" if value is not None or walk is None else _why_not(row, walk)
    if guess is not None:
        access: dict[str, object] = {} if row.access == "ro" else {"access": row.access}
        if row.offset:
            access |= {"factor": guess.factor, "offset": -row.raw_offset * guess.factor}
        doubt = "; ".join(filter(None, (guess.doubt, missing)))
        made.entry(section, fields | guessed(guess) | access | {"source": source}, doubt)
        return
    made.comment(section, question(row.name, guesser.near(known), labels=row.labels))
    shown = fixed(value) if isinstance(value, (bytes, str)) else value if value is not None else "" if is_text else 0
    made.entry(section, fields | {"value": shown, "source": source}, missing)


def _places(row: Row) -> list[tuple[Table, int]]:
    return [(row.table, row.address + n) for n in range(row.register.words if row.register is not None else 1)]


def _recorded(row: Row, walk: Walk) -> int | float | str | bytes | None:
    """The recorded value of the device, or None."""
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
