"""The run of one scenario, to its end or to its first violation, in its own simulated world."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from twinfeed.emulators.plant.kernel.actor import PlantError, Restless
from twinfeed.harness.controllers.blame import traceback_of
from twinfeed.harness.controllers.in_process import Controller, ControllerFailed
from twinfeed.harness.controllers.oracle import ORACLE, oracle
from twinfeed.harness.controllers.pair import controller_named
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.faults.schedule import Scheduled
from twinfeed.harness.journal import Journal
from twinfeed.harness.properties import Monitor, Property, Verdict, Violation, parse, patterns
from twinfeed.harness.properties.vocabulary import fits
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.network import VirtualNetwork
from twinfeed.harness.virtual.sockets import Frame
from twinfeed.harness.virtual.watchdog import PATIENCE_S, Stuck
from twinfeed.harness.worlds.simulated import SimulatedWorld
from twinfeed.harness.worlds.sites import fresh_for
from twinfeed.harness.worlds.world import NeverInjected, never_injected, unexcused


@dataclass(frozen=True)
class Outcome:
    """The outcome of a scenario. `ended_s` is the end of the run, s of the site's clock."""

    scenario: Scenario
    verdicts: tuple[Verdict, ...]
    failure: str = ""
    """The reason if the controller or the plant failed."""
    ended_s: float = 0.0
    journal: Journal = field(default_factory=Journal, repr=False, compare=False)
    seed: int = 0
    """The seed that was used: that of the scenario, else that of the site's file."""
    traceback: str = field(default="", compare=False)
    """The place of the failure in the code under test: file, line, function."""
    defect: bool = False
    """The plant did not come to rest: a defect of twinfeed, not a failure of the controller."""
    waiting: tuple[Scheduled, ...] = ()
    """The entries that never began."""

    def __bool__(self) -> bool:
        """True if nothing failed and no property was violated. An undecided property is not violated."""
        return not self.failure and not any(verdict.violated for verdict in self.verdicts)

    @property
    def never_began(self) -> str:
        """The entries that should have begun and did not, with the next step; '' if there is none, or it failed."""
        missed = unexcused(self.waiting)
        return never_injected(missed, self.ended_s) if missed and self else ""

    @property
    def seen(self) -> bool:
        """True if nothing was wrong, and at least one property was tested and held."""
        return bool(self) and any(verdict.word == "holds" for verdict in self.verdicts)

    @property
    def what(self) -> str:
        """All failures and violations as text; empty if there were none."""
        lines = [self.failure] if self.failure else []
        lines += [self.traceback] if self.traceback else []
        lines += [str(verdict) for verdict in self.verdicts if verdict.violated]
        return "\n".join(lines)

    @property
    def broken(self) -> tuple[str, ...]:
        """The properties that did not hold; also `the controller runs` if it failed, `twinfeed runs` for a defect."""
        names = [str(verdict.about) for verdict in self.verdicts if verdict.violated]
        runs = "twinfeed runs" if self.defect else "the controller runs"
        return (*names, runs) if self.failure else tuple(names)


def trial(
    scenario: Scenario,
    everything: bool = False,
    also: Iterable[str] = (),
    patience_s: float = PATIENCE_S,
    heard: Callable[[Frame], None] | None = None,
    passing: Callable[[Violation], bool] = lambda violation: False,
    run_owned: Callable[[asyncio.Handle], None] | None = None,
) -> Outcome:
    """Run it. `everything` records all quantities and runs to the end; else the first violation ends the run, and what
    the properties name is recorded, and what `also` names. `heard` is called with everything that is sent, which is
    then not kept. A violation for which `passing` is true does not end the run. `run_owned` runs the callbacks of the
    controller (see `VirtualLoop.run_owned`).

    An exception of the code under test ends the run, also one of a callback or of a task that nothing awaits; so does a
    controller that does not yield for `patience_s` of the machine's clock (0: it may).

    Raises:
        FileError: no such site.
        PlantError: a fault that the site cannot suffer, or a deed that nobody can do there.
        ValueError: no such controller.
        NeverInjected: an entry that would begin after the end.
        PropertySyntaxError, UnknownQuantity, BindingError: a property that makes no sense on this site.
    """
    properties = [parse(text) for text in scenario.properties]
    if missed := [entry for entry in unexcused(scenario.entries) if entry.at_s >= scenario.duration_s]:
        raise NeverInjected(never_injected(missed, scenario.duration_s))
    site = fresh_for(scenario)
    fits(properties, site)
    world = SimulatedWorld(site, scenario.seed, everything)
    failure: BaseException | None = None
    verdicts: tuple[Verdict, ...] = ()
    waiting: tuple[Scheduled, ...] = ()
    ended_s = 0.0
    loop = VirtualLoop(VirtualNetwork(world.seed), patience_s=patience_s)
    loop.run_owned = run_owned
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(world.start())
        if heard is not None:
            loop.network.record = heard
        try:
            world.watch(*patterns(properties), *also)
            try:
                failure = runner.run(_run(world, scenario, properties, everything, passing))
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:
                if error is not loop.ended_by and not isinstance(error, Stuck):
                    raise
                failure = error
            ended_s = world.now
            try:
                world.sample()
            except PlantError as error:
                failure = failure or error
            # Before the world is put back: what is true then has not become true in the run.
            verdicts = tuple(world.judge(*properties))
            waiting = tuple(world.waiting())
        finally:
            with loop.finishing():
                try:
                    runner.run(world.stop())
                except Exception as error:
                    failure = failure or error
    try:
        loop.raise_failures()
    except Exception as error:
        failure = failure or error
    return Outcome(
        scenario, verdicts, _told(failure), ended_s, world.journal, world.seed,
        traceback_of(failure) if failure is not None and not isinstance(failure, (Stuck, PlantError)) else "",
        isinstance(failure, Restless), waiting,
    )  # fmt: skip


async def _run(
    world: SimulatedWorld,
    scenario: Scenario,
    properties: list[Property],
    everything: bool,
    passing: Callable[[Violation], bool],
) -> Exception | None:
    """Run the scenario; returns why the controller or the plant could not go on, if so."""
    stop: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    monitor = Monitor(properties, world.journal.trace)
    watchers = world.model.plant.watchers

    def settled() -> None:
        if everything or stop.done():
            return
        if not all(map(passing, monitor.update(world.model.now))):
            stop.set_result(None)

    watchers.append(settled)
    try:
        await world.schedule(*scenario.by_site_clock)
        try:
            if scenario.controller:
                await world.start_controller(_controller(world, scenario))
            await world.run(scenario.duration_s, stop)
        except (ControllerFailed, PlantError) as error:
            return error
    finally:
        watchers.remove(settled)
    return None


def _controller(world: SimulatedWorld, scenario: Scenario) -> Controller:
    if scenario.controller == ORACLE:
        first_s = min((entry.at_s for entry in scenario.by_site_clock), default=0.0)
        return oracle(world.model, world.sample, first_s)
    return controller_named(scenario.controller)


def _told(failure: BaseException | None) -> str:
    if failure is None:
        return ""
    if isinstance(failure, Restless):
        return (
            f"a defect of twinfeed, not of the controller: {failure}; please report it with this scenario and its site"
        )
    if isinstance(failure, PlantError):
        return f"the plant failed: {failure}"
    if isinstance(failure, (ControllerFailed, Stuck)):
        return str(failure)
    return f"the code under test raised {type(failure).__name__}: {failure}"
