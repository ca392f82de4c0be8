"""The hazards of a place: its fire, the water on its floor, its detection and suppression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, inf
from typing import Protocol

from twinfeed.emulators.plant.kernel.actor import Clock
from twinfeed.emulators.plant.places import fire
from twinfeed.emulators.plant.places.ratings import PlaceRatings, PlaceState

SPREADING_KW = 50.0
"""Heat release below which a fire does not go through a wall that has failed, kW (assumption)."""

BRIGADE_S = 60.0
"""Time constant of a fire that the brigade puts out, s (assumption)."""

ALARM_PERCENT = 3.0
"""Smoke at which detectors respond, %/m (EN 54-7 point detectors: 0.05 to 0.3 dB/m, 1 to 7 %/m; the middle)."""

WATER_MM_MIN: Mapping[str, float] = {"sprinkler": 12.0, "pre-action": 12.0, "water-mist": 1.0}
"""Water on the floor by kind of suppression, mm/min (FM Global DS 5-33: 12 mm/min over electrical storage; mist uses a
tenth; both from memory)."""

CLOSED_AFTER_S = 1800.0
"""Time after which people close the valve of a sprinkler, s (assumption)."""

GAS_S = 60.0
"""Length of a discharge of inert gas, s (EN 15004-1: 95 % of the design concentration within 60 s)."""

PUMPED_MM_MIN = 10.0
"""Fall of standing water once people pump it out, mm/min (assumption)."""


LEAKAGE_PER_H = 0.01
"""Changes of air an hour through doors and cracks (assumption)."""

SMALLEST_PERCENT = 0.01
"""Hydrogen that does not matter, %: a four-hundredth of the lower explosive limit."""


class Unit(Protocol):
    """The place as its hazards see it."""

    @property
    def id(self) -> str: ...

    @property
    def state(self) -> PlaceState: ...

    @property
    def params(self) -> PlaceRatings: ...

    @property
    def plant(self) -> Clock: ...

    @property
    def air_c(self) -> float: ...

    @property
    def burning_inside_kw(self) -> float: ...

    @property
    def off_gas(self) -> bool: ...

    @property
    def made_m3_h(self) -> float: ...

    def active(self, kind: str) -> Mapping[str, float] | None: ...

    def after(self, delay_s: float, name: str) -> None: ...

    def cancel(self, name: str) -> None: ...

    def remaining_s(self, name: str) -> float | None: ...

    def log(self, what: str, **data: object) -> None: ...

    def touch(self) -> None: ...


class Fire:
    """The fire of a place, from ignition to the last ember."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.neighbours: Sequence[Fire] = ()

    @property
    def kw(self) -> float:
        """Heat release now without that of burning batteries, kW."""
        state, now = self.unit.state, self.unit.plant.now
        if state.fire_at < 0.0:
            return 0.0
        if state.down_at >= 0.0:
            return fire.faded(state.down_kw, now - state.down_at, state.down_s)
        return fire.release_kw(now - state.fire_at, state.growth, state.peak_kw)

    def ignite(self, of: str, growth: float, peak: float, fuel: float, spread: float) -> None:
        state, now = self.unit.state, self.unit.plant.now
        if state.spent or self.kw > 0.0 or (state.fire_at == now and state.down_at < 0.0):
            return
        state.fire_at, state.fire_of, state.down_at = now, of, -1.0
        state.growth, state.peak_kw, state.fuel_mj, state.spread_min = growth, peak, fuel, spread
        self.unit.after(fire.burnt_s(fuel, growth, peak), "burnt out")
        self.plan()
        self.unit.log("fire", of=of)
        self.unit.touch()

    def plan(self) -> None:
        """Time the spread to the neighbours: the barrier holds for its rating, or not at all."""
        state = self.unit.state
        if state.fire_at < 0.0 or not self.neighbours:
            return
        holds = (
            0.0 if state.walls_broken or self.unit.active("barrier-open") is not None else self.unit.params.barrier_min
        )
        due = state.fire_at + 60.0 * max(holds, state.spread_min)
        if due >= self.unit.plant.now:
            self.unit.after(due - self.unit.plant.now, "spread")
        elif holds == 0.0:
            self.unit.after(0.0, "spread")

    def spread(self) -> None:
        """Set the neighbours alight, if it still burns."""
        state = self.unit.state
        if self.kw + self.unit.burning_inside_kw < SPREADING_KW:
            return
        for neighbour in self.neighbours:
            neighbour.ignite(state.fire_of, state.growth, state.peak_kw, state.fuel_mj, state.spread_min)

    def put_down(self, time_constant_s: float) -> None:
        """From now on it fades."""
        state, kw = self.unit.state, self.kw
        if state.fire_at < 0.0 or (state.down_at >= 0.0 and state.down_s <= time_constant_s):
            return
        state.down_at, state.down_kw, state.down_s = self.unit.plant.now, kw, time_constant_s
        self.unit.cancel("burnt out")
        self.unit.touch()

    def burn_out(self) -> None:
        """Its fuel is used up."""
        self.unit.state.spent = True
        self.put_down(fire.BURNT_OUT_S)

    def put_out(self, of: str) -> None:
        """The brigade has put out the fire that began at `of`."""
        if self.unit.state.fire_of == of:
            self.unit.cancel("spread")
            self.put_down(BRIGADE_S)


class Water:
    """The water on the floor of a place."""

    def __init__(self, unit: Unit, suppression: Suppression) -> None:
        self.unit, self._suppression = unit, suppression

    @property
    def rate_m_s(self) -> float:
        """Rise of the level, m/s; negative while it falls."""
        leak = self.unit.active("water")
        mm_min = (leak["rate"] if leak else 0.0) + self._suppression.water_mm_min - self.unit.params.drain_mm_min
        if leak is None and self._suppression.water_mm_min <= 0.0:
            mm_min -= PUMPED_MM_MIN
        return mm_min / 60000.0

    def reaches_s(self, heights: Sequence[float]) -> float:
        """Time until the level reaches the next of these heights, or the floor, s."""
        level, rate = self.unit.state.water_m, self.rate_m_s
        if rate > 0.0:
            above = [height - level for height in heights if height > level]
            return min(above, default=inf) / rate
        return level / -rate if level > 0.0 and rate < 0.0 else inf

    def advance(self, dt: float) -> None:
        state = self.unit.state
        state.water_m = min(self.unit.params.height_m, max(0.0, state.water_m + self.rate_m_s * dt))


class Suppression:
    """Detection, alarm and the extinguishing system of a place."""

    def __init__(self, unit: Unit, fire: Fire) -> None:
        self.unit, self._fire = unit, fire

    @property
    def gas(self) -> bool:
        """True while inert gas is in the place: from its release until people have aired it, 10 min later."""
        since = self.unit.plant.now - self.unit.state.released_at
        released = self.unit.params.suppression == "inert-gas" and self.unit.state.released_at >= 0.0
        return self.unit.active("gas-release") is not None or (released and since < 10.0 * GAS_S)

    @property
    def water_mm_min(self) -> float:
        """Water that the suppression pours on the floor, mm/min."""
        state = self.unit.state
        if state.released_at < 0.0 or self.unit.plant.now - state.released_at >= CLOSED_AFTER_S:
            return 0.0
        return WATER_MM_MIN.get(self.unit.params.suppression, 0.0)

    @property
    def overpressure_kpa(self) -> float:
        """Pressure above that of the neighbours during a discharge of gas, kPa."""
        fault = self.unit.active("gas-release")
        return fault["pressure"] if fault else 0.0

    def watch(self) -> None:
        """Raise the alarm on smoke, and release what is to be released."""
        state, params = self.unit.state, self.unit.params
        seen = state.smoke >= ALARM_PERCENT and self.unit.active("detection-failed") is None
        if seen and not state.alarm and self.unit.remaining_s("alarm") is None:
            self.unit.after(params.detection_s, "alarm")
        elif not seen:
            self.unit.cancel("alarm")
            if state.alarm and state.smoke < ALARM_PERCENT / 2.0 and not self.unit.off_gas:
                state.alarm = False
                self.unit.log("fire alarm over")
                self.unit.touch()
        if not state.walls_broken and self.overpressure_kpa > params.strength_kpa:
            state.walls_broken = True
            self.unit.log("walls broken", kpa=round(self.overpressure_kpa, 2))
            self._fire.plan()
        if self.gas:
            self._fire.put_down(fire.GAS_OUT_S)
        elif params.suppression in WATER_MM_MIN and self.unit.air_c >= params.head_c and self._armed:
            self.release()

    @property
    def _armed(self) -> bool:
        """True if a hot head lets water out: of a wet sprinkler always, of the others after the alarm."""
        return self.unit.state.alarm or self.unit.params.suppression == "sprinkler"

    def alarm(self) -> None:
        self.unit.state.alarm = True
        self.unit.log("fire alarm")
        if self.unit.params.suppression == "inert-gas":
            self.unit.after(self.unit.params.release_s, "release")
        self.unit.touch()

    def release(self) -> None:
        state = self.unit.state
        if state.released_at >= 0.0 or self.unit.active("suppression-failed") is not None:
            return
        state.released_at = self.unit.plant.now
        self.unit.log("suppression released", agent=self.unit.params.suppression)
        gas = self.unit.params.suppression == "inert-gas"
        self._fire.put_down(fire.GAS_OUT_S if gas else fire.WATER_OUT_S)
        self.unit.after(10.0 * GAS_S if gas else CLOSED_AFTER_S, "suppression over")
        self.unit.touch()


class Hydrogen:
    """The hydrogen of lead-acid batteries in the air of a place, mixed with all of it (EN IEC 62485-2)."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit

    @property
    def _room_m3(self) -> float:
        return self.unit.params.area_m2 * self.unit.params.height_m

    @property
    def _fresh_m3_h(self) -> float:
        """Fresh air by ventilation, and through doors and cracks, m3/h."""
        leaks_m3_h = LEAKAGE_PER_H * self._room_m3
        failed = self.unit.active("ventilation-failed") is not None
        return leaks_m3_h if failed else self.unit.params.ventilation_m3_h + leaks_m3_h

    @property
    def target_percent(self) -> float:
        """Hydrogen that the air would hold in the end with the present sources, %."""
        return min(100.0, 100.0 * self.unit.made_m3_h / self._fresh_m3_h)

    @property
    def changing(self) -> bool:
        return abs(self.target_percent - self.unit.state.hydrogen) > SMALLEST_PERCENT

    def advance(self, dt: float) -> None:
        time_constant_s = 3600.0 * self._room_m3 / self._fresh_m3_h
        self.unit.state.hydrogen = toward(self.unit.state.hydrogen, self.target_percent, dt, time_constant_s)


def toward(value: float, target: float, dt: float, time_constant_s: float) -> float:
    """First-order approach; a value below a hundredth of a unit becomes nothing."""
    new = target + (value - target) * exp(-dt / time_constant_s)
    return new if new > 0.01 or target > 0.01 else 0.0
