"""What a number has done in the time before now.

    rate(x, 15 min)     (x now - x 15 min ago) / 15 min, in units of x an hour
    change(x, 15 min)   its largest value in the last 15 min minus its smallest, in units of x

Before the record begins, x is taken to have been what it was at the beginning. `change` of a counter is how often it
has counted: `change(ats-a.transfers, 1 min) <= 2`.
"""

from __future__ import annotations

import math
from collections import deque

from harness.properties.signals import Number

HOUR_S = 3600.0


class Window:
    """The course of one number as far back as the window reaches, and what is derived from it."""

    def __init__(self, key: str, function: str, inner: Number, window_s: float) -> None:
        """`key` is the name under which the derived number is found among the quantities."""
        self.key, self.function, self.inner, self.window_s = key, function, inner, window_s
        self._course: deque[tuple[float, float, float, float]] = deque()
        """Straight pieces (t0, value, t1, value), the oldest first; the first reaches back to the window's edge."""

    def feed(self, t0: float, v0: float, t1: float, v1: float) -> None:
        """It has gone straight from v0 to v1."""
        course = self._course
        if course and v0 == v1 and course[-1][1] == course[-1][3] == v0:
            t0 = course.pop()[0]
        course.append((t0, v0, t1, v1))
        edge = t1 - self.window_s
        while course[0][2] < edge:
            course.popleft()

    def next_break(self, t: float) -> float:
        """When after `t` something that happened leaves the window, and the derived number may bend or jump."""
        return next((t1 + self.window_s for _, _, t1, _ in self._course if t1 + self.window_s > t), math.inf)

    def arriving(self, t: float, value: float) -> float:
        """The derived number just before `t`, where the number itself is `value`."""
        return self._derived(t, value, closed=True)

    def at(self, t: float, value: float) -> float:
        """The derived number from `t` on."""
        return self._derived(t, value, closed=False)

    def _derived(self, t: float, value: float, closed: bool) -> float:
        edge = t - self.window_s
        if self.function == "rate":
            return (value - self._value_at(edge, value, closed)) / (self.window_s / HOUR_S)
        low = high = value
        for t0, v0, t1, v1 in self._course:
            if t1 < edge or (t1 == edge and not closed):
                continue
            begins = v0 if t0 >= edge else v0 + (v1 - v0) * (edge - t0) / (t1 - t0)
            low, high = min(low, begins, v1), max(high, begins, v1)
        return high - low

    def _value_at(self, t: float, otherwise: float, before: bool) -> float:
        """Its value at that time; at a jump that before or after it."""
        course = self._course
        if not course:
            return otherwise
        for t0, v0, t1, v1 in course:
            if t < t1 or (t == t1 and before):
                return v0 if t <= t0 else v0 + (v1 - v0) * (t - t0) / (t1 - t0)
        return course[-1][3] if t == course[-1][2] and before else otherwise
