"""Times read off a journal: when something became true, and how long after something else.

Over a gap in the record a time is not known exactly: it lies between two bounds, and the gaps give the reason.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from twinfeed.harness.journal import Journal
from twinfeed.harness.properties import Stretch, always, course, patterns
from twinfeed.harness.uncertainty import Samples
from twinfeed.harness.unknown import Gap


class NotSeen(Exception):
    """The journal lacks what was to be timed. The message names it.

    `gaps` is where it may have happened unseen.
    """

    def __init__(self, what: str, gaps: Sequence[Gap] = ()) -> None:
        super().__init__(what)
        self.gaps = tuple(gaps)


@dataclass(frozen=True)
class Timed:
    """A time, s: exact if both bounds are the same."""

    low_s: float
    high_s: float
    gaps: tuple[Gap, ...] = ()
    """Gaps in the stretch of the journal that was evaluated."""
    blur_s: float = 0.0
    """The error of the bounds because the quantities were polled: their periods and round trips, s."""
    seen: bool = True
    """True if the timed event is known to have happened: otherwise its time cannot be within its limits."""


@dataclass(frozen=True)
class _Change:
    """An expression became true at some time between these, s; or, if that is not certain, may have."""

    earliest_s: float
    latest_s: float
    certain: bool


def between(journal: Journal, start: str, end: str, since_s: float = 0.0, max_gap_s: float = 0.0) -> Timed:
    """From when `start` first became true, `since_s` or later on the site's clock, until `end` next did.

    Raises:
        NotSeen: one of them did not, or may not have.
        PropertySyntaxError, BindingError, UnknownQuantity: one of them is no expression of what was recorded.
    """
    begun = _first(journal, start, since_s, since_s, max_gap_s)
    over = _first(journal, end, begun.low_s, begun.high_s, max_gap_s)
    gaps = _in_time((*begun.gaps, *over.gaps), since_s, over.high_s)
    blur_s = max(_blur_s(journal, start, begun.low_s, begun.high_s), _blur_s(journal, end, over.low_s, over.high_s))
    return Timed(max(0.0, over.low_s - begun.high_s), over.high_s - begun.low_s, gaps, blur_s)


def longest_interruption(journal: Journal, supplied: str, when: str = "", max_gap_s: float = 0.0) -> Timed:
    """The longest time for which it was gone; 0 only if `when` became true, so that something was to be noticed.

    Raises:
        NotSeen: it was gone from the beginning, or has not come back, the last time; `when` did not become true; or
            there is no `when`, and it was never gone.
        PropertySyntaxError, BindingError, UnknownQuantity: it is no expression of what was recorded.
    """
    if when:
        _first(journal, when, 0.0, 0.0, max_gap_s)
    stretches, gaps = course(journal, supplied, max_gap_s)
    if stretches and stretches[0].holds is False:
        raise NotSeen(f"{supplied} was not true when the record begins: how long before is not known", gaps)
    if stretches and stretches[-1].holds is False:
        raise NotSeen(f"{supplied} did not become true after {stretches[-1].start_s:.3f} s of the site's clock", gaps)
    gone = [stretch for stretch in stretches if stretch.holds is False]
    longest_s = max((stretch.end_s - stretch.start_s for stretch in gone), default=0.0)
    blur_s = max((samples.blind_s for samples in _samples(journal, supplied)), default=0.0) - longest_s
    for stretch in gone:
        began_s, ended_s = (_blur_s(journal, supplied, t, t) for t in (stretch.start_s, stretch.end_s))
        lasted_s = stretch.end_s - stretch.start_s
        blur_s = max(blur_s, lasted_s + began_s - longest_s, ended_s if lasted_s == longest_s else 0.0)
    most_s = max(longest_s, _longest_possible(stretches))
    if not when and most_s == 0.0:
        raise NotSeen(
            f"vacuous: {supplied} never became false, so that no transfer was seen; say what becomes true when the "
            "load is transferred, as in when='ups-1.on_battery'"
        )
    return Timed(longest_s, most_s, gaps, max(0.0, blur_s), seen=bool(when) or longest_s > 0.0)


def quantities_of(journal: Journal, *expressions: str) -> list[str]:
    """The recorded quantities that expressions are about.

    Raises:
        UnknownQuantity, PropertySyntaxError: one of them is no expression of what was recorded.
    """
    named = patterns([always(expression) for expression in expressions])
    return list(dict.fromkeys(name for pattern in named for name in journal.trace.names(pattern)))


def _samples(journal: Journal, expression: str) -> list[Samples]:
    samples = journal.trace.samples
    return [samples[name] for name in quantities_of(journal, expression) if name in samples]


def _blur_s(journal: Journal, expression: str, low_s: float, high_s: float) -> float:
    """The distance from these times at which the expression can really have changed, since it was polled, s."""
    polled = _samples(journal, expression)
    return max((samples.blur_s(t) for samples in polled for t in (low_s, high_s)), default=0.0)


def _longest_possible(stretches: Sequence[Stretch]) -> float:
    """The longest time for which it may have been gone, infinite if it may still be."""
    longest, began_s = 0.0, math.nan
    for stretch in stretches:
        if stretch.holds:
            began_s = math.nan
        else:
            began_s = stretch.start_s if math.isnan(began_s) else began_s
            longest = max(longest, stretch.end_s - began_s)
    return longest if not stretches or stretches[-1].holds else math.inf


def runtime(journal: Journal, ups: str, specified_s: float, max_gap_s: float = 0.0) -> Timed:
    """The time that the battery carried the load, the first time it had to.

    Until the output was gone; if the supply came back or the record ends first, until then, once that is long enough.

    Raises:
        NotSeen: it never had to, or not for as long as is specified, or that is not known.
    """
    end_s = journal.trace.end_s or 0.0
    begun = _first(journal, f"{ups}.on_battery", 0.0, 0.0, max_gap_s)
    relieved = f"not {ups}.on_battery or not {ups}.live"
    try:
        over = _first(journal, relieved, math.nextafter(begun.low_s, math.inf), begun.high_s, max_gap_s)
    except NotSeen as error:
        if error.gaps:
            raise
        over = Timed(end_s, end_s)
    stretches, gaps = course(journal, f"{ups}.live", max_gap_s)
    live = next((s.holds for s in reversed(stretches) if s.start_s <= over.high_s), None)
    gaps = _in_time((*begun.gaps, *over.gaps, *gaps), begun.low_s, over.high_s)
    if live is None:
        raise NotSeen(f"whether {ups} was empty at {over.high_s:.3f} s is not known", gaps)
    on_battery, live_ = f"{ups}.on_battery", f"{ups}.live"
    blur_s = max(
        _blur_s(journal, on_battery, begun.low_s, begun.high_s),
        _blur_s(journal, on_battery, over.low_s, over.high_s),
        _blur_s(journal, live_, over.low_s, over.high_s),
    )
    timed = Timed(max(0.0, over.low_s - begun.high_s), over.high_s - begun.low_s, gaps, blur_s)
    if live and timed.high_s < specified_s:
        lasted = f"{ups} was on battery for {timed.high_s:.0f} s only"
        raise NotSeen(f"{lasted}, less than specified, and was not empty then")
    return timed


def _first(journal: Journal, expression: str, low_s: float, high_s: float, max_gap_s: float) -> Timed:
    """When it first became true after a time that lies between `low_s` and `high_s`.

    Raises:
        NotSeen: it did not, or that is not certain.
    """
    stretches, gaps = course(journal, expression, max_gap_s)
    earliest = math.inf
    for change in _changes(stretches):
        if change.latest_s >= low_s:
            earliest = min(earliest, max(change.earliest_s, low_s))
            if change.certain and change.earliest_s >= high_s:
                return Timed(earliest, change.latest_s, gaps)
    missing = f"{expression} did not become true after {low_s:.3f} s of the site's clock"
    if earliest < math.inf:
        raise NotSeen(f"{missing}, as far as is known", _in_time(gaps, low_s, math.inf))
    raise NotSeen(missing)


def _changes(stretches: Sequence[Stretch]) -> list[_Change]:
    found: list[_Change] = []
    known: bool | None = None
    """The last known value."""
    for before, stretch, after in zip((None, *stretches), stretches, (*stretches[1:], None), strict=False):
        if stretch.holds is None:
            certain = known is False and after is not None and after.holds is True
            found.append(_Change(stretch.start_s, stretch.end_s, certain))
            continue
        if stretch.holds and before is not None and before.holds is False:
            found.append(_Change(stretch.start_s, stretch.start_s, True))
        known = stretch.holds
    return found


def _in_time(gaps: Sequence[Gap], start_s: float, end_s: float) -> tuple[Gap, ...]:
    """The gaps that overlap that time, each once, in order."""
    found = dict.fromkeys(gap for gap in gaps if gap.end_s > start_s and gap.start_s < end_s)
    return tuple(sorted(found, key=lambda gap: gap.start_s))
