"""Work on one component, judged on the plant: its procedure, its risk, the time it may take, the way back.

    site = Site.load("pilot")
    full_load(site)
    found = work(site, "board-a", usual(site))

Everything begins from the site as it is: on the grid, or on its sets (`tier3.sources.lose_the_grid`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from twinfeed.emulators.devices.firmware.points import PointError
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.people.isolation import Procedure, Step
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.site import Site
from twinfeed.harness.maintenance.alike import classes
from twinfeed.harness.maintenance.equipment import Equipment, watch
from twinfeed.harness.maintenance.impact import Redundancy, fewer_feeds, live_feeds
from twinfeed.harness.maintenance.withdrawal import NO_THING, take_away, undone
from twinfeed.harness.tier3.concurrent_maintainability import IMPOSSIBLE, Crew, judged
from twinfeed.harness.tier3.isolation_procedures import card

WORK_S, BACK_S = 600.0, 7200.0
"""Time of the work in the run that judges the procedure, and time in which all must be as before, s."""

FAILURE_S = 7200.0
"""The time for which the plant goes on after a failure during the work by default, s."""

ONE_EVENT_S = 600.0
"""Rows that stop within this time after the first one belong to the same loss, s. Then the run ends."""

LIMIT_S = 86400.0
"""The longest work that is tried without any failure, s. Longer is not asked."""

GRID = "grid"
"""A failure of its own: every utility at once."""

RESERVE = ("generator", "ats", "bus_tie", "breaker", "day_tank")
"""Kinds that may be needed although they are dead now."""

Lost = dict[str, float]
"""Row -> s after the failure when it stops running."""


@dataclass(frozen=True)
class Action:
    """One line of a procedure as it was done."""

    number: int
    """From 1, out and back together."""
    back: bool
    """True on the way back into service."""
    action: str
    """open, close, lock, unlock, transfer, prefer, set, switch, switch-off, switch-on, maintenance-bypass or check."""
    target: str
    argument: str
    """Of a `set`, the point and the value; of a transfer the side; else empty."""
    requires: list[str]
    """Of a `check`: what must hold, as `ups-a1.live is False`."""
    at_s: float
    """After the first step, s."""


@dataclass(frozen=True)
class Exposure:
    """Failures during the work that stop rows which they do not stop without it."""

    failures: list[str]
    """Components that are alike here; `grid` is every utility at once. The first was tried."""
    kind: str
    lost: list[str]
    """The rows that stop."""
    cause: str
    """supply, heat or network: of the first of them."""
    after_s: float
    """From the failure to the first of them, s."""


@dataclass
class Phase:
    """The work on the grid, or on the sets."""

    verdict: str
    """`isolated and returned`, `interrupted` or `cannot be isolated`."""
    reason: str = ""
    """The interruption, the step that is refused, or the reason for which it cannot be isolated."""
    how: str = ""
    actions: list[Action] = field(default_factory=list)
    out_s: float = 0.0
    """From the first step to the work, s."""
    back_s: float = 0.0
    """From the end of the work until everything was as before, s."""
    limit_s: float | None = None
    """The time from the first step until a row stops, nothing failing, s; None: a day is no limit."""
    redundancy: list[Redundancy] = field(default_factory=list)
    """Loads that live on fewer live feeds during the work."""
    exposures: list[Exposure] = field(default_factory=list)
    """Single failures during the work that stop rows, the soonest first."""
    isolates: list[str] = field(default_factory=list)
    """Components that are dead during the work."""

    @property
    def done(self) -> bool:
        return self.verdict not in ("interrupted", IMPOSSIBLE)

    @property
    def failures(self) -> int:
        """The number of components whose failure during the work stops rows."""
        return sum(len(exposure.failures) for exposure in self.exposures)


def usual(site: Site, after_s: float = FAILURE_S) -> dict[str, Lost]:
    """The rows that each single failure stops with nobody at work, from the site as it is."""
    return {name: found for names in failures(site) if (found := lost(site, names[0], after_s)[0]) for name in names}


def failures(site: Site, near: set[str] | None = None) -> list[list[str]]:
    """The components that can fail, in groups of alike ones, and the grid as a whole."""
    names = [name for name, c in site.components.items() if c.kind not in (*NO_THING, "rack", "rack_row")]
    live = [
        name for name in names if site.components[name].kind == "utility" and site.components[name].quantity("live")
    ]
    return [*classes(site, names, near or set()), *([[GRID]] if live else [])]


def work(site: Site, name: str, without: Mapping[str, Lost] | None, after_s: float = FAILURE_S) -> Phase:
    """Judge the work on that component from the site as it is; the site is afterwards as before.

    `without` is `usual` of the same site; None leaves out failures during the work. After each of them the plant goes
    on for `after_s`.
    """
    procedure = card(site, name)
    if isinstance(procedure, str):
        return Phase(IMPOSSIBLE, procedure)
    with undone(site):
        job = judged(site, name, WORK_S, BACK_S)
    found = Phase(job.verdict, job.reason, job.how, out_s=job.out_s, back_s=job.back_s)
    with undone(site):
        feeds, live = live_feeds(site), _live(site)
        crew, equipment = Crew(site, procedure), Equipment(site)
        try:
            crew.isolate()
        except (PlantError, PointError):
            pass  # the verdict has the reason
        else:
            with undone(site):
                found.limit_s = _limit_s(site, equipment)
            found.redundancy = list(fewer_feeds(site, feeds))
            found.isolates = sorted(live - _live(site))
            if without is not None:
                found.exposures = sorted(_exposures(site, name, without, after_s), key=lambda each: each.after_s)
        with suppress(PlantError, PointError):
            crew.give_back()
        found.actions = list(_actions(procedure, crew))
    return found


def _live(site: Site) -> set[str]:
    """Components with voltage at their output or at a terminal."""
    return {
        name
        for name, component in site.components.items()
        if isinstance(component, Electrical) and (component.live or any(seen.live for seen in component.seen.values()))
    }


def _limit_s(site: Site, equipment: Equipment) -> float | None:
    """The time from the first step until a row stops while the work goes on."""
    watch(site, LIMIT_S, equipment.sample, lambda: equipment.first() is not None)
    loss = equipment.first()
    return None if loss is None else loss.at_s


def _exposures(site: Site, name: str, without: Mapping[str, Lost], after_s: float) -> Iterator[Exposure]:
    dead = set(site.components) - _live(site)
    for names in failures(site, {name, *_degraded(site)}):
        if names == [name] or (
            names[0] in dead and site.components[names[0]].kind not in RESERVE and _fed(site, names[0])
        ):
            continue
        tried = next(each for each in names if each != name)
        stopped, cause = lost(site, tried, after_s)
        new = [row for row in stopped if row not in without.get(tried, {})]
        if new:
            kind = GRID if tried == GRID else site.components[tried].kind
            alike = [tried, *(each for each in names if each not in (name, tried))]
            yield Exposure(alike, kind, new, cause, min(stopped[row] for row in new))


def _degraded(site: Site) -> set[str]:
    """Components with a dead feed."""
    return {
        name
        for name, component in site.components.items()
        if isinstance(component, Electrical) and any(not seen.live for seen in component.seen.values())
    }


def _fed(site: Site, name: str) -> bool:
    component = site.components[name]
    return isinstance(component, Electrical) and bool(component.feeds)


def lost(site: Site, failure: str, after_s: float) -> tuple[Lost, str]:
    """The rows that stop after that failure, and the cause of the first."""
    with undone(site):
        equipment = Equipment(site)
        began_s = site.now
        if failure == GRID:
            for name, component in site.components.items():
                if component.kind == "utility":
                    site.inject(name, "outage")
        else:
            take_away(site, failure)

        def over() -> bool:
            loss = equipment.first()
            return loss is not None and site.now - began_s >= loss.at_s + ONE_EVENT_S

        watch(site, after_s, equipment.sample, over)
        found: Lost = {}
        for loss in sorted(equipment.losses.values(), key=lambda each: each.at_s):
            found.setdefault(loss.load, loss.at_s)
        first = equipment.first()
        return found, "" if first is None else first.cause


def _actions(procedure: Procedure, crew: Crew) -> Iterator[Action]:
    """All steps of the card; those that were not done, after a refused one, have no time."""
    times = [at_s for _, at_s in crew.done]
    for number, step in enumerate((*procedure.out, *procedure.back), 1):
        at_s = times[number - 1] if number <= len(times) else -1.0
        yield _action(number, number > len(procedure.out), step, at_s)


def _action(number: int, back: bool, step: Step, at_s: float) -> Action:
    argument = step.argument
    text = "" if argument is None else " ".join(map(str, argument)) if isinstance(argument, tuple) else str(argument)
    requires = [f"{r.target}.{r.quantity} is {' or '.join(map(str, r.values))}" for r in step.requires]
    return Action(number, back, step.action, step.target, text, requires, at_s)
