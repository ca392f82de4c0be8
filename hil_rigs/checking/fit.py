"""The conditions for arming that need no request to a device.

`twinfeed rig check` shows it, and the supervisor refuses to arm while any of it is a problem: one function for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from twinfeed._phrases import Phrase
from twinfeed.hil_rigs.checking import papers
from twinfeed.hil_rigs.checking.findings import Finding, Level
from twinfeed.hil_rigs.rigfile import Rig

CLOCK_WITHIN_S = 86_400.0
"""A clock that is behind the rig file by more than this is wrong, s: files come from computers in other time zones."""


def fit_to_arm(rig: Rig, today: date | None = None, now: datetime | None = None) -> list[Finding]:
    """Persons who may arm, calibration of instruments, and the plausibility of this computer's clock."""
    now = datetime.now(UTC) if now is None else now
    return [*papers.looked_at(rig, now.astimezone().date() if today is None else today), *_clock(rig, now)]


def _clock(rig: Rig, now: datetime) -> Iterator[Finding]:
    """A clock whose battery is dead shows a time before files that it has."""
    for what, path in ((Phrase("the rig file"), rig.path), (Phrase("twinfeed itself"), Path(__file__))):
        then = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if (then - now).total_seconds() > CLOCK_WITHIN_S:
            since = f"{then:%Y-%m-%d %H:%M}"
            yield Finding(
                "",
                "clock",
                Level.PROBLEM,
                Phrase("this computer's clock shows {now} UTC", now=f"{now.astimezone(UTC):%Y-%m-%d %H:%M}"),
                Phrase("{then} UTC or later: {what} is of then", then=since, what=what),
                Phrase("set the clock, and replace its battery if it is wrong again after a restart"),
            )
            return
