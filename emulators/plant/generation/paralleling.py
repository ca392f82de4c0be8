"""Sets in parallel: one speed and one voltage for all sets of a bus, and what each of them gives.

The sets of a bus are held in step by the bus. A governor or a voltage regulator whose set point differs from the
others' therefore cannot move the frequency or the voltage of its set alone: it moves active or reactive power between
the sets, up to the limits of engine and excitation. `balance` finds that state, `Regulation` the way to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, exp, pi, sin
from typing import NamedTuple

from twinfeed.emulators.plant.generation.diesel import GeneratorRatings

STIFF = 1e-6
"""Slope of a set that shares its load isochronously, per unit: the controllers trim governors and regulators until all
give the same share at nominal frequency and voltage."""

GOVERNOR_DROOP = 0.04
"""Slope of a governor whose set point the load sharing cannot trim, per unit (3 to 5 % is usual)."""

QUADRATURE_DROOP = 0.04
"""Slope of a voltage regulator likewise, per unit of rated reactive current (3 to 5 % is usual)."""

MOTORING = 0.06
"""Power an engine without fuel takes from its bus to be turned, share of its rating (5 to 10 % is usual)."""

HUNTING_PERIOD_S = 2.0
"""Of a governor that hunts, s (0.5 Hz is usual)."""


class Characteristic(NamedTuple):
    """The power of one set where nothing moves any more: active power by speed, or reactive power by voltage.

    Its share of `rating` is `share` at its own set point, which is `offset` away from nominal, and falls by one from
    there over a deviation of `slope`. Deviations are per unit of nominal speed or voltage.
    """

    rating: float
    """kW or kvar of the share one."""
    share: float
    offset: float
    slope: float
    low: float
    """Smallest share: an engine without fuel, an alternator without field."""
    high: float
    """Largest share: the fuel stop, the ceiling of the excitation."""

    def power(self, deviation: float) -> float:
        """Power given at that deviation, kW or kvar."""
        wanted = self.share + (self.offset - deviation) / self.slope
        return self.rating * min(max(wanted, self.low), self.high)


def balance(sets: Sequence[Characteristic], total: float) -> tuple[float, list[float]]:
    """The deviation that all sets have in common and what each gives, so that they give `total` together.

    A total beyond all limits is shared in proportion to the ratings: the machines then give it from their inertia and
    their field.
    """
    low, high = -2.0, 2.0
    least, most = sum(s.power(high) for s in sets), sum(s.power(low) for s in sets)
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if sum(s.power(middle) for s in sets) > total else (low, middle)
    given = [s.power(high) for s in sets]
    missing = total - sum(given)
    whole = sum(s.rating for s in sets)
    return high if least < total < most else 0.0, [
        power + missing * s.rating / whole for power, s in zip(given, sets, strict=True)
    ]


class Regulation(NamedTuple):
    """The way of one set from one state of `balance` to the next: everything approaches its aim exponentially.

    `speed` and `volts` are the deviations of the bus, the same in all its sets; `kw` and `kvar` are what the set gives
    above its share by capacity. They add up to zero over the bus.
    """

    at: float = 0.0
    speed: float = 0.0
    volts: float = 0.0
    kw: float = 0.0
    kvar: float = 0.0
    speed_aim: float = 0.0
    volts_aim: float = 0.0
    kw_aim: float = 0.0
    kvar_aim: float = 0.0

    def moved(self, now: float, governor_s: float, avr_s: float) -> Regulation:
        """The way counted from `now`."""
        fast, slow = exp(-(now - self.at) / governor_s), exp(-(now - self.at) / avr_s)
        return self._replace(
            at=now,
            speed=self.speed_aim + (self.speed - self.speed_aim) * fast,
            volts=self.volts_aim + (self.volts - self.volts_aim) * slow,
            kw=self.kw_aim + (self.kw - self.kw_aim) * fast,
            kvar=self.kvar_aim + (self.kvar - self.kvar_aim) * slow,
        )

    def left(self, rated_kw: float) -> float:
        """The largest deviation from the aims at `at`, per unit."""
        power = max(abs(self.kw - self.kw_aim), abs(self.kvar - self.kvar_aim)) / rated_kw
        return max(abs(self.speed - self.speed_aim), abs(self.volts - self.volts_aim), power)


AT_REST = Regulation()


def hunting_speed(amplitude: float, now: float) -> float:
    """Deviation of speed that a hunting governor of that amplitude causes on its set alone, per unit."""
    return amplitude * sin(2.0 * pi * now / HUNTING_PERIOD_S)


def hunting_kw(inertia_kws: float, amplitude: float, now: float) -> float:
    """Power that moves a stored energy of `inertia_kws` (kW s at rated speed) to hunt by that amplitude, kW.

    It is 2 E dw/dt: the torque of a hunting governor turns its set if that is alone; in parallel its bus holds the set
    back, and the torque becomes electrical power.
    """
    omega = 2.0 * pi / HUNTING_PERIOD_S
    return 2.0 * inertia_kws * amplitude * omega * cos(omega * now)


def least_kvar(ratings: GeneratorRatings) -> float:
    """Reactive power of an alternator without field at nominal voltage, per unit of its kVA: it takes its own."""
    return -1.0 / ratings.synchronous_reactance


def most_kvar(ratings: GeneratorRatings) -> float:
    """Reactive power at the ceiling of the excitation and nominal voltage, per unit of its kVA.

    The ceiling is the field that sustains the current of a short circuit.
    """
    return ratings.sustained_short_circuit - 1.0 / ratings.synchronous_reactance
