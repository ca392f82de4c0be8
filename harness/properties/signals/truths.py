"""Signals that hold or not: states, comparisons, and what is combined of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from twinfeed.harness.properties.signals.numbers import Constant, Quantity
from twinfeed.harness.properties.signals.pieces import (
    NEVER,
    OPEN,
    Env,
    Number,
    Over,
    Truth,
    WrongKind,
    all_names,
    any_remembers,
    bounds,
    crossing,
    first_bend,
)
from twinfeed.harness.unknown import Seen, Unknown, is_open


class State:
    """A quantity that is true or false."""

    remembers = False

    def __init__(self, name: str) -> None:
        self.name, self.names = name, (name,)

    def over(self, a: Env, b: Env) -> Over:
        value = a[self.name]
        if value is True:
            return True, math.inf, math.inf
        if value is False:
            return False, -math.inf, -math.inf
        if type(value) is Unknown:
            return OPEN
        raise WrongKind(f"{self.name} is {value!r}, not true or false; compare it with something")

    def bend(self, a: Env, b: Env) -> float:
        return NEVER

    def blame(self, a: Env, b: Env, wanted: bool) -> list[str]:
        return [self.name] if self.over(a, b)[0] is not wanted else []


class Fixed:
    """A literal `true` or `false`."""

    names: tuple[str, ...] = ()
    remembers = False

    def __init__(self, value: bool) -> None:
        self.value = value

    def over(self, a: Env, b: Env) -> Over:
        distance = math.inf if self.value else -math.inf
        return self.value, distance, distance

    def bend(self, a: Env, b: Env) -> float:
        return NEVER

    def blame(self, a: Env, b: Env, wanted: bool) -> list[str]:
        return []


_Word = (str, bool, bytes)
_UPWARD = (">", ">=")
_Line = tuple[float, float]


class Compared:
    """`left op right`. With a hysteresis, what has become false is true again only that far on the good side."""

    def __init__(self, op: str, left: Number, right: Number, hysteresis: float = 0.0) -> None:
        self.op, self.left, self.right, self.hysteresis = op, left, right, hysteresis
        self.names = all_names((left, right))
        self.remembers = bool(hysteresis) or any_remembers((left, right))
        self._plain = isinstance(left, (Quantity, Constant)) and isinstance(right, (Quantity, Constant))
        """True if both sides are straight."""
        self._short: float | None = 0.0
        """The distance on the good side at which it is true; None where it is not known whether it has become false."""
        self._short_next: float | None = 0.0

    def over(self, a: Env, b: Env) -> Over:
        (l0, l1), (r0, r1) = self.left.ends(a, b), self.right.ends(a, b)
        if not (type(l0) is float and type(r0) is float):  # nearly always, and quick to see
            word = l0 if isinstance(l0, _Word) else r0 if isinstance(r0, _Word) else None
            if word is not None:
                return self._of_words(l0, r0, word)
            if is_open(l0) or is_open(r0):
                return self._open(*self._lines(l0, l1, r0, r1))
        d0, d1 = r0 - l0, r1 - l1  # type: ignore[operator]  # numbers
        if self.op in _UPWARD:
            d0, d1 = -d0, -d1
        if self.op == "==":
            return d0 == d1 == 0.0, -abs(d0), -abs(d1)
        if self.op == "!=":
            return not d0 == d1 == 0.0, abs(d0), abs(d1)
        short = self._short
        if short is None:
            return self._open((d0 - self.hysteresis, d1 - self.hysteresis), (d0, d1))
        if short:
            d0, d1 = d0 - short, d1 - short
        holds = self._is_so(d0, d1)
        self._short_next = 0.0 if holds else self.hysteresis
        return holds, d0, d1

    def _of_words(self, left: Seen, right: Seen, word: Seen) -> Over:
        if self.op not in ("==", "!="):
            raise WrongKind(f"{' or '.join(self.names)} is {word!r}: that can be compared with == and != only")
        if is_open(left) or is_open(right):
            return OPEN
        holds = (left == right) == (self.op == "==")
        distance = math.inf if holds else -math.inf
        return holds, distance, distance

    def _is_so(self, d0: float, d1: float) -> bool:
        middle = d0 + d1
        return middle > 0.0 or (middle == 0.0 and self.op in ("<=", ">="))

    def _lines(self, l0: Seen, l1: Seen, r0: Seen, r1: Seen) -> tuple[_Line, _Line]:
        """The smallest and the largest that the distance may be, at both ends."""
        label = " or ".join(self.names)
        lows, highs = [], []
        for left, right in ((l0, r0), (l1, r1)):
            (left_low, left_high), (right_low, right_high) = bounds(left, label), bounds(right, label)
            if self.op in _UPWARD:
                left_low, left_high, right_low, right_high = right_low, right_high, left_low, left_high
            lows.append(right_low - left_high)
            highs.append(right_high - left_low)
        short = self._short
        if short is None or short:
            most, least = (self.hysteresis, 0.0) if short is None else (short, short)
            lows, highs = [d - most for d in lows], [d - least for d in highs]
        return (lows[0], lows[1]), (highs[0], highs[1])

    def _open(self, low: _Line, high: _Line) -> Over:
        """True if it holds where the distance lies between those two lines."""
        if self.op in ("==", "!="):
            if low == high:
                holds, sign = (low == (0.0, 0.0)) is (self.op == "=="), 1.0 if self.op == "!=" else -1.0
                return holds, sign * abs(low[0]), sign * abs(low[1])
            nearest = low if min(low) >= 0.0 < max(low) else high if max(high) <= 0.0 > min(high) else None
            if nearest is None:
                return OPEN
            d0, d1 = (abs(d) for d in nearest)
            return (True, d0, d1) if self.op == "!=" else (False, -d0, -d1)
        if self._is_so(*low):
            self._short_next = 0.0
            return True, *low
        if math.isnan(high[0] + high[1]) or self._is_so(*high):
            self._short_next = None if self.hysteresis else 0.0
            return OPEN
        self._short_next = self.hysteresis
        return False, *high

    def commit(self) -> None:
        """The piece evaluated last has passed."""
        self._short = self._short_next

    def bend(self, a: Env, b: Env) -> float:
        (l0, l1), (r0, r1) = self.left.ends(a, b), self.right.ends(a, b)
        if self._plain:
            if l0 == l1 and r0 == r1:
                return NEVER
        elif (first := first_bend((self.left, self.right), a, b)) < NEVER:
            return first
        short = self._short
        if type(l0) is float and type(r0) is float and short is not None:  # nearly always, and quick to see
            d0, d1 = r0 - l0, r1 - l1  # type: ignore[operator]  # numbers
            return crossing(-d0 - short, -d1 - short) if self.op in _UPWARD else crossing(d0 - short, d1 - short)
        if isinstance(l0, _Word) or isinstance(r0, _Word):
            return NEVER
        low, high = self._lines(l0, l1, r0, r1)
        return crossing(*low) if low == high else min(crossing(*low), crossing(*high))

    def blame(self, a: Env, b: Env, wanted: bool) -> list[str]:
        holds = self.over(a, b)[0]
        if holds is None:
            return [name for name in self.names if is_open(a[name])]
        return list(self.names) if holds is not wanted else []


class Negation:
    def __init__(self, inner: Truth) -> None:
        self.inner, self.names, self.remembers = inner, inner.names, inner.remembers

    def over(self, a: Env, b: Env) -> Over:
        holds, d0, d1 = self.inner.over(a, b)
        return (None if holds is None else not holds), -d0, -d1

    def bend(self, a: Env, b: Env) -> float:
        return self.inner.bend(a, b)

    def blame(self, a: Env, b: Env, wanted: bool) -> list[str]:
        return self.inner.blame(a, b, not wanted)


class Combined:
    """All of several (`every`) or at least one of them."""

    def __init__(self, every: bool, parts: Sequence[Truth]) -> None:
        self.every, self.parts = every, parts
        self.names = all_names(parts)
        self.remembers = any_remembers(parts)
        self._bending = [part for part in parts if not _is_still(part)]
        self._decider: Truth | None = None
        """The part that decided last time: it is evaluated first, as it often decides again."""

    def over(self, a: Env, b: Env) -> Over:
        if not self.remembers:
            return self._over(a, b)
        return self._together([part.over(a, b) for part in self.parts])  # each is asked, for it takes note

    def _together(self, found: Sequence[Over]) -> Over:
        values = [over[0] for over in found]
        holds = (not self.every) if (not self.every) in values else None if None in values else self.every
        if holds is None:
            return OPEN
        choose = min if self.every else max
        known = [over for over in found if over[0] is not None]
        return holds, choose(over[1] for over in known), choose(over[2] for over in known)

    def _over(self, a: Env, b: Env) -> Over:
        """Up to the first that decides it, at an infinite distance."""
        every = self.every
        nearest0 = nearest1 = decided = math.inf if every else -math.inf
        if self._decider is not None:
            found = self._decider.over(a, b)
            if found == (not every, -decided, -decided):
                return found
        holds: bool | None = every
        for part in self.parts:
            other, d0, d1 = part.over(a, b)
            if other is not every:
                if other is None:
                    holds = None if holds is every else holds
                    continue
                holds = other
                if d0 == d1 == -decided:
                    self._decider = part
                    return holds, d0, d1
            if every:
                nearest0, nearest1 = d0 if d0 < nearest0 else nearest0, d1 if d1 < nearest1 else nearest1
            else:
                nearest0, nearest1 = d0 if d0 > nearest0 else nearest0, d1 if d1 > nearest1 else nearest1
        return OPEN if holds is None else (holds, nearest0, nearest1)

    def bend(self, a: Env, b: Env) -> float:
        first = NEVER
        for part in self._bending:
            if (bend := part.bend(a, b)) < first:
                first = bend
        return first

    def blame(self, a: Env, b: Env, wanted: bool) -> list[str]:
        if self.over(a, b)[0] is wanted:
            return []
        return list(dict.fromkeys(name for part in self.parts for name in part.blame(a, b, wanted)))


def _is_still(truth: Truth) -> bool:
    """True if it never changes between two instants."""
    return isinstance(truth, (State, Fixed)) or (isinstance(truth, Negation) and _is_still(truth.inner))


class Edge:
    """True on the piece that begins where the inner truth becomes true (rises) or false (falls).

    Over a stretch where the inner truth is unknown it may have happened at any time, and at the last when it is known
    again and as it is after the edge.
    """

    remembers = True

    def __init__(self, inner: Truth, rises: bool) -> None:
        self.inner, self.rises, self.names = inner, rises, inner.names
        self._begun = self._begun_next = False
        """True if there was a piece before: an expression that is true from the beginning has not become so."""
        self._before: bool | None = None
        self._next: bool | None = None
        self._known_before: bool | None = None
        self.came_unseen = False
        """True if, on the piece evaluated last, it has certainly happened in the unknown stretch that ends there."""

    def over(self, a: Env, b: Env) -> Over:
        now = self._next = self.inner.over(a, b)[0]
        self._begun_next = True
        self.came_unseen = self._before is None and now is self.rises and self._known_before is (not self.rises)
        if now is None or (self._begun and self._before is None and now is self.rises):
            return OPEN
        holds = self._begun and now is not self._before and now is self.rises
        distance = math.inf if holds else -math.inf
        return holds, distance, distance

    def commit(self) -> None:
        """The piece evaluated last has passed."""
        self._before, self._begun = self._next, self._begun_next
        self._known_before = self._known_before if self._next is None else self._next

    def bend(self, a: Env, b: Env) -> float:
        return self.inner.bend(a, b)

    def blame(self, a: Env, b: Env, wanted: bool) -> list[str]:
        return list(self.names)
