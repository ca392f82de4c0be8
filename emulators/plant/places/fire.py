"""Closed forms of a fire in a room: its heat release, the temperature of the air and the smoke.

A coarse picture of one well-mixed room, good for who is damaged in which order, not for the design of a protection.
"""

from __future__ import annotations

from math import exp, sqrt

GROWTHS = {"slow": 0.00293, "medium": 0.01172, "fast": 0.0469, "ultrafast": 0.1876}
"""Growth of a fire with the square of time, kW/s^2 (NFPA 72 annex B and SFPE handbook: 1,055 kW after 600, 300, 150 and
75 s). Cabinets of electronics and of cables are between slow and medium (NUREG/CR-6850 appendix G, from memory)."""

OPENING_M = 2.0 * sqrt(2.0)
"""Area of the opening times the square root of its height, m^2.5: a door of 1 m by 2 m."""

WALL_KRC = 2.0
"""Thermal inertia of concrete, (kW/(m2 K))^2 s (SFPE handbook: about 2 for normal concrete; from memory)."""

WALL_KW_PER_M2_K = 0.011
"""Conduction through 15 cm of concrete once heat has gone through it, kW/(m2 K)."""

HOTTEST_RISE_K = 1100.0
"""Rise of the air in a room that burns all over, K (ISO 834: 1,030 K after 2.4 h)."""

GAS_OUT_S = 30.0
"""Time constant of flames that inert gas puts out, s (assumption; EN 15004-1 asks for 95 % of the gas within 60 s)."""

WATER_OUT_S = 600.0
"""Time constant of a fire that sprinklers or mist keep down, s (FM Global speaks of control, not of extinction; the
figure is an assumption)."""

BURNT_OUT_S = 600.0
"""Time constant of a fire that has used up its fuel, s (assumption)."""


def release_kw(elapsed_s: float, growth: float, peak_kw: float) -> float:
    """Heat release of a fire that grows with the square of time up to its peak, kW."""
    return min(growth * max(0.0, elapsed_s) ** 2, peak_kw)


def burnt_s(fuel_mj: float, growth: float, peak_kw: float) -> float:
    """Time from ignition until a fire that nobody fights has burnt that much, s."""
    to_peak: float = sqrt(peak_kw / growth)
    grown_kj = growth * to_peak**3 / 3.0
    fuel_kj = fuel_mj * 1000.0
    if fuel_kj <= grown_kj:
        return float((3.0 * fuel_kj / growth) ** (1.0 / 3.0))
    return to_peak + (fuel_kj - grown_kj) / peak_kw


def faded(kw: float, since_s: float, time_constant_s: float) -> float:
    """Heat release so long after a fire of that size was put down, kW; below 1 kW it is out."""
    left = kw * exp(-since_s / time_constant_s)
    return float(left) if left >= 1.0 else 0.0


def rise_k(kw: float, burning_s: float, area_m2: float, height_m: float) -> float:
    """Rise of the air of a room with such a fire, K: McCaffrey, Quintiere and Harkleroad (Fire Technology 17, 1981).

    6.85 (Q^2 / (A0 sqrt(H0) h A))^(1/3), h the conduction into the walls, which falls while they warm up.
    """
    if kw <= 0.0:
        return 0.0
    walls_m2 = 2.0 * area_m2 + 4.0 * sqrt(area_m2) * height_m
    conduction = max(WALL_KW_PER_M2_K, sqrt(WALL_KRC / max(burning_s, 60.0)))
    return float(min(HOTTEST_RISE_K, 6.85 * (kw * kw / (OPENING_M * conduction * walls_m2)) ** (1.0 / 3.0)))


def smoke_percent(kw: float, area_m2: float) -> float:
    """Obscuration of the air of a room with such a fire, % a metre: a coarse fit, 5 %/m for 1 kW in 100 m2."""
    return 95.0 * (1.0 - exp(-5.0 * kw / area_m2)) if kw > 0.0 else 0.0
