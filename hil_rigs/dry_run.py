"""The dry run of a bench: the tests run on its software twin, and every action is listed with its effects."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from twinfeed._phrases import Phrase
from twinfeed.emulators.site import Site
from twinfeed.harness.durations import spoken
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.schedule import Scheduled
from twinfeed.harness.language import said
from twinfeed.harness.language import spoken as language
from twinfeed.harness.tier3.snapshots import states
from twinfeed.harness.worlds.simulated import SimulatedWorld
from twinfeed.harness.worlds.sites import fresh
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import text_in

AFTER_S = 30.0
"""Time after an action at which the twin is compared, s: transfers and starts are over, and no room has warmed up."""

SHOWN = 6
"""Number of states that are listed for one action."""


@dataclass(frozen=True)
class Step:
    """One action of one test."""

    test: str
    at_s: float
    for_s: float | None
    fault: str
    moves: str
    """The actuator and where it would go; or that there is none, so that the test skips on the bench."""
    effect: str


class Plan:
    """The actions of a dry run, in the order in which the tests ordered them."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.steps: list[Step] = []

    def world(self, item: pytest.Item) -> DryRunWorld:
        """The world of one test."""
        return DryRunWorld(self, fresh(str(self.rig.path)), item.nodeid)

    def add(self, test: str, injection: Injection) -> None:
        target, kind = injection.target, injection.kind
        found = self.rig.actuator_for(target, kind)
        moves, said = Phrase("no actuator: the test skips on the bench"), ""
        if found is not None:
            name, actuator = found
            moves = Phrase(
                "{name} ({means}) to {value}",
                name=name,
                means=actuator.means,
                value=actuator.causes.get(f"{target} {kind}", kind),
            )
            said = text_in(actuator.effect, language())
        effect = said or self._on_the_twin(injection)
        self.steps.append(Step(test, injection.at_s, injection.for_s, f"{target} {kind}", moves, effect))

    def _on_the_twin(self, injection: Injection) -> str:
        """Which states of the twin change when this fault alone happens to it at rest."""
        return effects(fresh(str(self.rig.path)), injection)

    def lines(self) -> list[str]:
        """A paragraph for each test."""
        found: list[str] = []
        for test in dict.fromkeys(step.test for step in self.steps):
            found.append(test)
            for step in self.steps:
                if step.test == test:
                    lasts = Phrase("until it is cleared")
                    if step.for_s is not None:
                        lasts = Phrase("for {time}", time=spoken(step.for_s))
                    found.append(f"  {spoken(step.at_s)}  {step.fault} {said(lasts)}: {said(step.moves)}")
                    found.append(f"           {said(step.effect)}")
        return found or [said(Phrase("no test moves anything"))]


class DryRunWorld(SimulatedWorld):
    """The twin of a bench, which lists the orders to the actuators."""

    def __init__(self, plan: Plan, site: Site, test: str) -> None:
        super().__init__(site)
        self._plan, self._test = plan, test

    async def _schedule(self, *entries: Scheduled) -> None:
        await super()._schedule(*entries)
        for entry in entries:
            if isinstance(entry, Injection):
                self._plan.add(self._test, entry)


def effects(site: Site, injection: Injection) -> str:
    """The changes on a site at rest within `AFTER_S` of that fault, in words; the site is not left as it was."""
    reads = states(site)
    before = {name: read() for name, read in reads.items()}
    if injection.kind not in site.faults(injection.target):
        return Phrase("a fault of the wire: requests to the device are disturbed")
    site.inject(injection.target, injection.kind, injection.parameters)
    site.advance(AFTER_S)
    changed = [f"{name} {before[name]!s} → {now!s}" for name, read in reads.items() if (now := read()) != before[name]]
    if not changed:
        return Phrase("no state changes on the twin within {after_s:g} s", after_s=AFTER_S)
    shown = ", ".join(changed[:SHOWN])
    if len(changed) > SHOWN:
        shown = Phrase("{shown} and {n} more", shown=shown, n=len(changed) - SHOWN)
    return Phrase("on the twin: {changes}", changes=shown)


def what_each_would_do(rig: Rig, language: str = "en") -> list[dict[str, str]]:
    """Every fault that the bench can cause, as JSON values."""
    rows: list[dict[str, str]] = []
    for name, actuator in rig.bench.actuators.items():
        for fault, position in actuator.causes.items():
            target, _, kind = fault.partition(" ")
            effect = text_in(actuator.effect, language) or effects(fresh(str(rig.path)), Injection(target, kind))
            rows.append(
                {
                    "fault": fault,
                    "actuator": name,
                    "means": actuator.means,
                    "to": str(position),
                    "safe": str(actuator.safe_position),
                    "effect": effect,
                }
            )
        if actuator.proxy is not None:
            effect = Phrase("every fault of the wire can be caused: delays, losses, wrong answers")
            rows.append(
                {
                    "fault": f"{actuator.proxy} …",
                    "actuator": name,
                    "means": "proxy",
                    "to": "",
                    "safe": "",
                    "effect": effect,
                }
            )
    return rows
