"""The catalogue of a kind of device: its points, and which shipped products show each."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twinfeed.emulators.devices.catalogue import KINDS
from twinfeed.emulators.devices.firmware.system_points import SYSTEM_POINTS
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.harness.transports.places import places


@dataclass(frozen=True)
class KindPoint:
    """A point of a kind of device, as profiles may show it."""

    name: str
    unit: str
    access: str
    """ro or rw."""
    values: tuple[str, ...]
    """The words that an enumeration takes."""
    doc: str
    shown_by: tuple[str, ...]
    """The shipped profiles that show it."""


def points_of(kind: str) -> list[KindPoint]:
    """The points of a kind, in the order of the catalogue.

    Raises:
        PlantError: no such kind; the message lists the kinds.
    """
    if kind not in KINDS:
        expected = did_you_mean(kind, KINDS, f"; expected one of {', '.join(KINDS)}")
        raise PlantError(f"--kind: found {kind!r}{expected}")
    profiles = [profile for name in library.names() if (profile := library.get(name)).kind == kind]
    return [
        KindPoint(
            point.name,
            point.unit,
            "ro" if point.write is None else "rw",
            point.values,
            point.doc,
            tuple(profile.profile for profile in profiles if _shows(profile, point.name)),
        )
        for point in (*KINDS[kind].own, *SYSTEM_POINTS)
    ]


def _shows(profile: Profile, point: str) -> bool:
    first_row = re.sub(r"\{\w+\}", "1", point)
    return next(places(profile, first_row), None) is not None
