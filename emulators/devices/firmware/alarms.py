"""Alarms: the conditions a kind of device announces, and the notices of them that become traps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol

from twinfeed.emulators.devices.firmware.points import D, F, Index, Point


@dataclass(frozen=True)
class Alarm(Generic[D]):
    """A condition the device announces: raised after `when` has held for `delay_s`, dropped after `clear` has.

    `clear` defaults to `not when`; give it to have different set and clear thresholds.
    """

    name: str
    doc: str
    when: Callable[[D], bool]
    clear: Callable[[D], bool] | None = None
    severity: str = "warning"
    """info, warning or critical."""
    delay_s: float = 0.0
    clear_delay_s: float = 0.0


Alarms = tuple[Alarm[F], ...]
"""The alarms of a kind of device whose firmware is an `F`."""


@dataclass(frozen=True, slots=True)
class Notice:
    """An alarm has just been raised or dropped: a trap is made from it."""

    t: float
    """When, s since the site was started."""
    alarm: str
    raised: bool
    index: Index | None = None
    """The row the alarm is about: an alarm raised as `link_down.12` is the alarm `link_down` of row 12."""


class _Alarmed(Protocol):
    @property
    def alarms(self) -> Mapping[str, float]:
        """Active alarms and when they were raised, s."""


class Announcing(Protocol):
    """A device that has alarms."""

    @property
    def state(self) -> _Alarmed:
        """The state of the device."""


def _active(name: str) -> Callable[[Announcing], bool]:
    return lambda device: name in device.state.alarms


def alarm_points(alarms: Iterable[Alarm[F]]) -> tuple[Point[Announcing], ...]:
    """A boolean point `alarm.NAME.active` for each alarm."""
    return tuple(Point(f"alarm.{a.name}.active", a.doc, _active(a.name), kind="truth") for a in alarms)
