"""One property judged on one record, which may grow: it is followed from instant to instant and from bend to bend."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.harness.journal import Trace
from twinfeed.harness.properties import checks, signals, syntax
from twinfeed.harness.properties.binding import Binder
from twinfeed.harness.properties.language import Property
from twinfeed.harness.properties.verdicts import Verdict, Violation, before
from twinfeed.harness.properties.vocabulary import Vocabulary
from twinfeed.harness.properties.windows import Window
from twinfeed.harness.unknown import Gap, Seen, is_open

_TOO_SMALL_S = 1e-9
"""A piece of time shorter than this is rounding, s."""
_MOMENT_S = 1e-6
"""The length of an edge that may be where a quantity becomes known again, s."""


class Run:
    """One property on one growing record."""

    def __init__(self, property: Property, trace: Trace, events: Iterable[Event] = ()) -> None:
        """
        Raises:
            UnknownQuantity: the record has nothing of a name in the property.
            BindingError: numbers and truths are mixed up, or patterns do not fit together.
        """
        self.property, self.events = property, events
        self._recorded = trace
        self.trace = trace.bridged(property.max_gap_s)
        """The record, with gaps as this property takes them."""
        binder = Binder(trace.names, Vocabulary(trace.domain))
        self._truth = binder.truth(property.expression)
        self._premises = (
            []
            if property.kind == "never"
            else [binder.truth(premise) for premise in syntax.premises(property.expression)]
        )
        """The premises that must be true at some time for the expression to be tested; empty if it always is."""
        self._premise: bool | None = not self._premises
        """True if one of them was true; None if one may have been."""
        self._remembers = bool(binder.remembering or binder.windows)
        """True if the value of the expression depends on earlier values."""
        if property.kind == "never":
            self._truth = signals.Negation(self._truth)
        other = property.after if property.until is None else property.until
        self._other = signals.Fixed(True) if other is None else binder.truth(other)
        self._judged_always = property.after is None and property.until is None
        """True if there is no other expression to evaluate."""
        self._windows = list(binder.windows.values())
        self._sleeps = property.after is not None and not self._remembers and not self._windows
        """True if, until `after` comes, only its own quantities need evaluation."""
        self._remembering = binder.remembering
        self._read = dict.fromkeys(binder.names, 0)
        self._env: dict[str, Seen] = {}
        self._t = -math.inf
        self._due_s: float | None = None
        self._begun = False
        self._began_s = math.inf
        self._known_again = False
        """True if something has become known at the last instant; its edges count at that instant only."""
        self._unjudged = True
        """True if something has changed at the last instant: consequences are known when time moves on."""
        self.check = checks.check(property)
        self.violations: list[Violation] = []

    def catch_up(self, t: float) -> None:
        """Judge the samples since the last call, until `t`."""
        self.trace = self._recorded.bridged(self.property.max_gap_s)
        if self._sleeps and self._asleep():
            wakes = min((self.trace[name][self._read[name]][0] for name in self._other.names if self._has_more(name)),
                        default=math.inf)  # fmt: skip
            if wakes == math.inf:
                return
            self._sleep_until(wakes)
        fresh: list[tuple[float, int, str, Seen]] = []
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
            arriving: dict[str, Seen] = {}
            leaving: dict[str, Seen] = {}
            for _, _, name, value in group:
                arriving.setdefault(name, value)
                leaving[name] = value
            self._instant(at, arriving, leaving)
        if t > self._t and self._begun:
            self._instant(t, {}, {})

    def _asleep(self) -> bool:
        return self._begun and not self.check.counting and self._other.over(self._env, self._env)[0] is False

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
        check = self.check
        violations = tuple(sorted(self.violations, key=lambda violation: violation.t_s))
        margin = min(check.margin, 0.0) if violations else max(check.margin, 0.0)  # rounding does not count
        gaps = sorted((gap for name in self._read for gap in self.trace.gaps(name, self._began_s, t)), key=_begins)
        never_began = check.starts == 0 or self._premise is False
        may_have_begun = (check.starts == 0 and check.possible_starts > 0) or self._premise is None
        unknown = check.unknown or int(may_have_begun)
        vacuous = never_began and not may_have_begun
        return Verdict(
            self.property, margin, violations, check.undecided, check.starts, tuple(self._read), unknown, vacuous,
            tuple(gaps),
        )  # fmt: skip

    def _due(self) -> float:
        """The time at which it must be evaluated again even if nothing is recorded; the same until the next instant."""
        if self._unjudged:
            return self._t
        if self._due_s is None:
            breaks = (window.next_break(self._t, moving=False) for window in self._windows)
            self._due_s = min(self.check.due(), *breaks, math.inf)
        return self._due_s

    def _instant(self, t: float, arriving: signals.Env, leaving: signals.Env) -> None:
        """Time goes on to `t`: what moves arrives at the one values and leaves with the others."""
        self._due_s = None
        if not self._begun:
            self._env.update(leaving)
            self._t = t
            self._begun = len(self._env) == len(self._read)
            if self._begun:
                self._began_s = t
                self._derive(t, at_rest=True)
            return
        a = self._env
        while self._t < t:
            stop = t
            if self._known_again:
                stop, self._known_again = min(t, self._t + _MOMENT_S), False
            b = dict(a)
            for name, value in a.items():
                if type(value) is float and name in self._read:
                    arrived = arriving[name] if stop == t and name in arriving else self.trace.at(name, stop)
                    if type(arrived) is float:
                        b[name] = arrived
            until = stop
            if self._windows:
                until, b = self._until_window_bends(a, stop, b)
                self._derive_arriving(self._t, a, until, b)
            self._stretch(self._t, a, until, b)
            self._env, self._t = b, until
            if until < t:
                self._derive(until)
            a = self._env
        jumped = any(a[name] != value for name, value in leaving.items())
        if self._remembering:
            self._known_again |= any(is_open(a[name]) and not is_open(value) for name, value in leaving.items())
        a.update(leaving)
        self._unjudged = bool(leaving)
        if jumped or any(window.begins_at_an_edge for window in self._windows):
            self._derive(t)

    def _until_window_bends(self, a: signals.Env, t: float, b: dict[str, Seen]) -> tuple[float, dict[str, Seen]]:
        """The time for which a derived number goes on as it does now, and the values there."""
        until = t
        for window in self._windows:
            v0, v1 = window.ends(a, b)
            until = min(until, window.next_break(self._t, moving=v0 != v1))
        if until < t:
            b = signals.between(a, b, (until - self._t) / (t - self._t))
        part = min(self._window_bend(window, a, until, b) for window in self._windows)
        if part < signals.NEVER:
            b, until = signals.between(a, b, part), self._t + part * (until - self._t)
        return until, b

    def _window_bend(self, window: Window, a: signals.Env, until: float, b: signals.Env) -> float:
        v0, v1 = window.ends(a, b)
        return window.bend(self._t, v0, until, v1) if until - self._t > _TOO_SMALL_S else signals.NEVER

    def _derive_arriving(self, t0: float, a: signals.Env, t1: float, b: dict[str, Seen]) -> None:
        for window in self._windows:
            v0, v1 = window.ends(a, b)
            window.feed(t0, v0, t1, v1)
            b[window.key] = window.arriving(t1, v1)

    def _derive(self, t: float, at_rest: bool = False) -> None:
        for window in self._windows:
            value, _ = window.ends(self._env, self._env)
            if at_rest:
                window.feed(t, value, t, value)
            self._env[window.key] = window.at(t, value)

    def _stretch(self, t0: float, a: signals.Env, t1: float, b: signals.Env) -> None:
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

    def _idle(self, a: signals.Env, b: signals.Env) -> bool:
        """True if nothing is to be judged: `after` has not come, and nothing that depends on the past is missed."""
        if self.property.after is None or self.check.counting or self._remembers:
            return False
        return self._other.over(a, b)[0] is False

    def _piece(self, t0: float, a: signals.Env, t1: float, b: signals.Env) -> None:
        if self._judged_always:
            self.check.piece(checks.Piece(t0, t1, *self._truth.over(a, b)))
        else:
            holds, d0, d1 = (False, -math.inf, -math.inf) if self._idle(a, b) else self._truth.over(a, b)
            other = self._other.over(a, b)
            unseen = isinstance(self._other, signals.Edge) and self._other.came_unseen
            self.check.piece(checks.Piece(t0, t1, holds, d0, d1, *other, unseen))
        self._report(t0, a, t1, b)
        if self._premise is not True and self._premises:
            self._look_at_premises(t0, a, t1, b)
        for signal in self._remembering:
            signal.commit()

    def _look_at_premises(self, t0: float, a: signals.Env, t1: float, b: signals.Env) -> None:
        """True if the premises of the expression have come; all are evaluated, for they may take note."""
        found = [premise.over(a, b)[0] for premise in self._premises]
        if self.check.covers(t0, t1):
            if True in found:
                self._premise = True
            elif None in found:
                self._premise = None

    def _report(self, t0: float, a: signals.Env, t1: float, b: signals.Env) -> None:
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


def _begins(gap: Gap) -> float:
    return gap.start_s
