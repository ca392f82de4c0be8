"""Points: the logical quantities of a kind of device, and a point of one device that can be read and written.

    POINTS: Points[UpsFirmware] = (
        Point("battery.charge", "estimated state of charge", lambda d: d.ups.charge_percent, "%"),
        RowPoint("input.{line}.voltage", "phase to neutral", lambda d, line: d.volts(line), "V"),
    )

The catalogue of a kind is typed in the firmware that it reads, so mypy finds an attribute that the firmware lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from twinfeed.emulators.devices.firmware.domain import TEXT_LENGTH, Bounds, Domain, Kind, number, of_words

Value = float | int | bool | str | bytes
Index = int | tuple[int, ...]
"""A row of a table: a number, or several for a table indexed by several (written `0-49-1` in a point name)."""

D = TypeVar("D", contravariant=True)
"""The firmware that a point reads."""

F = TypeVar("F")


class PointError(Exception):
    """A point cannot do what was requested of it; the subclasses give the reason."""


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


@dataclass(frozen=True)
class AnyPoint:
    """A logical quantity of a kind of device: the fields that `Point`, `RowPoint` and `CellPoint` have in common.

    `values` are the words an enumeration can take. `low` and `high` bound a number that is written, in `unit`; a
    `whole` number has no fraction. `length` bounds a text that is written. `kind` is given for a truth, a text and
    octets. `possible` bounds what a number can show, where the point knows more than its unit does.

    Raises:
        ValueError: the name has another number of indices than a point of this class.
    """

    name: str
    """Parts joined by points; a part in braces is the name of an index: `outlet.{outlet}.state`."""
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

    INDICES: ClassVar[int] = 0
    """The number of indices in the name, with which `read` and `write` are called."""

    def __post_init__(self) -> None:
        indices = placeholders(self.name)
        if len(indices) != self.INDICES:
            found = f"the indices {', '.join(indices)}" if indices else "no index"
            raise ValueError(f"{type(self).__name__} {self.name!r} has {found}, expected {self.INDICES} in braces")
        if self.values:
            domain = of_words(*self.values)
        elif self.kind is None or self.kind == "number":
            domain = number(self.unit, self.low, self.high, self.possible, self.whole, self.write is not None)
        else:
            domain = Domain(self.kind, length=self.length)
        object.__setattr__(self, "domain", domain)


@dataclass(frozen=True)
class Point(AnyPoint, Generic[D]):
    """A quantity that the device has once: `battery.charge`."""

    read: Callable[[D], Value]
    write: Callable[[D, Any], None] | None = None


@dataclass(frozen=True)
class RowPoint(AnyPoint, Generic[D]):
    """A quantity that every row of a table has: `outlet.{outlet}.state`. `read` gets the device and the row."""

    read: Callable[[D, Any], Value]
    write: Callable[[D, Any, Any], None] | None = None
    INDICES = 1


@dataclass(frozen=True)
class CellPoint(AnyPoint, Generic[D]):
    """A quantity with a row and a column: `source.{source}.voltage.{phase}`. `read` gets the device and both."""

    read: Callable[[D, Any, Any], Value]
    write: Callable[[D, Any, Any, Any], None] | None = None
    INDICES = 2


Points = tuple[Point[F] | RowPoint[F] | CellPoint[F], ...]
"""The points of a kind of device whose firmware is an `F`."""


class Suffering(Protocol):
    """The state of a device, as far as a point depends on it."""

    @property
    def faults(self) -> Mapping[str, Mapping[str, float]]:
        """The parameters of each active fault."""


class Owner(Protocol):
    """The device that a point belongs to, as far as the point uses it."""

    @property
    def name(self) -> str:
        """The name of the device in messages."""

    @property
    def state(self) -> Suffering:
        """While no fault is active and it is not `inexact`, the value of a point is what the device reports."""

    @property
    def inexact(self) -> bool:
        """True if its sensors read within their tolerances, not exactly."""

    def reported(self, point: str, value: Value) -> Value:
        """The value that the device reports for the true `value`: another one where its sensor is wrong."""

    def domain(self, bound: BoundPoint) -> Domain:
        """Which values that point of this device takes and shows."""

    def accepts(self, point: str, value: Value) -> bool:
        """Count and log a command; False if the device acknowledges it and does nothing."""

    def writing(self) -> AbstractContextManager[None]:
        """A block inside which everything that is written is one change."""

    def has_crashed(self, error: Exception, doing: str) -> Crashed:
        """Take the device down, since its firmware has raised `error`; returns the exception for the caller."""


class BoundPoint:
    """A point of one device. `read` and `write` use the words and units of the point, not of any protocol."""

    __slots__ = ("device", "index", "name", "point")

    def __init__(self, device: Owner, point: AnyPoint, name: str, index: tuple[Index, ...]) -> None:
        self.device, self.point, self.name, self.index = device, point, name, index

    @property
    def domain(self) -> Domain:
        """Which values this point takes and shows, on this device."""
        return self.device.domain(self)

    def read(self) -> Value:
        """The value that the device reports: the true one, unless a sensor is wrong.

        Raises:
            Crashed: the firmware has crashed of it.
        """
        device = self.device
        try:
            value = self.point.read(device, *self.index)
            return device.reported(self.name, value) if device.state.faults or device.inexact else value
        except PointError:
            raise
        except Exception as error:
            raise device.has_crashed(error, f"read {self.name}") from error

    def true(self) -> Value:
        """The true value, whatever the sensor reports."""
        return self.point.read(self.device, *self.index)

    def check(self, value: Value) -> None:
        """Refuse a value before anything is changed.

        Raises:
            NotWritable: the point can only be read.
            BadValue: of another type, not one of its words, or out of its range; the message gives the expected values.
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
        device = self.device
        if not device.accepts(self.name, value):
            return
        with device.writing():
            try:
                self.act(value)
            except PointError:
                raise
            except Exception as error:
                raise device.has_crashed(error, f"write {self.name}") from error

    def act(self, value: Value) -> None:
        """Write it on the device itself, unchecked."""
        assert self.point.write is not None
        self.point.write(self.device, *self.index, value)


class _Pattern(NamedTuple):
    """The name of a point, in parts: its words and the names of its indices, each with its place."""

    point: AnyPoint
    words: list[tuple[int, str]]
    indices: list[tuple[int, str]]


class PointTable:
    """The points of a kind of device, found by the name of a point of one device: `outlet.3.state`."""

    def __init__(self, points: Iterable[AnyPoint]) -> None:
        self.points = tuple(points)
        self._patterns: dict[tuple[int, str], list[_Pattern]] = {}
        """The names of the points, by how many parts they have and the first of them."""
        for point in self.points:
            parts = point.name.split(".")
            words = [(place, part) for place, part in enumerate(parts) if not part.startswith("{")]
            rows = [(place, part[1:-1]) for place, part in enumerate(parts) if part.startswith("{")]
            self._patterns.setdefault((len(parts), parts[0]), []).append(_Pattern(point, words, rows))

    def __iter__(self) -> Iterator[AnyPoint]:
        return iter(self.points)

    def find(self, name: str, rows: Callable[[str], Sequence[Index]]) -> tuple[AnyPoint, tuple[Index, ...]] | None:
        """The point of that name and its indices; None if there is none. `rows` returns the rows of an index."""
        parts = name.split(".")
        for point, words, indices in self._patterns.get((len(parts), parts[0]), ()):
            if any(parts[place] != word for place, word in words):
                continue
            row: list[Index] = []
            for place, index_name in indices:
                index = undashed(parts[place])
                if index is None or index not in rows(index_name):
                    break
                row.append(index)
            else:
                return point, tuple(row)
        return None

    def names(self, rows: Callable[[str], Sequence[Index]]) -> list[str]:
        """All names, tables expanded, in the order of the points."""
        names: list[str] = []
        for point in self.points:
            expanded: list[dict[str, Index]] = [{}]
            for index in placeholders(point.name):
                expanded = [{**row, index: i} for row in expanded for i in rows(index)]
            names += [point.name.format(**{k: dashed(v) for k, v in row.items()}) for row in expanded]
        return names


def placeholders(name: str) -> list[str]:
    """The index names in a point name: `outlet.{outlet}.state` -> ['outlet']."""
    return [part[1:-1] for part in name.split(".") if part.startswith("{")]


def dashed(index: Index) -> str:
    """The index as a point name has it: `3`, `0-49-1`."""
    return str(index) if isinstance(index, int) else "-".join(map(str, index))


def undashed(text: str) -> Index | None:
    """The index written in a point name, None if it is not one."""
    try:
        numbers = tuple(map(int, text.split("-")))
    except ValueError:
        return None
    return numbers[0] if len(numbers) == 1 else numbers
