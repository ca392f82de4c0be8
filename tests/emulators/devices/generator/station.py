"""A power station: sets with their controllers on one bus, called by a switch that the test commands."""

from __future__ import annotations

from typing import Any

from gensets import Sets

from twinfeed.emulators.devices.catalogue import GENERATOR
from twinfeed.emulators.devices.generator.controller import GeneratorController
from twinfeed.emulators.devices.generator.settings import GeneratorControllerParams
from twinfeed.emulators.plant.kernel.component import Component


class Switch(Component):
    """Has the engine-start contact of a transfer switch and nothing else."""

    kind = "test_switch"
    start_request = False

    def call(self, wanted: bool = True) -> None:
        self.start_request = wanted
        self.touch()


class Station(Sets):
    """`Sets` with a controller each; `settings` are the controllers', `ratings` the sets'."""

    def __init__(self, count: int = 1, *others: Component, settings: dict[str, Any] | None = None, **ratings: Any):
        super().__init__(count, *others, **ratings)
        plant = self.plant
        self.switch = Switch("ats")
        plant.add(self.switch)
        self.controllers = [
            GENERATOR.build(
                f"{g.id}/device",
                GeneratorControllerParams(of=g.id, start_requests=("ats",), **(settings or {})),
            )
            for g in self.all
        ]
        for controller in self.controllers:
            plant.add(controller)
        plant.start()

    @property
    def controller(self) -> GeneratorController:
        return self.controllers[0]

    def carrying(self, kw: float, seconds: float = 60.0) -> None:
        """Called, on the bus and carrying that load, taken in steps that a highly rated engine accepts."""
        self.switch.call()
        self.run(20.0)
        for step in (1, 2, 3):
            self.load.take(kw * step / 3.0)
            self.run(5.0)
        self.run(max(0.0, seconds - 15.0))

    def stages(self, n: int = 0) -> list[str]:
        """The stages this controller went through, as the journal has them."""
        known = {
            "rest", "start delay", "preheat", "cranking", "crank rest", "starting", "warming", "available",
            "synchronising", "closing", "on load", "opening", "cooling", "stopping",
        }  # fmt: skip
        return [e.what for e in self.plant.journal if e.who == self.controllers[n].id and e.what in known]
