"""Pumps in parallel on the resistance of a loop: the point where their curves meet that of the system.

A pump at full speed gives H(Q) = H_d (s - (s - 1) (Q / Q_d)^2), H_d and Q_d at its design point and s = `SHUT_OFF`.
With the speed n, flow goes with n and head with n^2 (affinity laws). The loop takes H = r Q^2. A check valve behind
each pump keeps water from running back through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, sqrt
from typing import NamedTuple

SHUT_OFF = 1.25
"""Head at a closed valve against the head at the design point (usual 1.1 to 1.3 for end-suction pumps; assumption)."""

DEAD_HEAD_POWER = 0.4
"""Shaft power at a closed valve against that at the design flow (usual for radial impellers; assumption)."""


class PumpCurve(NamedTuple):
    """A pump as it turns now."""

    flow_l_s: float
    """At the design point and full speed, l/s."""
    head_kpa: float
    """There, kPa."""
    speed: float
    """0 to 1."""

    def flow_at(self, head_kpa: float) -> float:
        """Flow against that head, l/s."""
        spare = SHUT_OFF * self.speed**2 - head_kpa / self.head_kpa
        return self.flow_l_s * sqrt(spare / (SHUT_OFF - 1.0)) if spare > 0.0 else 0.0


def common_head_kpa(pumps: Sequence[PumpCurve], resistance: float) -> float:
    """Differential pressure of pumps in parallel on a resistance of kPa/(l/s)^2 (inf: a closed valve), kPa."""
    most = max((SHUT_OFF * pump.speed**2 * pump.head_kpa for pump in pumps), default=0.0)
    if resistance == inf or most <= 0.0:
        return most
    low, high = 0.0, most
    for _ in range(50):
        middle = (low + high) / 2.0
        more = sum([pump.flow_at(middle) for pump in pumps]) > sqrt(middle / resistance)
        low, high = (middle, high) if more else (low, middle)
    return high


def shaft_power(part: float) -> float:
    """Shaft power against that at the design point of the same speed, at that part of its flow there."""
    return DEAD_HEAD_POWER + (1.0 - DEAD_HEAD_POWER) * part
