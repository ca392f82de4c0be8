"""The targets of each kind of fault on a site, from which a search draws."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from twinfeed.emulators.devices.firmware.answer_faults import ANSWER_FAULTS, COUNTERS_ONLY
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.sensor_faults import unfit
from twinfeed.emulators.plant.power.breakers import CircuitBreaker
from twinfeed.emulators.profiles.odd_answers import refusal
from twinfeed.emulators.site import Site
from twinfeed.harness.faults.kinds import FaultKind


def targets(site: Site, entry: FaultKind) -> list[str]:
    """Every target of that kind on the site, in its order; those of points and settings as `device:point`.

    Probes are swapped with the next one of their unit, works overlap on every pair of breakers.
    """
    if entry.of == ("breaker", "breaker"):
        breakers = [name for name, component in site.components.items() if isinstance(component, CircuitBreaker)]
        return [f"{site.works.id}:{one},{other}" for one, other in combinations(breakers, 2)]
    components = [name for name, component in site.components.items() if component.kind in entry.targets]
    suffering = [device for device in site.devices.values() if _suffers(device, entry)]
    if not entry.of:
        return list(dict.fromkeys([*components, *(device.name for device in suffering)]))
    return [f"{device.name}:{of}" for device in suffering for of in _of(site, device, entry)]


def _suffers(device: Device, entry: FaultKind) -> bool:
    return "device" in entry.targets or f"{device.kind}/device" in entry.targets


def _of(site: Site, device: Device, entry: FaultKind) -> Iterator[str]:
    """The parts of the device that the fault can affect."""
    if entry.of == ("setting",):
        yield from (name for name in device.point_names() if _is_setting(device, name))
        return
    if entry.kind in ANSWER_FAULTS:
        yield from (name for name in device.point_names() if answer_can_be_odd(site, device, entry.kind, name))
        return
    points = [name for name in device.point_names() if not unfit(device, entry.kind, name)]
    if entry.of == ("point",):
        yield from points
        return
    for place, one in enumerate(points):
        unit = device.point(one).point.unit
        alike = (other for other in points[place + 1 :] if unit and device.point(other).point.unit == unit)
        if (other := next(alike, None)) is not None:
            yield f"{one},{other}"


def answer_can_be_odd(site: Site, device: Device, kind: str, point: str) -> bool:
    """True if the device's product shows that point so that the answer fault of that kind can be seen."""
    profile = site.profiles[device.name]
    counted = kind not in COUNTERS_ONLY or isinstance(device.point(point).true(), (int, float))
    return counted and not refusal(profile, kind, point)


def _is_setting(device: Device, name: str) -> bool:
    bound = device.point(name)
    return bound.point.write is not None and isinstance(bound.true(), (bool, int, float))
