"""Firmware of a three-phase power meter on any component of the power path.

Energy is exact: between two events of the plant the load is constant, so each change of load adds one rectangle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import copysign, hypot, sqrt
from typing import Annotated

from twinfeed.emulators.devices.firmware.device import WITHOUT_ALARMS, Device
from twinfeed.emulators.devices.firmware.points import Index
from twinfeed.emulators.devices.firmware.state import LOG_LENGTH, Params, State
from twinfeed.emulators.plant.kernel.ratings import Range
from twinfeed.emulators.plant.power.electrical import NOTHING, Draw, Electrical, Phases


@dataclass(frozen=True)
class MeterParams(Params):
    thd_volts_percent: Annotated[float, Range(0.0, 100.0, "%")] = 2.0
    """Total harmonic distortion of the voltage, %: a fixed figure, harmonics are not modelled (EN 50160 allows 8 %)."""
    thd_current_percent: Annotated[float, Range(0.0, 300.0, "%")] = 6.0
    """The threshold of the current, %."""
    demand_interval_s: Annotated[float, Range(1.0, 86400.0, "s")] = 900.0
    """Averaging time of the demand, s (block interval)."""


@dataclass
class MeterState(State):
    since: float = 0.0
    """Up to when the registers below are complete, s."""
    kw: float = 0.0
    """The flow since then, kW, kvar and kVA."""
    kvar: float = 0.0
    kva: float = 0.0
    delivered_kwh: float = 0.0
    received_kwh: float = 0.0
    delivered_kvarh: float = 0.0
    received_kvarh: float = 0.0
    delivered_kvah: float = 0.0
    peak_kw: float = 0.0
    peak_at: float = 0.0
    resets: list[float] = field(default_factory=list)
    """When the energies were reset, s."""


class Meter(Device[MeterState]):
    """Measures what its component `of` puts out; on a bus tie, what flows from a to b counts as delivered."""

    kind = "meter"
    PARAMS = MeterParams
    MANAGES = (Electrical,)
    STATE = MeterState
    FAULTS = WITHOUT_ALARMS
    params: MeterParams
    circuit: Electrical

    def start(self) -> None:
        circuit = self.plant.find(self.params.of)
        assert isinstance(circuit, Electrical), f"{self.id} is to measure {circuit.id}, which is not in the power path"
        self.circuit = circuit
        self._integrated: Draw | None = None

    def indices(self, name: str) -> Sequence[Index]:
        return (1, 2, 3) if name == "phase" else super().indices(name)

    def react(self) -> None:
        load, state = self.circuit.load, self.state
        if load is not self._integrated:
            self._integrated, draw = load, self.draw
            if (draw.total_kw, draw.total_kvar, draw.total_kva) != (state.kw, state.kvar, state.kva):
                self._integrate()
        super().react()

    # -- energy ---------------------------------------------------------------------------------------------------

    def _integrate(self) -> None:
        """Close the rectangle up to now and open the next with what flows from now on."""
        state = self.state
        state.delivered_kwh, state.received_kwh = self.energy("kwh", state.kw)
        state.delivered_kvarh, state.received_kvarh = self.energy("kvarh", state.kvar)
        state.delivered_kvah = self.apparent_energy_kvah()
        state.since = self.plant.now
        draw = self.draw
        state.kw, state.kvar, state.kva = draw.total_kw, draw.total_kvar, draw.total_kva
        if abs(state.kw) > state.peak_kw:
            state.peak_kw, state.peak_at = abs(state.kw), self.plant.now

    def energy(self, unit: str, power: float) -> tuple[float, float]:
        """Delivered and received up to now, in kWh or kvarh."""
        moved = power * (self.plant.now - self.state.since) / 3600.0
        delivered, received = getattr(self.state, f"delivered_{unit}"), getattr(self.state, f"received_{unit}")
        return (delivered + moved, received) if moved >= 0.0 else (delivered, received - moved)

    def apparent_energy_kvah(self) -> float:
        """Up to now, kVAh."""
        return self.state.delivered_kvah + self.state.kva * (self.plant.now - self.state.since) / 3600.0

    def reset_energy(self, value: str) -> None:
        if value != "reset":
            return
        self._integrate()
        state = self.state
        state.delivered_kwh = state.received_kwh = state.delivered_kvarh = state.received_kvarh = 0.0
        state.delivered_kvah = 0.0
        state.resets.append(self.plant.now)
        del state.resets[:-LOG_LENGTH]
        self.log_event("energy reset")
        self.touch()

    def reset_peak(self, value: str) -> None:
        if value == "reset":
            self.state.peak_kw, self.state.peak_at = abs(self.state.kw), self.plant.now

    # -- quantities -------------------------------------------------------------------------------------------------

    @property
    def draw(self) -> Draw:
        """The flow, with the sign of its direction."""
        load = self.circuit.load
        return load.scaled(-1.0) if getattr(self.circuit, "towards", "") == "a" else load

    @property
    def volts(self) -> Phases:
        return self.circuit.output.volts

    @property
    def amperes(self) -> Phases:
        return self.circuit.amperes

    def line_volts(self, phase: int) -> float:
        """Between that phase and the next, at 120 degrees, V."""
        a, b = self.volts[phase - 1], self.volts[phase % 3]
        return sqrt(a * a + b * b + a * b)

    def power_factor(self, phase: int) -> float:
        kw, kvar = self.draw.kw[phase - 1], self.draw.kvar[phase - 1]
        kva = hypot(kw, kvar)
        return kw / kva if kva > 0.0 else 1.0

    @property
    def total_power_factor(self) -> float:
        return copysign(self.draw.power_factor, self.draw.total_kw) if self.draw is not NOTHING else 1.0

    def four_quadrant(self, phase: int = 0) -> float:
        """PowerLogic's coding of a power factor: lagging as it is, leading as 2 - pf, both negative for export."""
        factor = self.total_power_factor if phase == 0 else self.power_factor(phase)
        kvar = self.draw.total_kvar if phase == 0 else self.draw.kvar[phase - 1]
        if kvar >= 0.0 or abs(factor) == 1.0:
            return factor
        return copysign(2.0 - abs(factor), factor)

    def unbalance(self, values: Phases) -> float:
        """Largest deviation from the mean, % of the mean (the meter's own definition)."""
        mean = sum(values) / 3.0
        return 100.0 * max(abs(v - mean) for v in values) / mean if mean > 0.0 else 0.0
