"""The entries of a site file once they are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twinfeed.emulators.devices.firmware.state import Params as DeviceParams
from twinfeed.emulators.plant.kernel.actor import STANDS_M
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.emulators.sitefile.head import Head
from twinfeed.emulators.sitefile.snmp_access import SnmpAccess
from twinfeed.emulators.yamlfile import problem

Where = list[str | int]
"""The way to a field from the top of the file."""

Standing = tuple[str, float]
"""The place in which something stands ('' for none), and its height above the floor, m."""

NOWHERE: Standing = ("", STANDS_M)


@dataclass(frozen=True)
class ComponentEntry:
    """One component of the plant, as the file describes it."""

    name: str
    cls: type[Component]
    params: Any
    feeds: dict[str, str]
    where: Where
    place: Standing = NOWHERE
    screen: tuple[float, float] | None = None
    """The centre of its box in the drawings of the console, px from the left and from the top; None: computed."""


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
    """The access to the device: the site's `snmp` with the device's own fields in their place."""
    place: Standing = NOWHERE


@dataclass(frozen=True)
class SiteFile:
    """A site file that has been read and checked."""

    path: Path
    head: Head
    components: list[ComponentEntry] = field(default_factory=list)
    devices: list[DeviceEntry] = field(default_factory=list)
    data: Any = field(default=None, repr=False, compare=False)
    """The entries that were read, with their lines."""

    def problem(self, where: Where, message: str) -> str:
        """A mistake of the file as one line with file, line and field."""
        return problem(self.path, self.data, where, message)
