"""The places where a profile shows points, and the conversion of their raw values.

A point is shown by an entry of its own, or by the bits of a flags word that separate each of its values from others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.devices.catalogue import KINDS
from twinfeed.emulators.devices.firmware.domain import Domain, within_rating
from twinfeed.emulators.devices.firmware.points import AnyPoint, Index, Value, undashed
from twinfeed.emulators.profiles.binding import Row, dotted
from twinfeed.emulators.profiles.schema import Bit, Condition, Profile, Register, SnmpObject
from twinfeed.emulators.profiles.values import Raw, Unmapped, from_raw

Shown = SnmpObject | Register | Bit

Signature = tuple[bool, ...]
"""The set flags among those that belong to a point."""

NO_VALUE = N_("the device reports that it has no value")
"""The reason of an unknown reading: NaN, or the profile's `missing`."""

SMALLEST = 2.0**-126
"""The smallest single-precision float that is not denormal (IEEE 754)."""

ENDS: Mapping[str, tuple[int, ...]] = {
    "u16": (2**16 - 1,), "i16": (2**15 - 1, -(2**15)), "u32": (2**32 - 1,), "i32": (2**31 - 1, -(2**31)),
    "u64": (2**64 - 1,), "i64": (2**63 - 1, -(2**63)), "integer": (2**31 - 1, -(2**31)), "gauge32": (2**32 - 1,),
}  # fmt: skip
"""The ends of the types of registers and variables: saturated values, and often "not available"."""

LARGEST = {"counter32": 2**32 - 1, "gauge32": 2**32 - 1, "counter64": 2**64 - 1}


@dataclass(frozen=True)
class Place:
    """One entry of a profile, in one row, that shows a point.

    An entry may have a row for each of several things that share the point: `upsInputFrequency` has one for each line.
    Then `free` names the indices that the point does not give; a table of registers is read in its first row, and
    `DeviceHandle` asks an SNMP agent for the first row that it has.
    """

    point: str
    domain: Domain | None
    """The values that the point can have; None if the catalogue does not list the point."""
    entry: Shown
    row: Row
    flags: tuple[int, ...] = ()
    """The flags of the word that belong to this point."""
    meanings: Mapping[Signature, Value] | None = None
    """The meaning of each combination of flags; None if the entry is no word of flags."""

    def rated(self, kva: float | None) -> Place:
        """A copy of the place for a machine with that rated apparent power, kVA."""
        return self if kva is None or self.domain is None else replace(self, domain=within_rating(self.domain, kva))

    @property
    def free(self) -> tuple[str, ...]:
        """The indices of the entry that the point's name does not give."""
        return tuple(name for name in indices(self.entry) if name not in self.row)

    @property
    def unit(self) -> str:
        return "" if self.domain is None else self.domain.unit

    @property
    def oid(self) -> str:
        assert isinstance(self.entry, SnmpObject)
        return dotted(self.entry.oid, self.row)

    @property
    def address(self) -> int:
        """The PDU address of the first register, or of the bit."""
        assert isinstance(self.entry, (Register, Bit))
        told = {name: step for name, step in self.entry.stride.items() if name in self.row}
        return self.entry.address + sum(step * position(self.row[name]) for name, step in told.items())

    def value(self, raw: Raw) -> Value:
        """The value of the point for the raw value of this place.

        Raises:
            Unmapped: the profile gives it no meaning.
        """
        if self.meanings is None:
            value = from_raw(self.entry, raw)
            counts = self.domain is not None and self.domain.kind == "number"
            return number(value) if counts and isinstance(value, str) else value
        signature = tuple(_is_set(raw, flag) for flag in self.flags)
        if signature not in self.meanings:
            raise Unmapped(Phrase("the flags of {raw!r} contradict each other", raw=raw))
        return self.meanings[signature]

    def impossible(self, raw: Raw, value: Value) -> str | None:
        """The reason why the value, converted from `raw`, is no reading of the point; None if it is one."""
        if self.domain is None:
            return None
        if value != value:
            return NO_VALUE
        reason = self.domain.impossible(value)
        if reason is None and isinstance(raw, int | float) and self.meanings is None and self.entry.enum is None:
            reason = not_a_number(self.entry, raw, self.domain)
        return reason


def not_a_number(entry: Shown, raw: int | float, domain: Domain) -> str | None:
    """The reason why a number is no value: the end of its type in a measurement, or a denormal float."""
    if isinstance(raw, float):
        tiny = 0.0 < abs(raw) < SMALLEST and isinstance(entry, Register) and entry.type == "f32"
        return (
            Phrase("{raw:g} is denormal: no instrument gives it, swapped words or bytes do", raw=raw) if tiny else None
        )
    kind = "" if isinstance(entry, Bit) else entry.type
    if domain.sentinels and raw in ENDS.get(kind, ()):
        return Phrase(
            "{raw} is the end of the type {type}: it stands for no value, or for one beyond", raw=raw, type=kind
        )
    return None


def places(profile: Profile, name: str, written: bool = False) -> Iterator[Place]:
    """All places where a profile shows the point or accepts it, the best first; words of flags come last."""
    point = point_of(profile.kind, name)
    domain = None if point is None else point.domain
    own = []
    for entry in entries(profile):
        row = row_of(entry.point, name) if entry.point is not None else None
        if row is not None and entry.access != ("ro" if written else "wo") and _can_have(entry, row):
            own.append(Place(name, domain, entry, row))
    yield from _widest_first([place for place in own if not place.free])
    yield from (place for place in own if place.free)
    if not written:
        for entry in entries(profile):
            if entry.flags is not None and entry.access != "wo":
                yield from _flagged(entry, name, domain)


def entries(profile: Profile) -> list[Shown]:
    """Everything a profile shows: variables, registers and bits, in this order."""
    found: list[Shown] = []
    if profile.snmp is not None:
        found += profile.snmp.objects
    if profile.modbus is not None:
        found += [*profile.modbus.registers, *profile.modbus.bits]
    return found


def indices(entry: Shown) -> tuple[str, ...]:
    """The names of the rows an entry has one of."""
    return entry.rows if isinstance(entry, SnmpObject) else tuple(entry.stride)


def point_of(kind: str, name: str) -> AnyPoint | None:
    """The point of that name in the catalogue of a kind of device, None if it has none."""
    for point in KINDS[kind].table:
        if row_of(point.name, name) is not None:
            return point
    return None


def row_of(template: str, name: str) -> Row | None:
    """The indices that turn the template into the name, None if they do not."""
    if "{" not in template:
        return {} if template == name else None
    fixed, pattern = _pattern(template)
    match = pattern.fullmatch(name) if name.startswith(fixed) else None
    if match is None:
        return None
    row: Row = {}
    for key, text in match.groupdict().items():
        index = undashed(text)
        if index is None:
            return None
        row[key] = index
    return row


def position(index: Index) -> int:
    """The offset of a row in its block of registers, from 0: the rows of a table of registers are numbered from 1."""
    assert isinstance(index, int), f"row {index} of a table of registers, which numbers its rows"
    return index - 1


def _can_have(entry: Shown, row: Row) -> bool:
    """True if an entry can have that row: registers number theirs from 1."""
    return isinstance(entry, SnmpObject) or all(isinstance(n, int) and n >= 1 for n in row.values())


def number(text: str) -> float | str:
    """The number a text is; any other text as it is."""
    try:
        return float(text)
    except ValueError:
        return text


def _widest_first(own: list[Place]) -> list[Place]:
    """Counters of 32 bits wrap and gauges stop at their end: where a product has a wider one too, that is read.

    `ifSpeed` and `ifHighSpeed`, `ifInOctets` and `ifHCInOctets` (RFC 2863 §3.1.6) are such pairs.
    """
    if not own or _reach(own[0].entry) is None:
        return own
    return sorted(own, key=lambda place: -(_reach(place.entry) or 0))


def _reach(entry: Shown) -> float | None:
    """The largest value of the point that a counter or gauge can show, None for other types."""
    largest = LARGEST.get(entry.type) if isinstance(entry, SnmpObject) else None
    return None if largest is None else float(abs(largest * entry.factor))


@cache
def _pattern(template: str) -> tuple[str, re.Pattern[str]]:
    """The common beginning of a template's names, and their form."""
    form = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[0-9]+(?:-[0-9]+)*)", re.escape(template))
    return template.partition("{")[0], re.compile(form)


def _flagged(entry: Shown, name: str, domain: Domain | None) -> Iterator[Place]:
    """The entry as a place of the point, if its flags separate each value of the point from the others."""
    assert entry.flags is not None
    bits: dict[int, Condition] = {}
    row: Row = {}
    for flag, condition in entry.flags.bits.items():
        found = row_of(condition.point, name)
        if found is not None:
            bits[flag], row = condition, found
    if not bits or not _can_have(entry, row):
        return
    if domain is not None and domain.kind not in ("truth", "word"):
        return  # a flag shows that there is an alarm, and not how many
    meanings: dict[Signature, Value] = {}
    values: tuple[Value, ...] = (domain.words if domain is not None else ()) or (False, True)
    for value in values:
        meanings[tuple(_holds(condition, value) for condition in bits.values())] = value
    if len(meanings) == len(values):
        yield Place(name, domain, entry, row, tuple(bits), meanings)


def _holds(condition: Condition, value: Value) -> bool:
    held = bool(value) if condition.values is None else value in condition.values
    return held is not condition.invert


def _is_set(raw: Raw, flag: int) -> bool:
    """Texts number their characters from 1, numbers their bits from 0."""
    if isinstance(raw, (str, bytes)):
        return raw[flag - 1 : flag] in ("1", b"1")
    return bool(int(raw) >> flag & 1)
