"""Variables that a variation module of snmpsim computes: the value they have at the start.

What the modules do afterwards (count, wait, fail, send) is not done: a recording is served, not snmpsim. Programs,
databases and servers that a line names are never run or asked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

from twinfeed.harness.characterise.recording.snmpfiles.values import SUFFIXES, NotAValue, name
from twinfeed.harness.characterise.recording.snmprec import INTEGERS, TYPES, Variable

Make = Callable[[str, str, str], Variable]
"""Makes a variable of an OID, a tag and a text."""
Read = Callable[[Path], list[Variable]]
"""Reads the variables of another file."""

FIXED = ("writecache", "delay", "error", "notification")
"""Modules whose `value=` or `hexvalue=` is what is answered at the start."""

OUTSIDE = {
    "subprocess": "runs a program",
    "sql": "asks a database",
    "redis": "asks a Redis server",
}
"""Modules that are never run -> what they would do."""


def started(
    oid: str, tag: str, module: str, text: str, path: Path, make: Make, read: Read
) -> tuple[list[Variable], str]:
    """The variables at the start, and what is not done of what the module does.

    Raises:
        NotAValue: the module has no start value.
    """
    if module in OUTSIDE:
        raise NotAValue(f"{oid}: snmpsim's module {module} {OUTSIDE[module]}, which a replay never does")
    if module == "multiplex":
        return _snapshot(oid, text, path, read)
    settings = dict(_settings(text))
    if module == "numeric":
        value: tuple[str, str] | None = _number(oid, tag, settings)
        kept = "it does not change with time"
    elif module in FIXED:
        value, kept = _fixed(oid, tag, module, settings), f"snmpsim's module {module} is not run"
    else:
        known = ", ".join(("numeric", *FIXED, "multiplex"))
        raise NotAValue(f"{oid}: found the module {module!r}, expected one that has a start value: {known}")
    if value is None:
        return [Variable(oid, "null", b"")], f"{oid}: {kept}; without a value it answers NULL, as in snmpsim"
    return [make(oid, *value)], f"{oid}: has its start value; {kept}"


def _settings(text: str) -> list[tuple[str, str]]:
    pairs = [_split(part, "=") for part in _split(text, ",")]
    return [(pair[0], "=".join(pair[1:])) for pair in pairs]


def _split(text: str, separator: str) -> list[str]:
    """A value that holds the separator is written with two or three of them between the parts."""
    widest = next((separator * n for n in (3, 2) if separator * n in text), separator)
    return text.split(widest)


def _fixed(oid: str, tag: str, module: str, settings: dict[str, str]) -> tuple[str, str] | None:
    """Tag and text; None for what answers NULL."""
    if "hexvalue" in settings:
        return f"{tag.rstrip('xe')}x", settings["hexvalue"]
    if "value" in settings:
        return tag, settings["value"]
    if module in ("delay", "notification"):
        return None
    raise NotAValue(f"{oid}: snmpsim's module {module} has neither value= nor hexvalue= and so no start value")


def _number(oid: str, tag: str, settings: dict[str, str]) -> tuple[str, str]:
    """The answer that snmpsim gives when no time has passed, without the random deviation."""
    type = TYPES.get(tag, "")
    if type not in INTEGERS:
        raise NotAValue(f"{oid}: found the tag {tag!r} for snmpsim's module numeric, expected 2, 65, 66, 67 or 70")
    try:
        given = {key: float(value) for key, value in settings.items() if key != "function"}
        low = given.get("min", 0.0)
        high = given.get("max", float(2**64 - 1 if type == "counter64" else 2**32 - 1))
        value = _function(settings.get("function", "")) * given.get("scale", 1.0)
        cumulative = "cumulative" in given
        value += 0.0 if cumulative else given.get("offset", 0.0)
        value = max(value, 0.0) if cumulative else value
        number = int(min(max(value + given.get("initial", low), low), high))
    except (ValueError, OverflowError) as error:
        raise NotAValue(f"{oid}: snmpsim's module numeric has no start value: {error}") from None
    return tag, str(number)


def _function(text: str) -> float:
    """A function of Python's math module at the time 0: `cos`, `pow%<time>%2`."""
    called, *arguments = _split(text, "%")
    if not called:
        return 0.0
    function = getattr(math, called, None)
    if not callable(function):
        raise ValueError(f"found the function {called!r}, expected one of Python's math module")
    try:
        return float(function(*(0.0 if a == "<time>" else float(a) for a in arguments or ["<time>"])))
    except TypeError as error:
        raise ValueError(str(error)) from None


def _snapshot(oid: str, text: str, path: Path, read: Read) -> tuple[list[Variable], str]:
    """The first of the snapshots in the folder that the line names, beside the file or in a folder above it."""
    named = dict(_settings(text)).get("dir", "")
    try:
        above = path.absolute().parents
        folder = next((parent / named for parent in above if named and (parent / named).is_dir()), None)
    except OSError:  # a name longer than any folder has
        folder = None
    if folder is None:
        raise NotAValue(f"{oid}: the folder {named[:60]!r} of snmpsim's module multiplex is not beside the file")
    numbered = {
        int(snapshot.name.partition(".")[0]): snapshot
        for snapshot in folder.iterdir()
        if re.fullmatch(r"[0-9]{1,20}", snapshot.name.partition(".")[0]) and snapshot.name.endswith(SUFFIXES)
    }
    if not numbered:
        raise NotAValue(f"{oid}: {folder} holds no snapshot such as 00000.snmprec for snmpsim's module multiplex")
    first = numbered[min(numbered)]
    subtree = name(oid) + "."
    inside = [variable for variable in read(first) if variable.oid.startswith(subtree)]
    return (
        inside,
        f"{oid}: answers as the first of {len(numbered)} snapshots, {first.name}; it does not change with time",
    )
