"""Concurrent maintainability: every component in turn is isolated, worked on and returned, and nothing is interrupted.

    for job in concurrent_maintainability(site):
        print(job)

Each is judged twice: on the grid, and by the rule of the Uptime Institute for engine-generators (Accredited Tier
Designer Technical Paper Series: Engine-Generator Ratings): the sets and their paths are the only reliable source, so
the site must pass the same test while they carry it.

How each is isolated follows from the site's single-line diagram (`isolation_procedures`). A step that would cut a rack
is refused by the plant itself; what racks and rooms see is recorded all along. That the component is dead or off is
checked before work on it begins, and afterwards everything must be as it was found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from twinfeed.emulators.devices.firmware.points import PointError, Value
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.people.isolation import Isolation, Procedure, Step
from twinfeed.emulators.site import Site
from twinfeed.harness.durations import seconds
from twinfeed.harness.journal import Journal, Sampler
from twinfeed.harness.properties.evaluation import evaluate, patterns
from twinfeed.harness.properties.language import Property, Time
from twinfeed.harness.tier3.isolation_procedures import card
from twinfeed.harness.tier3.properties import allowable_inlets, always_supplied
from twinfeed.harness.tier3.snapshots import alarms, serving, snapshot, states
from twinfeed.harness.tier3.sources import has_sets, lose_the_grid

PERSON = "maintenance"
STEP_S = 30.0
"""Between one step of a card and the next, s."""

STOPS_S = 900.0
"""By when a machine that was stopped stands, s: a set cools down first, a chiller pumps down."""

LOOK_S = 60.0
"""Period of the check whether everything is as before, s."""

STAND_IN = ("chiller", "pump")
"""Kinds of which one may go on in another's place: how many are as they were counts."""

ISOLATED, INTERRUPTED, IMPOSSIBLE = "isolated and returned", "interrupted", "cannot be isolated"


@dataclass(frozen=True)
class Job:
    """One component taken out of service and put back."""

    component: str
    kind: str
    how: str
    """The steps that isolate it, '' if nothing can be done."""
    verdict: str
    """`isolated and returned`, `interrupted` (also: not dead, or not as before afterwards) or `cannot be isolated`."""
    reason: str = ""
    """The interruption or refusal, or the reason for which it cannot be isolated; '' if all went well."""
    out_s: float = 0.0
    """From the first step to the work, s."""
    back_s: float = 0.0
    """From the end of the work until everything was as before, s."""

    @property
    def done(self) -> bool:
        return self.verdict == ISOLATED

    def __str__(self) -> str:
        how = f": {self.how}" if self.how else ""
        return f"{self.component}{how}: {self.verdict}{f': {self.reason}' if self.reason else ''}"


def concurrent_maintainability(
    site: Site, *names: str, work: Time = "10 min", back: Time = "2 h", on_sets: bool | None = None
) -> Iterator[Job]:
    """Isolate each of those components (or every one), work on it, and return it; each from the site as it is now.

    `back` is by when all must be as before, counted from the last step. It is judged on the grid, and, if it passes
    there and the site has sets, while they carry the site: every utility fails `SETTLE_S` before and stays away. With
    `on_sets` False or True only one of the two. The site is afterwards as it was before.

    Raises:
        PlantError: nothing on the site is called that; `on_sets` is True and the site has none that carry it.
    """
    for name in names:
        site.plant.find(name)
    snapshot, journal = site.plant.snapshot(), list(site.plant.journal)
    try:
        starts = {} if on_sets else {"": snapshot}
        trouble = ""
        if on_sets or (on_sets is None and has_sets(site)):
            try:
                lose_the_grid(site)
                starts["on the sets: "] = site.plant.snapshot()
            except PlantError as error:
                if on_sets:
                    raise
                trouble = f"on the sets: {error}"
        for name in names or tuple(site.components):
            jobs = []
            for phase, start in starts.items():
                site.plant.restore(start)
                job = judged(site, name, seconds(work), seconds(back))
                jobs.append(job if job.done or not phase else replace(job, reason=phase + job.reason))
                if not job.done:
                    break
            if trouble and jobs[0].done:
                jobs.append(replace(jobs[0], verdict=INTERRUPTED, reason=trouble))
            yield next((job for job in jobs if not job.done), jobs[0])
    finally:
        site.plant.restore(snapshot)
        site.plant.journal[:] = journal


def table(jobs: list[Job]) -> str:
    """A line for each kind of component as Markdown: how many, how isolated, how many in vain, how long."""
    lines = ["| kind | isolated | interrupted | cannot be | how | out, back |", "|---|---|---|---|---|---|"]
    for kind in dict.fromkeys(job.kind for job in jobs):
        of_kind = [job for job in jobs if job.kind == kind]
        verdicts = Counter(job.verdict for job in of_kind)
        done = [job for job in of_kind if job.done]
        how = done[0].how if done else next(job.reason for job in of_kind)
        times = f"{_longest(job.out_s for job in done)}, {_longest(job.back_s for job in done)}" if done else ""
        counts = " | ".join(str(verdicts[verdict]) for verdict in (ISOLATED, INTERRUPTED, IMPOSSIBLE))
        lines.append(f"| {kind} | {counts} | {how} | {times} |")
    return "\n".join(lines)


def _longest(times: Iterator[float]) -> str:
    return f"{max(times) / 60.0:.1f} min"


def judged(site: Site, name: str, work_s: float, back_s: float) -> Job:
    """Work on that component from the site as it is now. The site goes on."""
    kind = site.components[name].kind
    procedure = card(site, name)
    if isinstance(procedure, str):
        return Job(name, kind, "", IMPOSSIBLE, procedure)
    crew = Crew(site, procedure)
    journal, demands = Journal(), [*always_supplied(site), *allowable_inlets(site)]
    sampler = Sampler(site, patterns(demands), journal.trace).attach()
    trouble = ""
    try:
        crew.isolate()
        site.advance(work_s)
        trouble = crew.new_rows_cut_off()
        crew.give_back()
        trouble = trouble or crew.wait_until_as_before(back_s)
    except (PlantError, PointError) as error:
        trouble = str(error)
    finally:
        sampler.detach()
    sampler()
    reason = "; ".join(filter(None, (*_broken(journal, demands), trouble)))
    return Job(name, kind, procedure.name, INTERRUPTED if reason else ISOLATED, reason, crew.out_s, crew.back_s)


def _broken(journal: Journal, demands: list[Property]) -> Iterator[str]:
    for verdict in evaluate(journal, *demands):
        if verdict.violated:
            first = verdict.violations[0]
            yield f"{first.what} at {first.t_s:.0f} s"
        elif not verdict:
            yield str(verdict)


class Crew:
    """Works through one card, and knows how the site was found."""

    def __init__(self, site: Site, procedure: Procedure) -> None:
        self.site, self.procedure = site, procedure
        self.out_s = self.back_s = 0.0
        self.done: list[tuple[Step, float]] = []
        """The steps done, with their times from the first one, s."""
        self._job = Isolation(site.plant, procedure, PERSON)
        self._began_s = site.now
        self._reads = states(site)
        self._found = self._snapshot()
        self._cut_off = self._rows_cut_off()

    def isolate(self) -> None:
        """All steps out; the last one proves that it is dead or off.

        Raises:
            PlantError, PointError: a step was refused; its message gives the reason.
        """
        began_s = self.site.now
        for _ in self.procedure.out[:-1]:
            self._do()
            self.site.advance(STEP_S)
        proof = self.procedure.out[-1]
        while any(requirement.unmet(self.site.plant) for requirement in proof.requires):
            if self.site.now > began_s + STOPS_S:
                break
            self.site.advance(STEP_S)
        self._do()
        self.out_s = self.site.now - began_s

    def _do(self) -> None:
        self.done.append((self._job.do(), self.site.now - self._began_s))

    def new_rows_cut_off(self) -> str:
        """The rows of racks that no switch connects any more, '' if they are no more than before."""
        rows = [row for row in self._rows_cut_off() if row not in self._cut_off]
        return f"{', '.join(rows)} without network" if rows else ""

    def give_back(self) -> None:
        """All steps back."""
        began_s = self.site.now
        for _ in self.procedure.back:
            self._do()
            self.site.advance(STEP_S)
        self.back_s = self.site.now - began_s

    def wait_until_as_before(self, most_s: float) -> str:
        """The first thing that is not as it was found after that time, '' as soon as everything is."""
        began_s = self.site.now - self.back_s
        until_s = self.site.now + most_s
        while (unlike := self._unlike()) and self.site.now < until_s:
            self.site.advance(LOOK_S)
        self.back_s = self.site.now - began_s
        return f"not as before after {most_s / 60.0:g} min: {', '.join(unlike[:3])}" if unlike else ""

    def _snapshot(self) -> dict[str, Value]:
        """All states and alarms; of machines that stand in for each other, how many are in a state."""
        found = snapshot(self._reads)
        seen: dict[str, Value] = {}
        for name, value in found.items():
            component, _, quantity = name.partition(".")
            kind = self.site.components[component].kind
            if kind in STAND_IN:
                same = f"{kind}s with {quantity} {value!s}"
                seen[same] = int(seen.get(same, 0)) + 1
            else:
                seen[name] = value
        seen.update(dict.fromkeys((f"alarm {alarm}" for alarm in alarms(self.site)), True))
        return seen

    def _unlike(self) -> list[str]:
        now, then = self._snapshot(), self._found
        return [
            f"{name} is {now.get(name, False)!s}, was {then.get(name, False)!s}"
            for name in dict.fromkeys((*then, *now))
            if now.get(name, False) != then.get(name, False)
        ]

    def _rows_cut_off(self) -> list[str]:
        """Rows none of whose switches reaches the gateway. The capacity of the remaining way is not checked."""
        return [row for row, switches in serving(self.site).items() if not switches]
