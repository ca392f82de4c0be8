"""Published chillers: their capacity and power as curves, from the data file `chiller_machines.toml`.

Both forms of EnergyPlus's Engineering Reference are here. In the EIR form the curves are functions of the leaving
water and of the temperature that enters the condenser; in the reformulated EIR form, of the temperature that leaves it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pkgutil import get_data
from typing import Any, NamedTuple

Limits = tuple[float, float]

HOTTEST_CONDENSER_K = 9.0
"""By how much the air may be beyond the published range and the curve is still used, K: up to 55 degC (assumption)."""

SUCTION_K = 3.0
"""Saturated suction temperature below the leaving water, K (assumption)."""


class Biquadratic(NamedTuple):
    """c1 + c2 x + c3 x2 + c4 y + c5 y2 + c6 x y: x leaving water, y at the condenser, degC."""

    c1: float
    c2: float
    c3: float
    c4: float
    c5: float
    c6: float

    def at(self, x: float, y: float) -> float:
        return self.c1 + (self.c2 + self.c3 * x + self.c6 * y) * x + (self.c4 + self.c5 * y) * y


class Quadratic(NamedTuple):
    """c1 + c2 y + c3 y2 of the part load y; the condenser's temperature x has no effect."""

    c1: float
    c2: float
    c3: float

    def at(self, x: float, y: float) -> float:
        return self.c1 + (self.c2 + self.c3 * y) * y


class Bicubic(NamedTuple):
    """c1 + c2 x + c3 x2 + c4 y + c5 y2 + c6 x y + c7 x3 + c8 y3 + c9 x2 y + c10 x y2.

    x is the temperature at the condenser, degC; y the part load.
    """

    c1: float
    c2: float
    c3: float
    c4: float
    c5: float
    c6: float
    c7: float
    c8: float
    c9: float
    c10: float

    def at(self, x: float, y: float) -> float:
        return (
            self.c1
            + (self.c2 + (self.c3 + self.c7 * x) * x) * x
            + (self.c4 + (self.c5 + self.c8 * y) * y) * y
            + (self.c6 + self.c9 * x + self.c10 * y) * x * y
        )


@dataclass(frozen=True)
class Machine:
    """One chiller of the data file; the file explains the fields. Powers in kW, temperatures in degC, flows in l/s."""

    name: str
    product: str
    source: str
    form: str
    condenser: str
    reference_kw: float
    reference_cop: float
    water_c: float
    condenser_c: float
    water_limits_c: Limits
    condenser_limits_c: Limits
    least_load: float
    water_l_s: float
    capacity: Biquadratic
    input_ratio: Biquadratic
    part_load: Quadratic | Bicubic
    approach_k: float
    high_head_c: float
    least_condensing_c: float
    fan_share: float
    condenser_l_s: float = 0.0

    @property
    def reformulated(self) -> bool:
        """True if the curves are functions of the temperature that leaves the condenser."""
        return self.form == "reformulated"

    def capacity_at(self, leaving_c: float, condenser_c: float) -> float:
        """Capacity against the reference."""
        return self.capacity.at(within(leaving_c, self.water_limits_c), self._condenser(condenser_c))

    def input_at(self, leaving_c: float, condenser_c: float, load: float) -> float:
        """Electric input to cooling output against the reference, at that part of full load, before `part_load_at`.

        Outside the published range of the condenser, and for colder water, the compressors' input follows the lift
        between saturated suction and condensing temperature: a constant part of the ideal efficiency.
        """
        water, condenser = within(leaving_c, self.water_limits_c), self._condenser(condenser_c)
        ratio = self.input_ratio.at(water, condenser)
        if condenser_c == condenser and leaving_c >= water:
            return ratio
        above = self.approach_k * load + SUCTION_K
        lift = max(condenser_c + above - min(leaving_c, water), 5.0) / max(condenser + above - water, 5.0)
        return ratio * (self.fan_share + (1.0 - self.fan_share) * lift)

    def part_load_at(self, condenser_c: float, load: float) -> float:
        """Electric input at a part of full load against that at full load; `load` is at least `least_load`."""
        return self.part_load.at(self._condenser(condenser_c), load)

    def _condenser(self, celsius: float) -> float:
        low, high = self.condenser_limits_c
        return within(celsius, (low, high + HOTTEST_CONDENSER_K if self.condenser == "air" else high))


def within(value: float, limits: Limits) -> float:
    return min(limits[1], max(limits[0], value))


@cache
def machines() -> Mapping[str, Machine]:
    """The machines of the data file by name."""
    text = get_data("twinfeed.emulators.plant.cooling", "chiller_machines.toml")
    assert text is not None, "chiller_machines.toml is part of the package"
    return {name: _machine(name, fields) for name, fields in tomllib.loads(text.decode()).items()}


def named(name: str) -> Machine:
    """The machine of that name.

    Raises:
        ValueError: the data file has none of that name.
    """
    try:
        return machines()[name]
    except KeyError:
        raise ValueError(f"no chiller is called {name!r}; there are {', '.join(machines())}") from None


def _machine(name: str, fields: dict[str, Any]) -> Machine:
    part_load = fields["part_load"]
    curves = {
        "capacity": Biquadratic(*fields["capacity"]),
        "input_ratio": Biquadratic(*fields["input_ratio"]),
        "part_load": Bicubic(*part_load) if len(part_load) == 10 else Quadratic(*part_load),
        "water_limits_c": tuple(fields["water_limits_c"]),
        "condenser_limits_c": tuple(fields["condenser_limits_c"]),
    }
    return Machine(name=name, **{**fields, **curves})
