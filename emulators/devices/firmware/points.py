"""Points: the logical quantities of a kind of device, and one of them on one device, ready to read and write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twinfeed.emulators.devices.firmware.domain import TEXT_LENGTH, Bounds, Domain, Kind, number, of_words
from twinfeed.emulators.devices.firmware.sensor_faults import reported

if TYPE_CHECKING:
    from twinfeed.emulators.devices.firmware.device import Device

Value = float | int | bool | str | bytes
Index = int | tuple[int, ...]
"""A row of a table: a number, or several for a table indexed by several (written `0-49-1` in a point name)."""


class PointError(Exception):
    """A point was asked for what it cannot give; the subclasses say why."""


class UnknownPoint(PointError):
    """The device has no point of that name."""


class NotWritable(PointError):
    """The point can only be read."""


class BadValue(PointError):
    """The value is not one this point takes."""


class Refused(PointError):
    """The value is fine but the device cannot do that now (locked, in the wrong mode)."""


class Crashed(PointError):
    """The device's firmware has crashed of this: no answer comes, over any protocol."""


@dataclass(frozen=True, slots=True)
class Point:
    """A logical quantity of a kind of device.

    `name` may hold index names in braces, `outlet.{outlet}.state`; `read` gets the device and one index for each.
    `values` are the words an enumeration can take. `low` and `high` bound a number that is written, in `unit`; a
    `whole` number has no fraction. `length` bounds a text that is written. `kind` is given for a truth, a text and
    octets. `possible` bounds what a number can show, where the point knows more than its unit does.
    """

    name: str
    doc: str
    read: Callable[..., Value]
    unit: str = ""
    write: Callable[..., None] | None = None
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    kind: Kind | None = None
    possible: Bounds | None = None
    whole: bool = False
    length: tuple[int, int] = (0, TEXT_LENGTH)
    domain: Domain = field(init=False, compare=False)
    """Which values the point takes and shows."""

    def __post_init__(self) -> None:
        if self.values:
            domain = of_words(*self.values)
        elif self.kind is None or self.kind == "number":
            domain = number(self.unit, self.low, self.high, self.possible, self.whole, self.write is not None)
        else:
            domain = Domain(self.kind, length=self.length)
        object.__setattr__(self, "domain", domain)


class BoundPoint:
    """A point of one device. `read` and `write` use the words and units of the point, not of any protocol."""

    __slots__ = ("device", "index", "name", "point")

    def __init__(self, device: Device, point: Point, name: str, index: tuple[Index, ...]) -> None:
        self.device, self.point, self.name, self.index = device, point, name, index

    @property
    def domain(self) -> Domain:
        """Which values this point takes and shows, on this device."""
        return self.device.domain(self)

    def read(self) -> Value:
        """What the device reports: what is there, unless a sensor is wrong.

        Raises:
            Crashed: the firmware has crashed of it.
        """
        device = self.device
        try:
            value = self.point.read(device, *self.index)
            return reported(device, self.name, value) if device.state.faults else value
        except PointError:
            raise
        except Exception as error:
            raise self._crashed(error, "read") from error

    def true(self) -> Value:
        """What is there, whatever the sensor says."""
        return self.point.read(self.device, *self.index)

    def check(self, value: Value) -> None:
        """Refuse a value before anything is changed.

        Raises:
            NotWritable: the point can only be read.
            BadValue: of another type, not one of its words, or out of its range; the message says what is expected.
        """
        if self.point.write is None:
            raise NotWritable(f"{self.device.name} {self.name} can only be read")
        reason = self.domain.refuse(value)
        if reason is not None:
            raise BadValue(f"{self.device.name} {self.name}: {reason}")

    def write(self, value: Value) -> None:
        """Write it as an operator's station would; a device that ignores commands acknowledges and does nothing.

        Raises:
            NotWritable, BadValue, Refused: see there.
            Crashed: the firmware has crashed of it; nothing of the value has been stored.
        """
        self.check(value)
        self.device.state.commands += 1
        self.device.log("command", device=self.device.name, point=self.name, value=value)
        if "command-ignored" in self.device.state.faults:
            self.device.log("command ignored", point=self.name)
            return
        with self.device.writing():
            try:
                self.act(value)
            except PointError:
                raise
            except Exception as error:
                raise self._crashed(error, "write") from error

    def _crashed(self, error: Exception, what: str) -> Crashed:
        """Take the device down, since its firmware has raised `error`; the exception for whoever asked."""
        self.device.plant.crash(self.device, error, f"{what} {self.name}")
        return Crashed(f"{self.device.name} does not answer: its firmware has crashed ({what} {self.name}: {error!r})")

    def act(self, value: Value) -> None:
        """Write it on the device itself, unchecked."""
        assert self.point.write is not None
        self.point.write(self.device, *self.index, value)


def placeholders(name: str) -> list[str]:
    """The index names in a point name: `outlet.{outlet}.state` -> ['outlet']."""
    return [part[1:-1] for part in name.split(".") if part.startswith("{")]


def dashed(index: Index) -> str:
    return str(index) if isinstance(index, int) else "-".join(map(str, index))


def undashed(text: str) -> Index | None:
    """The index written in a point name, None if it is not one."""
    try:
        numbers = tuple(map(int, text.split("-")))
    except ValueError:
        return None
    return numbers[0] if len(numbers) == 1 else numbers
