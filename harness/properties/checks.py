"""The temporal operators: each is told, piece by piece, whether its expressions hold, and finds what is violated.

A duty begins at the start of the record, or each time `after` becomes true, and is looked at from `opens` to `closes`.
A state that did not last, because the plant settled anew at the same time, does not count.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from harness.properties.language import Property
from harness.properties.syntax import duration


@dataclass(slots=True)
class Piece:
    """From `t0` to before `t1` nothing changes that matters; at the end of a record the two are equal."""

    t0: float
    t1: float
    holds: bool
    d0: float
    """How far the expression is from changing at t0, positive where it holds."""
    d1: float
    """The same at t1."""
    other: bool = False
    """Whether the trigger, or what `until` waits for, holds."""
    other_d0: float = 0.0
    other_d1: float = 0.0

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
    """Since when it is violated, and what was expected by then."""

    t_s: float
    expected: str
    started_s: float
    """When the duty that was not met began."""


@dataclass(slots=True)
class Duty:
    """One count from a start."""

    started: float
    opens: float
    closes: float
    since: float = math.nan
    """Since when it has been false (always) or true (eventually, within), nan while it is not."""
    met: float = math.nan
    """When it became true and stayed so for as long as it must (eventually, within), nan until then."""
    best: float = -math.inf
    """The largest distance so far (eventually)."""
    told: bool = False
    """Whether its violation has been reported."""


class Check(ABC):
    """What all operators tell."""

    def __init__(self, property: Property) -> None:
        self.property = property
        self.margin = math.inf
        """How far the nearest miss was, negative if it was one: see `Verdict.margin`."""
        self.breaches: list[Breach] = []
        self.starts = 0
        """How often what is judged began."""
        self.undecided = 0
        """How many of them the record is too short to judge."""

    @abstractmethod
    def piece(self, piece: Piece) -> None:
        """Time has passed."""

    def finish(self, t: float) -> None:
        """The record ends."""
        return

    def due(self) -> float:
        """When this must be looked at again even if no quantity changes."""
        return math.inf

    @property
    def counting(self) -> bool:
        """Whether a duty has begun and is not over."""
        return False

    def breach(self, t: float, expected: str, started: float) -> None:
        if not any(known.t_s == t for known in self.breaches):
            self.breaches.append(Breach(t, expected, started))


class DutyCheck(Check):
    """Of operators that count from a start: when duties begin and end."""

    def __init__(self, property: Property) -> None:
        super().__init__(property)
        self.duties: list[Duty] = []
        self._triggered = False

    def piece(self, piece: Piece) -> None:
        triggered = piece.other if self.property.after is not None else True
        if triggered and not self._triggered:
            low, high = self.property.window_s
            self.starts += 1
            self.duties.append(Duty(piece.t0, piece.t0 + low, piece.t0 + high))
        self._triggered = triggered
        if self.duties:
            self.duties = [duty for duty in self.duties if not self.judge(duty, piece)]

    def finish(self, t: float) -> None:
        for duty in self.duties:
            self.end(duty, t)

    def due(self) -> float:
        return min((self.waits_for(duty) for duty in self.duties), default=math.inf)

    @property
    def counting(self) -> bool:
        return bool(self.duties)

    @abstractmethod
    def judge(self, duty: Duty, piece: Piece) -> bool:
        """Look at one piece for one duty; whether the duty is over."""

    @abstractmethod
    def end(self, duty: Duty, t: float) -> None:
        """The record ends at `t` before that duty is over."""

    @abstractmethod
    def waits_for(self, duty: Duty) -> float:
        """When that duty must be looked at again even if no quantity changes."""


class Always(DutyCheck):
    """Also `never`, whose expression is turned round before it comes here, and `for at least … after`."""

    def judge(self, duty: Duty, piece: Piece) -> bool:
        if piece.t0 < duty.opens and piece.t1 <= duty.opens:
            return False
        if piece.t0 > duty.closes:
            return True
        grace_s, lasted_s = self.property.grace_s, 0.0
        if piece.holds:
            duty.since, duty.told = math.nan, False
        else:
            if math.isnan(duty.since):
                duty.since = max(piece.t0, duty.opens)
            lasted_s = min(piece.t1, duty.closes) - duty.since
            if not duty.told and (lasted_s > grace_s or not grace_s):
                duty.told = True
                self.breach(duty.since, f"not for more than {duration(grace_s)}" if grace_s else "", duty.started)
        nearest = grace_s - lasted_s if grace_s else piece.least(duty.opens, duty.closes)
        self.margin = min(self.margin, nearest)
        return piece.t1 > duty.closes

    def end(self, duty: Duty, t: float) -> None:
        if t < duty.closes < math.inf and not duty.told:
            self.undecided += 1

    def waits_for(self, duty: Duty) -> float:
        if math.isnan(duty.since):
            return duty.opens if duty.opens > duty.started else math.inf
        return math.inf if duty.told else duty.since + self.property.grace_s


class Eventually(DutyCheck):
    """It must become true in the duty's time, and then stay so for `hold_s`."""

    def follow(self, duty: Duty, piece: Piece) -> None:
        """Find out since when it is true, and whether for long enough."""
        if not piece.holds:
            duty.since = math.nan
            return
        if math.isnan(duty.since) and (piece.t1 > duty.opens or piece.t0 == duty.opens):
            duty.since = max(piece.t0, duty.opens)
        if math.isnan(duty.met) and piece.t1 - duty.since >= self.property.hold_s:
            duty.met = duty.since

    def judge(self, duty: Duty, piece: Piece) -> bool:
        self.follow(duty, piece)
        if self.property.hold_s:
            duty.best = max(duty.best, piece.t1 - duty.since - self.property.hold_s)
        elif piece.t0 <= duty.closes and (piece.t1 > duty.opens or piece.t0 == duty.opens):
            duty.best = max(duty.best, piece.most(duty.opens, duty.closes))
        if piece.t1 <= duty.closes or (math.isnan(duty.met) and duty.since <= duty.closes):
            return False  # there is time, or it is true and may stay so for long enough
        self._decide(duty, duty.closes)
        return True

    def end(self, duty: Duty, t: float) -> None:
        if math.isnan(duty.met) and (t < duty.closes < math.inf or duty.since <= duty.closes):
            self.undecided += 1
        else:
            self._decide(duty, min(t, duty.closes))

    def _decide(self, duty: Duty, t: float) -> None:
        self.margin = min(self.margin, duty.best)
        if not duty.met <= duty.closes:
            self.breach(t, "by then", duty.started)

    def waits_for(self, duty: Duty) -> float:
        return duty.closes if math.isnan(duty.since) else duty.since + self.property.hold_s


class Within(Eventually):
    """As `Eventually`, but what counts is how much time was left."""

    def judge(self, duty: Duty, piece: Piece) -> bool:
        self.follow(duty, piece)
        if duty.met <= duty.closes:
            self.margin = min(self.margin, duty.closes - duty.met)
            return True
        if piece.t1 > duty.closes and not duty.since <= duty.closes:
            self._late(duty)
        if duty.met > duty.closes:
            self.margin = min(self.margin, duty.closes - duty.met)
            return True
        return False  # how late it comes is still of interest

    def end(self, duty: Duty, t: float) -> None:
        if not duty.told and (t < duty.closes or duty.since <= duty.closes):
            self.undecided += 1
        else:
            self._late(duty)
            self.margin = min(self.margin, duty.closes - t)

    def _late(self, duty: Duty) -> None:
        duty.told = True
        self.breach(duty.closes, "by then", duty.started)

    def waits_for(self, duty: Duty) -> float:
        return math.inf if duty.told else super().waits_for(duty)


class Until(Check):
    """The expression holds until the other one does, and that does come."""

    def __init__(self, property: Property) -> None:
        super().__init__(property)
        self._came = False
        self._lowest = math.inf
        self._best = -math.inf

    def piece(self, piece: Piece) -> None:
        self.starts = 1
        if not self._came and not self.breaches:
            self._came = piece.other
            if not piece.other and not piece.holds:
                self.breach(piece.t0, "until then", piece.t0)
        self._best = max(self._best, min(piece.other_d0, self._lowest))
        self._lowest = min(self._lowest, piece.d0, piece.d1)
        self._best = max(self._best, min(piece.other_d1, self._lowest))
        self.margin = self._best

    def finish(self, t: float) -> None:
        if not self._came and not self.breaches:
            self.breach(t, f"and {self.property.until} by the end", 0.0)


class ForAtLeast(Check):
    """Whenever it becomes true it stays so for the property's time. What was true at the start is not judged."""

    def __init__(self, property: Property) -> None:
        super().__init__(property)
        self._before = True
        self._since = math.nan

    def piece(self, piece: Piece) -> None:
        if piece.holds and not self._before:
            self._since = piece.t0
            self.starts += 1
        elif not piece.holds and self._since <= piece.t0:
            assert self.property.time_s is not None
            left_s = piece.t0 - self._since - self.property.time_s
            self.margin = min(self.margin, left_s)
            if left_s < 0.0:
                self.breach(piece.t0, f"for at least {duration(self.property.time_s)}", self._since)
            self._since = math.nan
        self._before = piece.holds


def check(property: Property) -> Check:
    """What judges that property."""
    if property.kind == "for at least" and property.after is not None:
        return Always(property)
    kinds: dict[str, type[Check]] = {
        "always": Always, "never": Always, "eventually": Eventually, "within": Within, "until": Until,
        "for at least": ForAtLeast,
    }  # fmt: skip
    return kinds[property.kind](property)
