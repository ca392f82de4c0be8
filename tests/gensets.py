"""One to three sets on a bus, with a load that can be stepped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinfeed.emulators.plant.generation.diesel import GeneratorRatings
from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.boards import Board
from twinfeed.emulators.plant.power.electrical import Draw, Electrical, Supply, three_phase
from twinfeed.emulators.plant.power.flow import Flow


class Load(Electrical):
    """Takes `kw` at power factor 0.9 while it is fed."""

    kind = "test_load"

    def __init__(self, id: str = "load", feed: str = "bus") -> None:
        super().__init__(id, None, {"input": feed})
        self.kw = 0.0

    def take(self, kw: float) -> None:
        self.kw = kw
        self.touch()

    @property
    def supplied(self) -> bool:
        return self.seen["input"].live

    def energise(self) -> Supply:
        return self.seen["input"]

    def demand(self) -> Mapping[str, Draw]:
        return {"input": three_phase(self.kw, 0.9)} if self.supplied and self.kw else {}


def build(*components: Component) -> Plant:
    plant = Plant(seed=1)
    plant.solvers.append(Flow(c for c in components if isinstance(c, Electrical)))
    for component in components:
        plant.add(component)
    plant.start()
    return plant


class Sets:
    """`count` sets on one bus with one load, and what else the test needs on the plant."""

    def __init__(self, count: int = 1, *others: Component, **ratings: Any) -> None:
        self.all = [Generator(f"g{n}", GeneratorRatings(bus="bus", **ratings)) for n in range(1, count + 1)]
        self.bus = Board("bus", None, {g.id: g.id for g in self.all})
        self.load = Load()
        self.plant = build(*others, *self.all, self.bus, self.load)

    @property
    def first(self) -> Generator:
        return self.all[0]

    def run(self, seconds: float) -> None:
        self.plant.advance(self.plant.now + seconds)

    def ready(self, *sets: Generator) -> None:
        """Start these sets (all when none is named) and wait until they could take load."""
        for g in sets or self.all:
            g.crank()
        self.run(10.0)

    def on_bus(self, kw: float = 0.0) -> None:
        """All sets running in parallel and carrying `kw`, settled."""
        self.ready()
        for g in self.all:
            g.close_breaker(synchronised=True)
            self.run(1.0)
        self.load.take(kw)
        self.run(20.0)

    def told(self, who: str = "g1") -> list[str]:
        return [event.what for event in self.plant.journal if event.who == who]
