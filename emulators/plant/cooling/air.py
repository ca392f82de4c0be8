"""The air of a hall and the water in it."""

from __future__ import annotations

from math import exp, log

AIR_KJ_PER_M3_K = 1.19 * 1.006
"""Heat capacity of air at 23 degC and sea level, kJ/(m3 K)."""


def saturation_hpa(celsius: float) -> float:
    """Saturation vapour pressure over water, hPa (Magnus formula, Sonntag 1990: 6.112, 17.62, 243.12)."""
    return 6.112 * exp(17.62 * celsius / (243.12 + celsius))


def relative_humidity_percent(celsius: float, dew_point_c: float) -> float:
    return min(100.0, 100.0 * saturation_hpa(dew_point_c) / saturation_hpa(celsius))


def dew_point_of(celsius: float, humidity_percent: float) -> float:
    """Dew point of air at that temperature (degC) and relative humidity (%), degC."""
    x = log(max(humidity_percent, 0.01) / 100.0 * saturation_hpa(celsius) / 6.112)
    return 243.12 * x / (17.62 - x)
