"""A load to end a power path with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.electrical import NOTHING, Draw, Electrical, Supply, three_phase


class Load(Electrical):
    """Takes `kw` while any of its terminals is live, in equal parts from those that are."""

    kind = "test_load"
    TERMINALS = ("a", "b")

    def __init__(self, id: str, feeds: Mapping[str, str], kw: float = 0.0) -> None:
        super().__init__(id, None, feeds)
        self.wanted = three_phase(kw)

    def take(self, kw: float) -> None:
        self.wanted = three_phase(kw)
        self.touch()

    def take_phases(self, kw: tuple[float, float, float]) -> None:
        self.wanted = Draw(kw, (0.0, 0.0, 0.0))
        self.touch()

    @property
    def supplied(self) -> bool:
        return any(supply.live for supply in self.seen.values())

    def energise(self) -> Supply:
        return next(iter(self.seen.values()))

    def demand(self) -> dict[str, Draw]:
        live = [terminal for terminal, supply in self.seen.items() if supply.live]
        return {terminal: self.wanted.scaled(1.0 / len(live)) for terminal in live} if self.wanted != NOTHING else {}


Build = Callable[..., Plant]


def told(plant: Plant, who: str) -> list[str]:
    """The journal's lines of one component, in order."""
    return [event.what for event in plant.journal if event.who == who]
