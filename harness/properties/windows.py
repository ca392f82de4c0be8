"""Changes of a number in the time before now.

    rate(x, 15 min)     (x now - x 15 min ago) / 15 min, in units of x an hour
    change(x, 15 min)   its largest value in the last 15 min minus its smallest, in units of x

Before the record begins, x is taken to have been what it was at the beginning. `change` of a counter is how often it
has counted: `change(ats-a.transfers, 1 min) <= 2`.

Where x was unknown in the window, its change is at least what was seen, and may be anything above; its rate is unknown
while x is, or was a window's length ago.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import islice

from twinfeed.harness.properties.signals import NEVER, Env, Number, crossing, number
from twinfeed.harness.unknown import ANYTHING, Bounds, Seen, is_open

HOUR_S = 3600.0


class Window:
    """The course of one number as far back as the window reaches, and what is derived from it."""

    def __init__(self, key: str, function: str, inner: Number, window_s: float) -> None:
        """`key` is the name under which the derived number is found among the quantities."""
        self.key, self.function, self.inner, self.window_s = key, function, inner, window_s
        self._course: deque[tuple[float, float, float, float]] = deque()
        """Straight pieces (t0, value, t1, value), the oldest first; the first reaches back to the window's edge."""
        self._highs = _Extremes(1.0)
        self._lows = _Extremes(-1.0)
        self._edge_counts = False
        """True if the value at the far edge of the window is an extreme."""
        self._unknown_until = -math.inf
        """The end of the last stretch over which it was unknown, s."""

    def ends(self, a: Env, b: Env) -> tuple[float, float]:
        """The number on a piece of time, nan where it is not known exactly.

        Raises:
            WrongKind: it is none.
        """
        v0, v1 = self.inner.ends(a, b)
        if type(v0) is float and type(v1) is float:  # nearly always, and quick to see
            return v0, v1
        return (math.nan, math.nan) if is_open(v0) else (number(v0, self.key), number(v1, self.key))

    def feed(self, t0: float, v0: float, t1: float, v1: float) -> None:
        """It has gone straight from v0 to v1, or was unknown: nan."""
        course = self._course
        if math.isnan(v0):
            self._unknown_until = t1
        elif self.function == "change":
            for extremes in (self._highs, self._lows):
                extremes.add(t0, _LEAVING, v0)
                extremes.add(t1, _ARRIVING, v1)
        if course and v0 == v1 and course[-1][1] == course[-1][3] == v0:
            t0 = course.pop()[0]
        course.append((t0, v0, t1, v1))
        edge = t1 - self.window_s
        while course[0][2] < edge:
            course.popleft()

    @property
    def begins_at_an_edge(self) -> bool:
        """True if the number changed just where the window now begins: the derived number may jump."""
        _, _, latest, _ = self._course[-1]
        return self._course[0][2] <= latest - self.window_s

    def next_break(self, t: float, moving: bool) -> float:
        """When after `t` something that happened leaves the window, and the derived number may bend or jump.

        `moving` is whether the number itself moves from `t` on: if not, its present value is not left behind.
        """
        if self.function == "change" and not self._edge_counts and self._unknown_until + self.window_s <= t:
            leaves = min(self._highs.oldest(moving), self._lows.oldest(moving)) + self.window_s
            if leaves > t:
                return leaves
        last = len(self._course) - (0 if moving else 1)
        for _, _, t1, _ in islice(self._course, last):
            if t1 + self.window_s > t:
                return t1 + self.window_s
        return math.inf

    def bend(self, t0: float, v0: float, t1: float, v1: float) -> float:
        """The part of the way from v0 to v1 at which the derived number bends because one extreme overtakes another."""
        if self.function == "rate" or math.isnan(v0):
            return NEVER
        begins0 = self._value_at(t0 - self.window_s, v0, _LEAVING)
        begins1 = self._value_at(t1 - self.window_s, v0, _ARRIVING)
        high = self._highs.since(t0 - self.window_s, _LEAVING, v0)
        low = self._lows.since(t0 - self.window_s, _LEAVING, v0)
        if low <= v0 <= high and low <= v1 <= high and low <= begins0 <= high and low <= begins1 <= high:
            return NEVER
        known = [] if math.isnan(begins0 + begins1) else [(begins0, begins1)]
        first = NEVER
        for sign, extreme in ((1.0, high), (-1.0, low)):
            lines = [(sign * w0, sign * w1) for w0, w1 in ((v0, v1), (extreme, extreme), *known)]
            (i0, i1), (j0, j1) = max(lines), max(lines, key=lambda ends: (ends[1], ends[0]))
            first = min(first, crossing(i0 - j0, i1 - j1))
        return first

    def arriving(self, t: float, value: float) -> Seen:
        """The derived number just before `t`, where the number itself is `value`."""
        return self._derived(t - self.window_s, value, _ARRIVING)

    def at(self, t: float, value: float) -> Seen:
        """The derived number from `t` on."""
        return self._derived(t - self.window_s, value, _LEAVING)

    def _derived(self, edge: float, value: float, side: int) -> Seen:
        begins = self._value_at(edge, value, side)
        if self.function == "rate":
            gained = value - begins
            return ANYTHING if math.isnan(gained) else gained / (self.window_s / HOUR_S)
        if not math.isnan(value + begins) and edge > self._unknown_until:
            high = max(value, self._highs.since(edge, side, value))
            low = min(value, self._lows.since(edge, side, value))
            self._edge_counts = begins > high or begins < low
            return max(high, begins) - min(low, begins)
        return self._partly_known(edge, value, side, begins)

    def _partly_known(self, edge: float, value: float, side: int, begins: float) -> Seen:
        """The change where the number is, or was in the window, unknown: at least what was seen."""
        seen = [self._highs.since(edge, side, value), self._lows.since(edge, side, value), value, begins]
        known = [v for v in seen if not math.isnan(v)]
        low, high = (min(known), max(known)) if known else (0.0, 0.0)
        since_edge = [v for v in seen[:3] if not math.isnan(v)]
        self._edge_counts = not since_edge or begins > max(since_edge) or begins < min(since_edge)
        if len(known) < len(seen) or edge < self._unknown_until or (edge == self._unknown_until and side == _ARRIVING):
            return Bounds(high - low, math.inf)
        return high - low

    def _value_at(self, t: float, otherwise: float, side: int) -> float:
        """Its value at that time; at a jump, with which it arrived or left."""
        for t0, v0, t1, v1 in self._course:
            if t < t1 or (t == t1 and side == _ARRIVING):
                return v0 if t <= t0 else v0 + (v1 - v0) * (t - t0) / (t1 - t0)
        return otherwise


_ARRIVING, _LEAVING = 0, 1
"""Which of the two values at a jump."""


class _Extremes:
    """The largest (sign +1) or smallest (-1) of what was added since some time that only grows."""

    def __init__(self, sign: float) -> None:
        self.sign = sign
        self._kept: deque[tuple[float, int, float]] = deque()
        """The values that are an extreme of all that came after them."""

    def add(self, t: float, side: int, value: float) -> None:
        kept, sign = self._kept, self.sign
        while kept and sign * kept[-1][2] <= sign * value:
            kept.pop()
        kept.append((t, side, value))

    def oldest(self, moving: bool) -> float:
        """When the present extreme was; infinite if there is none, or if that is now and lasts."""
        return self._kept[0][0] if len(self._kept) > (0 if moving else 1) else math.inf

    def since(self, t: float, side: int, otherwise: float) -> float:
        """From that side of `t` on; `otherwise` if nothing was added since."""
        kept = self._kept
        while kept and kept[0][:2] < (t, side):
            kept.popleft()
        return kept[0][2] if kept else otherwise
