"""The Modbus functions of a product beyond its tables, from its profile."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import groupby

from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.modbus_binding import ProfileUnit
from twinfeed.emulators.profiles.schema import Condition, FileRegister, Modbus
from twinfeed.emulators.profiles.schema import ServerId as Described
from twinfeed.emulators.wire.modbus.extras import COMMON_FUNCTIONS, Extras, Records, ServerId
from twinfeed.emulators.wire.modbus.unit import IllegalAddress


def unit_of(surface: Surface) -> ProfileUnit:
    """The device as a Modbus unit, with the functions its product has.

    Raises:
        ProfileError: the profile does not fit the device.
    """
    unit = ProfileUnit(surface)
    unit.extras = _extras(surface, unit)
    return unit


def _extras(surface: Surface, unit: ProfileUnit) -> Extras:
    modbus = surface.profile.modbus
    assert modbus is not None
    status = modbus.exception_status
    read_status = None if status is None else surface.getter(status, {}, "exception_status")
    return Extras(
        _functions(modbus),
        None if read_status is None else lambda: int(read_status()),
        None if modbus.server_id is None else _server_id(surface, modbus.server_id),
        _files(surface, modbus.files),
        {each.pointer: _queue(unit, each.address, each.count) for each in modbus.fifos},
    )


def _functions(modbus: Modbus) -> frozenset[int]:
    if modbus.functions is not None:
        return modbus.functions
    described = {
        7: modbus.exception_status,
        17: modbus.server_id,
        20: modbus.files,
        21: modbus.files,
        24: modbus.fifos,
    }
    return COMMON_FUNCTIONS | {function for function, how in described.items() if how}


def _server_id(surface: Surface, described: Described) -> ServerId:
    runs: Callable[[], bool] | None = None
    if described.runs == "always":
        runs = _always
    elif isinstance(described.runs, Condition):
        runs = surface.test(described.runs, {})
    own, more = described.id, described.more
    octets = bytes.fromhex(own.removeprefix("hex:")) if own.startswith("hex:") else None
    return ServerId(surface.text(own).encode() if octets is None else octets, runs, lambda: surface.text(more).encode())


def _always() -> bool:
    return True


class _File:
    """One file. Its records hold values as holding registers do."""

    def __init__(self, values: ProfileUnit) -> None:
        self._values = values

    def read(self, record: int, count: int) -> bytes:
        return self._values.read_registers("holding", record, count)

    def write(self, record: int, data: bytes) -> None:
        if not data:
            raise IllegalAddress("no records were given")
        self._values.write_registers(record, data)


def _files(surface: Surface, registers: tuple[FileRegister, ...]) -> dict[int, Records]:
    def number(register: FileRegister) -> int:
        return register.file

    return {
        file: _File(ProfileUnit(surface, Modbus(registers=tuple(values))))
        for file, values in groupby(sorted(registers, key=number), key=number)
    }


def _queue(unit: ProfileUnit, address: int, count: int) -> Callable[[], bytes]:
    return partial(unit.read_registers, "holding", address, count) if count else bytes
