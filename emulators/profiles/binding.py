"""A profile laid over a device: every entry of the profile for every row the device has.

    surface = Surface(profile, device)
    tree = SurfaceTree(surface)        # what an SNMP agent walks (`snmp_binding`)
    unit = ProfileUnit(surface)        # what a Modbus server reads (`modbus_binding`)

Nothing is copied: what a client reads is computed from the device's points at that moment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Index, PointError, Value, dashed
from twinfeed.emulators.profiles.schema import Condition, Entry, Profile
from twinfeed.emulators.profiles.values import Raw, Unmapped, shower

_INDEX = re.compile(r"\{([a-z_]+)([+-][0-9]+)?\}")
_POINT = re.compile(r"\{([a-z0-9_.-]+)\}")

Row = dict[str, Index]


class ProfileError(Exception):
    """A profile has an entry for a point that the device does not have. The message names profile, entry and device."""


class Surface:
    """All entries of one profile, bound to one device."""

    def __init__(self, profile: Profile, device: Device) -> None:
        if profile.kind != device.kind:
            raise ProfileError(
                f"profile {profile.profile} is for a {profile.kind}, but {device.name} is a {device.kind}"
            )
        self.profile = profile
        self.device = device
        self._showers: dict[int, Callable[[Value], Raw]] = {}
        """Of each entry that has been bound, by its identity: one for all rows."""

    def rows(self, names: tuple[str, ...], where: str) -> Iterator[Row]:
        """Every combination of the named indices, the last varying fastest.

        Raises:
            ProfileError: the device has no such table.
        """
        try:
            tables = [self.device.indices(name) for name in names]
        except PointError as error:
            raise ProfileError(f"profile {self.profile.profile}, {where}: {error}") from None
        for combination in product(*tables):
            yield dict(zip(names, combination, strict=True))

    def getter(self, entry: Entry, row: Row, where: str) -> Callable[[], Raw]:
        """A function that gives the entry's raw value now.

        Raises:
            ProfileError: it names a point or table the device does not have.
        """
        try:
            return self._getter(entry, row)
        except PointError as error:
            raise ProfileError(f"profile {self.profile.profile}, {where}: {error}") from None

    def _getter(self, entry: Entry, row: Row) -> Callable[[], Raw]:
        if entry.value is not None:
            fixed = _fixed(entry.value, row)
            return lambda: fixed
        if entry.count_of is not None:
            device, name = self.device, entry.count_of
            device.indices(name)
            return lambda: len(device.indices(name))
        if entry.flags is not None:
            flags = entry.flags
            tests = [(bit, self.test(condition, row)) for bit, condition in flags.bits.items()]
            if flags.length:
                places = [(bit - 1, test) for bit, test in tests]
                return lambda: "".join(
                    {place: "1" for place, test in places if test()}.get(n, "0") for n in range(flags.length)
                )
            base, masks = flags.base, [(1 << bit, test) for bit, test in tests]

            def bits() -> Raw:
                number = base
                for mask, test in masks:
                    if test():
                        number |= mask
                return number

            return bits
        assert entry.point is not None
        point = self.device.point(point_name(entry.point, row))
        raw = self._showers.get(id(entry))
        if raw is None:
            raw = self._showers[id(entry)] = shower(entry)
        read = point.read

        def show() -> Raw:
            try:
                return raw(read())
            except Unmapped as error:
                raise ProfileError(
                    f"profile {self.profile.profile}, {point.name} of {self.device.name}: {error}"
                ) from None

        return show

    def test(self, condition: Condition, row: Row) -> Callable[[], bool]:
        read = self.device.point(point_name(condition.point, row)).read
        wanted, invert = condition.values, condition.invert
        if wanted is None:
            return (lambda: not read()) if invert else lambda: bool(read())
        return lambda: (read() in wanted) is not invert

    def text(self, template: str) -> str:
        """The template with each `{point}` replaced by its value."""
        return _POINT.sub(lambda match: str(self.device.read(match[1])), template)


def point_name(template: str, row: Row) -> str:
    """The point's name in that row: `outlet.{outlet}.state` -> `outlet.3.state`."""
    return template.format(**{name: dashed(index) for name, index in row.items()})


def dotted(template: str, row: Row) -> str:
    """A template of an OID or a text in that row: `1.3.6.{outlet+100}` -> `1.3.6.103`."""

    def number(match: re.Match[str]) -> str:
        index = row[match[1]]
        if match[2]:
            assert isinstance(index, int), f"{template}: {match[1]} has several parts, it cannot be shifted"
            return str(index + int(match[2]))
        return str(index) if isinstance(index, int) else ".".join(map(str, index))

    return _INDEX.sub(number, template)


def _fixed(value: int | float | str | bool, row: Row) -> Raw:
    if not isinstance(value, str):
        return int(value) if isinstance(value, bool) else value
    if value.startswith("hex:"):
        return bytes.fromhex(value[4:])
    return dotted(value, row) if row and "{" in value else value
