"""Usual UPS by their size: the figures for a site file that gives no more than kVA.

Up to 1.4 kVA these are the figures of APC's Smart-UPS 420, 650, 1000 and 1400 (user's manual p. 18, runtime against
load). They were fitted to every second row of each table, from the first on; the largest error over the rows between is
4.4, 7.0, 4.9 and 5.1 %. The manual reckons with 1 W for 1.4 VA. From 10 kVA on, a module lasts 10 min at its rating, as
is usual for one that waits for a generator (an assumption). Between two sizes all figures change with the logarithm of
the kVA.
"""

from __future__ import annotations

from itertools import pairwise
from math import log
from typing import NamedTuple

WATTS_PER_VA = 1.0 / 1.4
"""Of the loads of a small UPS, as APC's manual reckons."""


class Size(NamedTuple):
    """A usual UPS of one size."""

    kva: float
    power_factor: float
    """Rated kW for each kVA."""
    no_load_loss: float
    """Consumption of the unit itself, times rated kW."""
    exponent: float
    """Rate exponent of its battery; 0 for that of the chemistry."""
    autonomy_min: float
    """Runtime at rated kW when new, min."""


LEAD_EXPONENT = 1.28
"""Rate exponent of the batteries of large UPS: that of the chemistry `vrla`."""

SIZES = (
    Size(0.42, WATTS_PER_VA, 0.065, 1.304, 4.08),
    Size(0.65, WATTS_PER_VA, 0.049, 1.360, 5.10),
    Size(1.0, WATTS_PER_VA, 0.053, 1.474, 5.52),
    Size(1.4, WATTS_PER_VA, 0.064, 1.614, 6.78),
    Size(10.0, 1.0, 0.010, LEAD_EXPONENT, 10.0),
)
"""From the smallest to the largest."""

LARGEST_PRODUCT_KVA = SIZES[-2].kva
"""Up to here the runtime is that of a product, kVA: a rating of other kW does not change how long it lasts."""


def usual(kva: float) -> Size:
    """The usual UPS of that rating, kVA."""
    if kva <= SIZES[0].kva:
        return SIZES[0]._replace(kva=kva)
    for small, large in pairwise(SIZES):
        if kva <= large.kva:
            part = log(kva / small.kva) / log(large.kva / small.kva)
            return Size(kva, *(a + (b - a) * part for a, b in zip(small[1:], large[1:], strict=True)))
    return SIZES[-1]._replace(kva=kva)
