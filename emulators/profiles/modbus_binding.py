"""A device's points as Modbus registers and bits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from twinfeed.emulators.devices.firmware.points import BadValue, BoundPoint, Crashed, NotWritable, Refused
from twinfeed.emulators.profiles import odd_answers
from twinfeed.emulators.profiles.binding import ProfileError, Row, Surface, point_name
from twinfeed.emulators.profiles.odd_answers import Odd, odd_points
from twinfeed.emulators.profiles.registers import packer, unpack
from twinfeed.emulators.profiles.schema import Bit, Modbus, Register
from twinfeed.emulators.profiles.values import Raw, Unmapped, from_raw
from twinfeed.emulators.wire.modbus.extras import Extras
from twinfeed.emulators.wire.modbus.unit import (
    BitTable,
    DeviceFailure,
    IllegalAddress,
    IllegalFunction,
    IllegalValue,
    RegisterTable,
    Unanswered,
)

CACHED_READS = 256
"""Number of different reads whose parts are cached, and whose results are cached while the plant is unchanged."""


class Slot(NamedTuple):
    """One register entry in one row: its address, its point ('' for none), its functions for reading and writing."""

    start: int
    words: int
    register: Register
    read: Callable[[], Raw]
    pack: Callable[[Raw], bytes]
    target: BoundPoint | None
    point: str

    @property
    def end(self) -> int:
        return self.start + self.words


class Place(NamedTuple):
    """One coil or discrete input in one row; fields as those of a `Slot`."""

    bit: Bit
    read: Callable[[], Raw]
    target: BoundPoint | None
    point: str


class Part(NamedTuple):
    """The part of a read that one slot, or a gap between slots, gives: `cut` of the packed octets."""

    read: Callable[[], Raw]
    pack: Callable[[Raw], bytes]
    cut: slice


class ProfileUnit:
    """A device as a Modbus unit (see `twinfeed.emulators.wire.modbus.Unit`), read through its profile."""

    def __init__(self, surface: Surface, modbus: Modbus | None = None) -> None:
        modbus = modbus or surface.profile.modbus
        if modbus is None:
            raise ProfileError(f"profile {surface.profile.profile} has no entries for Modbus")
        self.extras = Extras()
        """The functions of the product; see `modbus_extras`."""
        self._surface = surface
        self._gaps_are_zero = modbus.gaps == "zero"
        self._most_registers = modbus.most_registers
        self._is_silent_beyond = modbus.beyond_most == "silent"
        self._slots: dict[RegisterTable, list[Slot]] = {"holding": [], "input": []}
        self._bits: dict[BitTable, dict[int, Place]] = {
            "coil": {},
            "discrete": {},
        }
        self._place(surface, modbus)
        self._starts = {table: [slot.start for slot in slots] for table, slots in self._slots.items()}
        self._parts: dict[tuple[RegisterTable, int, int], list[Part]] = {}
        self._cache: dict[tuple[RegisterTable, int, int], bytes] = {}
        self._cached_bits: dict[tuple[BitTable, int, int], list[bool]] = {}
        self._revision = -1
        self._odd: dict[str, Odd] = {}
        """The points with answer faults, and their faults, as of `_revision`."""

    @property
    def identification(self) -> Mapping[int, bytes]:
        modbus = self._surface.profile.modbus
        assert modbus is not None
        return {id: self._surface.text(text).encode() for id, text in modbus.identification.items()}

    def addresses(self) -> Iterator[tuple[RegisterTable | BitTable, int]]:
        """All registers and bits of the product, with all rows of its tables."""
        for table, slots in self._slots.items():
            yield from ((table, address) for slot in slots for address in range(slot.start, slot.end))
        for bits, places in self._bits.items():
            yield from ((bits, address) for address in places)

    # -- registers ------------------------------------------------------------------------------------------

    def read_registers(self, table: RegisterTable, address: int, count: int) -> bytes:
        if count > self._most_registers:
            if self._is_silent_beyond:
                raise Unanswered
            raise IllegalValue(f"{count} registers asked for, this product gives {self._most_registers} at once")
        self._follow()
        key = (table, address, count)
        data = self._cache.get(key)
        if data is None:
            if len(self._cache) >= CACHED_READS:
                self._cache.clear()
            parts = self._parts.get(key)
            if parts is None:
                if len(self._parts) >= CACHED_READS:
                    self._parts.clear()
                parts = self._parts[key] = self._divide(table, address, count)
            try:
                data = b"".join([pack(read())[cut] for read, pack, cut in parts])
            except Crashed as crash:
                raise Unanswered(str(crash)) from crash
            self._cache[key] = data
        return data

    def _follow(self) -> None:
        """Discard the caches of an earlier revision of the plant."""
        device = self._surface.device
        revision = device.plant.revision
        if revision == self._revision:
            return
        self._revision = revision
        self._cache.clear()
        self._cached_bits.clear()
        odd = odd_points(device) if device.state.faults else {}
        if odd or self._odd:
            self._odd = odd
            self._parts.clear()

    def write_registers(self, address: int, data: bytes) -> None:
        words = len(data) // 2
        slots = self._between("holding", address, words)
        if sum(slot.words for slot in slots) != words or slots[0].start < address:
            raise IllegalAddress(f"holding {address} to {address + words - 1} is not made of whole values")
        writes: list[tuple[Slot, Raw]] = []
        for slot in slots:
            if slot.register.access == "ro":
                raise IllegalAddress(f"holding {slot.start} can only be read")
            at = 2 * (slot.start - address)
            raw = unpack(slot.register, data[at : at + 2 * slot.words])
            _check(slot.register, slot.target, raw)
            writes.append((slot, raw))
        self._carry_out([(slot.register, slot.target, raw) for slot, raw in writes])

    def _divide(self, table: RegisterTable, address: int, count: int) -> list[Part]:
        """The pieces of the range, in order.

        Raises:
            IllegalAddress: it holds registers that this product does not have, and does not show as zero.
            Unanswered: it holds a point that leaves requests unanswered (fault `missing`).
        """
        if (3 if table == "holding" else 4) not in self.extras.functions:
            raise IllegalFunction(f"this product does not read {table} registers")
        parts: list[Part] = []
        at, end = address, address + count
        for slot in self._between(table, address, count):
            parts += self._gap(table, at, slot.start)
            first, at = max(at, slot.start), min(slot.end, end)  # of a value that is asked for in part, only that
            cut = slice(2 * (first - slot.start), 2 * (at - slot.start))
            odd = self._odd.get(slot.point)
            if odd is None:
                parts.append(Part(slot.read, slot.pack, cut))
            else:
                odd_answers.refuse_missing(odd, f"{table} {slot.start}")
                parts.append(Part(partial(odd_answers.registers, slot.register, slot.read, odd), _as_they_are, cut))
        return parts + self._gap(table, at, end)

    def _gap(self, table: RegisterTable, start: int, end: int) -> list[Part]:
        if start >= end:
            return []
        if not self._gaps_are_zero:
            raise IllegalAddress(f"{table} {start} to {end - 1} does not exist in this product")
        zeros = bytes(2 * (end - start))
        return [Part(_nothing, lambda raw: zeros, slice(None))]

    def _between(self, table: RegisterTable, address: int, count: int) -> list[Slot]:
        """The slots that overlap the range, in order."""
        slots, starts = self._slots[table], self._starts[table]
        first = bisect_right(starts, address)
        if first and slots[first - 1].end > address:
            first -= 1
        return slots[first : bisect_right(starts, address + count - 1)]

    # -- bits -----------------------------------------------------------------------------------------------

    def read_bits(self, table: BitTable, address: int, count: int) -> Sequence[bool]:
        self._follow()
        key = (table, address, count)
        values = self._cached_bits.get(key)
        if values is None:
            if len(self._cached_bits) >= CACHED_READS:
                self._cached_bits.clear()
            try:
                values = [self._bit(table, place) for place in range(address, address + count)]
            except Crashed as crash:
                raise Unanswered(str(crash)) from crash
            self._cached_bits[key] = values
        return values

    def _bit(self, table: BitTable, place: int) -> bool:
        found = self._bits[table].get(place)
        if found is None:
            if not self._gaps_are_zero:
                raise IllegalAddress(f"{table} {place} does not exist in this product")
            return False
        value = found.bit.access != "wo" and bool(found.read())
        odd = self._odd.get(found.point)
        return value if odd is None else odd_answers.bit(value, odd, f"{table} {place}")

    def write_bits(self, address: int, values: Sequence[bool]) -> None:
        writes: list[tuple[Register | Bit, BoundPoint | None, Raw]] = []
        for place, value in enumerate(values, address):
            found = self._bits["coil"].get(place)
            if found is None or found.bit.access == "ro":
                raise IllegalAddress(f"coil {place} does not exist in this product or can only be read")
            bit, target = found.bit, found.target
            raw = value if bit.enum is None and bit.factor == 1 else int(value)
            _check(bit, target, raw)
            writes.append((bit, target, raw))
        self._carry_out(writes)

    def _carry_out(self, writes: Sequence[tuple[Register | Bit, BoundPoint | None, Raw]]) -> None:
        """Write the values of one request as one change."""
        try:
            with self._surface.device.writing():
                for entry, target, raw in writes:
                    _write(entry, target, raw)
        except Crashed as crash:
            raise Unanswered(str(crash)) from crash

    # -- building -------------------------------------------------------------------------------------------

    def _place(self, surface: Surface, modbus: Modbus) -> None:
        for register in modbus.registers:
            where = f"{register.table} {register.address}"
            for address, row in self._addresses(surface, register, where):
                read = surface.getter(register, row, where)
                slot = Slot(
                    address,
                    register.words,
                    register,
                    _nothing if register.access == "wo" else read,
                    packer(register),
                    _target(surface, register, row),
                    "" if register.point is None else point_name(register.point, row),
                )
                self._slots[register.table].append(slot)
        for bit in modbus.bits:
            where = f"{bit.table} {bit.address}"
            for address, row in self._addresses(surface, bit, where):
                self._bits[bit.table][address] = Place(
                    bit,
                    surface.getter(bit, row, where),
                    _target(surface, bit, row),
                    "" if bit.point is None else point_name(bit.point, row),
                )
        for table, slots in self._slots.items():
            slots.sort(key=lambda slot: slot.start)
            for one, other in pairwise(slots):
                if one.end > other.start:
                    raise ProfileError(
                        f"profile {surface.profile.profile}: {table} {other.start} lies inside the value at {one.start}"
                    )

    @staticmethod
    def _addresses(surface: Surface, entry: Register | Bit, where: str) -> list[tuple[int, Row]]:
        names = tuple(entry.stride)
        places = {name: {index: n for n, index in enumerate(surface.device.indices(name))} for name in names}
        return [
            (
                entry.address + sum(entry.stride[name] * places[name][index] for name, index in row.items()),
                row,
            )
            for row in surface.rows(names, where)
        ]


def _as_they_are(raw: Raw) -> bytes:
    assert isinstance(raw, bytes), "odd answers are octets already"
    return raw


def _nothing() -> Raw:
    """The value that a write-only register shows."""
    return 0


def _target(surface: Surface, entry: Register | Bit, row: Row) -> BoundPoint | None:
    return surface.device.point(point_name(entry.point, row)) if entry.access != "ro" and entry.point else None


def _check(entry: Register | Bit, target: BoundPoint | None, raw: Raw) -> None:
    if entry.range and not (isinstance(raw, (int, float)) and entry.range[0] <= raw <= entry.range[1]):
        raise IllegalValue(f"{entry.address}: {raw!r}, expected {entry.range[0]:g} to {entry.range[1]:g}")
    if target is None:
        return
    try:
        target.check(from_raw(entry, raw))
    except (Unmapped, BadValue) as error:
        raise IllegalValue(str(error)) from None
    except NotWritable as error:
        raise IllegalAddress(str(error)) from None


def _write(entry: Register | Bit, target: BoundPoint | None, raw: Raw) -> None:
    if target is None:
        return
    try:
        target.write(from_raw(entry, raw))
    except Refused as error:
        raise DeviceFailure(str(error)) from None
