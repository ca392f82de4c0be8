"""Points grouped into as few Modbus requests as the product allows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from twinfeed.emulators.profiles.schema import Bit, Modbus, Register
from twinfeed.harness.transports.places import Place, position

MAX_REGISTERS, MAX_BITS = 125, 2000
"""Modbus Application Protocol Specification V1.1b3, sections 6.1 to 6.4."""


def most_at_once(modbus: Modbus, table: str) -> int:
    """The largest number of registers or bits of a table that this product gives in one answer."""
    return min(MAX_REGISTERS, modbus.most_registers) if table in ("holding", "input") else MAX_BITS


class Range(NamedTuple):
    """One request: a range of registers or bits of a table, and the points in it."""

    table: str
    first: int
    size: int
    places: tuple[Place, ...]


def ranges(modbus: Modbus, places: Sequence[Place]) -> list[Range]:
    """The requests that read these places.

    A product that refuses a read across a hole is asked across nothing but what its profile lists: registers in no
    table, and the rows of a table up to the last that is asked for.
    """
    plan = []
    for table in ("holding", "input", "coil", "discrete"):
        here = sorted((place for place in places if _entry(place).table == table), key=lambda place: place.address)
        readable = None if modbus.gaps == "zero" or not here else _listed(modbus, table, here)
        while here:
            first, end, taken = here[0].address, here[0].address, 0
            for place in here:
                stop = max(end, place.address + _size(place))
                hole = range(end, place.address)
                if taken and stop - first > most_at_once(modbus, table):
                    break
                if readable is not None and not readable.issuperset(hole):
                    break
                end, taken = stop, taken + 1
            plan.append(Range(table, first, end - first, tuple(here[:taken])))
            here = here[taken:]
    return plan


def halves(request: Range) -> tuple[Range, Range]:
    """The request in two, each for half of its points."""
    middle = len(request.places) // 2
    first, second = (_tight(request.table, part) for part in (request.places[:middle], request.places[middle:]))
    return first, second


def _tight(table: str, places: tuple[Place, ...]) -> Range:
    first = places[0].address
    end = max(place.address + _size(place) for place in places)
    return Range(table, first, end - first, places)


def _listed(modbus: Modbus, table: str, asked: Sequence[Place]) -> set[int]:
    """The addresses of a table that the profile lists."""
    rows: dict[str, int] = {}
    for place in asked:
        for name in _entry(place).stride:
            rows[name] = max(rows.get(name, 0), position(place.row.get(name, 1)) + 1)
    found: set[int] = set()
    everything: list[Register | Bit] = [*modbus.registers, *modbus.bits]
    for entry in everything:
        if entry.table == table and entry.access != "wo":
            size = entry.words if isinstance(entry, Register) else 1
            for steps in product(*(range(0, step * rows.get(name, 0), step) for name, step in entry.stride.items())):
                start = entry.address + sum(steps)
                found.update(range(start, start + size))
    return found


def _entry(place: Place) -> Register | Bit:
    assert isinstance(place.entry, (Register, Bit))
    return place.entry


def _size(place: Place) -> int:
    return place.entry.words if isinstance(place.entry, Register) else 1
