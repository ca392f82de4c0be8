"""The reader of a site file: goes through it once and collects every mistake of form."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from zlib import crc32

import pydantic
from pydantic import ValidationError

from twinfeed.emulators import yamlfile
from twinfeed.emulators.devices import catalogue as devices
from twinfeed.emulators.plant import catalogue as plant
from twinfeed.emulators.plant.kernel.actor import STANDS_M
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.ratings import Range
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.emulators.sitefile import repetition
from twinfeed.emulators.sitefile.entries import NOWHERE, ComponentEntry, DeviceEntry, Standing, Where
from twinfeed.emulators.sitefile.head import BEYOND_LOOPBACK, NOT_NAMES, SECTIONS, Head, unfit_name
from twinfeed.emulators.sitefile.references import near
from twinfeed.emulators.sitefile.repetition import MOST_ENTRIES, EachError
from twinfeed.emulators.sitefile.snmp_access import SnmpAccess, place
from twinfeed.emulators.textfile import shown
from twinfeed.emulators.yamlfile import FileError, found, problem

MOST_FILLED = 2_000_000
"""Fields that `each` may fill in, counted as often as they are repeated: a second of work."""

MOST_PROBLEMS = 50
"""Mistakes that are listed; one line gives the number of further ones."""

HEIGHT = Range(0.0, 50.0, "m")
"""Heights above a floor."""

PIXELS = Range(0.0, 100_000.0, "px")
"""Places in a drawing."""

UNIT = Range(0, 255)
"""Modbus unit identifiers."""


class Reader:
    """Goes through a site file once and collects every mistake on the way.

    A mistake is noted once: not again for each row of `each`, and not again where an entry that is wrong is named.
    """

    def __init__(self, path: Path, data: Any, beyond_loopback: bool = False) -> None:
        self.path, self.data, self._consent = path, data, beyond_loopback
        self.problems: list[str] = []
        self.components: list[ComponentEntry] = []
        self.devices: list[DeviceEntry] = []
        self._pool: Iterator[Any] = iter(())
        self._head = Head(site="site")
        self._addresses: dict[tuple[str, int | None, str], str] = {}
        self._left = 0
        """Addresses that devices without one of their own can still have."""
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
        if self._consent:
            fields["beyond_loopback"] = True
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
        self._left = max(1, head.addresses.num_addresses - 2)
        return head

    def _check_receivers(self, access: SnmpAccess, where: Where) -> None:
        """Notifications leave the machine as well."""
        for n, receiver in enumerate(access.receivers):
            host = place(receiver.to)[0]
            if not (self._head.beyond_loopback or ip_address(host).is_loopback):
                self.wrong([*where, n], f"{host} {BEYOND_LOOPBACK}")

    def has_room(self) -> bool:
        """True if all sections together are small enough for a site, checked before `each` is expanded."""
        entries = filled = 0
        for section in SECTIONS:
            templates = self.data.get(section)
            for template, body in templates.items() if isinstance(templates, Mapping) else ():
                if not isinstance(body, Mapping):
                    continue
                fields = {key: value for key, value in body.items() if key != "each"}
                try:
                    count = repetition.count(body.get("each"))
                except EachError:
                    continue  # the mistake is reported where the section is read
                entries += count
                filled += count * repetition.size(fields)
                if entries > MOST_ENTRIES or filled > MOST_FILLED:
                    limits = f"{MOST_ENTRIES:,} entries or {MOST_FILLED:,} fields"
                    self.wrong([section, template], f"the site has more than {limits} in all")
                    return False
        return True

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
        before = len(self.problems)
        if not self._has_room(section, template, body, where):
            return
        for row in repetition.rows(body.get("each")):
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

    def _has_room(self, section: str, template: str, body: Mapping[Any, Any], where: Where) -> bool:
        """True if the site can take all entries of a template, checked before it is expanded.

        Raises:
            EachError: `each` is wrong.
        """
        each = body.get("each")
        count = repetition.count(each)
        if unused := repetition.unused(template, each):
            name = found(unused[0])[1:-1]
            self.wrong(where, f"the name is the same for every {name}; expected {{{name}}} in it")
            return False
        device = body if section == "devices" else body.get("device")
        if isinstance(device, Mapping) and device.get("address") is None:
            self._left -= count
            if self._left < 0:
                self.wrong(where, f"{self._head.addresses} has too few addresses; expected a larger `addresses`")
                return False
        return True

    def _component(self, name: str, fields: dict[str, Any], where: Where) -> None:
        kind = fields.pop("kind", None)
        cls = plant.KINDS.get(kind) if isinstance(kind, str) else None
        if cls is None:
            self.wrong([*where, "kind"], f"found {found(kind)}{near(kind, plant.KINDS)}")
            return
        feeds = self._feeds(fields.pop("from", None), cls, where)
        device = fields.pop("device", None)
        standing = self._standing(fields.pop("place", None), where)
        screen = self._screen(fields.pop("screen", None), where)
        params = self._params(cls.PARAMS, fields, where, also=("kind", "from", "device", "place", "screen", "each"))
        if params is None or standing is None:
            return
        self.components.append(ComponentEntry(name, cls, params, feeds, where, standing, screen))
        if isinstance(device, Mapping):
            self._device(name, {"of": name, **device}, [*where, "device"])
        elif device is not None:
            self.wrong([*where, "device"], f"expected a mapping such as {{profile: …}}, found {found(device)}")

    def _standing(self, given: Any, where: Where) -> Standing | None:
        """The place in which it stands and its height, given as a name or as both; None if that is wrong."""
        if given is None:
            return NOWHERE
        if isinstance(given, str):
            given = {"in": given}
        if (
            not isinstance(given, Mapping)
            or not isinstance(given.get("in"), str)
            or not set(given) <= {"in", "height_m"}
        ):
            self.wrong([*where, "place"], f"found {found(given)}, expected a place or {{in: a place, height_m: 0.3}}")
            return None
        height_m = given.get("height_m", STANDS_M)
        if why := HEIGHT.refusal(height_m):
            self.wrong([*where, "place", "height_m"], f"height_m {why}")
            return None
        return given["in"], float(height_m)

    def _screen(self, given: Any, where: Where) -> tuple[float, float] | None:
        """The place in a drawing; None if none is given or if it is wrong."""
        if given is None:
            return None
        if not isinstance(given, Mapping) or set(given) != {"x", "y"}:
            self.wrong([*where, "screen"], f"found {found(given)}, expected {{x: 400, y: 120}}, pixels of the drawing")
            return None
        for axis in ("x", "y"):
            if why := PIXELS.refusal(given[axis]):
                self.wrong([*where, "screen", axis], f"{axis} {why}")
                return None
        return float(given["x"]), float(given["y"])

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
        """The feed of each terminal; None if that is wrong."""
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
        hints = get_type_hints(cls)
        if truths := [key for key, value in fields.items() if isinstance(value, bool) and _of_numbers(hints[key])]:
            for key in truths:  # True equals 1, so that a choice of numbers would take it
                choices = " or ".join(map(str, get_args(hints[key])))
                self.wrong([*where, key], f"found {found(fields[key])}, expected {choices}")
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
        standing = self._standing(fields.pop("place", None), where)
        params = self._params(kind.params, fields, where, also=("profile", "unit", "snmp", "place"))
        if params is None or standing is None:
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
        self.devices.append(DeviceEntry(name, profile, params, params.address, unit, where, access, standing))

    def _profile(self, named: Any) -> Profile:
        """The profile of that name or path.

        Raises:
            FileError: there is none, or its file is wrong.
        """
        if not isinstance(named, str) or not named.isprintable() or not 0 < len(named) <= 200:
            raise FileError([f"found {found(named)}, expected the name or path of a profile (`twinfeed profiles`)"])
        return library.get(named, self.path.parent)

    def _own_access(self, own: Any, profile: Profile, where: Where) -> SnmpAccess | None:
        """The access to the device, None after a mistake in its `snmp`."""
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
        """True if the entry of that name is wrong itself."""
        return any(pattern.fullmatch(name) for pattern in self._spoilt)


@cache
def _checker(cls: type) -> pydantic.TypeAdapter[Any]:
    """A function that turns a mapping of fields into that dataclass, each field checked against its type."""
    return pydantic.TypeAdapter(cls)


def _of_numbers(hint: Any) -> bool:
    """True for a choice of whole numbers, such as `Literal[1, 3]`."""
    return get_origin(hint) is Literal and not any(isinstance(word, bool) for word in get_args(hint))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return tuple(_plain(item) for item in value) if isinstance(value, list) else value
