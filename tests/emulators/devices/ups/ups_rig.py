"""A UPS with its firmware between a source and a load."""

from __future__ import annotations

from typing import Any

from small_plant import plant_of
from ups_bench import Load, Source

from twinfeed.emulators.devices.catalogue import UPS
from twinfeed.emulators.devices.ups.firmware import UpsParams
from twinfeed.emulators.plant.ups.ratings import UpsRatings
from twinfeed.emulators.plant.ups.ups import Ups


class Rig:
    """`ups.read`, `ups.write` talk to the firmware; `plant`, `mains` (and `reserve` when split), `load` surround it."""

    def __init__(self, kw: float = 400.0, split: bool = False, device: dict[str, Any] | None = None, **ratings: Any):
        self.mains, self.reserve = Source("mains"), Source("reserve")
        rated_kw = ratings.pop("rated_kw", 500.0)
        feeds = {"input": "mains", "bypass": "reserve" if split else "mains"}
        self.train = Ups("ups", UpsRatings(kw=rated_kw, **ratings), feeds)
        self.load = Load("load", None, {"input": "ups"})
        self.load.phases = self.train.params.phases
        self.load.state.kw = kw
        self.ups = UPS.build("ups/device", UpsParams(of="ups", **{"model": "Test UPS", **(device or {})}))
        self.plant = plant_of(self.mains, self.reserve, self.train, self.load, self.ups)

    def run(self, seconds: float) -> None:
        self.plant.advance(self.plant.now + seconds)

    def alarms(self) -> set[str]:
        return set(self.ups.state.alarms)
