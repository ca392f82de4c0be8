"""The trip unit of a circuit breaker: thermal memory, short-time, instantaneous and earth-fault protection.

It is physics that nobody can talk to: it opens the breaker by itself, after the time that its curve gives, and its
thermal memory carries over from one overload to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, log

from twinfeed.emulators.plant.power.breaker_ratings import (
    ARC_S,
    CURVES,
    UNRESTRAINED_S,
    BreakerRatings,
    BreakerState,
    instantaneous_a,
    instantaneous_s,
    thermal_tau_s,
)
from twinfeed.emulators.plant.power.electrical import Draw, Electrical, FaultFlow, Supply

TRIPS = ("overload", "short-time", "instantaneous", "earth fault")
"""The protections; each has a timer of its name, at whose end the breaker trips."""


class TripUnit:
    """Watches the current of one breaker; `trip` opens it."""

    def __init__(self, unit: Electrical[BreakerState, BreakerRatings], trip: Callable[[str], object]) -> None:
        self.unit, self._trip = unit, trip
        self.curve = CURVES[unit.params.curve]
        self.tau_s = thermal_tau_s(unit.params)
        self.below: Sequence[TripUnit] = ()
        """The next zone-selective trip units on the ways down, whose signals restrain this one."""
        self._looked: tuple[Draw, Supply, FaultFlow | None] | None = None

    @property
    def heat_percent(self) -> float:
        """Heat of the thermal element, % of that at which it trips."""
        return 100.0 * self._heat_now() / self._pickup() ** 2

    @property
    def residual_a(self) -> float:
        """Current that returns by the protective conductor, A."""
        return self.unit.fault_flow.residual_a if self.unit.fault_flow is not None else 0.0

    @property
    def restrains(self) -> bool:
        """True if it sees a fault and restrains the breaker above."""
        ratings = self.unit.params
        short = self.unit.worst_amperes >= ratings.short_time * ratings.rated_a * self._scale() * ratings.setting
        return short or (ratings.earth_fault_a > 0.0 and self.residual_a >= ratings.earth_fault_a)

    def look_again(self) -> None:
        """A fault has changed it."""
        self._looked = None
        self.unit.state.heat, self.unit.state.since = self._heat_now(), self.unit.plant.now
        self.unit.state.current = -1.0

    def stand_down(self) -> None:
        """The breaker has moved."""
        for name in TRIPS:
            self.unit.cancel(name)

    def react(self) -> None:
        unit = self.unit
        looked = (unit.load, unit.output, unit.fault_flow)
        if looked == self._looked:
            return
        self._looked = looked
        if unit.params.earth_fault_a:
            self._watch("earth fault", self.residual_a >= unit.params.earth_fault_a, unit.params.earth_fault_s)
        current = unit.worst_amperes / unit.params.rated_a
        if unit.state.heat < 0.0 or abs(current - unit.state.current) > 0.002 * current:
            self._hold(current)

    def on_timer(self, name: str) -> bool:
        """True if that timer is one of these; the breaker then trips."""
        if name not in TRIPS:
            return False
        self._trip(name)
        return True

    def _hold(self, current: float) -> None:
        """A new current from now on: bring the thermal memory up to date and time the trip that follows."""
        unit, state, ratings, pickup = self.unit, self.unit.state, self.unit.params, self._pickup()
        if state.heat < 0.0:
            state.heat = current * current if current <= ratings.setting else 0.0
        else:
            state.heat = self._heat_now()
            if state.pickup and state.pickup != pickup:  # a trip unit remembers parts of its setting, not amperes
                state.heat *= (pickup / state.pickup) ** 2
        state.current, state.since, state.pickup = current, unit.plant.now, pickup
        scale = self._scale()
        high = current >= instantaneous_a(ratings) / ratings.rated_a * scale
        self._watch("instantaneous", high, instantaneous_s(ratings))
        short = self.curve.short_time and current >= ratings.short_time * ratings.setting * scale
        self._watch("short-time", short, ratings.short_time_s)
        final, limit = current * current, pickup * pickup
        if current < pickup or high:
            unit.cancel("overload")
        elif state.heat >= limit:
            unit.after(0.0, "overload")
        elif final > limit:
            unit.after(self.tau_s * log((final - state.heat) / (final - limit)), "overload")

    def _watch(self, name: str, seen: bool, delay_s: float) -> None:
        """Time a trip from pickup on; it is called off until the contacts part."""
        running = self.unit.remaining_s(name)
        if not seen:
            if running is not None and running > ARC_S:
                self.unit.cancel(name)
        elif running is None:
            if self.unit.params.zone_selective and name != "instantaneous":
                restrained = any(below.restrains for below in self.below)
                delay_s = delay_s if restrained else min(delay_s, UNRESTRAINED_S)
            self.unit.after(delay_s, name)

    def _pickup(self) -> float:
        """The current that just trips it, times rated, as actually set."""
        return self.curve.pickup * self.unit.params.setting * self._scale()

    def _scale(self) -> float:
        """Every threshold as it is, times as intended."""
        wrong = self.unit.fault("mis-set")
        return wrong["percent"] / 100.0 if wrong else 1.0

    def _heat_now(self) -> float:
        state = self.unit.state
        final = max(0.0, state.current) ** 2
        return final + (max(0.0, state.heat) - final) * exp(-(self.unit.plant.now - state.since) / self.tau_s)
