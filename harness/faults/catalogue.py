"""All kinds of fault as data: effect, targets, parameters, and the worlds that realise them.

The faults of components and devices are those their classes list in `FAULTS`; faults of the wire and of the controller
under test are a tuple `KINDS` in the module that realises them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from twinfeed.emulators.devices import catalogue as devices
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant import catalogue as plant
from twinfeed.emulators.plant.kernel.faults import Fault, Parameter
from twinfeed.emulators.plant.people import works
from twinfeed.emulators.plant.people.works import Works
from twinfeed.emulators.site import Site
from twinfeed.harness.faults import controllers, frames
from twinfeed.harness.faults.kinds import FAMILIES, WORLDS, FaultKind

__all__ = ["FAMILIES", "WORLDS", "FaultKind", "find", "kinds", "of_site", "of_target", "parameter"]

OFF_SITE = ("controller",)
"""Targets that are not in a site file."""


@cache
def kinds() -> tuple[FaultKind, ...]:
    """All kinds, by family, then in the order of the plant. One kind on different targets may be several entries."""
    found = [*_of_actors(), *frames.BY_NAME.values(), *controllers.KINDS]
    return tuple(sorted(found, key=lambda kind: FAMILIES.index(kind.family)))


def find(kind: str) -> tuple[FaultKind, ...]:
    """The entries of that kind.

    Raises:
        KeyError: there is none; the message names near ones.
    """
    found = tuple(entry for entry in kinds() if entry.kind == kind)
    if not found:
        raise KeyError(f"no fault is called {kind!r}{did_you_mean(kind, (entry.kind for entry in kinds()))}")
    return found


def parameter(kind: str, name: str) -> Parameter | None:
    """The parameter of the kind with that name, None if none of its entries has it."""
    return next((entry.parameters[name] for entry in kinds() if entry.kind == kind and name in entry.parameters), None)


def of_site(site: Site) -> tuple[FaultKind, ...]:
    """The kinds that something on the site can suffer."""
    there = {kind for name in (*site.components, *site.devices) for kind in _called(site, name)}
    there |= {works.NAME, *OFF_SITE}
    return tuple(entry for entry in kinds() if there.intersection(entry.targets))


def of_target(site: Site, target: str) -> tuple[FaultKind, ...]:
    """The kinds that this component or device can suffer; `works` and `controller` are targets, too.

    Raises:
        PlantError: nothing on the site is called that.
    """
    called = {target} if target in OFF_SITE else _called(site, target)
    return tuple(entry for entry in kinds() if called.intersection(entry.targets))


def _called(site: Site, target: str) -> set[str]:
    """The name of a component or device in the catalogue."""
    site.faults(target)
    called = {works.NAME} if target == works.NAME else set()
    if (component := site.components.get(target)) is not None:
        called.add(component.kind)
    if (device := site.devices.get(target)) is not None:
        called |= {"device", f"{device.kind}/device"}
    return called


def _of_actors() -> Iterator[FaultKind]:
    """The faults of components and firmware, the same fault of several classes in one entry."""
    suffering = [(name, cls.FAULTS, "plant") for name, cls in plant.KINDS.items()]
    suffering += [(works.NAME, Works.FAULTS, "people")]
    suffering += [(f"{name}/device", kind.faults, "firmware") for name, kind in devices.KINDS.items()]
    every_device = [target for target, _, family in suffering if family == "firmware"]
    found: list[tuple[str, str, Fault, list[str]]] = []
    for target, faults, family in suffering:
        for kind, fault in faults.items():
            for of_family, name, known, targets in found:
                if (of_family, name, known) == (fault.family or family, kind, fault):
                    targets.append(target)
                    break
            else:
                found.append((fault.family or family, kind, fault, [target]))
    for family, kind, fault, targets in found:
        on = ("device",) if targets == every_device else tuple(targets)
        worlds = WORLDS if fault.actuator else WORLDS[:2]
        yield FaultKind(kind, family, fault.doc, on, fault.parameters, worlds, fault.source, fault.of, fault.failure)
