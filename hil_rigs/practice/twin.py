"""The twin of a bench on loopback: each device answers at a port of its own, with the password of the practice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from twinfeed._phrases import Phrase
from twinfeed.emulators.serving import Endpoint, LiveSite, ServeError
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.entries import DeviceEntry
from twinfeed.emulators.sitefile.snmp_access import SnmpAccess
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import DeviceAccess

ADDRESS = "127.0.0.1"
"""Every computer has it: one address for all devices, and a port for each."""

FIRST_PORTS = range(21_000, 31_000, 200)
"""The first port of a run of ports; the next one is taken where another program has one of them."""


SUFFIX = "-practice"
"""The ending of the name of a practice bench, and of its site."""


class NoPractice(Exception):
    """The bench cannot be practised; the message states the reason."""


@dataclass(frozen=True)
class Twin:
    """The emulators of a bench, answering on the running event loop."""

    live: LiveSite

    def place(self, device: str, protocol: str) -> Endpoint | None:
        """The address of that device; None: it does not speak the protocol."""
        return next((e for e in self.live.endpoints if e.device == device and e.protocol == protocol), None)

    def serves(self, device: str) -> bool:
        return device in self.live.site.devices


async def start(rig: Rig, password: str) -> Twin:
    """Serve the wiring of a bench, real time, at the first free run of ports.

    Raises:
        NoPractice: no device of the bench is in its wiring.
        ServeError: no run of ports is free.
    """
    entries = list(_as_on_the_bench(rig, password))
    if not any(entry.name in rig.bench.devices for entry in entries):
        raise NoPractice(
            Phrase(
                "{path}: no device of the bench is in its `wiring`, so no emulator can take its place; give the "
                "components of the wiring their `device`, or list the devices in `wiring.devices`",
                path=rig.path,
            )
        )
    head = rig.site.file.head.model_copy(update={"site": f"{rig.name}{SUFFIX}"})
    file = replace(rig.site.file, head=head, devices=entries)
    refused: ServeError | None = None
    for first in FIRST_PORTS:
        live = LiveSite(Site(file), 1.0, first, ADDRESS)
        try:
            await live.start()
        except ServeError as error:
            refused = error
            continue
        return Twin(live)
    assert refused is not None
    raise refused


def _as_on_the_bench(rig: Rig, password: str) -> Iterator[DeviceEntry]:
    """The devices of the wiring with the profiles, nameplates and credentials that the rig file gives them."""
    for entry in rig.site.file.devices:
        access = rig.bench.devices.get(entry.name)
        if access is None:
            yield entry
            continue
        plate = {
            field: value for field in ("serial", "firmware") if (value := getattr(access.identity, field)) is not None
        }
        snmp = snmp_of(access, password)
        yield replace(
            entry,
            profile=rig.profiles[entry.name],
            params=replace(entry.params, **plate),
            unit=None if access.modbus is None else access.modbus.unit,
            snmp=entry.snmp if snmp is None else snmp,
        )


def snmp_of(access: DeviceAccess, password: str) -> SnmpAccess | None:
    """Which requests the emulator of a device admits: those of the rig file's user or communities, with the practice's
    password in the place of every secret; None: the bench does not reach the device over SNMP."""
    snmp = access.snmp
    if snmp is None:
        return None
    if snmp.user is None:
        return SnmpAccess(
            read="public" if snmp.read is None else password,
            write="" if snmp.write is None else password,
            auth_password=password,
            priv_password=password,
        )
    user: dict[str, Any] = {"name": snmp.user, "auth": snmp.auth, "priv": snmp.priv, "read": "all", "write": "all"}
    user |= {field: password for field in ("auth_password", "priv_password") if getattr(snmp, field) is not None}
    if snmp.context:
        user["contexts"] = ("", snmp.context)
    return SnmpAccess.model_validate(
        {"read": "", "write": "", "users": (user,), "contexts": (snmp.context,) if snmp.context else ()}
    )
