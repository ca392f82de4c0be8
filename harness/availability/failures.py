"""Kinds of failure, each with its unavailability and how often it happens.

The models are those of IEC 61078:2016 (components that are repaired) and of IEC 61508-6:2010, annex B (failures that
only a test reveals).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

HOURS_A_YEAR = 8760.0
"""The year of IEEE 493 and of the Tier standard's percentages, h."""

MINUTES_A_YEAR = 60.0 * HOURS_A_YEAR
"""Length of that year, min."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """Shows at once and is then repaired: `per_year` failures in a year of operation, `repair_h` hours each."""

    per_year: float
    repair_h: float

    @property
    def unavailability(self) -> float:
        """The share of the time in which it has failed: MTTR / (MTBF + MTTR)."""
        down = self.per_year * self.repair_h / HOURS_A_YEAR
        return down / (1.0 + down)

    @property
    def frequency_per_year(self) -> float:
        """Failures a year, counted over operation and repair."""
        return self.per_year * (1.0 - self.unavailability)

    def scaled(self, factor: float) -> Repaired:
        """A copy with the rate multiplied by that factor."""
        return Repaired(self.per_year * factor, self.repair_h)


@dataclass(frozen=True, slots=True)
class Hidden:
    """Shows at a test only, each `test_interval_h` hours: `per_year` failures in a year of waiting."""

    per_year: float
    test_interval_h: float

    @property
    def unavailability(self) -> float:
        """The mean over the interval T: 1 - (1 - exp(-λT)) / λT, which is λT / 2 where that is small."""
        expected = self.per_year * self.test_interval_h / HOURS_A_YEAR
        return 1.0 + math.expm1(-expected) / expected if expected > 1e-9 else expected / 2.0

    @property
    def frequency_per_year(self) -> float:
        """Failures a year."""
        return self.per_year * (1.0 - self.unavailability)

    def scaled(self, factor: float) -> Hidden:
        """A copy with the rate multiplied by that factor."""
        return Hidden(self.per_year * factor, self.test_interval_h)


@dataclass(frozen=True, slots=True)
class OnDemand:
    """Fails with that probability each time it is needed, or holds for that share of the time."""

    probability: float

    @property
    def unavailability(self) -> float:
        """The probability."""
        return self.probability

    @property
    def frequency_per_year(self) -> float:
        """0: by itself it makes nothing happen."""
        return 0.0

    def scaled(self, factor: float) -> OnDemand:
        """A copy with the probability multiplied by that factor, 1 at most."""
        return OnDemand(min(1.0, self.probability * factor))


Failure = Repaired | Hidden | OnDemand
