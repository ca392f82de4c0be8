"""A record that shows when it was altered: JSON lines, each bound to the one before by its hash.

    with Record.open(path) as record:
        record.write("operator", "confirmed", text="breaker Q3 is open", person="Awa Traoré")
    entries = read(path)              # raises Broken, naming the line, if anything was altered, removed or inserted

A line holds `n` (from 0), `time` (UTC, ISO 8601), `who`, `what`, `data`, `before` (the hash of the line before, 64
zeros for the first) and `hash`: SHA-256 over `before` and the other fields as JSON with sorted keys and no blanks.
Taking lines off the end leaves a whole chain: reports therefore print the hash of the last line.

Every line is on the disk when `write` returns. A line that was half written when its process died is put aside, never
read as if it were whole. When the disk is full, a reserve that was taken at the start is given back, so that the lines
that tell of the end still find room.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import Any, Self

from twinfeed.emulators.textfile import json_value

FIRST = "0" * 64
"""What the first line names as the hash before it."""

RESERVE_OCTETS = 256 * 1024
"""Room kept on the disk for the last lines, octets: some thousand lines."""


@dataclass(frozen=True)
class Entry:
    """One line of a record."""

    n: int
    time: str
    """UTC, ISO 8601 with milliseconds."""
    who: str
    what: str
    data: Mapping[str, Any]
    before: str
    hash: str


class Broken(ValueError):
    """A record is not what was written; the message names file and line."""


class DiskFull(OSError):
    """A line was written into the reserve: there is room for the end of the run and for no more."""


class Record:
    """A record that is being written. One process writes at a time; the next one goes on where it ended."""

    def __init__(self, path: Path, n: int, last: str) -> None:
        self.path = path
        self.last = last
        """The hash of the last line."""
        self._n = n
        self._reserve = path.with_name(path.name + ".reserve")
        self._file = path.open("ab", buffering=0)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Begin a record, or go on with one that is there.

        Raises:
            Broken: what is there was altered.
            OSError: it cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        half = _put_aside_half_a_line(path) if path.exists() else b""
        there = read(path) if path.exists() else []
        record = cls(path, len(there), there[-1].hash if there else FIRST)
        record._take_reserve()
        if half:
            record.write("record", "half a line was put aside", text=half.decode("utf-8", "replace"))
        return record

    def write(self, who: str, what: str, /, **data: Any) -> Entry:
        """Add a line; it is on the disk when this returns.

        Raises:
            DiskFull: it was written, but into the reserve; end the run.
            OSError: it could not be written.
        """
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = _sealed(self._n, time, who, what, data, self.last)
        line = (_json(vars(entry)) + "\n").encode()
        full = self._put(line)
        self._n, self.last = entry.n + 1, entry.hash
        if full:
            raise DiskFull(ENOSPC, f"{self.path.parent}: the disk is full; the record has gone into its reserve")
        return entry

    def close(self) -> None:
        """Free the file and the reserve. What the record says is complete is up to its last line."""
        self._file.close()
        self._reserve.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self, line: bytes) -> bool:
        """Write the line; True if the reserve had to be given up for it."""
        start = self._file.tell() if self._file.seekable() else 0
        try:
            self._append(line)
            return False
        except OSError as error:
            if error.errno not in (ENOSPC, EDQUOT) or not self._reserve.exists():
                raise
        self._reserve.unlink()
        os.ftruncate(self._file.fileno(), start)  # what of the line found room before
        self._append(line)
        return True

    def _append(self, line: bytes) -> None:
        left = memoryview(line)
        while left:
            left = left[self._file.write(left) :]
        os.fsync(self._file.fileno())

    def _take_reserve(self) -> None:
        """Zeros, not a hole: room that is really taken. Without room for it the record does without."""
        try:
            self._reserve.write_bytes(bytes(RESERVE_OCTETS))
        except OSError:
            self._reserve.unlink(missing_ok=True)


def read(path: Path) -> list[Entry]:
    """All lines, once the chain has been checked. Half a line at the end, of a process that died, is left out.

    Raises:
        Broken: a line was altered, removed, inserted or is no line of a record.
        OSError: it cannot be read.
    """
    return list(_entries(path))


def until_broken(path: Path) -> tuple[list[Entry], str]:
    """The lines up to where the chain breaks, and how it does; nothing if it does not.

    Raises:
        OSError: it cannot be read.
    """
    found: list[Entry] = []
    try:
        for entry in _entries(path):
            found.append(entry)
    except Broken as error:
        return found, str(error)
    return found, ""


def _entries(path: Path) -> Iterator[Entry]:
    before, n = FIRST, 0
    *lines, _half = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            fields = json_value(line)
            entry = Entry(**fields)
        except (ValueError, TypeError):
            raise Broken(
                f"{path}:{number}: not a line of a record; expected n, time, who, what, data, before, hash"
            ) from None
        if (entry.n, entry.before) != (n, before):
            raise Broken(f"{path}:{number}: does not follow the line before it; lines were removed or inserted here")
        if _sealed(entry.n, entry.time, entry.who, entry.what, entry.data, entry.before).hash != entry.hash:
            raise Broken(f"{path}:{number}: was altered after it was written: its hash does not fit its content")
        before, n = entry.hash, n + 1
        yield entry


def _sealed(n: int, time: str, who: str, what: str, data: Mapping[str, Any], before: str) -> Entry:
    content = _json({"n": n, "time": time, "who": who, "what": what, "data": data, "before": before})
    return Entry(n, time, who, what, data, before, hashlib.sha256(content.encode()).hexdigest())


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _put_aside_half_a_line(path: Path) -> bytes:
    """Cut the file after its last whole line; returns what came after."""
    text = path.read_bytes()
    whole = text.rfind(b"\n") + 1
    if half := text[whole:]:
        os.truncate(path, whole)
    return half
