"""The records of a run: several files in one folder, one for each process that wrote."""

from __future__ import annotations

import hashlib
from pathlib import Path

from twinfeed.harness.record.lines import Entry, read
from twinfeed.harness.record.stamps import in_order


def records(folder: Path) -> list[Path]:
    """The records in a folder, the main one first; those of workers and of a bench's supervisor lie beside it."""
    return sorted(folder.glob("*.jsonl"), key=lambda path: (path.name != "record.jsonl", path.name))


def entries(folder: Path) -> list[Entry]:
    """All lines of all records in a folder, in order of time.

    Raises:
        Broken: one of the records was altered.
    """
    return [entry for entry, _ in in_order([(entry, path) for path in records(folder) for entry in read(path)])]


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
