"""Site files: a whole data centre in one YAML file that an electrician can read and correct.

    site: bench
    power:
      utility-a: {kind: utility}
      board-a:   {kind: board, from: {mains: utility-a}}
      ups-a:     {kind: ups, from: {input: board-a, bypass: board-a}, kva: 100,
                  device: {profile: ups-rfc1628, address: 127.20.1.1, port: mgmt-1:3}}

An entry names its `kind`, what it is fed `from` (one feed, or one for each terminal), its ratings by their own
names, and, when it has a management address, its `device`. `each` repeats an entry: with
`each: {row: 1..12}` the text `{row}` (or `{row+20}`) in names and fields takes every value.

What is read here is only checked for form; `emulators.site` builds the plant from it.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from itertools import product
from pathlib import Path
from typing import Any
from zlib import crc32

import pydantic
from pydantic import ConfigDict, ValidationError

from emulators import yamlfile
from emulators.devices import catalogue as devices
from emulators.devices.device import Params as DeviceParams
from emulators.plant import catalogue as plant
from emulators.plant.electrical import Component, Electrical
from emulators.profiles import library
from emulators.profiles.schema import Profile
from emulators.snmpaccess import SnmpAccess
from emulators.yamlfile import FileError, problem

FOLDER = Path(__file__).parent / "sites"

SECTIONS = ("power", "cooling", "racks", "network", "devices")
"""Sections of a site file that hold components and devices; the order is the order of reaction."""

Path_ = list[str | int]


@dataclass(frozen=True)
class ComponentEntry:
    """One component of the plant, as the file describes it."""

    name: str
    cls: type[Component]
    params: Any
    feeds: dict[str, str]
    where: Path_


@dataclass(frozen=True)
class DeviceEntry:
    """One device: its profile, its firmware's parameters and where it answers."""

    name: str
    profile: Profile
    params: DeviceParams
    address: str
    unit: int | None
    """Modbus unit id, None for the profile's own."""
    where: Path_
    snmp: SnmpAccess
    """Who may ask it: the site's `snmp` with the device's own fields in their place."""


class Head(pydantic.BaseModel):
    """The fields of a site file that are not sections."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    site: str
    title: str = ""
    seed: int = 0
    addresses: IPv4Network | IPv6Network = IPv4Network("127.20.0.0/16")
    """Where devices without an address of their own get one, in order of appearance."""
    snmp: SnmpAccess = SnmpAccess()


@dataclass(frozen=True)
class SiteFile:
    """A site file that has been read and checked."""

    path: Path
    head: Head
    components: list[ComponentEntry] = field(default_factory=list)
    devices: list[DeviceEntry] = field(default_factory=list)


def names() -> list[str]:
    """The sites that ship, by name."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find(site: str | Path) -> Path:
    """The file of a shipped site's name, or the path itself.

    Raises:
        FileError: neither a shipped site nor a file.
    """
    return yamlfile.shipped(FOLDER, site, "site")


def read(site: str | Path) -> SiteFile:
    """Read and check a site file.

    Raises:
        FileError: a line for each mistake: file, line, field, what was found, what was expected.
    """
    path = find(site)
    data = yamlfile.load(path)
    if "bench" in data:
        return _of_bench(path, data)
    return _read(path, data)


def _of_bench(path: Path, data: Any) -> SiteFile:
    """The software twin of a bench: its file has the site under `wiring`, or names it there."""
    wiring = data.get("wiring")
    if isinstance(wiring, str):
        beside = path.parent / wiring
        return read(beside if beside.suffix in (".yaml", ".yml") else wiring)
    if not isinstance(wiring, MutableMapping):
        raise FileError(
            [problem(path, data, ["wiring"], "expected the sections of a site file, or the name of a site")]
        )
    wiring.setdefault("site", str(data["bench"]))
    return _read(path, wiring)


def _read(path: Path, data: Any) -> SiteFile:
    reader = _Reader(path, data)
    head = reader.head()
    for section in SECTIONS:
        reader.section(section)
    reader.check_references()
    if reader.problems:
        raise FileError(reader.problems)
    return SiteFile(path, head, reader.components, reader.devices)


class _Reader:
    """Goes through a site file once and collects every mistake on the way."""

    def __init__(self, path: Path, data: Any) -> None:
        self.path, self.data = path, data
        self.problems: list[str] = []
        self.components: list[ComponentEntry] = []
        self.devices: list[DeviceEntry] = []
        self._pool: Iterator[Any] = iter(())
        self._access = SnmpAccess()
        self._addresses: dict[tuple[str, int | None, str], str] = {}

    def wrong(self, where: Path_, message: str) -> None:
        self.problems.append(problem(self.path, self.data, where, message))

    def head(self) -> Head:
        fields = {key: value for key, value in self.data.items() if key not in SECTIONS}
        try:
            head = Head.model_validate(fields)
        except ValidationError as error:
            raise FileError(yamlfile.problems(self.path, self.data, error)) from None
        self._pool = iter(head.addresses.hosts())
        self._access = head.snmp
        return head

    def section(self, section: str) -> None:
        entries = self.data.get(section) or {}
        if not isinstance(entries, Mapping):
            self.wrong([section], f"expected a mapping of names, found {entries!r}")
            return
        for template, body in entries.items():
            where: Path_ = [section, template]
            if not isinstance(body, Mapping):
                self.wrong(where, f"expected a mapping such as {{kind: board, from: …}}, found {body!r}")
                continue
            for row in self._each(body.get("each"), where):
                fields = {key: _fill(value, row) for key, value in body.items() if key != "each"}
                name = _fill(str(template), row)
                if section == "devices":
                    self._device(name, fields, where)
                else:
                    self._component(name, fields, where)

    def _each(self, each: Any, where: Path_) -> Iterator[dict[str, Any]]:
        """Every combination of the values in `each`: lists, or ranges such as `1..12`."""
        if each is None:
            yield {}
            return
        if not isinstance(each, Mapping):
            self.wrong([*where, "each"], f"expected a mapping such as {{row: 1..12}}, found {each!r}")
            return
        axes: list[list[Any]] = []
        for name, values in each.items():
            span = re.fullmatch(r"(\d+)\.\.(\d+)", values) if isinstance(values, str) else None
            if span:
                axes.append(list(range(int(span[1]), int(span[2]) + 1)))
            elif isinstance(values, list):
                axes.append(list(values))
            else:
                self.wrong([*where, "each", name], f"expected a list or a range such as 1..12, found {values!r}")
                return
        for combination in product(*axes):
            yield dict(zip(each, combination, strict=True))

    def _component(self, name: str, fields: dict[str, Any], where: Path_) -> None:
        kind = fields.pop("kind", None)
        cls = plant.KINDS.get(kind)
        if cls is None:
            self.wrong([*where, "kind"], f"found {kind!r}{_near(kind, plant.KINDS)}")
            return
        feeds = self._feeds(fields.pop("from", None), cls, where)
        device = fields.pop("device", None)
        params = self._params(cls.PARAMS, fields, where, also=("kind", "from", "device", "each"))
        if params is None:
            return
        self.components.append(ComponentEntry(name, cls, params, feeds, where))
        if isinstance(device, Mapping):
            self._device(name, {"of": name, **device}, [*where, "device"])
        elif device is not None:
            self.wrong([*where, "device"], f"expected a mapping such as {{profile: …}}, found {device!r}")

    def _feeds(self, source: Any, cls: type[Component], where: Path_) -> dict[str, str]:
        if source is None:
            return {}
        if not issubclass(cls, Electrical):
            self.wrong([*where, "from"], f"a {cls.kind} is not in the power path and is fed from nothing")
            return {}
        if isinstance(source, str):
            source = {cls.TERMINALS[0]: source} if cls.TERMINALS else {"input": source}
        if isinstance(source, list):
            source = {f"in-{n}": ref for n, ref in enumerate(source, 1)}
        if not isinstance(source, Mapping) or not all(isinstance(ref, str) for ref in source.values()):
            self.wrong([*where, "from"], f"expected a feed or one for each terminal, found {source!r}")
            return {}
        for terminal in source:
            if cls.TERMINALS and terminal not in cls.TERMINALS:
                self.wrong(
                    [*where, "from", terminal],
                    f"a {cls.kind} has no terminal {terminal!r}; it has: {', '.join(cls.TERMINALS)}",
                )
        return dict(source)

    def _params(self, cls: type, fields: dict[str, Any], where: Path_, also: tuple[str, ...] = ()) -> Any:
        known = [f.name for f in dataclasses.fields(cls)]
        unknown = [key for key in fields if key not in known]
        for key in unknown:
            self.wrong([*where, key], f"unknown field{_near(key, [*known, *also])}")
        if unknown:
            return None
        try:
            return _checker(cls).validate_python({key: _plain(value) for key, value in fields.items()})
        except ValidationError as error:
            self.problems += yamlfile.problems(self.path, self.data, error, where)
            return None

    def _device(self, name: str, fields: dict[str, Any], where: Path_) -> None:
        try:
            profile = library.get(str(fields.pop("profile", None)), self.path.parent)
        except FileError as error:
            self.wrong([*where, "profile"], str(error))
            return
        cls = devices.KINDS[profile.kind]
        unit = fields.pop("unit", None)
        if unit is not None and not (isinstance(unit, int) and 0 <= unit <= 255):
            self.wrong([*where, "unit"], f"found {unit!r}, expected a Modbus unit id from 0 to 255")
            return
        access = self._own_access(fields.pop("snmp", None), profile, [*where, "snmp"])
        if access is None:
            return
        fields.setdefault("model", profile.product)
        fields.setdefault("serial", f"TF{crc32(name.encode()):010d}")
        fields.setdefault("firmware", "1.0.0")
        address = fields.get("address") or next(self._pool, None)
        if address is None:
            self.wrong([*where, "address"], "the site's `addresses` are all given out; expected a larger network there")
            return
        fields["address"] = str(address)
        if isinstance(fields.get("powered_by"), str):
            fields["powered_by"] = (fields["powered_by"],)
        params = self._params(cls.PARAMS, fields, where, also=("profile", "unit", "snmp"))
        if params is None:
            return
        for protocol in ("snmp", "modbus"):
            if getattr(profile, protocol) is not None:
                place = (params.address, unit if protocol == "modbus" else None, protocol)
                taken = self._addresses.setdefault(place, name)
                if taken != name:
                    self.wrong([*where, "address"], f"{params.address} already answers {protocol} for {taken}")
        self.devices.append(DeviceEntry(name, profile, params, params.address, unit, where, access))

    def _own_access(self, own: Any, profile: Profile, where: Path_) -> SnmpAccess | None:
        """Who may ask the device, None after a mistake in its `snmp`."""
        if own is None:
            return self._access
        if not isinstance(own, Mapping):
            self.wrong(where, f"expected a mapping such as {{users: […]}}, found {own!r}")
        elif profile.snmp is None:
            self.wrong(where, f"{profile.profile} speaks no SNMP")
        else:
            try:
                return self._access.with_own(_plain(own))
            except ValidationError as error:
                self.problems += yamlfile.problems(self.path, self.data, error, where)
        return None

    def check_references(self) -> None:
        """Every feed and every parameter that names another component must name one that exists."""
        electrical = {c.name for c in self.components if issubclass(c.cls, Electrical)}
        everything = {c.name for c in self.components}
        named = [(c.name, c.where) for c in self.components]
        named += [(d.name, d.where) for d in self.devices if d.where[0] == "devices"]
        seen: dict[str, Path_] = {}
        for name, where in named:
            if name in seen:
                self.wrong(where, f"the name {name!r} is already used in {'.'.join(map(str, seen[name]))}")
            seen[name] = where
        for component in self.components:
            for terminal, ref in component.feeds.items():
                if ref.partition(":")[0] not in electrical:
                    self.wrong(
                        [*component.where, "from", terminal],
                        f"{ref!r} is not in the power path{_near(ref, electrical)}",
                    )
            self._check_named(component.params, component.where, everything)
        for device in self.devices:
            if device.params.of and device.params.of not in everything:
                self.wrong([*device.where, "of"], f"found {device.params.of!r}{_near(device.params.of, everything)}")
            for ref in device.params.powered_by:
                if ref.partition(":")[0] not in electrical:
                    self.wrong(
                        [*device.where, "powered_by"], f"{ref!r} is not in the power path{_near(ref, electrical)}"
                    )
            if device.params.switch_port and device.params.switch_port.partition(":")[0] not in everything:
                self.wrong(
                    [*device.where, "switch_port"],
                    f"found {device.params.switch_port!r}{_near(device.params.switch_port, everything)}",
                )
            self._check_named(device.params, device.where, everything)

    def _check_named(self, params: Any, where: Path_, everything: set[str]) -> None:
        for f in dataclasses.fields(params):
            if "Ref" not in str(f.type):
                continue
            value = getattr(params, f.name)
            for ref in (value,) if isinstance(value, str) else value or ():
                if ref and ref.partition(":")[0] not in everything:
                    self.wrong([*where, f.name], f"found {ref!r}{_near(ref, everything)}")


@cache
def _checker(cls: type) -> pydantic.TypeAdapter[Any]:
    """What turns a mapping of fields into that dataclass, each field checked against its type."""
    return pydantic.TypeAdapter(cls)


def _fill(value: Any, row: Mapping[str, Any]) -> Any:
    """The value with `{row}` and `{row+20}` replaced in every text; a text that is only that is the value."""
    if isinstance(value, str):
        whole = re.fullmatch(r"\{(\w+)\}", value)
        if whole and whole[1] in row:
            return row[whole[1]]

        def number(match: re.Match[str]) -> str:
            if match[1] not in row:
                return match[0]
            return str(row[match[1]] + int(match[2])) if match[2] else str(row[match[1]])

        return re.sub(r"\{(\w+?)([+-]\d+)?\}", number, value)
    if isinstance(value, Mapping):
        return {_fill(key, row): _fill(item, row) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, row) for item in value]
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return tuple(_plain(item) for item in value) if isinstance(value, list) else value


def _near(found: Any, known: Any) -> str:
    """`; did you mean …?` or the list of what is known when it is short."""
    near = difflib.get_close_matches(str(found), list(known), n=3)
    if near:
        return f"; did you mean {', '.join(near)}?"
    return f"; expected one of {', '.join(sorted(known))}" if len(known) <= 40 else ""
