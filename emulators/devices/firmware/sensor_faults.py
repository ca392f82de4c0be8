"""Sensor faults: the readings of firmware if a probe, its wiring or its converter is faulty.

A sensor fault belongs to a point (`sensor-bias:air.supply`) and concerns only the reading. The plant stays as it is,
but the device reports a wrong value over every protocol, and firmware that acts on that point acts on the wrong value.
Units are those of the point. A device that suffers no fault spends no time here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Protocol

from twinfeed.emulators.devices.firmware.points import BoundPoint, Value
from twinfeed.emulators.devices.firmware.state import State
from twinfeed.emulators.plant.kernel.faults import Fault, Parameter, split

OPEN_LOOP = 3276.7
"""The reading of a 16-bit converter of tenths with a broken wire: its highest positive number."""

_POINT, _ANY = ("point",), 1e6

SENSOR_FAULTS: Mapping[str, Fault] = {
    "sensor-stuck": Fault("the point keeps the value of the start of the fault", {}, "sensor", _POINT, actuator=True),
    "sensor-drift": Fault(
        "the value drifts away from the true one",
        {"rate": Parameter(1.0, "unit/h", -_ANY, _ANY, "in the unit of the point, an hour")},
        "sensor",
        _POINT,
        actuator=True,
    ),
    "sensor-bias": Fault(
        "the point reads too much, or too little, by a constant",
        {"offset": Parameter(3.0, "unit", -_ANY, _ANY, "in the unit of the point")},
        "sensor",
        _POINT,
        actuator=True,
    ),
    "sensor-noise": Fault(
        "the point is noisy: another normally distributed error each second",
        {"sigma": Parameter(0.5, "unit", 0.0, _ANY, "standard deviation, in the unit of the point")},
        "sensor",
        _POINT,
        actuator=True,
    ),
    "sensor-spike": Fault(
        "the point jumps from time to time",
        {
            "height": Parameter(20.0, "unit", -_ANY, _ANY, "in the unit of the point"),
            "every_s": Parameter(60.0, "s", 2.0, 86400.0, "from one jump to the next", neutral=None),
            "length_s": Parameter(1.0, "s", 1.0, 3600.0, "how long it stays there", neutral=None),
        },
        "sensor",
        _POINT,
        actuator=True,
    ),
    "sensor-out-of-range": Fault(
        "the point reads what nothing can be, as with a broken wire",
        {"value": Parameter(OPEN_LOOP, "unit", -_ANY, _ANY, "in the unit of the point", neutral=None)},
        "sensor",
        _POINT,
        actuator=True,
    ),
    "sensor-swapped": Fault(
        "two probes are connected the wrong way round", {}, "sensor", ("point", "point"), actuator=True
    ),
}

_ADDING = ("sensor-drift", "sensor-bias", "sensor-noise", "sensor-spike")

VARYING = ("sensor-drift", "sensor-noise", "sensor-spike")
"""Faults whose error changes by itself."""

REEVALUATION_S = 10.0
"""Period in which firmware evaluates a reading that drifts or is noisy, s; only during such a fault."""

UNMEASURED = ("system.", "alarm.", "alarms.", "command.")
"""Points whose names begin so are known, not measured."""


class Clock(Protocol):
    """The clock of a device's plant."""

    @property
    def now(self) -> float:
        """Seconds since the site was started."""

    @property
    def seed(self) -> int:
        """The seed of everything random on the site."""


class Measuring(Protocol):
    """A device whose sensors may be wrong."""

    @property
    def id(self) -> str:
        """The name of the device on its plant."""

    @property
    def plant(self) -> Clock:
        """The clock it lives on."""

    @property
    def state(self) -> State:
        """The state of the device, with its active faults."""

    def point(self, name: str) -> BoundPoint:
        """The point of that name. Raises UnknownPoint."""

    def offset(self, point: str) -> float:
        """The deviation of the point's sensor while it has no fault, in the unit of the point."""


def measurable(bound: BoundPoint) -> bool:
    """True if the point is a number or a state that the device measures."""
    known = bound.point.write is not None or bound.name.startswith(UNMEASURED)
    return not known and isinstance(bound.true(), (bool, int, float))


def unfit(device: Measuring, kind: str, name: str) -> str:
    """Why that point cannot suffer a sensor fault of that kind; '' if it can."""
    bound = device.point(name)
    if not measurable(bound):
        return f"{name} is not measured; choose a point that is only read and is a number or a state"
    if kind in _ADDING and isinstance(bound.true(), bool):
        return f"{name} is a state: it can only be stuck, out of range or swapped"
    return ""


def note(device: Measuring, kind: str, of: tuple[str, ...], noted: dict[str, float]) -> None:
    """Keep with the fault what its effect goes by: the reading it holds, or since when it acts, s."""
    if kind == "sensor-stuck":
        noted.setdefault("value", float(device.point(of[0]).true()))
    elif kind in ("sensor-drift", "sensor-spike"):
        noted.setdefault("since", device.plant.now)


def reevaluation_delay_s(kind: str, active: Mapping[str, float], now: float) -> float:
    """Seconds until firmware reads a point with that fault of `VARYING` again, so that it notices jumps."""
    if kind != "sensor-spike":
        return REEVALUATION_S
    phase = (now - active["since"]) % active["every_s"]
    length_s = active["length_s"]
    return max((length_s if phase < length_s else active["every_s"]) - phase, 0.01)


def reported(device: Measuring, name: str, value: Value) -> Value:
    """The value of the point for the device, for the true `value`."""
    if isinstance(value, (str, bytes)):
        return value
    mine = list(_of_point(device, name))
    for kind, of, parameters in mine:
        if kind == "sensor-swapped":
            value = device.point(of[0] if name == of[1] else of[1]).true()
        elif kind in ("sensor-stuck", "sensor-out-of-range"):
            value = parameters["value"] if not isinstance(value, bool) else bool(parameters["value"])
    if isinstance(value, (bool, str, bytes)):
        return value
    if any(kind in ("sensor-stuck", "sensor-out-of-range") for kind, _, _ in mine):
        return value + sum(_error(device, name, kind, parameters) for kind, _, parameters in mine)
    offset = device.offset(name)
    if not mine and not offset:
        return value
    return value + offset + sum(_error(device, name, kind, parameters) for kind, _, parameters in mine)


def controlled(device: Measuring, name: str, setpoint: float, low: float, high: float) -> float:
    """The value to which a loop that controls that point to `setpoint` really brings it, between `low` and `high`.

    An error that is added is made up for by the loop (noise and jumps average out). Where the reading no longer follows
    what is there, the loop goes on to its end: to `low` if the reading is too high.
    """
    mine = list(_of_point(device, name))
    if any(kind not in _ADDING for kind, _, _ in mine):
        reading = reported(device, name, device.point(name).true())
        if isinstance(reading, (str, bytes)) or abs(reading - setpoint) < 0.05:
            return setpoint
        return low if reading > setpoint else high
    lasting = [(kind, parameters) for kind, _, parameters in mine if kind in ("sensor-bias", "sensor-drift")]
    error = device.offset(name) + sum(_error(device, name, kind, parameters) for kind, parameters in lasting)
    return min(max(setpoint - error, low), high)


def _of_point(device: Measuring, name: str) -> Iterator[tuple[str, tuple[str, ...], dict[str, float]]]:
    for key, parameters in device.state.faults.items():
        kind, of = split(key)
        if name in of and kind in SENSOR_FAULTS:
            yield kind, of, parameters


def _error(device: Measuring, name: str, kind: str, parameters: Mapping[str, float]) -> float:
    """The present error that a fault adds to the reading."""
    now = device.plant.now
    if kind == "sensor-bias":
        return parameters["offset"]
    if kind == "sensor-drift":
        return parameters["rate"] * (now - parameters["since"]) / 3600.0
    if kind == "sensor-noise":
        return Random(f"{device.plant.seed}/{device.id}/{name}/{int(now)}").gauss(0.0, parameters["sigma"])
    if kind == "sensor-spike":
        return (
            parameters["height"]
            if (now - parameters["since"]) % parameters["every_s"] < parameters["length_s"]
            else 0.0
        )
    return 0.0
