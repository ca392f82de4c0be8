"""The water of a loop, and the machines and coils on it: the part that each knows of the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from twinfeed.emulators.plant.air.thermal import WATER_KJ_PER_L_K
from twinfeed.emulators.plant.kernel.deeds import DeedKind


class Evaporator(Protocol):
    """A chiller, as its loop and the other chillers on it meet it."""

    id: str

    @property
    def running(self) -> bool: ...

    @property
    def cooling_kw(self) -> float:
        """Heat that it takes out of the water, kW."""

    @property
    def capacity_kw(self) -> float:
        """Heat that it could take out now, kW."""


class ChilledWater(ABC):
    """The water of a loop, as the machines on it meet it."""

    chillers: Sequence[Evaporator]

    @property
    @abstractmethod
    def supply_c(self) -> float:
        """Water to the coils, degC."""

    @property
    @abstractmethod
    def return_c(self) -> float:
        """Water from the coils, degC: it enters dry coolers and towers."""

    @property
    @abstractmethod
    def entering_c(self) -> float:
        """Water that enters the evaporators, degC: what dry coolers have left."""

    @abstractmethod
    def rate_k_s(self, quantity: str) -> float:
        """Rate at which that temperature moves, K/s."""

    @property
    @abstractmethod
    def evaporator_l_s(self) -> float:
        """Through each chiller whose isolation valve is open, l/s."""

    @abstractmethod
    def condenser_l_s(self, machine: object) -> float:
        """Through the condenser of that machine, l/s."""

    @abstractmethod
    def cooler_l_s(self, cooler: object) -> float:
        """Through that cooling tower or dry cooler, l/s."""


class WaterCoil(ABC):
    """A coil in the air that takes the water of a loop. It may have a second coil on another loop."""

    id: str

    @property
    @abstractmethod
    def loop_names(self) -> Sequence[str]:
        """The loops on which it has a coil, the usual one first."""

    @property
    @abstractmethod
    def loop(self) -> object:
        """The loop whose water is in use; None if it has none."""

    @property
    @abstractmethod
    def rated_l_s(self) -> float:
        """Water through it with its valve fully open, l/s."""

    @property
    @abstractmethod
    def throttles(self) -> bool:
        """True if its valve is a two-way one, so that water it does not need stays in the supply pipe."""

    @abstractmethod
    def drawn_l_s(self, root: float) -> float:
        """Water that its branch takes, l/s, where its pressure is `root` squared of that at the design point."""

    @property
    @abstractmethod
    def cooling_kw(self) -> float:
        """Heat that it takes out of the air, kW."""

    @property
    @abstractmethod
    def latent_kw(self) -> float:
        """Heat of the vapour that condenses on it, kW."""


class WaterCooled(ABC):
    """A machine whose condenser may be cooled by the water of a loop."""

    @property
    @abstractmethod
    def condenser_loop(self) -> str:
        """The loop that cools its condenser; '' for an air-cooled one."""

    @property
    @abstractmethod
    def condenser_open(self) -> bool:
        """True if water may flow through its condenser."""

    @property
    @abstractmethod
    def condenser_rated_l_s(self) -> float:
        """Through its condenser at its design point, l/s."""


class Valved(Protocol):
    """The state of a machine behind an isolating valve."""

    valve_open: bool


V = TypeVar("V", bound=Valved)


class Branch(ABC, Generic[V]):
    """The branch of a loop through one machine: its isolating valve, and the water that enters and leaves it."""

    state: V
    VALVE_DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "shut-valve": DeedKind("shut its isolating valve", lambda c, _: c.isolate(True), undo="open-valve"),
        "open-valve": DeedKind("open its isolating valve", lambda c, _: c.isolate(False), undo="shut-valve"),
    }

    @abstractmethod
    def touch(self) -> Any:
        """Let the plant come to rest anew."""

    @property
    @abstractmethod
    def flow_l_s(self) -> float:
        """Water through it, l/s."""

    @property
    @abstractmethod
    def entering_c(self) -> float:
        """Water that enters it, degC."""

    @abstractmethod
    def duty(self, entering_c: float) -> tuple[float, float]:
        """The heat it takes out of water that enters so warm, as (constant kW, slope kW/K of that temperature)."""

    @property
    def cooling_kw(self) -> float:
        """Heat that it takes out of the water, kW."""
        entering_c = self.entering_c
        constant, slope = self.duty(entering_c)
        return constant + slope * entering_c

    @property
    def leaving_c(self) -> float:
        """Water that leaves it, degC; that which enters it while none flows."""
        flow = self.flow_l_s * WATER_KJ_PER_L_K
        return self.entering_c - self.cooling_kw / flow if flow > 0.0 else self.entering_c

    def isolate(self, closed: bool) -> None:
        """Close or open its isolating valve."""
        if self.state.valve_open == closed:
            self.state.valve_open = not closed
            self.touch()
