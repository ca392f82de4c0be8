"""A device's points as SNMP variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import lru_cache
from ipaddress import ip_address

from twinfeed.emulators.devices.firmware.points import BadValue, BoundPoint, Crashed, Index, NotWritable, Refused
from twinfeed.emulators.profiles import opaque
from twinfeed.emulators.profiles.binding import ProfileError, Row, Surface, dotted, point_name
from twinfeed.emulators.profiles.odd_answers import WALKS_SKIP_IT, Odd, odd_points, snmp_binding
from twinfeed.emulators.profiles.schema import SnmpObject
from twinfeed.emulators.profiles.values import Raw, Unmapped, from_raw, whole
from twinfeed.emulators.wire.snmp import mib
from twinfeed.emulators.wire.snmp.ber import Oid, Syntax, Value
from twinfeed.emulators.wire.snmp.mib import Instance, MibTree

SYNTAX = {
    "integer": Syntax.INTEGER,
    "string": Syntax.OCTET_STRING,
    "oid": Syntax.OBJECT_IDENTIFIER,
    "ipaddress": Syntax.IP_ADDRESS,
    "counter32": Syntax.COUNTER32,
    "gauge32": Syntax.GAUGE32,
    "timeticks": Syntax.TIMETICKS,
    "opaque-float": Syntax.OPAQUE,
    "opaque-double": Syntax.OPAQUE,
    "opaque": Syntax.OPAQUE,
    "counter64": Syntax.COUNTER64,
}

BOUNDS = {"integer": (-(2**31), 2**31 - 1), "gauge32": (0, 2**32 - 1)}
"""Numbers beyond these are shown as the nearest bound (RFC 2578 §7.1.7: a gauge latches at its maximum)."""

WRAPS = {"counter32": 2**32, "timeticks": 2**32, "counter64": 2**64}
"""Counters go on from zero beyond these (RFC 2578 §7.1.6)."""


@lru_cache(maxsize=65536)
def oid(text: str) -> Oid:
    """The numbers of a dotted OID; one tuple for all devices that show it."""
    return tuple(map(int, text.split(".")))


class SurfaceTree(MibTree):
    """All variables of a profile on one device. Rebuilt when rows appear or disappear.

    A `lazy` tree is built when it is first asked (`refresh`), and in a table only the first row's variables are then
    tied to the device's points; the others are when they are first read. That spares a large site the devices nobody
    talks to, and the variables nobody reads.

    Raises:
        ProfileError: the profile does not fit the device; from a lazy tree, when it is first asked.
    """

    __slots__ = (
        "_added", "_followed", "_indices", "_layout", "_lazy", "_made", "_odd", "_own", "_pending", "_rows", "_skipped",
        "_surface",
    )  # fmt: skip

    def __init__(self, surface: Surface, lazy: bool = False) -> None:
        snmp = surface.profile.snmp
        if snmp is None:
            raise ProfileError(f"profile {surface.profile.profile} has no entries for SNMP")
        self._surface = surface
        self._added: list[Instance] = []
        self._made: dict[tuple[int, tuple[Index, ...]], Instance] = {}
        """The instance of each entry in each row that ever existed: rows of alarm tables come and go."""
        self._indices = sorted({name for entry in snmp.objects for name in entry.rows})
        self._odd: dict[Oid, tuple[SnmpObject, Odd]] = {}
        """The variables whose points have answer faults, and their faults."""
        self._skipped: frozenset[str] = frozenset()
        """The points whose variables such a fault removes."""
        self._followed = surface.device.plant.revision
        """The plant's revision that these answer faults are of."""
        self._layout = surface.device.layout
        self._rows = self._present_rows()
        self._lazy = self._pending = lazy
        instances = () if lazy else self._everything()
        super().__init__(instances, self._look, [_column(entry) for entry in snmp.objects])
        self._followed = -1  # those that are there already are followed at the first request

    def refresh(self) -> int:
        if self._pending:
            self._pending = False
            self.replace(self._everything())
        return super().refresh()

    def add(self, instances: Iterable[Instance]) -> None:
        """Add these variables (the agent's own counters). If the profile has the same name, the profile wins."""
        self._added = list(instances)
        if self._pending or self._lazy:
            self._pending = True
        else:
            self.replace(self._with_added())

    @property
    def max_message(self) -> int:
        """Octets of the longest message that the product sends or takes."""
        assert self._surface.profile.snmp is not None
        return self._surface.profile.snmp.max_message

    @property
    def fatal(self) -> tuple[type[Exception], ...]:
        return (*super().fatal, Crashed)

    def writing(self) -> AbstractContextManager[object]:
        return self._surface.device.writing()

    def _look(self) -> int:
        """The plant's revision, after following rows that came or went."""
        device = self._surface.device
        if device.layout != self._layout:
            self._layout = device.layout
            if (rows := self._present_rows()) != self._rows:
                self._rows = rows
                self.replace(self._everything())
        revision = device.plant.revision
        if revision != self._followed and (device.state.faults or self._odd or self._skipped):
            self._followed = revision
            self._follow_answer_faults()
        return revision

    def _follow_answer_faults(self) -> None:
        """Update the answer faults that have begun, changed or ended."""
        odd = odd_points(self._surface.device)
        skipped = frozenset(point for point, faults in odd.items() if _skipped(faults))
        if skipped != self._skipped:
            self._skipped = skipped
            self.replace(self._everything())
        self._odd = {name: (entry, odd[point]) for name, entry, point in self._shown() if point in odd} if odd else {}

    def _shown(self) -> Iterator[tuple[Oid, SnmpObject, str]]:
        """Each variable of a point: its name, its entry and the point's name."""
        surface = self._surface
        assert surface.profile.snmp is not None
        for entry in surface.profile.snmp.objects:
            if entry.point is not None:
                for row in surface.rows(entry.rows, entry.oid):
                    yield oid(dotted(entry.oid, row)), entry, point_name(entry.point, row)

    def encode(self, position: int) -> bytes:
        instance = self.instances[position]
        if not self._odd or (found := self._odd.get(instance.oid)) is None:
            return super().encode(position)
        entry, odd = found
        return snmp_binding(self.layout.names[position], instance, entry, odd)

    def _present_rows(self) -> list[tuple[Index, ...]]:
        return [tuple(self._surface.device.indices(name)) for name in self._indices]

    def _everything(self) -> list[Instance]:
        surface, made = self._surface, self._made
        assert surface.profile.snmp is not None
        self._own = _identity(surface)
        for number, entry in enumerate(surface.profile.snmp.objects):
            column = _column(entry)
            for n, row in enumerate(surface.rows(entry.rows, entry.oid)):
                if self._skipped and entry.point is not None and point_name(entry.point, row) in self._skipped:
                    continue
                place = (number, tuple(row.values()))
                instance = made.get(place)
                if instance is None:
                    late = self._lazy and n > 0
                    instance = made[place] = _instance(surface, entry, row, len(column), late)
                self._own.append(instance)
        return self._with_added()

    def _with_added(self) -> list[Instance]:
        taken = {instance.oid for instance in self._own}
        return self._own + [instance for instance in self._added if instance.oid not in taken]


def _skipped(odd: Odd) -> bool:
    missing = odd.get("missing")
    return missing is not None and missing["form"] == WALKS_SKIP_IT


def _column(entry: SnmpObject) -> Oid:
    """The object of an entry's instances: what stands before the first index or the scalar's .0."""
    numbers = re.split(r"\.\{", entry.oid)[0]
    return oid(numbers) if entry.rows else oid(numbers)[:-1]


def _instance(surface: Surface, entry: SnmpObject, row: Row, column_length: int, late: bool) -> Instance:
    name = oid(dotted(entry.oid, row))
    setter = _Setter(surface, entry, row) if entry.access != "ro" else None
    return Instance(
        name,
        SYNTAX[entry.type],
        _Late(surface, entry, row) if late else _reader(surface, entry, row),
        None if setter is None else setter.write,
        None if setter is None else setter.check,
        index_length=max(1, len(name) - column_length),
    )


def _reader(surface: Surface, entry: SnmpObject, row: Row) -> Callable[[], Value]:
    return _shower(entry.type, surface.getter(entry, row, entry.oid))


class _Late:
    """A `_reader`, made at the first reading; an object each, since a site has a hundred thousand of them."""

    __slots__ = ("_place", "_read")

    def __init__(self, surface: Surface, entry: SnmpObject, row: Row) -> None:
        self._place = surface, entry, row
        self._read: Callable[[], Value] | None = None

    def __call__(self) -> Value:
        if self._read is None:
            self._read = _reader(*self._place)
        return self._read()


def _identity(surface: Surface) -> list[Instance]:
    """sysDescr and sysObjectID, by which managers recognise the product."""
    snmp = surface.profile.snmp
    assert snmp is not None
    identity = []
    if snmp.sys_descr:
        described = snmp.sys_descr
        identity.append(
            Instance(oid("1.3.6.1.2.1.1.1.0"), Syntax.OCTET_STRING, lambda: surface.text(described).encode())
        )
    if snmp.sys_object_id:
        product = oid(snmp.sys_object_id)
        identity.append(Instance(oid("1.3.6.1.2.1.1.2.0"), Syntax.OBJECT_IDENTIFIER, lambda: product))
    return identity


def _shower(type: str, read: Callable[[], Raw]) -> Callable[[], Value]:
    """A function that gives the raw value as the ASN.1 type takes it."""
    if type in ("string", "opaque"):
        return lambda: _octets(read())
    if type == "oid":
        return lambda: oid(str(read()))
    if type == "ipaddress":
        return lambda: _ipv4(str(read()))
    if type in opaque.FORMS:
        return lambda: opaque.packed(type, _number(read()))
    if type in WRAPS:
        limit = WRAPS[type]
        return lambda: int(_number(read())) % limit
    low, high = BOUNDS[type]
    return lambda: min(max(whole(_number(read())), low), high)


def _ipv4(text: str) -> bytes:
    """The octets of an IpAddress, which has no room for IPv6 (RFC 2578 §7.1.5): such an address is shown as 0.0.0.0."""
    address = ip_address(text)
    return address.packed if address.version == 4 else bytes(4)


def _number(raw: Raw) -> float:
    return float(raw) if isinstance(raw, (str, bytes)) else raw


def _octets(raw: Raw) -> bytes:
    return raw if isinstance(raw, bytes) else str(raw).encode()


class _Setter:
    """The functions that check and set the variable (RFC 3416 §4.2.5)."""

    __slots__ = ("_entry", "_row", "_surface")

    def __init__(self, surface: Surface, entry: SnmpObject, row: Row) -> None:
        self._surface, self._entry, self._row = surface, entry, row

    def check(self, value: Value) -> None:
        raw, point = self._understood(value), self._target()
        if point is None:
            return
        try:
            point.check(from_raw(self._entry, raw))
        except (Unmapped, BadValue) as error:
            raise mib.WrongValue(str(error)) from None
        except NotWritable as error:
            raise mib.NotWritable(str(error)) from None

    def write(self, value: Value) -> None:
        raw, point = self._understood(value), self._target()
        if point is None:
            return
        try:
            point.write(from_raw(self._entry, raw))
        except Refused as error:
            raise mib.InconsistentValue(str(error)) from None

    def _target(self) -> BoundPoint | None:
        entry = self._entry
        return None if entry.point is None else self._surface.device.point(point_name(entry.point, self._row))

    def _understood(self, value: Value) -> Raw:
        entry = self._entry
        if entry.type == "oid":
            assert isinstance(value, tuple)
            return ".".join(map(str, value))
        if isinstance(value, bytes) and entry.type in opaque.FORMS:
            number = opaque.unpacked(value)
            if number is None:
                raise mib.WrongEncoding(f"{entry.oid}: an Opaque without a float or double, expected {entry.type}")
            return number
        if isinstance(value, bytes):
            if entry.size and not entry.size[0] <= len(value) <= entry.size[1]:
                raise mib.WrongLength(f"{entry.oid}: {len(value)} octets, expected {entry.size[0]} to {entry.size[1]}")
            try:
                return value.decode()
            except UnicodeDecodeError:
                raise mib.WrongEncoding(f"{entry.oid}: octets that are not UTF-8 text") from None
        assert isinstance(value, int)
        if entry.range and not entry.range[0] <= value <= entry.range[1]:
            raise mib.WrongValue(f"{entry.oid}: {value}, expected {entry.range[0]:g} to {entry.range[1]:g}")
        return value
