"""Selectivity of two breakers in a row, from their trip characteristics."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from twinfeed.emulators.plant.power.breaker_ratings import BreakerRatings, trip_times

STEPS_A_DECADE = 50
"""Currents that are tried in each decade."""


class Range(NamedTuple):
    """Currents of a fault, A."""

    from_a: float
    to_a: float


def unselective(upper: BreakerRatings, lower: BreakerRatings, most_a: float, share: float = 1.0) -> list[Range]:
    """The ranges up to `most_a` in which the upper breaker can no longer be called off when the lower one has broken.

    `share`: the current of the upper breaker, times that of the lower one. From cold. A current at which the lower one
    does not trip at all is an overload that it may carry.
    """
    found: list[Range] = []
    amperes, inside = lower.rated_a * lower.setting, False
    while True:
        amperes = min(amperes, most_a)
        _, broken = trip_times(lower, amperes)
        committed, _ = trip_times(upper, amperes * share)
        together = committed <= broken < inf
        if together:
            found.append(found.pop()._replace(to_a=amperes) if inside else Range(amperes, amperes))
        inside = together
        if amperes >= most_a:
            return found
        amperes *= 10.0 ** (1.0 / STEPS_A_DECADE)
