"""IT load without cords, and the cooling of the Bamako site in small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from small_plant import Source, plant_of

from twinfeed.emulators.plant.air.climate import Climate, ClimateRatings
from twinfeed.emulators.plant.cooling.chillers import Chiller, ChillerRatings
from twinfeed.emulators.plant.cooling.crahs import Crah, CrahRatings
from twinfeed.emulators.plant.cooling.halls import Hall, HallRatings
from twinfeed.emulators.plant.cooling.pumps import Pump, PumpRatings
from twinfeed.emulators.plant.cooling.water import WaterLoop, WaterLoopRatings
from twinfeed.emulators.plant.kernel.actor import Event, State
from twinfeed.emulators.plant.kernel.component import Component


@dataclass(frozen=True)
class ItRatings:
    hall: str = ""


@dataclass
class ItState(State):
    kw: float = 500.0


class It(Component):
    """IT load that is nothing but heat."""

    kind = "it"
    PARAMS = ItRatings
    STATE = ItState
    state: ItState

    @property
    def heat_kw(self) -> float:
        return self.state.kw

    def set(self, kw: float) -> None:
        self.state.kw = kw
        self.touch()


class Site:
    """Two halls of 500 kW with five air handlers each, one loop, three pumps (two run), three chillers (two run).

    `grid` feeds the chillers, `ups` the fans and pumps.
    """

    def __init__(
        self,
        *devices: Any,
        it_kw: float = 500.0,
        chiller: Mapping[str, Any] | None = None,
        loop: Mapping[str, Any] | None = None,
        climate: Mapping[str, Any] | None = None,
        hall: Mapping[str, Any] | None = None,
        crah: Mapping[str, Any] | None = None,
    ) -> None:
        self.grid, self.ups = Source("grid"), Source("ups")
        self.climate = Climate("outdoors", ClimateRatings(**(climate or {"max_c": 45.0, "min_c": 45.0})))
        self.loop = WaterLoop("loop", WaterLoopRatings(**(loop or {})))
        self.chillers = [
            Chiller(
                f"chiller-{n}",
                ChillerRatings(
                    **{"loop": "loop", "climate": "outdoors", "initially_running": n < 3, **(chiller or {})}
                ),
                {"input": "grid"},
            )
            for n in (1, 2, 3)
        ]
        self.pumps = [
            Pump(f"pump-{n}", PumpRatings(loop="loop", initially_on=n < 3), {"input": "ups"}) for n in (1, 2, 3)
        ]
        self.halls = [Hall(f"hall-{h}", HallRatings(**{"climate": "outdoors", **(hall or {})})) for h in (1, 2)]
        self.crahs = [
            Crah(
                f"crah-{h}{n}",
                CrahRatings(**{"hall": f"hall-{h}", "loop": "loop", **(crah or {})}),
                {"input": "ups"},
            )
            for h in (1, 2)
            for n in range(1, 6)
        ]
        self.it = [It(f"it-{h}", ItRatings(f"hall-{h}")) for h in (1, 2)]
        for it in self.it:
            it.state.kw = it_kw
        self.plant = plant_of(
            self.grid, self.ups, self.climate, self.loop, *self.chillers, *self.pumps, *self.halls, *self.crahs,
            *self.it, *devices,
        )  # fmt: skip

    @property
    def hall(self) -> Hall:
        return self.halls[0]

    def run(self, seconds: float) -> None:
        self.plant.advance(self.plant.now + seconds)

    def journal(self, who: str) -> list[str]:
        return [event.what for event in self.plant.journal if event.who == who]

    def when(self, who: str, what: str) -> float:
        """When that happened first, s."""
        found: list[Event] = [e for e in self.plant.journal if e.who == who and e.what == what]
        assert found, f"{who} never {what}: {self.journal(who)}"
        return found[0].t
