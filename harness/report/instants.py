"""Times read off a journal: when something became true, and how long after something else."""

from __future__ import annotations

from harness.journal import Journal
from harness.properties import evaluate, never, rises


class NotSeen(Exception):
    """The journal does not have what was to be timed; the message says what is missing."""


def instants(journal: Journal, expression: str) -> list[float]:
    """When an expression became true, s of the site's clock; crossings between samples are found on the straight line.

    Raises:
        PropertySyntaxError, BindingError, UnknownQuantity: it is no expression of what was recorded.
    """
    (verdict,) = evaluate(journal, never(rises(expression)))
    return [violation.t_s for violation in verdict.violations]


def between(journal: Journal, start: str, end: str, since_s: float = 0.0) -> float:
    """From when `start` first became true, `since_s` or later on the site's clock, until `end` next did, s.

    Raises:
        NotSeen: one of them did not.
    """
    begun = _next(journal, start, since_s)
    return _next(journal, end, begun) - begun


def interruptions(journal: Journal, quantity: str) -> list[float]:
    """How long it was gone each time it went, s.

    Raises:
        NotSeen: it has not come back, the last time.
    """
    back = instants(journal, quantity)
    return [_first(back, gone, quantity) - gone for gone in instants(journal, f"not ({quantity})")]


def runtime(journal: Journal, ups: str, specified_s: float) -> float:
    """How long the battery carried the load, the first time it had to, s.

    Until the output was gone; if the supply came back or the record ends first, until then, once that is long enough.

    Raises:
        NotSeen: it never had to, or not for as long as is specified.
    """
    begun = _next(journal, f"{ups}.on_battery", 0.0)
    over = [t for t in instants(journal, f"not {ups}.on_battery or not {ups}.live") if t > begun]
    end = over[0] if over else journal.trace.end_s or begun
    if journal.trace.at(f"{ups}.live", end) and end - begun < specified_s:
        raise NotSeen(f"{ups} was on battery for {end - begun:.0f} s only, less than specified, and was not empty then")
    return end - begun


def _next(journal: Journal, expression: str, since_s: float) -> float:
    return _first(instants(journal, expression), since_s, expression)


def _first(times: list[float], since_s: float, expression: str) -> float:
    for t in times:
        if t >= since_s:
            return t
    raise NotSeen(f"{expression} did not become true after {since_s:.3f} s of the site's clock")
