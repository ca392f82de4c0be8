"""The state of a generating set: that of its engine, its breaker, its alternator and its meter."""

from __future__ import annotations

from dataclasses import dataclass, field

from twinfeed.emulators.plant.generation.engine import EngineState
from twinfeed.emulators.plant.generation.swing import Swing


@dataclass
class GeneratorState(EngineState):
    closed: bool = False
    """Position of its circuit breaker."""
    in_step: bool = False
    """Its phase angle is the bus's: it was synchronised, or it was the first on a dead bus."""
    trip_cause: str = ""
    swing: list[float] = field(default_factory=lambda: list(Swing()))
    loading: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    """The bus as the governor last knew it: kW and kVA it carries, kW its sets can give."""
    regulation: list[float] = field(default_factory=list)
    """Its `Regulation`; empty while nothing deviates and all sets of the bus give their share."""
    power_kw: float = 0.0
    """Power given since `metered_at`, kW."""
    kva: float = 0.0
    kvar: float = 0.0
    kwh: float = 0.0
    kvah: float = 0.0
    kvarh: float = 0.0
    metered_at: float = 0.0
    shorted_at: float = -1.0
    """When the short circuit that it feeds began, s; negative without one."""
