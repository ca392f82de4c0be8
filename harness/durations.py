"""Times as people write them: `90`, `90 s`, `15min`, `2 h`."""

from __future__ import annotations

import re
from math import inf, isfinite, isnan, nan

from twinfeed._phrases import Phrase
from twinfeed.emulators.plant.kernel.injection import LASTING
from twinfeed.emulators.plant.kernel.ratings import shown

UNITS_S = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""Seconds in each unit."""

LONGEST_S = LASTING.high
"""The longest time anywhere, s: ten years. A clock beyond it would no longer resolve a millisecond."""

_FORM = re.compile(r"\s*(\d+(?:\.\d*)?)\s*([a-z]*)\s*")


def seconds(text: str | float) -> float:
    """A time in s, at most `LONGEST_S` of it.

    Raises:
        ValueError: not a time (NaN, yes/no, a list …), or too long a one; the message shows the form.
    """
    if isinstance(text, str):
        match = _FORM.fullmatch(text)
        number = float(match[1]) * UNITS_S[match[2] or "s"] if match and (match[2] or "s") in UNITS_S else nan
    elif isinstance(text, bool) or not isinstance(text, (int, float)):
        number = nan
    else:
        number = inf if abs(text) > LONGEST_S else float(text)
    if isnan(number):
        raise ValueError(Phrase("found {text}, expected a time such as 90, 30s, 15min or 2h", text=shown(text)))
    if abs(number) > LONGEST_S:
        raise ValueError(
            Phrase(
                "found {text}, expected a time of ten years at most, {longest_s:.0f} s",
                text=shown(text),
                longest_s=LONGEST_S,
            )
        )
    return number


def spoken(seconds: float) -> str:
    """A time as h:mm:ss, rounded to whole seconds, for tables: 59.9996 s is 0:01:00."""
    if not isfinite(seconds):
        return "never" if seconds > 0.0 else str(seconds)
    whole = round(seconds)
    if whole < 0:
        return f"-{spoken(-seconds)}"
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
