"""The meter of a PDU: readings of its inlet, its phases, its banks and its outlets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import hypot
from typing import NamedTuple

from twinfeed.emulators.plant.power.pdu import Pdu as PduPlant


class PduMeter:
    """Readings of the PDU, with the gain error of its meter.

    A `scope` is `input`, `phase`, `bank` or `outlet`; the inlet as a whole is row 0 of `input`.
    """

    def __init__(self, pdu: PduPlant) -> None:
        self.pdu = pdu

    @property
    def gain(self) -> float:
        """A reading over the true value."""
        return self.pdu.meter_gain

    def rows(self, scope: str) -> Sequence[int]:
        """The rows of a table of the PDU."""
        p = self.pdu.params
        return {
            "input": (0,),
            "inlet": (1,),
            "sensor": (1,),
            "phase": range(1, p.phases + 1),
            "bank": range(1, p.banks + 1),
            "outlet": range(1, p.outlets + 1),
        }[scope]

    def phase(self, row: int) -> int:
        """The plant's phase, from 0, of a row of the phase table."""
        return self.pdu.wired_phases[row - 1]

    @property
    def rated_watts(self) -> float:
        """At 230 V, W."""
        return self.pdu.params.rated_a * 230.0 * self.pdu.params.phases

    @property
    def dead_phases(self) -> int:
        """The number of phases of the inlet that have less than 100 V."""
        return sum(self.pdu.output.volts[p] < 100.0 for p in self.pdu.wired_phases)

    def kva(self, scope: str, row: int) -> float:
        """Apparent power, kVA."""
        pdu = self.pdu
        if scope == "phase":
            return self.gain * hypot(pdu.load.kw[self.phase(row)], pdu.load.kvar[self.phase(row)])
        if scope == "bank":
            return self.gain * pdu.bank_draw(row).total_kva
        return self.gain * (pdu.outlet_draws[row - 1] if scope == "outlet" else pdu.load).total_kva

    def kw(self, scope: str, row: int) -> float:
        """Active power, kW."""
        pdu = self.pdu
        if scope == "phase":
            return self.gain * pdu.load.kw[self.phase(row)]
        if scope == "bank":
            return self.gain * pdu.bank_draw(row).total_kw
        return self.gain * (pdu.outlet_draws[row - 1] if scope == "outlet" else pdu.load).total_kw

    def kwh(self, scope: str, row: int) -> float:
        """Active energy since the site was started, without the meter's gain error, kWh."""
        pdu = self.pdu
        if scope == "phase":
            return pdu.energy.phase_kwh(self.phase(row) + 1)
        if scope == "bank":
            return pdu.energy.bank_kwh(row)
        return pdu.energy.outlet_kwh(row) if scope == "outlet" else pdu.energy_kwh

    def volts(self, scope: str, row: int) -> float:
        """Phase to neutral, the lowest of several, V."""
        pdu = self.pdu
        if scope == "outlet":
            return pdu.outlet_volts[row - 1]
        if scope == "phase":
            return pdu.output.volts[self.phase(row)]
        if scope == "bank":
            phase = pdu.outlet_phases[pdu.outlet_banks.index(row - 1)]
            volts = pdu.output.worst_volts if phase < 0 else pdu.output.volts[phase]
            return 0.0 if pdu.banks.is_open(row) else volts
        return pdu.output.worst_volts


class Scope(NamedTuple):
    """Something with a load, thresholds and a peak: the whole PDU (W), a phase, a bank, an outlet (A)."""

    name: str
    """`input`, or the index of its table."""
    unit: str
    rating: Callable[[PduMeter, int], float]
    reading: Callable[[PduMeter, int], float]

    def key(self, row: int) -> str:
        """The name of a row in settings and states: `phase.1`, `input`."""
        return f"{self.name}.{row}" if row else self.name


SCOPES = (
    Scope("input", "W", lambda m, _: m.rated_watts, lambda m, _: m.gain * m.pdu.load_kw * 1000.0),
    Scope("phase", "A", lambda m, p: m.pdu.params.rated_a, lambda m, p: m.gain * m.pdu.amperes[m.phase(p)]),
    Scope("bank", "A", lambda m, b: m.pdu.params.bank_a, lambda m, b: m.gain * m.pdu.banks.amperes(b)),
    Scope("outlet", "A", lambda m, o: m.pdu.params.outlet_a, lambda m, o: m.gain * m.pdu.outlet_amperes(o)),
)
