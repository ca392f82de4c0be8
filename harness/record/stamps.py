"""Two clocks in each line: the time of day, which people and time servers set, and the monotonic clock.

Where the time of day moved by more than a second against the monotonic clock between two lines, it was set (or the
computer slept): a step. Lines of several records of one computer are put in order by the monotonic clock.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from twinfeed.harness.record.lines import Entry

T = TypeVar("T", bound=Hashable)
"""The identity of a record."""

STEP_S = 1.0
"""A time of day that moved by more than this against the monotonic clock was set, s."""

SLEW = 500e-6
"""The fastest that Linux lets a time server slew its clock (adjtimex(2), 500 ppm): a share of the time that passed."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Stamp:
    """Both clocks at one moment."""

    time: str
    """UTC, ISO 8601 with milliseconds."""
    mono_s: float
    boot: str

    @classmethod
    def now(cls) -> Stamp:
        text = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return cls(text, round(_monotonic_s(), 3), boot_id())


@dataclass(frozen=True)
class Step:
    """The time of day was set between two lines."""

    n: int
    """The number of the later line."""
    by_s: float
    """The time by which it was set, s: positive is forwards. Over a restart of the computer: the least it went back."""
    before: str
    after: str
    """The time of day in the two lines."""


def _monotonic_s() -> float:
    """The machine's monotonic clock, also inside a simulated world, where `time.monotonic` is the site's."""
    if hasattr(time, "clock_gettime"):
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()  # Windows


@cache
def boot_id() -> str:
    """The start of the computer from which the monotonic clock counts; empty where the system gives none."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        pass
    if sys.platform != "darwin":
        return ""
    asked = subprocess.run(["sysctl", "-n", "kern.bootsessionuuid"], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def stepped(earlier: Stamp, later: Stamp) -> float:
    """The time by which the time of day was set between two moments, s; 0 if it was not."""
    passed_s = _day_s(later.time) - _day_s(earlier.time)
    if not earlier.boot or earlier.boot != later.boot:
        return passed_s if passed_s < -STEP_S else 0.0
    went_s = later.mono_s - earlier.mono_s
    by_s = passed_s - went_s
    return round(by_s, 3) if abs(by_s) > STEP_S + SLEW * max(0.0, went_s) else 0.0


def steps(entries: Iterable[Entry]) -> list[Step]:
    """The lines of one record at which the time of day was set, in the order of the file."""
    found: list[Step] = []
    last: Stamp | None = None
    for entry in entries:
        stamp = stamp_of(entry)
        if stamp is None:
            continue
        if last is not None and (by_s := stepped(last, stamp)):
            found.append(Step(entry.n, by_s, last.time, stamp.time))
        last = stamp
    return found


def stamp_of(entry: Entry) -> Stamp | None:
    """Both clocks of a line, None for one of twinfeed 0.2.0, which has the time of day only."""
    if entry.mono_s is None:
        return None
    try:
        _day_s(entry.time)
    except ValueError:
        return None
    return Stamp(entry.time, entry.mono_s, entry.boot)


def in_order(found: Sequence[tuple[Entry, T]]) -> list[tuple[Entry, T]]:
    """Lines of several records in the order in which they were written.

    Inside one boot the monotonic clock decides; boots, and lines without it, are laid side by side by the time of day
    that the first line of the boot has. Lines of one record stay in the order of their file, whatever the clocks show.
    """
    began_s: dict[str, float] = {}
    for entry, _ in found:
        if entry.boot and entry.mono_s is not None:
            offset_s = _seconds(entry.time) - entry.mono_s
            began_s[entry.boot] = min(began_s.get(entry.boot, offset_s), offset_s)

    latest_s: dict[T, float] = {}
    placed: list[tuple[float, tuple[Entry, T]]] = []
    for entry, record in found:
        known = entry.boot in began_s and entry.mono_s is not None
        at_s = began_s[entry.boot] + (entry.mono_s or 0.0) if known else _seconds(entry.time)
        latest_s[record] = max(at_s, latest_s.get(record, at_s))
        placed.append((latest_s[record], (entry, record)))
    return [pair for _, pair in sorted(placed, key=itemgetter(0))]


def _day_s(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _seconds(text: str) -> float:
    try:
        return _day_s(text)
    except ValueError:
        return 0.0
