"""When modes and alarms changed on the device and on its twin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.harness.characterise.drift.readings import Course
from twinfeed.harness.characterise.drift.surfaces import Difference
from twinfeed.harness.transports.places import point_of

VOLATILE = ("system.", "alarm_row.")
"""Points of the installation rather than of the product: names, clocks, rows that come and go."""


@dataclass(frozen=True)
class Change:
    """A point became `value` after `after_s` and not later than `by_s`, s since the recording's start."""

    value: Value
    after_s: float
    by_s: float

    def __str__(self) -> str:
        return f"{_shown(self.value)} at {round(self.after_s, 1):g} to {round(self.by_s, 1):g} s"


def timing(theirs: Course, ours: Course, profile: Profile, within_s: float) -> Iterator[Difference]:
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
    """The changes of each mode and alarm; the first value counts as no change."""
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
    """The time by which the twin changed later, s, at least: walks leave open when it was between them."""
    if twin.after_s > device.by_s:
        return twin.after_s - device.by_s
    if device.after_s > twin.by_s:
        return twin.by_s - device.after_s
    return 0.0


def _shown(value: Value, unit: str = "") -> str:
    text = f"{value:g}" if isinstance(value, float) else value.hex() if isinstance(value, bytes) else str(value)
    return f"{text} {unit}".strip()


def _told(changes: list[Change]) -> str:
    return ", ".join(map(str, changes)) or "no change"
