"""The points and alarms of an environment monitor."""

from __future__ import annotations

from collections.abc import Callable

from twinfeed.emulators.devices.firmware.alarms import Alarm, Alarms
from twinfeed.emulators.devices.firmware.domain import PROBE
from twinfeed.emulators.devices.firmware.points import Points, RowPoint
from twinfeed.emulators.devices.monitoring.environment_monitor import Sensor


def _any(side: str) -> Callable[[Sensor], bool]:
    return lambda d: any(d.status(n) == side for n in d.rows)


ALARMS: Alarms[Sensor] = (
    Alarm("probe_alarm", "a probe reads out of its safe range", lambda d: any(d.alarming(n) for n in d.rows)),
    Alarm("probe_lost", "a probe does not answer", _any("invalid"), delay_s=5.0),
)

POINTS: Points[Sensor] = (
    RowPoint("input.{input}.closed", "a dry contact is closed", lambda d, n: d.closed(n), kind="truth"),
    RowPoint(
        "input.{input}.name",
        "name of a dry contact",
        lambda d, n: str(d.state.settings.get(f"input {n}", f"Binary {n}")),
        write=lambda d, n, v: d.state.settings.update({f"input {n}": v}),
        kind="text",
    ),
    RowPoint(
        "probe.{probe}.name", "its name", lambda d, n: d.name_of(n), write=lambda d, n, v: d.rename(n, v), kind="text"
    ),
    RowPoint(
        "probe.{probe}.value",
        "the reading, in its unit; no number while the probe is lost",
        lambda d, n: d.reading(n),
        possible=PROBE,
    ),
    RowPoint("probe.{probe}.text", "the reading, with its unit", lambda d, n: d.text(n), kind="text"),
    RowPoint("probe.{probe}.unit", "C or %RH", lambda d, n: d.unit(n), values=("C", "%RH")),
    RowPoint(
        "probe.{probe}.status",
        "invalid, normal, out (of range, waiting) or alarm",
        lambda d, n: d.status(n),
        values=("invalid", "normal", "out", "alarm"),
    ),
    RowPoint(
        "probe.{probe}.low",
        "lower end of its safe range",
        lambda d, n: d.bound(n, 0),
        write=lambda d, n, v: d.set_bound(n, 0, v),
        possible=PROBE,
    ),
    RowPoint(
        "probe.{probe}.high",
        "upper end of its safe range",
        lambda d, n: d.bound(n, 1),
        write=lambda d, n, v: d.set_bound(n, 1, v),
        possible=PROBE,
    ),
)
