"""The check of references: the components that a site file names exist and fit.

A parameter names a component where its type is a reference (`Names`, `Feed` of `plant.kernel.ratings`), however deep it
lies in tuples, mappings and unions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from twinfeed.emulators.devices import catalogue as devices
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant import catalogue as plant
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.ratings import Feed, Names
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.sitefile.entries import ComponentEntry, DeviceEntry, Where
from twinfeed.emulators.yamlfile import found

Mistake = tuple[Where, str]

PLACE = Names("place")


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

    def named(params: Any, where: Where) -> Iterator[Mistake]:
        for field, kind, ref in references(params):
            place = [*where, field]
            if isinstance(kind, Names):
                if kind.unless and not ref and getattr(params, kind.unless):
                    continue
                yield from _wrong_name(kind, ref, field, where, kinds, spoilt)
            else:
                yield from feed(place, ref)

    for (place, _), where in [*((c.place, c.where) for c in components), *((d.place, d.where) for d in entries)]:
        yield from _wrong_name(PLACE, place, "place", where, kinds, spoilt)
    for component in components:
        for terminal, ref in component.feeds.items():
            yield from feed([*component.where, "from", terminal], ref)
        yield from named(component.params, component.where)
    for entry in entries:
        yield from named(entry.params, entry.where)
        manages, of = devices.KINDS[entry.profile.kind].manages, kinds.get(entry.params.of)
        if manages and not entry.params.of:
            yield entry.where, f"`of` is missing: a {entry.profile.kind} manages a {_kinds_of(manages)}"
        elif manages and of is not None and not issubclass(of, manages):
            yield [*entry.where, "of"], f"{entry.params.of} is a {of.kind}, expected a {_kinds_of(manages)}"


def _wrong_name(
    names: Names,
    ref: str,
    field: str,
    where: Where,
    kinds: Mapping[str, type[Component]],
    spoilt: Callable[[str], bool],
) -> Iterator[Mistake]:
    name = ref.partition(":")[0]
    cls = kinds.get(name)
    if not ref:
        if names.needed:
            yield where, f"{field} is missing: name a {' or '.join(names.kinds)}"
    elif spoilt(name):
        return
    elif cls is None:
        fitting = [n for n, c in kinds.items() if not names.kinds or c.kind in names.kinds]
        yield [*where, field], f"found {found(ref)}{near(ref, fitting)}"
    elif names.kinds and cls.kind not in names.kinds:
        yield [*where, field], f"{name} is a {cls.kind}, expected a {' or '.join(names.kinds)}"


def references(params: Any) -> Iterator[tuple[str, Names | Feed, str]]:
    """The names of components in the parameters of a component or device: field, kind of reference, name."""
    for field, hint in _hints(params.__class__).items():
        for kind, ref in _within(hint, getattr(params, field)):
            yield field, kind, ref


@cache
def _hints(cls: type) -> dict[str, Any]:
    """The parameters whose type may hold the name of a component, and that type."""
    hints = get_type_hints(cls, include_extras=True)
    return {field: hint for field, hint in hints.items() if _may_hold(hint)}


def _may_hold(hint: Any) -> bool:
    marks = getattr(hint, "__metadata__", ())
    return any(isinstance(mark, (Names, Feed)) for mark in marks) or any(map(_may_hold, get_args(hint)))


def _within(hint: Any, value: Any) -> Iterator[tuple[Names | Feed, str]]:
    """The references in a value of that type."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        for mark in hint.__metadata__:
            if isinstance(mark, (Names, Feed)) and isinstance(value, str):
                yield mark, value
        yield from _within(parts[0], value)
    elif origin in (Union, UnionType):
        for part in parts:
            yield from _within(part, value)
    elif isinstance(value, Mapping) and len(parts) == 2:
        for key, item in value.items():
            yield from _within(parts[0], key)
            yield from _within(parts[1], item)
    elif isinstance(value, tuple) and origin is tuple and parts[-1:] != (...,):
        for part, item in zip(parts, value, strict=False):
            yield from _within(part, item)
    elif isinstance(value, (tuple, list, set, frozenset)) and parts:
        for item in value:
            yield from _within(parts[0], item)


def _kinds_of(classes: tuple[type[Component], ...]) -> str:
    if Electrical in classes:
        return "component in the power path"
    return " or ".join(cls.kind for cls in plant.KINDS.values() if issubclass(cls, classes))


def near(what: Any, known: Collection[str]) -> str:
    """`; did you mean …?` or the list of what is known when it is short."""
    listed = f"; expected one of {', '.join(sorted(known))}" if 0 < len(known) <= 40 else ""
    return did_you_mean(what, known, listed)
