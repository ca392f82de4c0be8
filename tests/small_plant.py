"""The least a plant is made of: a source whose voltage a test sets, and the start of whatever hangs on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twinfeed.emulators.plant.kernel.actor import Actor, State
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.electrical import DEAD, Draw, Electrical, Supply
from twinfeed.emulators.plant.power.flow import Flow


@dataclass
class SourceState(State):
    volts: float = 230.0
    hertz: float = 50.0


class Source(Electrical):
    """An ideal three-phase source."""

    kind = "source"
    TERMINALS = ()
    STATE = SourceState
    state: SourceState

    def energise(self) -> Supply:
        v = self.state.volts
        return Supply((v, v, v), self.state.hertz, self.id) if v else DEAD

    def demand(self) -> Mapping[str, Draw]:
        return {}

    def set(self, volts: float, hertz: float = 50.0) -> None:
        self.state.volts, self.state.hertz = volts, hertz
        self.touch()


def plant_of(*actors: Actor) -> Plant:
    """A started plant of these actors; devices may stand at the end."""
    plant = Plant()
    for actor in actors:
        plant.add(actor)
    plant.solvers.append(Flow([a for a in actors if isinstance(a, Electrical)]))
    plant.start()
    return plant
