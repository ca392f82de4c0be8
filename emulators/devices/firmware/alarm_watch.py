"""The watch over a device's alarms: each is raised and dropped when its condition has held for its delay."""

from __future__ import annotations

from typing import Protocol

from twinfeed.emulators.devices.firmware.firmware_faults import Suffering, false_alarm


class Watched(Suffering, Protocol):
    """A device that has alarms."""

    def remaining_s(self, name: str) -> float | None:
        """The time until that timer is due, s; None if it does not run."""

    def raise_alarm(self, name: str) -> None:
        """Announce that its condition holds."""

    def drop_alarm(self, name: str) -> None:
        """Announce that its condition holds no more."""


def watch_alarms(device: Watched) -> None:
    """Evaluate all conditions now."""
    active = device.state.alarms
    held = false_alarm(device) if device.state.faults else ""
    for alarm in device.alarms:
        name = alarm.name
        if name == held:
            if name not in active:
                device.raise_alarm(name)
            continue
        if name not in active:
            raising, holds, delay_s = True, alarm.when(device), alarm.delay_s
        else:
            holds = not alarm.when(device) if alarm.clear is None else alarm.clear(device)
            raising, delay_s = False, alarm.clear_delay_s
        if holds or delay_s > 0.0:
            _ripen(device, raising, name, holds, delay_s)


def _ripen(device: Watched, raising: bool, alarm: str, holds: bool, delay_s: float) -> None:
    """Raise or drop it when the condition has held for its delay."""
    if delay_s <= 0.0:
        if holds:
            (device.raise_alarm if raising else device.drop_alarm)(alarm)
        return
    timer = f"{'raise' if raising else 'drop'} {alarm}"
    running = device.remaining_s(timer) is not None
    if holds and not running:
        device.after(delay_s, timer)
    elif running and not holds:
        device.cancel(timer)
