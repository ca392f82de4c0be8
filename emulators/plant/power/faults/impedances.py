"""Impedances of what stands between a source and a fault, in ohm per phase at the 230 V level, R + jX.

A network is per phase and symmetrical (IEC 60909-0: 2016): each impedance is that of the positive sequence. In a loop
of one phase and its return (neutral, or protective conductor of a TN-S system) a cable counts twice. The zero-sequence
impedance of a Dyn transformer and of an alternator is taken for that of the positive sequence."""

from __future__ import annotations

from math import ceil, hypot, inf, sqrt

CONTACT = complex(1e-6, 0.0)
"""A closed contact, ohm. Real ones have 10 to 50 micro-ohm, which IEC 60909-0 neglects; this one only decides that
switches in parallel carry equal parts."""

BOLTED_OHM = 1e-6
"""A fault without an impedance of its own, ohm."""

COPPER_OHM_MM2_PER_M = 0.01851
"""Copper at 20 degC (IEC 60909-0: 1/54 ohm mm2/m), as the highest currents are computed."""

CABLE_X_PER_M = 0.00008
"""Reactance of a low-voltage cable, ohm/m (Schneider Electric, Electrical Installation Guide, figure G36: 0.08 mohm/m
for three-core cables)."""

LARGEST_MM2 = 240.0
"""Above this section cables are laid in parallel, mm2."""

USUAL_A_PER_MM2 = 2.0
"""Section of a cable whose section is not given, A of its breaker's rating for each mm2 (3.5 A/mm2 for small sections
to 1.7 for four 185 mm2 in parallel behind 1250 A; assumption)."""

CORD_M = 3.0
"""From the outlet of a PDU to the inlet of a power supply, m (assumption)."""

CORD_MM2 = 1.5
"""Section of a C19/C20 cord of 16 A, mm2 (IEC 60799)."""

MINIATURE_WATTS = ((10.0, 3.0), (16.0, 3.5), (25.0, 4.5), (32.0, 6.0), (40.0, 7.5), (50.0, 9.0), (63.0, 13.0),
                   (100.0, 15.0), (inf, 20.0))  # fmt: skip
"""(A, W): the most that a pole of a miniature circuit-breaker may lose at its rated current up to that size (IEC
60898-1, table 15; from memory, unverified)."""


def cable_ohm(length_m: float, mm2: float) -> complex:
    """One conductor of a cable of that length and section, ohm."""
    if length_m <= 0.0:
        return 0j
    return complex(COPPER_OHM_MM2_PER_M / mm2, CABLE_X_PER_M / ceil(mm2 / LARGEST_MM2)) * length_m


def miniature_ohm(rated_a: float) -> complex:
    """One pole of a miniature circuit-breaker, ohm."""
    watts = next(w for size, w in MINIATURE_WATTS if rated_a <= size)
    return complex(watts / rated_a**2)


def network_ohm(mva: float, volts: float, x_to_r: float) -> complex:
    """A supply of that short-circuit power, ohm at that phase-to-neutral voltage."""
    size = 3.0 * volts**2 / (mva * 1e6)
    r = size / hypot(1.0, x_to_r)
    return complex(r, r * x_to_r)


def transformer_ohm(kva: float, impedance_percent: float, load_loss_w: float, volts: float) -> complex:
    """A transformer's short-circuit impedance, ohm: R from its load losses (IEC 60909-0, 6.3.1)."""
    base = 3.0 * volts**2 / (kva * 1000.0)
    size = impedance_percent / 100.0
    r = min(load_loss_w / (kva * 1000.0), size)
    return complex(r, sqrt(size**2 - r**2)) * base


def machine_ohm(kva: float, reactance: float, volts: float) -> complex:
    """An alternator of that reactance (per unit), ohm: R is 0.15 X below 1 kV (IEC 60909-0, 6.6.1)."""
    x = reactance * 3.0 * volts**2 / (kva * 1000.0)
    return complex(0.15 * x, x)
