"""From a file to its variables: compression, encoding, which format it is, and what all formats have in common."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from twinfeed.emulators.textfile import MOST_RECORDED_OCTETS, FileError, octets
from twinfeed.harness.characterise.recording.snmpfiles import foreign, netsnmp, snmpsim
from twinfeed.harness.characterise.recording.snmpfiles.snmpsim import NotALine
from twinfeed.harness.characterise.recording.snmpfiles.values import NotAValue
from twinfeed.harness.characterise.recording.snmprec import Variable
from twinfeed.harness.transports.answers.variables import illegal_name
from twinfeed.harness.transports.snmp.messages import numbers

Line = tuple[int, bytes]
"""A line's number from 1, and its octets without the line feed."""

Read = tuple[int, Variable | None, str]
"""A line's number, the variable there, and a warning ("" for none)."""

UNPACKERS: dict[bytes, Callable[[BinaryIO], BinaryIO]] = {
    b"\x1f\x8b": lambda file: cast(BinaryIO, gzip.GzipFile(fileobj=file)),
    b"BZh": lambda file: cast(BinaryIO, bz2.BZ2File(file)),
    b"\xfd7zXZ\x00": lambda file: cast(BinaryIO, lzma.LZMAFile(file)),  # noqa: SIM115 (the caller closes it)
}
"""First octets of compressed files."""

WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""First octets of texts of 16-bit characters (Windows: "Unicode")."""

BOM = b"\xef\xbb\xbf"
SAP = re.compile(rb"\.?\d+(\.\d+)+\s*,\s*\w+\s*,")
RECORD = re.compile(rb"[\d.\s]*\|")
WALK = re.compile(rb"[^|]+?\s=(\s|$)|\.(iso|\d+)(\.\d+)+ ")

MOST_PROBLEMS = 20
"""Lines that a refusal names; of ten thousand the first ones are as useful."""


@dataclass
class Found:
    """The content of a file."""

    variables: list[Variable] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def unpacked(path: Path, data: bytes) -> bytes:
    """The file's text, decompressed and without a byte order mark.

    Raises:
        FileError: it is an archive, or its compression is broken.
    """
    if data.startswith(b"PK\x03\x04"):
        raise FileError([f"{path}: is a zip archive of files; unpack it and give one of them"])
    for beginning, unpack in UNPACKERS.items():
        if data.startswith(beginning):
            try:
                data = unpack(BytesIO(data)).read(MOST_RECORDED_OCTETS + 1)
            except (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError) as error:
                raise FileError([f"{path}: cannot be decompressed: {error}"]) from None
            if len(data) > MOST_RECORDED_OCTETS:
                raise FileError(
                    [f"{path}: is larger than {MOST_RECORDED_OCTETS:,} octets when it is unpacked; split it"]
                )
            break
    for beginning, encoding in WIDE.items():
        if data.startswith(beginning):
            return data.decode(encoding, "replace").encode("utf-8")
    return data.removeprefix(BOM)


def read(path: Path, data: bytes | None = None) -> Found:
    """The variables of a file; `data` is its text if that is at hand.

    Raises:
        FileError: it cannot be read, or a line is not of its format; with file, line, found and expected.
    """
    if data is None:
        data = unpacked(path, octets(path, MOST_RECORDED_OCTETS))
    lines = data.split(b"\n")  # with LF alone: form feeds, NEL and the like are parts of values
    if not any(_meaningful(lines)) and ".snmprec" not in path.name:
        raise FileError([f"{path}: is empty; expected a recording, a .snmprec file or what `snmpwalk -On` prints"])
    found = Found()
    last: dict[str, Variable] = {}
    stands: dict[str, int] = {}
    repeated: list[tuple[str, int, int]] = []
    unordered: list[int] = []
    before: tuple[int, ...] = ()
    for number, variable, warning in _read(path, lines):
        if warning:
            found.warnings.append(f"{path}:{number}: {warning}")
        if variable is None:
            continue
        if variable.type == "oid" and isinstance(variable.value, str) and (why := illegal_name(variable.value)):
            found.warnings.append(f"{path}:{number}: {variable.oid}: in its value {why}; answered as written")
        if variable.oid in last:
            repeated.append((variable.oid, stands[variable.oid], number))
        elif (here := numbers(variable.oid)) < before:
            unordered.append(number)
        else:
            before = here
        last[variable.oid], stands[variable.oid] = variable, number
    found.variables = list(last.values())
    found.warnings += _habits(path, repeated, unordered)
    if not found.variables:
        found.warnings.append(f"{path}: holds no variable; an agent made of it answers that it has none")
    return found


def _meaningful(lines: list[bytes]) -> Iterator[Line]:
    """The lines that are neither blank nor remarks."""
    for number, line in enumerate(lines, 1):
        if (bare := line.lstrip()) and not bare.startswith(b"#"):
            yield number, line


def _read(path: Path, lines: list[bytes]) -> Iterator[Read]:
    """The lines as the file's format has them. Raises FileError."""
    begins = [line.strip() for _, line in islice(_meaningful(lines), 50)]
    first = begins[0] if begins else b""
    meaningful = _meaningful(lines)
    stem = path.name.removesuffix(".gz").removesuffix(".bz2").removesuffix(".xz")
    if stem.endswith((".dump", ".MVC")):
        return _each(path, meaningful, lambda line: ([foreign.dump_variable(line)], ""))
    if SAP.match(first):
        return _each(path, meaningful, lambda line: ([foreign.sap_variable(line)], ""))
    looks_walked = not RECORD.match(first) and any(map(WALK.match, begins))
    if stem.endswith(".snmpwalk") or looks_walked:
        return _walked(path, lines)
    return _each(
        path, meaningful, lambda line: snmpsim.variables(line, path, lambda snapshot: read(snapshot).variables)
    )


def _each(
    path: Path, lines: Iterable[Line], variables: Callable[[bytes], tuple[list[Variable], str]]
) -> Iterator[Read]:
    """A line a record."""
    problems = []
    for number, line in lines:
        try:
            made, warning = variables(line)
        except NotALine as error:
            problems.append(f"{path}:{number}: {error}")
        except NotAValue as error:
            yield number, None, f"left out: {error}"
        else:
            if warning:
                yield number, None, warning
            for variable in made:
                yield number, variable, ""
    _refuse(path, problems)


def _walked(path: Path, lines: list[bytes]) -> Iterator[Read]:
    entries, remarks = netsnmp.entries(list(enumerate(lines[:-1] if not lines[-1] else lines, 1)))
    if not entries and remarks:
        number, text = remarks[0]
        _refuse(path, [f"{path}:{number}: found {text[:60]!r}, expected OID = TYPE: value as `snmpwalk -On` prints it"])
    for number, text in remarks:
        yield number, None, f"is no variable: {text[:60]!r}"
    try:
        for number, variable, warning in netsnmp.variables(entries):
            yield number, variable, f"left out: {warning}" if variable is None and warning else warning
    except netsnmp.UnknownName as error:
        unknown = [entry for entry in entries if _is_unknown(entry.name)]
        number = unknown[0].line if unknown else entries[0].line
        _refuse(path, [f"{path}:{number}: {error}"])


def _is_unknown(text: str) -> bool:
    try:
        netsnmp.numeric(text)
    except netsnmp.UnknownName:
        return True
    return False


def _refuse(path: Path, problems: list[str]) -> None:
    if problems:
        more = len(problems) - MOST_PROBLEMS
        raise FileError(problems[:MOST_PROBLEMS] + ([f"{path}: and {more} more lines"] if more > 0 else []))


def _habits(path: Path, repeated: list[tuple[str, int, int]], unordered: list[int]) -> Iterator[str]:
    """Warnings about lines that are good by themselves."""
    if repeated:
        oid, first, second = repeated[0]
        more = f", and {len(repeated) - 1} more" if len(repeated) > 1 else ""
        yield f"{path}:{second}: {oid} stands in line {first} already{more}; the last one is answered"
    if unordered:
        more = f", and {len(unordered) - 1} more" if len(unordered) > 1 else ""
        yield f"{path}:{unordered[0]}: is out of the order of OIDs{more}; they are answered in order"
