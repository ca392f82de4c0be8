"""Links between switches: cables and fibres, and what can happen to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from twinfeed.emulators.plant.kernel.actor import PlantError, State
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range, Text
from twinfeed.emulators.plant.network.state import LACP_PERIOD_S, OCTETS_PER_GBIT, Topology
from twinfeed.emulators.plant.network.switch import Switch


@dataclass(frozen=True)
class LinkRatings:
    """A cable between two switch ports, each written `switch:port`."""

    a: Annotated[str, Names("switch", needed=True)] = ""
    """The switch at one end; a port after a colon (`core-1:12`)."""
    b: Annotated[str, Names("switch", needed=True)] = ""
    """The switch at the other end; a port after a colon."""
    gbps: Annotated[float, Range(0.01, 1000.0, "Gb/s")] = 100.0
    """Speed, Gb/s."""
    lag: Annotated[str, Text(30)] = ""
    """`lag1` for a member of link aggregate 1 of both switches; empty for a link of its own."""
    lacp: Literal["slow", "fast"] = "slow"
    """Rate of LACPDUs: slow (30 s, the default of Aruba OS-CX) or fast (1 s)."""
    shared: bool = False
    """Half duplex through a repeater: spanning tree has no agreement on it and waits its full delays."""


@dataclass
class LinkState(State):
    dark: bool = False
    """The half of a flap's period without light."""


class Link(Component[LinkState, LinkRatings]):
    """A cable or fibre between two switches."""

    kind = "link"
    PARAMS = LinkRatings
    STATE = LinkState
    QUANTITIES: ClassVar[Mapping[str, str]] = {"up": "", "traffic_gbps": "Gb/s", "utilisation_percent": "%"}
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "cut": Fault(
            "the cable is cut: no carrier at either end", actuator=True, failure=FailureMode("at once", "network-cable")
        ),
        "flap": Fault(
            "the light comes and goes",
            {"period_s": Parameter(4.0, "s", 0.2, 3600.0, "dark for half of it, lit for the other half", neutral=None)},
            actuator=True,
        ),
        "loss": Fault(
            "a dirty connector: frames arrive damaged while the carrier stays",
            {"ratio": Parameter(0.01, "", 0.0, 1.0, "share of frames lost; 1 loses all")},
        ),
    }

    def __init__(self, id: str, params: LinkRatings | None = None) -> None:
        super().__init__(id, params)
        self.a: tuple[Switch, int]
        self.b: tuple[Switch, int]
        self.network: Topology

    def start(self) -> None:
        if self.params.lacp not in LACP_PERIOD_S:
            raise PlantError(f"{self.id}: lacp is {self.params.lacp!r}, expected slow or fast")
        self.a, self.b = self._end(self.params.a), self._end(self.params.b)

    def _end(self, ref: str) -> tuple[Switch, int]:
        id, _, port = ref.partition(":")
        switch = self.plant.actors.get(id)
        if not isinstance(switch, Switch) or not port.isdigit():
            raise PlantError(f"{self.id}: {ref!r} is no switch port; expected switch:number, such as core-1:1")
        switch.check_port(int(port))
        return switch, int(port)

    @property
    def lit(self) -> bool:
        return not self.state.dark and "cut" not in self.state.faults and not self.state.lost

    @property
    def up(self) -> bool:
        """True if both ends have a carrier."""
        return self.lit and self.a[0].carries(self.a[1]) and self.b[0].carries(self.b[1])

    @property
    def loss_ratio(self) -> float:
        fault = self.fault("loss")
        return 0.0 if fault is None else fault["ratio"]

    @property
    def passes(self) -> bool:
        """True if frames get through: BPDUs are believed lost only when all are."""
        return self.up and self.loss_ratio < 1.0

    @property
    def traffic_gbps(self) -> float:
        """Traffic in the busier direction, Gb/s."""
        switch, port = self.a
        return max(switch.counters.rate(port, "in_octets"), switch.counters.rate(port, "out_octets")) / OCTETS_PER_GBIT

    @property
    def utilisation_percent(self) -> float:
        """Traffic against its capacity, in the direction from `a`, %."""
        return self.a[0].utilisation_percent(self.a[1])

    def destroy(self, cause: str) -> None:
        super().destroy(cause)
        self.network.stale = True

    def rebuild(self) -> bool:
        self.network.stale = True
        return super().rebuild()

    def on_fault(self, kind: str, active: bool) -> None:
        if kind == "flap":
            self.state.dark = active
            if active:
                self.after(self.state.faults["flap"]["period_s"] / 2, "flap")
            else:
                self.cancel("flap")
        self.network.stale = True

    def on_timer(self, name: str) -> None:
        if name == "flap":
            self.state.dark = not self.state.dark
            self.after(self.state.faults["flap"]["period_s"] / 2, "flap")
            self.network.stale = True
        else:
            super().on_timer(name)
