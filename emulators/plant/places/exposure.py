"""The limits of equipment: the heat, smoke and water that destroy it."""

from __future__ import annotations

from twinfeed.emulators.plant.kernel.actor import Actor

ELECTRONICS_C = 79.0
"""Air that destroys electronics that stay in it, degC (NFPA 75 annex and FM Global DS 5-32: damage from 175 °F on;
from memory)."""

CABLES_C = 205.0
"""Air that destroys cables, busbars and windings, degC (NUREG/CR-6850 appendix H, thermoplastic; from memory)."""

HARDY = frozenset({"transformer", "board", "bus_tie", "breaker", "utility", "link", "pump", "generator"})
"""Kinds without electronics that fail first."""

SMOKE_PERCENT = 20.0
"""Smoke that corrodes electronics, %/m (assumption: it is hard to see the other end of a row through it)."""

SMOKE_S = 1800.0
"""Time that electronics stand in such smoke before they are lost, s (NFPA 75 and FM DS 5-32 ask for a clean-up within
hours; the figure is an assumption)."""


def heat_limit_c(actor: Actor) -> float:
    """Air in which it is destroyed, degC."""
    return CABLES_C if getattr(actor, "kind", "") in HARDY else ELECTRONICS_C


def stands_smoke(actor: Actor) -> bool:
    """True if smoke does not harm it."""
    return getattr(actor, "kind", "") in HARDY


def stands_water(actor: Actor) -> bool:
    """True if water around it does not harm it: a cable in its sheath."""
    return getattr(actor, "kind", "") == "link"
