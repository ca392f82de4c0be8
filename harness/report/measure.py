"""The fixture `measure`: it takes values, judges them against limits, and times events of a journal.

    async def test_the_static_switch(site, journal, measure):
        measure("output voltage", 231.4, unit="V", within=(223, 237), uncertainty=0.5, source="IEC 62040-3, 5.3")
        await site.inject("utility-a", "outage")
        await site.run("2 min")
        measure.transfer_time(journal, "rack-1.supplied", when="utility-a.live falls", at_most="20 ms")
        measure.between(journal, "ups-1.on_battery", "generator-1.running", at_most="15 s", name="start of the engine")

Nothing is raised while a test measures: all is measured first, then what is outside its limits fails the test.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from twinfeed.harness.durations import UNITS_S, seconds
from twinfeed.harness.journal import Journal
from twinfeed.harness.report import instants
from twinfeed.harness.report.measurement import (
    Dimension,
    Limits,
    Measurement,
    MeasurementError,
    Value,
    bounded,
    measured,
    series,
    unknown,
    with_gaps,
)
from twinfeed.harness.report.outcomes import Outcome
from twinfeed.harness.uncertainty import SIMPLE, Instrument, Rule, Shortfall, Taken, shortfall
from twinfeed.harness.unknown import Gap

Time = float | str
"""Seconds, or a text such as `20 ms`."""


class OutsideLimits(AssertionError):
    """Measurements of a test are outside their limits, or were not taken."""

    def __init__(self, wrong: Sequence[Measurement], total: int) -> None:
        self.wrong = tuple(wrong)
        lines = [f"  {measurement}" for measurement in wrong]
        super().__init__("\n".join([f"{len(wrong)} of {total} measurements are not within their limits:", *lines]))


class Measure:
    """The measurements of one test, in the order they were taken."""

    def __init__(
        self,
        told: Callable[[Measurement], None] = lambda measurement: None,
        kept: Callable[[Path, str], None] = lambda path, caption: None,
        *,
        rule: Rule = SIMPLE,
        journal: Callable[[], Journal | None] = lambda: None,
        noted: Callable[[str, dict[str, str]], None] = lambda what, data: None,
    ) -> None:
        """`rule` decides where a measurement has none of its own; `journal` has the instruments of its site."""
        self.taken: list[Measurement] = []
        self.rule = rule
        self._told, self._kept, self._journal, self._noted = told, kept, journal, noted

    def __call__(
        self,
        name: str,
        value: Value | None,
        *,
        unit: str = "",
        at_least: float | None = None,
        at_most: float | None = None,
        within: tuple[float, float] | None = None,
        equals: Value | None = None,
        uncertainty: float = 0.0,
        source: str = "",
        about: str = "",
        instrument: str = "",
        decision: Rule | None = None,
    ) -> Measurement:
        """Take a number in its unit, a text, or a truth. None means that it could not be taken, which fails the test.

        Limits and uncertainty (that of the instrument, half the width) are in the same unit; without limits it is only
        noted. `source` gives the origin of the limits, `about` the subject. `instrument` is the quantity that the value
        was read off (`meter-1.power.total`); a number that `site.observe` returned knows it. Its accuracy counts as the
        uncertainty if none is given. `decision` is the decision rule, by default that of the run.

        Raises:
            MeasurementError: the limits contradict each other or do not go with the value; the name was used before.
        """
        limits = Limits.of(at_least, at_most, within, equals)
        taken = self._taken(instrument or getattr(value, "quantity", ""))
        known = [each.instrument.accuracy for each in taken if each.instrument.accuracy is not None]
        exact = uncertainty or max(known, default=0.0)
        rule = decision or self.rule
        found = measured(name, value, unit, limits, exact, source=source, about=about, rule=rule)
        return self._note(replace(found, taken=taken))

    def series(
        self,
        name: str,
        points: Iterable[Sequence[Value | None]],
        *,
        over: Sequence[Dimension],
        unit: str = "",
        at_least: float | None = None,
        at_most: float | None = None,
        within: tuple[float, float] | None = None,
        equals: Value | None = None,
        uncertainty: float = 0.0,
        source: str = "",
        about: str = "",
        instrument: str = "",
        decision: Rule | None = None,
    ) -> Measurement:
        """Take many values of one quantity: a point has a coordinate for each of `over` (name, unit), then the value.

        A value is None where there was no reading; the series is inconclusive then, which fails the test.

        measure.series("battery voltage", [(0, 54.2), (60, 52.9)], over=[("time", "s")], unit="V", at_least=42)

        Raises:
            MeasurementError: as for one value; a point with another number of coordinates.
        """
        limits = Limits.of(at_least, at_most, within, equals)
        taken = self._taken(instrument)
        known = [each.instrument.accuracy for each in taken if each.instrument.accuracy is not None]
        exact, rule = uncertainty or max(known, default=0.0), decision or self.rule
        found = series(name, list(points), over, unit, limits, exact, source=source, about=about, rule=rule)
        return self._note(replace(found, taken=taken))

    def _taken(self, *quantities: str) -> tuple[Taken, ...]:
        """The instruments of these quantities."""
        journal = self._journal()
        if journal is None:
            return tuple(Taken(Instrument(name)) for name in quantities if name)
        return tuple(journal.trace.taken(name) for name in quantities if name)

    # -- times off a journal ---------------------------------------------------------------------------------------

    def between(
        self,
        journal: Journal,
        start: str,
        end: str,
        *,
        name: str = "",
        since: Time = 0.0,
        unit: str = "s",
        at_least: Time | None = None,
        at_most: Time | None = None,
        uncertainty: Time = 0.0,
        source: str = "",
        about: str = "",
        max_gap: Time = 0.0,
        allow_inconclusive: bool = False,
        decision: Rule | None = None,
    ) -> Measurement:
        """The time from the moment one expression becomes true (from `since` on) until another one next does.

        Expressions are those of properties: `ups-1.mode == 'battery'`, `utility-a.live falls`. Limits and uncertainty
        are times; the measurement is in `unit`. If one of them did not happen, it was not taken.

        Where something was unknown meanwhile the time is not known exactly: the measurement is inconclusive, which
        fails the test unless `allow_inconclusive` is true, or outside its limits, however that went. For `max_gap`
        after it was read a quantity counts as known, or for as long as its instrument promises. All times off a journal
        take both.

        Raises:
            PropertySyntaxError, BindingError, UnknownQuantity: no expression of what was recorded.
        """
        return self._time(
            name or f"from {start} to {end}",
            lambda: instants.between(journal, start, end, seconds(since), seconds(max_gap)),
            unit, at_least, at_most, uncertainty, source, about, max_gap, allow_inconclusive, decision, journal,
            (start, end),
        )  # fmt: skip

    def transfer_time(
        self,
        journal: Journal,
        supplied: str,
        *,
        when: str = "",
        name: str = "",
        unit: str = "ms",
        at_most: Time | None = None,
        uncertainty: Time = 0.0,
        source: str = "",
        about: str = "",
        max_gap: Time = 0.0,
        allow_inconclusive: bool = False,
        decision: Rule | None = None,
    ) -> Measurement:
        """The longest time for which the load went without supply.

        `when` is an expression that becomes true as the load is transferred (`ups-1.on_battery`): if it does, and the
        load was never without supply, the time is 0. Without `when` a load that was never without supply was not seen
        to be transferred, and nothing was measured.
        """
        return self._time(
            name or f"transfer time of {supplied}",
            lambda: instants.longest_interruption(journal, supplied, when, seconds(max_gap)),
            unit, None, at_most, uncertainty, source, about, max_gap, allow_inconclusive, decision, journal,
            (supplied,),
        )  # fmt: skip

    def runtime(
        self,
        journal: Journal,
        ups: str,
        *,
        specified: Time,
        name: str = "",
        unit: str = "min",
        uncertainty: Time = 0.0,
        source: str = "",
        about: str = "",
        max_gap: Time = 0.0,
        allow_inconclusive: bool = False,
        decision: Rule | None = None,
    ) -> Measurement:
        """The time for which a UPS carried its load on battery until its output was lost, against the specified time.

        The load should be the one the specification names (IEC 62040-3, 6.4.4.1: stored energy time). A battery that
        outlives the test, but not the specification, was not measured.
        """
        return self._time(
            name or f"runtime of {ups}", lambda: instants.runtime(journal, ups, seconds(specified), seconds(max_gap)),
            unit, specified, None, uncertainty, source, about, max_gap, allow_inconclusive, decision, journal,
            (f"{ups}.on_battery", f"{ups}.live"),
        )  # fmt: skip

    def restart_time(
        self,
        journal: Journal,
        working: str,
        *,
        name: str = "",
        since: Time = 0.0,
        unit: str = "s",
        at_most: Time | None = None,
        uncertainty: Time = 0.0,
        source: str = "",
        about: str = "",
        max_gap: Time = 0.0,
        allow_inconclusive: bool = False,
        decision: Rule | None = None,
    ) -> Measurement:
        """The time from when something (a chiller, a controller, a link) stopped working until it works again."""
        return self.between(
            journal, f"not ({working})", working, name=name or f"restart time of {working}", since=since, unit=unit,
            at_most=at_most, uncertainty=uncertainty, source=source, about=about, max_gap=max_gap,
            allow_inconclusive=allow_inconclusive, decision=decision,
        )  # fmt: skip

    def _time(
        self,
        name: str,
        read: Callable[[], instants.Timed],
        unit: str,
        at_least: Time | None,
        at_most: Time | None,
        uncertainty: Time,
        source: str,
        about: str,
        max_gap: Time,
        allowed: bool,
        decision: Rule | None,
        journal: Journal,
        expressions: tuple[str, ...],
    ) -> Measurement:
        if unit not in UNITS_S:
            raise MeasurementError(f"{name}: found unit {unit!r}, expected one of {', '.join(UNITS_S)}")
        low, high = (None if limit is None else _in(unit, seconds(limit)) for limit in (at_least, at_most))
        limits, accuracy = Limits.of(low, high), _in(unit, seconds(uncertainty))
        rule = decision or self.rule
        gaps: tuple[Gap, ...] = ()
        fits: Shortfall | None = None
        try:
            timed = read()
            least, most, gaps = _in(unit, timed.low_s), _in(unit, timed.high_s), timed.gaps
            accuracy += _in(unit, timed.blur_s)
            limit_s = min((seconds(limit) for limit in (at_least, at_most) if limit is not None), default=None)
            fits = shortfall(source, limit_s, timed.blur_s) if timed.blur_s else None
            if least == most:
                found = measured(
                    name, least, unit, limits, accuracy, source=source, about=about, rule=rule, is_time=True,
                    allowed=allowed,
                )  # fmt: skip
            else:
                found = bounded(
                    name, least, most, unit, limits, accuracy,
                    source=source, about=about, allowed=allowed, seen=timed.seen,
                )  # fmt: skip
        except instants.NotSeen as error:
            gaps = error.gaps
            if gaps:
                found = unknown(name, str(error), unit, limits, source=source, about=about, allowed=allowed)
            else:
                found = measured(name, None, unit, limits, accuracy, source=source, about=about, why=str(error))
        taken = self._taken_for(journal, expressions)
        return self._note(replace(with_gaps(found, gaps, seconds(max_gap)), taken=taken, rule=rule, shortfall=fits))

    @staticmethod
    def _taken_for(journal: Journal, expressions: tuple[str, ...]) -> tuple[Taken, ...]:
        names = instants.quantities_of(journal, *expressions)
        return tuple(journal.trace.taken(name) for name in names)

    # -- other parts of a procedure --------------------------------------------------------------------------------

    def step(self, instruction: str, *, expected: str = "", observed: str = "") -> None:
        """Add a manual step. A person fills in on paper what is not given."""
        self._noted("step", {"instruction": instruction, "expected": expected, "observed": observed})

    def remark(self, text: str) -> None:
        """Add a remark for the readers of the report."""
        self._noted("remark", {"text": text})

    def deviation(self, text: str) -> None:
        """Note where the test was not done as it is specified."""
        self._noted("deviation", {"text": text})

    # -- attachments and the end -----------------------------------------------------------------------------------

    def attach(self, file: str | Path, caption: str = "") -> None:
        """Add a file (a picture, a trace of an oscilloscope) to the report, under its SHA-256.

        Raises:
            OSError: it cannot be read.
        """
        self._kept(Path(file), caption)

    def require(self, names: Iterable[str]) -> None:
        """Count these measurements as not taken if the test has not taken them."""
        there = {measurement.name for measurement in self.taken}
        for name in names:
            if name not in there:
                self._note(measured(name, None, why="the test did not measure it"))

    def check(self) -> None:
        """
        Raises:
            OutsideLimits: measurements are outside their limits or were not taken; the message lists them.
        """
        if wrong := self.wrong:
            raise OutsideLimits(wrong, len(self.taken))

    @property
    def wrong(self) -> list[Measurement]:
        """The measurements that are not within their limits."""
        return [measurement for measurement in self.taken if not measurement.accepted]

    @property
    def marginal(self) -> list[Measurement]:
        return [measurement for measurement in self.taken if measurement.outcome is Outcome.MARGINAL]

    def _note(self, measurement: Measurement) -> Measurement:
        if any(measurement.name == known.name for known in self.taken):
            raise MeasurementError(f"{measurement.name} was measured before in this test; give it a name of its own")
        self.taken.append(measurement)
        self._told(measurement)
        return measurement


def _in(unit: str, time_s: float) -> float:
    """A time in that unit, rounded to the microsecond that a journal keeps."""
    if math.isinf(time_s):
        return time_s
    return round(time_s / UNITS_S[unit], 6 if unit == "s" else 9)
