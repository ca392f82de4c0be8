"""A yard of condensers: a part of the warm air that they discharge comes back to their intakes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, inf, log
from typing import Annotated, ClassVar

from twinfeed.emulators.plant.air.climate import Climate, Outdoors
from twinfeed.emulators.plant.air.properties import wet_bulb_c
from twinfeed.emulators.plant.air.thermal import LOOK_K, SHORTEST_LOOK_S
from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range

MIXING_S = 60.0
"""Time constant with which the air of a yard follows what its machines discharge, s (assumption)."""

SPRAYED = 0.4
"""Part of the way to the wet bulb by which people with hoses cool the intake air (assumption; the evaporative pads of
manufacturers reach 0.7 to 0.9)."""

MOST_RECIRCULATED = 0.9
"""Part of the intake air that is discharge at most."""


class Discharging(ABC):
    """A machine whose heat goes into the air around it."""

    @property
    @abstractmethod
    def discharge_climate(self) -> str:
        """The climate or yard whose air it draws in and discharges into; '' for none."""

    @property
    @abstractmethod
    def discharged_kw(self) -> float:
        """Heat that it gives to that air now, kW."""


@dataclass(frozen=True)
class YardRatings:
    """A yard or roof with the condensers of 1 MW of cooling."""

    climate: Annotated[str, Names("climate", needed=True)] = ""
    """The weather around it."""
    design_kw: Annotated[float, Range(0.1, 100000.0, "kW")] = 1300.0
    """Heat that its machines discharge together at full load, kW."""
    discharge_k: Annotated[float, Range(1.0, 40.0, "K")] = 11.0
    """By how much they warm their air then, K (usual for air-cooled condensers: 8 to 14 K; assumption)."""
    recirculated_percent: Annotated[float, Range(0.0, 100.0 * MOST_RECIRCULATED, "%")] = 10.0
    """Part of the intake air that is discharge, in calm air, %: 10 with the distances of manufacturers' manuals, more
    between walls and screens (assumption)."""


@dataclass
class YardState(State):
    warmer_k: float = 0.0
    """Air at the intakes above that of the weather, K."""
    sprayed: bool = False
    """People spray water on the condensers."""


class Yard(Component[YardState, YardRatings], Outdoors):
    """A yard or roof whose condensers breathe a part of their own discharge. Machines name it as their `climate`.

    A part f of the intake air is discharge that is d warmer than the intake: the intake is f / (1 - f) * d above the
    weather. d goes with the heat that all machines discharge.
    """

    kind = "yard"
    PARAMS = YardRatings
    STATE = YardState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "wind": Fault(
            "wind presses the discharge back onto the intakes",
            {"recirculated": Parameter(40.0, "%", 1.0, 100.0 * MOST_RECIRCULATED, "part of the intake air")},
        ),
        "blocked-discharge": Fault(
            "a screen, scaffold or wall stands in the way of the discharge",
            {"recirculated": Parameter(25.0, "%", 1.0, 100.0 * MOST_RECIRCULATED, "part of the intake air")},
        ),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "spray": DeedKind("spray water on the condensers", lambda yard, _: yard.spray(True), undo="stop-spraying"),
        "stop-spraying": DeedKind("stop spraying them", lambda yard, _: yard.spray(False), undo="spray"),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        "outdoor_c": "°C", "warmer_k": "K", "recirculated_percent": "%", "discharged_kw": "kW",
        "dew_point_c": "°C", "wet_bulb_c": "°C",
    }  # fmt: skip

    def start(self) -> None:
        climate = self.plant.find(self.params.climate)
        assert isinstance(climate, Climate), f"{self.id} names {climate.id}, which is not a climate"
        self._climate = climate
        actors = self.plant.actors.values()
        self._machines = [a for a in actors if isinstance(a, Discharging) and a.discharge_climate == self.id]
        self._goes_to_k = self.state.warmer_k

    @property
    def recirculated_percent(self) -> float:
        """Part of the intake air that is discharge, %: the largest of calm air, wind and obstacles."""
        faults = (self.fault("wind"), self.fault("blocked-discharge"))
        return max(self.params.recirculated_percent, *(fault["recirculated"] if fault else 0.0 for fault in faults))

    @property
    def discharged_kw(self) -> float:
        """Heat that its machines discharge now, kW."""
        return sum(machine.discharged_kw for machine in self._machines)

    @property
    def warmer_k(self) -> float:
        """Air at the intakes above that of the weather, K."""
        return self.state.warmer_k

    def spray(self, on: bool) -> None:
        """Spray water on the condensers, or stop: the intake air goes a part of the way to its wet bulb."""
        if on != self.state.sprayed:
            self.state.sprayed = on
            self.log("sprayed" if on else "no longer sprayed")
            self.touch()

    @property
    def outdoor_c(self) -> float:
        """Air at the intakes, degC."""
        dry_c = self._climate.outdoor_c + self.state.warmer_k
        return dry_c - SPRAYED * (dry_c - wet_bulb_c(dry_c, self.dew_point_c)) if self.state.sprayed else dry_c

    @property
    def dew_point_c(self) -> float:
        """Of that air, degC: that of the weather, since the machines add no vapour."""
        return self._climate.dew_point_c

    @property
    def wet_bulb_c(self) -> float:
        """Wet bulb of that air, degC."""
        return wet_bulb_c(self.outdoor_c, self.dew_point_c)

    def _target_k(self) -> float:
        p, part = self.params, self.recirculated_percent / 100.0
        return part / (1.0 - part) * p.discharge_k * self.discharged_kw / p.design_kw

    def react(self) -> None:
        """At its start the plant is at rest with whatever runs."""
        if self.plant.starting:
            target_k = self._target_k()
            if abs(target_k - self.state.warmer_k) > 1e-3:
                self.state.warmer_k = target_k
                self.touch()

    def horizon(self) -> float:
        """Until the air has moved by `LOOK_K`."""
        self._goes_to_k = self._target_k()
        gap_k = abs(self._goes_to_k - self.state.warmer_k)
        return max(SHORTEST_LOOK_S, -MIXING_S * log(1.0 - LOOK_K / gap_k)) if gap_k > LOOK_K else inf

    def advance(self, dt: float) -> None:
        gap_k = self._goes_to_k - self.state.warmer_k
        if gap_k:
            self.state.warmer_k += gap_k * (1.0 - exp(-dt / MIXING_S))
