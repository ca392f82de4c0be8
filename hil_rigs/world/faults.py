"""The faults that a bench can cause."""

from __future__ import annotations

from collections.abc import Callable

from twinfeed._phrases import Phrase
from twinfeed.harness.faults.reference import FaultRef
from twinfeed.harness.faults.sinks import OfSite, Strength
from twinfeed.harness.worlds.world import Cannot
from twinfeed.hil_rigs.rigfile import Rig


class BenchFaults:
    """Faults that the supervisor causes with the actuators of a bench (`twinfeed.harness.faults.sinks.Sink`).

    `order` sends it a request: the fault, `apply` or `lift`, the text of the journal, and fields of the request.
    """

    def __init__(self, rig: Rig, order: Callable[..., None]) -> None:
        self._rig, self._order = rig, order

    def realises(self, fault: FaultRef) -> bool:
        return self._rig.actuator_for(fault.where, fault.kind) is not None

    def check(self, fault: FaultRef, parameters: Strength, for_s: float | None = None) -> None:
        """
        Raises:
            PlantError: a component or device of the wiring has no such point or parameter, or a number is out of range.
            Cannot: the bench has no actuator that causes it.
        """
        site = self._rig.site
        on_site = fault.target in site.components or fault.target in site.devices
        if on_site and fault.kind in site.faults(fault.target):
            OfSite(site).check(fault, parameters, for_s)
        if not self.realises(fault):
            raise Cannot(Phrase("no actuator of bench {rig} causes {fault}", rig=self._rig.name, fault=fault))

    def apply(self, fault: FaultRef, parameters: Strength) -> None:
        self._order(fault, "apply", "fault", parameters=dict(parameters))

    def lift(self, fault: FaultRef) -> None:
        self._order(fault, "lift", "fault cleared")
