"""The clock of the plant: from event to event, never in ticks.

Everything that changes by itself is an `Actor`: a plant component (a breaker, a battery, a hall) or the
firmware of a device. The plant knows nothing of what its actors are; it gives them time:

    settle    solve the power flow, let every actor `react` to what it sees, repeat until nothing changes
    next      find the next event: the next timer or the smallest `horizon`
    move      `advance` every actor to the event, or less far if less is asked for
    fire      run the timers that are due, then settle again

A quiet plant takes long steps; a fault, a timer or a threshold makes a short one. Between two events only continuous
quantities move, so reading the plant in between changes nothing. There is no wall clock, no unseeded randomness and no
I/O here: the same seed and the same calls give the same run.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant.kernel.actor import Actor, Defect, Event, PlantError, Restless, Solver, copied
from twinfeed.emulators.plant.kernel.calls import Calls
from twinfeed.emulators.plant.kernel.faults import Fault, split
from twinfeed.emulators.plant.kernel.injection import checked
from twinfeed.emulators.plant.kernel.steadiness import AHEAD, Mark, arrivals_s, due_s, marked
from twinfeed.emulators.plant.kernel.timers import Key, Timers

SHORTEST_STEP_S = 0.001
"""A crossing is found to the millisecond; shorter horizons are rounded up so that time always moves, in s."""

LONGEST_STEP_S = 900.0
"""Even a quiet plant settles four times an hour (outdoor air and fuel move slowly), in s."""

MOST_REACTIONS = 200
"""A cascade longer than this within one instant is a modelling error, not physics."""

FALLING_AFTER = 12
"""After so many rounds within an instant, supplies may only get worse for `HELD_DOWN_S` (see `Solver`). The longest
cascade in seeded days of faults at three shipped sites takes 4 rounds."""

HELD_DOWN_S = 0.02
"""A cycle of the mains, s: after it undervoltage releases and IT equipment (ITIC: 20 ms) have let go."""

MOST_STANDSTILLS = 16
"""Events that may follow each other without time passing, as timers of zero seconds do: after them supplies may only
get worse, as after `FALLING_AFTER` rounds, and the next event is `SHORTEST_STEP_S` away."""


class Plant:
    """All actors of a site on one clock. `now` is in seconds since the site was started."""

    def __init__(self, seed: int = 0) -> None:
        self.now = 0.0
        self.actors: dict[str, Actor] = {}
        self.solvers: list[Solver] = []
        self.journal: list[Event] = []
        self._queue = Timers()
        self.timers = self._queue.due
        """By actor and name: when each running timer is due, s, and its place in the order of setting."""
        self.seed = seed
        self.rng = random.Random(seed)
        self.watchers: list[Callable[[], None]] = []
        """Each is called whenever the plant has come to rest: at every instant that `advance` visits, after a fault and
        after a write. A watcher may inject, clear and write, but not `advance`; all watchers are then called again."""
        self.arrivals: list[Callable[[], None]] = []
        """Each is called when the clock has reached an event, or an instant at which somebody acts, and nothing has
        changed there yet. Only for reading."""
        self.dirty = True
        self.revision = 0
        """Grows whenever anything may have changed; a reader's cache is valid until then."""
        self.moment = 0
        """Grows with every round of reactions, every move of the clock and every fault; a value computed from
        continuous states is valid until then."""
        self.starting = False
        """True while the plant comes to rest for the first time."""
        self._between = False
        """True if the clock stands between two events: an action now makes this instant an event (`intervene`)."""
        self.on_defect: Callable[[Defect], None] | None = None
        """Called when the code of a device has raised an exception and the device has crashed. Without it (None) the
        exception leaves `advance`, so that a test without a recorder does not pass."""
        self._held_until = math.inf
        """Until when the supplies that got worse in `FALLING_AFTER` rounds stay so, s; inf if there are none."""
        self._standstills = 0
        """The number of events that have followed each other without time passing."""
        self._joined = 0
        """The number of `together` blocks that are open."""
        self._calls = Calls(self.crash)
        self._look_s: float | None = None
        """When the next horizon ends; None until the horizons are computed after the plant has come to rest."""

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
        """Start all actors (each finds its neighbours) and come to rest at t = 0.

        Raises:
            PlantError: an actor lacks what it needs, or the plant does not come to rest; `who` names the actor.
        """
        self._calls.arrange(self.actors.values())
        for actor in self.actors.values():
            try:
                actor.start()
            except PlantError as error:
                error.who = error.who or actor.id
                raise
        self.starting = True
        try:
            self.settle()
        finally:
            self.starting = False

    def rearrange(self) -> None:
        """An actor's program has crashed or runs again; its timers that fell due meanwhile are due now."""
        self._calls.arrange(self.actors.values())
        waiting = [key for key, (due, _) in self.timers.items() if due == math.inf]
        for id, name in waiting:
            if not self.actors[id].crashed:
                self.set_timer(id, name, self.now)
        self.dirty = True
        self.moment += 1

    def crash(self, actor: Actor, error: Exception, phase: str) -> None:
        """The code of `actor` has raised `error` in `phase`: take it down alone, or raise.

        Raises:
            Exception: `error`, if `on_defect` is None or the actor is a component of the plant.
        """
        if self.on_defect is None:
            raise error
        self.intervene()
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
                self._between = True
                return
            self._move(event)
            self._arrive()
            self._fire()
            self.settle()

    def mark(self) -> Mark:
        """The stores of all actors now, for `steady`."""
        return marked(self.now, self.actors.values(), self.timers)

    def steady(self, since: Mark, within_s: float) -> bool:
        """True if nothing will happen by itself within that time, as far as can be seen: no timer is due, and no store
        reaches its limit even at `AHEAD` times the rate at which it has moved since the mark, which is earlier."""
        here = self.mark()
        timers = {key: due for key, due in self.timers.items() if key[1] not in self.actors[key[0]].UPKEEP}
        arrivals = arrivals_s(since, here)
        return min([due_s(since, here, timers), *(at / AHEAD for at in arrivals.values())]) > within_s

    def intervene(self) -> None:
        """Somebody acts now: an instant between two events becomes an event. Call it before anything changes.

        Faults, deeds and writes do so. It may be called again at the same instant.
        """
        if self._between:
            self._arrive()

    def _arrive(self) -> None:
        """The clock stands at an event, and nothing has changed there yet."""
        self._between = False
        if self.arrivals:
            self.revision += 1
            for arrival in self.arrivals:
                arrival()

    @property
    def next_event_s(self) -> float:
        """The next instant the plant itself needs (a timer, a horizon), in s; `now` when it has yet to settle.

        At most `LONGEST_STEP_S` after the last event. A fault, a write or a new timer may bring it forward.
        """
        if self.dirty:
            return self.now
        if self._look_s is None:
            reach = self._calls.shortest_horizon()
            self._look_s = self.now + min(max(reach, SHORTEST_STEP_S), LONGEST_STEP_S)
            self._look_s = min(self._look_s, self._held_until)
        event = min(self._look_s, self._queue.next_s())
        return event if self._standstills < MOST_STANDSTILLS else max(event, self.now + SHORTEST_STEP_S)

    def _move(self, to: float) -> None:
        self._between = False
        dt = to - self.now
        if dt > 0.0:
            self._calls.advance(dt)
            self.now = to
            self.moment += 1
            self._standstills = 0
        else:
            self._standstills += 1

    def settle(self) -> None:
        """Solve and react until nothing changes within this instant, then call the watchers.

        Inside `together` it waits for the end of the block.

        Raises:
            PlantError: the actors keep changing each other; the message names those of the last rounds.
        """
        if self._joined:
            self.dirty = True
            return
        if not self.dirty:
            self.intervene()
        self._between = False
        self._come_to_rest()
        self._look_s = None
        for watch in tuple(self.watchers):  # one may leave when it has seen enough
            watch()
        if self.dirty:  # a watcher has done something
            self.settle()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Join all writes inside the block into one change: the plant settles once, at the end of the block.

        Raises:
            PlantError: as `settle`, at the end of the block.
        """
        self.intervene()
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
            error = Restless(
                f"at t={self.now:.3f} s the plant does not come to rest: {names} keep changing", restless[0].id
            )
            firmware = [actor for actor in restless if actor.CRASHES]
            if not firmware:
                raise error
            self.crash(firmware[0], error, "react")  # it may be the one that does not come to rest

    def _restless(self) -> list[Actor]:
        """Let all react until nothing changes; returns the actors that still change something after all rounds."""
        restless: dict[Actor, None] = {}
        if self._held_until <= self.now:
            self._release()
        for round in range(MOST_REACTIONS):
            self.dirty = False
            self.moment += 1
            falling = round >= FALLING_AFTER or self._standstills >= MOST_STANDSTILLS
            if falling:
                self._held_until = self.now + HELD_DOWN_S
            for solver in self.solvers:
                solver.solve(falling)
            if round < MOST_REACTIONS - 5:
                self._calls.react()
            else:
                restless.update(dict.fromkeys(self._react_watched()))
            if not self.dirty:
                self.revision += 1
                return []
        return list(restless)

    def _release(self) -> None:
        """Let supplies that were held down return."""
        self._held_until = math.inf
        for solver in self.solvers:
            solver.release()

    def _react_watched(self) -> list[Actor]:
        """Let every actor react, and name those that make a further round necessary."""
        solved, self.dirty = self.dirty, False
        touching = self._calls.react_watched(self._touched)
        self.dirty = solved or bool(touching)
        return touching

    def _touched(self) -> bool:
        """True if anything was touched since the last call."""
        dirty, self.dirty = self.dirty, False
        return dirty

    # -- timers ---------------------------------------------------------------------------------------------

    def set_timer(self, id: str, name: str, due: float) -> None:
        """Set (or replace) an actor's timer, due at that time (s since the site was started)."""
        self._queue.set(id, name, due)

    def drop_timer(self, id: str, name: str) -> None:
        """Stop a timer, if it runs."""
        self._queue.drop(id, name)

    def _fire(self) -> None:
        while self._queue.next_s() <= self.now:
            id, name = self._queue.pop()
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
        """Check a fault before its injection. Returns the affected actor, the fault, and all its parameters.

        Raises:
            PlantError: no such target, kind, point or parameter, or a number out of its range.
        """
        actor = self.find(target)
        fault, chosen = checked(actor, kind, parameters, for_s)
        return actor, fault, chosen

    def inject(
        self,
        target: str,
        kind: str,
        parameters: Mapping[str, float] | None = None,
        for_s: float | None = None,
    ) -> None:
        """Apply a fault now, for `for_s` seconds or until `clear`. `kind` may name a part: `sensor-bias:air.supply`.

        Raises:
            PlantError: no such target, kind or parameter, or a number out of its range; nothing has changed then.
        """
        actor, fault, chosen = self.check(target, kind, parameters, for_s)
        self.intervene()
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
        self.intervene()
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
            fault = actor.FAULTS.get(split(kind)[0])
            if fault is not None and fault.changed is not None:
                fault.changed(actor, active)
        except PlantError:  # a fault that cannot be
            raise
        except Exception as error:
            self.crash(actor, error, f"fault {kind}")
        if kind in actor.CRASHES:
            self.rearrange()

    # -- forking --------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Everything that changes, as JSON values: `restore` on a plant built from the same site continues from it.

        Taking it is an event, so that this plant plans ahead from here as a restored one does.
        """
        self.settle()
        return self.remembered()

    def remembered(self) -> dict[str, Any]:
        """The snapshot of a plant that is at rest, as in a watcher. This plant plans ahead as if it were not taken."""
        version, internal, gauss = self.rng.getstate()
        return {
            "now": self.now,
            "sequence": self._queue.sequence,
            "rng": [version, list(internal), gauss],
            "timers": [[id, name, due, seq] for (id, name), (due, seq) in self.timers.items()],
            "actors": {id: actor.remembered() for id, actor in self.actors.items()},
        }

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Undo all changes of the block, made within one instant, at its end: cheaper than a snapshot."""
        self.intervene()
        kept = {id: actor.remembered() for id, actor in self.actors.items()}
        timers, sequence = dict(self.timers), self._queue.sequence
        lines, rng = len(self.journal), self.rng.getstate()
        try:
            yield
        finally:
            for id, actor in self.actors.items():
                if vars(actor.state) != kept[id]:
                    actor.recall(kept[id])
            self._queue.replace(timers, sequence)
            self.rng.setstate(rng)
            del self.journal[lines:]
            self._calls.arrange(self.actors.values())
            self.settle()

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go back (or across) to a snapshot of the same site.

        Raises:
            PlantError: the snapshot is of another site.
        """
        if list(snapshot["actors"]) != list(self.actors):
            raise PlantError("the snapshot was taken from another site: its components differ from this one's")
        self.now, self._between = snapshot["now"], False
        version, internal, gauss = snapshot["rng"]
        self.rng.setstate((version, tuple(internal), gauss))
        timers: dict[Key, tuple[float, int]] = {(id, name): (due, seq) for id, name, due, seq in snapshot["timers"]}
        self._queue.replace(timers, snapshot["sequence"])
        self._release()
        for id, actor in self.actors.items():
            actor.recall(copied(snapshot["actors"][id]))
        self.journal.clear()
        self._calls.arrange(self.actors.values())
        self.settle()
