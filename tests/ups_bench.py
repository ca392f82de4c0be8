"""A source, a UPS and a load that a test sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import small_plant
from small_plant import plant_of

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.power.electrical import NOTHING, Draw, Electrical, Supply, single_phase, three_phase
from twinfeed.emulators.plant.ups.ratings import UpsRatings
from twinfeed.emulators.plant.ups.ups import Ups


class Source(small_plant.Source):
    """Its changes are seen at once."""

    def set(self, volts: float, hertz: float = 50.0) -> None:
        super().set(volts, hertz)
        self.plant.settle()


@dataclass
class LoadState(State):
    kw: float = 0.0
    interruptions: int = 0
    was_live: bool = True


class Load(Electrical):
    """A constant-power load that counts how often it lost its supply."""

    kind = "load"
    STATE = LoadState
    state: LoadState
    phases = 3
    power_factor = 1.0

    def energise(self) -> Supply:
        return self.seen["input"]

    def demand(self) -> Mapping[str, Draw]:
        if not self.output.live or not self.state.kw:
            return {"input": NOTHING}
        if self.phases == 1:
            return {"input": single_phase(self.state.kw, 0, self.power_factor)}
        return {"input": three_phase(self.state.kw, self.power_factor)}

    def react(self) -> None:
        if self.state.was_live and not self.output.live:
            self.state.interruptions += 1
            self.log("load lost")
        self.state.was_live = self.output.live

    def set(self, kw: float) -> None:
        self.state.kw = kw
        self.touch()
        self.plant.settle()


class Bench:
    """`mains` feeds the rectifier, `reserve` the bypass (the same unless `split`), `load` hangs on the output."""

    def __init__(self, kw: float = 400.0, split: bool = False, rated_kw: float = 500.0, **ratings: Any) -> None:
        self.mains, self.reserve = Source("mains"), Source("reserve")
        feeds = {"input": "mains", "bypass": "reserve" if split else "mains"}
        self.ups = Ups("ups", UpsRatings(kw=rated_kw, **ratings), feeds)
        self.load = Load("load", None, {"input": "ups"})
        self.load.phases = self.ups.params.phases
        self.load.state.kw = kw
        self.plant = plant_of(self.mains, self.reserve, self.ups, self.load)

    def run(self, seconds: float) -> None:
        self.plant.advance(self.plant.now + seconds)

    def run_until_dead(self, at_most_s: float = 100_000.0) -> float:
        """Time until the load loses its supply, s."""
        start, before = self.plant.now, len(self.plant.journal)
        while not any(e.what == "load lost" for e in self.plant.journal[before:]):
            assert self.plant.now < start + at_most_s, "the load never lost its supply"
            self.run(600.0)
        return next(e.t for e in self.plant.journal[before:] if e.what == "load lost") - start

    def happened(self, who: str = "ups") -> list[tuple[float, str]]:
        """The journal's lines of it, times to the millisecond."""
        return [(round(e.t, 3), e.what) for e in self.plant.journal if e.who == who]
