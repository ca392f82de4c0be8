"""Ratings and state of a power distribution unit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.ratings import Names, Range

REFERENCE_C = 30.0
"""Air for which a miniature circuit-breaker is rated, degC (IEC 60898-1). Cooler air is taken as this."""


@dataclass(frozen=True)
class PduRatings:
    """A rack or row PDU. The defaults are a row PDU of the Bamako site: 3 x 125 A, twelve 32 A ways with breakers.

    A rack PDU such as APC's AP8959EU3 is `phases: 1, rated_a: 32, outlets: 24, banks: 2, bank_a: 16, outlet_a: 10`
    (APC product page).
    """

    phases: Literal[1, 3] = 3
    """3, or 1 for a single-phase inlet on `phase` of what feeds it."""
    phase: Annotated[int, Range(1, 3, "(the phase)")] = 1
    """The phase a single-phase inlet is wired to, 1 to 3."""
    rated_a: Annotated[float, Range(1.0, 20000.0, "A")] = 125.0
    """Of the inlet, A per phase."""
    outlets: Annotated[int, Range(1, 256, "outlets")] = 12
    """Number of outlets."""
    banks: Annotated[int, Range(1, 64, "banks")] = 12
    """Outlets share these breakers in order: 12 outlets on 3 banks are 1-4, 5-8, 9-12. Bank n is on phase n mod 3."""
    bank_a: Annotated[float, Range(0.5, 2000.0, "A")] = 32.0
    """Rated current In of each bank's breaker, A."""
    bank_curve: Literal["B", "C", "D"] = "C"
    """Trip characteristic of those breakers, B, C or D (IEC 60898-1; see `twinfeed.emulators.plant.power.breakers`)."""
    bank_rise_k: Annotated[float, Range(0.0, 300.0, "K")] = 100.0
    """By how much the bimetal of a bank's breaker is warmer than air of 30 degC when it trips, K.

    In warmer air it trips at less current, at 60 degC at 84 % (derating tables of C60 breakers, from memory,
    unverified). 0 for a hydraulic-magnetic breaker, which air does not concern."""
    outlet_a: Annotated[float, Range(0.5, 2000.0, "A")] = 32.0
    """Rating of an outlet, A."""
    three_phase_outlets: tuple[Annotated[int, Range(1, 256, "(an outlet)")], ...] = ()
    """Outlets with all three phases; their bank is three-pole."""
    switched: bool = True
    """True if outlets have relays; a metered PDU has none."""
    controls_kw: Annotated[float, Range(0.0, 10.0, "kW")] = 0.01
    """Power of its meters, relays and network card, kW (5 to 20 W are usual; assumption)."""
    room: Annotated[str, Names("hall", "room")] = ""
    """The hall or room that its losses heat, and whose mean air is around its breakers."""
    latching: bool = True
    """Latching relays keep their position without power; others fall open and the firmware closes them again."""

    def __post_init__(self) -> None:
        if not 1 <= self.banks <= self.outlets:
            raise ValueError(f"banks is {self.banks}, expected 1 to {self.outlets}, the number of outlets")
        if any(outlet > self.outlets for outlet in self.three_phase_outlets):
            raise ValueError(f"three_phase_outlets: expected outlets from 1 to {self.outlets}")


@dataclass
class PduState(State):
    relays: list[bool] = field(default_factory=list)
    """Position of each outlet's relay, True closed."""
    tripped: list[bool] = field(default_factory=list)
    """Each bank's breaker."""
    metered_at: float = 0.0
    """When the integrals below were last brought up to date, s; the powers have been constant since."""
    kw: list[float] = field(default_factory=list)
    kva: list[float] = field(default_factory=list)
    kwh: list[float] = field(default_factory=list)
    kvah: list[float] = field(default_factory=list)
    inlet_kva: float = 0.0
    """Apparent power of the inlet: the vector sum of the outlets', less than their sum where power factors differ."""
    inlet_kvah: float = 0.0
    heating: list[float] = field(default_factory=list)
    """(I/In)² in each bank's breaker."""
    warmth: list[float] = field(default_factory=list)
    """Thermal state of each bank's breaker, in the unit of `heating`: what it tends to."""
    air_c: float = REFERENCE_C
    """Air that the breakers are rated for, degC."""
