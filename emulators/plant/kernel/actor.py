"""An actor: anything that lives on the plant's clock, a component of the plant or the firmware of a device."""

from __future__ import annotations

import marshal
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, cast

from typing_extensions import TypeVar

from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import Fault
from twinfeed.emulators.plant.kernel.steadiness import Store


class PlantError(Exception):
    """The plant does not have a requested part, or its parts do not fit together.

    `who` is the actor that is wrong, if it is a single one.
    """

    def __init__(self, message: str, who: str = "") -> None:
        super().__init__(message)
        self.who = who


class Restless(PlantError):
    """The plant does not come to rest within an instant: a defect of the model, never of a controller."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the plant's journal: at `t` seconds, `who` did `what`."""

    t: float
    who: str
    what: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Defect:
    """An exception in the code of one actor, which has taken that actor down and nothing else."""

    t: float
    """When, s since the site was started."""
    who: str
    """The actor's id."""
    phase: str
    """The action that raised it: `react`, `read battery.charge`, `SNMP` …"""
    error: Exception


@dataclass
class State:
    """All that an actor remembers. Fields are JSON values only, so a snapshot is a plain dictionary."""

    faults: dict[str, dict[str, float]] = field(default_factory=dict)
    lost: str = ""
    """The cause of its destruction (`fire`, `water` …), until it is replaced; '' while it is whole."""


class Solver(Protocol):
    """A solver that is called before every round of reactions (`twinfeed.emulators.plant.power.flow` has one)."""

    def solve(self, falling: bool) -> None:
        """Bring all derived quantities up to date with the actors' states.

        `falling`: the plant has reacted so often within this instant that loads and their sources keep changing each
        other. Supplies must then only get worse, so that the plant comes to rest, and stay so until `release`.
        """

    def release(self) -> None:
        """Supplies that were held down may return."""


class Clock(Protocol):
    """The part of the plant that its actors use (`twinfeed.emulators.plant.kernel.engine.Plant` is one)."""

    now: float
    """Seconds since the site was started."""
    dirty: bool
    """True if something has changed since the last round of reactions."""
    revision: int
    """Grows whenever anything may have changed."""
    moment: int
    """Grows with every round of reactions, every move of the clock and every fault."""

    starting: bool
    """True while the plant comes to rest for the first time."""

    @property
    def actors(self) -> Mapping[str, Actor]: ...

    @property
    def timers(self) -> Mapping[tuple[str, str], tuple[float, int]]: ...

    @property
    def journal(self) -> list[Event]: ...

    @property
    def next_event_s(self) -> float: ...

    @property
    def seed(self) -> int: ...

    @property
    def solvers(self) -> Sequence[Solver]: ...

    def intervene(self) -> None: ...

    def together(self) -> AbstractContextManager[None]: ...

    def find(self, id: str) -> Actor: ...

    def set_timer(self, id: str, name: str, due: float) -> None: ...

    def drop_timer(self, id: str, name: str) -> None: ...

    def crash(self, actor: Actor, error: Exception, phase: str) -> None: ...

    def rearrange(self) -> None: ...


STANDS_M = 0.1
"""Height of the lowest live part of equipment on its plinth above the floor, unless the site file gives another, m."""

S = TypeVar("S", bound=State, default=State, covariant=True)
"""The dataclass of an actor's state. A bare `Actor` is one of any state."""


class Actor(Generic[S]):
    """Something that lives on the plant's clock.

    A subclass gives its state dataclass (JSON values only) twice, to mypy and to Python: `class Hall(Actor[HallState])`
    and `STATE = HallState`. What can be computed from the state and the surroundings is not kept in the state.
    """

    FAULTS: ClassVar[Mapping[str, Fault]] = {}
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {}
    """The deeds of people at it."""
    REFUSALS: ClassVar[tuple[type[Exception], ...]] = ()
    """Exceptions of its own with which it refuses a deed."""
    STATE: ClassVar[type[State]] = State
    CRASHES: ClassVar[frozenset[str]] = frozenset()
    """Faults during which the actor's program is `crashed`."""
    COUPLED: ClassVar[bool] = False
    """Its `advance` reads what else moves, so it goes first and sees everything as it came to rest."""

    UPKEEP: ClassVar[frozenset[str]] = frozenset()
    """Timers that keep something in its range for ever, as a thermostat does: a steady plant has them, too."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.state = cast(S, self.STATE())
        self.plant: Clock
        self.place = ""
        """The place in which it stands, '' for none."""
        self.stands_m = STANDS_M
        """Height of its lowest live part above the floor, m."""
        self.shut_off = False
        """True while its place keeps it without power. Derived, as all that is not in the state."""

    def start(self) -> None:
        """Called once when the plant is complete: look up neighbours, take the initial state."""

    def react(self) -> None:
        """Make the discrete changes that follow from the surroundings; call `touch` if others must react again.

        Called again and again within one instant until nobody touches: it must come to rest.
        """

    def horizon(self) -> float:
        """Seconds until this actor's own continuous state needs an evaluation (a crossing, an accuracy limit).

        Asked once after the plant has come to rest, before anything moves.
        """
        return math.inf

    def advance(self, dt: float) -> None:
        """Move the continuous state `dt` seconds on, with the surroundings held constant.

        The way to the next event comes in any number of pieces, which must add up to the same as one.
        """

    def stores(self) -> Iterable[Store]:
        """Quantities that fill or empty now, each with the limit at which something happens (see `Plant.steady`)."""
        return ()

    def on_timer(self, name: str) -> None:
        """A timer set with `after` is due."""
        raise PlantError(f"{self.id}: timer {name!r} has no handler")

    def on_fault(self, kind: str, active: bool) -> None:
        """A fault has just been applied or cleared; `state.faults` has changed already."""

    def numbered(self, parameter: str) -> int | None:
        """The number of things that a parameter of a fault numbers from 1 (`bank`); None: it numbers nothing."""
        return None

    def check_fault(self, kind: str, of: tuple[str, ...]) -> None:
        """Refuse a fault of something this actor does not have (see `Fault.of`).

        Raises:
            PlantError: no such point or component; the message names near ones.
        """

    def on_restore(self) -> None:
        """The state has been replaced by that of a snapshot: forget what was only on its way out."""

    def remembered(self) -> dict[str, Any]:
        """The whole state as JSON values, a copy."""
        return copied(vars(self.state))

    def recall(self, state: dict[str, Any]) -> None:
        """Go back to a state that `remembered` returned; the actor keeps that dictionary's lists."""
        self.state = cast(S, self.STATE(**state))
        self.on_restore()

    # -- damage -----------------------------------------------------------------------------------------------

    @property
    def down(self) -> bool:
        """True if it is destroyed, or kept without power by its place: it does nothing."""
        return self.shut_off or self.state.lost != ""

    def destroy(self, cause: str) -> None:
        """Destroy it: what has destroyed it may end, the damage stays until `rebuild`."""
        if not self.state.lost:
            self.state.lost = cause
            self.log("destroyed", cause=cause)
            self.touch()

    def rebuild(self) -> bool:
        """Put a new one in the place of one that is destroyed; False if it is whole."""
        if not self.state.lost:
            self.log("kept", reason="it is whole")
            return False
        self.state.lost = ""
        self.log("replaced")
        self.touch()
        return True

    # -- defects ----------------------------------------------------------------------------------------------

    @property
    def crashed(self) -> bool:
        """True if this actor's own program has stopped: it reacts to nothing, and only `react_crashed` is called."""
        return not self.CRASHES.isdisjoint(self.state.faults)

    def crash(self, error: Exception, phase: str) -> bool:
        """This actor's own code has raised `error` in `phase` (`react`, `horizon`, …): whether only it goes down.

        A component of the plant is physics: a defect there ends the run. Firmware crashes alone.
        """
        return False

    def react_crashed(self) -> None:
        """Called in place of `react` while `crashed`."""

    # -- calls of subclasses --------------------------------------------------------------------------------

    def after(self, delay_s: float, name: str) -> None:
        """Call `on_timer(name)` in `delay_s` seconds; a running timer of that name is replaced."""
        self.plant.set_timer(self.id, name, self.plant.now + delay_s)

    def cancel(self, name: str) -> None:
        self.plant.drop_timer(self.id, name)

    def remaining_s(self, name: str) -> float | None:
        """Seconds until that timer is due, None if it is not running."""
        due = self.plant.timers.get((self.id, name))
        return None if due is None else max(0.0, due[0] - self.plant.now)

    def touch(self) -> None:
        """Something changed that others may see: solve and react again before time moves."""
        self.plant.dirty = True

    def log(self, what: str, **data: Any) -> None:
        self.plant.journal.append(Event(self.plant.now, self.id, what, data))

    def fault(self, kind: str) -> dict[str, float] | None:
        """The parameters of that fault while it is active, else None."""
        return self.state.faults.get(kind)


def copied(values: dict[str, Any]) -> dict[str, Any]:
    """A deep copy of JSON values, many times faster than `copy.deepcopy`: searches restore before every example."""
    copy: dict[str, Any] = marshal.loads(marshal.dumps(values))
    return copy
