"""The clock of the plant: from event to event, never in ticks.

Everything that changes by itself is an `Actor`: a plant component (a breaker, a battery, a hall) or the
firmware of a device. The plant knows nothing of what its actors are; it gives them time:

    settle    solve the power flow, let every actor `react` to what it sees, repeat until nothing changes
    look      find the next event: the next timer or the smallest `horizon`
    move      `advance` every actor to the event, or less far if less is asked for
    fire      run the timers that are due, then settle again

A quiet plant takes long steps; a fault, a timer or a threshold makes a short one. Between two events only what is
continuous moves, so how often somebody looks at the plant changes nothing and costs little. There is no wall clock, no
unseeded randomness and no I/O here, so the same seed and the same calls give the same run.
"""

from __future__ import annotations

import heapq
import marshal
import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant.kernel.actor import Actor, Defect, Event, PlantError
from twinfeed.emulators.plant.kernel.faults import Fault, split
from twinfeed.emulators.plant.kernel.ratings import Range, shown

SHORTEST_STEP_S = 0.001
"""A crossing is found to the millisecond; shorter horizons are rounded up so that time always moves, in s."""

LONGEST_STEP_S = 900.0
"""Even a quiet plant is looked at four times an hour (outdoor air and fuel move slowly), in s."""

LASTING = Range(0.001, 10 * 366 * 86400.0, "s")
"""How long a fault may last: ten years at most, after which the clock would no longer resolve a millisecond."""

MOST_REACTIONS = 200
"""A cascade longer than this within one instant is a modelling error, not physics."""


class Network:
    """A solver, called before every round of reactions (`twinfeed.emulators.plant.power.flow` is one)."""

    def solve(self) -> None:
        """Bring all derived quantities up to date with the actors' states."""


class Plant:
    """All actors of a site on one clock. `now` is in seconds since the site was started."""

    def __init__(self, seed: int = 0) -> None:
        self.now = 0.0
        self.actors: dict[str, Actor] = {}
        self.solvers: list[Network] = []
        self.journal: list[Event] = []
        self.timers: dict[tuple[str, str], tuple[float, int]] = {}
        self.seed = seed
        self.rng = random.Random(seed)
        self.watchers: list[Callable[[], None]] = []
        """Each is called whenever the plant has come to rest: after every instant that `advance` visits and after a
        fault or write was settled, so a recorder sees every settled state at its exact time (`now`). A watcher may
        inject, clear and write, but not `advance`: the plant then settles again and all watchers see that state too."""
        self.arrivals: list[Callable[[], None]] = []
        """Each is called when time has come to an event and nobody has reacted yet: what moves is where it got to, what
        will jump is still what it was. Only for reading."""
        self.dirty = True
        self.revision = 0
        """Grows whenever anything may have changed: a reader's cache is valid while it stays the same."""
        self.moment = 0
        """Grows with every round of reactions, every move of the clock and every fault: what was worked out from
        continuous states holds while it stays the same."""
        self.on_defect: Callable[[Defect], None] | None = None
        """Called when the code of a device has raised and the device has crashed of it. Without it (None) the exception
        goes on to whoever moved the plant: a test that has nobody to report to must not pass."""
        self._joined = 0
        """How many `together` blocks are open."""
        self._heap: list[tuple[float, int, str, str]] = []
        self._sequence = 0
        self._reactive: list[Actor] = []
        self._reactions: list[Callable[[], None]] = []
        self._bounded: list[Callable[[], float]] = []
        self._look_s: float | None = None
        """When some horizon ends, None while they have not been asked since the plant came to rest."""
        self._moving: list[Callable[[float], None]] = []

    # -- building -------------------------------------------------------------------------------------------

    def add(self, actor: Actor) -> None:
        """Add an actor; order of addition is order of reaction (components before devices).

        Raises:
            PlantError: the id is already taken.
        """
        if actor.id in self.actors:
            raise PlantError(f"two things are called {actor.id!r}; every component and device needs its own name")
        actor.plant = self
        self.actors[actor.id] = actor

    def start(self) -> None:
        """All actors are there: let them look each other up and come to rest at t = 0.

        Raises:
            PlantError: an actor lacks what it needs, or the plant does not come to rest; `who` names the actor.
        """
        self._arrange()
        for actor in self.actors.values():
            try:
                actor.start()
            except PlantError as error:
                error.who = error.who or actor.id
                raise
        self.settle()

    def _arrange(self) -> None:
        """List whom to call when; of a crashed actor only what goes on without its program."""
        actors = list(self.actors.values())
        running = [a for a in actors if not a.crashed]
        self._reactive = [a for a in actors if type(a).react is not Actor.react]
        self._reactions = [a.react_crashed if a.crashed else a.react for a in self._reactive]
        self._bounded = [a.horizon for a in running if type(a).horizon is not Actor.horizon]
        moving = [a for a in running if type(a).advance is not Actor.advance]
        self._moving = [a.advance for a in sorted(moving, key=lambda a: not a.COUPLED)]

    def rearrange(self) -> None:
        """An actor's program has crashed or runs again; what was due meanwhile is due now."""
        self._arrange()
        waiting = [key for key, (due, _) in self.timers.items() if due == math.inf]
        for id, name in waiting:
            if not self.actors[id].crashed:
                self.set_timer(id, name, self.now)
        self.dirty = True
        self.moment += 1

    def crash(self, actor: Actor, error: Exception, phase: str) -> None:
        """The code of `actor` has raised `error` in `phase`: take it down alone, or raise.

        Raises:
            Exception: `error`, where nobody is there to be told (`on_defect`) or the actor is part of the physics.
        """
        if self.on_defect is None:
            raise error
        known = actor.crashed
        if not actor.crash(error, phase):
            raise error
        if not known:
            self.rearrange()
            self.on_defect(Defect(self.now, actor.id, phase, error))

    def find(self, id: str) -> Actor:
        """The actor of that name.

        Raises:
            PlantError: there is none; the message names the nearest ones.
        """
        try:
            return self.actors[id]
        except KeyError:
            raise PlantError(f"nothing in this site is called {id!r}{did_you_mean(id, self.actors)}") from None

    # -- time -----------------------------------------------------------------------------------------------

    def advance(self, until: float) -> None:
        """Move the plant to `until` (s), from event to event; it does not settle at `until` unless an event is due."""
        if self.dirty:
            self.settle()
        while self.now < until:
            event = self.next_event_s
            if until < event:
                self._move(until)
                self.revision += 1
                return
            self._move(event)
            if self.arrivals:
                self.revision += 1
                for look in self.arrivals:
                    look()
            self._fire()
            self.settle()

    @property
    def next_event_s(self) -> float:
        """The next instant the plant itself needs (a timer, a horizon), in s; `now` when it has yet to settle.

        At most `LONGEST_STEP_S` after the last event. A fault, a write or a new timer may bring it forward.
        """
        if self.dirty:
            return self.now
        if self._look_s is None:
            reach = self._shortest_horizon()
            self._look_s = self.now + min(max(reach, SHORTEST_STEP_S), LONGEST_STEP_S)
        return min(self._look_s, self._next_timer())

    def _shortest_horizon(self) -> float:
        reach = math.inf
        horizons = iter(self._bounded)
        while True:  # the iterator goes on after the one that raised
            try:
                for horizon in horizons:
                    reach = min(reach, horizon())
            except Exception as error:
                self.crash(_whose(horizon), error, "horizon")
            else:
                return reach

    def _move(self, to: float) -> None:
        dt = to - self.now
        if dt > 0.0:
            moves = iter(self._moving)
            while True:  # as in _shortest_horizon
                try:
                    for move in moves:
                        move(dt)
                except Exception as error:
                    self.crash(_whose(move), error, "advance")
                else:
                    break
            self.now = to
            self.moment += 1

    def settle(self) -> None:
        """Solve and react until nothing changes within this instant, then tell the watchers.

        Inside `together` it waits for the end of the block.

        Raises:
            PlantError: the actors keep changing each other; the message names those of the last rounds.
        """
        if self._joined:
            self.dirty = True
            return
        self._come_to_rest()
        self._look_s = None
        for watch in tuple(self.watchers):  # one may leave when it has seen enough
            watch()
        if self.dirty:  # a watcher has done something
            self.settle()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is one change, as the settings of one request are: the plant settles once, at the end.

        Raises:
            PlantError: as `settle`, at the end of the block.
        """
        self._joined += 1
        try:
            yield
        finally:
            self._joined -= 1
            if not self._joined:
                self.settle()

    def _come_to_rest(self) -> None:
        while restless := self._restless():
            names = ", ".join(actor.id for actor in restless)
            error = PlantError(
                f"at t={self.now:.3f} s the plant does not come to rest: {names} keep changing", restless[0].id
            )
            firmware = [actor for actor in restless if actor.CRASHES]
            if not firmware:
                raise error
            self.crash(firmware[0], error, "react")  # it may be the one that does not come to rest

    def _restless(self) -> list[Actor]:
        """Let all react until nothing changes; those that still changed something in the last rounds, if there are."""
        restless: dict[Actor, None] = {}
        for round in range(MOST_REACTIONS):
            self.dirty = False
            self.moment += 1
            for solver in self.solvers:
                solver.solve()
            if round < MOST_REACTIONS - 5:
                self._react_all()
            else:
                restless.update(dict.fromkeys(self._react_watched()))
            if not self.dirty:
                self.revision += 1
                return []
        return list(restless)

    def _react_all(self) -> None:
        reactions = iter(self._reactions)
        while True:  # as in _shortest_horizon
            try:
                for react in reactions:
                    react()
            except Exception as error:
                self.crash(_whose(react), error, "react")
            else:
                return

    def _react_watched(self) -> list[Actor]:
        """Let every actor react, and name those that make a further round necessary."""
        touching: list[Actor] = []
        solved = self.dirty
        for actor, react in zip(self._reactive, self._reactions, strict=True):
            self.dirty = False
            try:
                react()
            except Exception as error:
                self.crash(actor, error, "react")
            if self.dirty:
                touching.append(actor)
        self.dirty = solved or bool(touching)
        return touching

    # -- timers ---------------------------------------------------------------------------------------------

    def set_timer(self, id: str, name: str, due: float) -> None:
        self._sequence += 1
        self.timers[id, name] = (due, self._sequence)
        heapq.heappush(self._heap, (due, self._sequence, id, name))

    def drop_timer(self, id: str, name: str) -> None:
        self.timers.pop((id, name), None)

    def _next_timer(self) -> float:
        heap = self._heap
        while heap:
            due, sequence, id, name = heap[0]
            if self.timers.get((id, name)) == (due, sequence):
                return due
            heapq.heappop(heap)
        return math.inf

    def _fire(self) -> None:
        while self._next_timer() <= self.now:
            _, _, id, name = heapq.heappop(self._heap)
            del self.timers[id, name]
            if name.startswith("clear "):
                kind = name.removeprefix("clear ")
                if kind in self.actors[id].state.faults:  # a fault that happens once has ended by itself
                    self.clear(id, kind)
            elif (actor := self.actors[id]).crashed:
                self.set_timer(id, name, math.inf)  # until it runs again, see `rearrange`
            else:
                try:
                    actor.on_timer(name)
                except Exception as error:
                    self.crash(actor, error, f"timer {name}")
            self.dirty = True

    # -- faults ---------------------------------------------------------------------------------------------

    def check(
        self,
        target: str,
        kind: str,
        parameters: Mapping[str, float] | None = None,
        for_s: float | None = None,
    ) -> tuple[Actor, Fault, dict[str, float]]:
        """Whether that fault can be injected: who suffers it, what it is, and all its parameters.

        Raises:
            PlantError: no such target, kind, point or parameter, or a number that cannot be; the message names target,
                kind, parameter, what was found and what was expected.
        """
        actor = self.find(target)
        name, of = split(kind)
        fault = actor.FAULTS.get(name)
        if fault is None:
            known = ", ".join(actor.FAULTS) or "none"
            raise PlantError(f"{target} cannot suffer {shown(name)}; it knows: {known}")
        who = target.partition("/")[0]
        if len(of) != len(fault.of):
            expected = f"as in {who}:{','.join(fault.of).upper()}" if fault.of else "it concerns the whole of it"
            raise PlantError(f"{who} {name}: name {' and '.join(fault.of) or 'nothing'} after it, {expected}")
        actor.check_fault(name, of)
        try:
            chosen = fault.chosen(parameters or {})
        except ValueError as error:
            raise PlantError(f"{who} {name}: {error}") from None
        for parameter, value in chosen.items():
            count = actor.numbered(parameter)
            if count is not None and parameter in (parameters or {}) and value > count:
                raise PlantError(f"{who} {name}: {parameter} is {value:g}, expected at most {count}, as many as it has")
        if for_s is not None and (why := LASTING.refusal(for_s)):
            raise PlantError(f"{who} {name}: for_s {why} (or no time at all)")
        return actor, fault, chosen

    def inject(
        self,
        target: str,
        kind: str,
        parameters: Mapping[str, float] | None = None,
        for_s: float | None = None,
    ) -> None:
        """Apply a fault now, for `for_s` seconds or until `clear`. `kind` may say of what: `sensor-bias:air.supply`.

        Raises:
            PlantError: no such target, kind or parameter, or a number out of its range; nothing has changed then.
        """
        actor, fault, chosen = self.check(target, kind, parameters, for_s)
        noted = actor.state.faults.get(kind, {})  # at its onset, and kept while its parameters change
        actor.state.faults[kind] = {**{k: v for k, v in noted.items() if k not in fault.parameters}, **chosen}
        if for_s is not None:
            self.set_timer(target, f"clear {kind}", self.now + for_s)
        else:
            self.drop_timer(target, f"clear {kind}")
        actor.log("fault", kind=kind, **chosen)
        self._tell_fault(actor, kind, True)
        self.dirty = True
        self.moment += 1

    def clear(self, target: str | None = None, kind: str | None = None) -> list[tuple[str, str]]:
        """Clear one fault, all of one target, or all; returns what was cleared as (target, kind).

        Raises:
            PlantError: that target does not exist or has no such fault.
        """
        targets: Iterable[Actor] = self.actors.values() if target is None else (self.find(target),)
        cleared: list[tuple[str, str]] = []
        for actor in targets:
            for active in list(actor.state.faults):
                if kind is None or kind == active:
                    del actor.state.faults[active]
                    self.drop_timer(actor.id, f"clear {active}")
                    actor.log("fault cleared", kind=active)
                    self._tell_fault(actor, active, False)
                    cleared.append((actor.id, active))
        if target is not None and not cleared:
            raise PlantError(f"{target} has no active fault{f' {kind!r}' if kind else ''} to clear")
        self.dirty = True
        self.moment += 1
        return cleared

    def _tell_fault(self, actor: Actor, kind: str, active: bool) -> None:
        try:
            actor.on_fault(kind, active)
        except PlantError:  # a fault that cannot be
            raise
        except Exception as error:
            self.crash(actor, error, f"fault {kind}")
        if kind in actor.CRASHES:
            self.rearrange()

    # -- forking --------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Everything that changes, as JSON values: `restore` on a plant built from the same site continues from it.

        Taking it is an event, so that this plant looks ahead from here as a restored one does.
        """
        self.settle()
        version, internal, gauss = self.rng.getstate()
        return {
            "now": self.now,
            "sequence": self._sequence,
            "rng": [version, list(internal), gauss],
            "timers": [[id, name, due, seq] for (id, name), (due, seq) in self.timers.items()],
            "actors": {id: _copied(vars(actor.state)) for id, actor in self.actors.items()},
        }

    @contextmanager
    def trial(self) -> Iterator[None]:
        """What is done inside, within one instant, is undone at the end: cheaper than a snapshot."""
        kept = {id: _copied(vars(actor.state)) for id, actor in self.actors.items()}
        timers, sequence, lines, rng = dict(self.timers), self._sequence, len(self.journal), self.rng.getstate()
        try:
            yield
        finally:
            for id, actor in self.actors.items():
                if vars(actor.state) != kept[id]:
                    actor.state = actor.STATE(**kept[id])
                    actor.on_restore()
            self._sequence = sequence
            self._set_timers(timers)
            self.rng.setstate(rng)
            del self.journal[lines:]
            self._arrange()
            self.settle()

    def _set_timers(self, timers: dict[tuple[str, str], tuple[float, int]]) -> None:
        self.timers = timers
        self._heap = [(due, seq, id, name) for (id, name), (due, seq) in timers.items()]
        heapq.heapify(self._heap)

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go back (or across) to a snapshot of the same site.

        Raises:
            PlantError: the snapshot is of another site.
        """
        if list(snapshot["actors"]) != list(self.actors):
            raise PlantError("the snapshot was taken from another site: its components differ from this one's")
        self.now = snapshot["now"]
        self._sequence = snapshot["sequence"]
        version, internal, gauss = snapshot["rng"]
        self.rng.setstate((version, tuple(internal), gauss))
        self._set_timers({(id, name): (due, seq) for id, name, due, seq in snapshot["timers"]})
        states = _copied(snapshot["actors"])
        for id, actor in self.actors.items():
            actor.state = actor.STATE(**states[id])
            actor.on_restore()
        self.journal.clear()
        self._arrange()
        self.settle()


def _whose(method: Callable[..., object]) -> Actor:
    """The actor that a bound method belongs to."""
    owner = getattr(method, "__self__", None)
    assert isinstance(owner, Actor), f"{method!r} is no actor's method"
    return owner


def _copied(values: dict[str, Any]) -> dict[str, Any]:
    """A deep copy of JSON values, many times faster than `copy.deepcopy`: searches restore before every example."""
    copy: dict[str, Any] = marshal.loads(marshal.dumps(values))
    return copy
