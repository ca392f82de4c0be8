"""Times as people write them: `90`, `90 s`, `15min`, `2 h`."""

from __future__ import annotations

import re
from math import isfinite

UNITS_S = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""Seconds in each unit."""

_FORM = re.compile(r"\s*(\d+(?:\.\d*)?)\s*([a-z]*)\s*")


def seconds(text: str | float) -> float:
    """A time in s.

    Raises:
        ValueError: not a time; the message shows the form.
    """
    if isinstance(text, (int, float)):
        return float(text)
    match = _FORM.fullmatch(text)
    if match is None or (match[2] or "s") not in UNITS_S:
        raise ValueError(f"found {text!r}, expected a time such as 90, 30s, 15min or 2h")
    return float(match[1]) * UNITS_S[match[2] or "s"]


def spoken(seconds: float) -> str:
    """A time as h:mm:ss, rounded to whole seconds, for tables: 59.9996 s is 0:01:00."""
    if not isfinite(seconds):
        return "never" if seconds > 0.0 else str(seconds)
    whole = round(seconds)
    if whole < 0:
        return f"-{spoken(-seconds)}"
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
