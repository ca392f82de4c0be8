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

What is read here is only checked for form; `twinfeed.emulators.site` builds the plant from it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any
from zlib import crc32

import pydantic
from pydantic import ConfigDict, ValidationError

from twinfeed.emulators import repetition, yamlfile
from twinfeed.emulators.devices import catalogue as devices
from twinfeed.emulators.plant import catalogue as plant
from twinfeed.emulators.plant.kernel.ratings import Range, Text
from twinfeed.emulators.plant.power.electrical import Component, Electrical
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.emulators.repetition import MOST_ENTRIES, EachError
from twinfeed.emulators.siteentries import ComponentEntry, DeviceEntry, Where, near, wrong_references
from twinfeed.emulators.snmpaccess import SnmpAccess, place
from twinfeed.emulators.textfile import shown
from twinfeed.emulators.yamlfile import FileError, found, problem

FOLDER = Path(__file__).parent / "sites"

SECTIONS = ("power", "cooling", "racks", "network", "devices")
"""Sections of a site file that hold components and devices; the order is the order of reaction."""

NAME = re.compile(r"[^\W_][\w-]{0,63}")
"""The name of a site, component or device: a letter or digit, then letters, digits, - and _, 64 at most."""

NOT_NAMES = ("controller", "site", "works")
"""What scenarios and properties call the controller under test, the site itself and people's works; no component is
called so."""

MOST_FILLED = 2_000_000
"""Fields that `each` may fill in, counted as often as they are repeated: a second of work."""

MOST_PROBLEMS = 50
"""Mistakes that are listed; how many more there are is said in one line."""


class Head(pydantic.BaseModel):
    """The fields of a site file that are not sections."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    site: str
    title: Annotated[str, Text(200)] = ""
    seed: Annotated[int, Range(-(2**63), 2**63)] = 0
    addresses: IPv4Network | IPv6Network = IPv4Network("127.20.0.0/16")
    """Where devices without an address of their own get one, in order of appearance."""
    beyond_loopback: bool = pydantic.Field(default=False, strict=True)
    """Addresses and trap receivers outside 127.0.0.0/8 are meant. Without it such a file is refused: it may be the list
    of real equipment, which a simulation must not be taken for and a controller under test must not reach."""
    snmp: SnmpAccess = SnmpAccess()

    @pydantic.field_validator("addresses", mode="before")
    @classmethod
    def _network(cls, value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError(f"found {found(value)}, expected a network such as 127.20.0.0/16")
        try:
            return ip_network(value)
        except ValueError as error:
            raise ValueError(f"{shown(error)}; expected a network such as 127.20.0.0/16") from None


@dataclass(frozen=True)
class SiteFile:
    """A site file that has been read and checked."""

    path: Path
    head: Head
    components: list[ComponentEntry] = field(default_factory=list)
    devices: list[DeviceEntry] = field(default_factory=list)
    data: Any = field(default=None, repr=False, compare=False)
    """What was read, with its lines."""

    def problem(self, where: Where, message: str) -> str:
        """A mistake of the file as one line with file, line and field."""
        return problem(self.path, self.data, where, message)


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
        named = beside if beside.suffix in (".yaml", ".yml") else find(wiring)
        site = yamlfile.load(named)
        if "bench" in site:
            raise FileError([problem(path, data, ["wiring"], f"{shown(wiring)} is a bench, expected a site")])
        return _read(named, site)
    if not isinstance(wiring, MutableMapping):
        raise FileError(
            [problem(path, data, ["wiring"], "expected the sections of a site file, or the name of a site")]
        )
    name = str(data["bench"])
    wiring.setdefault("site", "bench" if unfit_name(name) else name)  # the bench's own schema checks its name
    return _read(path, wiring)


def _read(path: Path, data: Any) -> SiteFile:
    reader = _Reader(path, data)
    head = reader.head()
    for section in SECTIONS:
        reader.section(section)
    for where, message in wrong_references(reader.components, reader.devices, reader.spoilt):
        reader.wrong(where, message)
    if reader.problems:
        raise FileError(reader.listed())
    return SiteFile(path, head, reader.components, reader.devices, data)


class _TooMany(Exception):
    """The file describes more than a site may have; what is wrong has been noted."""


class _Reader:
    """Goes through a site file once and collects every mistake on the way.

    A mistake is noted once: not again for each row of `each`, and not again where an entry that is wrong is named.
    """

    def __init__(self, path: Path, data: Any) -> None:
        self.path, self.data = path, data
        self.problems: list[str] = []
        self.components: list[ComponentEntry] = []
        self.devices: list[DeviceEntry] = []
        self._pool: Iterator[Any] = iter(())
        self._head = Head(site="site")
        self._addresses: dict[tuple[str, int | None, str], str] = {}
        self._entries = self._filled = 0
        self._spoilt: list[re.Pattern[str]] = []
        """The names of entries that are wrong themselves."""

    def wrong(self, where: Where, message: str) -> None:
        self.problems.append(problem(self.path, self.data, where, message))

    def listed(self) -> list[str]:
        """The mistakes in the order of the file's lines, the first `MOST_PROBLEMS` of them."""
        listed = list(dict.fromkeys(self.problems))
        more = len(listed) - MOST_PROBLEMS
        return [*listed[:MOST_PROBLEMS], *([f"{shown(self.path)}: … and {more} more"] if more > 0 else [])]

    def head(self) -> Head:
        fields = {key: value for key, value in self.data.items() if key not in SECTIONS}
        try:
            self._head = head = Head.model_validate(fields)
        except ValidationError as error:
            raise FileError(yamlfile.problems(self.path, self.data, error)) from None
        if wrong := unfit_name(head.site):
            self.wrong(["site"], wrong)
        if not head.addresses.is_loopback and not head.beyond_loopback:
            self.wrong(["addresses"], f"{head.addresses} {BEYOND_LOOPBACK}")
        self._check_receivers(head.snmp, ["snmp", "traps"])
        self._pool = iter(head.addresses.hosts())
        return head

    def _check_receivers(self, access: SnmpAccess, where: Where) -> None:
        """Notifications leave the machine as well."""
        for n, receiver in enumerate(access.receivers):
            host = place(receiver.to)[0]
            if not (self._head.beyond_loopback or ip_address(host).is_loopback):
                self.wrong([*where, n], f"{host} {BEYOND_LOOPBACK}")

    def section(self, section: str) -> None:
        entries = self.data.get(section)
        if entries is None:
            return
        if not isinstance(entries, Mapping):
            self.wrong([section], f"expected a mapping of names, found {found(entries)}")
            return
        for template, body in entries.items():
            where: Where = [section, template]
            before = len(self.problems)
            try:
                self._template(section, str(template), body, where)
            except EachError as error:
                self.wrong([*where, "each", *([error.field] if error.field else [])], str(error))
            except ValueError as error:
                self.wrong(where, str(error))
            except _TooMany:
                return
            if len(self.problems) > before:
                self._spoilt.append(repetition.pattern(str(template)))

    def _template(self, section: str, template: str, body: Any, where: Where) -> None:
        """Every entry that a template stands for; with the first that is wrong it ends.

        Raises:
            ValueError: `each` is wrong, or a placeholder cannot be filled in.
        """
        if not isinstance(body, Mapping):
            self.wrong(where, f"expected a mapping such as {{kind: board, from: …}}, found {found(body)}")
            return
        size, before = repetition.size(body), len(self.problems)
        for row in repetition.rows(body.get("each")):
            self._entries += 1
            self._filled += size
            if self._entries > MOST_ENTRIES or self._filled > MOST_FILLED:
                self.wrong(where, f"the site has more than {MOST_ENTRIES:,} entries or {MOST_FILLED:,} fields in all")
                raise _TooMany
            fields = {key: repetition.fill(value, row) for key, value in body.items() if key != "each"}
            name = str(repetition.fill(template, row))
            if name in NOT_NAMES:
                self.wrong(where, f"the name {name!r} is taken; expected another than {', '.join(NOT_NAMES)}")
            elif wrong := unfit_name(name):
                self.wrong(where, wrong)
            elif section == "devices":
                self._device(name, fields, where)
            else:
                self._component(name, fields, where)
            if len(self.problems) > before:
                return

    def _component(self, name: str, fields: dict[str, Any], where: Where) -> None:
        kind = fields.pop("kind", None)
        cls = plant.KINDS.get(kind) if isinstance(kind, str) else None
        if cls is None:
            self.wrong([*where, "kind"], f"found {found(kind)}{near(kind, plant.KINDS)}")
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
            self.wrong([*where, "device"], f"expected a mapping such as {{profile: …}}, found {found(device)}")

    def _feeds(self, source: Any, cls: type[Component], where: Where) -> dict[str, str]:
        if not issubclass(cls, Electrical):
            if source is not None:
                self.wrong([*where, "from"], f"a {cls.kind} is not in the power path and is fed from nothing")
            return {}
        if cls.SOURCE and source is not None:
            self.wrong([*where, "from"], f"a {cls.kind} is a source and is fed from nothing")
            return {}
        feeds = {} if source is None else self._terminals(source, cls, where)
        if not cls.SOURCE and feeds is not None:
            missing = [terminal for terminal in cls.TERMINALS[: cls.NEEDS] if terminal not in feeds]
            if missing or (cls.TERMINALS and not feeds and not cls.FEED_OPTIONAL):
                needed = " and ".join(missing) or " or ".join(cls.TERMINALS)
                self.wrong(where, f"`from` is missing: a {cls.kind} needs a feed for its terminal {needed}")
        return feeds or {}

    def _terminals(self, source: Any, cls: type[Electrical], where: Where) -> dict[str, str] | None:
        """What feeds each terminal; None if that is wrong."""
        if isinstance(source, str):
            source = {cls.TERMINALS[0]: source} if cls.TERMINALS else {"input": source}
        if isinstance(source, list):
            source = {f"in-{n}": ref for n, ref in enumerate(source, 1)}
        if not isinstance(source, Mapping) or not all(isinstance(ref, str) for ref in source.values()):
            self.wrong([*where, "from"], f"expected a feed or one for each terminal, found {found(source)}")
            return None
        for terminal in source:
            if cls.TERMINALS and terminal not in cls.TERMINALS:
                self.wrong(
                    [*where, "from", terminal],
                    f"a {cls.kind} has no terminal {found(terminal)}; it has: {', '.join(cls.TERMINALS)}",
                )
                return None
        return {str(terminal): ref for terminal, ref in source.items()}

    def _params(self, cls: type, fields: dict[str, Any], where: Where, also: tuple[str, ...] = ()) -> Any:
        known = [f.name for f in dataclasses.fields(cls)]
        unknown = [key for key in fields if key not in known]
        for key in unknown:
            self.wrong([*where, key], f"unknown field{near(key, [*known, *also])}")
        if unknown:
            return None
        try:
            return _checker(cls).validate_python({key: _plain(value) for key, value in fields.items()})
        except ValidationError as error:
            self.problems += yamlfile.problems(self.path, self.data, error, where)
            return None

    def _device(self, name: str, fields: dict[str, Any], where: Where) -> None:
        wanted = fields.pop("profile", None)
        try:
            profile = self._profile(wanted)
        except FileError as error:
            self.wrong([*where, "profile"], str(error))
            return
        kind = devices.KINDS[profile.kind]
        unit = fields.pop("unit", None)
        if unit is not None and UNIT.refusal(unit, whole=True):
            self.wrong([*where, "unit"], f"found {found(unit)}, expected a Modbus unit id from 0 to 255")
            return
        access = self._own_access(fields.pop("snmp", None), profile, [*where, "snmp"])
        if access is None:
            return
        fields.setdefault("model", profile.product)
        fields.setdefault("serial", f"TF{crc32(name.encode()):010d}")
        fields.setdefault("firmware", "1.0.0")
        if fields.get("address") is None:
            address = next(self._pool, None)
            if address is None:
                self.wrong(where, f"{self._head.addresses} has no address left; expected a larger `addresses`")
                return
            fields["address"] = str(address)
        if isinstance(fields.get("powered_by"), str):
            fields["powered_by"] = (fields["powered_by"],)
        params = self._params(kind.params, fields, where, also=("profile", "unit", "snmp"))
        if params is None:
            return
        if not (self._head.beyond_loopback or ip_address(params.address).is_loopback):
            # One line for all of them: what is missing is one word at the top of the file.
            if not any(BEYOND_LOOPBACK in text for text in self.problems):
                self.wrong([*where, "address"], f"{params.address} {BEYOND_LOOPBACK}")
            return
        for protocol in ("snmp", "modbus"):
            if getattr(profile, protocol) is not None:
                at = (params.address, unit if protocol == "modbus" else None, protocol)
                taken = self._addresses.setdefault(at, name)
                if taken != name:
                    self.wrong([*where, "address"], f"{params.address} already answers {protocol} for {taken}")
        self.devices.append(DeviceEntry(name, profile, params, params.address, unit, where, access))

    def _profile(self, named: Any) -> Profile:
        """The profile of that name or path.

        Raises:
            FileError: there is none, or its file is wrong.
        """
        if not isinstance(named, str) or not named.isprintable() or not 0 < len(named) <= 200:
            raise FileError([f"found {found(named)}, expected the name or path of a profile (`twinfeed profiles`)"])
        return library.get(named, self.path.parent)

    def _own_access(self, own: Any, profile: Profile, where: Where) -> SnmpAccess | None:
        """Who may ask the device, None after a mistake in its `snmp`."""
        if own is None:
            return self._head.snmp
        if not isinstance(own, Mapping):
            self.wrong(where, f"expected a mapping such as {{users: […]}}, found {found(own)}")
        elif profile.snmp is None:
            self.wrong(where, f"{profile.profile} speaks no SNMP")
        else:
            try:
                access = self._head.snmp.with_own(_plain(own))
                self._check_receivers(access, [*where, "traps"])
                return access
            except ValidationError as error:
                self.problems += yamlfile.problems(self.path, self.data, error, where)
        return None

    def spoilt(self, name: str) -> bool:
        """Whether the entry of that name is wrong itself."""
        return any(pattern.fullmatch(name) for pattern in self._spoilt)


UNIT = Range(0, 255)
"""Modbus unit identifiers."""

BEYOND_LOOPBACK = (
    "is not a loopback address (127.0.0.0/8): it may be that of real equipment. If it is meant, write "
    "`beyond_loopback: true` at the top of the file"
)


def unfit_name(name: str) -> str:
    """Why nothing on a site can be called that, '' if it can."""
    if not NAME.fullmatch(name):
        return f"the name is {found(name)}, expected 1 to 64 letters, digits, - and _, a letter or digit first"
    return ""


@cache
def _checker(cls: type) -> pydantic.TypeAdapter[Any]:
    """What turns a mapping of fields into that dataclass, each field checked against its type."""
    return pydantic.TypeAdapter(cls)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return tuple(_plain(item) for item in value) if isinstance(value, list) else value
