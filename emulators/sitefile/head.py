"""The head of a site file: its name, its addresses, who may reach the devices."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

import pydantic
from pydantic import ConfigDict

from twinfeed.emulators.plant.kernel.ratings import Range, Text
from twinfeed.emulators.plant.kernel.tolerances import Tolerances
from twinfeed.emulators.sitefile.reliability import Reliability
from twinfeed.emulators.sitefile.snmp_access import SnmpAccess
from twinfeed.emulators.textfile import shown
from twinfeed.emulators.yamlfile import found

SECTIONS = ("power", "cooling", "racks", "network", "places", "devices")
"""Sections of a site file that hold components and devices; the order is the order of reaction."""

NAME = re.compile(r"[^\W_][\w-]{0,63}")
"""The name of a site, component or device: a letter or digit, then letters, digits, - and _, 64 at most."""

NOT_NAMES = ("controller", "site", "works")
"""The names of scenarios and properties for the controller under test, the site and people's works; no component is
called so."""

BEYOND_LOOPBACK = (
    "is not a loopback address (127.0.0.0/8): it may be that of real equipment. If it is meant, write "
    "`beyond_loopback: true` at the top of the site file, or give --beyond-loopback"
)


def unfit_name(name: str) -> str:
    """Why nothing on a site can be called that, '' if it can."""
    if not NAME.fullmatch(name):
        return f"the name is {found(name)}, expected 1 to 64 letters, digits, - and _, a letter or digit first"
    return ""


class Head(pydantic.BaseModel):
    """The fields of a site file that are not sections."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    site: str
    title: Annotated[str, Text(200)] = ""
    seed: Annotated[int, Range(-(2**63), 2**63)] = 0
    tolerances: Tolerances = "nominal"
    """Ratings of components are nominal, or seeded: within their tolerances, drawn from the seed."""
    addresses: IPv4Network | IPv6Network = IPv4Network("127.20.0.0/16")
    """The subnet that gives devices without an address of their own one, in order of appearance."""
    beyond_loopback: bool = pydantic.Field(default=False, strict=True)
    """Addresses and trap receivers outside 127.0.0.0/8 are meant. Without it such a file is refused: it may be the list
    of real equipment, which a simulation must not be taken for and a controller under test must not reach."""
    snmp: SnmpAccess = SnmpAccess()
    reliability: Reliability = Reliability()
    """Failure data of the site's own, for a study of its availability."""

    @pydantic.field_validator("addresses", mode="before")
    @classmethod
    def _network(cls, value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError(f"found {found(value)}, expected a network such as 127.20.0.0/16")
        try:
            return ip_network(value)
        except ValueError as error:
            raise ValueError(f"{shown(error)}; expected a network such as 127.20.0.0/16") from None
