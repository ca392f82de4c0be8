"""Entries of the shipped profiles by their OIDs: the same object of another product shows the same point."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.schema import SnmpObject

Oid = tuple[int, ...]

Place = tuple[str, ...]
"""The numbers of an OID as texts, index names as `{}`."""


class ShippedEntries:
    """The points that the shipped profiles of one kind of device show over SNMP, except those of `without`."""

    def __init__(self, kind: str, without: Iterable[str] = ()) -> None:
        self._entries: dict[Place, tuple[str, SnmpObject]] = {}
        left_out = set(without)
        contradicted: set[Place] = set()
        for name in library.names():
            profile = library.get(name)
            if profile.kind != kind or name in left_out or profile.snmp is None:
                continue
            for entry in profile.snmp.objects:
                place = _place(entry.oid)
                first = self._entries.setdefault(place, (name, entry))[1]
                if (first.point, first.factor, first.enum) != (entry.point, entry.factor, entry.enum):
                    contradicted.add(place)
        for place in contradicted:
            del self._entries[place]

    def of(self, oids: Iterable[Oid]) -> tuple[str, SnmpObject] | None:
        """A profile and its one entry for all these instances of an object; None: there is none, or it has no point."""
        found = [next((self._entries[place] for place in _places(oid) if place in self._entries), None) for oid in oids]
        first = next(iter(found), None)
        if first is None or first[1].point is None or any(each is not first for each in found):
            return None
        return first


def _place(oid: str) -> Place:
    return tuple("{}" if part.startswith("{") else part for part in oid.split("."))


def _places(oid: Oid) -> Iterator[Place]:
    """The forms of the name in profiles: as it is, or with one or two index names at its end."""
    parts = tuple(map(str, oid))
    yield parts
    yield (*parts[:-1], "{}")
    yield (*parts[:-2], "{}", parts[-1])
    yield (*parts[:-2], "{}", "{}")


def fields(profile: str, entry: SnmpObject) -> dict[str, object]:
    """The fields of a draft's entry with the same meaning."""
    made: dict[str, object] = {"oid": entry.oid, "type": entry.type, "point": entry.point}
    if entry.factor != 1 or entry.offset:
        made["factor"] = entry.factor
    if entry.offset:
        made["offset"] = entry.offset
    if entry.enum:
        made["enum"] = dict(entry.enum)
    if entry.format is not None:
        made["format"] = entry.format
    if entry.missing is not None:
        made["missing"] = entry.missing
    made["source"] = f"as {profile}: {re.sub(r'[{}]', '', entry.source)}"
    return made
