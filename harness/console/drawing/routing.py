"""Wires in right angles between rows of boxes.

Between two rows lies a channel with as many tracks as wires run along it side by side. A wire that passes a row goes
through a gap between its boxes. All wires from one box to another share their tracks.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from twinfeed.harness.console.drawing.placing import Span

TRACK_PX = 4.0
"""Distance of two tracks, px."""

LEAST_CHANNEL_PX = 14.0
"""Height of a channel without any tracks, px."""

CLEAR_PX = 3.0
"""Distance of a passing wire from boxes and from other passing wires, px."""


class End(NamedTuple):
    """One end of a wire."""

    row: int
    x: float
    """The x at which it is joined to its box, px."""


class Line(NamedTuple):
    """A wire before its channels have their places. A point is x and the channel or row that gives its y."""

    bundle: tuple[str, str]
    source: End
    target: End
    passing: tuple[float, int, int] | None
    """x of the piece that passes rows, the channel in which it begins and the one in which it ends."""


@dataclass
class Router:
    """Finds ways between rows of boxes."""

    rows: Mapping[int, Sequence[Span]]
    """The boxes of each row: left and right edge, px."""
    _passing: dict[int, list[float]] = field(default_factory=dict)
    """The wires that pass each row, sorted."""
    _column: dict[tuple[str, str], float] = field(default_factory=dict)
    _along: dict[int, dict[tuple[str, str], Span]] = field(default_factory=dict)
    """The length that each bundle needs of each channel. Channel n is below row n."""

    def connect(self, bundle: tuple[str, str], source: End, target: End) -> Line:
        """Find the way of one wire; wires of one bundle go the same way."""
        first, last = source.row, max(source.row, target.row - 1)
        if last > first:
            x = self.column(bundle, first, target)
            self._use(first, bundle, source.x, x)
            self._use(last, bundle, x, target.x)
            return Line(bundle, source, target, (x, first, last))
        self._use(first, bundle, source.x, target.x)
        return Line(bundle, source, target, None)

    def column(self, bundle: tuple[str, str], source_row: int, target: End) -> float:
        """The x at which a bundle passes the rows between its ends, px; there must be such rows."""
        if bundle not in self._column:
            self._column[bundle] = self._free(range(source_row + 1, target.row), target.x)
        return self._column[bundle]

    def _use(self, channel: int, bundle: tuple[str, str], a: float, b: float) -> None:
        spans = self._along.setdefault(channel, {})
        before = spans.get(bundle, (a, a))
        spans[bundle] = min(a, b, before[0]), max(a, b, before[1])

    def _free(self, rows: range, wanted: float) -> float:
        """The x nearest to `wanted` that is free in all these rows, px."""
        boxes = [box for row in rows for box in self.rows.get(row, ())]
        candidates = {wanted}
        for left, right in boxes:
            candidates |= {left - CLEAR_PX, right + CLEAR_PX}
        others = sorted({x for row in rows for x in self._passing.get(row, ())})
        for x in others:
            candidates |= {x - CLEAR_PX, x + CLEAR_PX}
        for x in sorted(candidates, key=lambda x: (abs(x - wanted), x)):
            at = bisect_left(others, x - CLEAR_PX + 0.01)
            crowded = at < len(others) and others[at] < x + CLEAR_PX - 0.01
            if not crowded and not any(left - CLEAR_PX < x < right + CLEAR_PX for left, right in boxes):
                break
        for row in rows:
            insort(self._passing.setdefault(row, []), x)
        return x

    def tracks(self, channel: int) -> dict[tuple[str, str], int]:
        """The track of each bundle that runs along a channel; a bundle that only crosses it needs none."""
        ends: list[float] = []
        tracks: dict[tuple[str, str], int] = {}
        for bundle, (left, right) in sorted(self._along.get(channel, {}).items(), key=lambda item: (item[1], item[0])):
            if right - left < 0.5:
                continue
            track = next((n for n, end in enumerate(ends) if end + CLEAR_PX < left), len(ends))
            ends[track : track + 1] = [right]
            tracks[bundle] = track
        return tracks


@dataclass(frozen=True)
class Levels:
    """The y of rows and channels."""

    tops: Mapping[int, float]
    heights: Mapping[int, float]
    tracks: Mapping[int, Mapping[tuple[str, str], int]]

    def corners(self, line: Line, begins_y: float, ends_y: float) -> tuple[tuple[float, float], ...]:
        """The corners of a wire from the lower edge of one box to an edge of another, px."""
        pieces = [(line.source.x, begins_y)]
        if line.passing:
            x, first, last = line.passing
            upper, lower = self._track(first, line.bundle), self._track(last, line.bundle)
            pieces += [(line.source.x, upper), (x, upper), (x, lower), (line.target.x, lower)]
        else:
            y = self._track(line.source.row, line.bundle)
            pieces += [(line.source.x, y), (line.target.x, y)]
        pieces.append((line.target.x, ends_y))
        return _straightened(pieces)

    def _track(self, channel: int, bundle: tuple[str, str]) -> float:
        track = self.tracks.get(channel, {}).get(bundle, 0)
        return self.tops[channel] + self.heights[channel] + LEAST_CHANNEL_PX / 2 + TRACK_PX * track


def levels(heights: Mapping[int, float], router: Router, top: float) -> Levels:
    """The y of each row, with channels as high as their tracks need."""
    tops: dict[int, float] = {}
    tracks = {row: router.tracks(row) for row in heights}
    for row in sorted(heights):
        tops[row] = top
        top += heights[row] + LEAST_CHANNEL_PX + TRACK_PX * max(tracks[row].values(), default=0)
    return Levels(tops, heights, tracks)


def _straightened(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """The line without the points that are no corners."""
    kept: list[tuple[float, float]] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        if len(kept) >= 2 and (kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]):
            kept[-1] = point
            continue
        kept.append(point)
    return tuple(kept)
