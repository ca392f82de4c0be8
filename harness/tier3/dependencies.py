"""Devices that a fault concerns: an alarm of it can be expected from them.

Everything that feeds the target, directly or not, and everything that is fed by it: power, chilled water, air, fuel,
links. A device is concerned, and its alarms report the target, if it manages, meters or is wired to one of these. A
device whose card is powered by or reached through something that the target feeds reports it by falling silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.site import Site

UNREACHABLE = "unreachable"
"""The name of the alarm that counts when the management station does not reach a device."""

GIVES_TO = {
    "chiller": ("loop",),
    "cooling_tower": ("loop",),
    "dry_cooler": ("loop",),
    "pump": ("loop",),
    "crah": ("hall",),
    "crac": ("hall",),
    "switch": ("serves",),
    "link": ("a", "b"),
}
"""Kind -> parameters that name what it serves."""

TAKES_FROM = ("loop", "condenser_loop", "hall", "tank", "bulk", "climate", "a", "b")
"""Parameters that name what serves it."""


NETWORK = ("switch", "link", "network")
"""Kinds at which the way of power, air and water ends; faults of the network itself go on from one to the next."""


@dataclass(frozen=True)
class Concern:
    """The names of devices that have to do with one target."""

    telling: frozenset[str]
    """The devices whose alarms report it."""
    silenced: frozenset[str]
    """Which may be silent because of it."""

    def counts(self, device: str, alarm: str) -> bool:
        """True if that alarm (`unreachable`, if the station does not reach the device) reports the target."""
        return device in self.telling or (alarm == UNREACHABLE and device in self.silenced)


def concerned(site: Site, target: str) -> Concern:
    """Whom that target concerns (`device:point` is that device).

    Raises:
        PlantError: nothing on the site is called that.
    """
    site.faults(target)
    name, _, of = target.partition(":")
    starts = of.split(",") if name == site.works.id else [name]
    if name in site.devices and name not in site.components and site.devices[name].params.of:
        starts.append(site.devices[name].params.of)
    edges = list(_edges(site))
    of_network = any(site.components[n].kind in NETWORK for n in starts if n in site.components)
    ends = set() if of_network else {n for n, component in site.components.items() if component.kind in NETWORK}
    fed = {*starts, *_reached(starts, edges, ends)}
    related = {*fed, *_reached(starts, [(to, by) for by, to in edges], ends)}
    return Concern(
        frozenset(n for n, device in site.devices.items() if n in related or related.intersection(_read_by(device))),
        frozenset(n for n, device in site.devices.items() if fed.intersection(_lives_on(device))),
    )


def _reached(starts: Iterable[str], edges: list[tuple[str, str]], ends: set[str]) -> set[str]:
    found, edge = set[str](), list(starts)
    while edge:
        here = edge.pop()
        for by, to in edges:
            if by == here and to not in found:
                found.add(to)
                if to not in ends:
                    edge.append(to)
    return found


def _edges(site: Site) -> Iterator[tuple[str, str]]:
    """(what gives, what takes) of everything on the site."""
    for name, component in site.components.items():
        if isinstance(component, Electrical):
            for ref in component.feeds.values():
                yield _name(ref), name
        if component.kind == "network":
            yield from ((name, other) for other, switch in site.components.items() if switch.kind == "switch")
        gives = GIVES_TO.get(component.kind, ())
        for field in gives:
            for other in _named(component, field):
                yield name, other
        for field in TAKES_FROM:
            if field not in gives or component.kind == "link":
                for other in _named(component, field):
                    yield other, name


def _named(component: Component, field: str) -> Iterator[str]:
    found: Any = getattr(component.params, field, ())
    for ref in (found,) if isinstance(found, str) else found if isinstance(found, tuple) else ():
        if ref:
            yield _name(ref)


def _read_by(device: Device) -> Iterator[str]:
    """Components that the device manages, meters or is wired to."""
    params: Any = device.params
    for ref in (params.of, *getattr(params, "inputs", ()), *getattr(params, "start_requests", ())):
        yield ref.partition(".")[0]


def _lives_on(device: Device) -> Iterator[str]:
    """Components that power its card, and through which it is reached."""
    for ref in (*device.params.powered_by, device.params.switch_port):
        yield _name(ref)


def _name(ref: str) -> str:
    return ref.partition(":")[0]
