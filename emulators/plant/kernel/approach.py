"""Speeds, loadings and positions that move at a limited rate."""

from __future__ import annotations

from math import inf

LOOK_S = 2.0
"""A speed on its way is evaluated again after so long at most, s."""


def approached(value: float, target: float, most: float) -> float:
    """`value` moved towards `target` by at most `most`."""
    return min(target, value + most) if value < target else max(target, value - most)


def arrives_s(value: float, target: float, full_s: float) -> float:
    """Until the next evaluation of a speed on its way to the target, s; inf there. From 0 to 1 it takes `full_s`."""
    gap = abs(target - value)
    return inf if gap == 0.0 else min(LOOK_S, gap * full_s)
