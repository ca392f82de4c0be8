"""Firmware of a three-phase power meter on any component of the power path.

Energy is exact: between two events of the plant the load is constant, so each change of load adds one rectangle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import copysign, hypot, sqrt
from typing import Annotated

from twinfeed.emulators.devices.firmware.device import LOG_LENGTH, Device, Params, State
from twinfeed.emulators.devices.firmware.domain import DISTORTION, FOUR_QUADRANT, POWER_FACTOR
from twinfeed.emulators.devices.firmware.points import Index, Point
from twinfeed.emulators.plant.kernel.ratings import Range
from twinfeed.emulators.plant.power.boards import neutral_amperes
from twinfeed.emulators.plant.power.electrical import NOTHING, Draw, Electrical, Phases


@dataclass(frozen=True)
class MeterParams(Params):
    thd_volts_percent: Annotated[float, Range(0.0, 100.0, "%")] = 2.0
    """Total harmonic distortion of the voltage, %: a fixed figure, harmonics are not modelled (EN 50160 allows 8 %)."""
    thd_current_percent: Annotated[float, Range(0.0, 300.0, "%")] = 6.0
    """The same of the current, %."""
    demand_interval_s: Annotated[float, Range(1.0, 86400.0, "s")] = 900.0
    """Averaging time of the demand, s (block interval)."""


@dataclass
class MeterState(State):
    since: float = 0.0
    """Up to when the registers below are complete, s."""
    kw: float = 0.0
    """What has been flowing since, kW, kvar and kVA."""
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


class Meter(Device):
    """Measures what its component `of` puts out; on a bus tie, what flows from a to b counts as delivered."""

    kind = "meter"
    PARAMS = MeterParams
    MANAGES = (Electrical,)
    STATE = MeterState
    params: MeterParams
    state: MeterState
    circuit: Electrical

    def start(self) -> None:
        circuit = self.plant.find(self.params.of)
        assert isinstance(circuit, Electrical), f"{self.id} is to measure {circuit.id}, which is not in the power path"
        self.circuit = circuit
        self._integrated: Draw | None = None

    def indices(self, name: str) -> Sequence[Index]:
        return (1, 2, 3) if name == "phase" else super().indices(name)

    def react(self) -> None:
        load = self.circuit.load
        if load is not self._integrated and load != self._integrated:
            self._integrated = load
            self._integrate()
        super().react()

    # -- energy ---------------------------------------------------------------------------------------------------

    def _integrate(self) -> None:
        """Close the rectangle up to now and open the next with what flows from now on."""
        state = self.state
        state.delivered_kwh, state.received_kwh = self._energy("kwh", state.kw)
        state.delivered_kvarh, state.received_kvarh = self._energy("kvarh", state.kvar)
        state.delivered_kvah = self._apparent_energy()
        state.since = self.plant.now
        draw = self.draw
        state.kw, state.kvar, state.kva = draw.total_kw, draw.total_kvar, draw.total_kva
        if abs(state.kw) > state.peak_kw:
            state.peak_kw, state.peak_at = abs(state.kw), self.plant.now

    def _energy(self, unit: str, power: float) -> tuple[float, float]:
        """Delivered and received up to now, in kWh or kvarh."""
        moved = power * (self.plant.now - self.state.since) / 3600.0
        delivered, received = getattr(self.state, f"delivered_{unit}"), getattr(self.state, f"received_{unit}")
        return (delivered + moved, received) if moved >= 0.0 else (delivered, received - moved)

    def _apparent_energy(self) -> float:
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
        self.record("energy reset")
        self.touch()

    def reset_peak(self, value: str) -> None:
        if value == "reset":
            self.state.peak_kw, self.state.peak_at = abs(self.state.kw), self.plant.now

    # -- quantities -------------------------------------------------------------------------------------------------

    @property
    def draw(self) -> Draw:
        """What flows, with the sign of its direction."""
        load = self.circuit.load
        return load.scaled(-1.0) if getattr(self.circuit, "towards", "") == "a" else load

    @property
    def volts(self) -> Phases:
        return self.circuit.output.volts

    @property
    def amperes(self) -> Phases:
        return self.circuit.load.amperes(self.volts)

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

    POINTS = (
        Point("voltage.{phase}", "phase to neutral", lambda d, p: d.volts[p - 1], "V"),
        Point("voltage.average", "phase to neutral", lambda d: sum(d.volts) / 3.0, "V"),
        Point(
            "voltage.unbalance",
            "largest deviation of a phase from their mean",
            lambda d: d.unbalance(d.volts),
            "%",
            possible=DISTORTION,
        ),
        Point("line_voltage.{phase}", "phase to phase: L1-L2, L2-L3, L3-L1", line_volts, "V"),
        Point(
            "line_voltage.average", "mean between phases", lambda d: sum(d.line_volts(p) for p in (1, 2, 3)) / 3.0, "V"
        ),
        Point("current.{phase}", "of one phase, RMS", lambda d, p: d.amperes[p - 1], "A"),
        Point(
            "current.neutral", "in the neutral, RMS", lambda d: neutral_amperes(d.circuit.load, d.circuit.output), "A"
        ),
        Point("current.average", "mean of the phases", lambda d: sum(d.amperes) / 3.0, "A"),
        Point(
            "current.unbalance",
            "largest deviation of a phase from their mean",
            lambda d: d.unbalance(d.amperes),
            "%",
            possible=DISTORTION,
        ),
        Point("power.{phase}", "active", lambda d, p: d.draw.kw[p - 1], "kW"),
        Point("power.total", "active", lambda d: d.draw.total_kw, "kW"),
        Point("power.peak", "highest active power since it was reset", lambda d: d.state.peak_kw, "kW"),
        Point("reactive_power.{phase}", "of one phase, positive when lagging", lambda d, p: d.draw.kvar[p - 1], "kvar"),
        Point("reactive_power.total", "of all phases, positive when lagging", lambda d: d.draw.total_kvar, "kvar"),
        Point(
            "apparent_power.{phase}", "of one phase", lambda d, p: hypot(d.draw.kw[p - 1], d.draw.kvar[p - 1]), "kVA"
        ),
        Point("apparent_power.total", "of all phases", lambda d: d.draw.total_kva, "kVA"),
        Point("power_factor.{phase}", "of one phase", power_factor, possible=POWER_FACTOR),
        Point("power_factor.total", "of all phases", lambda d: d.total_power_factor, possible=POWER_FACTOR),
        Point("power_factor.four_quadrant.{phase}", "as PowerLogic codes it", four_quadrant, possible=FOUR_QUADRANT),
        Point(
            "power_factor.four_quadrant.total",
            "as PowerLogic codes it",
            lambda d: d.four_quadrant(),
            possible=FOUR_QUADRANT,
        ),
        Point("frequency", "of the measured supply", lambda d: d.circuit.output_hertz, "Hz"),
        Point(
            "thd.voltage",
            "total harmonic distortion of the voltage (from the site file)",
            lambda d: d.params.thd_volts_percent if d.circuit.live else 0.0,
            "%",
            possible=DISTORTION,
        ),
        Point(
            "thd.current",
            "total harmonic distortion of the current (from the site file)",
            lambda d: d.params.thd_current_percent if d.circuit.load_kva > 0.0 else 0.0,
            "%",
            possible=DISTORTION,
        ),
        Point("energy.delivered", "active, into the load", lambda d: d._energy("kwh", d.state.kw)[0], "kWh"),
        Point("energy.received", "active, out of the load", lambda d: d._energy("kwh", d.state.kw)[1], "kWh"),
        Point(
            "reactive_energy.delivered",
            "lagging, since the last reset",
            lambda d: d._energy("kvarh", d.state.kvar)[0],
            "kvarh",
        ),
        Point(
            "reactive_energy.received",
            "leading, since the last reset",
            lambda d: d._energy("kvarh", d.state.kvar)[1],
            "kvarh",
        ),
        Point("apparent_energy.delivered", "since the last reset", lambda d: d._apparent_energy(), "kVAh"),
        Point(
            "command.reset_energy",
            "set the energies to zero",
            lambda d: "none",
            write=reset_energy,
            values=("none", "reset"),
        ),
        Point(
            "command.reset_peak",
            "forget the highest demand",
            lambda d: "none",
            write=reset_peak,
            values=("none", "reset"),
        ),
    )
