"""No silent failure: every fault with an effect on the plant is alarmed by some device, in time.

Whether a fault has an effect is not looked up but tried: the plant goes on twice from the same snapshot, with and
without it, and what differs is the effect. So is what it alarms: alarms that would have come anyhow do not count.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from emulators.plant.engine import Event
from emulators.site import Site
from harness.durations import seconds
from harness.faults.injection import Injection
from harness.properties.language import Time

ALARM_S = 60.0
"""By when an effect is to be alarmed unless something else is said, s after it begins (judgement, no source)."""

WATCH_S = 600.0
"""How long an effect is waited for, s."""

EVERY_S = 5.0
"""How often the plant is compared with what it would be, s."""

WARMER_K = 2.0
"""A hall that differs by so much is an effect, K; other effects are of states: supplied, live, running, closed."""


@dataclass(frozen=True)
class Silence:
    """What became of one fault."""

    injection: Injection
    effect: str
    """The first quantity that became other than it would have been, and what it became; '' if none did."""
    effect_s: float
    """When, s after the fault; infinite if none did."""
    alarm: str
    """The first alarm that would not have come without it, `device: alarm`; '' if none did."""
    alarm_s: float
    """When, s after the fault; infinite if none did."""
    time_s: float
    """How long after the effect it may come, s."""

    @property
    def silent(self) -> bool:
        """Whether it did something that nobody was told in time."""
        return self.effect != "" and self.alarm_s > self.effect_s + self.time_s

    def __str__(self) -> str:
        fault = f"{self.injection.target} {self.injection.kind}"
        if not self.effect:
            return f"{fault}: no effect in the time it was watched"
        told = f"{self.alarm} after {self.alarm_s:g} s" if self.alarm else "no alarm"
        verdict = f"SILENT, {told}, expected within {self.time_s:g} s of the effect" if self.silent else told
        return f"{fault}: {self.effect} after {self.effect_s:g} s; {verdict}"


def no_silent_failure(
    site: Site,
    injections: Iterable[Injection],
    *,
    time: Time = ALARM_S,
    times: Mapping[str, Time] | None = None,
    watch: Time = WATCH_S,
) -> list[Silence]:
    """Try every fault on the site as it is now, one at a time; the site is afterwards as it was before.

    `times` has the time of a kind of fault where it is not `time`. Only what an injection is matters, not when.

    Raises:
        PlantError: the site has no such target, fault or parameter.
    """
    snapshot, journal = site.plant.snapshot(), list(site.plant.journal)
    watch_s = seconds(watch)
    try:
        usual, usual_alarms = _course(site, None, watch_s)
        found = []
        for injection in injections:
            site.plant.restore(snapshot)
            course, alarms = _course(site, injection, watch_s)
            effect, effect_s = _first_difference(usual, course)
            alarm, alarm_s = _first_new(usual_alarms, alarms)
            allowed_s = seconds((times or {}).get(injection.kind, time))
            found.append(Silence(injection, effect, effect_s, alarm, alarm_s, allowed_s))
        return found
    finally:
        site.plant.restore(snapshot)
        site.plant.journal[:] = journal


_Look = dict[str, object]


def _course(site: Site, injection: Injection | None, watch_s: float) -> tuple[list[tuple[float, _Look]], list[Event]]:
    """(looks at the plant, the alarms) while it goes on with that fault, times counted from now."""
    start = site.now
    site.plant.journal.clear()
    if injection is not None:
        site.inject(injection.target, injection.kind, injection.parameters, injection.for_s)
    looks = [(0.0, _look(site))]
    while site.now < start + watch_s:
        site.advance(min(EVERY_S, start + watch_s - site.now))
        looks.append((site.now - start, _look(site)))
    alarms = [Event(e.t - start, e.who, e.what, e.data) for e in site.plant.journal if e.what == "alarm"]
    return looks, alarms


def _look(site: Site) -> _Look:
    """The states of all components, and how warm the halls are."""
    found: _Look = {}
    for name, component in site.components.items():
        for quantity, unit in component.QUANTITIES.items():
            if unit == "" or quantity == "hottest_inlet_c":
                value = component.quantity(quantity)
                if isinstance(value, (bool, str)) or quantity == "hottest_inlet_c":
                    found[f"{name}.{quantity}"] = value
    return found


def _first_difference(usual: list[tuple[float, _Look]], course: list[tuple[float, _Look]]) -> tuple[str, float]:
    for (t, expected), (_, found) in zip(usual, course, strict=True):
        for name, value in found.items():
            other = expected[name]
            if isinstance(value, float) and isinstance(other, float):
                if abs(value - other) >= WARMER_K:
                    return f"{name} became {value:.1f}", t
            elif value != other:
                return f"{name} became {value}", t
    return "", math.inf


def _first_new(usual: list[Event], alarms: list[Event]) -> tuple[str, float]:
    """The first alarm that the usual course does not have."""
    known = {(event.who, event.data["alarm"]) for event in usual}
    for event in alarms:
        if (event.who, event.data["alarm"]) not in known:
            return f"{event.who.removesuffix('/device')}: {event.data['alarm']}", event.t
    return "", math.inf
