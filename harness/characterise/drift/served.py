"""Everything a device serves according to its profile: each variable and each group of registers by itself.

A point that several rows or entries show (`upsInputFrequency` has one for each line) is there as often as it is served,
so that a wrong number in one of them is found.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

from twinfeed.emulators.devices.catalogue import KINDS
from twinfeed.emulators.devices.firmware.domain import Domain
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.profiles.binding import Row, point_name
from twinfeed.emulators.profiles.registers import unpack
from twinfeed.emulators.profiles.schema import Bit, Profile, Register, SnmpObject
from twinfeed.emulators.profiles.values import Raw, Unmapped
from twinfeed.harness.characterise.recording import snmprec
from twinfeed.harness.characterise.recording.recording import Recording, Walk
from twinfeed.harness.transports.handle import raw_of
from twinfeed.harness.transports.listing import MOST_ROWS, PHASES, column_of, rows_among
from twinfeed.harness.transports.places import Place, Shown, entries, point_of
from twinfeed.harness.transports.snmp.messages import Absent, Malformed

Served = Mapping[str, "Item"]
"""The items that are served in one walk, by their place on the wire."""


@dataclass(frozen=True)
class Item:
    """One entry of the profile in one row, as it stood there in one walk."""

    at: str
    """The OID, or the table and address of the first register or bit."""
    place: Place
    raw: Raw | None
    """None if a value of another type stands there."""
    value: Value
    """The point's value; what stands there for an entry that shows no point of its own; NaN where nothing is known."""
    unknown: str = ""
    """Why nothing is known; empty if it is."""
    meaningless: bool = False
    """The profile gives what stands there no meaning at all."""
    octets: bytes = b""
    """The content of the registers."""

    @property
    def name(self) -> str:
        """For people: the point, or where it stands if the entry shows none."""
        return self.place.point or self.at

    @property
    def number(self) -> float | None:
        """The value if it is a number that is known."""
        value = self.value
        if self.unknown or isinstance(value, bool | str | bytes) or not math.isfinite(value):
            return None
        return float(value)

    @property
    def step(self) -> float:
        """The smallest difference of two values that the wire can show, in the point's unit; 0 for a float."""
        entry = self.place.entry
        floating = isinstance(entry, Register) and entry.type in ("f32", "f64")
        if floating or entry.format is not None:
            return 0.0
        return abs(float(entry.factor))

    def decoded(self, raw: Raw) -> Value | None:
        """The value that `raw` would stand for, None if the point cannot have it."""
        try:
            value = self.place.value(raw)
        except Unmapped:
            return None
        return None if self.place.impossible(raw, value) else value


def served(recording: Recording, profile: Profile) -> list[tuple[float, Served]]:
    """The items that are served in each whole walk: when the walk began, s from the first one, and the items."""
    walks = [walk for walk in recording.walks if walk.ended] or recording.walks
    return [(walk.t_s - walks[0].t_s, {item.at: item for item in _items(walk, profile)}) for walk in walks]


def _items(walk: Walk, profile: Profile) -> Iterator[Item]:
    for entry in entries(profile):
        if entry.access == "wo":
            continue
        if isinstance(entry, SnmpObject):
            yield from _variables(walk, entry, profile)
        else:
            yield from _registers(walk, entry, profile)


def _variables(walk: Walk, entry: SnmpObject, profile: Profile) -> Iterator[Item]:
    if entry.rows:
        column = column_of(entry) + "."
        rows = rows_among(entry, [oid for oid in walk.variables if oid.startswith(column)])
    else:
        rows = {entry.oid: {}} if entry.oid in walk.variables else {}
    for oid, row in rows.items():
        answer = snmprec.as_answered(walk.variables[oid]).value
        if not isinstance(answer, Absent):
            yield _item(oid, entry, row, profile, None if isinstance(answer, Malformed) else raw_of(entry, answer))


def _registers(walk: Walk, entry: Register | Bit, profile: Profile) -> Iterator[Item]:
    size = entry.words if isinstance(entry, Register) else 1
    tables = [PHASES if name == "phase" else range(1, MOST_ROWS + 1) for name in entry.stride]
    begins = _beginnings(entry, profile)
    for numbers in product(*tables):
        row: Row = dict(zip(entry.stride, numbers, strict=True))
        place = Place("", None, entry, row)
        words = [walk.registers.get((entry.table, place.address + n)) for n in range(size)]
        known = [word for word in words if word is not None]
        if len(known) < size or (place.address != entry.address and place.address in begins):
            if len(tables) == 1:
                return  # the rows of a table follow each other
            continue
        octets = b"".join(word.to_bytes(2, "big") for word in known)
        raw = unpack(entry, octets) if isinstance(entry, Register) else known[0]
        yield _item(f"{entry.table} {place.address}", entry, row, profile, raw, octets)


def _beginnings(entry: Register | Bit, profile: Profile) -> set[int]:
    """The starts of the other entries of that table of the protocol: no row of this one stands there."""
    assert profile.modbus is not None
    everything: list[Register | Bit] = [*profile.modbus.registers, *profile.modbus.bits]
    return {other.address for other in everything if other.table == entry.table and other is not entry}


@cache
def _domain(kind: str, template: str) -> Domain | None:
    """Of the points that a template names: that of the catalogue's template, or of one row of it."""
    named = (point for point in KINDS[kind].table if point.name == template)
    point = next(named, None) or point_of(kind, template)
    return None if point is None else point.domain


def _item(at: str, entry: Shown, row: Row, profile: Profile, raw: Raw | None, octets: bytes = b"") -> Item:
    name = "" if entry.point is None else point_name(entry.point, row)
    place = Place(name, None if entry.point is None else _domain(profile.kind, entry.point), entry, row)
    if raw is None:
        return Item(at, place, None, math.nan, "a value of another type than the profile's", octets=octets)
    if entry.point is None:
        return Item(at, place, raw, raw, octets=octets)
    if (
        entry.enum is not None
        and [raw] == [other for other in entry.enum.values() if other == raw]
        and entry.enum.get("*") == raw
    ):
        return Item(at, place, raw, "any other", octets=octets)
    try:
        value = place.value(raw)
    except Unmapped as error:
        return Item(at, place, raw, math.nan, str(error), meaningless=True, octets=octets)
    unknown = place.impossible(raw, value)
    return Item(at, place, raw, value, unknown or "", octets=octets)
