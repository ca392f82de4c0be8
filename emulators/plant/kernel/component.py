"""A thing of the plant: its kind, its ratings, the air around it and the quantities that an observer may ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, cast

from typing_extensions import TypeVar

from twinfeed.emulators.plant.kernel.actor import Actor, PlantError, S


class Surroundings(Protocol):
    """The air around a component: that of a place or a hall."""

    @property
    def air_c(self) -> float:
        """Temperature, degC."""

    @property
    def wetted(self) -> bool:
        """True while a sprinkler or mist runs."""


@dataclass(frozen=True)
class NoRatings:
    """The parameters of a component that has none."""


P = TypeVar("P", default=Any, covariant=True)
"""The dataclass of a component's ratings. A bare `Component` is one of any ratings."""


class Component(Actor[S], Generic[S, P]):
    """A thing of the plant. `kind` is its name in site files; `PARAMS` the frozen dataclass of its ratings.

    Every rating has a realistic default with its unit in the name and its source in the docstring.
    """

    kind: ClassVar[str]
    PARAMS: ClassVar[type] = NoRatings

    holds_battery: ClassVar[bool] = False
    """True if it may burn or gas by itself (`fire_kw`, `hydrogen_m3_h`)."""

    def __init__(self, id: str, params: P | None = None) -> None:
        super().__init__(id)
        self.params: P = cast(P, self.PARAMS()) if params is None else params
        self.surroundings: Surroundings | None = None
        """The place in which it stands."""
        self.battery_surroundings: Surroundings | None = None
        """The place in which its battery stands."""

    @property
    def fire_kw(self) -> float:
        """Heat with which it burns by itself, kW."""
        return 0.0

    @property
    def hydrogen_m3_h(self) -> float:
        """Hydrogen that it gives off, m3/h."""
        return 0.0

    @property
    def off_gas(self) -> bool:
        """True while cells of its battery vent."""
        return False

    @property
    def battery_place(self) -> str:
        """The place of its battery, '' where that is its own."""
        return ""

    def lose_battery(self, cause: str) -> None:
        """Its battery is destroyed in the place where that stands."""

    def isolate_battery(self) -> None:
        """Open the breaker of its battery."""

    def cut_off(self, cause: str) -> None:
        """Its supply is cut for good, by an emergency power-off or because it is destroyed."""

    def quantity(self, name: str) -> float | bool | str:
        """A named physical quantity (`running`, `inlet_c`): an attribute or property listed in `QUANTITIES`.

        Raises:
            PlantError: the component has no such quantity.
        """
        if name not in self.QUANTITIES:
            raise PlantError(f"{self.id} has no quantity {name!r}; it has: {', '.join(self.QUANTITIES)}")
        value: float | bool | str = getattr(self, name)
        return value

    QUANTITIES: ClassVar[Mapping[str, str]] = {}
    """Name -> unit ('' for a state) of what an observer may ask of this component."""

    WORDS: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Every word that a quantity of words can take, by the quantity's name."""

    POSSIBLE: ClassVar[Mapping[str, tuple[float, float]]] = {}
    """Lowest and highest value of quantities that can have others than their unit lets expect, in that unit."""

    @property
    def rated_kva(self) -> float | None:
        """The apparent power it is made for, kVA, where that bounds what it can carry; None where nothing does."""
        return None

    def words(self, name: str) -> tuple[str, ...]:
        """Every word that this quantity can take; none for a number and a truth."""
        return self.WORDS.get(name, ())
