"""Ratings and state of racks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.ratings import Names, Range


@dataclass(frozen=True)
class RackRowRatings:
    """A row of racks. The defaults make 190 racks the 1 MW of IT of the Bamako site."""

    racks: Annotated[int, Range(1, 64, "racks")] = 10
    """Number of racks."""
    phase: Annotated[int, Range(0, 3, "(the phase)")] = 0
    """1 to 3 when its cords are single-phase on that phase of a feed that is no PDU; 0 when they use all three."""
    rack_kw: Annotated[float, Range(0.0, 1000.0, "kW")] = 5.25
    """Draw of one rack at full utilisation with all cords good, kW."""
    power_factor: Annotated[float, Range(0.1, 1.0)] = 0.98
    """Of the power supplies, lagging (active PFC; typical 0.97 to 0.99)."""
    utilisation: Annotated[float, Range(0.0, 1.0)] = 1.0
    """At the start, 0 to 1."""
    idle_fraction: Annotated[float, Range(0.0, 1.0)] = 0.45
    """What an idle rack draws of its full power (SPECpower_ssj2008 results of 2015 to 2020: 0.3 to 0.5 with storage and
    network equipment above that; assumption)."""
    standby_fraction: Annotated[float, Range(0.0, 1.0)] = 0.02
    """Draw of a shut-down rack: service processors (assumption)."""
    psu_side_kw: Annotated[float, Range(0.01, 2000.0, "kW")] = 6.0
    """Rating of the power supplies on one cord, kW of output: each side carries the rack alone."""
    first_outlet: Annotated[int, Range(1, 256, "(an outlet)")] = 1
    """The outlet of each PDU that rack 1 is plugged into."""
    psu_start_s: Annotated[float, Range(0.0, 600.0, "s")] = 2.0
    """From good voltage to output of a power supply that had dropped out, s (EPS12V soft start; assumption)."""
    inrush: Annotated[float, Range(1.0, 20.0, "times rated")] = 1.6
    """Draw of a rack while its supplies charge and fans start, as a multiple of `rack_kw` (assumption)."""
    inrush_s: Annotated[float, Range(0.001, 60.0, "s")] = 0.5
    """Duration of the inrush, s."""
    boot_s: Annotated[float, Range(0.0, 86400.0, "s")] = 240.0
    """From power to full load again, s (firmware self-test, operating system, services; assumption)."""
    shutdown_s: Annotated[float, Range(0.0, 86400.0, "s")] = 120.0
    """An orderly shutdown of all systems of a rack, s (assumption)."""
    auto_restart: bool = True
    """True if servers start by themselves when power returns ("last state" in their firmware setup)."""
    hall: Annotated[str, Names("hall")] = ""
    """The hall whose `inlet_c` they breathe and which takes their heat."""
    overheat_c: Annotated[float, Range(20.0, 100.0, "degC")] = 45.0
    """Inlet temperature at which servers shut themselves down, C (ASHRAE class A4 allows 45; the trip is assumed)."""

    def __post_init__(self) -> None:
        if self.standby_fraction > self.idle_fraction:
            raise ValueError(f"standby_fraction is {self.standby_fraction:g}, expected at most idle_fraction")


IT_STATES = ("running", "booting", "stopping", "stopped", "down", "overheated")
"""The states of the equipment of a rack."""


@dataclass
class RackRowState(State):
    it: list[str] = field(default_factory=list)
    """Of each rack: running, booting, stopping, stopped (orderly), down (lost its supply) or overheated."""
    since: list[float] = field(default_factory=list)
    """When it became so, s."""
    utilisation: list[float] = field(default_factory=list)
    plugged: list[list[int]] = field(default_factory=list)
    """By cord and rack: the terminal, from 0, that the cord is plugged into; -1 is none."""
    used: list[list[float]] = field(default_factory=list)
    """By cord and rack: which part of its ride-through a power supply has used up (1 = it drops out); of one that has
    dropped out, which part of its start is still to come."""
    dropped: list[list[bool]] = field(default_factory=list)
    """By cord and rack: whether the power supply has dropped out."""
    rates: list[list[float]] = field(default_factory=list)
    """By cord and rack: how fast `used` moves, 1/s; constant since `counted_at`."""
    counted_at: float = 0.0
    losses: int = 0
    """Number of times that a rack whose equipment was on has lost its supply."""


@dataclass(frozen=True)
class RackRatings(RackRowRatings):
    """A single rack."""

    racks: Annotated[int, Range(1, 64, "racks")] = 1
    """Number of racks."""
