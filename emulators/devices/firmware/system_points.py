"""The points that every device has: its name and place, its clock, its product, its management card."""

from __future__ import annotations

from collections.abc import Callable

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.domain import CLOCK
from twinfeed.emulators.devices.firmware.points import Point
from twinfeed.emulators.devices.firmware.usual_points import command


def _setting(
    name: str, default: Callable[[Device], str]
) -> tuple[Callable[[Device], str], Callable[[Device, str], None]]:
    def read(device: Device) -> str:
        return str(device.state.settings.get(name, default(device)))

    def write(device: Device, value: str) -> None:
        device.state.settings[name] = value

    return read, write


_NAME = _setting("system.name", lambda d: d.name)
_LOCATION = _setting("system.location", lambda d: d.params.location)
_CONTACT = _setting("system.contact", lambda d: d.params.contact)

SYSTEM_POINTS: tuple[Point[Device], ...] = (
    Point("system.name", "the device's own name (sysName)", _NAME[0], write=_NAME[1], kind="text"),
    Point("system.location", "its place (sysLocation)", _LOCATION[0], write=_LOCATION[1], kind="text"),
    Point("system.contact", "the contact person (sysContact)", _CONTACT[0], write=_CONTACT[1], kind="text"),
    Point("system.uptime", "time since the management card came up", lambda d: d.uptime_s, "s", possible=CLOCK),
    Point(
        "system.clock",
        "the device's own clock, seconds since the site was started",
        lambda d: d.clock_s,
        "s",
        possible=CLOCK,
    ),
    Point("system.model", "the product's model name", lambda d: d.params.model, kind="text"),
    Point("system.serial", "its serial number", lambda d: d.params.serial, kind="text"),
    Point("system.firmware", "its firmware version", lambda d: d.params.firmware, kind="text"),
    Point("system.ip", "IP address of the management card", lambda d: d.params.address, kind="text"),
    Point("system.mac", "hardware address of the management card, six octets", lambda d: d.mac, kind="octets"),
    Point("alarm.count", "number of active alarms", lambda d: len(d.state.alarms)),
    command("command.reboot_card", "restart the management card", lambda d, v: d.reboot(), "reboot"),
)
"""Points every device has beside those of its kind."""
