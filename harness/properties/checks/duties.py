"""Operators that count from a start: `always`, `never`, `eventually`, `within`, and `for at least … after`."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass

from twinfeed.harness.properties.checks.pieces import Check, Piece
from twinfeed.harness.properties.language import Property
from twinfeed.harness.properties.syntax import duration


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
    """True if its beginning, or the time of it, is unknown: some time from `started` to `begun_by`."""
    begun_by: float = math.nan
    open: bool = False
    """True if it has been counted among those that are not known."""


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
            # an expression that has been false for less than the grace may stay so
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
        """True if it is true, or may be, since a time that counts, and not yet for long enough."""
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
        return False  # its delay is still of interest

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
