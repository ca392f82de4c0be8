"""A measurement: what was measured, in what unit, how exactly, and how it stands to its limits.

The value as it was read decides whether a limit is kept (simple acceptance, ILAC-G8:09/2019, 4.2.1). Where the
instrument's uncertainty reaches over a limit, the true value may be on the other side: such a measurement is marginal,
whichever side its reading is on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.report.outcomes import Outcome

Value = float | bool | str
Dimension = tuple[str, str]
"""Name and unit of what a series is measured over."""


class MeasurementError(ValueError):
    """A measurement that makes no sense: its limits contradict each other, or do not go with what was measured."""


@dataclass(frozen=True)
class Limits:
    """What a value must keep to; without any, it is only noted."""

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
        """Whether it is inside; a number equals another if the uncertainty does not tell them apart."""
        if isinstance(value, bool | str):
            return self.equals is None or (type(value), value) == (type(self.equals), self.equals)
        if self.equals is not None:
            return _is_number(self.equals) and abs(value - float(self.equals)) <= uncertainty
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    def distance(self, value: float) -> float:
        """How far the nearest limit is, in the unit of the value; infinite without one."""
        return min(
            (abs(value - limit) for limit in (self.at_least, self.at_most) if limit is not None), default=math.inf
        )

    def judge(self, value: Value, uncertainty: float = 0.0) -> Outcome:
        """How one value stands to the limits."""
        if _is_number(value) and uncertainty and self.distance(float(value)) < uncertainty:
            return Outcome.MARGINAL
        return Outcome.PASS if self.kept(value, uncertainty) else Outcome.FAIL


@dataclass(frozen=True)
class Measurement:
    """One value, or a series of them over one or more dimensions."""

    name: str
    value: Value | None
    """None if it was not taken, or is a series."""
    unit: str
    limits: Limits
    uncertainty: float
    """Half the width of what the true value lies in, in the unit."""
    outcome: Outcome
    accepted: bool
    """Whether every reading is inside the limits; a marginal one may be or not."""
    source: str = ""
    """Where the limits come from: a standard, a manual, a contract."""
    about: str = ""
    """What it is, for who reads the report."""
    why: str = ""
    """Why it was not taken."""
    dimensions: tuple[Dimension, ...] = ()
    points: tuple[tuple[Value, ...], ...] = ()
    """Of a series: its coordinates, then the value."""

    def __str__(self) -> str:
        if self.outcome is Outcome.UNSET:
            return f"{self.name}: not taken: {self.why}"
        found = self._worst() if self.points else f"{spoken(self.value)}{_behind(self.unit)}"
        accuracy = f" ±{self.uncertainty:g}{_behind(self.unit)}" if self.uncertainty else ""
        marginal = " (marginal)" if self.outcome is Outcome.MARGINAL else ""
        source = f" ({self.source})" if self.source else ""
        return f"{self.name}: found {found}{accuracy}{marginal}, expected {self.expected}{source}"

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
        outside = [point for point in self.points if not self.limits.kept(point[-1], self.uncertainty)]
        ordered = sorted(outside or self.points, key=lambda point: self._distance(point[-1]))
        shown = ordered[-1] if outside else ordered[0]
        at = ", ".join(
            f"{name} {spoken(x)}{_behind(unit)}" for (name, unit), x in zip(self.dimensions, shown[:-1], strict=True)
        )
        many = f" ({len(outside)} of {len(self.points)} values outside)" if outside else ""
        return f"{spoken(shown[-1])}{_behind(self.unit)} at {at}{many}"

    def _distance(self, value: Value) -> float:
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
) -> Measurement:
    """One value judged; None, or a number that is none, was not taken.

    Raises:
        MeasurementError: a text with a limit for numbers, or a negative uncertainty.
    """
    limits = limits or Limits()
    value, why = _taken(value, why)
    _check(name, [] if value is None else [value], limits, uncertainty)
    outcome = Outcome.UNSET if value is None else limits.judge(value, uncertainty)
    kept = value is not None and limits.kept(value, uncertainty)
    return Measurement(name, value, unit, limits, uncertainty, outcome, kept, source, about, why)


def series(
    name: str,
    points: Sequence[Sequence[Value]],
    dimensions: Sequence[Dimension],
    unit: str = "",
    limits: Limits | None = None,
    uncertainty: float = 0.0,
    *,
    source: str = "",
    about: str = "",
) -> Measurement:
    """Many values of one thing over time, load or what else; the worst of them is how it ends.

    Raises:
        MeasurementError: as for one value; a point with another number of coordinates than there are dimensions.
    """
    limits = limits or Limits()
    whole = tuple(tuple(_plain(x) for x in point) for point in points)
    for number, point in enumerate(whole):
        if len(point) != len(dimensions) + 1:
            raise MeasurementError(
                f"{name}: point {number} has {len(point)} numbers, expected {len(dimensions) + 1}: "
                f"{', '.join(d for d, _ in dimensions)} and the value"
            )
        if not all(_finite(x) for x in point):
            raise MeasurementError(f"{name}: point {number} is {point}, expected finite numbers")
    values = [point[-1] for point in whole]
    _check(name, values, limits, uncertainty)
    outcomes = {limits.judge(value, uncertainty) for value in values}
    outcome = next((o for o in (Outcome.FAIL, Outcome.MARGINAL, Outcome.PASS) if o in outcomes), Outcome.UNSET)
    kept = bool(values) and all(limits.kept(value, uncertainty) for value in values)
    why = "" if values else "the series has no points"
    return Measurement(
        name, None, unit, limits, uncertainty, outcome, kept, source, about, why, tuple(dimensions), whole
    )


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
