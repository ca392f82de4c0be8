"""Faults of firmware and of people at a device: their kinds, and the effects of their start and end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from twinfeed.emulators.devices.firmware.alarms import Alarm
from twinfeed.emulators.devices.firmware.answer_faults import ANSWER_FAULTS, COUNTERS_ONLY
from twinfeed.emulators.devices.firmware.points import BoundPoint, Refused, UnknownPoint, Value
from twinfeed.emulators.devices.firmware.sensor_faults import (
    SENSOR_FAULTS,
    VARYING,
    Measuring,
    note,
    reevaluation_delay_s,
    unfit,
)
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter, split

FIRMWARE_FAULTS: Mapping[str, Fault] = {
    "card-hang": Fault("the management card answers nothing until it is restarted; the power train runs on"),
    "firmware-crash": Fault("the firmware has crashed: it neither acts nor answers until it is restarted"),
    "card-reboot": Fault("the management card restarts once", actuator=True),
    "card-slow": Fault(
        "the management card answers late",
        {"delay_s": Parameter(2.0, "s", 0.0, 60.0, "time before each answer")},
    ),
    "connection-limit": Fault(
        "the card keeps fewer connections (Modbus TCP) than its product does",
        {"limit": Parameter(1.0, "connections", 1.0, 64.0, "at a time", neutral=None)},
    ),
    "settings-lost": Fault("all settings are back at the factory's; clearing it brings the lost ones back"),
    "clock-jump": Fault(
        "the device's clock is wrong",
        {
            "offset": Parameter(86400.0, "s", -1e9, 1e9, "ahead of the site's clock"),
            "uptime": Parameter(0.0, "s", -1e9, 1e9, "by which its uptime is wrong too; it is never below 0"),
        },
    ),
    "command-ignored": Fault("commands and settings are acknowledged and not carried out"),
    "settings-changed": Fault(
        "a person has changed a setting; clearing the fault restores the old value",
        {
            "percent": Parameter(
                50.0, "%", 0.0, 1000.0, "of the old value, within its range; a yes/no is inverted", 100.0
            )
        },
        "people",
        ("setting",),
        actuator=True,
    ),
}
"""Every device can suffer these."""

ALARM_FAULTS: Mapping[str, Fault] = {
    "alarm-not-raised": Fault("no further alarm is raised"),
    "alarm-storm": Fault(
        "alarms are raised and cleared for no reason, one after the other",
        {"per_minute": Parameter(60.0, "1/min", 0.1, 600.0, "alarms raised a minute", neutral=None)},
    ),
}
"""Every device that has alarms can suffer these, too."""


class Suffering(Measuring, Protocol):
    """A device as far as its faults act on it."""

    @property
    def name(self) -> str:
        """The name of the device in messages."""

    @property
    def alarms(self) -> Sequence[Alarm[Any]]:
        """The alarms of its kind."""

    @property
    def OF_THIS_RUN(self) -> tuple[str, ...]:
        """Endings of settings that mean nothing after a restart of the site."""

    def fault(self, kind: str) -> Mapping[str, float] | None:
        """The parameters of that fault while it is active."""

    def reboot(self) -> None:
        """Restart the management card."""

    def on_settings(self) -> None:
        """All settings have been replaced."""

    def after(self, delay_s: float, name: str) -> None:
        """Start a timer."""

    def cancel(self, name: str) -> None:
        """Stop a timer."""

    def touch(self) -> None:
        """Something changed that others may see."""

    def log(self, what: str, **data: Any) -> None:
        """Write a line to the plant's journal."""


def left_in_manual(doc: str) -> Mapping[str, Fault]:
    """The fault of a device that was left in manual, so that it no longer acts by itself."""
    return {
        "left-in-manual": Fault(doc, family="people", actuator=True, failure=FailureMode("people", "left-in-manual"))
    }


def check(device: Suffering, kind: str, of: tuple[str, ...]) -> None:
    """Refuse a fault of a point that the device does not have, or that cannot suffer it.

    Raises:
        PlantError: gives the reason.
    """
    for name in of:
        try:
            bound = device.point(name)
        except UnknownPoint as error:
            raise PlantError(f"{kind}: {error}") from None
        if kind in SENSOR_FAULTS:
            wrong = unfit(device, kind, name)
        elif kind in ANSWER_FAULTS:
            counted = kind not in COUNTERS_ONLY or isinstance(bound.true(), (int, float))
            wrong = "" if counted else f"{name} is not a number"
        else:
            changeable = bound.point.write is not None and isinstance(bound.true(), (bool, int, float))
            wrong = "" if changeable else f"{name} is not a setting that is a number or a yes/no"
        if wrong:
            raise PlantError(f"{device.name} {kind}: {wrong}")
    if kind == "sensor-swapped":
        one, other = map(device.point, of)
        if one.name == other.name:
            raise PlantError(f"{device.name} {kind}: found {one.name} twice, expected two points")
        if one.point.unit != other.point.unit or isinstance(one.true(), bool) != isinstance(other.true(), bool):
            units = f"{one.point.unit or 'no unit'} and {other.point.unit or 'no unit'}"
            raise PlantError(f"{device.name} {kind}: {one.name} and {other.name} have {units}, expected the same")


def begin(device: Suffering, key: str) -> None:
    """Apply the first effects of a fault that has just become active."""
    kind, of = split(key)
    noted = device.state.faults[key]
    if kind == "card-reboot":
        del device.state.faults[key]
        device.reboot()
    elif kind == "settings-lost":
        lose_settings(device)
    elif kind == "settings-changed":
        change_setting(device, of[0], noted["percent"])
    elif kind == "alarm-storm":
        noted.setdefault("since", device.plant.now)
    elif kind in SENSOR_FAULTS:
        note(device, kind, of, noted)
    elif kind in COUNTERS_ONLY:
        noted.setdefault("at", float(device.point(of[0]).true()))
    if kind in VARYING or kind == "alarm-storm":
        reevaluate(device, key)


def end(device: Suffering, key: str) -> None:
    """Undo the effects of a fault that has just been cleared."""
    kind, of = split(key)
    if kind == "settings-lost":
        find_settings(device)
    elif kind == "settings-changed":
        put_back(device, of[0])
    device.cancel(f"reevaluate {key}")


def reevaluate(device: Suffering, key: str) -> None:
    """Let the firmware react to an effect that changes by itself, now and when it may have changed again."""
    active = device.fault(key)
    if active is not None:
        kind, _ = split(key)
        storm = kind == "alarm-storm"
        delay_s = 60.0 / active["per_minute"] if storm else reevaluation_delay_s(kind, active, device.plant.now)
        device.after(delay_s, f"reevaluate {key}")
        device.touch()


def false_alarm(device: Suffering) -> str:
    """The alarm that an alarm storm holds up at this moment, '' without one."""
    storm = device.fault("alarm-storm")
    if storm is None:
        return ""
    number = int((device.plant.now - storm["since"]) * storm["per_minute"] / 60.0 + 1e-6)
    return device.alarms[number % len(device.alarms)].name


def lose_settings(device: Suffering) -> None:
    state = device.state
    if "settings" not in state.set_aside:
        state.set_aside["settings"], state.settings = state.settings, {}
        device.on_settings()


def find_settings(device: Suffering) -> None:
    device.state.settings = device.state.set_aside.pop("settings")
    device.on_settings()


def change_setting(device: Suffering, name: str, percent: float) -> None:
    """Write the setting as a person at the device would, and keep what has changed by it, if anything has."""
    bound, state = device.point(name), device.state
    put_back(device, name)
    before, old, spec = dict(state.settings), bound.true(), bound.point
    if isinstance(old, bool):
        _act(device, bound, not old)
    elif isinstance(old, (int, float)):
        new = old * percent / 100.0
        new = new if spec.low is None else max(new, spec.low)
        new = new if spec.high is None else min(new, spec.high)
        _act(device, bound, round(new) if isinstance(old, int) else new)
    base: dict[str, Any] = state.set_aside.get("settings", before)
    changed = [key for key, value in state.settings.items() if key not in before or before[key] != value]
    if changed or bound.true() != old:
        state.set_aside[f"changed {name}"] = [old, {key: base[key] for key in changed if key in base}, changed]


def put_back(device: Suffering, name: str) -> None:
    """Undo `change_setting`: the point acts as before, and what was stored is exactly that again."""
    bound, state = device.point(name), device.state
    kept = state.set_aside.pop(f"changed {name}", None)
    if kept is None:
        return
    old, stored, changed = kept
    _act(device, bound, old)
    for settings in (state.settings, state.set_aside.get("settings", state.settings)):
        for key in changed:
            settings.pop(key, None)
    state.set_aside.get("settings", state.settings).update(stored)


def in_flash(device: Suffering) -> dict[str, Any]:
    """The settings that outlast a restart: as they are once faults are cleared, without what only this run knows."""
    state = device.state
    kept = dict(state.set_aside.get("settings", state.settings))
    for name, change in state.set_aside.items():
        if name.startswith("changed "):
            _, stored, changed = change
            for key in changed:
                kept.pop(key, None)
            kept.update(stored)
    return {name: value for name, value in kept.items() if not name.endswith(device.OF_THIS_RUN)}


def _act(device: Suffering, bound: BoundPoint, value: Value) -> None:
    """Write it at the device; where that is refused now, it stays as it is."""
    try:
        bound.act(value)
    except Refused as refusal:
        device.log("setting not changed", point=bound.name, reason=str(refusal))
