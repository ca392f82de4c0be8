"""Tables of expected values, written from physics and manuals, and the comparison of devices with them.

    TABLES = {
        ("on load", "pdu"): {
            "phase.2.current": value(8.93, "P / (V cos phi), 2.11 kW at 226.3 V and 0.95", within=0.01),
        },
    }

A value may be a function of the other readings, where physics ties points together (an energy balance).
"""

from __future__ import annotations

from cmath import rect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations
from math import hypot, isclose, isnan, pi
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from twinfeed.emulators.devices.catalogue import KINDS
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.power.electrical import Supply
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.site import Site

Readings = Mapping[str, Value]


class Expected(NamedTuple):
    """The value that a point must read."""

    value: Value | Callable[[Callable[[str], float]], float]
    source: str
    """The law, the standard, the manual or the site file behind the value."""
    within: float | None = None
    """Tolerance, in the unit of the point; None: a millionth of the value."""
    same_as: str = ""
    """Another point that reads the same by its definition."""


value = Expected

Table = dict[str, Expected]
Tables = Mapping[tuple[str, str], Table]
"""By moment and device."""


def rows(pattern: str, values: Sequence[Value], source: str, within: float | None = None) -> Table:
    """The values of the rows 1, 2, … of a table: `rows("phase.{}.voltage", (231.7, 226.3, 234.9), …)`."""
    return {pattern.format(row): value(each, source, within) for row, each in enumerate(values, 1)}


def all_of(expected: Value, source: str, *points: str) -> Table:
    """Several points that read the same: words, counters and commands."""
    return {point: value(expected, source) for point in points}


FILE = "the site file"


def system(name: str, address: str, mac_end: bytes, at_s: float, **given: str) -> Table:
    """The points of every device, `at_s` after the start."""
    return {
        "system.name": value(name, FILE),
        **{f"system.{point}": value(text, FILE) for point, text in given.items()},
        "system.uptime": value(at_s, "it has run since the start"),
        "system.clock": value(at_s, "seconds of the site"),
        "system.ip": value(address, FILE),
        "system.mac": value(b"\x02\x54" + mac_end, "locally administered (IEEE 802, 8.4), ends with the address"),
        "command.reboot_card": value("none", "an order is read as none"),
    }


# -- the devices ---------------------------------------------------------------------------------------------


@contextmanager
def uneven(site: str | Path, **volts: tuple[float, float, float]) -> Iterator[Site]:
    """A site whose utilities have those voltages on their phases, V, as long as it is used; faults come on top."""

    def energise(utility: Utility) -> Supply:
        supply = plain(utility)
        if not supply.live or utility.id not in volts:
            return supply
        a, b, c = (own * v / utility.params.volts for own, v in zip(volts[utility.id], supply.volts, strict=True))
        return supply._replace(volts=(a, b, c))

    plain = Utility.energise
    with patch.object(Utility, "energise", energise):
        yield Site.load(site)


def readings(device: Device, **components: Component) -> dict[str, Value]:
    """Every point of the device, and as `plant.NAME.QUANTITY` those of the components that its sensors measure."""
    points = {name: device.read(name) for name in device.point_names()}
    return points | {f"plant.{name}.{q}": c.quantity(q) for name, c in components.items() for q in c.QUANTITIES}


@contextmanager
def fork(site: Site) -> Iterator[Site]:
    """The site, which is afterwards as it was before."""
    before = site.plant.snapshot()
    yield site
    site.plant.restore(before)


# -- the comparison ------------------------------------------------------------------------------------------


def wrong(table: Table, seen: Readings) -> dict[str, str]:
    """The points that do not read what is expected."""

    def number(name: str) -> float:
        read = seen[name]
        assert isinstance(read, int | float), name
        return float(read)

    found = {}
    for name, expected in table.items():
        right = expected.value(number) if callable(expected.value) else expected.value
        if name not in seen:
            found[name] = "is not there"
        elif not _agree(right, seen[name], expected.within):
            found[name] = f"reads {seen[name]!r}, expected {right!r}: {expected.source}"
    return found


def _agree(right: Value, seen: Value, within: float | None) -> bool:
    if isinstance(right, bool | str | bytes) or isinstance(seen, bool | str | bytes):
        return type(right) is type(seen) and right == seen
    if isnan(right) or isnan(seen):
        return isnan(right) and isnan(seen)
    return isclose(right, seen, rel_tol=1e-6, abs_tol=1e-9) if within is None else abs(right - seen) <= within


def without_value(kind: str, tables: Iterable[Table]) -> set[str]:
    """The points of a kind for which no table has a value."""
    every = [name for table in tables for name in table]
    return {point.name for point in KINDS[kind].table if not any(_is(point.name, name) for name in every)}


def _is(template: str, name: str) -> bool:
    parts, given = template.split("."), name.split(".")
    return len(parts) == len(given) and all(p.startswith("{") or p == g for p, g in zip(parts, given, strict=True))


def alike(table: Table) -> list[tuple[str, str]]:
    """Pairs of measured numbers that share a value, so that one could stand for the other unseen.

    Zeros, whole numbers (counters, settings) and points that are the same by definition may.
    """
    numbers = {
        name: expected.value
        for name, expected in table.items()
        if isinstance(expected.value, float) and expected.value % 1.0 and not expected.same_as
    }
    return [(a, b) for a, b in combinations(numbers, 2) if isclose(numbers[a], numbers[b], rel_tol=1e-4)]


def one_sided(kind: str, tables: Iterable[Table]) -> set[str]:
    """Truths and words of a kind (orders aside) that the tables expect to read always the same, and numbers always 0."""
    values: dict[str, set[Value | None]] = {}
    for table in tables:
        for point in KINDS[kind].table:
            if point.domain.kind in ("truth", "word", "number") and point.domain.words[:1] != ("none",):
                mine = [None if callable(e.value) else e.value for name, e in table.items() if _is(point.name, name)]
                values.setdefault(point.name, set()).update(mine)
    numbers = {point.name for point in KINDS[kind].table if point.domain.kind == "number"}
    if not KINDS[kind].alarms:
        values.pop("alarm.count", None)
    return {name for name, seen in values.items() if seen == {0} or (len(seen) == 1 and name not in numbers)}


# -- alternating current ---------------------------------------------------------------------------------------


def between_phases(a: float, b: float) -> float:
    """RMS voltage between two phases 120 degrees apart, V."""
    return abs(rect(a, 0.0) - rect(b, -2.0 * pi / 3.0))


def neutral(kw: Sequence[float], kvar: Sequence[float], volts: Sequence[float]) -> float:
    """RMS current in the neutral of three phases 120 degrees apart, A: the sum of their phasors (Kirchhoff)."""
    turns = (0.0, -2.0 * pi / 3.0, 2.0 * pi / 3.0)
    powers = zip(kw, kvar, volts, turns, strict=True)
    return abs(sum((1000.0 * complex(p, q) / rect(v, turn)).conjugate() for p, q, v, turn in powers))


def lagging(kw: float, factor: float) -> float:
    """Reactive power of a load of that active power and power factor, kvar: P tan(acos(factor))."""
    return kw * (1.0 - factor * factor) ** 0.5 / factor


def apparent(kw: float, kvar: float) -> float:
    """Apparent power, kVA."""
    return hypot(kw, kvar)
