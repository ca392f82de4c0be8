"""A fault as data: a kind, its effect, and the numbers that shape it. A class lists its faults in `FAULTS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from twinfeed.emulators.plant.kernel.ratings import Range, shown


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number a fault takes: its default, unit and closed range."""

    default: float
    unit: str
    low: float
    high: float
    doc: str = ""
    neutral: float | None = 0.0
    """The value at which the fault does nothing, where a ramp begins; None for a number that only names something."""
    whole: bool = False
    """It counts or names something: no fractions."""
    typical: tuple[float, ...] = ()
    """The values that a search tries; from the default to the upper end of the range if there are none."""

    @property
    def range(self) -> Range:
        return Range(self.low, self.high, self.unit)

    def clamped(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        return round(inside) if self.whole else inside


Effect = Literal["at once", "on demand", "degradation", "people"]
"""How a failure shows: the output is lost at once; it is hidden until the part is needed; the part goes on, but less
well; or a person causes it."""


@dataclass(frozen=True, slots=True)
class FailureMode:
    """A fault as a failure of equipment that statistics count."""

    effect: Effect
    data: str
    """The category of failure data that it is counted in. Several faults of one component may share a category, whose
    rate is then that of all of them together."""
    part: str = ""
    """The part of the component, such as a cord, where each part has failures of its own; '' for the whole of it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault an actor can suffer: what it does and which numbers shape it."""

    doc: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    family: str = ""
    """plant, sensor, firmware or people; '' for plant on a component and firmware on a device."""
    of: tuple[str, ...] = ()
    """The parts that the fault is of when it is not of the whole actor, such as `("point",)`: see `split`."""
    source: str = ""
    """The standard or the published outage it is drawn from, where there is one."""
    actuator: bool = False
    """True if relays, a programmable source, a signal in the place of a probe's, or a technician can cause it on a test
    bench. Whether a given bench has such an actuator is in its rig file."""
    failure: FailureMode | None = None
    """None for a fault that is no failure of the component: a disturbance of the grid, a wrong answer of a device."""
    changed: Callable[[Any, bool], None] | None = None
    """Called with the actor when the fault has begun (True) or ended (False): for a fault that an installed package
    adds to a class, since a class consults only the faults that it declares itself."""

    def chosen(self, given: Mapping[str, float]) -> dict[str, float]:
        """All parameters, those not given at their defaults.

        Raises:
            ValueError: an unknown parameter, or what is not a number of its range.
        """
        return chosen(self.parameters, given)


def chosen(parameters: Mapping[str, Parameter], given: Mapping[str, float] | None) -> dict[str, float]:
    """The numbers of all parameters, those not given at their defaults.

    Raises:
        ValueError: `given` is no mapping, names an unknown parameter, or has what is not a number of its range.
    """
    given = {} if given is None else given
    if not isinstance(given, Mapping):
        raise ValueError(f"found {shown(given)} as parameters, expected name: number")
    unknown = [shown(name).strip("'") for name in given if name not in parameters]
    if unknown:
        known = ", ".join(parameters) or "no parameter"
        raise ValueError(f"unknown parameter {', '.join(unknown[:5])}; it takes {known}")
    for name, value in given.items():
        if why := parameters[name].range.refusal(value, parameters[name].whole):
            raise ValueError(f"{name} {why}")
    return {name: given.get(name, spec.default) for name, spec in parameters.items()}


def split(key: str) -> tuple[str, tuple[str, ...]]:
    """The name a fault is active under as its kind and what it is of.

    `outage` is `("outage", ())`, `sensor-swapped:air.supply,air.return` is
    `("sensor-swapped", ("air.supply", "air.return"))`.
    """
    kind, colon, of = key.partition(":")
    return kind, tuple(of.split(",")) if colon else ()
