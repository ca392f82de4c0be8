"""The lines of a record: what they hold, how their hashes are made, and how a record is read.

A line is a JSON object with `n` (from 0), `time` (UTC, ISO 8601), `mono_s` (the monotonic clock, s), `boot` (the start
of the computer from which that clock counts), `uid` and `login` (who asked for it), `who`, `what`, `data`, `before`
(the hash of the line before, 64 zeros for the first), `hash` and `sig`. `hash` is SHA-256 over all fields but `hash`
and `sig`, written as JSON with sorted keys and no blanks, in UTF-8. `sig` is the ed25519 signature over the 64
characters of `hash`. Lines of twinfeed 0.2.0 and earlier lack `mono_s`, `boot`, `uid`, `login` and `sig`; the same rule
gives their hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twinfeed._phrases import Phrase
from twinfeed.emulators.textfile import json_value

FIRST = "0" * 64
"""The value that the first line names as the hash before it."""

SEALS = ("hash", "sig")
"""The fields that the hash of a line does not cover."""


class Broken(ValueError):
    """A record was altered. The message names file and line."""


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
    mono_s: float | None = None
    """The computer's monotonic clock, s; None in lines of twinfeed 0.2.0."""
    boot: str = ""
    """The boot id: monotonic times of one boot can be compared."""
    uid: int | None = None
    """User number of the process that asked for what the line states."""
    login: str = ""
    sig: str = ""
    """Signature of `hash`, hexadecimal; empty if the record is not signed."""


def as_text(fields: Mapping[str, Any]) -> str:
    """Fields as the JSON text that is hashed and written."""
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(fields: Mapping[str, Any]) -> str:
    """The hash of a line, from its fields; `hash` and `sig` among them are left out."""
    content = as_text({name: value for name, value in fields.items() if name not in SEALS})
    return hashlib.sha256(content.encode()).hexdigest()


def read(path: Path) -> list[Entry]:
    """All lines, once the chain has been checked. Half a line at the end, of a process that died, is left out.

    Signatures are not checked here: `twinfeed.harness.report.verifying` does.

    Raises:
        Broken: a line was altered, removed, inserted or is no line of a record.
        OSError: it cannot be read.
    """
    return list(_entries(path))


def until_broken(path: Path) -> tuple[list[Entry], str]:
    """The lines up to where the chain breaks, and how it does; an empty text if it does not.

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
                Phrase(
                    "{path}:{number}: not a line of a record; expected n, time, who, what, data, before, hash",
                    path=path,
                    number=number,
                )
            ) from None
        if (entry.n, entry.before) != (n, before):
            raise Broken(
                Phrase(
                    "{path}:{number}: does not follow the line before it; lines were removed or inserted here",
                    path=path,
                    number=number,
                )
            )
        if digest(fields) != entry.hash:
            raise Broken(
                Phrase(
                    "{path}:{number}: was altered after it was written: its hash does not fit its content",
                    path=path,
                    number=number,
                )
            )
        before, n = entry.hash, n + 1
        yield entry
