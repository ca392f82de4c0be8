"""Two sources, a switch between them and a load, with the firmware that works the switch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.plant.kernel.actor import Actor
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.boards import Board
from twinfeed.emulators.plant.power.electrical import Draw, Electrical, Supply, three_phase
from twinfeed.emulators.plant.power.flow import Flow
from twinfeed.emulators.plant.power.utilities import Utility, UtilityRatings


class Load(Electrical):
    """Takes `kw` while it is supplied."""

    kind = "test_load"

    def __init__(self, id: str, feed: str, kw: float = 100.0, power_factor: float = 1.0) -> None:
        super().__init__(id, None, {"input": feed})
        self.wanted = three_phase(kw, power_factor)

    def take(self, draw: Draw) -> None:
        self.wanted = draw
        self.touch()

    def energise(self) -> Supply:
        return self.seen["input"]

    def demand(self) -> Mapping[str, Draw]:
        return {"input": self.wanted} if self.output.live else {}


class Engine(Electrical):
    """A generator in one line: live `start_s` after the switch asks for it."""

    kind = "test_engine"
    TERMINALS = ()

    def __init__(self, id: str, switch: str, start_s: float = 10.0) -> None:
        super().__init__(id)
        self.switch, self.start_s = switch, start_s

    def energise(self) -> Supply:
        running = self.state.faults.get("running") is not None
        return Supply((230.0, 230.0, 230.0), 50.0, self.id) if running else Supply((0.0, 0.0, 0.0), 0.0, "")

    def demand(self) -> Mapping[str, Draw]:
        return {}

    def react(self) -> None:
        asked = bool(self.plant.actors[self.switch].start_request)  # type: ignore[attr-defined]
        running = "running" in self.state.faults
        if asked and not running and self.remaining_s("start") is None:
            self.after(self.start_s, "start")
        elif not asked:
            self.cancel("start")
            if running:
                del self.state.faults["running"]
                self.touch()

    def on_timer(self, name: str) -> None:
        self.state.faults["running"] = {}


def plant(*actors: Actor) -> Plant:
    made = Plant(seed=1)
    made.solvers.append(Flow([a for a in actors if isinstance(a, Electrical)]))
    for actor in actors:
        made.add(actor)
    made.start()
    return made


def utilities(grid: str = "edm") -> tuple[Utility, Utility]:
    return Utility("mains-a", UtilityRatings(grid)), Utility("mains-b", UtilityRatings(grid))


def told(made: Plant, *what: str) -> list[tuple[float, str, str]]:
    """Time, who and what of those lines of the journal."""
    return [(round(e.t, 3), e.who, e.what) for e in made.journal if e.what in what]


def readings(device: Device) -> dict[str, Any]:
    return {name: device.read(name) for name in device.point_names()}


__all__ = ["Board", "Engine", "Load", "plant", "readings", "told", "utilities"]
