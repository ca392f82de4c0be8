"""From a CSV file to rows of named cells: its encoding, its separator, and where its header is."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from twinfeed.emulators.nearness import nearest
from twinfeed.emulators.yamlfile import FileError

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

HEADER_WITHIN = 30
"""Number of rows that are searched for the header: vendors put titles and revisions above it."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "address": (
        "address", "register address", "modbus address", "start address", "addr", "register", "registers address",
        "reg",
        "register number", "register no", "adresse", "registeradresse", "startadresse", "modbusadresse",
        "registernummer",
        "registre", "adresse modbus", "adresse registre", "numero de registre", "no", "nr", "direccion", "registro",
    ),
    "name": (
        "name", "parameter", "signal", "data point", "datapoint", "variable", "label", "designation", "description",
        "text",
        "bezeichnung", "beschreibung", "parametername", "datenpunkt", "messwert", "nom", "libelle", "parametre",
        "mesure",
        "nombre", "descripcion",
    ),
    "table": (
        "table", "register type", "registertype", "object type", "function code", "function", "fc", "registertyp",
        "funktionscode", "funktion", "code fonction", "fonction", "type de registre",
    ),
    "type": (
        "type", "data type", "datatype", "data format", "format", "encoding", "datentyp", "typ", "datenformat",
        "type de donnees", "type de donnee", "tipo",
    ),
    "unit": ("unit", "units", "uom", "engineering unit", "einheit", "unite", "unites", "unidad"),
    "scale": (
        "scale", "factor", "scale factor", "scaling", "scaling factor", "multiplier", "gain", "resolution",
        "coefficient",
        "coeff", "faktor", "skalierung", "skalierungsfaktor", "auflosung", "multiplikator", "facteur", "echelle",
        "facteur d echelle", "coefficient multiplicateur",
    ),
    "divisor": ("divisor", "divider", "teiler", "diviseur"),
    "offset": ("offset", "value offset", "versatz", "nullpunkt", "decalage"),
    "access": (
        "access", "r/w", "rw", "read/write", "permission", "mode", "zugriff", "lesen/schreiben", "acces",
        "lecture/ecriture",
        "l/e", "acceso",
    ),
    "length": (
        "length", "size", "words", "registers", "number of registers", "no of registers", "register count", "count",
        "quantity", "qty", "lange", "anzahl", "anzahl register", "grosse", "longueur", "taille", "nombre de registres",
        "nombre de mots", "longitud",
    ),
    "order": (
        "word_order", "byte_order", "order", "endianness", "endian", "swap", "wortreihenfolge", "bytereihenfolge",
        "reihenfolge", "ordre", "ordre des mots", "ordre des octets",
    ),
    "values": ("values", "enumeration", "enum", "value list", "codes", "states", "werte", "zustande", "valeurs",
    "etats"),
    "source": (
        "source", "page", "remark", "remarks", "comment", "comments", "note", "notes", "reference", "bemerkung",
        "bemerkungen", "kommentar", "hinweis", "seite", "remarque", "remarques", "commentaire", "commentaires",
    ),
}  # fmt: skip
"""The content of a column -> its headings, in English, German, French and Spanish; the first one found counts."""

NEEDED = ("address", "name")


@dataclass(frozen=True)
class SheetLine:
    """One line of the list: its number in the file, and the text of each column that is known and not empty."""

    line: int
    cells: Mapping[str, str]


@dataclass
class Sheet:
    """A list as it was read. `notes` name the detected form and the unused columns."""

    path: Path
    records: list[SheetLine] = field(default_factory=list)
    headed: Mapping[str, str] = field(default_factory=dict)
    """Column -> how the file heads it."""
    notes: list[str] = field(default_factory=list)


def read(path: Path) -> Sheet:
    """The list in a file.

    Raises:
        FileError: it cannot be read, or has no header that names addresses and names.
    """
    try:
        text, encoding = _text(path.read_bytes())
    except OSError as error:
        raise FileError([f"{path}: cannot be read: {error.strerror or error}"]) from None
    lines = re.split(r"\r\n|\n|\r", text)  # not str.splitlines: cells may hold form feeds and the like
    separator = max(SEPARATORS, key=lambda each: _fit(lines, each))
    rows = list(_rows(lines, separator))
    at = _header_at(rows)
    if at is None:
        number, cells = rows[0] if rows else (1, [])
        found = ", ".join(filter(None, (cell.strip() for cell in cells))) or "none"
        known = ", ".join(COLUMNS)
        raise FileError(
            [f"{path}:{number}: the columns are {found} (separated by {SEPARATORS[separator]}); known are {known}"]
        )
    line, header = rows[at]
    used = _columns(header)
    _check(path, line, header, used)
    sheet = Sheet(path, headed={name: header[position].strip() for name, position in used.items()})
    for number, cells in rows[at + 1 :]:
        named = {name: cells[n].strip() for name, n in used.items() if n < len(cells) and cells[n].strip()}
        if named and not (
            named.keys() <= {"name", "source"} and len(used) > 2
        ):  # else a blank line or a section's title
            sheet.records.append(SheetLine(number, named))
    sheet.notes = list(_notes(separator, encoding, header, used, line))
    return sheet


def _text(data: bytes) -> tuple[str, str]:
    """The text and its encoding: UTF-8 or UTF-16 where the octets are so, else that of Windows in western Europe."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), "UTF-16"
    if len(data) > 3 and data[1::2].count(0) > len(data) // 4:
        return data.decode("utf-16-le", "replace"), "UTF-16"
    try:
        return data.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), "Windows-1252"


def _rows(lines: list[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with the number of their last line."""
    reader = csv.reader(io.StringIO("\n".join(lines) + "\n"), delimiter=separator, skipinitialspace=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error:
        return


def _fit(lines: list[str], separator: str) -> tuple[int, int]:
    """The fitness of a separator: the columns that become known in the best row, and the times that it stands there."""
    rows = [cells for _, cells in _rows(lines[:HEADER_WITHIN], separator)]
    known = max((len(_columns(cells)) for cells in rows), default=0)
    return known, sum(len(cells) - 1 for cells in rows)


def _header_at(rows: list[tuple[int, list[str]]]) -> int | None:
    """The row of the header: the first one with a column of addresses and one of names."""
    return next((n for n, (_, cells) in enumerate(rows[:HEADER_WITHIN]) if set(NEEDED) <= _columns(cells).keys()), None)


def plain(text: str) -> str:
    """A header without accents, units in brackets and the like: `Scale-Factor [V]` is `scale factor`."""
    bare = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    bare = re.sub(r"\(.*?\)|\[.*?\]", " ", bare)
    return " ".join(re.sub(r"[^a-z0-9/]+", " ", bare).split())


def _columns(header: list[str]) -> dict[str, int]:
    """The known columns -> their positions. No column serves two purposes."""
    found: dict[str, int] = {}
    bare = [plain(cell) for cell in header]
    for name, spellings in COLUMNS.items():
        for spelling in map(plain, spellings):
            if spelling in bare and (position := bare.index(spelling)) not in found.values():
                found[name] = position
                break
    if "address" not in found and "offset" in found:
        found["address"] = found.pop("offset")
    return found


def _check(path: Path, line: int, header: list[str], used: Mapping[str, int]) -> None:
    """Refuse a column that nearly matches a known one: a misspelt `scael` must not be ignored."""
    for position, cell in enumerate(header):
        if position in used.values() or not plain(cell):
            continue
        near = nearest(plain(cell), (n for n in COLUMNS if n not in used), most=1, likeness=0.75)
        if near:
            raise FileError([f"{path}:{line}: the column {cell.strip()!r} is not known; did you mean {near[0]}?"])


def _notes(separator: str, encoding: str, header: list[str], used: Mapping[str, int], line: int) -> Iterator[str]:
    if separator != "," or encoding != "UTF-8" or line != 1:
        yield f"the list is separated by {SEPARATORS[separator]}, in {encoding}, with its header in line {line}"
    unused = [cell.strip() for n, cell in enumerate(header) if cell.strip() and n not in used.values()]
    if unused:
        yield f"columns that are not used: {', '.join(unused)}"
