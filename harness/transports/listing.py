"""The points that a device shows: those of its profile, in every row of its tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from twinfeed.emulators.devices.firmware.points import Index
from twinfeed.emulators.profiles.binding import Row, point_name
from twinfeed.emulators.profiles.schema import Bit, Profile, Register, SnmpObject
from twinfeed.harness.transports.answers import NULL
from twinfeed.harness.transports.errors import NoAnswer, Refused
from twinfeed.harness.transports.modbus.transport import ModbusTransport
from twinfeed.harness.transports.places import Shown, entries, indices, places
from twinfeed.harness.transports.snmp.messages import Absent, numbers
from twinfeed.harness.transports.snmp.transport import SnmpTransport

PHASES = (1, 2, 3)
"""Rows of a table of phases in a Modbus product: all that a meter has registers for."""

MOST_ROWS = 247
"""Largest number of rows of a table of registers."""


async def listing(
    profile: Profile, snmp: SnmpTransport | None, modbus: ModbusTransport | None, known: Mapping[str, Sequence[Index]]
) -> list[str]:
    """The names of the points that can be read over these transports, in the profile's order.

    Raises:
        TransportError: the device could not be asked for its tables.
    """
    names: dict[str, None] = {}
    rows_of: dict[tuple[str, tuple[str, ...]], list[Row]] = {}
    for entry in entries(profile):
        if entry.access == "wo" or not reachable(entry, snmp, modbus):
            continue
        protocol = "snmp" if isinstance(entry, SnmpObject) else "modbus"
        table = protocol, indices(entry)
        if table not in rows_of:
            if all(name in known for name in table[1]):
                rows_of[table] = _every(table[1], known)
            elif isinstance(entry, SnmpObject):
                assert snmp is not None
                rows_of[table] = await walked(entry, snmp)
            else:
                assert modbus is not None and profile.modbus is not None
                counted = {name: await _counted(profile, name, modbus) for name in table[1] if name not in known}
                rows_of[table] = _every(table[1], {**counted, **known})
        for template in _templates(entry):
            for row in rows_of[table]:
                names.setdefault(point_name(template, row))
    return [name for name in names if any(reachable(place.entry, snmp, modbus) for place in places(profile, name))]


def reachable(entry: Shown, snmp: SnmpTransport | None, modbus: ModbusTransport | None) -> bool:
    """True if one of these transports carries the entry."""
    if isinstance(entry, SnmpObject):
        return snmp is not None and snmp.carries(entry.type)
    return modbus is not None


def _templates(entry: Shown) -> Iterable[str]:
    if entry.flags is not None:
        return dict.fromkeys(condition.point for condition in entry.flags.bits.values())
    return () if entry.point is None else (entry.point,)


def _every(names: Sequence[str], known: Mapping[str, Sequence[Index]]) -> list[Row]:
    return [dict(zip(names, row, strict=True)) for row in product(*(known[name] for name in names))]


async def walked(entry: SnmpObject, snmp: SnmpTransport) -> list[Row]:
    """The rows of an SNMP table, by a walk of that entry's column; a scalar has the one row without indices."""
    if not entry.rows:
        return [{}]
    answers = await snmp.walk(column_of(entry))
    there = [v.oid for v in answers if v.value == NULL or not isinstance(v.value, Absent)]
    return list(rows_among(entry, there).values())


def column_of(entry: SnmpObject) -> str:
    """The OID that all rows of a table's entry begin with."""
    return entry.oid.partition(".{")[0]


def rows_among(entry: SnmpObject, oids: Iterable[str]) -> dict[str, Row]:
    """The rows of an entry by the OIDs they stand under, in the order of those OIDs; other OIDs are left out."""
    shifts = {name: int(shift or 0) for name, shift in re.findall(r"\{([a-z_]+)([+-]\d+)?\}", entry.oid)}
    form = re.escape(entry.oid)
    for name in entry.rows:
        form = re.sub(rf"\\\{{{name}[^}}]*\\\}}", rf"(?P<{name}>\\d+(?:\\.\\d+)*?)", form, count=1)
    pattern, rows = re.compile(form), {}
    for oid in oids:
        match = pattern.fullmatch(oid)
        if match is not None:
            rows[oid] = {name: _shifted(numbers(match[name]), shifts[name]) for name in entry.rows}
    return rows


def _shifted(index: tuple[int, ...], shift: int) -> Index:
    return index[0] - shift if len(index) == 1 else index


async def _counted(profile: Profile, name: str, modbus: ModbusTransport) -> Sequence[Index]:
    """The rows of a table of registers: as many as can be read before another table begins.

    A product that answers zero where it has nothing does not show it; only its phases are known.
    """
    assert profile.modbus is not None
    if profile.modbus.gaps == "zero":
        return PHASES if name == "phase" else ()
    everything: list[Register | Bit] = [*profile.modbus.registers, *profile.modbus.bits]
    column = next(entry for entry in everything if set(entry.stride) == {name})
    others = {entry.address for entry in everything if entry is not column and entry.table == column.table}
    rows = 0
    while rows < MOST_ROWS and (address := column.address + rows * column.stride[name]) not in others:
        try:
            await _ask(column, address, modbus)
        except Refused:
            break
        except NoAnswer:  # some products do not answer for what they do not have
            if not rows:
                raise
            break
        rows += 1
    return range(1, rows + 1)


async def _ask(column: Register | Bit, address: int, modbus: ModbusTransport) -> None:
    if isinstance(column, Register):
        await modbus.read_registers(column.table, address, column.words)
    else:
        await modbus.read_bits(column.table, address, 1)
