"""Knowledge that is missing: a quantity without a reading, a number known within bounds only, a gap in a series.

`Unknown` stands in a series where a value would stand, `Bounds` is what calculations make of it (the larger of an
unknown number and 30 is at least 30), and `Gap` is what verdicts, measurements and reports show.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from twinfeed.emulators.devices.firmware.domain import Domain
from twinfeed.emulators.devices.firmware.points import Value


@dataclass(frozen=True, slots=True)
class Unknown:
    """In a series: the quantity is unknown from this point to the next one.

    Two are equal if their reason and raw value are.
    """

    why: str = ""
    """The reason as text: no answer, a value that the quantity cannot have."""
    raw: Value | None = None
    """The raw value that was read instead (65535, NaN, charge 128 %); None if nothing was read."""
    seen_s: float | None = field(default=None, compare=False)
    """Time of the last reading before, s of the site's clock; None if there was none."""

    def __str__(self) -> str:
        raw = "" if self.raw is None else f", read {self.raw!r}"
        return f"unknown{raw}{f' ({self.why})' if self.why else ''}"


def raw_as_json(raw: Value | None) -> Any:
    """A raw value as JSON holds it, which has no infinite numbers, no NaN and no octets."""
    if isinstance(raw, float) and not math.isfinite(raw):
        return {"number": str(raw)}
    return {"octets": raw.hex()} if isinstance(raw, bytes) else raw


def raw_from_json(raw: Any) -> Value | None:
    """The raw value that `raw_as_json` wrote."""
    if isinstance(raw, dict):
        return float(raw["number"]) if "number" in raw else bytes.fromhex(raw["octets"])
    return raw  # type: ignore[no-any-return]  # a number, a text, a truth or nothing


def known(domain: Domain | None, value: Value) -> Value | Unknown:
    """The value, or `Unknown` with that value kept if the quantity cannot have it (see `Domain.impossible`).

    A quantity whose domain nobody knows (None) can have every value but NaN.
    """
    why = ("no number" if value != value else None) if domain is None else domain.impossible(value)
    return value if why is None else Unknown(why, raw=value)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time over which nothing is known of a quantity."""

    quantity: str
    start_s: float
    """s of the site's clock."""
    end_s: float
    """When it was read again, or the end of the record, s of the site's clock."""
    why: str = ""

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s

    def __str__(self) -> str:
        why = f" ({self.why})" if self.why else ""
        span = f"from {self.start_s:.3f} s to {self.end_s:.3f} s"
        return f"{self.quantity} was unknown for {self.length_s:.3f} s, {span}{why}"


class Bounds(NamedTuple):
    """A number of which only is known that it lies in [low, high]; either may be infinite."""

    low: float
    high: float


ANYTHING = Bounds(-math.inf, math.inf)

Seen = Value | Unknown | Bounds
"""Bounds of a quantity, or of a number made of quantities, at one time."""


def is_open(value: Seen) -> bool:
    """True if it is not known exactly."""
    return type(value) is Unknown or type(value) is Bounds


def calculated(operation: Callable[[float, float], float], left: Bounds, right: Bounds) -> Bounds:
    """Bounds of `left operation right`, for an operation that is monotone in each of its operands (+, -, *)."""
    corners = [operation(a, b) for a in left for b in right]
    known = [0.0 if math.isnan(corner) else corner for corner in corners]  # an infinite bound times 0: 0 x finite = 0
    return Bounds(min(known), max(known))


def divided(left: Bounds, right: Bounds) -> Bounds:
    """Bounds of `left / right`; anything if the divisor may be 0."""
    if right.low <= 0.0 <= right.high:
        return ANYTHING
    return calculated(lambda a, b: a / b, left, right)
