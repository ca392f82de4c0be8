"""The address of each device of a site, and the ports of its protocols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from twinfeed.emulators.sitefile.entries import DeviceEntry
from twinfeed.emulators.sitefile.head import BEYOND_LOOPBACK

STANDARD_PORTS = {"snmp": 161, "modbus": 502}
"""IANA service ports; below 1024, so they need the right to bind them."""

HIGH_PORTS = {"snmp": 1161, "modbus": 1502}
"""The default: no right is needed to bind them."""


class ServeError(Exception):
    """The site cannot be put on the network. The message gives the next step."""


@dataclass(frozen=True)
class Endpoint:
    """The endpoint of one device and protocol; SNMP over UDP, and over TCP at the same port if the site offers it."""

    device: str
    protocol: str
    address: str
    port: int
    unit: int | None = None
    """Modbus unit id."""

    @property
    def url(self) -> str:
        """As transports take it: `snmp://127.20.1.11:1161`, `modbus://[::1]:20001/3`."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        unit = "" if self.unit is None else f"/{self.unit}"
        return f"{self.protocol}://{host}:{self.port}{unit}"


class Ports:
    """Gives each device its address and port.

    `ports` are `standard`, `high`, one for each protocol, or the first of a run of ports. In that last case every
    device is on `single_address` (for systems that give loopback one address only). `beyond` allows addresses other
    than loopback.
    """

    def __init__(self, ports: str | int | Mapping[str, int], single_address: str, beyond: bool) -> None:
        self._numbered = iter(range(ports, 65536)) if isinstance(ports, int) else None
        named = HIGH_PORTS if ports == "high" else STANDARD_PORTS
        self._ports = ports if isinstance(ports, Mapping) else named
        self._single_address = single_address
        self._beyond = beyond

    def place(self, entry: DeviceEntry, protocol: str) -> tuple[str, int]:
        """The address and port at which that device answers that protocol.

        Raises:
            ServeError: the run of ports is used up, or the address is not loopback and must be.
        """
        if self._numbered is not None:
            port = next(self._numbered, None)
            if port is None:
                raise ServeError(f"the run of ports ends at 65535, before {entry.name}; begin lower: --ports 20000")
            return self._single_address, port
        if not self._beyond and not ip_address(entry.address).is_loopback:
            raise ServeError(f"{entry.name}: {entry.address} {BEYOND_LOOPBACK}")
        return entry.address, self._ports[protocol]


def by_device(endpoints: list[Endpoint]) -> Iterator[tuple[str, list[Endpoint]]]:
    """The endpoints of each device, in order."""
    grouped: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints:
        grouped.setdefault(endpoint.device, []).append(endpoint)
    yield from grouped.items()
