"""The time resolution that standards ask for, and whether a method has it."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Shortfall:
    """A standard that is cited for a time, and a method that does not resolve such times."""

    standard: str
    needs_s: float
    """The resolution that it takes, s."""
    has_s: float
    """The longest event that may go unseen, or the uncertainty of the time, s."""


_BODIES = r"(?:IEC|EN|ISO|IEEE|NFPA|UL|SEMI|ITIC?|CBEMA|ANSI|NEMA|BS|DIN|NF)"
_CITED = re.compile(rf"\b{_BODIES}\b[\w/ ()-]*?\d[\w.:-]*|\b(?:ITIC?|CBEMA)\b")

_RESOLUTIONS = (
    # IEC 62040-3:2021 classifies the output by the voltage's deviation over 0.1 ms and longer; IEC 62310-3 the same for
    # static transfer systems.
    (re.compile(r"\b62040-3\b"), 0.1e-3),
    (re.compile(r"\b62310-3\b"), 0.1e-3),
    # Curves of what IT equipment tolerates: 20 ms without voltage, steps of 1 ms below (ITI (CBEMA) curve, 2000).
    (re.compile(r"\b(?:ITIC?|CBEMA)\b"), 1e-3),
    # r.m.s. values of half a cycle, 10 ms at 50 Hz (IEC 61000-4-30:2015, 5.4; tests with dips: 61000-4-11, -4-34).
    (re.compile(r"\b61000-4-(?:11|30|34)\b"), 10e-3),
    (re.compile(r"\bF47\b"), 10e-3),
)

SHARE = 0.1
"""Of any other standard: a time is resolved to a tenth of its limit. Engineering judgement."""


def cited(source: str) -> str:
    """The standard that a text names, empty if it names none."""
    found = _CITED.search(source)
    return "" if found is None else found.group().strip(" ,;(")


def shortfall(source: str, limit_s: float | None, has_s: float) -> Shortfall | None:
    """The shortfall of a time, known to `has_s`, from the standard that its limit comes from; None if there is none.

    `source` is what the test cites; a text that names no standard asks for nothing.
    """
    standard = cited(source)
    if not standard:
        return None
    needs_s = next((needs for pattern, needs in _RESOLUTIONS if pattern.search(source)), None)
    if needs_s is None:
        if limit_s is None:
            return None
        needs_s = SHARE * limit_s
    return Shortfall(standard, needs_s, has_s) if has_s > needs_s else None
