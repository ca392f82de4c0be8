"""Expressions bound to quantities, as signals in dense time.

Between two instants a float moves on a straight line and everything else stands still. An expression is therefore
looked at one piece of time at a time, given the values at both ends of it (`a`, `b`):

    bend(a, b)   where its truth or its slope changes first, as a part of the piece; 1.0 if nowhere
    ends(a, b)   of a number: its values at the beginning and at the end
    over(a, b)   of a truth: whether it holds on that piece, and how far it is from changing at both ends

The distance is in the unit of what is compared, positive where it holds; states have none to give (infinity). `and`
takes the smaller, `or` the larger. It is exact as long as quantities are added, scaled and compared; a product or
quotient of two that both move is taken as straight between the plant's instants.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from emulators.devices.points import Value

Env = Mapping[str, Value]
"""Quantity -> value at one time."""
Over = tuple[bool, float, float]

NEVER = 1.0
_TINY = 1e-9
"""Parts of a piece smaller than this are rounding."""


class WrongKind(TypeError):
    """A quantity is used as what it is not: a word as a number, a number as a truth."""


class Number(Protocol):
    """Something with a value; words and truths too, for == and !=."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def remembers(self) -> bool:
        """Whether it, or a part of it, takes note of each piece it is asked about."""

    def ends(self, a: Env, b: Env) -> tuple[Value, Value]: ...
    def bend(self, a: Env, b: Env) -> float: ...


class Truth(Protocol):
    """Something that holds or not."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def remembers(self) -> bool:
        """Whether it, or a part of it, takes note of each piece it is asked about."""

    def over(self, a: Env, b: Env) -> Over: ...
    def bend(self, a: Env, b: Env) -> float: ...
    def blame(self, a: Env, b: Env, wanted: bool) -> list[str]:
        """The quantities for which it is not as wanted."""


def between(a: Env, b: Env, part: float) -> dict[str, Value]:
    """The values that far along the piece."""
    return {
        name: value + (then - value) * part if type(value) is float and type(then := b[name]) is float else value
        for name, value in a.items()
    }


def _all_names(parts: Sequence[Number] | Sequence[Truth]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part.names))


def _any_remembers(parts: Sequence[Number] | Sequence[Truth]) -> bool:
    return any(part.remembers for part in parts)


def _first_bend(parts: Sequence[Number] | Sequence[Truth], a: Env, b: Env) -> float:
    return min((part.bend(a, b) for part in parts), default=NEVER)


def crossing(d0: float, d1: float) -> float:
    """Where a straight line from d0 to d1 goes through zero."""
    if d0 * d1 >= 0.0 or not math.isfinite(d0 - d1):
        return NEVER
    part = d0 / (d0 - d1)
    return part if _TINY < part < 1.0 - _TINY else NEVER


def number(value: Value, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        kind = "a truth" if isinstance(value, bool) else "a word"
        raise WrongKind(f"{name} is {value!r}, {kind}: it cannot be counted with; compare it with == or !=")
    return value


# -- numbers --------------------------------------------------------------------------------------------------


class Constant:
    names: tuple[str, ...] = ()
    remembers = False

    def __init__(self, value: Value) -> None:
        self.value = value

    def ends(self, a: Env, b: Env) -> tuple[Value, Value]:
        return self.value, self.value

    def bend(self, a: Env, b: Env) -> float:
        return NEVER


class Quantity:
    """A quantity's value, or that of a number derived from one."""

    remembers = False

    def __init__(self, name: str) -> None:
        self.name, self.names = name, (name,)

    def ends(self, a: Env, b: Env) -> tuple[Value, Value]:
        return a[self.name], b[self.name]

    def bend(self, a: Env, b: Env) -> float:
        return NEVER


class Calculation:
    """`left op right`."""

    OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}

    def __init__(self, op: str, left: Number, right: Number) -> None:
        self.op = self.OPERATORS.get(op, _quotient)
        self.parts = (left, right)
        self.names = _all_names(self.parts)
        self.remembers = _any_remembers(self.parts)
        self.label = " or ".join(self.names)

    def ends(self, a: Env, b: Env) -> tuple[Value, Value]:
        (l0, l1), (r0, r1) = (part.ends(a, b) for part in self.parts)
        label = self.label
        return (
            self.op(number(l0, label), number(r0, label)),
            self.op(number(l1, label), number(r1, label)),
        )

    def bend(self, a: Env, b: Env) -> float:
        return _first_bend(self.parts, a, b)


def _quotient(left: float, right: float) -> float:
    return left / right if right else math.nan if not left else math.copysign(math.inf, left)


class Extreme:
    """The largest (sign +1) or smallest (sign -1) of several."""

    def __init__(self, sign: float, parts: Sequence[Number]) -> None:
        self.sign, self.parts = sign, parts
        self.names = _all_names(parts)
        self.remembers = _any_remembers(parts)

    def _signed(self, a: Env, b: Env) -> list[tuple[float, float]]:
        sign, label = self.sign, " or ".join(self.names[:3])
        return [(sign * number(v0, label), sign * number(v1, label)) for v0, v1 in (p.ends(a, b) for p in self.parts)]

    def ends(self, a: Env, b: Env) -> tuple[Value, Value]:
        signed = self._signed(a, b)
        return self.sign * max(v0 for v0, _ in signed), self.sign * max(v1 for _, v1 in signed)

    def bend(self, a: Env, b: Env) -> float:
        first = _first_bend(self.parts, a, b)
        if first < NEVER:
            return first
        signed = self._signed(a, b)
        (i0, i1), (j0, j1) = max(signed), max(signed, key=lambda ends: (ends[1], ends[0]))
        return crossing(i0 - j0, i1 - j1)


class Total:
    """The sum of several."""

    def __init__(self, parts: Sequence[Number]) -> None:
        self.parts, self.names, self.remembers = parts, _all_names(parts), _any_remembers(parts)

    def ends(self, a: Env, b: Env) -> tuple[Value, Value]:
        label = " or ".join(self.names[:3])
        ends = [part.ends(a, b) for part in self.parts]
        return sum(number(v0, label) for v0, _ in ends), sum(number(v1, label) for _, v1 in ends)

    def bend(self, a: Env, b: Env) -> float:
        return _first_bend(self.parts, a, b)


class Count:
    """How many of several hold."""

    def __init__(self, parts: Sequence[Truth]) -> None:
        self.parts, self.names, self.remembers = parts, _all_names(parts), _any_remembers(parts)

    def ends(self, a: Env, b: Env) -> tuple[Value, Value]:
        many = sum(part.over(a, b)[0] for part in self.parts)
        return many, many

    def bend(self, a: Env, b: Env) -> float:
        return _first_bend(self.parts, a, b)


# -- truths ---------------------------------------------------------------------------------------------------


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
        raise WrongKind(f"{self.name} is {value!r}, not true or false; compare it with something")

    def bend(self, a: Env, b: Env) -> float:
        return NEVER

    def blame(self, a: Env, b: Env, wanted: bool) -> list[str]:
        return [self.name] if self.over(a, b)[0] != wanted else []


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


class Compared:
    """`left op right`. With a hysteresis, what has become false is true again only that far on the good side."""

    def __init__(self, op: str, left: Number, right: Number, hysteresis: float = 0.0) -> None:
        self.op, self.left, self.right, self.hysteresis = op, left, right, hysteresis
        self.names = _all_names((left, right))
        self.remembers = bool(hysteresis) or _any_remembers((left, right))
        self._plain = isinstance(left, (Quantity, Constant)) and isinstance(right, (Quantity, Constant))
        """Whether both sides are straight."""
        self._short = 0.0
        self._short_next = 0.0

    def _distances(self, a: Env, b: Env) -> tuple[float, float] | None:
        """How far it is from changing at both ends; None if that cannot be measured (words, truths)."""
        (l0, l1), (r0, r1) = self.left.ends(a, b), self.right.ends(a, b)
        both_float = type(l0) is float and type(r0) is float  # nearly always, and quick to see
        if not both_float and (isinstance(l0, (str, bool, bytes)) or isinstance(r0, (str, bool, bytes))):
            if self.op in ("==", "!="):
                return None
            word = l0 if isinstance(l0, (str, bool, bytes)) else r0
            raise WrongKind(f"{' or '.join(self.names)} is {word!r}: that can be compared with == and != only")
        d0, d1 = r0 - l0, r1 - l1  # type: ignore[operator]  # what is no number has been sent away above
        if self.op in (">", ">="):
            d0, d1 = -d0, -d1
        return d0 - self._short, d1 - self._short

    def over(self, a: Env, b: Env) -> Over:
        distances = self._distances(a, b)
        if distances is None:
            same = self.left.ends(a, b)[0] == self.right.ends(a, b)[0]
            holds = same == (self.op == "==")
            distance = math.inf if holds else -math.inf
            return holds, distance, distance
        d0, d1 = distances
        if self.op == "==":
            return d0 == d1 == 0.0, -abs(d0), -abs(d1)
        if self.op == "!=":
            return not d0 == d1 == 0.0, abs(d0), abs(d1)
        middle = d0 + d1
        holds = middle > 0.0 or (middle == 0.0 and self.op in ("<=", ">="))
        self._short_next = 0.0 if holds else self.hysteresis
        return holds, d0, d1

    def commit(self) -> None:
        """The piece last looked at has passed."""
        self._short = self._short_next

    def bend(self, a: Env, b: Env) -> float:
        if self._plain:
            (l0, l1), (r0, r1) = self.left.ends(a, b), self.right.ends(a, b)
            if l0 == l1 and r0 == r1:
                return NEVER
        elif (first := _first_bend((self.left, self.right), a, b)) < NEVER:
            return first
        distances = self._distances(a, b)
        return NEVER if distances is None else crossing(*distances)

    def blame(self, a: Env, b: Env, wanted: bool) -> list[str]:
        return list(self.names) if self.over(a, b)[0] != wanted else []


class Negation:
    def __init__(self, inner: Truth) -> None:
        self.inner, self.names, self.remembers = inner, inner.names, inner.remembers

    def over(self, a: Env, b: Env) -> Over:
        holds, d0, d1 = self.inner.over(a, b)
        return not holds, -d0, -d1

    def bend(self, a: Env, b: Env) -> float:
        return self.inner.bend(a, b)

    def blame(self, a: Env, b: Env, wanted: bool) -> list[str]:
        return self.inner.blame(a, b, not wanted)


class Combined:
    """All of several (`every`) or at least one of them."""

    def __init__(self, every: bool, parts: Sequence[Truth]) -> None:
        self.every, self.parts = every, parts
        self.names = _all_names(parts)
        self.remembers = _any_remembers(parts)
        self._bending = [part for part in parts if not _is_still(part)]

    def over(self, a: Env, b: Env) -> Over:
        if not self.remembers:
            return self._over(a, b)
        found = [part.over(a, b) for part in self.parts]  # each is asked, for it takes note
        choose = min if self.every else max
        holds = all(over[0] for over in found) if self.every else any(over[0] for over in found)
        return holds, choose(over[1] for over in found), choose(over[2] for over in found)

    def _over(self, a: Env, b: Env) -> Over:
        """Up to the first that decides it, at an infinite distance."""
        every = self.every
        nearest0 = nearest1 = decided = math.inf if every else -math.inf
        holds = every
        for part in self.parts:
            other, d0, d1 = part.over(a, b)
            if other is not every:
                holds = other
                if d0 == d1 == -decided:
                    return holds, d0, d1
            if every:
                nearest0, nearest1 = d0 if d0 < nearest0 else nearest0, d1 if d1 < nearest1 else nearest1
            else:
                nearest0, nearest1 = d0 if d0 > nearest0 else nearest0, d1 if d1 > nearest1 else nearest1
        return holds, nearest0, nearest1

    def bend(self, a: Env, b: Env) -> float:
        first = NEVER
        for part in self._bending:
            if (bend := part.bend(a, b)) < first:
                first = bend
        return first

    def blame(self, a: Env, b: Env, wanted: bool) -> list[str]:
        if self.over(a, b)[0] == wanted:
            return []
        return list(dict.fromkeys(name for part in self.parts for name in part.blame(a, b, wanted)))


def _is_still(truth: Truth) -> bool:
    """Whether it never changes between two instants."""
    return isinstance(truth, (State, Fixed)) or (isinstance(truth, Negation) and _is_still(truth.inner))


class Edge:
    """True on the piece that begins where the inner truth becomes true (rises) or false (falls)."""

    remembers = True

    def __init__(self, inner: Truth, rises: bool) -> None:
        self.inner, self.rises, self.names = inner, rises, inner.names
        self._before: bool | None = None
        self._next: bool | None = None

    def over(self, a: Env, b: Env) -> Over:
        now = self._next = self.inner.over(a, b)[0]
        holds = self._before is not None and now is not self._before and now is self.rises
        distance = math.inf if holds else -math.inf
        return holds, distance, distance

    def commit(self) -> None:
        """The piece last looked at has passed."""
        self._before = self._next

    def bend(self, a: Env, b: Env) -> float:
        return self.inner.bend(a, b)

    def blame(self, a: Env, b: Env, wanted: bool) -> list[str]:
        return list(self.names)
