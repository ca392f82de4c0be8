"""One scenario run to its end, or to its first violation, in a simulated world of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from emulators.plant.actor import PlantError
from harness.faults.scenario import Scenario
from harness.journal import Journal
from harness.properties import Monitor, Verdict, parse, patterns
from harness.properties.vocabulary import fits
from harness.worlds.controller import ControllerFailed, named
from harness.worlds.loop import VirtualLoop
from harness.worlds.network import Network
from harness.worlds.simulated import SimulatedWorld
from harness.worlds.sites import fresh


@dataclass(frozen=True)
class Outcome:
    """What came of a scenario. `ended_s` is when the run was over, s of the site's clock."""

    scenario: Scenario
    verdicts: tuple[Verdict, ...]
    failure: str = ""
    """Why the controller or the plant could not go on, if so."""
    ended_s: float = 0.0
    journal: Journal = field(default_factory=Journal, repr=False, compare=False)

    def __bool__(self) -> bool:
        """Whether nothing failed and no property was violated; one that is still undecided at the end was not."""
        return not self.failure and not any(verdict.violated for verdict in self.verdicts)

    @property
    def what(self) -> str:
        """Everything that was wrong, for people; empty if nothing was."""
        lines = [self.failure] if self.failure else []
        lines += [str(verdict) for verdict in self.verdicts if verdict.violated]
        return "\n".join(lines)

    @property
    def broken(self) -> tuple[str, ...]:
        """The properties that did not hold; `the controller runs` stands for a failure."""
        names = [str(verdict.about) for verdict in self.verdicts if verdict.violated]
        return (*names, "the controller runs") if self.failure else tuple(names)


def trial(scenario: Scenario, everything: bool = False, also: Iterable[str] = ()) -> Outcome:
    """Run it. `everything` records all quantities and runs to the end; else the first violation ends the run, and what
    the properties name is recorded, and what `also` names.

    Raises:
        FileError: no such site.
        PlantError: a fault that the site cannot suffer.
        ValueError: no such controller.
        PropertySyntaxError, UnknownQuantity, BindingError: a property that makes no sense on this site.
    """
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(Network(scenario.seed))) as runner:
        return runner.run(_trial(scenario, everything, also))


async def _trial(scenario: Scenario, everything: bool, also: Iterable[str]) -> Outcome:
    properties = [parse(text) for text in scenario.properties]
    site = fresh(scenario.site, scenario.seed)
    fits(properties, site)
    world = SimulatedWorld(site, scenario.seed, everything)
    await world.start()
    failure = ""
    stop: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    watchers = world.model.plant.watchers

    def look() -> None:
        if not everything and not stop.done() and monitor.update(world.model.now):
            stop.set_result(None)

    try:
        world.watch(*patterns(properties), *also)
        monitor = Monitor(properties, world.journal.trace)
        watchers.append(look)
        await world.schedule(*scenario.injections)
        try:
            if scenario.controller:
                await world.start_controller(named(scenario.controller))
            await world.run(scenario.duration_s, stop)
        except ControllerFailed as error:
            failure = str(error)
        except PlantError as error:
            failure = f"the plant could not go on: {error}"
        ended_s = world.now
    finally:
        if look in watchers:
            watchers.remove(look)
        await world.stop()
    return Outcome(scenario, tuple(world.judge(*properties)), failure, ended_s, world.journal)
