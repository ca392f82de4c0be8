"""No silent failure: every fault with an effect on the plant is alarmed in time, by a device that it concerns.

Whether a fault has an effect is not looked up but tried: the plant goes on twice from the same snapshot, with and
without it, and what differs is the effect. So is what it alarms. An alarm counts if

- it would not have come without the fault at about that time, and
- its device has to do with the target: it is the target's own, or it manages, meters, is powered or is reached through
  something that feeds the target or is fed by it (`concerned`).

A device that the management station reaches no more counts as an alarm, too: every station shows that to its operator.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from twinfeed.emulators.site import Site
from twinfeed.harness.durations import seconds
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.schedule import Action, Schedule
from twinfeed.harness.faults.sinks import OfSite
from twinfeed.harness.properties.conditions import Conditions
from twinfeed.harness.properties.language import Time
from twinfeed.harness.tier3.dependencies import UNREACHABLE, concerned
from twinfeed.harness.tier3.snapshots import Snapshot, numbers, snapshot, states

ALARM_S = 60.0
"""The time by which an effect is to be alarmed by default, s after it begins (judgement, no source)."""

WATCH_S = 600.0
"""The time that an effect is waited for, s."""

SLOW: Mapping[str, Time] = {
    "leak": "12 h", "refrigerant-leak": "12 h", "charger": "6 h", "battery-weak": "2 h", "string-open": "2 h",
    "clogged-filter": "2 h", "condenser-fouling": "2 h", "restriction": "2 h", "wear": "2 h", "cooling": "6 h",
    "heat-wave": "6 h", "thermal-runaway": "2 h", "jacket-heater": "6 h", "pump-fails": "6 h", "float-stuck": "6 h",
}  # fmt: skip
"""Kinds that degrade: how long each is waited for."""

SLOW_ALARM_S = 1800.0
"""By when the effect of one of those is to be alarmed, s (judgement, no source)."""

EVERY_S, LOOKS = 5.0, 240
"""The period at which the plant is compared with what it would be, s; longer in a longer watch."""

MATTERS: Mapping[str, float] = {
    "hottest_inlet_c": 2.0,
    "supply_c": 2.0,
    "level_percent": 10.0,
    "charge_percent": 10.0,
    "airflow_percent": 10.0,
}
"""Numbers that are an effect when they differ by so much, in their unit. Other effects are of states."""


@dataclass(frozen=True)
class Silence:
    """The outcome of one fault."""

    injection: Injection
    effect: str
    """The first quantity that became other than it would have been, and what it became; '' if none did."""
    effect_s: float
    """When, s after the fault; infinite if none did."""
    alarm: str
    """The first alarm that reports it, `device: alarm` or `device: unreachable`; '' if none did."""
    alarm_s: float
    """When, s after the fault; infinite if none did."""
    time_s: float
    """The time after the effect at which it may come, s."""
    elsewhere: str = ""
    """The first alarm of a device that it does not concern: it comes of the fault, and does not point to it."""

    @property
    def silent(self) -> bool:
        """True if it had an effect without an alarm in time."""
        return self.effect != "" and self.alarm_s > self.effect_s + self.time_s

    def __str__(self) -> str:
        fault = f"{self.injection.target} {self.injection.kind}"
        if not self.effect:
            return f"{fault}: no effect in the time it was watched"
        told = f"{self.alarm} after {self.alarm_s:g} s" if self.alarm else "no alarm"
        if self.elsewhere and not self.alarm:
            told += f" but {self.elsewhere}"
        verdict = f"SILENT, {told}, expected within {self.time_s:g} s of the effect" if self.silent else told
        return f"{fault}: {self.effect} after {self.effect_s:g} s; {verdict}"


def no_silent_failure(
    site: Site,
    injections: Iterable[Injection],
    *,
    time: Time = ALARM_S,
    times: Mapping[str, Time] | None = None,
    watch: Time = WATCH_S,
    watches: Mapping[str, Time] = SLOW,
) -> list[Silence]:
    """Try every fault on the site as it is now, one at a time; the site is afterwards as it was before.

    Each goes the way it is written: with its ramp, its flapping, until its condition holds, for as long as it lasts.
    `at_s` counts from now. `times` has by when the effect of a kind is to be alarmed where it is not `time` (or
    `SLOW_ALARM_S` of those in `watches`); `watches` how long a kind is watched where it is not `watch`.

    Raises:
        PlantError: the site has no such target, fault or parameter.
    """
    snapshot, journal = site.plant.snapshot(), list(site.plant.journal)
    usual: dict[float, _Course] = {}
    own_times = {**dict.fromkeys(watches, SLOW_ALARM_S), **(times or {})}
    try:
        found = []
        for injection in injections:
            watch_s = seconds(watches.get(injection.kind, watch))
            if watch_s not in usual:
                site.plant.restore(snapshot)
                usual[watch_s] = _course(site, None, watch_s)
            site.plant.restore(snapshot)
            course = _course(site, injection, watch_s)
            effect, effect_s = _first_difference(usual[watch_s], course)
            who = concerned(site, injection.target)
            new = _new_alarms(usual[watch_s], course)
            alarm, alarm_s = _first(alarm for alarm in new if who.counts(*alarm[1:]))
            elsewhere, _ = _first(alarm for alarm in new if not who.counts(*alarm[1:]))
            allowed_s = seconds(own_times.get(injection.kind, time))
            found.append(Silence(injection, effect, effect_s, alarm, alarm_s, allowed_s, elsewhere))
        return found
    finally:
        site.plant.restore(snapshot)
        site.plant.journal[:] = journal


Told = tuple[float, str, str]
"""(when, device, alarm)."""


@dataclass
class _Course:
    """Observations while the plant went on, times counted from its start."""

    snapshots: list[tuple[float, Snapshot]]
    told: list[Told]


def _course(site: Site, injection: Injection | None, watch_s: float) -> _Course:
    start = site.now
    site.plant.journal.clear()
    begun = () if injection is None else (replace(injection, at_s=start + injection.at_s),)
    schedule, sink, conditions = Schedule(begun, site.plant.seed), OfSite(site), Conditions.of_site(site)
    reads = {**states(site), **numbers(site, tuple(MATTERS))}
    every_s = max(EVERY_S, watch_s / LOOKS)
    snapshots: list[tuple[float, Snapshot]] = []
    told: list[Told] = []
    silent: set[str] = set()
    next_s = start
    while True:
        for action in schedule.advance(site.now, lambda entry: conditions.hold(entry, site.now)):
            assert isinstance(action, Action), "only a fault is scheduled here"
            action.on(sink)
        if site.now >= next_s:
            next_s += every_s
            snapshots.append((site.now - start, snapshot(reads)))
            for name in site.devices:
                if site.reachable(name):
                    silent.discard(name)
                elif name not in silent:
                    silent.add(name)
                    told.append((site.now - start, name, UNREACHABLE))
        if site.now >= start + watch_s:
            break
        site.advance(min(next_s, schedule.next_due_s(), start + watch_s) - site.now)
    for event in site.plant.journal:
        if event.what == "alarm":
            told.append((event.t - start, event.who.removesuffix("/device"), str(event.data["alarm"])))
    return _Course(snapshots, sorted(told, key=lambda alarm: (alarm[0], alarm[2] == UNREACHABLE)))


def _first_difference(usual: _Course, course: _Course) -> tuple[str, float]:
    for (t, expected), (_, found) in zip(usual.snapshots, course.snapshots, strict=True):
        for name, value in found.items():
            other = expected[name]
            if isinstance(value, float) and isinstance(other, float):
                if abs(value - other) >= MATTERS[name.partition(".")[2]]:
                    return f"{name} became {value:.1f}", t
            elif value != other:
                return f"{name} became {value!s}", t
    return "", math.inf


def _new_alarms(usual: _Course, course: _Course) -> list[Told]:
    """The alarms that the usual course does not have at about that time."""
    known: dict[tuple[str, str], list[float]] = {}
    for t, device, alarm in usual.told:
        known.setdefault((device, alarm), []).append(t)
    return [
        (t, device, alarm)
        for t, device, alarm in course.told
        if not any(abs(t - at) <= EVERY_S for at in known.get((device, alarm), ()))
    ]


def _first(alarms: Iterator[Told]) -> tuple[str, float]:
    t, device, alarm = next(alarms, (math.inf, "", ""))
    return (f"{device}: {alarm}" if device else "", t)
