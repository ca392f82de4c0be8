"""The parameters that a site file gives every device, and the state that every firmware keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Annotated, Any

from twinfeed.emulators.plant.kernel.actor import State as ActorState
from twinfeed.emulators.plant.kernel.ratings import Feed, Form, Names, Range, Text
from twinfeed.emulators.plant.kernel.tolerances import Tolerance

LOG_LENGTH = 200
"""Lines of the event log a device keeps, the oldest dropped first."""


@dataclass(frozen=True)
class Params:
    """The fields that the site file gives for every device.

    `of` names the plant component it manages, `powered_by` the feeds of its management card (any live one is
    enough; none means it is powered by the component itself), `switch_port` where its network cable goes
    (`mgmt-1:12`).
    """

    of: Annotated[str, Names()] = ""
    """The component that it manages."""
    powered_by: tuple[Annotated[str, Feed()], ...] = ()
    """The feeds of its management card: one live feed is enough. Without any the component itself supplies it."""
    switch_port: Annotated[str, Names("switch")] = ""
    """The switch that its network cable goes to, with the port after a colon (`mgmt-1:12`)."""
    model: Annotated[str, Text(255)] = ""
    """The model that it reports; by default that of the profile."""
    serial: Annotated[str, Text(64)] = ""
    """The serial number that it reports."""
    firmware: Annotated[str, Text(64)] = ""
    """The version of the firmware that it reports."""
    location: Annotated[str, Text(255)] = ""
    """The location that it reports (sysLocation)."""
    contact: Annotated[str, Text(255)] = ""
    """The contact that it reports (sysContact)."""
    address: Annotated[str, Form("an IP address", ip_address)] = "127.0.0.1"
    """IPv4 or IPv6 address of the management card."""
    boot_s: Annotated[float, Range(0.0, 3600.0, "s"), Tolerance(-15.0, 30.0, "assumed")] = 30.0
    """Time the management card takes from power to its first answer, s."""


@dataclass
class State(ActorState):
    card: str = "up"
    """off, booting or up; a hung card is `up` with the fault `card-hang`."""
    booted_at: float = 0.0
    boots: int = 1
    alarms: dict[str, float] = field(default_factory=dict)
    """Active alarms and when they were raised, s."""
    events: list[list[Any]] = field(default_factory=list)
    """The event log: [time s, text]."""
    settings: dict[str, Any] = field(default_factory=dict)
    """The state that survives a loss of power."""
    set_aside: dict[str, Any] = field(default_factory=dict)
    """Settings that a fault has lost or changed, to be put back when it is cleared."""
    commands: int = 0
    """Number of writes received since it was built, carried out or not."""
