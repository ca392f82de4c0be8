"""A kind of fault of the catalogue, for all sinks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twinfeed.emulators.plant.kernel.faults import FailureMode, Parameter

FAMILIES = ("plant", "sensor", "firmware", "protocol", "transport", "people", "controller")
"""The suffering part: power, cooling and network; measurements; management cards; messages on the wire; how it gets
there; people's doing; the controller under test."""

WORLDS = ("simulated", "live", "rig")


@dataclass(frozen=True)
class FaultKind:
    """One kind of fault: `kind` on any of `targets`, shaped by `parameters`, realised in `worlds`."""

    kind: str
    family: str
    """One of `FAMILIES`."""
    doc: str
    targets: tuple[str, ...]
    """Kinds of component (`ups`) or device (`ups/device`); `device` is every device."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    worlds: tuple[str, ...] = ("simulated", "live")
    """The worlds in which it can be realised; `rig` where an actuator of a usual test bench can cause it."""
    source: str = ""
    """The standard or the published outage it is drawn from, where there is one."""
    of: tuple[str, ...] = ()
    """The parts that a target names after its own name: `("point",)` is `crah-11:air.supply`."""
    failure: FailureMode | None = None
    """The failure of equipment that it is, where it is one."""

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"{self.kind}: the family is {self.family!r}, expected one of {', '.join(FAMILIES)}")
        if unknown := [world for world in self.worlds if world not in WORLDS]:
            raise ValueError(f"{self.kind}: unknown world {', '.join(unknown)}, expected some of {', '.join(WORLDS)}")

    def to_dict(self) -> dict[str, Any]:
        """JSON values, for programs that read the catalogue."""
        return {
            "kind": self.kind,
            "family": self.family,
            "doc": self.doc,
            "targets": list(self.targets),
            "of": list(self.of),
            "parameters": {
                name: f"{p.default:g} {p.unit} ({p.low:g} to {p.high:g})" for name, p in self.parameters.items()
            },
            "worlds": list(self.worlds),
            "source": self.source,
        }
