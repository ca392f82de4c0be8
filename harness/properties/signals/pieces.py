"""Material of signals: values at both ends of a piece of time, numbers and truths."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from twinfeed.harness.unknown import ANYTHING, Bounds, Seen, Unknown

Env = Mapping[str, Seen]
"""Quantity -> value at one time."""
Over = tuple[bool | None, float, float]
"""True if it holds, None if that is not known, and its distance from changing at both ends."""
OPEN: Over = (None, math.nan, math.nan)

NEVER = 1.0
_TINY = 1e-9
"""Parts of a piece smaller than this are rounding."""


class WrongKind(TypeError):
    """A quantity is used with the wrong kind: a word as a number, a number as a truth."""


class Number(Protocol):
    """Something with a value; words and truths too, for == and !=."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def remembers(self) -> bool:
        """True if it, or a part of it, takes note of each piece that is evaluated."""

    def ends(self, a: Env, b: Env) -> tuple[Seen, Seen]:
        """Both are known, or neither is."""

    def bend(self, a: Env, b: Env) -> float: ...


class Truth(Protocol):
    """Something that holds or not."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def remembers(self) -> bool:
        """True if it, or a part of it, takes note of each piece that is evaluated."""

    def over(self, a: Env, b: Env) -> Over: ...
    def bend(self, a: Env, b: Env) -> float: ...
    def blame(self, a: Env, b: Env, wanted: bool) -> list[str]:
        """The quantities for which it is not as wanted; those that are unknown where that is not known."""


def between(a: Env, b: Env, part: float) -> dict[str, Seen]:
    """The values that far along the piece."""
    return {
        name: value + (then - value) * part
        if type(value) is float and type(then := b[name]) is float
        else _between(value, b[name], part)
        for name, value in a.items()
    }


def _between(value: Seen, then: Seen, part: float) -> Seen:
    if type(value) is not Bounds or type(then) is not Bounds:
        return value
    low, high = (x if x == y else x + (y - x) * part for x, y in zip(value, then, strict=True))
    return Bounds(low, high)


def all_names(parts: Sequence[Number] | Sequence[Truth]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part.names))


def any_remembers(parts: Sequence[Number] | Sequence[Truth]) -> bool:
    return any(part.remembers for part in parts)


def first_bend(parts: Sequence[Number] | Sequence[Truth], a: Env, b: Env) -> float:
    return min((part.bend(a, b) for part in parts), default=NEVER)


def crossing(d0: float, d1: float) -> float:
    """The place where a straight line from d0 to d1 goes through zero."""
    if d0 * d1 >= 0.0 or not math.isfinite(d0 - d1):
        return NEVER
    part = d0 / (d0 - d1)
    return part if _TINY < part < 1.0 - _TINY else NEVER


def number(value: Seen, name: str) -> float:
    """A value that is known, as a number.

    Raises:
        WrongKind: it is a word or a truth.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        kind = "a truth" if isinstance(value, bool) else "a word"
        raise WrongKind(f"{name} is {value!r}, {kind}: it cannot be counted with; compare it with == or !=")
    return value


def bounds(value: Seen, name: str) -> Bounds:
    """Bounds of a number; both are the same if all is known."""
    if type(value) is Bounds:
        return value
    if type(value) is Unknown:
        return ANYTHING
    known = number(value, name)
    return Bounds(known, known)
