"""The picture of a series with its limits, as SVG that stands in a page."""

from __future__ import annotations

from html import escape
from itertools import groupby

from twinfeed.harness.report.measurement import Measurement
from twinfeed.harness.report.rendering.wording import Wording

WIDTH, HEIGHT = 640, 200
"""Of the drawing, px."""
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 36
"""Room for the labels, px."""
_LINE, _LIMIT, _AXIS, _UNKNOWN = "#1f5fa8", "#c4161c", "#888888", "#e8e8e8"


def figure(measurement: Measurement, wording: Wording) -> str:
    """Value over the one dimension of a series of numbers; empty if it is no such series."""
    drawn = _numbers(measurement)
    points = [(x, y) for x, y in drawn if y is not None]
    if len(points) < 2:
        return ""
    (name, unit) = measurement.dimensions[0]
    limits = [v for v in (measurement.limits.at_least, measurement.limits.at_most) if v is not None]
    xs = [x for x, _ in drawn]
    ys = [y for _, y in points] + limits
    x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
    if x0 == x1:
        return ""
    margin = (y1 - y0) * 0.08 or 1.0
    y0, y1 = y0 - margin, y1 + margin

    def across(x: float) -> float:
        return round(LEFT + (x - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT), 1)

    def down(y: float) -> float:
        return round(TOP + (y1 - y) / (y1 - y0) * (HEIGHT - TOP - BOTTOM), 1)

    low, high = min(y for _, y in points), max(y for _, y in points)
    courses = [
        " ".join(f"{across(x)},{down(y)}" for x, y in stretch if y is not None)
        for missing, stretch in groupby(drawn, key=lambda point: point[1] is None)
        if not missing
    ]
    parts = [
        f'<svg class="figure" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(measurement.name)}" '
        f'xmlns="http://www.w3.org/2000/svg" font-size="11" fill="#444444">',
        f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="{_AXIS}"/>',
        *(
            f'<path d="M{LEFT} {down(v)}H{WIDTH - RIGHT}" stroke="{_LIMIT}" stroke-dasharray="6 4"/>'
            f'<text x="{WIDTH - RIGHT}" y="{down(v) - 4}" text-anchor="end" fill="{_LIMIT}">'
            f"{escape(wording.quantity(v, measurement.unit))}</text>"
            for v in limits
        ),
        *(
            f'<rect class="unknown" x="{across(start)}" y="{TOP}" width="{round(across(end) - across(start), 1)}" '
            f'height="{HEIGHT - TOP - BOTTOM}" fill="{_UNKNOWN}"/>'
            for start, end in _missing(drawn)
        ),
        *(f'<polyline points="{course}" fill="none" stroke="{_LINE}" stroke-width="1.6"/>' for course in courses),
        *(
            f'<text x="{LEFT - 6}" y="{down(v) + 4}" text-anchor="end">{escape(wording.number(v))}</text>'
            for v in dict.fromkeys((low, high))
        ),
        f'<text x="{LEFT}" y="{HEIGHT - BOTTOM + 14}">{escape(wording.number(x0))}</text>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - BOTTOM + 14}" text-anchor="end">{escape(wording.number(x1))}</text>',
        f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(f"{name} [{unit}]")}</text>',
        "</svg>",
    ]
    return "".join(parts)


def _numbers(measurement: Measurement) -> list[tuple[float, float | None]]:
    """Each point of a series over one dimension; None where there was no reading."""
    if len(measurement.dimensions) != 1:
        return []
    return [(x, y) for x, y in measurement.points if isinstance(x, float) and (y is None or isinstance(y, float))]


def _missing(drawn: list[tuple[float, float | None]]) -> list[tuple[float, float]]:
    """From the last reading before to the first after each stretch without one."""
    return [
        (drawn[max(n - 1, 0)][0], drawn[min(n + 1, len(drawn) - 1)][0]) for n, (_, y) in enumerate(drawn) if y is None
    ]
