"""People taking plant out of service and back: procedures as data, steps that are refused when they would hurt.

A `Procedure` is the card an electrician carries: ordered steps, each with what must hold before it. `Isolation` is
one person working through it. A step out of order, with a requirement unmet, or one that would cut a load which
the procedure does not mean to cut is refused with the reason; `force` does it all the same, because people do.

Whether a step would cut a load is not guessed: it is tried on the plant as it is now, protections reacting, and
taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

from twinfeed.emulators.plant.kernel.actor import Event, PlantError
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.engine import MOST_REACTIONS, Plant
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.flow import Flow, Tie


class StepRefused(PlantError):
    """The step was not done; the message gives the reason."""


class Panel(Protocol):
    """The part of a device's firmware that a person works at."""

    def write(self, name: str, value: Any) -> None: ...
    def point(self, name: str) -> Any: ...


@dataclass(frozen=True)
class Requirement:
    """What must hold before a step: a quantity of a component is one of the given values.

    `TERMINAL.live` is whether there is voltage at that terminal.
    """

    target: str
    quantity: str
    values: tuple[float | bool | str, ...]

    def unmet(self, plant: Plant) -> str:
        """Why it does not hold, '' if it does."""
        at, terminal = component(plant, self.target), self.quantity.removesuffix(".live")
        if isinstance(at, Electrical) and terminal in at.feeds:
            found: float | bool | str = at.seen[terminal].live
        else:
            found = at.quantity(self.quantity)
        if found in self.values:
            return ""
        return f"{self.target}.{self.quantity} is {found}, expected {' or '.join(map(str, self.values))}"


@dataclass(frozen=True)
class Step:
    """One line of the card.

    `action` is one of `ACTIONS`; or `check`, which only checks what is required; or `set`, which sets a point of the
    target's firmware at its panel, the argument being (point, value).
    """

    action: str
    target: str
    argument: str | bool | tuple[str, str | bool | int] | None = None
    requires: tuple[Requirement, ...] = ()

    def __str__(self) -> str:
        if isinstance(self.argument, tuple):
            return f"{self.action} {self.target} {self.argument[0]} to {self.argument[1]}"
        argument = "" if self.argument is None else f" {self.argument}"
        return f"{self.action} {self.target}{argument}"


@dataclass(frozen=True)
class Procedure:
    """The way out of service and the way back. `isolates` names what is meant to be dead in between."""

    name: str
    out: tuple[Step, ...]
    back: tuple[Step, ...]
    isolates: tuple[str, ...] = ()


ACTIONS: dict[str, str] = {
    "open": "open",
    "close": "close",
    "reset": "reset",
    "transfer": "transfer",
    "prefer": "prefer",
    "to-bypass": "to_bypass",
    "from-bypass": "switch_on",
    "maintenance-bypass": "set_maintenance",
    "switch": "switch",
    "switch-off": "switch_off",
    "switch-on": "switch_on",
    "lock": "lock",
    "unlock": "unlock",
}
"""Action of a step -> the component's method. `lock` and `unlock` are given the person's name."""


class Isolation:
    """One person (or crew) working through one procedure."""

    def __init__(self, plant: Plant, procedure: Procedure, person: str) -> None:
        self.plant, self.procedure, self.person = plant, procedure, person
        self.steps: tuple[Step, ...] = (*procedure.out, *procedure.back)
        self.done: list[int] = []
        """Positions of the steps done, from 0, in the order they were done."""

    @property
    def next(self) -> int | None:
        """The step that is due, None when all are done."""
        return next((n for n in range(len(self.steps)) if n not in self.done), None)

    @property
    def isolated(self) -> bool:
        """True if the way out is complete and the way back not begun."""
        return self.next == len(self.procedure.out)

    def do(self, number: int | None = None, *, force: bool = False) -> Step:
        """Do the step that is due, or that of the given position; returns it.

        Raises:
            StepRefused: it is out of order, something it requires does not hold, it would cut a load, or the
                component did not obey. Only the last cannot be forced.
        """
        due = self.next
        number = due if number is None else number
        if number is None or not 0 <= number < len(self.steps):
            raise StepRefused(f"{self.procedure.name} has {len(self.steps)} steps and no further one is due")
        step = self.steps[number]
        reasons = [r for r in (requirement.unmet(self.plant) for requirement in step.requires) if r]
        if number != due:
            waiting = f"step {due + 1} ({self.steps[due]})" if due is not None else "none"
            reasons.insert(0, f"the step that is due is {waiting}")
        cut = [load for load in self.consequence(step) if load not in self.procedure.isolates]
        if cut:
            reasons.append(f"it would cut {', '.join(cut)}")
        if reasons and not force:
            raise StepRefused(f"step {number + 1} of {self.procedure.name} ({step}): {'; '.join(reasons)}")
        if step.action != "check":
            self.plant.intervene()
            self._act(step)
        self.done.append(number)
        data = {"step": number + 1, "of": self.procedure.name, "action": str(step)}
        if reasons:
            data["forced"] = "; ".join(reasons)
        self.plant.journal.append(Event(self.plant.now, self.person, "step done", data))
        self.plant.settle()
        return step

    def consequence(self, step: Step) -> list[str]:
        """The loads this step would cut now."""
        if step.action in ("check", "lock", "unlock"):
            return []
        return loads_cut(self.plant, lambda: self._act(step, trying=True))

    def _act(self, step: Step, trying: bool = False) -> None:
        if isinstance(step.argument, tuple):
            self._set(step.target, *step.argument, trying)
            return
        target = component(self.plant, step.target)
        method = getattr(target, ACTIONS.get(step.action, ""), None)
        if method is None:
            raise StepRefused(f"{step.target} is a {target.kind}: it cannot {step.action!r}")
        arguments: list[Any] = [] if step.argument is None else [step.argument]
        if step.action in ("lock", "unlock"):
            arguments = [self.person]
        try:
            obeyed = method(*arguments)
        except ValueError as error:
            raise StepRefused(str(error)) from None
        if obeyed is False:
            last = self.plant.journal[-1]
            why = last.data.get("reason", last.what) if last.who == step.target else "it did not obey"
            raise StepRefused(f"{step}: {why}")

    def _set(self, target: str, point: str, value: str | bool | int, trying: bool) -> None:
        panel = cast(Panel, self.plant.find(f"{target}/device"))
        if trying:
            panel.point(point).act(value)  # a trial must not settle the plant
        else:
            panel.write(point, value)


def component(plant: Plant, name: str) -> Component:
    """The component of that name.

    Raises:
        PlantError: there is none, or it is a device.
    """
    found = plant.find(name)
    if not isinstance(found, Component):
        raise PlantError(f"{name!r} is a device, not a component of the plant")
    return found


def supplied_loads(plant: Plant) -> list[str]:
    """The components at the ends of the power paths that have supply on at least one terminal."""
    flow = plant.solvers[0]
    assert isinstance(flow, Flow)
    feeding = {ref.partition(":")[0] for c in flow.components.values() for ref in c.feeds.values()}
    return [
        id
        for id, c in flow.components.items()
        if c.feeds and id not in feeding and not isinstance(c, Tie) and any(s.live for s in c.seen.values())
    ]


def loads_cut(plant: Plant, act: Callable[[], object]) -> list[str]:
    """The loads that lose their last supply if `act` is done now; the plant is left as it was.

    Components react (breakers trip, UPS take over), firmware does not: what counts is this instant.
    """
    before = supplied_loads(plant)
    parts = [a for a in plant.actors.values() if isinstance(a, (Component, Electrical))]
    with plant.trial():
        try:
            act()
            for _ in range(MOST_REACTIONS):
                plant.dirty = False
                for solver in plant.solvers:
                    solver.solve(falling=False)
                for part in parts:
                    part.react()
                if not plant.dirty:
                    break
            after = supplied_loads(plant)
        except StepRefused:
            after = before
    return [load for load in before if load not in after]


# -- standard procedures --------------------------------------------------------------------------------------


def breaker_out(name: str, breaker: str, isolates: tuple[str, ...] = ()) -> Procedure:
    """Open a breaker, prove what it fed dead, lock it; and back. Enough for a feeder, a transformer or a generator."""
    return Procedure(
        name,
        (
            Step("open", breaker),
            Step("check", breaker, requires=(Requirement(breaker, "live", (False,)),)),
            Step("lock", breaker),
        ),
        (Step("unlock", breaker), Step("close", breaker)),
        isolates,
    )


def section_out(board: str, incomer: str, tie: str, isolates: tuple[str, ...] = ()) -> Procedure:
    """Take a source away from a board that its neighbour then carries through the bus tie.

    The incomer is opened before the tie is closed: the break is short, and two sources never meet.
    """
    return Procedure(
        f"{board} onto {tie}",
        (
            Step("open", incomer),
            Step(
                "close",
                tie,
                requires=(Requirement(incomer, "closed", (False,)), Requirement(tie, "synchronous", (True,))),
            ),
            Step("lock", incomer),
        ),
        (
            Step("unlock", incomer),
            Step("open", tie),
            Step("close", incomer, requires=(Requirement(tie, "closed", (False,)),)),
        ),
        isolates,
    )


def ups_out(ups: str, input_breaker: str) -> Procedure:
    """Take a UPS onto its maintenance bypass and cut its rectifier's supply; and back.

    The load is moved to the static bypass first: the manual bypass closed onto a running inverter would parallel two
    sources that are not locked together.
    """
    return Procedure(
        f"{ups} onto its maintenance bypass",
        (
            Step("to-bypass", ups, requires=(Requirement(ups, "bypass_ok", (True,)),)),
            Step("maintenance-bypass", ups, True, requires=(Requirement(ups, "mode", ("bypass",)),)),
            Step("open", input_breaker, requires=(Requirement(ups, "mode", ("maintenance",)),)),
            Step("lock", input_breaker),
        ),
        (
            Step("unlock", input_breaker),
            Step("close", input_breaker),
            Step("maintenance-bypass", ups, False, requires=(Requirement(ups, "input_ok", (True,)),)),
            Step("from-bypass", ups, requires=(Requirement(ups, "mode", ("bypass",)),)),
        ),
    )
