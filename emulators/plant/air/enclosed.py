"""The air of a hall or room: the equipment that warms it, the units that cool it, and its vapour."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, Protocol, runtime_checkable

from typing_extensions import TypeVar

from twinfeed.emulators.plant.air.climate import Outdoors
from twinfeed.emulators.plant.air.moisture import Coil, Moisture, Vapour
from twinfeed.emulators.plant.air.properties import dew_point_at, humidity_ratio, relative_humidity_percent
from twinfeed.emulators.plant.kernel.component import Component

NO_COIL_C = 100.0
"""Stands for the coldest surface where there is no coil, degC."""


@runtime_checkable
class HeatSource(Protocol):
    """Anything that warms the hall or room it names."""

    @property
    def heat_kw(self) -> float: ...


class Unit(Coil, Protocol):
    """An air handler, as the air that it cools meets it."""

    id: str

    @property
    def cooling_kw(self) -> float:
        """Heat that its coil takes out of the air, kW."""

    @property
    def coldest_c(self) -> float:
        """The coldest that its coil's surface can be now, degC."""


class Humidifying(ABC):
    """A unit that gives water vapour to the air of the hall or room it names."""

    @property
    @abstractmethod
    def vapour_kg_h(self) -> float:
        """Water that it gives to the air, kg/h."""

    @property
    @abstractmethod
    def air_heat_kw(self) -> float:
        """Heat that its vapour gives to the air, kW; negative for mist."""


U = TypeVar("U", bound=Unit)


class EnclosedAir(Generic[U]):
    """The air of one hall or room."""

    def __init__(self, state: Vapour, dew_point_c: float, volume_m3: float, leak_per_h: float) -> None:
        """`dew_point_c`: of the air at the start, degC; `leak_per_h`: changes of its vapour with that outside, 1/h."""
        self._volume_m3, self._leak_per_h = volume_m3, leak_per_h
        self.units: Sequence[U] = ()
        """The air handlers that serve it."""
        self.climate: Outdoors | None = None
        """The air outside; None for adiabatic walls."""
        self._sources: Sequence[HeatSource] = ()
        self._humidifiers: Sequence[Humidifying] = ()
        state.vapour = humidity_ratio(dew_point_c)
        self.hold(state)

    def hold(self, state: Vapour) -> None:
        """Take that state as its own, at the start and after a restore."""
        self._state = state
        self._moisture = Moisture(state, self._volume_m3, self._leak_per_h)

    def find(self, room: Component[Any, Any], climate: str, units: Sequence[U]) -> None:
        """Find the equipment that stands in `room`, and the air outside. Fans of the `units` count with the units."""
        inside = [a for a in room.plant.actors.values() if room_of(a) == room.id]
        apart = {unit.id for unit in units}
        self._sources = [a for a in inside if a.id not in apart and isinstance(a, HeatSource)]
        self._humidifiers = [a for a in inside if isinstance(a, Humidifying)]
        outside = room.plant.find(climate) if climate else None
        self.climate = outside if isinstance(outside, Outdoors) else None
        self.units = units

    @property
    def heat_kw(self) -> float:
        """Losses of the equipment, without the fans of the units, kW."""
        return float(sum(source.heat_kw for source in self._sources))

    @property
    def vapour_heat_kw(self) -> float:
        """Heat that the vapour of humidifiers gives to the air, kW; negative for mist."""
        return sum(unit.air_heat_kw for unit in self._humidifiers)

    @property
    def cooling_kw(self) -> float:
        """Heat that the coils take out, kW."""
        return sum(unit.cooling_kw for unit in self.units)

    @property
    def dew_point_c(self) -> float:
        """Of all the air, degC."""
        return dew_point_at(self._state.vapour)

    @property
    def damp(self) -> bool:
        """True if water may condense on a coil."""
        return self._moisture.damp

    def humidity_percent(self, air_c: float) -> float:
        """Relative humidity where the air has that temperature, %."""
        return relative_humidity_percent(air_c, self.dew_point_c)

    def horizon(self) -> float:
        """Until the vapour has changed, s."""
        coldest_c = min((unit.coldest_c for unit in self.units), default=NO_COIL_C)
        added_kg_s = sum(unit.vapour_kg_h for unit in self._humidifiers) / 3600.0
        return self._moisture.look(self.units, coldest_c, self.climate, added_kg_s)

    def advance(self, dt: float) -> None:
        """Move the vapour along its course for `dt` seconds."""
        self._moisture.advance(dt)


class ConditionedAir(ABC):
    """A hall or room, as the air handlers in it meet it."""

    enclosed: EnclosedAir[Any]

    @property
    @abstractmethod
    def inlet_c(self) -> float:
        """Mean of the air that the servers draw in, degC."""

    @property
    @abstractmethod
    def return_c(self) -> float:
        """Air that the air handlers draw in, degC."""

    @abstractmethod
    def rate_k_s(self, quantity: str) -> float:
        """Rate at which that temperature moves, K/s."""

    @property
    @abstractmethod
    def fire(self) -> bool:
        """The contact of the fire panel that stops air handlers and fans."""

    @property
    def heat_kw(self) -> float:
        """All that turns into heat in here but the fans of the air handlers, kW."""
        return self.enclosed.heat_kw

    @property
    def dew_point_c(self) -> float:
        """Of all the air, degC."""
        return self.enclosed.dew_point_c

    @property
    def damp(self) -> bool:
        """True if water may condense on a coil."""
        return self.enclosed.damp

    @property
    def humidity_percent(self) -> float:
        """Relative humidity of the air that equipment draws in, %."""
        return self.enclosed.humidity_percent(self.inlet_c)


def room_of(actor: Any) -> str:
    """The name of the hall or room in which an actor stands, '' for outdoors."""
    params = getattr(actor, "params", None)
    return getattr(params, "room", "") or getattr(params, "hall", "")
