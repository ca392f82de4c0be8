"""The current of a generating set into a short circuit: it decays, and its terminals have a differential protection."""

from __future__ import annotations

from twinfeed.emulators.plant.generation.alternator import Alternator
from twinfeed.emulators.plant.generation.diesel import GeneratorRatings
from twinfeed.emulators.plant.generation.state import GeneratorState
from twinfeed.emulators.plant.power.electrical import Electrical, Emf
from twinfeed.emulators.plant.power.faults.impedances import machine_ohm

SUBTRANSIENT_S = 0.02
TRANSIENT_S = 0.2
"""Until when a short circuit sees the sub-transient and the transient reactance, s after its beginning. The
exponentials (T"d 10 to 20 ms, T'd 100 to 200 ms at this size; usual) are steps here."""

REGULATED_REACTANCE = 0.005
"""Reactance of an alternator whose regulator holds the voltage, below the current it can sustain, per unit."""

FAULT_SHARE = 0.5
"""From this current on, times rated, it is a short circuit whose age counts."""

DIFFERENTIAL_S = 0.1
"""Delay of the differential protection (ANSI 87G) for a fault at the set's terminals, s (usual)."""


class FaultCurrent:
    """A generating set as the source of a short circuit."""

    def __init__(self, unit: Electrical[GeneratorState, GeneratorRatings], alternator: Alternator) -> None:
        self.unit, self._alternator = unit, alternator

    def emf(self) -> Emf | None:
        """The source that a fault on the bus sees: its reactance grows with the age of the fault."""
        if not (self.unit.state.closed and self._alternator.excited):
            return None
        p, volts = self.unit.params, self._alternator.terminals().volts
        if max(volts) <= 0.0:
            return None
        since = self.unit.state.shorted_at
        age = self.unit.plant.now - since + 1e-9 if since >= 0.0 else 0.0
        if age < SUBTRANSIENT_S:
            return Emf(volts, machine_ohm(p.kva, p.subtransient_reactance, p.volts))
        if age < TRANSIENT_S:
            return Emf(volts, machine_ohm(p.kva, max(p.transient_reactance, p.subtransient_reactance), p.volts))
        limit = p.sustained_short_circuit * self._rated_a
        return Emf(volts, machine_ohm(p.kva, REGULATED_REACTANCE, p.volts), limit)

    def watch(self) -> None:
        """Count the age of a short circuit that it feeds, and trip for one at its own terminals."""
        unit, state, flow = self.unit, self.unit.state, self.unit.fault_flow
        if flow is not None and max(flow.amperes) >= FAULT_SHARE * self._rated_a:
            if state.shorted_at < 0.0:
                state.shorted_at = unit.plant.now
                unit.after(SUBTRANSIENT_S, "transient")
                unit.after(TRANSIENT_S, "sustained")
        elif state.shorted_at >= 0.0:
            state.shorted_at = -1.0
            unit.cancel("transient")
            unit.cancel("sustained")
        if flow is not None and unit.shorts():
            if unit.remaining_s("differential") is None:
                unit.after(DIFFERENTIAL_S, "differential")
        elif unit.remaining_s("differential") is not None:
            unit.cancel("differential")

    @property
    def _rated_a(self) -> float:
        """Of a phase, A."""
        return 1000.0 * self.unit.params.kva / (3.0 * self.unit.params.volts)
