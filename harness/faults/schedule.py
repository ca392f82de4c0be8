"""When which entry of a scenario begins and ends: faults, deeds and commands on one time axis, without a clock.

    schedule = Schedule(entries, seed=1)
    while the run goes on:
        let time pass until schedule.next_due_s(), or until something that a condition depends on has changed
        for action in schedule.advance(now_s, holds):
            …                                          # an `Action` is of a fault, a `Turn` of a deed or command
    for action in schedule.finish(now_s):
        …

Injections of the same fault on the same target may overlap: the fault has the parameters of the injection that began
last (of two that begin at the same time: that was given later), and those of the one before it when that one has
ended. The fault is lifted when the last of them has ended. At one instant faults change first; then deeds and commands
begin and end in the order in which they were given.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

from twinfeed.harness.faults.catalogue import parameter
from twinfeed.harness.faults.deeds import Command, Deed
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.onset import Conditioned
from twinfeed.harness.faults.reference import FaultRef
from twinfeed.harness.faults.sinks import Sink, Strength

RAMP_STEPS = 10
"""A ramp is applied at its neutral value at `at_s`, then k tenths of the way at `at_s + ramp_s * k / 10`."""

Edge = tuple[float, Strength | None]
"""From that time on, s, an entry is this strong; None: it is not there (now, or any more)."""

Scheduled = Injection | Deed | Command
"""An entry of a scenario."""

Holds = Callable[[Conditioned], bool]
"""True if the condition `until` of an entry, or of a `Wait`, holds now; False if it has none."""


@dataclass(frozen=True, slots=True)
class Wait:
    """An entry that waits for its condition `when`. `number` counts the entries of a schedule."""

    number: int
    until: str | None


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


@dataclass(frozen=True, slots=True)
class Turn:
    """At `t_s` a deed or a command begins, or is taken back. `number` is that of the entry in its schedule."""

    t_s: float
    number: int
    entry: Deed | Command
    begins: bool


Actions = list[Action | Turn]


class Schedule:
    """The entries of one run. `seed` varies the times of faults that flap with a jitter."""

    def __init__(self, entries: Iterable[Scheduled] = (), seed: int = 0) -> None:
        self.entries: list[Scheduled] = []
        self._seed = seed
        self._edges: dict[int, Iterator[Edge]] = {}
        """The edges of the entries whose onset is known."""
        self._ends_s: dict[int, float] = {}
        """When each of them ends by the clock, s."""
        self._due: list[tuple[float, int, Strength | None]] = []
        self._looking: dict[int, float] = {}
        """Entries that wait for their condition `when` -> from when on, s."""
        self._begun_s: dict[int, float] = {}
        """When each entry has begun that has, s."""
        self._begun: dict[int, float] = {}
        """Entries that have begun and are not over -> when they began, in that order."""
        self._strength: dict[int, Strength | None] = {}
        self._applied: dict[FaultRef, Strength] = {}
        self._advanced_s = -math.inf
        """Up to when `advance` has come, s."""
        for entry in entries:
            self.add(entry)

    def add(self, entry: Scheduled) -> None:
        """Add an entry. Actions in the past are done at the next `advance`."""
        n = len(self.entries)
        self.entries.append(entry)
        if not entry.after:
            self._arm(n, entry.at_s)
        else:
            before = next((m for m in self._begun_s if self.entries[m].name == entry.after), None)
            if before is not None:
                self._follow(n, self._begun_s[before])

    def withdraw(self, kept: int, now_s: float) -> Actions:
        """Take back all entries but the first `kept`, as if they had never been added."""
        del self.entries[kept:]
        self._due = [due for due in self._due if due[1] < kept]
        heapq.heapify(self._due)
        for of in (self._edges, self._ends_s, self._looking, self._begun_s, self._begun, self._strength):
            for n in [n for n in of if n >= kept]:
                del of[n]
        return self._differences(now_s)

    def end(self, now_s: float, target: str | None = None, kind: str | None = None) -> Actions:
        """End active faults: one fault of a target, all of a target, or all. Later injections still begin."""
        for n in list(self._begun):
            entry = self.entries[n]
            if isinstance(entry, Injection) and entry.fault.meant_by(target, kind):
                del self._begun[n]
        return self._differences(now_s)

    def has(self, target: str | None, kind: str | None) -> bool:
        """True if there is such a fault: active, over, or still to begin."""
        return any(injection.fault.meant_by(target, kind) for injection in self.injections)

    def next_due_s(self) -> float:
        """When something is to be done by the clock, s; infinite when nothing more is. Conditions may come before."""
        return min([self._next_edge_s(), *(t for t in self._looking.values() if t > self._advanced_s)])

    @property
    def injections(self) -> list[Injection]:
        """The faults among the entries."""
        return [entry for entry in self.entries if isinstance(entry, Injection)]

    @property
    def conditions(self) -> list[str]:
        """The conditions that may begin or end an entry now: evaluate them whenever the plant has come to rest."""
        ends = [until for n in self._begun if (until := self.entries[n].until) is not None]
        return [*(when for n in self._looking if (when := self.entries[n].when) is not None), *ends]

    @property
    def waiting(self) -> list[Scheduled]:
        """The entries that have not begun yet."""
        return [entry for n, entry in enumerate(self.entries) if n not in self._begun_s]

    @property
    def active(self) -> dict[FaultRef, Strength]:
        """The faults that are applied now, with their parameters."""
        return dict(self._applied)

    def advance(self, now_s: float, holds: Holds = lambda entry: False) -> Actions:
        """The actions up to and at `now_s`, in order. `holds` returns True if the condition of an entry holds now.

        It is asked for `until` when the entry begins, so that it knows what was before, and decides from the next later
        call on. For `when` it decides from the first call on.
        """
        actions: Actions = []
        self._advanced_s = max(now_s, self._advanced_s)
        over = [n for n, since in self._begun.items() if since < now_s and self._met(n, holds)]
        begun = set(self._begun)
        actions += self._by_the_clock(now_s)
        while met := [n for n, from_s in self._looking.items() if from_s <= now_s and self._comes(n, holds)]:
            for n in met:
                del self._looking[n]
                self._set_off(n, now_s + self.entries[n].delay_s)
            actions += self._by_the_clock(now_s)
        for n in self._begun.keys() - begun:
            self._met(n, holds)
        ended = [n for n in over if n in self._begun]
        for n in ended:
            del self._begun[n]
        return actions + self._differences(now_s) + self._turns(now_s, ended)

    def finish(self, now_s: float) -> Actions:
        """End the run: lift the active faults, and begin no more. Deeds and commands are not taken back."""
        self._due.clear()
        self._begun.clear()
        self._looking.clear()
        return self._differences(now_s)

    # -- onsets -------------------------------------------------------------------------------------------------------

    def _follow(self, n: int, began_s: float) -> None:
        """The entry that this one waits for has begun."""
        entry = self.entries[n]
        delay_s = entry.delay_s if entry.when is None else 0.0
        self._arm(n, max(entry.at_s, began_s + delay_s))

    def _arm(self, n: int, from_s: float) -> None:
        """It may begin from that time on."""
        if self.entries[n].when is None:
            self._set_off(n, from_s)
        else:
            self._looking[n] = from_s

    def _set_off(self, n: int, at_s: float) -> None:
        """It begins at that time."""
        entry = self.entries[n]
        if isinstance(entry, Injection):
            entry = replace(entry, at_s=at_s, when=None, after="", delay_s=0.0)
            self._ends_s[n] = entry.ends_s
            self._edges[n] = _edges(entry, Random(f"{self._seed}/{n}"))
        else:
            at_s += entry.late_s if isinstance(entry, Deed) else 0.0
            self._ends_s[n] = math.inf if entry.for_s is None else at_s + entry.for_s
            self._edges[n] = iter([(at_s, {}), (self._ends_s[n], None)])
        self._next_edge(n)

    def _comes(self, n: int, holds: Holds) -> bool:
        return holds(Wait(n, self.entries[n].when))

    # -- edges --------------------------------------------------------------------------------------------------------

    def _by_the_clock(self, now_s: float) -> Actions:
        """The actions of all edges up to now."""
        actions: Actions = []
        while self._next_edge_s() <= now_s:
            t_s = self._due[0][0]
            turned: list[int] = []
            while self._next_edge_s() == t_s:
                _, n, strength = heapq.heappop(self._due)
                self._turn(n, t_s, strength)
                self._next_edge(n)
                turned.append(n)
            actions += self._differences(t_s) + self._turns(t_s, turned)
        return actions

    def _next_edge_s(self) -> float:
        while self._due and self._over(self._due[0][1]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else math.inf

    def _met(self, n: int, holds: Holds) -> bool:
        return self.entries[n].until is not None and holds(self.entries[n])

    def _turn(self, n: int, t_s: float, strength: Strength | None) -> None:
        if n not in self._begun_s:
            self._begun[n] = self._begun_s[n] = t_s
            name = self.entries[n].name
            for follower, entry in enumerate(self.entries):
                if name and entry.after == name and follower not in self._begun_s:
                    self._follow(follower, t_s)
        self._strength[n] = strength
        if strength is None and t_s >= self._ends_s[n]:
            del self._begun[n]

    def _over(self, n: int) -> bool:
        """True if a condition has ended it. Then its further edges do not count."""
        return n in self._begun_s and n not in self._begun

    def _next_edge(self, n: int) -> None:
        edge = next(self._edges[n], None)
        if edge is not None and edge[0] < math.inf:
            heapq.heappush(self._due, (edge[0], n, edge[1]))

    def _turns(self, t_s: float, turned: list[int]) -> Actions:
        """The deeds and commands among these that begin or end, in their order."""
        found: Actions = []
        for n in turned:
            entry = self.entries[n]
            if not isinstance(entry, Injection):
                found.append(Turn(t_s, n, entry, n in self._begun))
        return found

    def _differences(self, t_s: float) -> Actions:
        """The actions that bring the applied faults to their wanted state."""
        wanted: dict[FaultRef, Strength] = {}
        for n in self._begun:
            strength, entry = self._strength[n], self.entries[n]
            if strength is not None and isinstance(entry, Injection):
                wanted[entry.fault] = strength
        lifted = [fault for fault in self._applied if fault not in wanted]
        changed = [fault for fault, strength in wanted.items() if self._applied.get(fault) != strength]
        self._applied = wanted
        ends = [Action(t_s, fault, None) for fault in lifted]
        return [*ends, *(Action(t_s, fault, wanted[fault]) for fault in changed)]


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
