"""Properties judged on a record, or while it grows.

    for verdict in evaluate(journal, always("racks.*.supplied")): print(verdict)

    sampler = Sampler(site, patterns(properties))
    monitor = Monitor(properties, sampler.trace, site.plant.journal)
    …                       # at each instant: sampler(); stop if monitor.update(site.now)

Both run the same code: a record is judged by letting it grow.

rtamt (0.4.10, read and measured) is the library for this and judges our own verdicts in the tests, but is not what
computes them: its dense time holds values until the next sample, so crossings between samples are not found; it
refuses unbounded operators online, which is where a run is to be stopped; it knows numbers only (no states, words,
patterns, hysteresis, edges), wants every variable declared under a name without dashes and dots, takes 150 ms for one
response formula over 4,000 samples, and installs on no Python after 3.12 for a parser runtime pinned to 2017.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.emulators.textfile import shown
from twinfeed.harness.journal import Journal, Trace
from twinfeed.harness.properties import checks
from twinfeed.harness.properties.language import Property, Time, always, never, parse
from twinfeed.harness.properties.run import Run
from twinfeed.harness.properties.verdicts import Verdict, Violation, must_hold
from twinfeed.harness.unknown import Gap


class Stretch(NamedTuple):
    """From when to when an expression is true, false or, None, not known, s of the site's clock."""

    start_s: float
    end_s: float
    holds: bool | None


class _Course(checks.Check):
    """Judges nothing: keeps when the expression is what."""

    def __init__(self, property: Property) -> None:
        super().__init__(property)
        self.stretches: list[Stretch] = []

    def piece(self, piece: checks.Piece) -> None:
        if self.stretches and self.stretches[-1].holds is piece.holds:
            self.stretches[-1] = self.stretches[-1]._replace(end_s=piece.t1)
        else:
            self.stretches.append(Stretch(piece.t0, piece.t1, piece.holds))


def course(record: Journal | Trace, expression: str, max_gap: Time = 0.0) -> tuple[list[Stretch], tuple[Gap, ...]]:
    """When the expression is true, false or unknown, in order of time; and the gaps of its quantities.

    Raises:
        UnknownQuantity, BindingError, PropertySyntaxError: it is no expression of what was recorded.
    """
    trace = record.trace if isinstance(record, Journal) else record
    run = Run(always(expression, max_gap=max_gap), trace)
    run.check = kept = _Course(run.property)
    verdict = run.finish(trace.end_s or 0.0)
    return kept.stretches, verdict.gaps


class _Distances(checks.Check):
    """Judges nothing: keeps the distance of the expression from changing."""

    def __init__(self, property: Property) -> None:
        super().__init__(property)
        self.points: list[tuple[float, float | None]] = []

    def piece(self, piece: checks.Piece) -> None:
        for t, distance in ((piece.t0, piece.d0), (piece.t1, piece.d1)):
            point = t, None if piece.holds is None else distance
            if self.points[-1:] != [point]:
                self.points.append(point)


def distances(record: Journal | Trace, property: Property | str) -> list[tuple[float, float | None]]:
    """How far the expression of a property is from being violated, in the unit of its comparison, at the corners of
    its course: (t_s, distance). It is negative while the expression does not hold, infinite where only states are
    compared, None while it is not known. Of a property with a deadline it is the expression's own distance.

    Raises:
        UnknownQuantity, BindingError, PropertySyntaxError: as `evaluate`.
    """
    trace = record.trace if isinstance(record, Journal) else record
    of = read(property)
    run = Run((never if of.kind == "never" else always)(of.expression, max_gap=of.max_gap_s), trace)
    run.check = kept = _Distances(run.property)
    run.finish(trace.end_s or 0.0)
    return kept.points


class Monitor:
    """Judges properties while a run goes on."""

    def __init__(self, properties: Iterable[Property | str], trace: Trace, events: Iterable[Event] = ()) -> None:
        """`trace` is filled by a sampler; violations show the events of `events`, a journal.

        Raises:
            UnknownQuantity, BindingError: a property does not fit what is recorded.
        """
        self.trace = trace
        self._runs = [Run(read(property), trace, events) for property in properties]

    def update(self, t: float) -> list[Violation]:
        """Judge what was recorded until `t`; all violations so far, in the order they were found."""
        for run in self._runs:
            run.catch_up(t)
        return [violation for run in self._runs for violation in run.violations]

    def finish(self) -> list[Verdict]:
        """The verdicts, the record having ended."""
        end = self.trace.end_s or 0.0
        return [run.finish(end) for run in self._runs]


def evaluate(record: Journal | Trace, *properties: Property | str) -> list[Verdict]:
    """Judge each property on a whole record.

    Raises:
        UnknownQuantity, BindingError: a property does not fit what was recorded.
        PropertySyntaxError: a text is no property.
    """
    trace, events = (record.trace, record.events) if isinstance(record, Journal) else (record, [])
    return Monitor(properties, trace, events).finish()


def check(
    record: Journal | Trace, *properties: Property | str, allow_inconclusive: bool = False, allow_vacuous: bool = False
) -> list[Verdict]:
    """As `evaluate`, for tests: all must hold, and have been seen to.

    Raises:
        PropertyViolated: some are violated, and the message gives when, with what values and what had happened before;
            are inconclusive, because something was unknown or the record ends too early, unless that is allowed; or
            were never put to the test, unless that is allowed.
    """
    __tracebackhide__ = True  # pytest shows the line of the test
    verdicts = evaluate(record, *properties)
    must_hold(verdicts, allow_inconclusive=allow_inconclusive, allow_vacuous=allow_vacuous)
    return verdicts


def patterns(properties: Iterable[Property | str]) -> list[str]:
    """All names that have to be recorded for these properties."""
    return list(dict.fromkeys(pattern for property in properties for pattern in read(property).patterns))


def read(property: Property | str) -> Property:
    """The property, parsed if it is a text.

    Raises:
        PropertySyntaxError: the text is no property.
        TypeError: it is neither.
    """
    if isinstance(property, Property):
        return property
    if not isinstance(property, str):
        raise TypeError(
            f'found {shown(repr(property))}, expected a property such as always("row-1.supplied"), or its text'
        )
    return parse(property)
