"""When which fault is applied and lifted: injections laid on one time axis, with no clock and no site of its own.

    schedule = Schedule(injections, seed=1)
    while the run goes on:
        let time pass until schedule.next_due_s(), or until something that a condition depends on has changed
        for action in schedule.advance(now_s, holds):
            action.on(sink)
    for action in schedule.finish(now_s):
        action.on(sink)

Injections of the same fault on the same target may overlap: the fault has the parameters of the injection that began
last (of two that begin at the same time: that was given later), and those of the one before it when that one has
ended. The fault is lifted when the last of them has ended.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

from twinfeed.harness.faults.catalogue import parameter
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.reference import FaultRef
from twinfeed.harness.faults.sinks import Sink, Strength

RAMP_STEPS = 10
"""A ramp is applied at its neutral value at `at_s`, then k tenths of the way at `at_s + ramp_s * k / 10`."""

Edge = tuple[float, Strength | None]
"""From that time on, s, an injection is this strong; None: it is not there (now, or any more)."""

Holds = Callable[[Injection], bool]
"""True if the condition `until` of a fault holds now; False if it has none."""


@dataclass(frozen=True, slots=True)
class Action:
    """An action at `t_s`: apply the fault with these parameters, or lift it if they are None."""

    t_s: float
    fault: FaultRef
    parameters: Strength | None

    def on(self, sink: Sink) -> None:
        if self.parameters is None:
            sink.lift(self.fault)
        else:
            sink.apply(self.fault, self.parameters)


class Schedule:
    """The injections of one run. `seed` varies the times of those that flap with a jitter."""

    def __init__(self, injections: Iterable[Injection], seed: int = 0) -> None:
        self.injections: list[Injection] = []
        self._seed = seed
        self._edges: list[Iterator[Edge]] = []
        self._due: list[tuple[float, int, Strength | None]] = []
        self._begun: dict[int, float] = {}
        """Injections that have begun and are not over -> when they began, in that order."""
        self._strength: dict[int, Strength | None] = {}
        self._applied: dict[FaultRef, Strength] = {}
        for injection in injections:
            self.add(injection)

    def add(self, injection: Injection) -> None:
        """Add an injection. Actions in the past are done at the next `advance`."""
        n = len(self.injections)
        self.injections.append(injection)
        self._edges.append(_edges(injection, Random(f"{self._seed}/{n}")))
        self._next_edge(n)

    def withdraw(self, kept: int, now_s: float) -> list[Action]:
        """Take back all injections but the first `kept`, as if they had never been added."""
        del self.injections[kept:], self._edges[kept:]
        self._due = [due for due in self._due if due[1] < kept]
        heapq.heapify(self._due)
        for of in (self._begun, self._strength):
            for n in [n for n in of if n >= kept]:
                del of[n]
        return self._differences(now_s)

    def end(self, now_s: float, target: str | None = None, kind: str | None = None) -> list[Action]:
        """End active faults: one fault of a target, all of a target, or all. Later injections still begin."""
        for n in list(self._begun):
            if self.injections[n].fault.meant_by(target, kind):
                self._end(n)
        return self._differences(now_s)

    def has(self, target: str | None, kind: str | None) -> bool:
        """True if there is such a fault: active, over, or still to begin."""
        return any(injection.fault.meant_by(target, kind) for injection in self.injections)

    def next_due_s(self) -> float:
        """When something is to be done by the clock, s; infinite when nothing more is. Conditions may come before."""
        while self._due and self._over(self._due[0][1]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else math.inf

    @property
    def conditions(self) -> list[str]:
        """The conditions that may end a fault now: evaluate them whenever the plant has come to rest."""
        return [until for n in self._begun if (until := self.injections[n].until) is not None]

    @property
    def waiting(self) -> list[Injection]:
        """The injections that have not begun yet."""
        return [injection for n, injection in enumerate(self.injections) if n not in self._strength]

    @property
    def active(self) -> dict[FaultRef, Strength]:
        """The faults that are applied now, with their parameters."""
        return dict(self._applied)

    def advance(self, now_s: float, holds: Holds = lambda injection: False) -> list[Action]:
        """The actions up to and at `now_s`, in order. `holds` returns True if the condition of a fault holds now.

        It is asked when the fault begins, so that it knows what was before, and decides from the next later call on.
        """
        actions: list[Action] = []
        over = [n for n, since in self._begun.items() if since < now_s and self._met(n, holds)]
        begun = set(self._begun)
        while self.next_due_s() <= now_s:
            t_s = self._due[0][0]
            while self.next_due_s() == t_s:
                _, n, strength = heapq.heappop(self._due)
                self._turn(n, t_s, strength)
                self._next_edge(n)
            actions += self._differences(t_s)
        for n in self._begun.keys() - begun:
            self._met(n, holds)
        for n in over:
            if n in self._begun:
                self._end(n)
        return actions + self._differences(now_s)

    def finish(self, now_s: float) -> list[Action]:
        """End the run: lift the active faults, and begin no more."""
        self._due.clear()
        self._begun.clear()
        return self._differences(now_s)

    def _met(self, n: int, holds: Holds) -> bool:
        return self.injections[n].until is not None and holds(self.injections[n])

    def _turn(self, n: int, t_s: float, strength: Strength | None) -> None:
        if n not in self._strength:
            self._begun[n] = t_s
        self._strength[n] = strength
        if strength is None and t_s >= self.injections[n].ends_s:
            self._end(n)

    def _end(self, n: int) -> None:
        del self._begun[n]

    def _over(self, n: int) -> bool:
        """True if a condition has ended it. Then its further edges do not count."""
        return n in self._strength and n not in self._begun

    def _next_edge(self, n: int) -> None:
        edge = next(self._edges[n], None)
        if edge is not None:
            heapq.heappush(self._due, (edge[0], n, edge[1]))

    def _differences(self, t_s: float) -> list[Action]:
        """The actions that bring the applied faults to their wanted state."""
        wanted: dict[FaultRef, Strength] = {}
        for n in self._begun:
            strength = self._strength[n]
            if strength is not None:
                wanted[self.injections[n].fault] = strength
        lifted = [fault for fault in self._applied if fault not in wanted]
        changed = [fault for fault, strength in wanted.items() if self._applied.get(fault) != strength]
        self._applied = wanted
        return [Action(t_s, fault, None) for fault in lifted] + [Action(t_s, fault, wanted[fault]) for fault in changed]


def _edges(injection: Injection, random: Random) -> Iterator[Edge]:
    """The edges of one injection, in order; the last is its end if it has one."""
    shape = (
        _flapping(injection, random)
        if injection.flap
        else _ramping(injection)
        if injection.ramp_s
        else _plain(injection)
    )
    for t_s, strength in shape:
        if t_s >= injection.ends_s:
            break
        yield t_s, strength
    if math.isfinite(injection.ends_s):
        yield injection.ends_s, None


def _plain(injection: Injection) -> Iterator[Edge]:
    yield injection.at_s, injection.parameters


def _ramping(injection: Injection) -> Iterator[Edge]:
    for step in range(RAMP_STEPS + 1):
        strength = {name: _part(injection.kind, name, full, step) for name, full in injection.parameters.items()}
        yield injection.at_s + injection.ramp_s * step / RAMP_STEPS, strength


def _part(kind: str, name: str, full: float, step: int) -> float:
    """The parameter after that many steps: from neutral to full, never outside its range."""
    spec = parameter(kind, name)
    if step == RAMP_STEPS or spec is None or spec.neutral is None:
        return full
    return spec.clamped(spec.neutral + (full - spec.neutral) * step / RAMP_STEPS)


def _flapping(injection: Injection, random: Random) -> Iterator[Edge]:
    assert injection.flap is not None
    on_s, off_s = injection.flap
    t_s, jitter = injection.at_s, injection.flap_jitter
    while True:
        yield t_s, injection.parameters
        t_s += on_s * random.uniform(1.0 - jitter, 1.0 + jitter)
        yield t_s, None
        t_s += off_s * random.uniform(1.0 - jitter, 1.0 + jitter)
