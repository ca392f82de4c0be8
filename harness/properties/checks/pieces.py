"""Operands of temporal operators, and the parts that all operators have in common."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from twinfeed.harness.properties.language import Property


@dataclass(slots=True)
class Piece:
    """From `t0` to before `t1` nothing changes that matters; at the end of a record the two are equal."""

    t0: float
    t1: float
    holds: bool | None
    """The truth of the expression; None if unknown, and then it has no distances."""
    d0: float
    """The distance of the expression from changing at t0, positive where it holds."""
    d1: float
    """The distance at t1."""
    other: bool | None = False
    """The truth of the trigger, or of the end of `until`."""
    other_d0: float = 0.0
    other_d1: float = 0.0
    came_unseen: bool = False
    """True if the trigger has certainly come during the unknown stretch that ends at t0."""

    def least(self, low: float, high: float) -> float:
        """The smallest distance from `low` to `high`, as far as that is in this piece."""
        if low <= self.t0 and self.t1 <= high:
            return min(self.d0, self.d1)
        return min(self._at(max(low, self.t0)), self._at(min(high, self.t1)))

    def most(self, low: float, high: float) -> float:
        """The largest distance from `low` to `high`, as far as that is in this piece."""
        return max(self._at(max(low, self.t0)), self._at(min(high, self.t1)))

    def _at(self, t: float) -> float:
        if self.d0 == self.d1 or self.t1 == self.t0:
            return self.d0
        return self.d0 + (self.d1 - self.d0) * (t - self.t0) / (self.t1 - self.t0)


@dataclass(slots=True)
class Breach:
    """The start of a violation, and what was expected."""

    t_s: float
    expected: str
    started_s: float
    """When the duty that was not met began."""


class Check(ABC):
    """The common part of all operators."""

    def __init__(self, property: Property) -> None:
        self.property = property
        self.margin = math.inf
        """The distance of the nearest miss, negative if it was one: see `Verdict.margin`."""
        self.breaches: list[Breach] = []
        self.starts = 0
        """Number of obligations."""
        self.possible_starts = 0
        """Number of obligations that may have begun."""
        self.undecided = 0
        """The number of duties that the record is too short to judge."""
        self.unknown = 0
        """Number of obligations that depend on unknown values."""

    @abstractmethod
    def piece(self, piece: Piece) -> None:
        """Time has passed."""

    def finish(self, t: float) -> None:
        """The record ends."""
        return

    def due(self) -> float:
        """The time of the next evaluation if no quantity changes."""
        return math.inf

    @property
    def counting(self) -> bool:
        """True if an obligation has begun and is not over."""
        return False

    def covers(self, t0: float, t1: float) -> bool:
        """True if the stretch between these times counts."""
        return True

    def breach(self, t: float, expected: str, started: float) -> None:
        if not any(known.t_s == t for known in self.breaches):
            self.breaches.append(Breach(t, expected, started))
