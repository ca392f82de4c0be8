"""Builders of points that many kinds of device have in the same form: commands, stored settings, the sum of alarms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from twinfeed.emulators.devices.firmware.alarms import Announcing
from twinfeed.emulators.devices.firmware.domain import Kind
from twinfeed.emulators.devices.firmware.points import Point, Value

F = TypeVar("F")


class Storing(Protocol):
    """Firmware that stores its settings over a restart."""

    def set_setting(self, name: str, value: Any) -> None: ...


S = TypeVar("S", bound=Storing)
A = TypeVar("A", bound=Announcing)


def command(name: str, doc: str, act: Callable[[F, Any], None], *words: str) -> Point[F]:
    """A point that acts when one of the words is written. It reads `none`; writing that does nothing."""
    return Point(
        name, doc, lambda d: "none", write=lambda d, v: None if v == "none" else act(d, v), values=("none", *words)
    )


def stored(
    name: str,
    doc: str,
    key: str,
    read: Callable[[S], Value],
    unit: str = "",
    *,
    low: float | None = None,
    high: float | None = None,
    whole: bool = False,
    values: tuple[str, ...] = (),
    kind: Kind | None = None,
) -> Point[S]:
    """A setting that is stored under a key in the unit of its point, a number as a float unless it is `whole`."""
    number = not values and kind in (None, "number")
    convert: Callable[[Any], Any] = (int if whole else float) if number else lambda value: value
    return Point(
        name,
        doc,
        read,
        unit,
        write=lambda d, v: d.set_setting(key, convert(v)),
        values=values,
        low=low,
        high=high,
        kind=kind,
        whole=whole,
    )


def some_alarm(name: str) -> Point[A]:
    """The sum of a device's alarms."""
    return Point(name, "some alarm is active", lambda d: bool(d.state.alarms), kind="truth")
