"""Text files as people hand them over: read once, bounded in size and time, never a surprise.

Every reader of the project opens files through `octets` or `text`, so that a FIFO, a folder, a disk image, a file in
another encoding or 100,000 nested brackets are each one line of error and not a process that waits or dies.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unicodedata import category

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.errors import FileError

__all__ = ["FileError", "found", "json_value", "octets", "printable", "shown", "text"]

MOST_OCTETS = 1_000_000
"""Size of a file that people write (site, bench, profile, scenario), octets; Bamako has 15 kB."""

MOST_RECORDED_OCTETS = 256_000_000
"""Size of a file that programs write (recordings, journals, walks), octets."""

MOST_NESTED = 64
"""The depth to which lists and mappings may be nested; the deepest file that ships has seven levels."""

MOST_DIGITS = 400
"""Digits of a whole number: more than any quantity has, fewer than Python takes long for."""


def octets(path: Path, most: int = MOST_OCTETS) -> bytes:
    """All octets of a regular file.

    Raises:
        FileError: it cannot be opened, is not a regular file (a FIFO, a device, a folder), or has more than `most`.
    """
    try:
        # O_NONBLOCK: opening a FIFO that no process writes to returns at once; on Windows there is no such flag.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as file:
            mode = os.fstat(handle).st_mode
            if not stat.S_ISREG(mode):
                raise FileError([Phrase("{path}: is a {kind}, expected a file", path=shown(path), kind=_kind(mode))])
            data = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise FileError([Phrase("{path}: cannot be read: {error}", path=shown(path), error=_reason(error))]) from None
    if len(data) > most:
        raise FileError(
            [
                Phrase(
                    "{path}: is larger than {most:,} octets, the most that is read; split it",
                    path=shown(path),
                    most=most,
                )
            ]
        )
    return data


def text(path: Path, most: int = MOST_OCTETS) -> str:
    """The text of a UTF-8 file, without a byte order mark.

    Raises:
        FileError: as `octets`, or it is not UTF-8; the message names the line.
    """
    data = octets(path, most)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileError([Phrase("{path}:1: is UTF-16, expected UTF-8; save it as UTF-8", path=shown(path))])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise FileError(
            [
                Phrase(
                    "{path}:{line}: cannot be read: the octet {octet:#04x} is not UTF-8; save it as UTF-8",
                    path=shown(path),
                    line=line,
                    octet=error.object[error.start],
                )
            ]
        ) from None


def json_value(text: str | bytes) -> Any:
    """A JSON value whose nesting and numbers are bounded.

    Raises:
        ValueError: not JSON, not UTF-8, nested too deeply, or a number beyond all measure; the message has no line.
    """
    try:
        value = json.loads(text, parse_int=_whole)
    except RecursionError:
        raise ValueError(Phrase("is nested deeper than {most_nested}", most_nested=MOST_NESTED)) from None
    if _depth(value, MOST_NESTED) > MOST_NESTED:
        raise ValueError(Phrase("is nested deeper than {most_nested}", most_nested=MOST_NESTED))
    return value


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(
            Phrase(
                "a number of {digits} digits; expected at most {most_digits}",
                digits=len(digits),
                most_digits=MOST_DIGITS,
            )
        )
    return int(digits)


def _depth(value: Any, most: int) -> int:
    """The depth to which lists and mappings are nested, `most + 1` for everything deeper."""
    level, depth = [value], 0
    while level and depth <= most:
        level = [
            item
            for each in level
            if isinstance(each, (list, dict))
            for item in (each.values() if isinstance(each, dict) else each)
        ]
        depth += 1
    return depth


def shown(text: object) -> str:
    """A text from outside, fit for a terminal and a log: control characters as escapes, long texts cut."""
    clean = printable(str(text))
    return clean if len(clean) <= 300 else f"{clean[:300]}…"


def printable(text: str) -> str:
    """The text with every character that is not printed as it stands (ESC, BEL, NUL, bidi marks) as an escape.

    A terminal that gets them raw would change its title, hide lines or answer as if typed (CWE-150). Line feeds and
    tabs stay.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in "\n\t" or category(c) == "Zs" else c.encode("unicode_escape").decode()
        for c in text
    )


def _kind(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "FIFO"
    if stat.S_ISDIR(mode):
        return "folder"
    return "device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else Phrase("special file")


def _reason(error: Exception) -> str:
    return str(error.strerror) if isinstance(error, OSError) and error.strerror else str(error)


def found(value: Any) -> str:
    """A value as an error message shows it: short, and without what a terminal would obey."""
    if isinstance(value, Mapping):
        return Phrase("a mapping with {names}", names=shown(", ".join(map(str, list(value)[:4]))) or N_("nothing"))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Phrase("a list of {n}", n=len(value))
    if isinstance(value, int) and value.bit_length() > 64:
        return Phrase("a whole number beyond 64 bits")
    return shown(repr(value)) if value is not None else N_("nothing")
