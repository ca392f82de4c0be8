"""Check that an entry of a scenario can happen on a site, in whatever world."""

from __future__ import annotations

from collections.abc import Iterable

from twinfeed.emulators.devices.firmware.points import PointError
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.site import Site
from twinfeed.harness.faults import sinks
from twinfeed.harness.faults.deeds import Command, Deed
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.onset import linked
from twinfeed.harness.faults.schedule import Scheduled
from twinfeed.harness.transports.places import places


def check(site: Site, entry: Scheduled) -> None:
    """Refuse a fault, deed or command that cannot happen on a site.

    Raises:
        PlantError: the message names target, kind and parameter, what was found and what was expected.
    """
    match entry:
        case Injection():
            sinks.check(site, entry)
        case Deed():
            check_deed(site, entry)
        case Command():
            check_command(site, entry)


def check_deed(site: Site, entry: Deed) -> None:
    """
    Raises:
        PlantError: no such target, deed or parameter, or a deed that has to be taken back and cannot.
    """
    for target in filter(None, (entry.target, entry.wrong)):
        site.check_deed(target, entry.deed, entry.parameters)
    if (entry.for_s is not None or entry.until is not None) and not site.deeds(entry.target)[entry.deed].undo:
        lasting = "for_s" if entry.for_s is not None else "until"
        raise PlantError(f"{entry.target} {entry.deed}: {lasting}: this deed cannot be taken back; leave it out")


def check_command(site: Site, entry: Command) -> None:
    """
    Raises:
        PlantError: no such device or point, a value that the point does not take, or one that the product cannot be
            sent.
    """
    device = site[entry.target]
    try:
        bound = device.point(entry.point)
        bound.check(entry.value)
    except PointError as error:
        raise PlantError(f"{entry.target} {entry.point}: {error}") from None
    profile = site.profiles[entry.target]
    if next(places(profile, entry.point, written=True), None) is None:
        shown = "can only be read" if next(places(profile, entry.point), None) is not None else "is not shown"
        raise PlantError(f"{entry.target} {entry.point} {shown} by its product {profile.profile}; choose another point")


def check_links(entries: Iterable[Scheduled], known: Iterable[str] = ()) -> None:
    """Refuse entries whose names are taken, or whose `after` never comes.

    Raises:
        InjectionError: names the field.
    """
    if (mistake := linked(entries, known)) is not None:
        raise mistake[1]
