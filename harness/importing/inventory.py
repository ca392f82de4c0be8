"""The equipment of a data centre as lists know it: what is where, and which plug is in which socket."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Panel:
    """A board from which feeds begin."""

    name: str


@dataclass(frozen=True)
class Feed:
    """A circuit of a panel, protected by a breaker."""

    name: str
    panel: str
    amperage_a: float | None = None
    """Rating of its breaker, A."""
    voltage_v: float | None = None
    phases: int | None = None
    """1 or 3."""
    rack: str = ""


@dataclass(frozen=True)
class Rack:
    """A rack; its load is that of its devices."""

    name: str


@dataclass(frozen=True)
class Device:
    """A device. One with outlets supplies others."""

    name: str
    role: str = ""
    manufacturer: str = ""
    model: str = ""
    rack: str = ""
    draw_w: float | None = None
    """Its highest draw, W."""
    outlets: int = 0
    """Number of its outlets; 0: it has none."""


@dataclass(frozen=True)
class Cable:
    """A power cable: the plug of a device in a feed, or in an outlet of another device."""

    device: str
    port: str
    source: str
    """The name of a feed, or of the device that has the outlet."""
    outlet: str = ""
    """The outlet's name; '' for a feed."""


@dataclass
class Inventory:
    """All of it, in the order of the lists."""

    name: str
    panels: list[Panel] = field(default_factory=list)
    feeds: list[Feed] = field(default_factory=list)
    racks: list[Rack] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    cables: list[Cable] = field(default_factory=list)
