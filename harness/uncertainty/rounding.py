"""Figures rounded to what is known: the uncertainty to two digits, the value to the same place."""

from __future__ import annotations

import math

DIGITS = 2
"""Significant digits of an uncertainty (JCGM 100:2008, 7.2.6)."""


def rounded_up(uncertainty: float) -> float:
    """The uncertainty with two significant digits, never less than it is."""
    if uncertainty <= 0.0 or not math.isfinite(uncertainty):
        return uncertainty
    places = decimals(uncertainty)
    step = 10.0**-places
    up = math.ceil(uncertainty / step - 1e-9) * step
    return round(up, max(0, places)) if places >= 0 else float(round(up))


def rounded(value: float, uncertainty: float) -> float:
    """The value, to the last place of its uncertainty; as it is if the uncertainty is 0."""
    if uncertainty <= 0.0 or not math.isfinite(uncertainty) or not math.isfinite(value):
        return value
    return round(value, decimals(rounded_up(uncertainty)))


def decimals(uncertainty: float) -> int:
    """Decimal places of the second significant digit; negative left of the decimal point."""
    return DIGITS - 1 - math.floor(math.log10(uncertainty) + 1e-12)
