"""Concurrent maintainability: every component in turn is isolated and returned, and nothing is interrupted.

    for job in concurrent_maintainability(site):
        assert job.done, job

The procedures are those of `emulators.plant.isolation` where a breaker isolates, and the device's own switch where a
machine is stopped. A step that would cut a rack is refused by the plant itself; what racks see is recorded all along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from emulators.devices.points import PointError
from emulators.plant.electrical import Electrical
from emulators.plant.engine import PlantError
from emulators.plant.isolation import Isolation, Procedure, Step, breaker_out, supplied_loads
from emulators.site import Site
from harness.durations import seconds
from harness.journal import Journal, Recorder
from harness.properties.evaluation import evaluate, patterns
from harness.properties.language import Time
from harness.properties.tier3 import always_supplied

PERSON = "maintenance"
STEP_S = 60.0
"""Between one step of a procedure and the next, s."""

MUST_STAY = ("rack", "rack_row", "crah")
"""Kinds of load that no step may leave without supply, not even until a switch has moved."""

STOPPED_BY: dict[str, tuple[str, object, object]] = {
    "generator": ("mode", "stop", "auto"),
    "chiller": ("chiller.enabled", False, True),
    "crah": ("unit.enabled", False, True),
}
"""Kind of machine -> (point, out of service, back in service)."""


@dataclass(frozen=True)
class Job:
    """One component taken out of service and put back."""

    component: str
    how: str
    """The procedure, or why there is none."""
    trouble: str = ""
    """What was interrupted or refused; '' if nothing was."""

    @property
    def done(self) -> bool:
        return not self.trouble

    def __str__(self) -> str:
        return f"{self.component}: {self.how}: {self.trouble or 'isolated and returned, nothing interrupted'}"


def concurrent_maintainability(site: Site, *, work: Time = "10 min", only: str | None = None) -> Iterator[Job]:
    """Isolate every component, work on it, and return it, each from the site as it is now; afterwards it is as before.

    A component with neither a breaker nor a switch of its own, nor one before it, is a job that is not done.
    """
    snapshot, journal = site.plant.snapshot(), list(site.plant.journal)
    try:
        for name, component in site.components.items():
            if only is not None and name != only:
                continue
            site.plant.restore(snapshot)
            if component.kind in STOPPED_BY and name in site.devices:
                point, out, back = STOPPED_BY[component.kind]
                yield _try(site, name, f"{point} to {out}", _switched(site, name, point, out, back, seconds(work)))
            elif isinstance(component, Electrical) and component.kind in ("breaker", "ups"):
                yield _try(site, name, *_isolated(site, name, seconds(work)))
    finally:
        site.plant.restore(snapshot)
        site.plant.journal[:] = journal


def _switched(site: Site, name: str, point: str, out: object, back: object, work_s: float) -> Callable[[], None]:
    def do() -> None:
        site[name].write(point, out)  # type: ignore[arg-type]
        site.advance(work_s)
        site[name].write(point, back)  # type: ignore[arg-type]
        site.advance(work_s)

    return do


def _isolated(site: Site, name: str, work_s: float) -> tuple[str, Callable[[], None]]:
    component = site.components[name]
    assert isinstance(component, Electrical)
    if component.kind == "breaker":
        procedure = breaker_out(f"{name} out", name, may_blink(site))
    else:
        breakers = [ref.partition(":")[0] for ref in component.feeds.values()]
        procedure = feeders_out(name, [b for b in breakers if site.components[b].kind == "breaker"], may_blink(site))

    def do() -> None:
        if not procedure.out:
            raise PlantError("no breaker is before it, so that it cannot be isolated")
        job = Isolation(site.plant, procedure, PERSON)
        for _ in procedure.out:
            job.do()
            site.advance(STEP_S)
        site.advance(work_s)
        for _ in procedure.back:
            job.do()
            site.advance(STEP_S)
        site.advance(work_s)

    return procedure.name, do


def feeders_out(name: str, breakers: list[str], isolates: tuple[str, ...]) -> Procedure:
    """Open all feeders of a component, lock them; and back."""
    return Procedure(
        f"{name} out",
        (*(Step("open", breaker) for breaker in breakers), *(Step("lock", breaker) for breaker in breakers)),
        (
            *(Step("unlock", breaker) for breaker in breakers),
            *(Step("close", breaker) for breaker in reversed(breakers)),
        ),
        isolates,
    )


def may_blink(site: Site) -> tuple[str, ...]:
    """Loads that a step may leave without supply until a switch has moved: those with other machines beside them."""
    loads = supplied_loads(site.plant)
    single = {name for name in loads if len(_feeds(site, name)) == 1 and site.components[name].kind == "switch"}
    return tuple(name for name in loads if name in single or site.components[name].kind not in (*MUST_STAY, "switch"))


def _feeds(site: Site, name: str) -> dict[str, str]:
    component = site.components[name]
    return component.feeds if isinstance(component, Electrical) else {}


def _try(site: Site, name: str, how: str, do: Callable[[], None]) -> Job:
    journal = Journal()
    demands = always_supplied(site)
    recorder = Recorder(site, patterns(demands), journal.trace).attach()
    try:
        do()
    except (PlantError, PointError) as error:
        return Job(name, how, str(error))
    finally:
        recorder.detach()
    recorder()
    broken = [verdict for verdict in evaluate(journal, *demands) if not verdict]
    return Job(name, how, "; ".join(violation.what for verdict in broken for violation in verdict.violations[:1]))
