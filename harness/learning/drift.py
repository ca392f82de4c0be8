"""What a twin gets wrong: a recording of the device and one of the emulator, compared through the profile.

Always compared: identity, which variables and registers there are, ASN.1 types, what the profile gives no meaning, and
numbers that betray a wrong scale or unit. When both ran over time: when modes and alarms changed. When both were in the
same scenario: the values themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from emulators.devices.points import Value
from emulators.profiles.schema import Profile
from harness.learning import surfaces
from harness.learning.readings import Course, Reading, course
from harness.learning.recording import Recording
from harness.learning.surfaces import Difference
from harness.transports.places import point_of

KINDS = {
    "identity": "it says that it is something else",
    "missing": "the device has it, the twin lacks it",
    "extra": "the twin has it, the device lacks it",
    "rows": "tables have other rows",
    "type": "another ASN.1 type",
    "meaning": "the profile gives the device's value no meaning",
    "range": "no such value can be: unit or scale of the profile",
    "scale": "a power of ten or sixty apart: unit or scale",
    "value": "another value in the same scenario",
    "timing": "it changed at another time, or to something else",
}
"""Kinds of differences in the order they are told."""

POSSIBLE = {
    "Hz": (0.0, 70.0),
    "%": (-200.0, 400.0),
    "°C": (-60.0, 200.0),
    "rpm": (0.0, 10000.0),
    "V": (-1000.0, 1500.0),
}
"""What such a quantity can be in a data centre; a profile that reads more has the wrong unit or scale. Generous: a
crest factor's overload and a hot exhaust are within."""

STEADY = ("V", "Hz", "°C", "rpm")
"""Units of quantities that differ little from one device to another of its kind: factors between them mean a scale."""

FACTORS = (10.0, 100.0, 1000.0, 60.0, 3600.0)
NEAR = 0.15
"""So near to a factor, relative, the quotient of two values is taken for it."""

VOLATILE = ("system.", "alarm_row.", "alarm.count")
"""Points of the installation rather than of the product: names, clocks, rows that come and go."""


@dataclass(frozen=True)
class Change:
    """A point became `value` after `after_s` and not later than `by_s`, s since the recording's start."""

    value: Value
    after_s: float
    by_s: float

    def __str__(self) -> str:
        return f"{_shown(self.value)} at {round(self.after_s, 1):g} to {round(self.by_s, 1):g} s"


def drift(
    device: Recording,
    twin: Recording,
    profile: Profile | None,
    *,
    same_scenario: bool = False,
    tolerance: float = 0.1,
    within_s: float = 1.0,
    partial: bool = False,
    ignore: Iterable[str] = (),
) -> list[Difference]:
    """Every difference, in the order of `KINDS`.

    `tolerance` is how far values may be apart in the same scenario, relative to the larger; `within_s` how far
    changes may be apart, s, beyond what the walks leave open. The recording of a `partial` device does not hold all of
    it: what only the twin has is no difference then. `ignore` are OIDs and points, with what is below them.

    Raises:
        ValueError: the recordings are of different protocols.
    """
    if device.protocol != twin.protocol:
        raise ValueError(f"the device was recorded by {device.protocol}, the twin by {twin.protocol}: both by one")
    found = list(_identity(device, twin))
    found += surfaces.compare(device, twin, profile)
    if profile is not None:
        theirs, ours = course(device, profile), course(twin, profile)
        found += _numbers(theirs, ours)
        if same_scenario:
            found += _values(theirs, ours, tolerance)
        if len(theirs) > 1 and len(ours) > 1:
            found += _timing(theirs, ours, profile, within_s)
    left_out = tuple(ignore)
    kept = [d for d in found if not any(f"{d.where} ".startswith((f"{name}.", f"{name} ")) for name in left_out)]
    if partial:
        kept = [d for d in kept if d.kind != "extra" and not (d.kind == "rows" and d.note.startswith("only the twin"))]
    order = list(KINDS)
    return sorted(kept, key=lambda difference: order.index(difference.kind))


def _identity(device: Recording, twin: Recording) -> Iterator[Difference]:
    theirs, ours = device.identity, twin.identity
    for name in theirs:
        if name != "sysDescr" and theirs[name] != ours.get(name):
            where = name if not name.isdigit() else f"identification object {name}"
            yield Difference("identity", where, theirs[name], ours.get(name, "–"))


# -- values -----------------------------------------------------------------------------------------------------


def _numbers(theirs: Course, ours: Course) -> Iterator[Difference]:
    """What the device's values say of the profile's meanings, units and scales, whatever state the device is in."""
    device, twin = _by_point(theirs), _by_point(ours)
    for point, readings in device.items():
        wrong = next((reading.wrong for reading in readings if reading.wrong), "")
        unit = readings[0].unit
        numbers, others = _finite(readings), _finite(twin.get(point, []))
        if wrong:
            yield Difference("meaning", point, wrong, _span(others, unit))
        if not numbers:
            continue
        low, high = POSSIBLE.get(unit, (-math.inf, math.inf))
        if min(numbers) < low or max(numbers) > high:
            note = f"{low:g} to {high:g} {unit} is possible"
            yield Difference("range", point, _span(numbers, unit), _span(others, unit), note)
        elif others and unit in STEADY and (factor := _factor(median(numbers), median(others))):
            yield Difference("scale", point, _span(numbers, unit), _span(others, unit), f"the device shows {factor}")


def _values(theirs: Course, ours: Course, tolerance: float) -> Iterator[Difference]:
    """The worst difference of each point over time."""
    worst: dict[str, tuple[float, Difference]] = {}
    for t_s, readings in theirs:
        others = max((walk for walk in ours if walk[0] <= t_s + 1e-6), key=lambda walk: walk[0], default=ours[0])[1]
        for point, reading in readings.items():
            other = others.get(point)
            if other is None or reading.wrong or other.wrong or point.startswith(VOLATILE):
                continue
            apart = _apart(reading.value, other.value)
            if apart > tolerance and apart > worst.get(point, (0.0,))[0]:
                by = f"by {100 * apart:.0f} %, " if math.isfinite(apart) else ""
                worst[point] = (
                    apart,
                    Difference(
                        "value", point, _shown(reading.value, reading.unit), _shown(other.value, other.unit),
                        f"{by}at {round(t_s, 1):g} s",
                    ),
                )  # fmt: skip
    for _, difference in worst.values():
        yield difference


def _apart(value: Value, other: Value) -> float:
    """How far two values are apart, relative to the larger one; infinitely for words."""
    if _is_number(value) and _is_number(other):
        a, b = float(value), float(other)
        if math.isnan(a) or math.isnan(b):
            return 0.0 if math.isnan(a) and math.isnan(b) else math.inf
        # Products round to whole units or tenths: less than one of those is no difference.
        return 0.0 if abs(a - b) <= 1.0 and abs(a) < 10.0 else abs(a - b) / max(abs(a), abs(b))
    return 0.0 if value == other else math.inf


def _factor(value: float, other: float) -> str:
    if not value or not other or value * other < 0:
        return ""
    quotient = value / other
    for factor in FACTORS:
        if abs(quotient / factor - 1.0) < NEAR:
            return f"{factor:g} times as much"
        if abs(quotient * factor - 1.0) < NEAR:
            return f"{factor:g} times less"
    return ""


# -- timing -----------------------------------------------------------------------------------------------------


def _timing(theirs: Course, ours: Course, profile: Profile, within_s: float) -> Iterator[Difference]:
    """Modes and alarms whose changes are not the same, or not at the same time."""
    until_s = min(theirs[-1][0], ours[-1][0])
    device, twin = _changes(theirs, profile, until_s), _changes(ours, profile, until_s)
    for point in sorted(device.keys() & twin.keys()):
        here, there = device[point], twin[point]
        if [change.value for change in here] != [change.value for change in there]:
            yield Difference("timing", point, _told(here), _told(there), "other changes")
            continue
        apart = [_gap(a, b) for a, b in zip(here, there, strict=True)]
        late = max(apart, key=abs, default=0.0)
        if abs(late) > within_s:
            note = f"the twin is {round(abs(late), 1):g} s {'late' if late > 0 else 'early'} at least"
            yield Difference("timing", point, _told(here), _told(there), note)


def _changes(of: Course, profile: Profile, until_s: float) -> dict[str, list[Change]]:
    """How each mode and alarm changed; the first value counts as no change."""
    found: dict[str, list[Change]] = {}
    for point in sorted(set().union(*(readings for _, readings in of))):
        if point.startswith(VOLATILE):
            continue
        seen = [(t_s, readings[point]) for t_s, readings in of if point in readings and t_s <= until_s]
        known = point_of(profile.kind, point)
        if not (known is not None and known.values) and not any(isinstance(r.value, bool) for _, r in seen):
            continue
        found[point] = [
            Change(after.value, before_s, after_s)
            for (before_s, before), (after_s, after) in pairwise(seen)
            if after.value != before.value and not after.wrong
        ]
    return found


def _gap(device: Change, twin: Change) -> float:
    """How much later the twin changed, s, at least: walks leave open when it was between them."""
    if twin.after_s > device.by_s:
        return twin.after_s - device.by_s
    if device.after_s > twin.by_s:
        return twin.by_s - device.after_s
    return 0.0


# -- words ------------------------------------------------------------------------------------------------------


def _by_point(of: Course) -> dict[str, list[Reading]]:
    found: dict[str, list[Reading]] = {}
    for _, readings in of:
        for point, reading in readings.items():
            found.setdefault(point, []).append(reading)
    return found


def _finite(readings: list[Reading]) -> list[float]:
    return [float(r.value) for r in readings if _is_number(r.value) and math.isfinite(float(r.value)) and not r.wrong]


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _span(numbers: list[float], unit: str) -> str:
    if not numbers:
        return "–"
    low, high = min(numbers), max(numbers)
    return f"{low:g} {unit}".strip() if low == high else f"{low:g} to {high:g} {unit}".strip()


def _shown(value: Value, unit: str = "") -> str:
    text = f"{value:g}" if isinstance(value, float) else value.hex() if isinstance(value, bytes) else str(value)
    return f"{text} {unit}".strip()


def _told(changes: list[Change]) -> str:
    return ", ".join(map(str, changes)) or "no change"
