"""The inventory of a site: addresses and credentials, for controllers and for handles."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from twinfeed.emulators.serving import Endpoint
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.snmp_access import SnmpAccess, place
from twinfeed.harness import transports

if TYPE_CHECKING:
    from twinfeed.harness.transports.snmp.usm import AuthProtocol, PrivProtocol


@dataclass(frozen=True)
class Access:
    """The credentials of a site's agents and the station's own address."""

    read: str
    write: str
    user: str
    auth_password: str
    priv_password: str
    traps: tuple[str, int] | None = None
    """The address at which the station waits for notifications."""
    auth: str = "sha"
    priv: str = "aes128"

    @classmethod
    def of(cls, snmp: SnmpAccess) -> Access:
        """The access of the site file: its first user, and the first receiver of notifications."""
        user = snmp.all_users[0]
        traps = place(snmp.receivers[0].to) if snmp.receivers else None
        passwords = user.auth_password or "", user.priv_password or ""
        return cls(snmp.read, snmp.write, user.name, *passwords, traps, user.auth, user.priv)

    def usm(self) -> transports.UsmUser:
        """The v3 user, as a transport takes it."""
        auth, priv = cast("AuthProtocol", self.auth), cast("PrivProtocol", self.priv)
        return transports.UsmUser(self.user, self.auth_password, self.priv_password, auth, priv)


def inventory(site: Site, endpoints: Iterable[Endpoint], access: Access) -> dict[str, object]:
    """Every device by name: its kind, product and component, and where and how it answers. JSON values only."""
    devices: dict[str, dict[str, object]] = {}
    logins = {entry.name: Access.of(entry.snmp) for entry in site.file.devices}
    for entry in site.file.devices:
        device = site.devices[entry.name]
        devices[entry.name] = {"kind": device.kind, "profile": entry.profile.profile, "of": entry.params.of}
    for endpoint in endpoints:
        where: dict[str, object] = {"address": endpoint.address, "port": endpoint.port}
        if endpoint.protocol == "snmp":
            login = logins[endpoint.device]
            where |= {
                "read": login.read,
                "write": login.write,
                "user": login.user,
                "auth": login.auth,
                "auth_password": login.auth_password,
                "priv": login.priv,
                "priv_password": login.priv_password,
            }
        else:
            where["unit"] = endpoint.unit
        devices[endpoint.device][endpoint.protocol] = where
    station: dict[str, object] = {}
    if access.traps is not None:
        station["traps"] = {"address": access.traps[0], "port": access.traps[1]}
    return {"site": site.name, "title": site.file.head.title, "station": station, "devices": devices}


def handles(
    endpoints: Iterable[Endpoint], site: Site, clock: Callable[[], float]
) -> dict[str, transports.DeviceHandle]:
    """A handle for each device; units behind one address share its connection."""
    file = site.file
    profiles = {entry.name: entry.profile for entry in file.devices}
    logins = {entry.name: Access.of(entry.snmp) for entry in file.devices}
    snmp: dict[str, transports.SnmpTransport] = {}
    modbus: dict[str, transports.ModbusTransport] = {}
    lines: dict[tuple[str, int], transports.ModbusTransport] = {}
    for e in endpoints:
        if e.protocol == "snmp":
            login = logins[e.device]
            if login.read or login.write:
                reads, writes = login.read or login.write, login.write or login.read
                snmp[e.device] = transports.SnmpTransport.v2c(e.address, e.port, reads, writes)
            else:  # commissioned for v3 only
                snmp[e.device] = transports.SnmpTransport.v3(e.address, e.port, user=login.usm())
        else:
            line = lines.setdefault((e.address, e.port), transports.ModbusTransport.tcp(e.address, e.port))
            modbus[e.device] = line.unit(1 if e.unit is None else e.unit)
    return {
        name: transports.DeviceHandle(
            name, profile, snmp.get(name), modbus.get(name), clock, rated_kva=site.devices[name].rated_kva
        )
        for name, profile in profiles.items()
    }
