"""What a site hands to whoever talks to its devices: addresses and credentials, for controllers and for handles."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from emulators.notices import receiver
from emulators.serve import Endpoint
from emulators.site import Site
from emulators.sitefile import SiteFile, SnmpAccess
from harness.transports import DeviceHandle, ModbusTransport, SnmpTransport


@dataclass(frozen=True)
class Access:
    """The credentials of a site's agents and the station's own address."""

    read: str
    write: str
    user: str
    auth_password: str
    priv_password: str
    traps: tuple[str, int] | None = None
    """Where the station waits for notifications."""

    @classmethod
    def of(cls, snmp: SnmpAccess) -> Access:
        """What the site file says; the station waits at the first receiver it names."""
        traps = receiver(snmp.traps[0]) if snmp.traps else None
        return cls(snmp.read, snmp.write, snmp.user, snmp.auth_password, snmp.priv_password, traps)


def inventory(site: Site, endpoints: Iterable[Endpoint], access: Access) -> dict[str, object]:
    """Every device by name: its kind, product and component, and where and how it answers. JSON values only."""
    devices: dict[str, dict[str, object]] = {}
    for entry in site.file.devices:
        device = site.devices[entry.name]
        devices[entry.name] = {"kind": device.kind, "profile": entry.profile.profile, "of": entry.params.of}
    for endpoint in endpoints:
        place: dict[str, object] = {"address": endpoint.address, "port": endpoint.port}
        if endpoint.protocol == "snmp":
            place |= {
                "read": access.read,
                "write": access.write,
                "user": access.user,
                "auth_password": access.auth_password,
                "priv_password": access.priv_password,
            }
        else:
            place["unit"] = endpoint.unit
        devices[endpoint.device][endpoint.protocol] = place
    station: dict[str, object] = {}
    if access.traps is not None:
        station["traps"] = {"address": access.traps[0], "port": access.traps[1]}
    return {"site": site.name, "title": site.file.head.title, "station": station, "devices": devices}


def handles(endpoints: Iterable[Endpoint], file: SiteFile, clock: Callable[[], float]) -> dict[str, DeviceHandle]:
    """A handle for each device; units behind one address share its connection."""
    profiles = {entry.name: entry.profile for entry in file.devices}
    access = file.head.snmp
    snmp: dict[str, SnmpTransport] = {}
    modbus: dict[str, ModbusTransport] = {}
    lines: dict[tuple[str, int], ModbusTransport] = {}
    for e in endpoints:
        if e.protocol == "snmp":
            snmp[e.device] = SnmpTransport.v2c(e.address, e.port, access.read, access.write)
        else:
            line = lines.setdefault((e.address, e.port), ModbusTransport.tcp(e.address, e.port))
            modbus[e.device] = line.unit(1 if e.unit is None else e.unit)
    return {name: DeviceHandle(name, profiles[name], snmp.get(name), modbus.get(name), clock) for name in profiles}
