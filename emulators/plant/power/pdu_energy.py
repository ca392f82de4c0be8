"""The energy counters of a power distribution unit: integrals of powers that are constant between two changes."""

from __future__ import annotations

from collections.abc import Sequence

from twinfeed.emulators.plant.power.electrical import Draw, Electrical
from twinfeed.emulators.plant.power.pdu_ratings import PduRatings, PduState


class Energies:
    """Energy since the plant was started; outlets, banks and phases are numbered from 1."""

    def __init__(self, pdu: Electrical[PduState, PduRatings], banks: Sequence[int], phases: Sequence[int]) -> None:
        """`banks`, `phases`: those of each outlet, from 0; phase -1 is a three-phase outlet."""
        self._pdu, self._banks, self._phases = pdu, banks, phases
        outlets = pdu.params.outlets
        pdu.state.kw, pdu.state.kva = [0.0] * outlets, [0.0] * outlets
        pdu.state.kwh, pdu.state.kvah = [0.0] * outlets, [0.0] * outlets

    def counts(self, draws: Sequence[Draw], inlet: Draw) -> bool:
        """True if these are the powers of the outlets and of the inlet that it counts."""
        state = self._pdu.state
        return (
            state.inlet_kva == inlet.total_kva
            and state.kw == [draw.total_kw for draw in draws]
            and state.kva == [draw.total_kva for draw in draws]
        )

    def count(self, draws: Sequence[Draw], inlet: Draw) -> None:
        """Count those powers of the outlets and of the inlet from now on."""
        state = self._pdu.state
        state.kw = [draw.total_kw for draw in draws]
        state.kva = [draw.total_kva for draw in draws]
        state.inlet_kva = inlet.total_kva

    def add(self, seconds: float) -> None:
        """Count the present powers for so long, s."""
        state, hours = self._pdu.state, seconds / 3600.0
        for outlet, kw in enumerate(state.kw):
            if kw or state.kva[outlet]:
                state.kwh[outlet] += kw * hours
                state.kvah[outlet] += state.kva[outlet] * hours
        state.inlet_kvah += state.inlet_kva * hours

    def outlet_kwh(self, outlet: int) -> float:
        """Energy drawn from that outlet, kWh."""
        state = self._pdu.state
        return state.kwh[outlet - 1] + state.kw[outlet - 1] * self._unmetered_h

    def outlet_kvah(self, outlet: int) -> float:
        """Apparent energy drawn from that outlet, kVAh."""
        state = self._pdu.state
        return state.kvah[outlet - 1] + state.kva[outlet - 1] * self._unmetered_h

    def bank_kwh(self, bank: int) -> float:
        """Energy drawn from the outlets of that bank, kWh."""
        return sum(self.outlet_kwh(o) for o, b in enumerate(self._banks, 1) if b == bank - 1)

    def phase_kwh(self, phase: int) -> float:
        """Energy drawn from that phase, kWh; three-phase outlets count a third on each."""
        return sum(
            self.outlet_kwh(o) * (1.0 if on == phase - 1 else 1.0 / 3.0 if on < 0 else 0.0)
            for o, on in enumerate(self._phases, 1)
        )

    @property
    def kwh(self) -> float:
        """Energy of all outlets, kWh."""
        return sum(self._pdu.state.kwh) + sum(self._pdu.state.kw) * self._unmetered_h

    @property
    def kvah(self) -> float:
        """Apparent energy through the inlet, kVAh."""
        return self._pdu.state.inlet_kvah + self._pdu.state.inlet_kva * self._unmetered_h

    @property
    def _unmetered_h(self) -> float:
        return (self._pdu.plant.now - self._pdu.state.metered_at) / 3600.0
