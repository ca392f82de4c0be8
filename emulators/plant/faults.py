"""What a fault is: a kind, what it does, and the numbers that shape it. Who suffers it lists it in `FAULTS`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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

    def clamped(self, value: float) -> float:
        return min(max(value, self.low), self.high)


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault an actor can suffer: what it does and which numbers shape it."""

    doc: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    family: str = ""
    """plant, sensor, firmware or people; '' for plant on a component and firmware on a device."""
    of: tuple[str, ...] = ()
    """What the fault is of when it is not of the whole actor, such as `("point",)`: see `split`."""
    source: str = ""
    """The standard or the published outage it is drawn from, where there is one."""

    def chosen(self, given: Mapping[str, float]) -> dict[str, float]:
        """All parameters, those not given at their defaults.

        Raises:
            ValueError: an unknown parameter, or a number out of its range.
        """
        unknown = [name for name in given if name not in self.parameters]
        if unknown:
            known = ", ".join(self.parameters) or "no parameter"
            raise ValueError(f"unknown parameter {', '.join(unknown)}; it takes {known}")
        values: dict[str, float] = {}
        for name, spec in self.parameters.items():
            value = given.get(name, spec.default)
            number = isinstance(value, (int, float))
            if not number or not spec.low <= value <= spec.high:
                found = f"{value:g}" if number else repr(value)
                raise ValueError(f"{name} is {found}, expected {spec.low:g} to {spec.high:g} {spec.unit}")
            values[name] = value
        return values


def split(key: str) -> tuple[str, tuple[str, ...]]:
    """The name a fault is active under as its kind and what it is of.

    `outage` is `("outage", ())`, `sensor-swapped:air.supply,air.return` is
    `("sensor-swapped", ("air.supply", "air.return"))`.
    """
    kind, _, of = key.partition(":")
    return kind, tuple(of.split(",")) if of else ()
