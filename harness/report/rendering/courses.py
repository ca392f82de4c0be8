"""The course of each watched quantity around each action of a test, as SVG that stands in a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.harness.journal import Journal, Point
from twinfeed.harness.language import N_
from twinfeed.harness.report.rendering.wording import Wording
from twinfeed.harness.unknown import Unknown

ACTIONS = {
    "fault": N_("Cause {kind} of {who}"),
    "fault cleared": N_("End {kind} of {who}"),
    "command": N_("Write {point} of {who}"),
    "deed": N_("Have a person do {deed} at {who}"),
}
"""The actions of a test on a site, as its journal calls them, and as people read them."""

AROUND_S = 5.0
"""So long before and after an action is drawn, s; actions that are closer share a picture."""

MOST_DOTS = 60
"""Readings of a quantity that have a dot each: between two dots nothing was read, and the line is a guess."""

MOST_PICTURES = 8
"""Of one test; what else was done is in the journal that is kept."""

WIDTH, LEFT, RIGHT, ROW, TOP, BOTTOM = 660, 190, 14, 34, 30, 30
"""Of the drawing, px."""
_LINE, _ACTION, _AXIS, _UNKNOWN = "#1f5fa8", "#c4161c", "#888888", "#e0e0e0"


_Across = Callable[[float], float]


@dataclass(frozen=True)
class Window:
    """A stretch of a test with the actions in it, s of the site's clock."""

    start_s: float
    end_s: float
    actions: tuple[Event, ...]


def windows(journal: Journal) -> list[Window]:
    """The stretches around the actions of a journal, in order of time; overlapping ones are one."""
    start_s, end_s = journal.trace.start_s or 0.0, journal.trace.end_s or 0.0
    found: list[Window] = []
    for action in (event for event in journal.events if event.what in ACTIONS):
        began_s, ended_s = max(start_s, action.t - AROUND_S), min(end_s, action.t + AROUND_S)
        if found and began_s <= found[-1].end_s:
            found[-1] = Window(found[-1].start_s, max(ended_s, found[-1].end_s), (*found[-1].actions, action))
        elif ended_s > began_s:
            found.append(Window(began_s, ended_s, (action,)))
    return found


def course(journal: Journal, names: Sequence[str], window: Window, wording: Wording) -> str:
    """A row for each quantity over the time of a window; what is not known is grey."""
    height = TOP + ROW * len(names) + BOTTOM
    span_s = window.end_s - window.start_s

    def across(t_s: float) -> float:
        return round(LEFT + (t_s - window.start_s) / span_s * (WIDTH - LEFT - RIGHT), 1)

    parts = [
        f'<svg class="figure" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(_title(window, wording))}" '
        f'xmlns="http://www.w3.org/2000/svg" font-size="10" fill="#444444">'
    ]
    for n, name in enumerate(names):
        top = TOP + ROW * n
        parts.append(f'<path d="M{LEFT} {top + ROW}H{WIDTH - RIGHT}" stroke="#d5d9de" stroke-width="0.6"/>')
        parts.append(f'<text x="4" y="{top + ROW / 2 + 3}" font-size="9">{escape(_short(name))}</text>')
        parts += _row(_inside(journal.trace[name], window), top, across, window, wording)
    bottom = TOP + ROW * len(names)
    for n, action in enumerate(window.actions):
        x = across(action.t)
        anchor = "end" if x > WIDTH - 150 else "start"
        label = in_words(action, wording)
        parts.append(f'<path d="M{x} {TOP - 4}V{bottom}" stroke="{_ACTION}" stroke-dasharray="4 3"/>')
        parts.append(
            f'<text x="{x}" y="{TOP - 8 - 10 * (n % 2)}" text-anchor="{anchor}" fill="{_ACTION}" font-size="9">'
            f"{escape(label)}</text>"
        )
    parts.append(f'<path d="M{LEFT} {TOP}V{bottom}H{WIDTH - RIGHT}" fill="none" stroke="{_AXIS}"/>')
    for t_s, anchor in ((window.start_s, "start"), (window.end_s, "end")):
        time = escape(wording.quantity(round(t_s, 3), "s"))
        parts.append(f'<text x="{across(t_s)}" y="{bottom + 14}" text-anchor="{anchor}">{time}</text>')
    return "".join([*parts, "</svg>"])


def in_words(action: Event, wording: Wording) -> str:
    """An action of a test, as an instruction."""
    names = {name: str(action.data.get(name, "")) for name in ("kind", "point", "deed")}
    return wording.say(ACTIONS[action.what]).format(who=action.who, **names)


def _title(window: Window, wording: Wording) -> str:
    return "; ".join(f"{action.t:g} s: {in_words(action, wording)}" for action in window.actions)


def _short(name: str, most: int = 36) -> str:
    return name if len(name) <= most else f"…{name[1 - most :]}"


def _inside(points: Sequence[Point], window: Window) -> list[Point]:
    """The points of a window, with the value that it begins with; a number moves on a straight line between points."""
    before = [point for point in points if point[0] <= window.start_s]
    kept = [point for point in points if window.start_s < point[0] <= window.end_s]
    after = next((point for point in points if point[0] > window.end_s), None)
    if before:
        kept.insert(0, (window.start_s, _between(before[-1], next(iter(kept), after), window.start_s)))
    if kept and after is not None:
        kept.append((window.end_s, _between(kept[-1], after, window.end_s)))
    elif kept:
        kept.append((window.end_s, kept[-1][1]))
    return kept


def _between(first: Point, then: Point | None, t_s: float) -> Value | Unknown:
    (t0, before), (t1, after) = first, then or first
    if type(before) is not float or type(after) is not float or t1 <= t0:
        return before
    return before + (after - before) * min(1.0, max(0.0, (t_s - t0) / (t1 - t0)))


def _row(points: Sequence[Point], top: float, across: _Across, window: Window, wording: Wording) -> list[str]:
    parts: list[str] = []
    for (t0, value), (t1, _) in zip(points, [*points[1:], (window.end_s, None)], strict=True):
        if isinstance(value, Unknown) and t1 > t0:
            width = round(across(t1) - across(t0), 1)
            parts.append(
                f'<rect class="unknown" x="{across(t0)}" y="{top + 3}" width="{width}" height="{ROW - 6}" '
                f'fill="{_UNKNOWN}"/>'
            )
    numbers = [value for _, value in points if type(value) is float]
    low, high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
    words = list(dict.fromkeys(value for _, value in points if isinstance(value, str)))

    def down(value: Value) -> float:
        if isinstance(value, bool):
            share = 1.0 if value else 0.0
        elif isinstance(value, str):
            share = (words.index(value) + 1) / (len(words) + 1)
        else:
            share = 0.5 if high == low else (float(value) - low) / (high - low)
        return round(top + ROW - 6 - share * (ROW - 12), 1)

    line: list[str] = []
    for (t0, value), (t1, then) in zip(points, [*points[1:], (window.end_s, None)], strict=True):
        if isinstance(value, Unknown):
            line.append("")
            continue
        line.append(f"{across(t0)},{down(value)}")
        if type(value) is not float or isinstance(then, Unknown) or then is None:
            line.append(f"{across(t1)},{down(value)}")
    for stretch in " ".join(part or "|" for part in line).split("|"):
        if stretch.strip():
            parts.append(f'<polyline points="{stretch.strip()}" fill="none" stroke="{_LINE}" stroke-width="1.4"/>')
    parts += [
        f'<circle cx="{across(t_s)}" cy="{down(value)}" r="1.6" fill="{_LINE}"/>'
        for t_s, value in points
        if len(points) <= MOST_DOTS and window.start_s < t_s < window.end_s and type(value) is float
    ]
    shown = [(low, down(low)), (high, down(high))] if numbers else []
    if numbers and low == high:
        shown = shown[:1]
    for value, y in shown:
        text = escape(wording.number(value))
        parts.append(f'<text x="{LEFT - 4}" y="{y + 3}" text-anchor="end" font-size="8">{text}</text>')
    for n, (t0, value) in enumerate(points):
        if isinstance(value, str) and (n == 0 or points[n - 1][1] != value):
            parts.append(f'<text x="{across(t0) + 2}" y="{down(value) - 2}" font-size="8">{escape(value)}</text>')
    if not numbers and not words:
        for value, word in ((True, wording.value(True)), (False, wording.value(False))):
            y = down(value) + 3
            parts.append(f'<text x="{LEFT - 4}" y="{y}" text-anchor="end" font-size="8">{escape(word)}</text>')
    return parts
