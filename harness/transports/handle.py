"""Device handles: points of a device, read and written over the wire through its profile.

ups = DeviceHandle("ups-a1", library.get("ups-rfc1628"), snmp=SnmpTransport.v2c("127.20.1.11", 1161))
reading = await ups.read("battery.charge")
reading.value, reading.unit, reading.t_s         # 94.0, "%", 12.3
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.devices.firmware.points import Index, Value
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.profiles import opaque
from twinfeed.emulators.profiles.registers import BOUNDS, pack, unpack
from twinfeed.emulators.profiles.schema import Bit, Profile, Register, SnmpObject
from twinfeed.emulators.profiles.values import Raw, Unmapped, to_raw, whole
from twinfeed.harness.transports.errors import NotShown, Refused, TransportError, WrongAnswer
from twinfeed.harness.transports.listing import listing, reachable, walked
from twinfeed.harness.transports.modbus.ranges import Range, halves, ranges
from twinfeed.harness.transports.modbus.transport import ModbusTransport
from twinfeed.harness.transports.places import Place, entries, indices, places
from twinfeed.harness.transports.snmp import messages as snmp_messages
from twinfeed.harness.transports.snmp.transport import SnmpTransport

ILLEGAL_VALUE = 3
"""The exception for a request of too many registers (V1.1b3, section 6.3)."""

PLANS = 64
"""Number of different batches whose grouping into requests is cached."""


OTHER_TYPE = N_("a value of another type than the profile's came")


@dataclass(frozen=True)
class Reading:
    """The value of a point as it was received."""

    device: str
    point: str
    value: Value
    """A number in `unit`, a word, a text or a bool; NaN where nothing is known, see `unknown`."""
    unit: str
    """The unit from the catalogue of the device kind; empty for words, texts and bare numbers."""
    t_s: float
    """Time of the answer, s of the handle's clock."""
    source: str
    """The URL and the register or OID of the value."""
    unknown: str = ""
    """The reason if the value is unknown: the device shows no value, one that the point cannot have, one without a
    meaning, or octets that are no value; '' if known."""
    raw: Value | None = None
    """The raw value that was read instead, in `unit` if it is a number; None if the value is known."""


class DeviceHandle:
    """Reads and writes the points of one device through the protocol that shows them, SNMP first.

    `clock` gives the time of readings, s (default: the event loop's). `rows` gives the rows of the device's tables
    where `points` cannot find out by asking (a Modbus product that answers zero where it has nothing). `rated_kva` is
    the rated apparent power of the machine that the device manages, kVA: powers beyond it are no readings.
    """

    def __init__(
        self,
        name: str,
        profile: Profile,
        snmp: SnmpTransport | None = None,
        modbus: ModbusTransport | None = None,
        clock: Callable[[], float] | None = None,
        rows: Mapping[str, Sequence[Index]] | None = None,
        rated_kva: float | None = None,
    ) -> None:
        self.name = name
        self.profile = profile
        self.snmp = snmp
        self.modbus = modbus
        self._clock = clock
        self._rows = rows or {}
        self._rated_kva = rated_kva
        self._places: dict[str, Place] = {}
        self._halves: dict[tuple[str, ...], tuple[Range, Range]] = {}
        """Requests that the device refused as too long, by their points -> the shorter requests sent instead."""
        self._plans: dict[tuple[str, ...], tuple[list[Place], list[Range]]] = {}

    async def read(self, point: str) -> Reading:
        """Read one point.

        Raises:
            NoAnswer: the device is silent.
            Refused: it answered with an error of its protocol.
            WrongAnswer: what came is no answer at all. A value that is no reading of the point is a `Reading.unknown`.
            NotShown: the profile does not show this point.
        """
        return (await self.read_many([point]))[point]

    async def read_many(self, points: Iterable[str]) -> dict[str, Reading]:
        """Read several points in as few requests as the protocol and the product allow. Raises the errors of `read`."""
        names = tuple(dict.fromkeys(points))
        plan = self._plans.get(names)
        if plan is None:
            if len(self._plans) >= PLANS:
                self._plans.clear()
            plan = self._plans[names] = await self._grouped(names)
        variables, requests = plan
        found: dict[str, Reading] = {}
        if variables:
            await self._read_variables(variables, found)
        for request in requests:
            await self._read_range(request, found)
        return {name: found[name] for name in names}

    async def write(self, point: str, value: Value) -> None:
        """Write a point, in its words and units.

        Raises:
            ValueError: the profile cannot express this value.
            NoAnswer, Refused, WrongAnswer, NotShown: as for `read`.
        """
        place = await self._located(point, written=True)
        entry = place.entry
        try:
            raw = to_raw(entry, value)
            if isinstance(entry, Register):
                octets = _registers(entry, raw)
            elif isinstance(entry, SnmpObject):
                variable = _variable(entry, raw)
        except (Unmapped, ValueError) as error:
            raise ValueError(
                Phrase(
                    "{name} {point}: cannot write {value!r}: {error}",
                    name=self.name,
                    point=point,
                    value=value,
                    error=error,
                )
            ) from None
        try:
            if isinstance(entry, SnmpObject):
                assert self.snmp is not None
                type = "opaque" if entry.type in opaque.FORMS else entry.type
                await self.snmp.set(place.oid, type, variable)
            elif isinstance(entry, Bit):
                assert self.modbus is not None
                await self.modbus.write_coil(place.address, bool(raw))
            else:
                assert self.modbus is not None
                await self.modbus.write_registers(place.address, octets)
        except TransportError as error:
            raise error.named(self.name, point) from None

    async def points(self) -> list[str]:
        """The points that the device shows over the transports of this handle, with the rows that its tables have."""
        try:
            return await listing(self.profile, self.snmp, self.modbus, self._rows)
        except TransportError as error:
            raise error.named(self.name, "(its tables)") from None

    def close(self) -> None:
        """Close the connections; the next request opens them again."""
        for transport in (self.snmp, self.modbus):
            if transport is not None:
                transport.close()

    # -- where points are -----------------------------------------------------------------------------------

    def _place(self, point: str, written: bool = False) -> Place:
        for place in places(self.profile, point, written):
            if reachable(place.entry, self.snmp, self.modbus):
                return place.rated(self._rated_kva)
        raise NotShown(self._why_not(point, written), f"profile {self.profile.profile}").named(self.name, point)

    async def _located(self, point: str, written: bool = False) -> Place:
        """The place of the point. If several rows of an SNMP table share it, the first row that exists."""
        place = self._place(point, written)
        entry = place.entry
        if not place.free or not isinstance(entry, SnmpObject):
            return place
        if all(name in self._rows for name in place.free):
            known = {name: self._rows[name][0] for name in place.free if self._rows[name]}
            return replace(place, row={**known, **place.row})
        assert self.snmp is not None
        try:
            there = await walked(entry, self.snmp)
        except TransportError as error:
            raise error.named(self.name, point) from None
        for row in there:
            if row.items() >= place.row.items():
                return replace(place, row=row)
        raise NotShown(Phrase("is not shown: its table has no row"), f"{self.snmp.where} {entry.oid}").named(
            self.name, point
        )

    def _why_not(self, point: str, written: bool) -> str:
        if next(places(self.profile, point), None) is None:
            shown = sorted({entry.point for entry in entries(self.profile) if entry.point})
            return Phrase("is not shown") + did_you_mean(point, shown)
        if written and next(places(self.profile, point, written), None) is None:
            return Phrase("can only be read")
        return Phrase("is shown over another protocol than this handle has")

    async def _grouped(self, names: Sequence[str]) -> tuple[list[Place], list[Range]]:
        """The SNMP variables and the Modbus requests for these points."""
        for name in names:
            if name not in self._places:
                self._places[name] = await self._located(name)
        wanted = [self._places[name] for name in names]
        registers = [place for place in wanted if not isinstance(place.entry, SnmpObject)]
        requests = ranges(self.profile.modbus, registers) if self.profile.modbus is not None else []
        return [place for place in wanted if isinstance(place.entry, SnmpObject)], requests

    # -- reading --------------------------------------------------------------------------------------------

    async def _read_variables(self, asked: Sequence[Place], found: dict[str, Reading]) -> None:
        assert self.snmp is not None
        oids = {place.point: place.oid for place in asked}
        try:
            values = await self.snmp.get_each(list(dict.fromkeys(oids.values())))
            for value in values.values():
                if isinstance(value, Refused):
                    raise value
        except TransportError as error:
            guilty = [point for point, oid in oids.items() if error.address == f"{self.snmp.where} {oid}"]
            self._forget(place for place in asked if indices(place.entry))  # a row may be gone
            raise error.named(self.name, ", ".join(guilty or oids)) from None
        for place in asked:
            oid = oids[place.point]
            where = f"{self.snmp.where} {oid}"
            assert isinstance(place.entry, SnmpObject)
            value = values[oid]
            if isinstance(value, WrongAnswer):
                found[place.point] = self._unknown(place, where, value.what, value.octets)
            elif (raw := raw_of(place.entry, value)) is None:
                found[place.point] = self._unknown(place, where, OTHER_TYPE, value)
            else:
                found[place.point] = self._reading(place, raw, where)

    def _forget(self, asked: Iterable[Place]) -> None:
        for place in asked:
            self._places.pop(place.point, None)
        self._plans.clear()

    async def _read_range(self, request: Range, found: dict[str, Reading]) -> None:
        assert self.modbus is not None
        table, first, count, asked = request
        points = tuple(place.point for place in asked)
        if points in self._halves:
            for half in self._halves[points]:
                await self._read_range(half, found)
            return
        try:
            if table in ("holding", "input"):
                octets = await self.modbus.read_registers(cast(Literal["holding", "input"], table), first, count)
            else:
                bits = await self.modbus.read_bits(cast(Literal["coil", "discrete"], table), first, count)
        except TransportError as error:
            if isinstance(error, Refused) and error.code == ILLEGAL_VALUE and len(asked) > 1:
                # The device gives fewer at once than its profile states.
                self._halves[points] = halves(request)
                await self._read_range(request, found)
                return
            raise error.named(self.name, ", ".join(points)) from None
        for place in asked:
            where = f"{self.modbus.where} {table} {place.address}"
            at = place.address - first
            if isinstance(place.entry, Register):
                raw = unpack(place.entry, octets[2 * at : 2 * (at + place.entry.words)])
            else:
                raw = bits[at]
            found[place.point] = self._reading(place, raw, where)

    def _reading(self, place: Place, raw: Raw, where: str) -> Reading:
        try:
            value = place.value(raw)
        except Unmapped as error:
            return self._unknown(place, where, str(error), raw)
        unknown = place.impossible(raw, value)
        if unknown is None:
            return Reading(self.name, place.point, value, place.unit, self._now_s(), where)
        return self._unknown(place, where, unknown, raw if value != value else value)

    def _unknown(self, place: Place, where: str, why: str, raw: Value) -> Reading:
        """An unknown reading: the answer is no value of the point. The other points of the request are not affected."""
        return Reading(self.name, place.point, math.nan, place.unit, self._now_s(), where, why, raw)

    def _now_s(self) -> float:
        return self._clock() if self._clock is not None else asyncio.get_running_loop().time()


def raw_of(entry: SnmpObject, value: snmp_messages.Value) -> Raw | None:
    """The raw value of an SNMP variable for a profile; None if it has another type."""
    if entry.type in opaque.FORMS:
        return opaque.unpacked(value) if isinstance(value, bytes) else None
    if entry.type in ("string", "opaque"):
        return _text(value) if isinstance(value, bytes) else None
    if entry.type in ("oid", "ipaddress"):
        return value if isinstance(value, str) else None
    return value if isinstance(value, int) else None


def _text(octets: bytes) -> str | bytes:
    """Octets that make a text (no control characters but line ends and tabs) as a text."""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return octets
    return text if all(character.isprintable() or character in "\r\n\t" for character in text) else octets


def _variable(entry: SnmpObject, raw: Raw) -> snmp_messages.Value:
    if entry.type in opaque.FORMS:
        return opaque.packed(entry.type, float(raw))
    if entry.type in ("string", "opaque"):
        return raw if isinstance(raw, bytes) else str(raw).encode()
    if entry.type in ("oid", "ipaddress"):
        return str(raw)
    return whole(float(raw))


def _registers(entry: Register, raw: Raw) -> bytes:
    """The octets of a value, which must fit: a value that would saturate is refused."""
    if entry.type in BOUNDS:
        low, high = BOUNDS[entry.type]
        if not low <= whole(float(raw)) <= high:
            raise ValueError(
                Phrase(
                    "{type} registers hold {low} to {high}, this is {raw}",
                    type=entry.type,
                    low=low,
                    high=high,
                    raw=whole(float(raw)),
                )
            )
    elif entry.type == "string" and len(raw if isinstance(raw, bytes) else str(raw)) > 2 * entry.words:
        raise ValueError(Phrase("the registers hold {words} characters", words=2 * entry.words))
    return pack(entry, raw)
