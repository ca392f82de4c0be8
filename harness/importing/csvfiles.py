"""An inventory from a folder of CSV files: panels, feeds, racks, devices, cables.

    inventory = read(Path("lists"))

Every mistake is a line with file, line, field, what was found and what was expected.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from twinfeed._phrases import Phrase
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.textfile import FileError, printable, shown
from twinfeed.harness.importing.inventory import Cable, Device, Feed, Inventory, Panel, Rack

Entry = TypeVar("Entry")

MOST_OCTETS = 20_000_000
"""The largest file that is read, octets."""

MOST_SHOWN = 60
"""Characters of a wrong value that are shown."""

COLUMNS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "panels": (("name",), ()),
    "feeds": (("name", "panel"), ("amperage_a", "voltage_v", "phases", "rack")),
    "racks": (("name",), ()),
    "devices": (("name",), ("role", "manufacturer", "model", "rack", "draw_w", "outlets")),
    "cables": (("device", "port", "source"), ("outlet",)),
}
"""File (`panels` is panels.csv) -> columns that it must have, and those that it may have."""

NEEDED = ("devices",)
"""Files that must be there."""


@dataclass(frozen=True)
class _Row:
    path: Path
    line: int
    fields: Mapping[str, str]

    def wrong(self, field: str, found: str, expected: str) -> str:
        return Phrase(
            "{path}:{line}: {field}: found {found}, expected {expected}",
            path=shown(self.path), line=self.line, field=field, found=repr(printable(found[:MOST_SHOWN])),
            expected=expected,
        )  # fmt: skip


def read(folder: Path) -> Inventory:
    """The inventory of that folder, named after it.

    Raises:
        FileError: a line for each mistake; a file that must be there is missing.
    """
    problems: list[str] = []
    rows = {name: list(_rows(folder / f"{name}.csv", name, problems)) for name in COLUMNS}
    reading = _Reading(problems)
    inventory = Inventory(
        folder.resolve().name,
        [Panel(row.fields["name"]) for row in rows["panels"]],
        [reading.feed(row) for row in rows["feeds"]],
        [Rack(row.fields["name"]) for row in rows["racks"]],
        [reading.device(row) for row in rows["devices"]],
        [
            Cable(*(row.fields.get(name, "") for name in ("device", "port", "source", "outlet")))
            for row in rows["cables"]
        ],
    )
    _check_names(rows, problems)
    if problems:
        raise FileError(problems)
    return inventory


class _Reading:
    def __init__(self, problems: list[str]) -> None:
        self.problems = problems

    def feed(self, row: _Row) -> Feed:
        fields = row.fields
        phases = self._number(row, "phases", int, 1, 3)
        if phases == 2:
            self.problems.append(row.wrong("phases", fields["phases"], "1 or 3"))
        return Feed(
            fields["name"], fields["panel"], self._number(row, "amperage_a", float, 0.1, 20000.0),
            self._number(row, "voltage_v", float, 1.0, 1000.0), phases, fields.get("rack", ""),
        )  # fmt: skip

    def device(self, row: _Row) -> Device:
        fields = row.fields
        return Device(
            fields["name"], fields.get("role", ""), fields.get("manufacturer", ""), fields.get("model", ""),
            fields.get("rack", ""), self._number(row, "draw_w", float, 0.0, 1e6),
            self._number(row, "outlets", int, 0, 256) or 0,
        )  # fmt: skip

    def _number(self, row: _Row, field: str, form: Callable[[str], Entry], low: float, high: float) -> Entry | None:
        text = row.fields.get(field, "")
        if not text:
            return None
        try:
            value = form(text)
            if not low <= float(text) <= high:
                raise ValueError
        except ValueError:
            kind = "a whole number" if form is int else "a number"
            self.problems.append(row.wrong(field, text, f"{kind} from {low:g} to {high:g}"))
            return None
        return value


def _rows(path: Path, name: str, problems: list[str]) -> Iterator[_Row]:
    """The rows of a file that have all they must; an absent file has none."""
    must, may = COLUMNS[name]
    try:
        if path.stat().st_size > MOST_OCTETS:
            raise ValueError(f"it is larger than {MOST_OCTETS // 1_000_000} MB")
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        if name in NEEDED:
            problems.append(
                Phrase(
                    "{path}: there is no such file; columns: {columns}",
                    path=shown(path),
                    columns=", ".join((*must, *may)),
                )
            )
        return
    except (OSError, ValueError) as error:
        problems.append(f"{shown(path)}: {error}")
        return
    lines = text.splitlines()
    separator = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    reader = csv.reader(lines, delimiter=separator)
    heads = [head.strip().lower() for head in next(reader, [])]
    for head in must:
        if head not in heads:
            problems.append(
                Phrase(
                    "{path}:1: column {column} is missing; found {found}",
                    path=shown(path),
                    column=head,
                    found=shown(", ".join(heads)),
                )
            )
    problems.extend(
        Phrase("{path}:1: column {column} is there twice", path=shown(path), column=shown(head))
        for head in dict.fromkeys(heads)
        if head and heads.count(head) > 1
    )
    for head in heads:
        if head not in (*must, *may):
            near = did_you_mean(head, (*must, *may))
            problems.append(
                Phrase("{path}:1: unknown column {column}{near}", path=shown(path), column=shown(head), near=near)
            )
    if not set(must) <= set(heads):
        return
    try:
        for cells in reader:
            fields = {head: cell.strip() for head, cell in zip(heads, cells, strict=False)}
            row = _Row(path, reader.line_num, fields)
            if not any(fields.values()):
                continue
            empty = [head for head in must if not fields.get(head)]
            problems.extend(row.wrong(head, "", "a name") for head in empty)
            if len(cells) > len(heads):
                problems.append(row.wrong(f"column {len(heads) + 1}", cells[len(heads)], f"{len(heads)} columns"))
            if not empty:
                yield row
    except csv.Error as error:
        problems.append(f"{shown(path)}:{reader.line_num}: {error}")


def _check_names(rows: Mapping[str, list[_Row]], problems: list[str]) -> None:
    """Each name once in its list; what another list names must be in its own."""
    known: dict[str, dict[str, int]] = {}
    for name in ("panels", "feeds", "racks", "devices"):
        seen = known[name] = {}
        for row in rows[name]:
            own = row.fields["name"]
            if own in seen:
                problems.append(row.wrong("name", own, f"a name that is not on line {seen[own]}"))
            seen.setdefault(own, row.line)
    for name, field, listed in (
        ("feeds", "panel", "panels"),
        ("feeds", "rack", "racks"),
        ("devices", "rack", "racks"),
        ("cables", "device", "devices"),
    ):
        for row in rows[name]:
            ref = row.fields.get(field, "")
            if ref and ref not in known[listed]:
                near = did_you_mean(ref, known[listed])
                problems.append(row.wrong(field, ref, f"a name of {listed}.csv{near}"))
    plugs: dict[tuple[str, str], int] = {}
    sockets: dict[tuple[str, str], int] = {}
    for row in rows["cables"]:
        ref, outlet = row.fields["source"], row.fields.get("outlet", "")
        plug = row.fields["device"], row.fields["port"]
        if plug in plugs:
            problems.append(row.wrong("port", plug[1], f"a plug that is not on line {plugs[plug]}"))
        plugs.setdefault(plug, row.line)
        if outlet and (ref, outlet) in sockets:
            problems.append(row.wrong("outlet", outlet, f"an outlet that is not on line {sockets[ref, outlet]}"))
        sockets.setdefault((ref, outlet), row.line)
        listed = "devices" if outlet else "feeds"
        if ref not in known[listed] and not (not outlet and ref in known["devices"]):
            near = did_you_mean(ref, known[listed])
            problems.append(row.wrong("source", ref, f"a name of {listed}.csv{near}"))
