"""Power supplies of IT equipment: what voltage they stand for how long, and how efficient they are."""

from __future__ import annotations

from math import inf

DELIVERING = 0.70
"""Below this fraction of nominal voltage a power supply leaves the load to the other cord, or to its capacitors."""

NORMAL = 0.90
"""From this fraction of nominal voltage on, a power supply runs for ever (ITIC: steady-state tolerance is +/-10 %)."""


def ride_through_s(fraction: float) -> float:
    """How long IT equipment rides through that fraction of nominal voltage, s.

    The ITI (CBEMA) curve of 2000: dropout 20 ms; sags to 70 % 0.5 s, to 80 % 10 s; +/-10 % for ever; swells to 120 %
    0.5 s, to 140 % 3 ms, beyond 1 ms.
    """
    if fraction < DELIVERING:
        return 0.020
    if fraction < 0.80:
        return 0.5
    if fraction < NORMAL:
        return 10.0
    if fraction <= 1.10:
        return inf
    if fraction <= 1.20:
        return 0.5
    return 0.003 if fraction <= 1.40 else 0.001


def platinum_efficiency(load: float) -> float:
    """Efficiency of a server power supply at that fraction of its rating.

    80 PLUS Platinum at 230 V internal: 90 % at 20 %, 94 % at 50 %, 91 % at 100 % load, straight lines between.
    """
    if load <= 0.2:
        return 0.90
    if load <= 0.5:
        return 0.90 + (load - 0.2) / 0.3 * 0.04
    return 0.94 - (min(load, 1.0) - 0.5) / 0.5 * 0.03


def output_kw(input_kw: float, cords: int, side_kw: float) -> float:
    """Output of power supplies on so many cords, each rated `side_kw`, that draw `input_kw` together, kW."""
    output = input_kw
    for _ in range(20):  # output / efficiency(output) = input has no closed form; this contracts by 20 a round
        output = input_kw * platinum_efficiency(output / cords / side_kw)
    return output
