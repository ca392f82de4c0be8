"""Speed and voltage of sets on one bus after a load step, as a closed family of curves.

The sets of a bus are one `Machine`: they turn at one speed. All powers are per unit of what its engines can give at
this air temperature.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import e, exp, inf, log
from typing import NamedTuple

from twinfeed.emulators.plant.generation.diesel import GeneratorRatings

ASPIRATED_BAR = 8.0
"""Mean effective pressure that a diesel engine develops at once, without the air of its turbocharger, bar: the curve of
the first load step in ISO 8528-5 (figure 6, from memory) is 32 % at 25 bar, 40 % at 20 bar, 53 % at 15 bar."""


LOOKS = 60
"""Moments of the three time constants of a governor at which its demand is compared with the limit of the engine."""


class Machine(NamedTuple):
    """The figures of `GeneratorRatings` that shape a swing, for one set or for several on one bus."""

    inertia_s: float
    governor_s: float
    transient_reactance: float
    avr_s: float
    turbo_s: float
    aspirated: float
    """Power that the engines give at once from no load, per unit."""
    most: float
    """Power at the fuel stop, per unit."""
    kva_per_kw: float

    def sustained(self, power: float) -> float:
        """Power that the engines can give at once from a load held for long: the turbo delivers air for more."""
        return self.aspirated + (1.0 - self.aspirated / self.most) * min(max(power, 0.0), self.most)


def machine(ratings: GeneratorRatings) -> Machine:
    """The machine that one set is."""
    most = ratings.overload_percent / 100.0
    return Machine(
        ratings.inertia_s,
        ratings.governor_s,
        ratings.transient_reactance,
        ratings.avr_s,
        ratings.turbo_s,
        min(most, ASPIRATED_BAR / ratings.bmep_bar),
        most,
        ratings.kva / ratings.standby_kw,
    )


def coupled(sets: Sequence[tuple[Machine, float]]) -> Machine:
    """The machine that several sets on one bus are together; each with its rated power, kW."""
    if len(sets) == 1 or all(one == sets[0][0] for one, _ in sets):
        return sets[0][0]
    whole = sum(kw for _, kw in sets)
    return Machine(*(sum(figures[n] * kw for figures, kw in sets) / whole for n in range(len(Machine._fields))))


class Swing(NamedTuple):
    """Deviation of speed and voltage from their set points, per unit.

    Speed obeys 2H dw/dt = u - p with a critically damped governor of time constant T: a step of p dips it by
    -(p / 2H) t exp(-t / T). Sums and shifts of that have the form (a + b t) exp(-t / T), so any number of steps is
    two numbers.

    The engine gives at most `limit`, which approaches `aim` as the turbocharger follows. If the governor asks for more,
    from `stop_s` on it stands at its stop: the limit then heads for all that the engine can give, and the speed falls
    further by the integral of what is missing, `drop`, until the turbocharger has caught up and the engine has brought
    the speed nearly back. A small step therefore dips in proportion, a large one by more, and a load above the fuel
    stop stalls the engine.

    Voltage falls at once and returns as `v` exp(-t / avr).
    """

    at: float = 0.0
    a: float = 0.0
    b: float = 0.0
    v: float = 0.0
    limit: float = 0.0
    aim: float = 0.0
    power: float = 0.0
    """Power drawn."""
    drop: float = 0.0
    stop_s: float = -1.0
    """When the governor meets its stop, s since the site was started; negative if it does not."""

    @classmethod
    def standing(cls, now: float, m: Machine) -> Swing:
        """Of a set that has just been started."""
        return cls(at=now, limit=m.aspirated, aim=m.aspirated)

    @property
    def limited(self) -> bool:
        """True if the governor stands at its stop, or is about to meet it."""
        return self.stop_s >= 0.0

    def moved(self, now: float, m: Machine) -> Swing:
        """The curve counted from `now`."""
        dt = now - self.at
        if dt <= 0.0:
            return self
        fade = exp(-dt / m.governor_s)
        return self._replace(
            at=now,
            a=(self.a + self.b * dt) * fade,
            b=self.b * fade,
            v=self.v * exp(-dt / m.avr_s),
            limit=self._limit(now, m),
            drop=self._dropped(now, m),
        )

    def _limit(self, t: float, m: Machine) -> float:
        """Power that the engine can give at that time."""
        before = min(t, self.stop_s) if self.limited else t
        limit = self.limit
        if before > self.at:
            limit = self.aim + (limit - self.aim) * exp(-(before - self.at) / m.turbo_s)
        if self.limited and t > self.stop_s:
            limit = m.most + (limit - m.most) * exp(-(t - max(self.stop_s, self.at)) / m.turbo_s)
        return limit

    def _dropped(self, t: float, m: Machine) -> float:
        """Speed lost at the stop by that time, per unit."""
        if not self.limited or t <= self.stop_s:
            return 0.0
        start = max(self.stop_s, self.at)
        missing = (self.power - m.most) * (t - start)
        missing += (m.most - self._limit(start, m)) * m.turbo_s * (1.0 - exp(-(t - start) / m.turbo_s))
        return self.drop + missing / (2.0 * m.inertia_s)

    def speed(self, now: float, m: Machine) -> float:
        """Deviation of speed, per unit."""
        dt = max(0.0, now - self.at)
        return (self.a + self.b * dt) * exp(-dt / m.governor_s) - self._dropped(now, m)

    def voltage(self, now: float, m: Machine) -> float:
        """Deviation of voltage, per unit."""
        return self.v * exp(-max(0.0, now - self.at) / m.avr_s)

    def loaded(self, now: float, m: Machine, power: float, kw_step: float, kva_step: float) -> Swing:
        """After a step of active and apparent power, per unit; `power` is what is drawn from now on."""
        here = self.moved(now, m)
        dip = m.transient_reactance * kva_step
        dip /= 1.0 + abs(dip)
        here = here._replace(v=here.v - dip, power=power)
        if here.limited and now >= here.stop_s:
            return here
        here = here._replace(b=here.b - kw_step / (2.0 * m.inertia_s), aim=m.sustained(power), stop_s=-1.0)
        return here._replace(stop_s=here._meets_stop_s(m))

    def _meets_stop_s(self, m: Machine) -> float:
        """When the governor asks for more than the limit, s since the site was started; -1 for never."""
        if self.power < self.limit and self.power < self.aim:
            return -1.0
        for look in range(LOOKS + 1):
            dt = 3.0 * m.governor_s * look / LOOKS
            rising = (self.b - (self.a + self.b * dt) / m.governor_s) * exp(-dt / m.governor_s)
            if self.power + 2.0 * m.inertia_s * rising > self._limit(self.at + dt, m) + 1e-9:
                return self.at + dt
        return -1.0

    def back(self, now: float, m: Machine) -> bool:
        """True if the governor can bring back the speed that is lost at the stop without more than the engine gives."""
        here = self.moved(now, m)
        spare = (here.limit - here.power) / (2.0 * m.inertia_s)
        return here.limited and now > here.stop_s and spare > 0.0 and here.drop <= spare * m.governor_s * e + 1e-9

    def released(self, now: float, m: Machine) -> Swing:
        """The governor leaves its stop."""
        here = self.moved(now, m)
        rising = (here.limit - here.power) / (2.0 * m.inertia_s)
        b = here.b + rising - here.drop / m.governor_s
        return here._replace(a=here.a - here.drop, b=b, drop=0.0, aim=m.sustained(here.power), stop_s=-1.0)

    def stalls_s(self, now: float, m: Machine, drop: float) -> float:
        """Seconds until the speed lost at the stop is `drop`, inf if it never is."""
        if not self.limited:
            return inf
        begins = max(now, self.stop_s)
        here = self.moved(begins, m)
        if here.drop >= drop:
            return begins - now
        if here.power <= here.limit:
            return inf
        ends = inf
        if here.power < m.most:
            ends = begins + m.turbo_s * log((m.most - here.limit) / (m.most - here.power))
        return _crossing(lambda t: here._dropped(t, m) - drop, begins, ends) - now

    def size(self, now: float, m: Machine) -> float:
        """A bound of both deviations from now on while the engine can give what is drawn, per unit."""
        here = self.moved(now, m)
        return max(abs(here.a) + abs(here.b) * m.governor_s, abs(here.v))

    def settled(self, now: float, m: Machine) -> bool:
        """Within 0.04 % of both set points for good."""
        return not self.limited and self.size(now, m) < 4e-4


def _crossing(f: Callable[[float], float], low: float, high: float) -> float:
    """The argument at which f, which rises from `low` to `high`, becomes positive; inf if it does not."""
    if high == inf:
        high = low + 1.0
        while f(high) < 0.0:
            high = low + 2.0 * (high - low)
            if high > low + 1e6:
                return inf
    elif f(high) < 0.0:
        return inf
    for _ in range(50):
        middle = (low + high) / 2.0
        low, high = (low, middle) if f(middle) >= 0.0 else (middle, high)
    return high
