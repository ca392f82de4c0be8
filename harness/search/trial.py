"""One scenario run to its end, or to its first violation, in a simulated world of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from emulators.plant.engine import PlantError
from harness.faults.scenario import Scenario
from harness.journal import Journal
from harness.properties import Monitor, Property, Verdict, parse, patterns
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
        """Whether all properties held and nothing failed."""
        return not self.failure and all(self.verdicts)

    @property
    def what(self) -> str:
        """Everything that was wrong, for people; empty if nothing was."""
        lines = [self.failure] if self.failure else []
        lines += [str(verdict) for verdict in self.verdicts if not verdict]
        return "\n".join(lines)

    @property
    def broken(self) -> tuple[str, ...]:
        """The properties that did not hold; `the controller runs` stands for a failure."""
        names = [str(verdict.about) for verdict in self.verdicts if not verdict]
        return (*names, "the controller runs") if self.failure else tuple(names)


def trial(scenario: Scenario, everything: bool = False) -> Outcome:
    """Run it. `everything` records all quantities and runs to the end; else the first violation ends the run.

    Raises:
        FileError: no such site.
        PlantError: a fault that the site cannot suffer.
        ValueError: no such controller.
        PropertySyntaxError, UnknownQuantity: a property that makes no sense on this site.
    """
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(Network(scenario.seed))) as runner:
        return runner.run(_trial(scenario, everything))


async def _trial(scenario: Scenario, everything: bool) -> Outcome:
    properties = [parse(text) for text in scenario.properties]
    world = SimulatedWorld(fresh(scenario.site, scenario.seed), scenario.seed, everything)
    await world.start()
    failure = ""
    try:
        world.watch(*patterns(properties))
        stopped = None if everything else _first_violation(world, properties)
        await world.schedule(*scenario.injections)
        try:
            if scenario.controller:
                await world.start_controller(named(scenario.controller))
            await world.run(scenario.duration_s, stopped)
        except ControllerFailed as error:
            failure = str(error)
        except PlantError as error:
            failure = f"the plant could not go on: {error}"
        ended_s = world.now
    finally:
        await world.stop()
    verdicts = world.judge(*properties)
    return Outcome(scenario, tuple(verdicts), failure, ended_s, world.journal)


def _first_violation(world: SimulatedWorld, properties: Sequence[Property]) -> asyncio.Future[None]:
    """Completes when a property is violated."""
    found: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    monitor = Monitor(properties, world.journal.trace)

    def look() -> None:
        if not found.done() and monitor.update(world.model.now):
            found.set_result(None)

    world.model.plant.watchers.append(look)
    found.add_done_callback(lambda _: world.model.plant.watchers.remove(look))
    return found
