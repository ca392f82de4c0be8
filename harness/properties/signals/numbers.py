"""Signals with a value: quantities, constants, and what is calculated of them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from typing import Any

from twinfeed.harness.properties.signals.pieces import (
    NEVER,
    Env,
    Number,
    Truth,
    all_names,
    any_remembers,
    bounds,
    crossing,
    first_bend,
    number,
)
from twinfeed.harness.unknown import Bounds, Seen, calculated, divided, is_open


class Constant:
    names: tuple[str, ...] = ()
    remembers = False

    def __init__(self, value: float | str | bool) -> None:
        self.value = value

    def ends(self, a: Env, b: Env) -> tuple[Seen, Seen]:
        return self.value, self.value

    def bend(self, a: Env, b: Env) -> float:
        return NEVER


class Quantity:
    """A quantity's value, or that of a number derived from one."""

    remembers = False

    def __init__(self, name: str) -> None:
        self.name, self.names = name, (name,)

    def ends(self, a: Env, b: Env) -> tuple[Seen, Seen]:
        return a[self.name], b[self.name]

    def bend(self, a: Env, b: Env) -> float:
        return NEVER


class Calculation:
    """`left op right`."""

    OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}

    def __init__(self, op: str, left: Number, right: Number) -> None:
        self.op = self.OPERATORS.get(op, _quotient)
        self._of_bounds = divided if op == "/" else partial(calculated, self.op)
        self.parts = (left, right)
        self.names = all_names(self.parts)
        self.remembers = any_remembers(self.parts)
        self.label = " or ".join(self.names)

    def ends(self, a: Env, b: Env) -> tuple[Seen, Seen]:
        (l0, l1), (r0, r1) = (part.ends(a, b) for part in self.parts)
        label = self.label
        if is_open(l0) or is_open(r0):
            return (
                self._of_bounds(bounds(l0, label), bounds(r0, label)),
                self._of_bounds(bounds(l1, label), bounds(r1, label)),
            )
        return (
            self.op(number(l0, label), number(r0, label)),
            self.op(number(l1, label), number(r1, label)),
        )

    def bend(self, a: Env, b: Env) -> float:
        return first_bend(self.parts, a, b)


def _quotient(left: float, right: float) -> float:
    return left / right if right else math.nan if not left else math.copysign(math.inf, left)


class Extreme:
    """The largest (sign +1) or smallest (sign -1) of several."""

    def __init__(self, sign: float, parts: Sequence[Number]) -> None:
        self.sign, self.parts = sign, parts
        self.names = all_names(parts)
        self.remembers = any_remembers(parts)

    def ends(self, a: Env, b: Env) -> tuple[Seen, Seen]:
        label, ends = " or ".join(self.names[:3]), [part.ends(a, b) for part in self.parts]
        choose = max if self.sign > 0.0 else min
        if any(is_open(v0) for v0, _ in ends):
            return tuple(  # type: ignore[return-value]  # of two
                Bounds(choose(low for low, _ in known), choose(high for _, high in known))
                for known in ([bounds(pair[n], label) for pair in ends] for n in (0, 1))
            )
        return choose(number(v0, label) for v0, _ in ends), choose(number(v1, label) for _, v1 in ends)

    def bend(self, a: Env, b: Env) -> float:
        first = first_bend(self.parts, a, b)
        if first < NEVER:
            return first
        label, sign = " or ".join(self.names[:3]), self.sign
        ends = [(bounds(v0, label), bounds(v1, label)) for v0, v1 in (part.ends(a, b) for part in self.parts)]
        return min(_overtaking([(sign * v0[n], sign * v1[n]) for v0, v1 in ends]) for n in (0, 1))


def _overtaking(lines: Sequence[tuple[float, float]]) -> float:
    """The time at which the highest of several straight lines at the beginning is overtaken by the one at the end."""
    (i0, i1), (j0, j1) = max(lines), max(lines, key=lambda ends: (ends[1], ends[0]))
    return crossing(i0 - j0, i1 - j1)


class Total:
    """The sum of several."""

    def __init__(self, parts: Sequence[Number]) -> None:
        self.parts, self.names, self.remembers = parts, all_names(parts), any_remembers(parts)

    def ends(self, a: Env, b: Env) -> tuple[Seen, Seen]:
        label = " or ".join(self.names[:3])
        ends = [part.ends(a, b) for part in self.parts]
        if any(is_open(v0) for v0, _ in ends):
            v0s, v1s = ([bounds(pair[n], label) for pair in ends] for n in (0, 1))
            return reduce(_sum, v0s), reduce(_sum, v1s)
        return sum(number(v0, label) for v0, _ in ends), sum(number(v1, label) for _, v1 in ends)

    def bend(self, a: Env, b: Env) -> float:
        return first_bend(self.parts, a, b)


_sum = partial(calculated, operator.add)


class Count:
    """The number of several that hold."""

    def __init__(self, parts: Sequence[Truth]) -> None:
        self.parts, self.names, self.remembers = parts, all_names(parts), any_remembers(parts)

    def ends(self, a: Env, b: Env) -> tuple[Seen, Seen]:
        found = [part.over(a, b)[0] for part in self.parts]
        many, unknown = found.count(True), found.count(None)
        if unknown:
            known = Bounds(many, many + unknown)
            return known, known
        return many, many

    def bend(self, a: Env, b: Env) -> float:
        return first_bend(self.parts, a, b)
