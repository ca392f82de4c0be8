"""A measurement: value, unit, uncertainty, limits, and the judgement.

By default the value as it was read decides whether a limit is kept (simple acceptance, ILAC-G8:09/2019, 4.2.1); with
the rule `guarded` all of value ± uncertainty must keep it (guard band, 4.2.2). Where the uncertainty reaches over a
limit, the true value may be on the other side: such a measurement is marginal, whichever side its reading is on. An
uncertainty that is larger than what the limits leave room for decides nothing: the measurement is inconclusive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from twinfeed.harness.properties.syntax import duration
from twinfeed.harness.report.outcomes import Outcome
from twinfeed.harness.uncertainty import SIMPLE, Rule, Shortfall, Taken, rounded, rounded_up
from twinfeed.harness.unknown import Gap

Value = float | bool | str
Dimension = tuple[str, str]
"""Name and unit of a dimension of a series."""

MOST_GAPS = 20
"""So many gaps, the longest ones, are kept with a measurement."""


class MeasurementError(ValueError):
    """A measurement contradicts itself: its limits exclude each other, or do not fit the measured kind of value."""


@dataclass(frozen=True)
class Limits:
    """The limits of a value; without any, it is only reported."""

    at_least: float | None = None
    at_most: float | None = None
    equals: Value | None = None

    @classmethod
    def of(
        cls,
        at_least: float | None = None,
        at_most: float | None = None,
        within: tuple[float, float] | None = None,
        equals: Value | None = None,
    ) -> Limits:
        """
        Raises:
            MeasurementError: two limits for one side, or none that a value could keep.
        """
        if within is not None:
            if at_least is not None or at_most is not None:
                raise MeasurementError("`within` is both limits at once; leave out `at_least` and `at_most`")
            at_least, at_most = within
        if equals is not None and not (at_least is None and at_most is None):
            raise MeasurementError("`equals` leaves no room for other limits; give one or the other")
        if at_least is not None and at_most is not None and at_least > at_most:
            raise MeasurementError(f"no value is at least {at_least:g} and at most {at_most:g}")
        return cls(at_least, at_most, equals)

    def kept(self, value: Value, uncertainty: float = 0.0) -> bool:
        """True if it is inside; a number equals another if the uncertainty does not separate them."""
        if isinstance(value, bool | str):
            return self.equals is None or (type(value), value) == (type(self.equals), self.equals)
        if self.equals is not None:
            return _is_number(self.equals) and abs(value - float(self.equals)) <= uncertainty
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    def distance(self, value: float) -> float:
        """The distance of the nearest limit, in the unit of the value; infinite without one."""
        return min(
            (abs(value - limit) for limit in (self.at_least, self.at_most) if limit is not None), default=math.inf
        )

    def judge(self, value: Value, uncertainty: float = 0.0, room: float = math.inf) -> Outcome:
        """The relation of one value to the limits, of which the uncertainty may take so much `room`."""
        if _is_number(value) and uncertainty and self.distance(float(value)) < uncertainty:
            return Outcome.INCONCLUSIVE if uncertainty > room else Outcome.MARGINAL
        return Outcome.PASS if self.kept(value, uncertainty) else Outcome.FAIL

    @property
    def room(self) -> float:
        """The largest uncertainty with which two limits can be distinguished: half of the distance between them."""
        if self.at_least is None or self.at_most is None:
            return math.inf
        return (self.at_most - self.at_least) / 2.0

    @property
    def room_for_time(self) -> float:
        """The relation for a time, which is never less than 0: a limit that the uncertainty exceeds is not decided."""
        limits = [limit for limit in (self.at_least, self.at_most) if limit is not None]
        return min(self.room, *limits) if limits else math.inf


@dataclass(frozen=True)
class Measurement:
    """One value, or a series of them over one or more dimensions."""

    name: str
    value: Value | None
    """None if it was not taken, or is a series."""
    unit: str
    limits: Limits
    uncertainty: float
    """Half the width of the interval of the true value, in the unit."""
    outcome: Outcome
    accepted: bool
    """True if every reading is inside the limits. A marginal one may be or not."""
    source: str = ""
    """The source of the limits: a standard, a manual, a contract."""
    about: str = ""
    """A description for the readers of the report."""
    why: str = ""
    """Why it was not taken."""
    dimensions: tuple[Dimension, ...] = ()
    points: tuple[tuple[Value | None, ...], ...] = ()
    """Of a series: its coordinates, then the value, None where there was no reading."""
    low: float | None = None
    """The least value, where it is not known exactly, in the unit."""
    high: float | None = None
    """And the most; None if there is no upper bound."""
    gaps: tuple[Gap, ...] = ()
    """Gaps in the quantities that it was taken from: the longest ones, in order of time."""
    gap_count: int = 0
    """Number of all gaps."""
    largest_gap_s: float = 0.0
    max_gap_s: float = 0.0
    """The time after a reading for which its quantity counted as known, if the test gave one."""
    taken: tuple[Taken, ...] = ()
    """The instruments that it was taken with, and how they were read."""
    rule: Rule = SIMPLE
    """The decision rule for its acceptance."""
    shortfall: Shortfall | None = None
    """The standard that is cited for its limits, if the method does not fit it."""

    def __str__(self) -> str:
        if self.outcome is Outcome.UNSET:
            return f"{self.name}: not taken: {self.why}"
        source = f" ({self.source})" if self.source else ""
        why = f"; {self.why}" if self.why and self.outcome is Outcome.INCONCLUSIVE and self.value is not None else ""
        fits = "" if self.shortfall is None else f"; not in accordance with {self.shortfall.standard}: sampling"
        return f"{self.name}: {self._found()}, expected {self.expected}{source}{why}{self._gaps()}{fits}"

    @property
    def shown_uncertainty(self) -> float:
        """The uncertainty with two digits, rounded up."""
        return rounded_up(self.uncertainty)

    def shown(self, value: Value | None) -> Value | None:
        """A value of it, rounded to its uncertainty."""
        return rounded(value, self.uncertainty) if _is_number(value) else value  # type: ignore[arg-type]

    def _found(self) -> str:
        if self.low is not None:
            bounds = f"{self.low:.6g}{_behind(self.unit)}" + ("" if self.high is None else f" and {self._most}")
            between = "at least" if self.high is None else "between"
            return f"{'not known, ' if self.outcome is Outcome.INCONCLUSIVE else 'found '}{between} {bounds}"
        if self.value is None and not self.points:
            return f"not known, {self.why}"
        missing = sum(point[-1] is None for point in self.points)
        if missing and self.outcome is Outcome.INCONCLUSIVE:
            return f"not known, {missing} of {len(self.points)} values are missing"
        found = self._worst() if self.points else f"{spoken(self.shown(self.value))}{_behind(self.unit)}"
        accuracy = f" ±{self.shown_uncertainty:g}{_behind(self.unit)}" if self.uncertainty else ""
        marginal = " (marginal)" if self.outcome is Outcome.MARGINAL else ""
        inconclusive = "not decided, " if self.outcome is Outcome.INCONCLUSIVE else ""
        return f"{inconclusive}found {found}{accuracy}{marginal}"

    @property
    def _most(self) -> str:
        return f"{self.high:.6g}{_behind(self.unit)}"

    def _gaps(self) -> str:
        tolerated = f"; a reading counts as known for {duration(self.max_gap_s)}" if self.max_gap_s else ""
        if not self.gaps:
            return tolerated
        many = f" (the longest of {self.gap_count} gaps)" if self.gap_count > 1 else ""
        return f"{tolerated}; {self.largest_gap}{many}"

    @property
    def largest_gap(self) -> Gap | None:
        """The longest of the gaps."""
        return max(self.gaps, key=lambda gap: gap.length_s, default=None)

    @property
    def expected(self) -> str:
        """The limits in words."""
        limits, unit = self.limits, _behind(self.unit)
        if limits.equals is not None:
            return f"{spoken(limits.equals)}{unit}"
        if limits.at_least is not None and limits.at_most is not None:
            return f"{limits.at_least:g} to {limits.at_most:g}{unit}"
        if limits.at_least is not None:
            return f"at least {limits.at_least:g}{unit}"
        return "anything" if limits.at_most is None else f"at most {limits.at_most:g}{unit}"

    def _worst(self) -> str:
        known = [point for point in self.points if point[-1] is not None]
        outside = [point for point in known if not self.limits.kept(_given(point[-1]), self.uncertainty)]
        ordered = sorted(outside or known, key=lambda point: self._distance(point[-1]))
        shown = ordered[-1] if outside else ordered[0]
        at = ", ".join(
            f"{name} {spoken(x)}{_behind(unit)}" for (name, unit), x in zip(self.dimensions, shown[:-1], strict=True)
        )
        many = f" ({len(outside)} of {len(self.points)} values outside)" if outside else ""
        return f"{spoken(shown[-1])}{_behind(self.unit)} at {at}{many}"

    def _distance(self, value: Value | None) -> float:
        return self.limits.distance(value) if isinstance(value, float) else 0.0


def measured(
    name: str,
    value: Value | None,
    unit: str = "",
    limits: Limits | None = None,
    uncertainty: float = 0.0,
    *,
    source: str = "",
    about: str = "",
    why: str = "",
    rule: Rule = SIMPLE,
    is_time: bool = False,
    allowed: bool = False,
) -> Measurement:
    """One value judged; None, or a number that is none, was not taken. One that is not decided counts if `allowed`.

    Raises:
        MeasurementError: a text with a limit for numbers, or a negative uncertainty.
    """
    limits = limits or Limits()
    value, why = _taken(value, why)
    _check(name, [] if value is None else [value], limits, uncertainty)
    room = limits.room_for_time if is_time else limits.room
    outcome = Outcome.UNSET if value is None else limits.judge(value, uncertainty, room)
    if outcome is Outcome.INCONCLUSIVE:
        why = f"an uncertainty of {rounded_up(uncertainty):g}{_behind(unit)} cannot decide that limit"
    kept = value is not None and _accepted(outcome, limits.kept(value, uncertainty), rule, allowed)
    return Measurement(name, value, unit, limits, uncertainty, outcome, kept, source, about, why, rule=rule)


def _accepted(outcome: Outcome, kept: bool, rule: Rule, allowed: bool) -> bool:
    """True if a reading is accepted that is inside the limits (`kept`) or not."""
    match outcome:
        case Outcome.INCONCLUSIVE:
            return allowed
        case Outcome.MARGINAL:
            return kept and rule == SIMPLE
        case _:
            return kept


def bounded(
    name: str,
    low: float,
    high: float,
    unit: str = "",
    limits: Limits | None = None,
    uncertainty: float = 0.0,
    *,
    source: str = "",
    about: str = "",
    allowed: bool = False,
    seen: bool = True,
) -> Measurement:
    """A number of which only is known that it lies from `low` to `high`, which may be infinite.

    It is within its limits if all of that is, and outside if all of that is; otherwise it is inconclusive, and accepted
    only if that is `allowed`. What was not `seen` to happen at all is never within its limits.
    """
    limits = limits or Limits()
    _check(name, [], limits, uncertainty)
    too_high = limits.at_most is not None and low - uncertainty > limits.at_most
    too_low = limits.at_least is not None and high + uncertainty < limits.at_least
    limited = seen and (limits.at_most is not None or limits.at_least is not None)
    inside = limited and limits.kept(low - uncertainty) and limits.kept(high + uncertainty)
    outcome = Outcome.FAIL if too_high or too_low else Outcome.PASS if inside else Outcome.INCONCLUSIVE
    most = high if math.isfinite(high) else None
    accepted = outcome is Outcome.PASS or (allowed and outcome is Outcome.INCONCLUSIVE)
    return Measurement(name, None, unit, limits, uncertainty, outcome, accepted, source, about, low=low, high=most)


def unknown(
    name: str,
    why: str,
    unit: str = "",
    limits: Limits | None = None,
    *,
    source: str = "",
    about: str = "",
    allowed: bool = False,
) -> Measurement:
    """An inconclusive measurement: the event may have happened unseen."""
    limits = limits or Limits()
    return Measurement(name, None, unit, limits, 0.0, Outcome.INCONCLUSIVE, allowed, source, about, why)


def with_gaps(measurement: Measurement, gaps: Sequence[Gap], max_gap_s: float = 0.0) -> Measurement:
    """The measurement with the gaps of its quantities, and the tolerance."""
    longest = sorted(gaps, key=lambda gap: -gap.length_s)[:MOST_GAPS]
    return replace(
        measurement,
        gaps=tuple(sorted(longest, key=lambda gap: gap.start_s)),
        gap_count=len(gaps),
        largest_gap_s=round(longest[0].length_s, 6) if longest else 0.0,
        max_gap_s=max_gap_s,
    )


def series(
    name: str,
    points: Sequence[Sequence[Value | None]],
    dimensions: Sequence[Dimension],
    unit: str = "",
    limits: Limits | None = None,
    uncertainty: float = 0.0,
    *,
    source: str = "",
    about: str = "",
    rule: Rule = SIMPLE,
) -> Measurement:
    """Many values of one thing over time, load or what else; the worst of them is how it ends.

    A value may be None, where there was no reading: then it is inconclusive, unless another value is outside.

    Raises:
        MeasurementError: as for one value; a point with another number of coordinates than there are dimensions.
    """
    limits = limits or Limits()
    whole = tuple(tuple(None if x is None else _plain(x) for x in point) for point in points)
    for number, point in enumerate(whole):
        if len(point) != len(dimensions) + 1:
            raise MeasurementError(
                f"{name}: point {number} has {len(point)} numbers, expected {len(dimensions) + 1}: "
                f"{', '.join(d for d, _ in dimensions)} and the value"
            )
        if None in point[:-1] or not all(x is None or _finite(x) for x in point):
            raise MeasurementError(f"{name}: point {number} is {point}, expected finite numbers")
    values = [value for point in whole if (value := point[-1]) is not None]
    _check(name, values, limits, uncertainty)
    outcomes = {limits.judge(value, uncertainty, limits.room) for value in values}
    missing = len(values) < len(whole)
    if missing:
        outcomes.add(Outcome.INCONCLUSIVE)
    outcome = next((outcome for outcome in _WORST_FIRST if outcome in outcomes), Outcome.UNSET)
    inside = all(limits.kept(value, uncertainty) for value in values)
    kept = bool(values) and not missing and _accepted(outcome, inside, rule, allowed=False)
    why = "" if whole else "the series has no points"
    return Measurement(
        name, None, unit, limits, uncertainty, outcome, kept, source, about, why, tuple(dimensions), whole, rule=rule
    )


_WORST_FIRST = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.MARGINAL, Outcome.PASS)


def spoken(value: Value | None) -> str:
    """A value in plain English, for messages on a terminal."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, int | float) else repr(value)


def _check(name: str, values: Sequence[Value], limits: Limits, uncertainty: float) -> None:
    if uncertainty < 0.0 or not math.isfinite(uncertainty):
        raise MeasurementError(f"{name}: the uncertainty is {uncertainty:g}, expected 0 or more")
    for value in values:
        if not _is_number(value) and not (limits.at_least is None and limits.at_most is None):
            raise MeasurementError(f"{name}: found {value!r}, expected a number: its limits are {limits}")


def _given(value: Value | None) -> Value:
    assert value is not None, "points without a value are left out"
    return value


def _taken(value: Value | None, why: str) -> tuple[Value | None, str]:
    if value is None:
        return None, why or "it has no value"
    value = _plain(value)
    return (value, "") if _finite(value) else (None, f"{value} is no value")


def _plain(value: Value) -> Value:
    """Numbers of any kind (a measuring library's own too) as float."""
    return value if isinstance(value, bool | str) else float(value)


def _finite(value: Value) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _behind(unit: str) -> str:
    return f" {unit}" if unit else ""
