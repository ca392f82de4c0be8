"""Operators as a Hypothesis state machine: faults happen, people act, time passes, and the properties must hold.

    TestOperators = operators(Scenario("pilot", properties=("always racks.*.supplied",), controller="…")).TestCase

A rule is an operator's deed: wait, let something break, repair it all, write a point as one does at a front panel. The
machine shrinks to the fewest deeds that break a property.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from twinfeed.emulators.devices.firmware.points import PointError
from twinfeed.emulators.site import Site
from twinfeed.harness.controllers.in_process import named
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.properties import Monitor, parse, patterns
from twinfeed.harness.properties.vocabulary import fits
from twinfeed.harness.search.menu import Menu, menu
from twinfeed.harness.search.strategies import injections
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.network import VirtualNetwork
from twinfeed.harness.worlds.simulated import SimulatedWorld
from twinfeed.harness.worlds.sites import fresh_for

WAITS_S = (1.0, 10.0, 60.0, 300.0)
"""Time between two actions of operators, s."""


class Operators(RuleBasedStateMachine):
    """The actions. `operators` makes a subclass for one site."""

    frame: Scenario
    offered: Menu
    panel: tuple[tuple[str, str, str], ...]
    """(device, point, word) that can be written at a front panel."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = VirtualLoop(VirtualNetwork())
        self._runner = asyncio.Runner(loop_factory=lambda: self._loop)
        self._properties = [parse(text) for text in self.frame.properties]
        self.world: SimulatedWorld

    @initialize()
    def switch_on(self) -> None:
        self.world = SimulatedWorld(fresh_for(self.frame), self.frame.seed, everything=False)
        self._runner.run(self._switch_on())
        self._monitor = Monitor(self._properties, self.world.journal.trace, self.world.journal.events)

    async def _switch_on(self) -> None:
        await self.world.start()
        self.world.watch(*patterns(self._properties))
        if self.frame.controller:
            await self.world.start_controller(named(self.frame.controller))

    @rule(seconds=st.sampled_from(WAITS_S))
    def wait(self, seconds: float) -> None:
        self._runner.run(self.world.run(seconds))

    @precondition(lambda self: bool(self.offered.grid))
    @rule(data=st.data())
    def the_grid_fails(self, data: st.DataObject) -> None:
        self._break(data.draw(injections(self.offered.grid, self.offered, 0.0, 0.0)))

    @precondition(lambda self: bool(self.offered.others) and not self._broken)
    @rule(data=st.data())
    def something_breaks(self, data: st.DataObject) -> None:
        family = data.draw(st.sampled_from(tuple(self.offered.others)))
        self._break(data.draw(injections(self.offered.others[family], self.offered, 0.0, 0.0)))

    @rule()
    def all_is_repaired(self) -> None:
        self._runner.run(self.world.clear())

    @precondition(lambda self: bool(self.panel))
    @rule(data=st.data())
    def a_panel_is_used(self, data: st.DataObject) -> None:
        device, point, word = data.draw(st.sampled_from(self.panel))
        try:
            self.world.model[device].write(point, word)
        except PointError:
            return  # the device refuses: nothing happens
        self.world.journal.record(self.world.now, "operator", "wrote", device=device, point=point, value=word)

    @invariant()
    def every_property_holds(self) -> None:
        if not hasattr(self, "world"):
            return
        self.world.sample()
        violations = self._monitor.update(self.world.now)
        assert not violations, "\n".join(map(str, violations))

    def teardown(self) -> None:
        if hasattr(self, "_monitor"):
            for verdict in self._monitor.finish():
                if verdict.vacuous:
                    event(f"never put to the test: {verdict.about}")
        with self._loop.finishing():
            if hasattr(self, "world"):
                self._runner.run(self.world.stop())
            self._runner.close()
        self._loop.raise_failures()

    @property
    def _broken(self) -> bool:
        """True if a fault other than one of the grid is active."""
        grid = {target for target, _ in self.offered.grid}
        return any(target not in grid for target, _, _ in self.world.model.active_faults())

    def _break(self, injection: Injection) -> None:
        self._runner.run(self.world.schedule(replace(injection, at_s=self.world.now)))


def operators(
    given: Scenario, offered: Menu | None = None, panel: tuple[tuple[str, str, str], ...] | None = None
) -> type[Operators]:
    """A machine for that scenario's site, controller and properties; its `TestCase` is a test.

    `panel` defaults to every mode and command word of generators, transfer switches and chillers but those that are
    meant to take the load off.

    Raises:
        FileError: no such site.
        PropertySyntaxError, UnknownQuantity, BindingError: a property that makes no sense on it.
    """
    site = fresh_for(given)
    fits(given.properties, site)
    faults = menu(site) if offered is None else offered
    words = front_panels(site) if panel is None else panel

    class OperatorsOfTheSite(Operators):
        frame = given
        offered = faults
        panel = words

    OperatorsOfTheSite.TestCase.settings = settings(
        deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    return OperatorsOfTheSite


def front_panels(site: Site) -> tuple[tuple[str, str, str], ...]:
    """Words that a hasty operator can set at the panel of one machine of a kind that has a spare."""
    found = []
    for name, device in site.devices.items():
        for point, words in PANELS.get(device.kind, {}).items():
            found += [(name, point, word) for word in words]
    return tuple(found)


PANELS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "generator": {"mode": ("auto", "manual", "stop"), "command.key": ("reset", "mute")},
    "transfer_switch": {"mode": ("automatic", "manual"), "command.bypass_delay": ("bypass",)},
    "chiller": {"command.reset": ("reset",)},
}
"""Kind of device -> point -> words that operators use."""
