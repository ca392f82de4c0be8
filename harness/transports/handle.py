"""A device as the harness sees it: logical points, read over the wire through the device's profile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from emulators.devices.points import Index, Value, undashed
from emulators.profiles.binding import Row, dotted
from emulators.profiles.schema import Bit, Entry, Profile, Register, SnmpObject
from emulators.profiles.values import Unmapped, from_raw
from harness.transports.errors import WrongAnswer
from harness.transports.modbus import ModbusTransport
from harness.transports.snmp import SnmpTransport

__all__ = ["DeviceHandle", "Reading", "WrongAnswer"]


@dataclass(frozen=True)
class Reading:
    """A point's value as it came over the wire, and the address it came from."""

    device: str
    point: str
    value: Value
    source: str


class DeviceHandle:
    """Reads the points of one device through whichever of its protocols shows them."""

    def __init__(
        self,
        name: str,
        profile: Profile,
        snmp: SnmpTransport | None = None,
        modbus: ModbusTransport | None = None,
    ) -> None:
        self.name = name
        self.profile = profile
        self._snmp = snmp
        self._modbus = modbus

    async def read(self, point: str) -> Reading:
        """One point, now.

        Raises:
            NoAnswer: the device is silent.
            WrongAnswer: it does not show this point, or answered something else.
        """
        for entry, row in places(self.profile, point):
            if isinstance(entry, SnmpObject) and self._snmp is not None:
                oid = dotted(entry.oid, row)
                raw, source = await self._snmp.read(entry, oid), f"{self._snmp.where} {oid}"
            elif isinstance(entry, (Register, Bit)) and self._modbus is not None:
                address = entry.address + sum(_position(row[name]) * step for name, step in entry.stride.items())
                raw, source = await self._modbus.read(entry, address), f"{self._modbus.where} {entry.table} {address}"
            else:
                continue
            try:
                return Reading(self.name, point, from_raw(entry, raw), source)
            except Unmapped as error:
                raise WrongAnswer(f"{self.name} {point} at {source}: {error}") from None
        raise WrongAnswer(f"{self.name}: profile {self.profile.profile} does not show {point}")

    def close(self) -> None:
        if self._modbus is not None:
            self._modbus.close()


def places(profile: Profile, point: str) -> Iterator[tuple[Entry, Row]]:
    """Every entry of a profile that shows that point, with the row its name is in."""
    entries: list[Entry] = []
    if profile.snmp is not None:
        entries += profile.snmp.objects
    if profile.modbus is not None:
        entries += [*profile.modbus.registers, *profile.modbus.bits]
    for entry in entries:
        if entry.point is not None and entry.access != "wo":
            row = _row(entry.point, point)
            if row is not None:
                yield entry, row


def _row(template: str, name: str) -> Row | None:
    """The indices that turn the template into the name, None if they do not match."""
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[0-9-]+)", re.escape(template))
    match = re.fullmatch(pattern, name)
    if match is None:
        return None
    row: Row = {}
    for key, text in match.groupdict().items():
        index = undashed(text)
        if index is None:
            return None
        row[key] = index
    return row


def _position(index: Index) -> int:
    """Where a row stands in its block of registers: rows are numbered from 1."""
    if not isinstance(index, int):
        raise WrongAnswer(f"a table of registers cannot be indexed by {index}")
    return index - 1
