"""Points of a device as people read them: the key values of its kind, numbers with units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import PointError, Value
from twinfeed.harness.durations import spoken

KEY_POINTS: dict[str, tuple[tuple[str, str], ...]] = {
    "ups": (
        ("", "ups.mode"),
        ("load", "output.load"),
        ("battery", "battery.charge"),
        ("lasts", "battery.runtime"),
    ),
    "generator": (
        ("", "engine.status"),
        ("", "engine.speed"),
        ("", "generator.power.total"),
        ("fuel", "engine.fuel_level"),
    ),
    "transfer_switch": (
        ("on", "switch.position"),
        ("normal", "source.1.voltage.1"),
        ("emergency", "source.2.voltage.1"),
        ("", "load.power"),
    ),
    "source_switch": (
        ("on", "switch.source"),
        ("a", "source.1.voltage.1"),
        ("b", "source.2.voltage.1"),
        ("", "output.power"),
    ),
    "pdu": (("", "input.power"), ("", "input.current"), ("", "input.voltage")),
    "meter": (("", "power.total"), ("", "current.average"), ("", "voltage.average"), ("", "energy.delivered")),
    "chiller": (
        ("", "chiller.state"),
        ("water", "water.leaving"),
        ("outdoor", "air.outdoor"),
        ("capacity", "capacity.percent"),
    ),
    "crah": (("supply", "air.supply"), ("return", "air.return"), ("fan", "fan.speed"), ("valve", "valve.position")),
    "crac": (("supply", "air.supply"), ("return", "air.return"), ("fan", "fan.speed"), ("load", "compressor.load")),
    "chilled_water_plant": (
        ("supply", "loop.supply"),
        ("return", "loop.return"),
        ("flow", "loop.flow"),
        ("pumps", "pumps.running"),
    ),
    "sensor": (("1", "probe.1.value"), ("2", "probe.2.value"), ("3", "probe.3.value"), ("4", "probe.4.value")),
    "relay_io": (("inputs", "input.word"), ("relays", "relay.word")),
    "switch": (("root", "stp.root_name"), ("psu", "psu.1.state"), ("", "psu.2.state"), ("cpu", "cpu.load")),
}
"""The points of each device kind for one line: a short label (empty if the value needs none) and a point.

A point that a device does not have (the third probe) is left out.
"""


def key_values(device: Device) -> list[dict[str, Any]]:
    """The most important points of a device: label, point, value, unit, and the value as text."""
    shown = []
    for label, name in KEY_POINTS.get(device.kind, ()):
        try:
            bound = device.point(name)
        except PointError:
            continue
        value, unit = bound.read(), bound.point.unit or _probe_unit(device, name)
        shown.append(
            {"label": label, "point": name, "value": plain(value), "unit": unit, "text": spoken_value(value, unit)}
        )
    return shown


def _probe_unit(device: Device, name: str) -> str:
    """The unit of a point whose unit is another point, such as `probe.1.unit`."""
    table, _, column = name.rpartition(".")
    if column != "value":
        return ""
    unit = str(device.read(f"{table}.unit"))
    return "°C" if unit == "C" else unit


def spoken_value(value: Value, unit: str) -> str:
    """A value with its unit as text: `94.2 %`, `0:09:41`, `yes`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        if not math.isfinite(value):
            return "no reading"
        if unit == "s":
            return spoken(value)
        if unit in LARGER and abs(value) >= 1000.0:
            value, unit = value / 1000.0, LARGER[unit]
        whole = unit in ("V", "rpm") or isinstance(value, int) or abs(value) >= 100.0
        return f"{value:.{0 if whole else 1}f} {unit}".strip()
    return value.hex(":") if isinstance(value, bytes) else str(value)


def pace(status: Mapping[str, Any]) -> str:
    """The speed of a site and whether its clock is stopped, from its status: `10x`, `10x, paused`."""
    return f"{status['speed']:g}x" + ("" if status["running"] else ", paused")


LARGER = {"W": "kW", "Wh": "kWh", "VA": "kVA", "kWh": "MWh"}
"""From a thousand on, the unit above."""


def plain(value: Value) -> float | int | bool | str | None:
    """The value for JSON: octets in hexadecimal, a missing reading as null."""
    if isinstance(value, bytes):
        return value.hex(":")
    return None if isinstance(value, float) and not math.isfinite(value) else value
