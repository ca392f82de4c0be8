"""The cases of an integrated systems test, made from a site: what persons do, what must hold, what the station shows.

Everything is done by persons (deeds), so that the same case runs on the twin, on a bench and on the real site. A case
that a person cannot do so is listed with the reason (`NotMade`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.deeds import Argument
from twinfeed.emulators.plant.people.isolation import Step
from twinfeed.emulators.site import Site
from twinfeed.harness.maintenance.alike import classes
from twinfeed.harness.maintenance.withdrawal import NO_THING, undone
from twinfeed.harness.tier3.concurrent_maintainability import STEP_S
from twinfeed.harness.tier3.isolation_procedures import NO_CARD, card
from twinfeed.harness.tier3.properties import allowable_inlets, always_supplied
from twinfeed.harness.tier3.snapshots import alarms
from twinfeed.harness.tier3.sources import has_sets

PERSON = "crew"

LONG_S, SHORT_S, RETURN_S = 1200.0, 600.0, 2400.0
"""Outage of all utilities; failure of a machine; time until the site is at rest again after it, s."""

BEFORE_S = 60.0
"""Time before the failure, s: what falls must have been there."""

ALARM_S = 300.0
"""By when the station shows an alarm of a failure, s."""

MOST_ALARMS = 4
"""Alarms that a test names; one of them must come."""

LOADS = (25.0, 50.0, 75.0, 100.0)
"""Load steps, % of the racks' rated power."""

CHAPTERS = {
    "failure": N_("Failure and return of every source, machine, path and breaker"),
    "isolation": N_("Isolation and return of every component"),
    "load": N_("Load steps"),
    "black": N_("Black building and black start"),
    "maintenance": N_("Failure during maintenance"),
    "endurance": N_("Endurance on the sets"),
}

FAILS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "utility": ("switch-off", ("switch-on",), "live"),
    "breaker": ("trip", ("reset", "close"), "closed"),
    "ups": ("switch-off", ("switch-on",), "live"),
    "chiller": ("off", ("auto",), "running"),
    "crah": ("off", ("auto",), "running"),
    "pump": ("switch-off", ("switch-on",), "running"),
    "generator": ("off", ("auto",), ""),
}
"""Kind -> the deed that takes it away, those that bring it back, the quantity that falls."""

STAYS_OPEN = N_("it is open as the site is found")
NO_DEED = N_("no deed of a person takes it away and brings it back")

RETURNS = ("utility", "breaker", "ups")
"""Kinds whose quantity must be there again at the end. Of machines that stand in for each other another one may run."""


@dataclass(frozen=True)
class Act:
    """A deed of a person."""

    target: str
    deed: str
    parameters: tuple[tuple[str, Argument], ...] = ()


@dataclass(frozen=True)
class Wait:
    """Time that passes."""

    seconds: float


@dataclass(frozen=True)
class Proof:
    """A quantity that must have a value now."""

    quantity: str
    value: bool | float | str


Line = Act | Wait | Proof


@dataclass(frozen=True)
class Case:
    """One test."""

    id: str
    """`failure-q-tx-a`: also the requirement."""
    chapter: str
    target: str
    title: Phrase
    lines: tuple[Line, ...]
    keeps: bool = True
    """True if equipment must run all the time."""
    alarms: tuple[str, ...] = ()
    """Quantities of alarms of which one must come; by rehearsal on the twin."""
    after: str = ""
    """The event after which it must come."""


@dataclass(frozen=True)
class NotMade:
    """A case that persons cannot do as deeds."""

    chapter: str
    target: str
    reason: str


def demands(site: Site) -> list[str]:
    """The properties that every case has to keep."""
    return [str(each) for each in (*always_supplied(site), *allowable_inlets(site))]


def cases(site: Site, endurance_s: float, every: bool = True) -> Iterator[Case | NotMade]:
    """All cases of the site as it is now, chapter by chapter; not `every`: one of several alike components."""
    names = list(site.components)
    chosen = names if every else [group[0] for group in classes(site, names)]
    for name in chosen:
        if site.components[name].kind not in NO_THING:
            yield _failure(site, name)
    for name in chosen:
        if site.components[name].kind not in NO_CARD:
            yield _isolation(site, name)
    rows = [name for name in names if site.components[name].kind in ("rack_row", "rack")]
    if rows:
        yield Case("load-steps", "load", "", Phrase("All racks at 25, 50, 75 and 100 %"), tuple(_load_steps(rows)))
    if has_sets(site):
        yield from _on_sets(site, endurance_s, chosen)
    else:
        for chapter in ("black", "maintenance", "endurance"):
            yield NotMade(chapter, "", Phrase("{site} has no set", site=site.name))


def _failure(site: Site, name: str) -> Case | NotMade:
    component = site.components[name]
    kind = "breaker" if component.kind == "bus_tie" else component.kind
    if kind == "breaker" and not component.quantity("closed"):
        return NotMade("failure", name, Phrase(STAYS_OPEN))
    if kind not in FAILS:
        return NotMade("failure", name, Phrase(NO_DEED))
    deed, back, falls = FAILS[kind]
    if any(each not in site.deeds(name) for each in (deed, *back)):
        return NotMade("failure", name, Phrase(NO_DEED))
    lines: list[Line] = [Act(name, deed)]
    if kind == "generator":
        lines += [*_all(site, "switch-off"), Wait(LONG_S), *_all(site, "switch-on")]
    shows = bool(falls) and component.quantity(falls) is True
    gone = [Proof(f"{name}.{falls}", False)] if shows else []
    there = [Proof(f"{name}.{falls}", True)] if shows and kind in RETURNS else []
    lines += [Wait(SHORT_S), *gone, *(Act(name, each) for each in back), Wait(RETURN_S), *there]
    title = Phrase("{name} ({kind}) fails and returns", name=name, kind=component.kind)
    found, stays = _rehearsed(site, Act(name, deed), falls) if shows else ((), True)
    if not stays:
        return NotMade("failure", name, Phrase("after {deed} it is started again by itself", deed=deed))
    lines.insert(0, Wait(BEFORE_S))
    after = f"{name}.{falls} falls" if found else ""
    return Case(f"failure-{name}", "failure", name, title, tuple(lines), alarms=found, after=after)


def _rehearsed(site: Site, act: Act, falls: str) -> tuple[tuple[str, ...], bool]:
    """The alarms that the station gets within `ALARM_S`, and whether the quantity is down then, tried on the twin."""
    with undone(site):
        before = set(alarms(site))
        site.do(act.target, act.deed, dict(act.parameters))
        site.advance(ALARM_S)
        new = [alarm for alarm in alarms(site) if alarm not in before]
        seen = [alarm.replace(": ", ".alarm.") for alarm in new if site.reachable(alarm.partition(":")[0])]
        stays = not site.components[act.target].quantity(falls)
    return tuple(seen[:MOST_ALARMS]), stays


def _isolation(site: Site, name: str) -> Case | NotMade:
    procedure = card(site, name)
    if isinstance(procedure, str):
        return NotMade("isolation", name, procedure)
    out, back = [_act(step) for step in procedure.out], [_act(step) for step in procedure.back]
    for act in (*out, *back):
        if isinstance(act, Act):
            try:
                site.check_deed(act.target, act.deed, dict(act.parameters))
            except (PlantError, ValueError) as error:
                return NotMade("isolation", name, Phrase("no deed of a person: {reason}", reason=str(error)))
        elif act is None:
            return NotMade("isolation", name, Phrase("no deed of a person: {reason}", reason=procedure.name))
    proofs = [
        Proof(f"{r.target}.{r.quantity}", r.values[0])
        for r in procedure.out[-1].requires
        if r.quantity in site.components[r.target].QUANTITIES
    ]
    lines: list[Line] = [*_spaced(out), Wait(900.0), *proofs, Wait(SHORT_S), *_spaced(back), Wait(RETURN_S)]
    title = Phrase("{name} ({kind}) is isolated, worked on and returned", name=name, kind=site.components[name].kind)
    return Case(f"isolation-{name}", "isolation", name, title, tuple(lines))


def _spaced(acts: list[Act | Wait | None]) -> Iterator[Line]:
    for act in acts:
        if isinstance(act, Act):
            yield act
            yield Wait(STEP_S)


def _act(step: Step) -> Act | Wait | None:
    """The deed of that step; a check is none, and a step without a deed is None."""
    argument = step.argument
    if step.action == "check":
        return Wait(0.0)
    if isinstance(argument, tuple):
        return Act(step.target, "set", (("point", argument[0]), ("value", argument[1])))
    if step.action in ("lock", "unlock"):
        return Act(step.target, step.action, (("person", PERSON),))
    if step.action == "transfer":
        return Act(step.target, "transfer", (("to", str(argument)),))
    if step.action == "prefer":
        return Act(step.target, "prefer", (("terminal", str(argument)),))
    if step.action == "switch":
        return Act(step.target, "switch-on" if argument else "switch-off")
    if step.action == "maintenance-bypass":
        return Act(step.target, "close-maintenance-bypass" if argument else "open-maintenance-bypass")
    if step.action in ("open", "close", "reset", "switch-off", "switch-on", "to-bypass"):
        return Act(step.target, step.action)
    return None


def _load_steps(rows: list[str]) -> Iterator[Line]:
    for percent in LOADS:
        for row in rows:
            yield Act(row, "load", (("percent", percent),))
        yield Wait(LONG_S)


def _all(site: Site, deed: str) -> list[Line]:
    return [Act(name, deed) for name, component in site.components.items() if component.kind == "utility"]


def _on_sets(site: Site, endurance_s: float, chosen: list[str]) -> Iterator[Case | NotMade]:
    lost, there = _all(site, "switch-off"), _all(site, "switch-on")
    yield Case(
        "black-building", "black", "", Phrase("Every utility fails and returns"),
        (*lost, Wait(LONG_S), *there, Wait(RETURN_S)),
    )  # fmt: skip
    sets = [
        name for name, component in site.components.items() if component.kind == "generator" and name in site.devices
    ]
    rows = [name for name, component in site.components.items() if component.kind in ("rack_row", "rack")]
    if sets and rows:
        held: list[Line] = [Act(name, "off") for name in sets]
        started: list[Line] = [Act(name, "auto") for name in sets]
        yield Case(
            "black-start", "black", "", Phrase("The whole site is dead, and starts from its sets"),
            (
                *held, *lost, Wait(14400.0), *(Proof(f"{row}.supplied", False) for row in rows), *started,
                Wait(3600.0), *(Proof(f"{row}.supplied", True) for row in rows), *there, Wait(RETURN_S),
            ),
            keeps=False,
        )  # fmt: skip
    for name in chosen:
        if site.components[name].kind in ("ups", "generator", "chiller"):
            case = _isolation(site, name)
            if isinstance(case, Case):
                at = next(n for n, line in enumerate(case.lines) if isinstance(line, Wait) and line.seconds == 900.0)
                outage: list[Line] = [*lost, Wait(LONG_S), *there, Wait(RETURN_S)]
                title = Phrase("Every utility fails during the work on {name}", name=name)
                lines = (*case.lines[: at + 1], *outage, *case.lines[at + 1 :])
                yield Case(f"maintenance-{name}", "maintenance", name, title, lines)
            else:
                yield NotMade("maintenance", name, case.reason)
    yield Case(
        "endurance", "endurance", "", Phrase("The sets carry the site for {hours:g} h", hours=endurance_s / 3600.0),
        (*lost, Wait(endurance_s), *there, Wait(RETURN_S)),
    )  # fmt: skip
