"""The air of a hall and the water in it."""

from __future__ import annotations

from math import exp, log

AIR_KJ_PER_M3_K = 1.19 * 1.006
"""Heat capacity of air at 23 degC and sea level, kJ/(m3 K)."""


def saturation_hpa(celsius: float) -> float:
    """Saturation vapour pressure over water, hPa (Magnus formula, Sonntag 1990: 6.112, 17.62, 243.12)."""
    return 6.112 * exp(17.62 * celsius / (243.12 + celsius))


def humidity_ratio(dew_point_c: float) -> float:
    """Water vapour for each kg of dry air of that dew point at sea level, kg/kg; near boiling that of 99.5 degC."""
    vapour_hpa = min(1000.0, saturation_hpa(dew_point_c))
    return 0.622 * vapour_hpa / (1013.25 - vapour_hpa)


def dew_point_at(ratio: float) -> float:
    """Dew point of air of that humidity ratio (kg/kg) at sea level, degC."""
    x = log(max(ratio, 1e-9) * 1013.25 / (0.622 + ratio) / 6.112)
    return 243.12 * x / (17.62 - x)


PSYCHROMETRIC_HPA_K = 6.62e-4 * 1013.25
"""Psychrometer coefficient of a ventilated wet bulb at sea level, hPa/K (Sprung; WMO-No. 8, annex 4.B)."""


def wet_bulb_c(celsius: float, dew_point_c: float) -> float:
    """Wet-bulb temperature of air at that temperature and dew point, degC: e = es(wet) - A p (dry - wet)."""
    vapour_hpa = saturation_hpa(min(dew_point_c, celsius))
    low, high = min(dew_point_c, celsius), celsius
    for _ in range(25):
        middle = (low + high) / 2.0
        too_wet = saturation_hpa(middle) - PSYCHROMETRIC_HPA_K * (celsius - middle) > vapour_hpa
        low, high = (low, middle) if too_wet else (middle, high)
    return high


def saturated_kj_per_kg_k(celsius: float) -> float:
    """By how much the enthalpy of saturated air grows, kJ/kg of dry air for each kelvin of wet bulb, at sea level."""

    def enthalpy(c: float) -> float:
        ratio = 0.622 * saturation_hpa(c) / (1013.25 - saturation_hpa(c))
        return 1.006 * c + ratio * (2501.0 + 1.86 * c)

    return enthalpy(celsius + 0.5) - enthalpy(celsius - 0.5)


def relative_humidity_percent(celsius: float, dew_point_c: float) -> float:
    return min(100.0, 100.0 * saturation_hpa(dew_point_c) / saturation_hpa(celsius))


def dew_point_of(celsius: float, humidity_percent: float) -> float:
    """Dew point of air at that temperature (degC) and relative humidity (%), degC."""
    x = log(max(humidity_percent, 0.01) / 100.0 * saturation_hpa(celsius) / 6.112)
    return 243.12 * x / (17.62 - x)
