"""Names of what can be observed on a site, and how to read each.

    hall-1.inlet_c                 a quantity of a component (its QUANTITIES)
    ups-a1.battery.charge          a point of a device, read inside the emulator and not over the wire
    ups-a1.alarm.on_battery        whether that alarm of the device is active
    ats-a.commands                 how many writes have reached the device
    generator-*.running            every component or device whose name matches
    racks.*.supplied               every entry of a section of the site file that has such a quantity
    row-1.rack-3.supplied          one rack of a row
    site.faults, site.alarms       how many faults, how many alarms are active on the whole site
    site.commands                  how many writes have reached its devices

A name is looked up among the component's quantities first, then among the device's points, then among its alarms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import partial

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.domain import COUNTED, TRUTH, Domain, of_quantity, of_rack
from twinfeed.emulators.devices.firmware.points import BoundPoint, UnknownPoint, Value
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile import SECTIONS
from twinfeed.harness.unknown import Unknown, known

Read = Callable[[], Value | Unknown]
"""Reads a quantity now; `Unknown` with the raw value where a device shows what the quantity cannot have."""

WHOLE_SITE: dict[str, Callable[[Site], int]] = {
    "faults": lambda site: sum(len(actor.state.faults) for actor in site.plant.actors.values()),
    "alarms": lambda site: sum(len(device.state.alarms) for device in site.devices.values()),
    "commands": lambda site: sum(device.state.commands for device in site.devices.values()),
}
"""Quantities of the site itself, read as `site.NAME`."""


class UnknownQuantity(LookupError):
    """The site has no such quantity. The message lists near names."""


def resolve(site: Site, pattern: str) -> dict[str, Read]:
    """Every quantity that the pattern names and how to read it now, in the order of the site file.

    `*`, `?` and `[…]` match as in file names. A pattern without them names exactly one quantity.

    Raises:
        UnknownQuantity: not of the form NAME.QUANTITY, or nothing matches; the message names near ones.
    """
    head, _, rest = pattern.partition(".")
    if not rest:
        raise UnknownQuantity(f"found {pattern!r}, expected NAME.QUANTITY such as hall-1.inlet_c or racks.*.supplied")
    if head == "site" and rest in WHOLE_SITE:
        return {pattern: partial(WHOLE_SITE[rest], site)}
    found: dict[str, Read] = {}
    for name, quantity in _places(site, head, rest):
        for full, read in _of_entry(site, name, quantity):
            found[full] = read
    if not found:
        raise UnknownQuantity(_unknown(site, pattern, head, rest))
    return found


def unit(site: Site, name: str) -> str:
    """The unit of one quantity, '' where it has none (a state, a count) or is unknown."""
    head, _, rest = name.partition(".")
    component, device = site.components.get(head), site.devices.get(head)
    if component is not None and rest in component.QUANTITIES:
        return component.QUANTITIES[rest]
    if device is not None:
        try:
            return device.point(rest).point.unit
        except UnknownPoint:
            return ""
    return ""


def domain(site: Site, name: str) -> Domain:
    """Which values one quantity can show: its kind, unit, words and bounds.

    Raises:
        UnknownQuantity: nothing on the site is called that; the message names near ones.
    """
    head, _, rest = name.partition(".")
    if head == "site" and rest in WHOLE_SITE:
        return COUNTED
    component, device = site.components.get(head), site.devices.get(head)
    found = _exact_domain(component, device, rest)
    if found is None:
        raise UnknownQuantity(_unknown(site, name, head, rest))
    return found


def sections(site: Site) -> dict[str, str]:
    """Every component and device and the section of the site file it is in, in the order of the file."""
    found = {entry.name: str(entry.where[0]) for entry in site.file.components}
    for item in site.file.devices:
        found.setdefault(item.name, str(item.where[0]))
    return found


def _places(site: Site, head: str, rest: str) -> Iterator[tuple[str, str]]:
    """The (name, quantity pattern) that `head.rest` can mean: an entry of that name, or the entries of a section."""
    if not _is_glob(head) and head not in SECTIONS:
        if head in site.components or head in site.devices:
            yield head, rest
        return
    of = sections(site)
    for name in of:
        if fnmatchcase(name, head):
            yield name, rest
    wanted, _, quantity = rest.partition(".")
    if head in SECTIONS and quantity:
        for name, section in of.items():
            if section == head and fnmatchcase(name, wanted):
                yield name, quantity


def _of_entry(site: Site, name: str, pattern: str) -> Iterator[tuple[str, Read]]:
    """The quantities of one component or device that the pattern names."""
    component, device = site.components.get(name), site.devices.get(name)
    if not _is_glob(pattern):
        read = _exact(component, device, pattern)
        if read is not None:
            yield f"{name}.{pattern}", read
        return
    for quantity in _quantities(component, device):
        if fnmatchcase(quantity, pattern):
            read = _exact(component, device, quantity)
            assert read is not None, "every quantity that is listed can be read"
            yield f"{name}.{quantity}", read


def _exact(component: Component | None, device: Device | None, quantity: str) -> Read | None:
    if component is not None:
        if quantity in component.QUANTITIES:
            return partial(getattr, component, quantity)
        if isinstance(component, RackRow) and quantity in _rack_quantities(component):
            return partial(component.quantity, quantity)
    if device is not None:
        if quantity == "commands":
            return partial(_commands, device)
        if (bound := device.find_point(quantity)) is not None:
            return partial(_reported, bound)
        kind, _, alarm = quantity.partition(".")
        if kind == "alarm" and alarm in {a.name for a in device.alarms}:
            return partial(_alarm_active, device, alarm)
    return None


def _exact_domain(component: Component | None, device: Device | None, quantity: str) -> Domain | None:
    """As `_exact`, the domain of what is read there."""
    if component is not None:
        if quantity in component.QUANTITIES:
            return of_quantity(component, quantity)
        if isinstance(component, RackRow) and quantity in _rack_quantities(component):
            return of_rack(quantity.partition(".")[2])
    if device is not None:
        if quantity == "commands":
            return COUNTED
        if (bound := device.find_point(quantity)) is not None:
            return bound.domain
        if _exact(None, device, quantity) is not None:
            return TRUTH
    return None


def _reported(bound: BoundPoint) -> Value | Unknown:
    """The value that the device shows. Without a fault it is the true one, which lies in its domain or is no number."""
    value = bound.read()
    return known(bound.domain, value) if value != value or bound.device.state.faults else value


def _commands(device: Device) -> int:
    return device.state.commands


def _alarm_active(device: Device, alarm: str) -> bool:
    """True if the alarm is active, for any row of a table if it is raised row by row (`link_down.12`)."""
    return any(name == alarm or name.partition(".")[0] == alarm for name in device.state.alarms)


def _quantities(component: Component | None, device: Device | None) -> list[str]:
    """All that can be asked of an entry, component first."""
    names: dict[str, None] = {}
    if component is not None:
        names.update(dict.fromkeys(component.QUANTITIES))
        if isinstance(component, RackRow):
            names.update(dict.fromkeys(_rack_quantities(component)))
    if device is not None:
        names.update(dict.fromkeys(device.point_names()))
        names.update(dict.fromkeys(f"alarm.{alarm.name}" for alarm in device.alarms))
        names["commands"] = None
    return list(names)


def _rack_quantities(row: RackRow) -> list[str]:
    return [f"rack-{n}.{q}" for n in range(1, row.params.racks + 1) for q in row.RACK_QUANTITIES]


def _is_glob(pattern: str) -> bool:
    return any(character in pattern for character in "*?[")


def _unknown(site: Site, pattern: str, head: str, rest: str) -> str:
    """The message for a pattern that names nothing."""
    named = dict.fromkeys(name for name, _ in _places(site, head, rest))
    if not named:
        hint = did_you_mean(head, [*sections(site), *SECTIONS])
        return f"{pattern}: nothing in {site.name} is called {head!r}{hint}"
    quantity = rest
    if head in SECTIONS and head not in named:
        quantity = rest.partition(".")[2]
    known: dict[str, None] = {}
    for name in named:
        known.update(dict.fromkeys(_quantities(site.components.get(name), site.devices.get(name))))
    hint = did_you_mean(quantity, known, f"; it has {', '.join(list(known)[:20])}", most=4)
    if len(named) == 1:
        return f"{pattern}: {next(iter(named))} has no quantity {quantity!r}{hint}"
    return f"{pattern}: none of the {len(named)} that this names has a quantity {quantity!r}{hint}"
