"""Writing a record: every line is on the disk when `write` returns.

A line that was half written when its process died is put aside, never read as if it were whole. When the disk is full,
a reserve that was taken at the start is given back, so that the lines about the end still find room.
"""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import IO, Any, Protocol, Self
from uuid import uuid4

from twinfeed._phrases import Phrase
from twinfeed.harness.record.lines import FIRST, Entry, as_text, digest, read
from twinfeed.harness.record.person import acting
from twinfeed.harness.record.stamps import Stamp, stamp_of, stepped

BEGINS = ("record", "begins")
"""The first line of a record: which key signs it, and on which computer."""
GOES_ON = ("record", "goes on")
"""A process goes on with a record: its key signs from this line on."""
STEPPED = ("clock", "was set")
"""The time of day was set by more than a second since the line before."""

RESERVE_OCTETS = 256 * 1024
"""Room kept on the disk for the last lines, octets: some hundred lines."""


class Signs(Protocol):
    """A key (`keys.Key`)."""

    @property
    def public(self) -> str: ...

    def sign(self, text: str) -> str: ...


class DiskFull(OSError):
    """A line was written into the reserve: there is room for the end of the run and for no more."""


@dataclass(frozen=True)
class Head:
    """A line of a record, as another record quotes it."""

    record: str
    """The hash of the first line, which names the record."""
    n: int
    hash: str


class Record:
    """A record that is being written. One process writes at a time; the next one goes on where it ended."""

    def __init__(self, path: Path, entries: list[Entry], key: Signs | None) -> None:
        self.path = path
        self.last = entries[-1].hash if entries else FIRST
        """The hash of the last line."""
        self._name = entries[0].hash if entries else ""
        self._n = len(entries)
        self._key = key
        self._stamp = next((stamp for entry in reversed(entries) if (stamp := stamp_of(entry))), None)
        self._reserve = path.with_name(path.name + ".reserve")
        self._file = _appending(path)

    @classmethod
    def open(cls, path: Path, key: Signs | None = None) -> Self:
        """Begin a record, or go on with one that is there; lines are signed with `key`, by default not at all.

        Raises:
            Broken: what is there was altered.
            OSError: it cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        half = _put_aside_half_a_line(path) if path.exists() else b""
        there = read(path) if path.exists() else []
        record = cls(path, there, key)
        record._take_reserve()
        who, what = GOES_ON if there else BEGINS
        named = {} if there else {"id": uuid4().hex}
        public = "" if key is None else key.public
        program = Path(sys.argv[0] if sys.argv else "").name
        record.write(who, what, key=public, computer=socket.gethostname(), pid=os.getpid(), program=program, **named)
        if half:
            record.write("record", "half a line was put aside", text=half.decode("utf-8", "replace"))
        return record

    @property
    def head(self) -> Head:
        """The last line, for another record to quote."""
        return Head(self._name, self._n - 1, self.last)

    def write(self, who: str, what: str, /, **data: Any) -> Entry:
        """Add a line, and before it another one if the time of day was set; both are on the disk when this returns.

        Raises:
            DiskFull: it was written, but into the reserve; end the run.
            OSError: it could not be written.
        """
        self.look_at_clock()
        return self._write(Stamp.now(), who, what, data)

    def look_at_clock(self) -> float:
        """The time by which the time of day was set since the last line, s; 0 if it was not. A step is written down.

        Raises:
            DiskFull, OSError: as for `write`.
        """
        now, before = Stamp.now(), self._stamp
        by_s = 0.0 if before is None else stepped(before, now)
        if before is not None and by_s:
            who, what = STEPPED
            self._write(now, who, what, {"by_s": by_s, "before": before.time, "after": now.time})
        return by_s

    def _write(self, stamp: Stamp, who: str, what: str, data: dict[str, Any]) -> Entry:
        person = acting()
        fields: dict[str, Any] = {
            "n": self._n,
            "time": stamp.time,
            "mono_s": stamp.mono_s,
            "boot": stamp.boot,
            "uid": person.uid,
            "login": person.login,
            "who": who,
            "what": what,
            "data": data,
            "before": self.last,
        }
        fields["hash"] = digest(fields)
        fields["sig"] = "" if self._key is None else self._key.sign(fields["hash"])
        full = self._put((as_text(fields) + "\n").encode())
        self._n, self.last, self._stamp = self._n + 1, fields["hash"], stamp
        self._name = self._name or self.last
        if full:
            raise DiskFull(
                ENOSPC,
                Phrase("{parent}: the disk is full; the record has gone into its reserve", parent=self.path.parent),
            )
        return Entry(**fields)

    def close(self) -> None:
        """Free the file and the reserve. The record is complete up to its last line."""
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
        os.ftruncate(self._file.fileno(), start)  # the part of the line that found room
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


def _appending(path: Path) -> IO[bytes]:
    """The file, to append to. It is made only if it is not there: in a folder with the sticky bit Linux refuses O_CREAT
    for a file of another user, even to those who may write it (fs.protected_regular)."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    except FileNotFoundError:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o660)
    return os.fdopen(file, "ab", buffering=0)


def _put_aside_half_a_line(path: Path) -> bytes:
    """Cut the file after its last whole line; returns what came after."""
    text = path.read_bytes()
    whole = text.rfind(b"\n") + 1
    if half := text[whole:]:
        os.truncate(path, whole)
    return half
