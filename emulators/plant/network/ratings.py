"""Ratings and state of a network switch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.emulators.plant.kernel.tolerances import Tolerance


@dataclass(frozen=True)
class SwitchRatings:
    """A data-centre switch, by default a top-of-rack Aruba CX 8360-48Y6C: 48 ports of 25 Gb/s, 6 of 100 Gb/s."""

    ports: Annotated[int, Range(1, 512, "ports")] = 54
    """Ports, numbered from 1; the number is the port's ifIndex."""
    gbps: Annotated[float, Range(0.01, 1000.0, "Gb/s")] = 25.0
    """Speed, Gb/s."""
    uplinks: Annotated[int, Range(0, 512, "ports")] = 6
    """Number of ports, the last ones, that are of the faster kind."""
    uplink_gbps: Annotated[float, Range(0.01, 1000.0, "Gb/s")] = 100.0
    """Speed of the uplink ports, Gb/s."""
    kw: Annotated[float, Range(0.0, 100.0, "kW")] = 0.105
    """Power that it draws (recording of an Aruba CX 8360: its two supplies show 49 W and 55 W), kW."""
    phase: Annotated[int, Range(0, 2, "(the phase)")] = 0
    """The phase its power supplies hang on: 0, 1 or 2."""
    holdup_s: Annotated[float, Range(0.0, 10.0, "s")] = 0.012
    """Time for which a power supply bridges a dead input at full load (Intel CRPS specification: 12 ms), s."""
    boot_s: Annotated[float, Range(0.0, 3600.0, "s"), Tolerance(-10.0, 20.0, "assumed")] = 120.0
    """From power to ports that forward, s (vendors quote two to four minutes; unverified for this model)."""
    stp_priority: Annotated[int, Range(0, 61440, "", step=4096)] = 32768
    """Bridge priority: the lowest becomes root. In steps of 4096 (802.1D-2004 9.2.5)."""
    protocol: Literal["rstp", "stp"] = "rstp"
    """Spanning tree spoken: rstp, or stp for an old switch that knows no agreement."""
    edge_ports: bool = True
    """Ports to hosts are edge ports and forward at once; otherwise they wait twice the forward delay."""
    loop_guard: bool = False
    """A port to another bridge that stops receiving BPDUs is closed, instead of becoming designated. Without it a
    switch whose control processor hangs closes a circle of frames. Off from the factory (Aruba CX: `spanning-tree
    loop-guard`; Cisco: `spanning-tree guard loop`; from memory)."""
    serves: tuple[Annotated[str, Names("rack", "rack_row")], ...] = ()
    """Rack rows whose servers are cabled to this switch; a row served by two switches splits its traffic."""
    server_ports: Annotated[int, Range(0, 512, "ports")] = 48
    """Number of ports, from port 1, that those servers take; divided evenly among the rows."""
    hall: Annotated[str, Names("hall", "room")] = ""
    """The hall or room it stands in: its heat goes there and its fans breathe that air."""
    hot_stop_c: Annotated[float, Range(30.0, 120.0, "degC")] = 60.0
    """Air that it breathes at which it switches itself off, degC (rated for 45 degC; the margin is an assumption). It
    boots again 15 K below."""

    def __post_init__(self) -> None:
        if self.uplinks > self.ports:
            raise ValueError(f"uplinks is {self.uplinks}, expected at most the {self.ports} ports")
        if self.serves and self.server_ports > self.ports:
            raise ValueError(f"server_ports is {self.server_ports}, expected at most the {self.ports} ports")


@dataclass
class SwitchState(State):
    power: str = "up"
    """off, booting or up."""
    hot: bool = False
    """It has switched itself off for heat."""
    booted_at: float = 0.0
    boots: int = 1
    shut: list[int] = field(default_factory=list)
    """Ports an operator has shut; kept through a power loss (startup configuration)."""
    oper: list[bool] = field(default_factory=list)
    """By port from port 1: whether it has a carrier."""
    changed: list[float] = field(default_factory=list)
    """By port: when `oper` last changed, s."""
    role: dict[str, str] = field(default_factory=dict)
    """By bridge port: root, designated, alternate, backup. A port that is down has none."""
    guarded: list[str] = field(default_factory=list)
    """Bridge ports that loop guard keeps closed."""
    stp: dict[str, str] = field(default_factory=dict)
    """By bridge port: discarding, learning or forwarding. A port that is down has none."""
    transitions: dict[str, int] = field(default_factory=dict)
    """By bridge port: how often it began to forward."""
    root: str = ""
    root_cost: int = 0
    root_port: int = 0
    topology_changes: int = 0
    topology_changed_at: float = 0.0
    new_roots: int = 0
    """Number of times that this bridge became the root."""
    counted_at: float = 0.0
    counts: dict[str, list[float]] = field(default_factory=dict)
    """By port: its counters (`COUNTERS`) at `counted_at`."""
    rates: dict[str, list[float]] = field(default_factory=dict)
    """By port: how fast they have grown since, per second."""
