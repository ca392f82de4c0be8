"""Ratings and state of a circuit breaker: trip characteristics, settings, breaking capacity, the cable behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, log
from typing import Annotated, Literal

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.ratings import Range
from twinfeed.emulators.plant.kernel.tolerances import Tolerance

TRIP_TIME = Tolerance(-30.0, 0.0, "trip time 0 to -30 %, Schneider Compact NS catalogue p. A-15")
"""Of the trip time of an electronic release."""


@dataclass(frozen=True)
class Curve:
    """A trip characteristic. The thermal element is one exponential in the square of the current.

    From cold a current of i times the setting trips after tau * ln(i^2 / (i^2 - p^2)), p being the pickup.
    """

    pickup: float
    """Smallest current that ever trips, times the setting."""
    instantaneous: float
    """Trips without delay from here, times the rated current."""
    tau_s: float
    """Thermal time constant, s."""
    short_time: bool = False
    """It has a short-time protection."""


CURVES: Mapping[str, Curve] = {
    "B": Curve(pickup=1.28, instantaneous=4.0, tau_s=70.0),
    "C": Curve(pickup=1.28, instantaneous=7.5, tau_s=70.0),
    "D": Curve(pickup=1.28, instantaneous=15.0, tau_s=70.0),
    "electronic": Curve(pickup=1.2, instantaneous=15.0, tau_s=8.0 / log(36.0 / (36.0 - 1.44)), short_time=True),
}
"""B, C, D: IEC 60898-1 table 7, as printed in IEK VA47-100 user manual table 2 (1.13 In: no trip within 1 h; 1.45 In:
within 1 h; 2.55 In: 1 to 60 s, 120 s above 32 A; instantaneous 3-5, 5-10, 10-20 In). Pickup is the geometric mean of
the two conventional currents, instantaneous the middle of its band, tau gives 20 s at 2.55 In.

electronic: Micrologic 5.0 long-time protection with tr = 8 s, tsd = 0.1 s (Schneider Compact NS
catalogue p. A-15: tripping between 1.05 and 1.20 Ir; at 1.5 / 6 / 7.2 Ir 200 / 8 / 5.5 s, 0 to -30 %; short-time
break time at most 140 ms): p = 1.2 reproduces all three points of its upper limit. Ii is 15 In.
"""


@dataclass(frozen=True)
class BreakerRatings:
    """A 2500 A air circuit breaker with an electronic trip unit, as between a 1600 kVA transformer and its board."""

    rated_a: Annotated[float, Range(0.1, 20000.0, "A")] = 2500.0
    """Rated current, A."""
    setting: Annotated[float, Range(0.1, 1.0, "times rated")] = 1.0
    """Long-time setting, times rated (Ir of an electronic trip unit, 0.4 to 1; IEC 60898 types have 1)."""
    curve: Literal["electronic", "B", "C", "D"] = "electronic"
    """B, C or D of IEC 60898-1, or electronic."""
    tr_s: Annotated[float, Range(0.1, 60.0, "s"), TRIP_TIME] = 8.0
    """Long-time delay of an electronic trip unit at 6 Ir, s (0.5 to 24 on Micrologic 5.0)."""
    short_time: Annotated[float, Range(1.0, 20.0, "times the setting")] = 10.0
    """Short-time pickup of an electronic trip unit, times Ir (Isd: 1.5 to 10 on Micrologic 5.0)."""
    short_time_s: Annotated[float, Range(0.02, 1.0, "s")] = 0.14
    """Longest break time of the short-time protection, s (Micrologic 5.0: 0.08, 0.14, 0.2, 0.32 or 0.5)."""
    instantaneous: Annotated[float, Range(0.0, 1000.0, "times rated")] = 0.0
    """Trips without delay from here, times rated; 0 for that of the curve. A trip unit whose instantaneous release is
    off has a current that never comes."""
    earth_fault_a: Annotated[float, Range(0.0, 20000.0, "A")] = 0.0
    """Residual current that trips it (ANSI 50N/51N; Ig of Micrologic 6.0, 500 A to 1200 A on large frames; 0.03 to 30 A
    with a residual-current release), A; 0 for no such protection."""
    earth_fault_s: Annotated[float, Range(0.0, 10.0, "s")] = 0.14
    """Longest break time of the earth-fault protection, s (tg of Micrologic 6.0: 0.08, 0.14, 0.23, 0.35 or 0.5)."""
    zone_selective: bool = False
    """Zone-selective interlocking (ZSI): it trips after its delay only if a breaker below it, which is wired to it,
    sees the fault too, and without delay if none does."""
    icu_ka: Annotated[float, Range(0.0, 300.0, "kA")] = 0.0
    """Ultimate breaking capacity, kA (Icu of IEC 60947-2, Icn of IEC 60898-1); 0 for the usual one: see
    `breaking_ka`."""
    cable_m: Annotated[float, Range(0.0, 10000.0, "m")] = 0.0
    """Length of the cable from it to what it feeds, m; 0 for none."""
    cable_mm2: Annotated[float, Range(0.0, 100000.0, "mm2")] = 0.0
    """Copper of a phase of that cable, mm2; 0 for the usual section: 1 mm2 for every 2 A of the rating."""
    cable_mohm: tuple[Annotated[float, Range(0.0, 1e6, "mohm")], Annotated[float, Range(0.0, 1e6, "mohm")]] = (0.0, 0.0)
    """Resistance and reactance of a conductor of that cable, milliohm, where they are known; zeros for those of
    copper."""
    closed: bool = True
    """Position when the site starts."""


@dataclass
class BreakerState(State):
    position: str = "closed"
    """closed, open or tripped (open until `reset`)."""
    cause: str = ""
    """Why it last tripped: overload, short-time, instantaneous, earth fault, breaking capacity, out of step, fault or a
    caller's word."""
    damaged: bool = False
    """It had to break more than it can: it does not move until it is replaced."""
    mistaken: bool = False
    """It stands open because somebody took it for another one."""
    locks: list[str] = field(default_factory=list)
    """Owners of the padlocks on it: it cannot be closed until every one of them has taken theirs off."""
    heat: float = -1.0
    """Thermal memory at `since`, (current / rated)^2; negative before the first solution."""
    current: float = 0.0
    """Worst phase current held since then, times rated."""
    since: float = 0.0
    pickup: float = 0.0
    """The pickup of the setting that the thermal memory belongs to, times rated; 0 before the first solution."""
    operations: int = 0


UNRESTRAINED_S = 0.08
"""Break time of a zone-selective trip unit that no other restrains, s (Micrologic, tsd or tg at 0)."""

ARC_S = 0.007
"""The end of a trip in which the breaker opens even if the current is gone: the contacts part, s. With the times of
`instantaneous_s`, a miniature circuit-breaker goes before a moulded-case one and that before an air circuit-breaker, as
in their makers' tables of total selectivity."""


def instantaneous_s(ratings: BreakerRatings) -> float:
    """From pickup of the instantaneous release to the end of the current, s.

    Miniature circuit-breakers break in half a cycle (IEC 60898-1 gives no time; usual), moulded-case ones within a
    cycle, air circuit-breakers in 25 to 30 ms without intentional delay (Masterpact NT and NW catalogue; from memory).
    """
    if ratings.curve != "electronic":
        return 0.01
    return 0.018 if ratings.rated_a <= 630.0 else 0.03


def breaking_ka(ratings: BreakerRatings) -> float:
    """Breaking capacity, kA: as given, or the usual one of its kind.

    65 with an electronic trip unit (Masterpact NW H1; Compact NSX H has 70), 36 with a thermal-magnetic one above 125 A
    (Compact NSX F), 10 for a miniature circuit-breaker (usual for distribution boards).
    """
    if ratings.icu_ka:
        return ratings.icu_ka
    return 65.0 if ratings.curve == "electronic" else 36.0 if ratings.rated_a > 125.0 else 10.0


def instantaneous_a(ratings: BreakerRatings) -> float:
    """Pickup of the instantaneous release, A."""
    return ratings.rated_a * (ratings.instantaneous or CURVES[ratings.curve].instantaneous)


def thermal_tau_s(ratings: BreakerRatings) -> float:
    """Time constant of the thermal element or of its image, s."""
    tau = CURVES[ratings.curve].tau_s
    return tau * ratings.tr_s / 8.0 if ratings.curve == "electronic" else tau


def trip_times(ratings: BreakerRatings, amperes: float) -> tuple[float, float]:
    """(s until the trip can no longer be called off, s until the current has ended) from cold; inf for no trip."""
    curve, times = CURVES[ratings.curve], amperes / (ratings.rated_a * ratings.setting)
    tau = thermal_tau_s(ratings)
    final, limit = times**2, curve.pickup**2
    overload = tau * log(final / (final - limit)) if final > limit else inf
    found = [(overload, overload)]
    if curve.short_time and times >= ratings.short_time:
        found.append((ratings.short_time_s - ARC_S, ratings.short_time_s))
    if amperes >= instantaneous_a(ratings):
        found = [(instantaneous_s(ratings) - ARC_S, instantaneous_s(ratings))]
    return min(found, key=lambda pair: pair[1])
