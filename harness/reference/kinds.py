"""Each kind of component and device, described from its class: fields of a site file, quantities, points, faults."""

from __future__ import annotations

import inspect
from dataclasses import asdict, dataclass
from typing import Any

from twinfeed.emulators.devices import catalogue as devices
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant import catalogue as plant
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.harness.characterise.drafting.kinds import KindPoint, points_of
from twinfeed.harness.faults import catalogue as faults
from twinfeed.harness.reference.fields import Field, docs, fields, text_of


@dataclass(frozen=True)
class Terminal:
    """One entry of `from`."""

    name: str
    """The word that `from` gives it; `NAME` where any name will do."""
    needed: bool


@dataclass(frozen=True)
class Quantity:
    """A physical quantity that a property or an `until` may name: `ups-1.charge_percent`."""

    name: str
    unit: str
    """'' for a truth, a word, or a number without a unit."""
    values: tuple[str, ...]
    """The words that it can take; none for a number or a truth."""
    doc: str


@dataclass(frozen=True)
class KindFault:
    """A fault that something of this kind can suffer."""

    kind: str
    doc: str
    parameters: tuple[str, ...]
    worlds: tuple[str, ...]


@dataclass(frozen=True)
class ComponentKind:
    """A kind of the sections `power`, `cooling`, `racks` and `network` of a site file."""

    kind: str
    doc: str
    about_ratings: str
    """The text of its ratings: the machine that the defaults describe, and their sources."""
    terminals: tuple[Terminal, ...]
    fed: str
    """`from` in words: the terminals that must be fed, and those that may be; '' for a kind that has no feed."""
    ratings: tuple[Field, ...]
    quantities: tuple[Quantity, ...]
    faults: tuple[KindFault, ...]
    managed_by: tuple[str, ...]
    """The kinds of device whose `of` may name it."""


@dataclass(frozen=True)
class DeviceKind:
    """A kind of device, as a profile's `kind` names it."""

    kind: str
    doc: str
    manages: tuple[str, ...]
    """The kinds of component that its `of` must name one of; none: any component, or none at all."""
    settings: tuple[Field, ...]
    """Fields of `device:` and of the section `devices`, those of every device first."""
    points: tuple[KindPoint, ...]
    alarms: tuple[str, ...]
    faults: tuple[KindFault, ...]


def components() -> list[str]:
    """The kinds of component, in the order of the power path."""
    return list(plant.KINDS)


def device_kinds() -> list[str]:
    """The kinds of device."""
    return list(devices.KINDS)


def component(kind: str) -> ComponentKind:
    """A kind of component.

    Raises:
        PlantError: no component has that kind.
    """
    if kind not in plant.KINDS:
        raise PlantError(f"no component has the kind {kind!r}{did_you_mean(kind, plant.KINDS)}")
    cls = plant.KINDS[kind]
    return ComponentKind(
        kind,
        text_of(cls),
        text_of(cls.PARAMS),
        terminals := _terminals(cls),
        _fed(terminals, issubclass(cls, Electrical) and cls.FEED_OPTIONAL),
        tuple(fields(cls.PARAMS)),
        tuple(_quantity(cls, name, unit) for name, unit in cls.QUANTITIES.items()),
        _faults(kind),
        tuple(name for name, device in devices.KINDS.items() if device.manages and issubclass(cls, device.manages)),
    )


def device(kind: str) -> DeviceKind:
    """A kind of device.

    Raises:
        PlantError: no device has that kind.
    """
    if kind not in devices.KINDS:
        raise PlantError(f"no device has the kind {kind!r}{did_you_mean(kind, devices.KINDS)}")
    found = devices.KINDS[kind]
    return DeviceKind(
        kind,
        text_of(found.firmware),
        tuple(cls.kind for cls in plant.KINDS.values() if found.manages and issubclass(cls, found.manages)),
        tuple(fields(found.params)),
        tuple(points_of(kind)),
        tuple(alarm.name for alarm in found.alarms),
        _faults(f"{kind}/device", "device"),
    )


def described(kind: str) -> dict[str, ComponentKind | DeviceKind]:
    """The component and the device of that kind: `ups` is both.

    Raises:
        PlantError: neither has that kind.
    """
    found: dict[str, ComponentKind | DeviceKind] = {}
    if kind in plant.KINDS:
        found["component"] = component(kind)
    if kind in devices.KINDS:
        found["device"] = device(kind)
    if not found:
        known = sorted({*plant.KINDS, *devices.KINDS})
        raise PlantError(f"no component or device has the kind {kind!r}{did_you_mean(kind, known)}")
    return found


def as_json(found: dict[str, ComponentKind | DeviceKind]) -> dict[str, Any]:
    """The kinds as JSON values."""
    return {part: asdict(description) for part, description in found.items()}


def _terminals(cls: type[Component]) -> tuple[Terminal, ...]:
    if not issubclass(cls, Electrical) or cls.SOURCE:
        return ()
    if not cls.TERMINALS:
        return (Terminal("NAME", not cls.FEED_OPTIONAL),)
    needed = cls.TERMINALS[: cls.NEEDS]
    return tuple(Terminal(name, name in needed) for name in cls.TERMINALS)


def _fed(terminals: tuple[Terminal, ...], optional: bool) -> str:
    needed = [terminal.name for terminal in terminals if terminal.needed]
    further = [terminal.name for terminal in terminals if not terminal.needed]
    if needed:
        return ", ".join([*needed, *(f"{name} (optional)" for name in further)])
    if not further:
        return ""
    return f"{', '.join(further)} (optional)" if optional else f"{' or '.join(further)}, or both"


def _quantity(cls: type[Component], name: str, unit: str) -> Quantity:
    plain: type = cls
    found = inspect.getattr_static(cls, name, None)
    text = inspect.getdoc(found) if isinstance(found, property) else docs(plain).get(name)
    return Quantity(name, unit, tuple(cls.WORDS.get(name, ())), " ".join((text or "").split()))


def _faults(*targets: str) -> tuple[KindFault, ...]:
    return tuple(
        KindFault(entry.kind, entry.doc, tuple(entry.parameters), entry.worlds)
        for entry in faults.kinds()
        if set(targets).intersection(entry.targets)
    )
