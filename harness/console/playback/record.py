"""The journal of a run as the page asks for it: groups of events, verdicts, series."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.harness.console.frames import line
from twinfeed.harness.console.history import Point, thinned
from twinfeed.harness.journal import Journal, Trace
from twinfeed.harness.properties import Verdict, distances

JsonObject = dict[str, Any]

GROUPS: Final = {
    "faults": re.compile("^(fault|never began|phase down)|tripped"),
    "alarms": re.compile("^alarm"),
    "transfers": re.compile("transfer|battery$|^source |^started|^on load"),
    "commands": re.compile("^(command|deed|write)"),
}
"""Group of the timeline -> its events."""

SHOWN = 400
"""About so many points of a robustness are sent."""


def timeline(journal: Journal, verdicts: Iterable[Verdict]) -> JsonObject:
    """The whole of a run: its time, its events in groups, the verdicts with their robustness, the gaps."""
    trace = journal.trace
    times = [event.t for event in journal]
    from_s = min([0.0 if trace.start_s is None else trace.start_s, *times[:1]])
    end_s = max([0.0 if trace.end_s is None else trace.end_s, *times[-1:]])
    return {
        "from_s": from_s,
        "duration_s": end_s,
        **{name: [line(event) for event in journal if of.search(event.what)] for name, of in GROUPS.items()},
        "verdicts": [_judged(verdict, trace) for verdict in verdicts],
        "gaps": [
            {"quantity": gap.quantity, "start_s": gap.start_s, "end_s": gap.end_s, "why": gap.why}
            for name in trace
            for gap in trace.gaps(name)
        ],
    }


def _judged(verdict: Verdict, trace: Trace) -> JsonObject:
    """A verdict with the distance of its expression from changing, negative while it does not hold.

    It is 1 or -1 where only states are compared.
    """
    points = distances(trace, verdict.about)
    values = [d if d is None or math.isfinite(d) else math.copysign(1.0, d) for _, d in points]
    return {
        "property": str(verdict.about),
        "verdict": verdict.word,
        "robustness": thinned([t for t, _ in points], values, SHOWN),
    }


def series(trace: Trace, names: Iterable[str], from_s: float, to_s: float, points: int) -> dict[str, list[Point]]:
    """The values of quantities between two times, s, thinned out to about `points`; None in a gap.

    Raises:
        UnknownQuantity: it was not recorded.
    """
    found: dict[str, list[Point]] = {}
    for name in names:
        (of,) = trace.names(name)[:1]
        course = [(t, value) for t, value in _course(trace, of) if from_s <= t <= to_s]
        found[name] = thinned([t for t, _ in course], [value for _, value in course], points)
    return found


def _course(trace: Trace, name: str) -> Iterator[Point]:
    """The corners of its course: what does not move between two points stays until the later one."""
    points = trace[name]
    for (t, value), (until_s, then) in pairwise([*points, (max(trace.end_s or 0.0, points[-1][0]), points[-1][1])]):
        number = _number(value)
        yield t, number
        if until_s > t and not (type(value) is float and type(then) is float):
            yield until_s, number
    if type(points[-1][1]) is float:
        yield trace.end_s or 0.0, _number(points[-1][1])


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (bool, int, float)) and math.isfinite(value) else None


def lines(events: list[Event], after: int, most: int) -> JsonObject:
    """The lines of a journal after that number, and the number of the last one."""
    chosen = events[after : after + most]
    return {"seq": after + len(chosen), "events": [line(event) for event in chosen]}
