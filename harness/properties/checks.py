"""The temporal operators. Each gets the truth of its expressions segment by segment, and finds violations.

A duty begins at the start of the record, or each time `after` becomes true, and is looked at from `opens` to `closes`.
A state that did not last, because the plant settled anew at the same time, does not count.

Whether an expression holds may be unknown (None). What is violated, or holds, however the unknown stretches went, is
decided; what depends on them is counted in `unknown`. Where `after` is unknown, a duty may begin at any time of that
stretch: all of them together are one Duty that is `possible`, which can be met or stay open, but not be violated.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from twinfeed.harness.properties.language import Property
from twinfeed.harness.properties.syntax import duration


@dataclass(slots=True)
class Piece:
    """From `t0` to before `t1` nothing changes that matters; at the end of a record the two are equal."""

    t0: float
    t1: float
    holds: bool | None
    """The truth of the expression; None if unknown, and then it has no distances."""
    d0: float
    """How far the expression is from changing at t0, positive where it holds."""
    d1: float
    """The same at t1."""
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
    """True if its violation has been reported."""
    maybe_since: float = math.nan
    """As `since`, with what is unknown counted as false (always) or true (eventually, within)."""
    maybe_met: float = math.nan
    """As `met`, with what is unknown counted as true."""
    possible: bool = False
    """Whether it is not known that it began, nor when: some time from `started` to `begun_by`."""
    begun_by: float = math.nan
    open: bool = False
    """Whether it has been counted among those that are not known."""


class Check(ABC):
    """The common part of all operators."""

    def __init__(self, property: Property) -> None:
        self.property = property
        self.margin = math.inf
        """How far the nearest miss was, negative if it was one: see `Verdict.margin`."""
        self.breaches: list[Breach] = []
        self.starts = 0
        """Number of obligations."""
        self.possible_starts = 0
        """Number of obligations that may have begun."""
        self.undecided = 0
        """How many of them the record is too short to judge."""
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


class DutyCheck(Check):
    """Of operators that count from a start: when duties begin and end."""

    def __init__(self, property: Property) -> None:
        super().__init__(property)
        self.duties: list[Duty] = []
        self._triggered: bool | None = False
        self._before_unknown: bool | None = False
        """True if it was triggered before it became unknown."""
        self._possible: Duty | None = None
        """The duty that may begin on the present stretch on which `after` is unknown."""

    def piece(self, piece: Piece) -> None:
        triggered = piece.other if self.property.after is not None else True
        low, high = self.property.window_s
        if triggered is None:
            self._may_begin(piece, low, high)
        elif triggered and self._triggered is False:
            self.starts += 1
            self.duties.append(Duty(piece.t0, piece.t0 + low, piece.t0 + high))
        elif triggered and self._triggered is None and self._before_unknown is False:
            self.starts += 1  # at some time of the unknown stretch: the possible duty stands for it
        self.starts += piece.came_unseen
        if triggered is not None:
            self._possible, self._before_unknown = None, triggered
        self._triggered = triggered
        if self.duties:
            self.duties = [duty for duty in self.duties if not self._judge(duty, piece)]

    def _may_begin(self, piece: Piece, low: float, high: float) -> None:
        if self._possible is None:
            self.possible_starts += 1
            self._possible = Duty(piece.t0, piece.t0 + low, 0.0, possible=True)
            self.duties.append(self._possible)
        self._possible.begun_by = piece.t1
        self._possible.closes = piece.t1 + high

    def _judge(self, duty: Duty, piece: Piece) -> bool:
        return self.judge_possible(duty, piece) if duty.possible else self.judge(duty, piece)

    def finish(self, t: float) -> None:
        for duty in self.duties:
            if duty.possible:
                self.end_possible(duty, t)
            else:
                self.end(duty, t)

    def leave_open(self, duty: Duty) -> None:
        """True if it is unknown whether it is met."""
        if not duty.open:
            duty.open = True
            self.unknown += 1

    def due(self) -> float:
        return min((self.waits_for(duty) for duty in self.duties if not duty.possible), default=math.inf)

    def covers(self, t0: float, t1: float) -> bool:
        """True if the stretch between these times counts for an obligation."""
        return any((t1 > duty.opens or t0 >= duty.opens) and t0 <= duty.closes for duty in self.duties)

    @property
    def counting(self) -> bool:
        return bool(self.duties)

    @abstractmethod
    def judge(self, duty: Duty, piece: Piece) -> bool:
        """Judge one segment for one obligation. Returns True if the obligation is over."""

    @abstractmethod
    def end(self, duty: Duty, t: float) -> None:
        """The record ends at `t` before that duty is over."""

    @abstractmethod
    def judge_possible(self, duty: Duty, piece: Piece) -> bool:
        """As `judge`, for a duty that began at some time of a stretch, if at all."""

    @abstractmethod
    def end_possible(self, duty: Duty, t: float) -> None:
        """As `end`, for one of those."""

    @abstractmethod
    def waits_for(self, duty: Duty) -> float:
        """The time of the next evaluation of an obligation if no quantity changes."""


class Always(DutyCheck):
    """Also `never`, whose expression is turned round before it comes here, and `for at least … after`."""

    def judge(self, duty: Duty, piece: Piece) -> bool:
        if piece.t0 < duty.opens and piece.t1 <= duty.opens:
            return False
        if piece.t0 > duty.closes:
            return True
        grace_s, lasted_s = self.property.grace_s, 0.0
        starts, ends = max(piece.t0, duty.opens), min(piece.t1, duty.closes)
        if piece.holds:
            duty.since = duty.maybe_since = math.nan
            duty.told = False
        else:
            if math.isnan(duty.maybe_since):
                duty.maybe_since = starts
            if piece.holds is None:
                duty.since = math.nan
            else:
                if math.isnan(duty.since):
                    duty.since = starts
                lasted_s = ends - duty.since
                if not duty.told and not duty.possible and (lasted_s > grace_s or not grace_s):
                    duty.told = True
                    self.breach(duty.since, f"not for more than {duration(grace_s)}" if grace_s else "", duty.started)
            if not duty.told and (ends - duty.maybe_since > grace_s or not grace_s):
                self.leave_open(duty)
        if piece.holds is not None and not duty.possible:
            nearest = grace_s - lasted_s if grace_s else piece.least(duty.opens, duty.closes)
            self.margin = min(self.margin, nearest)
        return piece.t1 > duty.closes

    judge_possible = judge
    """Wherever in the stretch it began, it is met if the expression holds from the first to the last that counts."""

    def end(self, duty: Duty, t: float) -> None:
        if t < duty.closes and not duty.told and not duty.open:
            # what has been false for less than the grace may stay so
            self.undecided += duty.closes < math.inf or not math.isnan(duty.maybe_since)

    end_possible = end

    def waits_for(self, duty: Duty) -> float:
        if math.isnan(duty.since):
            return duty.opens if duty.opens > duty.started else math.inf
        return math.inf if duty.told else duty.since + self.property.grace_s


class Eventually(DutyCheck):
    """It must become true in the duty's time, and then stay so for `hold_s`."""

    def follow(self, duty: Duty, piece: Piece) -> None:
        """Find out since when it is true, and whether for long enough; and since when it may be."""
        if piece.holds is False:
            duty.since = duty.maybe_since = math.nan
            return
        counts, starts = piece.t1 > duty.opens or piece.t0 == duty.opens, max(piece.t0, duty.opens)
        if math.isnan(duty.maybe_since) and counts:
            duty.maybe_since = starts
        if math.isnan(duty.maybe_met) and piece.t1 - duty.maybe_since >= self.property.hold_s:
            duty.maybe_met = duty.maybe_since
        if piece.holds is None:
            duty.since = math.nan
            return
        if math.isnan(duty.since) and counts:
            duty.since = starts
        if math.isnan(duty.met) and piece.t1 - duty.since >= self.property.hold_s:
            duty.met = duty.since

    def judge(self, duty: Duty, piece: Piece) -> bool:
        self.follow(duty, piece)
        if self.property.hold_s:
            duty.best = max(duty.best, piece.t1 - duty.since - self.property.hold_s)
        elif piece.holds is not None and piece.t0 <= duty.closes and (piece.t1 > duty.opens or piece.t0 == duty.opens):
            duty.best = max(duty.best, piece.most(duty.opens, duty.closes))
        if piece.t1 <= duty.closes or (math.isnan(duty.met) and self._may_last(duty)):
            return False  # there is time, or it is true and may stay so for long enough
        self._decide(duty, duty.closes)
        return True

    def _may_last(self, duty: Duty) -> bool:
        """Whether it is true, or may be, since a time that counts, and not yet for long enough."""
        return duty.since <= duty.closes or (duty.maybe_since <= duty.closes and not duty.maybe_met <= duty.closes)

    def end(self, duty: Duty, t: float) -> None:
        if math.isnan(duty.met) and (t < duty.closes < math.inf or self._may_last(duty)):
            self.undecided += 1
        else:
            self._decide(duty, min(t, duty.closes))

    def _decide(self, duty: Duty, t: float) -> None:
        self.margin = min(self.margin, duty.best)
        if not duty.met <= duty.closes:
            if duty.maybe_met <= duty.closes:
                self.leave_open(duty)
            else:
                self.breach(t, "by then", duty.started)

    def judge_possible(self, duty: Duty, piece: Piece) -> bool:
        """Wherever in the stretch it began, the expression must be true at some time that counts from there.

        `since` is since when it has not been true.
        """
        _, high = self.property.window_s
        if self.property.hold_s:
            self.leave_open(duty)
            return True
        if math.isnan(duty.since):
            duty.since = duty.opens
        if piece.holds:
            duty.since = piece.t1 if piece.t1 > piece.t0 else math.nextafter(piece.t1, math.inf)
        elif self._first_unmet(duty) + high < piece.t1:
            self.leave_open(duty)
            return True
        return piece.t1 > duty.begun_by + high

    def _first_unmet(self, duty: Duty) -> float:
        """The first start of the stretch after which it has not yet been true, infinite if there is none."""
        first = max(duty.started, duty.since - self.property.window_s[0])
        return first if first <= duty.begun_by else math.inf

    def end_possible(self, duty: Duty, t: float) -> None:
        unmet = self._first_unmet(duty)
        if unmet < math.inf:
            if duty.closes == math.inf:
                self.leave_open(duty)
            else:
                self.undecided += 1

    def waits_for(self, duty: Duty) -> float:
        return duty.closes if math.isnan(duty.since) else duty.since + self.property.hold_s


class Within(Eventually):
    """As `Eventually`; the margin is the time that was left."""

    def judge(self, duty: Duty, piece: Piece) -> bool:
        self.follow(duty, piece)
        if duty.met <= duty.closes:
            self.margin = min(self.margin, duty.closes - duty.met)
            return True
        if piece.t1 > duty.closes and not self._may_last(duty):
            if duty.maybe_met <= duty.closes:
                self.leave_open(duty)
                return True
            self._late(duty)
        if duty.met > duty.closes:
            self.margin = min(self.margin, duty.closes - duty.met)
            return True
        return False  # how late it comes is still of interest

    def end(self, duty: Duty, t: float) -> None:
        if not duty.told and (t < duty.closes or self._may_last(duty)):
            self.undecided += 1
        elif not duty.told and duty.maybe_met <= duty.closes:
            self.leave_open(duty)
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
        self._came: bool | None = False
        """Whether the other one has; None if it may have, and the expression may have held until then."""
        self._held: bool | None = True
        """Whether the expression has held so far; None if it may have."""
        self._over = False
        self._lowest = math.inf
        self._best = -math.inf

    def piece(self, piece: Piece) -> None:
        self.starts = 1
        if not self._over:
            self._judge(piece)
        if piece.other is not None:
            self._best = max(self._best, min(piece.other_d0, self._lowest))
        if piece.holds is not None:
            self._lowest = min(self._lowest, piece.d0, piece.d1)
        if piece.other is not None:
            self._best = max(self._best, min(piece.other_d1, self._lowest))
        self.margin = self._best

    def _judge(self, piece: Piece) -> None:
        if piece.other:
            self._came = True if self._held else None
            self._over = True
            return
        if piece.other is None:
            self._came = None
        if piece.holds is None:
            self._held = None
        elif not piece.holds:
            self._over = True
            if self._came is False:
                self.breach(piece.t0, "until then", piece.t0)

    def finish(self, t: float) -> None:
        if self._came is None:
            self.unknown = 1
        elif not self._came and not self.breaches:
            self.breach(t, f"and {self.property.until} by the end", 0.0)


class ForAtLeast(Check):
    """Whenever the expression becomes true it stays true for the time. A truth at the start is not judged."""

    def __init__(self, property: Property) -> None:
        super().__init__(property)
        assert property.time_s is not None
        self._time_s = property.time_s
        self._before: bool | None = True
        self._since = math.nan

    def piece(self, piece: Piece) -> None:
        if piece.holds is None:
            self.unknown = 1  # it may become true, and false again
            self.possible_starts += self._before is not None
        elif piece.holds and self._before is False:
            self._since = piece.t0
            self.starts += 1
        elif not piece.holds and self._since <= piece.t0:
            left_s = piece.t0 - self._since - self._time_s
            if left_s < 0.0 or not self.unknown:
                self.margin = min(self.margin, left_s)
            if left_s < 0.0:
                self.breach(piece.t0, f"for at least {duration(self._time_s)}", self._since)
            self._since = math.nan
        self._before = piece.holds

    def finish(self, t: float) -> None:
        if t - self._since < self._time_s:
            self.undecided += 1


def check(property: Property) -> Check:
    """The operator of a property."""
    if property.kind == "for at least" and property.after is not None:
        return Always(property)
    kinds: dict[str, type[Check]] = {
        "always": Always, "never": Always, "eventually": Eventually, "within": Within, "until": Until,
        "for at least": ForAtLeast,
    }  # fmt: skip
    return kinds[property.kind](property)
