"""Properties judged on a record, or while it grows.

    for verdict in evaluate(journal, always("racks.*.supplied")): print(verdict)

    recorder = Recorder(site, patterns(properties))
    monitor = Monitor(properties, recorder.trace, site.plant.journal)
    …                       # at each instant: recorder(); stop if monitor.update(site.now)

Both run the same code: a record is judged by letting it grow.

rtamt (0.4.10, read and measured) is the library for this and judges our own verdicts in the tests, but is not what
computes them: its dense time holds values until the next sample, so crossings between samples are not found; it
refuses unbounded operators online, which is where a run is to be stopped; it knows numbers only (no states, words,
patterns, hysteresis, edges), wants every variable declared under a name without dashes and dots, takes 150 ms for one
response formula over 4,000 samples, and installs on no Python after 3.12 for a parser runtime pinned to 2017.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter

from emulators.devices.points import Value
from emulators.plant.actor import Event
from harness.journal import Journal, Trace
from harness.properties import checks, signals
from harness.properties.binding import Binder
from harness.properties.language import Property, parse
from harness.properties.verdicts import PropertyViolated, Verdict, Violation, before
from harness.properties.windows import Window

_TOO_SMALL_S = 1e-9
"""A piece of time shorter than this is rounding, s."""


class Run:
    """One property on one growing record."""

    def __init__(self, property: Property, trace: Trace, events: Iterable[Event] = ()) -> None:
        """
        Raises:
            UnknownQuantity: the record has nothing of a name in the property.
            BindingError: numbers and truths are mixed up, or patterns do not fit together.
        """
        self.property, self.trace, self.events = property, trace, events
        binder = Binder(trace.names)
        self._truth = binder.truth(property.expression)
        self._remembers = bool(binder.remembering or binder.windows)
        """Whether what the expression says depends on what was before."""
        if property.kind == "never":
            self._truth = signals.Negation(self._truth)
        other = property.after if property.until is None else property.until
        self._other = signals.Fixed(True) if other is None else binder.truth(other)
        self._judged_always = property.after is None and property.until is None
        """Whether there is no other expression to look at."""
        self._windows = list(binder.windows.values())
        self._sleeps = property.after is not None and not self._remembers and not self._windows
        """Whether, while `after` has not come, nothing but what that is made of needs to be looked at."""
        self._remembering = binder.remembering
        self._read = dict.fromkeys(binder.names, 0)
        self._env: dict[str, Value] = {}
        self._t = -math.inf
        self._due_s: float | None = None
        self._begun = False
        self._unjudged = True
        """Whether something has changed at the last instant: what follows from it is known when time moves on."""
        self.check = checks.check(property)
        self.violations: list[Violation] = []

    def catch_up(self, t: float) -> None:
        """Judge what the record has got since, until `t`."""
        if self._sleeps and self._asleep():
            wakes = min((self.trace[name][self._read[name]][0] for name in self._other.names if self._has_more(name)),
                        default=math.inf)  # fmt: skip
            if wakes == math.inf:
                return
            self._sleep_until(wakes)
        fresh: list[tuple[float, int, str, Value]] = []
        for name, read in self._read.items():
            points = self.trace[name]
            if len(points) > read:
                if read and points[read - 1][0] > self._t:  # it stood still until then, and only then began to move
                    read -= 1
                fresh += [(at, n, name, value) for n, (at, value) in enumerate(points[read:], read)]
                self._read[name] = len(points)
        if not fresh and t <= self._due():
            return
        fresh.sort(key=itemgetter(0, 1))
        for at, group in groupby(fresh, key=itemgetter(0)):
            arriving: dict[str, Value] = {}
            leaving: dict[str, Value] = {}
            for _, _, name, value in group:
                arriving.setdefault(name, value)
                leaving[name] = value
            self._instant(at, arriving, leaving)
        if t > self._t and self._begun:
            self._instant(t, {}, {})

    def _asleep(self) -> bool:
        return self._begun and not self.check.counting and not self._other.over(self._env, self._env)[0]

    def _has_more(self, name: str) -> bool:
        return len(self.trace[name]) > self._read[name]

    def _sleep_until(self, wakes: float) -> None:
        """Pass over all that came before the last instant before `wakes`."""
        last = self._t
        for name in self._read:
            points = self.trace[name]
            n = self._read[name] = bisect_left(points, wakes, self._read[name], key=itemgetter(0))
            if points[n - 1][0] < wakes:  # the last point of a number that stands still moves on with time
                last = max(last, points[n - 1][0])
        if last > self._t:
            self._t = last
            self._env = {name: self.trace.at(name, last) for name in self._read}

    def finish(self, t: float) -> Verdict:
        """Judge the rest, the record ending at `t`."""
        self.catch_up(t)
        if self._begun:
            if self._t < t:
                self._instant(t, {}, {})
            self._piece(self._t, self._env, self._t, self._env)
            self.check.finish(self._t)
            self._report(self._t, self._env, self._t, self._env)
        violations = tuple(sorted(self.violations, key=lambda violation: violation.t_s))
        margin = min(self.check.margin, 0.0) if violations else max(self.check.margin, 0.0)  # rounding has no say
        return Verdict(self.property, margin, violations, self.check.undecided, self.check.starts, tuple(self._read))

    def _due(self) -> float:
        """When it must be looked at again even if nothing is recorded; the same until the next instant."""
        if self._unjudged:
            return self._t
        if self._due_s is None:
            breaks = (window.next_break(self._t, moving=False) for window in self._windows)
            self._due_s = min(self.check.due(), *breaks, math.inf)
        return self._due_s

    def _instant(self, t: float, arriving: Mapping[str, Value], leaving: Mapping[str, Value]) -> None:
        """Time goes on to `t`: what moves arrives at the one values and leaves with the others."""
        self._due_s = None
        if not self._begun:
            self._env.update(leaving)
            self._t = t
            self._begun = len(self._env) == len(self._read)
            if self._begun:
                self._derive(t, at_rest=True)
            return
        a = self._env
        while self._t < t:
            b = dict(a)
            for name, value in a.items():
                if type(value) is float and name in self._read:
                    arrived = arriving[name] if name in arriving else self.trace.at(name, t)
                    if type(arrived) is float:
                        b[name] = arrived
            until = t
            if self._windows:
                until, b = self._until_window_bends(a, t, b)
                self._derive_arriving(self._t, a, until, b)
            self._stretch(self._t, a, until, b)
            self._env, self._t = b, until
            if until < t:
                self._derive(until)
            a = self._env
        jumped = any(a[name] != value for name, value in leaving.items())
        a.update(leaving)
        self._unjudged = bool(leaving)
        if jumped or any(window.begins_at_an_edge for window in self._windows):
            self._derive(t)

    def _until_window_bends(
        self, a: Mapping[str, Value], t: float, b: dict[str, Value]
    ) -> tuple[float, dict[str, Value]]:
        """How far a derived number goes on as it does now, and the values there."""
        until = t
        for window in self._windows:
            v0, v1 = window.inner.ends(a, b)
            until = min(until, window.next_break(self._t, moving=v0 != v1))
        if until < t:
            b = signals.between(a, b, (until - self._t) / (t - self._t))
        part = min(self._window_bend(window, a, until, b) for window in self._windows)
        if part < signals.NEVER:
            b, until = signals.between(a, b, part), self._t + part * (until - self._t)
        return until, b

    def _window_bend(self, window: Window, a: Mapping[str, Value], until: float, b: Mapping[str, Value]) -> float:
        v0, v1 = (signals.number(value, window.key) for value in window.inner.ends(a, b))
        return window.bend(self._t, v0, until, v1) if until - self._t > _TOO_SMALL_S else signals.NEVER

    def _derive_arriving(self, t0: float, a: Mapping[str, Value], t1: float, b: dict[str, Value]) -> None:
        for window in self._windows:
            v0, v1 = window.inner.ends(a, b)
            window.feed(t0, signals.number(v0, window.key), t1, signals.number(v1, window.key))
            b[window.key] = window.arriving(t1, signals.number(v1, window.key))

    def _derive(self, t: float, at_rest: bool = False) -> None:
        for window in self._windows:
            value = signals.number(window.inner.ends(self._env, self._env)[0], window.key)
            if at_rest:
                window.feed(t, value, t, value)
            self._env[window.key] = window.at(t, value)

    def _stretch(self, t0: float, a: Mapping[str, Value], t1: float, b: Mapping[str, Value]) -> None:
        """From instant to instant, cut where the truth or the slope of an expression changes."""
        while t1 - t0 > _TOO_SMALL_S:
            part = signals.NEVER if self._judged_always else self._other.bend(a, b)
            if not self._idle(a, b):
                part = min(part, self._truth.bend(a, b))
            if part >= signals.NEVER:
                break
            middle, t = signals.between(a, b, part), t0 + part * (t1 - t0)
            self._piece(t0, a, t, middle)
            a, t0 = middle, t
        self._piece(t0, a, t1, b)

    def _idle(self, a: Mapping[str, Value], b: Mapping[str, Value]) -> bool:
        """Whether nothing is to be judged: `after` has not come, and nothing that depends on the past is missed."""
        if self.property.after is None or self.check.counting or self._remembers:
            return False
        return not self._other.over(a, b)[0]

    def _piece(self, t0: float, a: Mapping[str, Value], t1: float, b: Mapping[str, Value]) -> None:
        if self._judged_always:
            self.check.piece(checks.Piece(t0, t1, *self._truth.over(a, b)))
        else:
            holds, d0, d1 = (False, -math.inf, -math.inf) if self._idle(a, b) else self._truth.over(a, b)
            self.check.piece(checks.Piece(t0, t1, holds, d0, d1, *self._other.over(a, b)))
        self._report(t0, a, t1, b)
        for signal in self._remembering:
            signal.commit()

    def _report(self, t0: float, a: Mapping[str, Value], t1: float, b: Mapping[str, Value]) -> None:
        """Turn the breaches that were just found into violations."""
        if len(self.check.breaches) == len(self.violations):
            return
        for breach in self.check.breaches[len(self.violations) :]:
            part = min(1.0, max(0.0, (breach.t_s - t0) / (t1 - t0))) if t1 > t0 else 0.0
            values = signals.between(a, b, part)
            blamed = self._truth.blame(a, b, wanted=True) or list(self._truth.names)
            events, active = before(self.events, breach.t_s)
            self.violations.append(
                Violation(
                    self.property, breach.t_s, {name: values[name] for name in blamed}, breach.expected,
                    breach.started_s, events, active,
                )
            )  # fmt: skip


class Monitor:
    """Properties watched while a run goes on."""

    def __init__(self, properties: Iterable[Property | str], trace: Trace, events: Iterable[Event] = ()) -> None:
        """`trace` is the one that a recorder fills, `events` a journal that is told of in violations.

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


def check(record: Journal | Trace, *properties: Property | str) -> list[Verdict]:
    """As `evaluate`, for tests.

    Raises:
        PropertyViolated: some do not hold; the message says when, with what values and what had happened before.
    """
    __tracebackhide__ = True  # pytest shows the line of the test
    verdicts = evaluate(record, *properties)
    wrong = [verdict for verdict in verdicts if not verdict]
    if wrong:
        raise PropertyViolated(wrong)
    return verdicts


def patterns(properties: Iterable[Property | str]) -> list[str]:
    """All names that have to be recorded for these properties."""
    return list(dict.fromkeys(pattern for property in properties for pattern in read(property).patterns))


def read(property: Property | str) -> Property:
    return parse(property) if isinstance(property, str) else property
