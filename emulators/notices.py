"""Alarms as notifications: what a device's firmware puts in its outbox becomes the traps of its profile."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from functools import partial
from ipaddress import ip_address

from twinfeed.emulators.devices.firmware.alarms import Notice
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Index, dashed
from twinfeed.emulators.profiles.schema import Trap
from twinfeed.emulators.profiles.snmp_binding import oid
from twinfeed.emulators.site import Site
from twinfeed.emulators.wire.snmp import SnmpAgent, VarBind
from twinfeed.emulators.wire.snmp.ber import Oid, encode_oid_content
from twinfeed.emulators.wire.snmp.mib import Instance
from twinfeed.emulators.wire.snmp.notify import AUTHENTICATION_FAILURE, Notification, NotificationOriginator, Target
from twinfeed.emulators.wire.snmp.server import NotificationSender

log = logging.getLogger(__name__)

COLD_START = "1.3.6.1.6.3.1.1.5.1"
"""coldStart (RFC 3418): sent by every agent when its card has come up."""


class Announcer:
    """Sends the site's notifications, each device from its own address.

    A notification leaves only while its device can be reached: what happens during a power loss of the card or with
    the cable out is lost, as on site (an inform is tried again).
    """

    def __init__(
        self,
        site: Site,
        agents: Mapping[str, SnmpAgent],
        addresses: Mapping[str, str],
        exposed: bool = False,
    ) -> None:
        self._site = site
        self._agents = agents
        self._addresses = addresses
        self._exposed = exposed
        self._senders: dict[str, NotificationSender] = {}
        self._traps: dict[str, list[Trap]] = {}
        self._announced: dict[tuple[str, Oid], Instance] = {}
        """Variables that notifications have carried: the end of an alarm names a row that no longer exists."""
        self._boots = {name: device.state.boots for name, device in site.devices.items()}

    async def start(self) -> None:
        """Open each device's socket and announce that it is up."""
        for entry in self._site.file.devices:
            if entry.name not in self._agents or entry.profile.snmp is None or not entry.snmp.traps:
                continue
            device = self._site.devices[entry.name]
            address = self._addresses[entry.name]
            originator = NotificationOriginator(
                _reachable_targets(entry.name, entry.snmp.targets, address),
                partial(_uptime_ticks, device),
                _in_v1_traps(address),
                self._agents[entry.name].engine,
            )
            sender = NotificationSender(
                originator,
                address,
                partial(self._site.reachable, entry.name),
                allow_non_loopback=self._exposed,
            )
            await sender.start()
            self._senders[entry.name] = sender
            self._traps[entry.name] = list(entry.profile.snmp.traps)
            refused = Notification(AUTHENTICATION_FAILURE)
            self._agents[entry.name].on_authentication_failure = partial(sender.notify, refused)
            sender.notify(Notification(oid(COLD_START)))

    async def stop(self) -> None:
        for sender in self._senders.values():
            await sender.stop()
        self._senders.clear()

    def collect(self) -> None:
        """Send what the devices have put in their outboxes since the last call."""
        for name, device in self._site.devices.items():
            notices, device.outbox = device.outbox, []
            sender = self._senders.get(name)
            if sender is not None:
                try:
                    self._send(name, device, sender, notices)
                except Exception as error:
                    self._site.plant.crash(device, error, "notification")

    def _send(self, name: str, device: Device, sender: NotificationSender, notices: list[Notice]) -> None:
        if device.state.boots != self._boots[name]:
            self._boots[name] = device.state.boots
            sender.notify(Notification(oid(COLD_START)))
        for notice in notices:
            for trap in self._traps[name]:
                if trap.alarm == notice.alarm and (trap.on == "raised") is notice.raised:
                    sender.notify(self._notification(name, trap, notice))

    def _notification(self, name: str, trap: Trap, notice: Notice) -> Notification:
        tree = self._agents[name].tree
        tree.refresh()
        bindings = []
        for text in trap.objects:
            number = oid(_in_row(text, notice.index))
            place = tree.find(encode_oid_content(number))
            if place is not None:
                self._announced[name, number] = tree.instances[place]
            instance = self._announced.get((name, number))
            if instance is not None:
                bindings.append(VarBind(instance.oid, instance.syntax, instance.read()))
        return Notification(oid(trap.oid), bindings)


def _in_row(text: str, index: Index | None) -> str:
    """A trap's object in the row its alarm is about: `1.3.6.1.2.1.2.2.1.1.{port}` -> `1.3.6.1.2.1.2.2.1.1.12`."""
    parts = "" if index is None else dashed(index).replace("-", ".")
    return re.sub(r"\{[a-z_]+\}", parts, text)


def _reachable_targets(name: str, targets: Sequence[Target], address: str) -> list[Target]:
    """The receivers of the same IP version as the device; the others get nothing, with a line in the log."""
    own = ip_address(address).version
    reachable = [target for target in targets if ip_address(target.address[0]).version == own]
    for target in targets:
        if target not in reachable:
            log.warning(
                "%s sends nothing to %s: its own address is %s, of another IP version", name, target.address[0], address
            )
    return reachable


def _in_v1_traps(address: str) -> bytes:
    """agent-addr of v1 traps: 0.0.0.0 for a device without an IPv4 address (RFC 3584 §3.1)."""
    own = ip_address(address)
    return own.packed if own.version == 4 else bytes(4)


def _uptime_ticks(device: Device) -> int:
    return int(device.uptime_s * 100)
