"""Speeds, loadings and positions that move at a limited rate."""

from __future__ import annotations


def approached(value: float, target: float, most: float) -> float:
    """`value` moved towards `target` by at most `most`."""
    return min(target, value + most) if value < target else max(target, value - most)
