"""Pumps in parallel on the resistance of a loop, and the valves of its coils: the point where their curves meet.

A pump at full speed gives H(Q) = H_d (s - (s - 1) (Q / Q_d)^2), H_d and Q_d at its design point and s = `SHUT_OFF`.
With the speed n, flow goes with n and head with n^2 (affinity laws). The loop takes H = r Q^2. A check valve behind
each pump keeps water from running back through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log, sqrt
from typing import Literal, NamedTuple, Protocol

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


RANGEABILITY = 50.0
"""Largest against smallest flow coefficient of an equal-percentage valve (usual for control valves: 30 to 50)."""

Characteristic = Literal["linear", "equal-percentage"]


def flow_of_valve(position: float, characteristic: Characteristic, authority: float) -> float:
    """Flow against that of the open valve, 0 to 1, at that position (0 to 1).

    The valve takes the part `authority` of the pressure of its branch when it is open (VDI/VDE 2173): while it closes,
    its part grows, and its flow falls less than its coefficient.
    """
    if position <= 0.0:
        return 0.0
    coefficient = position if characteristic == "linear" else float(RANGEABILITY ** (position - 1.0))
    return 1.0 / sqrt(1.0 - authority + authority / coefficient**2)


def position_of_valve(flow: float, characteristic: Characteristic, authority: float) -> float:
    """Position, 0 to 1, at which a valve has that part of its flow: the inverse of `flow_of_valve`."""
    if flow <= 0.0 or flow >= 1.0:
        return 0.0 if flow <= 0.0 else 1.0
    coefficient = sqrt(authority / (1.0 / flow**2 - 1.0 + authority))
    return coefficient if characteristic == "linear" else max(0.0, 1.0 + log(coefficient) / log(RANGEABILITY))


class Branches(Protocol):
    """The coils of a loop in parallel, as its pumps meet them."""

    def __call__(self, root: float) -> float:
        """Flow through all of them, l/s, where their pressure is `root` squared of that at the design point."""


class Meeting(NamedTuple):
    """The point where pumps and coils meet."""

    flow_l_s: float
    head_kpa: float
    root: float
    """Square root of the pressure at the coils against that at the design point."""


def meeting(pumps: Sequence[PumpCurve], design: PumpCurve, coils_part: float, taken: Branches) -> Meeting:
    """The point where pumps in parallel meet coils whose valves throttle.

    `design` holds flow and head at the design point; of that head the coils with their valves take `coils_part`, pipes
    and evaporators the rest, with the square of the flow. More head means less flow of the pumps and more of the coils.
    """
    most = max((SHUT_OFF * pump.speed**2 * pump.head_kpa for pump in pumps), default=0.0)
    low, high = 0.0, most
    for _ in range(40):
        head = (low + high) / 2.0
        flow = sum([pump.flow_at(head) for pump in pumps])
        low, high = (head, high) if flow > taken(_root(head, flow, design, coils_part)) else (low, head)
    flow = sum([pump.flow_at(high) for pump in pumps])
    return Meeting(flow, high, _root(high, flow, design, coils_part))


def _root(head: float, flow: float, design: PumpCurve, coils_part: float) -> float:
    left = head / design.head_kpa - (1.0 - coils_part) * (flow / design.flow_l_s) ** 2
    return sqrt(left / coils_part) if left > 0.0 else 0.0
