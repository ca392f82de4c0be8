"""Alarms: the conditions a kind of device announces, and the notices of them that become traps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from twinfeed.emulators.devices.firmware.points import Index, Point


@dataclass(frozen=True, slots=True)
class Alarm:
    """A condition the device announces: raised after `when` has held for `delay_s`, dropped after `clear` has.

    `clear` defaults to `not when`; give it to have different set and clear thresholds.
    """

    name: str
    doc: str
    when: Callable[[Any], bool]
    clear: Callable[[Any], bool] | None = None
    severity: str = "warning"
    """info, warning or critical."""
    delay_s: float = 0.0
    clear_delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Notice:
    """An alarm has just been raised or dropped: what a trap is made from."""

    t: float
    alarm: str
    raised: bool
    index: Index | None = None
    """The row the alarm is about: an alarm raised as `link_down.12` is the alarm `link_down` of row 12."""


def alarm_points(alarms: Sequence[Alarm]) -> tuple[Point, ...]:
    """A boolean point `alarm.NAME.active` for each alarm, to be added to a device's `POINTS`."""
    return tuple(
        Point(f"alarm.{a.name}.active", a.doc, (lambda name: lambda d: name in d.state.alarms)(a.name), kind="truth")
        for a in alarms
    )
