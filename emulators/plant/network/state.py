"""The network as a whole: its ratings, its state, and what its switches and links ask of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Protocol

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.ratings import Names, Range

OCTETS_PER_GBIT = 125e6

LACP_PERIOD_S = {"fast": 1.0, "slow": 30.0}
"""Between two LACPDUs at each rate (802.1AX-2014 6.4.4: fast and slow periodic time), s."""

ADVERTISEMENT_S = 1.0
"""Between two advertisements of a VRRP master (RFC 5798 5.2.7: default 100 centiseconds), s."""


@dataclass(frozen=True)
class NetworkRatings:
    """Ratings of the network as a whole."""

    station: Annotated[str, Names("switch")] = ""
    """Port of the management station, `mgmt-core-1:48`."""
    gateways: tuple[Annotated[str, Names("switch")], ...] = ()
    """The switches that share the virtual router address, the owner of the highest priority first."""
    priorities: tuple[Annotated[int, Range(1, 254, "(VRRP priority)")], ...] = (200, 100)
    """Their VRRP priorities (100 is the default of RFC 5798 5.2.4)."""
    preempt: bool = True
    """True if a gateway of higher priority takes its role back (RFC 5798 6.1: default true)."""
    uplinks: tuple[Annotated[str, Names("switch")], ...] = ()
    """The gateways' ports to the outside world, one each (`core-1:54`)."""
    gbps_per_kw: Annotated[float, Range(0.0, 1000.0, "Gb/s per kW")] = 0.1
    """What servers send for each kW they draw, Gb/s: a rack of 5 kW with a cable of 25 Gb/s to each of two switches, at
    1 % of both (utilisation: Roy et al., Inside the Social Network's (Datacenter) Network, SIGCOMM 2015;
    from memory)."""
    outside_share: Annotated[float, Range(0.0, 1.0)] = 0.2
    """Share of the servers' traffic that leaves the site (same source, order of magnitude; unverified)."""
    frame_octets: Annotated[float, Range(64.0, 9216.0, "octets")] = 800.0
    """Mean frame length: mostly 64 or 1500 octets (Benson et al., IMC 2010; mean unverified), octets."""
    poll_kbps: Annotated[float, Range(0.0, 1000000.0, "kb/s")] = 4.0
    """Traffic of the management station with each device, each way, kb/s."""


@dataclass
class NetworkState(State):
    converged: bool = False
    active: list[str] = field(default_factory=list)
    """Members of link aggregates that carry traffic."""
    silent: dict[str, float] = field(default_factory=dict)
    """Trunks that are up but bring no BPDU any more, and since when, s."""
    vrrp: dict[str, str] = field(default_factory=dict)
    """Gateway -> initialize, backup or master."""
    vrrp_since: dict[str, float] = field(default_factory=dict)
    vrrp_last: dict[str, float] = field(default_factory=dict)
    """When each gateway that is master no longer sent its last advertisement, s."""
    vrrp_transitions: dict[str, int] = field(default_factory=dict)
    """Number of times that each gateway became master."""
    vrrp_reason: dict[str, str] = field(default_factory=dict)
    """Why each gateway last became master (RFC 6527): not-master, priority, preempted or no-response."""
    vrrp_resigned: dict[str, float] = field(default_factory=dict)
    """When each gateway last resigned with priority 0, s."""
    storm: list[str] = field(default_factory=list)
    """Switches that a broadcast storm reaches."""
    offered_kw: dict[str, float] = field(default_factory=dict)
    """The rows' power that the present traffic was worked out for, kW."""
    offered_gbps: float = 0.0
    delivered_gbps: float = 0.0
    lost_gbps: float = 0.0


class Topology(Protocol):
    """The network as its switches and links use it."""

    stale: bool
    """A switch or link has changed: work everything out again."""

    @property
    def state(self) -> NetworkState: ...

    def distributes(self, switch: str, port: int) -> bool:
        """True if that port, a member of an aggregate, carries traffic."""

    def vrrp_role(self, gateway: str) -> str:
        """initialize, backup or master."""

    def resign(self, gateway: str) -> None:
        """A gateway goes down properly: it gives up being VRRP master."""
