"""The network as its protocols see it: what is plugged in where, what carries frames, and the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from twinfeed.emulators.plant.kernel.actor import Clock
from twinfeed.emulators.plant.network.cabling import Card, Trunk
from twinfeed.emulators.plant.network.links import Link
from twinfeed.emulators.plant.network.spanning_tree import End
from twinfeed.emulators.plant.network.state import NetworkRatings, Topology
from twinfeed.emulators.plant.network.switch import Switch


class Fabric(Topology, Protocol):
    """The network as link aggregation, spanning tree, the virtual router and the traffic use it."""

    @property
    def plant(self) -> Clock: ...

    @property
    def params(self) -> NetworkRatings: ...

    @property
    def switches(self) -> Mapping[str, Switch]: ...

    @property
    def trunks(self) -> Sequence[Trunk]: ...

    @property
    def cards(self) -> Mapping[str, tuple[Card, Switch, int]]:
        """Devices and the ports their management cards are plugged into."""

    @property
    def servers(self) -> Mapping[tuple[str, int], str]:
        """The row behind each server port."""

    @property
    def hosts(self) -> Sequence[End]:
        """Every port that something other than a switch is plugged into."""

    @property
    def station(self) -> tuple[Switch, int] | None:
        """The port of the management station."""

    @property
    def outside(self) -> Sequence[tuple[Switch, int]]:
        """The ports that lead to the outside world."""

    @property
    def priority(self) -> Mapping[str, int]:
        """The gateways' VRRP priorities."""

    @property
    def vrrp_master(self) -> str: ...

    def carrying(self, trunk: Trunk) -> list[Link]:
        """The links of a trunk that traffic is put on."""

    def passes(self, trunk: Trunk) -> bool:
        """True if frames pass the trunk."""

    def connected(self, a: str, b: str) -> bool:
        """True if frames get from switch `a` to switch `b`, a storm aside."""

    def reachable(self, device_id: str) -> bool:
        """True if the management station can talk to that device now."""

    def after(self, delay_s: float, name: str) -> None: ...

    def cancel(self, name: str) -> None: ...

    def remaining_s(self, name: str) -> float | None: ...

    def log(self, what: str, **data: Any) -> None: ...

    def touch(self) -> None: ...
