"""The entries of a site file once they are read, and whether what they name exists and fits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

from twinfeed.emulators.devices import catalogue as devices
from twinfeed.emulators.devices.firmware.state import Params as DeviceParams
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant import catalogue as plant
from twinfeed.emulators.plant.kernel.ratings import Names
from twinfeed.emulators.plant.power.electrical import Component, Electrical
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.emulators.snmpaccess import SnmpAccess
from twinfeed.emulators.yamlfile import found

Where = list[str | int]
"""The way to a field from the top of the file."""

Mistake = tuple[Where, str]


@dataclass(frozen=True)
class ComponentEntry:
    """One component of the plant, as the file describes it."""

    name: str
    cls: type[Component]
    params: Any
    feeds: dict[str, str]
    where: Where


@dataclass(frozen=True)
class DeviceEntry:
    """One device: its profile, its firmware's parameters and where it answers."""

    name: str
    profile: Profile
    params: DeviceParams
    address: str
    unit: int | None
    """Modbus unit id, None for the profile's own."""
    where: Where
    snmp: SnmpAccess
    """Who may ask it: the site's `snmp` with the device's own fields in their place."""


def wrong_references(
    components: Sequence[ComponentEntry], entries: Sequence[DeviceEntry], spoilt: Callable[[str], bool]
) -> Iterator[Mistake]:
    """Names that are taken twice, and feeds and parameters that name what does not exist or does not fit.

    What names a `spoilt` entry, one that is wrong itself, is no further mistake.
    """
    seen: dict[str, Where] = {}
    for name, where in [
        *((c.name, c.where) for c in components),
        *((d.name, d.where) for d in entries if d.where[0] == "devices"),
    ]:
        if name in seen:
            yield where, f"the name {name!r} is already used in {'.'.join(map(str, seen[name]))}"
        seen.setdefault(name, where)
    kinds = {c.name: c.cls for c in components}
    electrical = {name for name, cls in kinds.items() if issubclass(cls, Electrical)}

    def feed(where: Where, ref: str) -> Iterator[Mistake]:
        name = ref.partition(":")[0]
        if name not in electrical and not spoilt(name):
            yield where, f"{found(ref)} is not in the power path{near(ref, electrical)}"

    for component in components:
        for terminal, ref in component.feeds.items():
            yield from feed([*component.where, "from", terminal], ref)
        yield from _named(component.params, component.where, kinds, spoilt)
    for entry in entries:
        for ref in entry.params.powered_by:
            yield from feed([*entry.where, "powered_by"], ref)
        yield from _named(entry.params, entry.where, kinds, spoilt)
        manages, of = devices.KINDS[entry.profile.kind].manages, kinds.get(entry.params.of)
        if manages and not entry.params.of:
            yield entry.where, f"`of` is missing: a {entry.profile.kind} manages a {_kinds_of(manages)}"
        elif manages and of is not None and not issubclass(of, manages):
            yield [*entry.where, "of"], f"{entry.params.of} is a {of.kind}, expected a {_kinds_of(manages)}"


def _named(
    params: Any, where: Where, kinds: Mapping[str, type[Component]], spoilt: Callable[[str], bool]
) -> Iterator[Mistake]:
    """The parameters that name components."""
    for field, names in _references(params.__class__).items():
        value = getattr(params, field)
        for ref in (value,) if isinstance(value, str) else value:
            name = ref.partition(":")[0]
            cls = kinds.get(name)
            if not ref:
                if names.needed:
                    yield where, f"{field} is missing: name a {' or '.join(names.kinds)}"
            elif spoilt(name):
                continue
            elif cls is None:
                fitting = [n for n, c in kinds.items() if not names.kinds or c.kind in names.kinds]
                yield [*where, field], f"found {found(ref)}{near(ref, fitting)}"
            elif names.kinds and cls.kind not in names.kinds:
                yield [*where, field], f"{name} is a {cls.kind}, expected a {' or '.join(names.kinds)}"


@cache
def _references(cls: type) -> dict[str, Names]:
    """The parameters of a component or device that name components, and of which kinds."""
    named: dict[str, Names] = {}
    for name, hint in get_type_hints(cls, include_extras=True).items():
        for part in (hint, *get_args(hint)):
            for each in getattr(part, "__metadata__", ()):
                if isinstance(each, Names) and name != "powered_by":
                    named[name] = each
    return named


def _kinds_of(classes: tuple[type[Component], ...]) -> str:
    if Electrical in classes:
        return "component in the power path"
    return " or ".join(cls.kind for cls in plant.CLASSES if issubclass(cls, classes))


def near(what: Any, known: Collection[str]) -> str:
    """`; did you mean …?` or the list of what is known when it is short."""
    listed = f"; expected one of {', '.join(sorted(known))}" if 0 < len(known) <= 40 else ""
    return did_you_mean(what, known, listed)
