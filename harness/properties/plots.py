"""The picture of a verdict: what the property is about, its limits, the faults, what happened, and where it broke.

matplotlib draws it, which is not needed for anything else: `pip install twinfeed[plot]`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.harness.journal import Journal, Point, Trace
from twinfeed.harness.properties import syntax
from twinfeed.harness.properties.verdicts import Verdict, clock, fault_spans, readable
from twinfeed.harness.unknown import Unknown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LINES = 8
"""Numbers drawn in one panel; those to blame come first."""
MOST_ROWS = 14
"""States drawn; those to blame come first."""
LEAST_VIEW_S = 20.0
"""Drawn before and after what led to a violation, s at least."""
MARKED = {"alarm": "#8a5a00", "transferred": "#1f5fa8", "command": "#6a3d9a"}
"""Events that are marked -> their colour."""

_UNKNOWN = "#b0b0b0"
_FAULT, _BROKEN, _LIMIT = "#d9a441", "#c4161c", "#444444"
_TRUE, _FALSE = "#9cc5a1", "#e3a19f"
_WORDS = ("#a6c8e4", "#f2d38b", "#cbb5dd", "#b8dcc8", "#f0b9a4", "#d5d5d5")
_LINES = ("#1f5fa8", "#2a7f3f", "#6a3d9a", "#b35900", "#00808a", "#7a4b2a", "#c2185b", "#555555")
_STYLE: dict[Any, Any] = {
    "font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#e6e6e6",
    "svg.hashsalt": "twinfeed", "svg.fonttype": "path", "axes.axisbelow": True, "legend.frameon": False,
}  # fmt: skip


class PlottingMissing(ImportError):
    """matplotlib is not installed."""


def plot(verdict: Verdict, journal: Journal, path: str | Path, title: str = "") -> None:
    """Draw it into a file; its ending chooses the format (svg, png, pdf). `title` replaces the verdict's own.

    Raises:
        PlottingMissing: matplotlib is not installed; the message gives the command that installs it.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PlottingMissing("plots need matplotlib: pip install 'twinfeed[plot]'") from error
    numbers, states = _sorted_out(verdict, journal.trace)
    heights = [2.4] * len(numbers) + ([0.35 + 0.24 * len(states)] if states else [])
    if not heights:
        heights = [0.6]
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(9.5, 1.5 + sum(heights)), layout="constrained")
        panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        start, end = journal.trace.start_s or 0.0, journal.trace.end_s or 0.0
        view = _view(verdict, journal, start, end)
        scale, unit = (60.0, "min") if view[1] - view[0] > 600.0 else (1.0, "s")
        for axes, (kind, names) in zip(panels, numbers, strict=False):
            _draw_numbers(axes, kind, names, journal.trace, scale)
            _draw_limits(axes, verdict, names)
        if states:
            _draw_states(panels[-1], states, journal.trace, view, scale)
        for n, axes in enumerate(panels):
            _draw_events(axes, journal, view, scale, first=n == 0)
            _draw_violations(axes, verdict, scale)
        panels[-1].set_xlim(view[0] / scale, view[1] / scale)
        whole = "" if view == (start, end) else f" (the record goes from {start / scale:g} to {end / scale:g} {unit})"
        panels[-1].set_xlabel(f"time of the site's clock, {unit}{whole}")
        figure.suptitle(title or _title(verdict), x=0.01, ha="left", fontsize=10, fontweight="bold", wrap=True)
        _draw_key(figure, journal, unknown=bool(verdict.gaps))
        figure.savefig(path, dpi=130, metadata={"Date": None} if str(path).endswith(".svg") else None)


def _view(verdict: Verdict, journal: Journal, start: float, end: float) -> tuple[float, float]:
    """From when to when it is drawn: what led to the first violation and what followed, or all."""
    if not verdict.violations:
        return start, max(end, start + 1e-3)
    broken = verdict.violations[0].t_s
    causes = [event.t for event, _ in fault_spans(journal.events, end) if event.t <= broken]
    took = max(broken - (max(causes) if causes else verdict.violations[0].started_s), LEAST_VIEW_S)
    return max(start, broken - 2.0 * took), max(min(end, broken + 4.0 * took), start + 1e-3)


def _title(verdict: Verdict) -> str:
    if not verdict.violations:
        margin = f", margin {verdict.margin:.4g}" if math.isfinite(verdict.margin) and verdict.holds else ""
        gap = f"\n{verdict.largest_gap}" if verdict.largest_gap else ""
        return f"{verdict.about}\n{verdict.word}{margin}{gap}"
    violation = verdict.violations[0]
    return f"{verdict.about}\nviolated at {clock(violation.t_s)} ({violation.t_s:.3f} s)"


def _sorted_out(verdict: Verdict, trace: Trace) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """Numbers by what they are (`inlet_c`), a panel each, and states; those to blame first."""
    blamed = [name for violation in verdict.violations for name in violation.values if name in trace]
    names = list(dict.fromkeys([*blamed, *(name for name in verdict.quantities if name in trace)]))
    panels: dict[str, list[str]] = {}
    states = []
    for name in names:
        if any(isinstance(value, (int, float)) and not isinstance(value, bool) for _, value in trace[name]):
            panels.setdefault(name.rpartition(".")[2], []).append(name)
        else:
            states.append(name)
    return [(kind, group[:MOST_LINES]) for kind, group in panels.items()], states[:MOST_ROWS]


def _draw_numbers(axes: Axes, kind: str, names: Sequence[str], trace: Trace, scale: float) -> None:
    for n, name in enumerate(names):
        points = list(_drawn(trace, name))
        moves = any(type(value) is float for _, value in trace[name])
        for gap in trace.gaps(name):
            _hatch(axes, gap.start_s / scale, gap.end_s / scale)
        axes.plot(
            [t / scale for t, _ in points],
            [value for _, value in points],
            drawstyle="default" if moves else "steps-post",
            color=_LINES[n % len(_LINES)],
            linewidth=max(1.2, 2.6 - 0.5 * n),  # one that lies on another is still seen
            label=name,
        )
    axes.set_ylabel(kind)
    axes.margins(y=0.15)
    axes.legend(loc="best", fontsize=8)


def _drawn(trace: Trace, name: str) -> Iterator[tuple[float, float]]:
    """The points of a line; nan, which breaks it, over gaps."""
    before: float = math.nan
    for t, value in [*trace[name], (trace.end_s or 0.0, trace[name][-1][1])]:
        known = math.nan if isinstance(value, Unknown | str | bytes) else float(value)
        if math.isnan(known):
            yield t, before  # it is known until then
        yield t, known
        before = known


def _hatch(axes: Axes, start: float, end: float, low: float = 0.0, high: float = 1.0) -> None:
    """Nothing is known there; low and high are parts of the panel's height."""
    axes.axvspan(start, end, low, high, facecolor="none", edgecolor=_UNKNOWN, hatch="////", linewidth=0, zorder=0)


def _draw_limits(axes: Axes, verdict: Verdict, names: Sequence[str]) -> None:
    """A line at each number that one of these is compared with."""
    for text, limit in dict.fromkeys(_limits(verdict.about.expression)):
        if any(name.rpartition(".")[2] == text.rpartition(".")[2] for name in names):
            axes.axhline(limit, color=_LIMIT, linestyle="--", linewidth=1.0)
            axes.annotate(
                f"{limit:g}", (1.0, limit), xycoords=("axes fraction", "data"), xytext=(3, 0),
                textcoords="offset points", va="center", fontsize=8, color=_LIMIT, annotation_clip=False,
            )  # fmt: skip


def _limits(expression: syntax.Expression) -> Iterator[tuple[str, float]]:
    """(what is compared, with which number) of all comparisons of a quantity, or of the largest of several."""
    match expression:
        case syntax.Comparison(left=inner, right=syntax.Literal(float(limit))):
            yield from ((pattern, limit) for pattern in _plain_names(inner))
        case syntax.Comparison(left=syntax.Literal(float(limit)), right=inner):
            yield from ((pattern, limit) for pattern in _plain_names(inner))
        case _:
            for child in syntax.children(expression):
                yield from _limits(child)


def _plain_names(expression: syntax.Expression) -> list[str]:
    match expression:
        case syntax.Name(pattern):
            return [pattern]
        case syntax.Call("max" | "min", arguments):
            return [pattern for argument in arguments for pattern in _plain_names(argument)]
    return []


def _draw_states(axes: Axes, names: Sequence[str], trace: Trace, view: tuple[float, float], scale: float) -> None:
    """A band for each: green while true, red while false, a colour for each word."""
    words: dict[Any, str] = {True: _TRUE, False: _FALSE}
    for row, name in enumerate(reversed(names)):
        for t, until, value in _stretches(trace[name], *view):
            if isinstance(value, Unknown):
                axes.broken_barh(
                    [(t / scale, (until - t) / scale)], (row - 0.36, 0.72), facecolors="none", edgecolor=_UNKNOWN,
                    hatch="////", linewidth=0,
                )  # fmt: skip
                continue
            colour = words.setdefault(value, _WORDS[(len(words) - 2) % len(_WORDS)])
            axes.broken_barh([(t / scale, (until - t) / scale)], (row - 0.36, 0.72), facecolors=colour, linewidth=0)
            if not isinstance(value, bool) and until - t > 0.08 * (view[1] - view[0]):
                axes.text((t + until) / 2 / scale, row, readable(value), ha="center", va="center", fontsize=7)
    axes.set_yticks(range(len(names)), list(reversed(names)), fontsize=8)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.grid(axis="y", visible=False)


def _stretches(points: Sequence[Point], start: float, end: float) -> Iterator[tuple[float, float, Value | Unknown]]:
    """(from, to, value) of what is seen between start and end."""
    for (t, value), (until, _) in zip(points, [*points[1:], (math.inf, None)], strict=True):
        if t < end and until > start:
            yield max(t, start), min(until, end), value


def _draw_events(axes: Axes, journal: Journal, view: tuple[float, float], scale: float, first: bool) -> None:
    start, end = view
    seen = [(event, until) for event, until in fault_spans(journal.events, end) if event.t <= end and until >= start]
    for event, until in seen:
        axes.axvspan(event.t / scale, until / scale, color=_FAULT, alpha=0.16, linewidth=0, zorder=0)
    if first:
        _name_faults(axes, [event for event, _ in seen], start, scale)
    for event in journal.events:
        if event.what in MARKED and start <= event.t <= end:
            axes.axvline(event.t / scale, ymax=0.04, color=MARKED[event.what], linewidth=1.0, alpha=0.8)


def _name_faults(axes: Axes, faults: Sequence[Event], start: float, scale: float) -> None:
    """The faults' names over the panel, those of one time together."""
    together: dict[float, list[str]] = {}
    for event in faults:
        together.setdefault(max(event.t, start), []).append(
            f"{event.who.removesuffix('/device')} {event.data.get('kind', '')}"
        )
    for t, names in together.items():
        axes.annotate(
            "\n".join(names[:3]) + (f"\nand {len(names) - 3} more" if len(names) > 3 else ""), (t / scale, 1.0),
            xycoords=("data", "axes fraction"), xytext=(2, 2), textcoords="offset points", va="bottom", fontsize=7.5,
            color="#7a5510", annotation_clip=True,
        )  # fmt: skip


def _draw_violations(axes: Axes, verdict: Verdict, scale: float) -> None:
    for n, violation in enumerate(verdict.violations):
        axes.axvline(
            violation.t_s / scale, color=_BROKEN, linewidth=1.6 if n == 0 else 0.8, alpha=1.0 if n == 0 else 0.5
        )


def _draw_key(figure: Any, journal: Journal, unknown: bool) -> None:
    """The meaning of the colours, in a line below."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    happened = {event.what for event in journal.events}
    key: list[Any] = [Line2D([], [], color=_BROKEN, linewidth=1.6, label="violated")]
    if "fault" in happened:
        key.append(Patch(color=_FAULT, alpha=0.3, label="fault"))
    if unknown:
        key.append(Patch(facecolor="none", edgecolor=_UNKNOWN, hatch="////", label="unknown"))
    key += [Line2D([], [], color=c, linewidth=1.0, label=what) for what, c in MARKED.items() if what in happened]
    figure.legend(handles=key, loc="outside lower right", ncols=len(key), fontsize=8)
