"""The points of a three-phase power meter."""

from __future__ import annotations

from math import hypot

from twinfeed.emulators.devices.distribution.meter import Meter
from twinfeed.emulators.devices.firmware.domain import DISTORTION, FOUR_QUADRANT, POWER_FACTOR
from twinfeed.emulators.devices.firmware.points import Point, Points, RowPoint
from twinfeed.emulators.devices.firmware.usual_points import command
from twinfeed.emulators.plant.power.boards import neutral_amperes

POINTS: Points[Meter] = (
    RowPoint("voltage.{phase}", "phase to neutral", lambda d, p: d.volts[p - 1], "V"),
    Point("voltage.average", "phase to neutral", lambda d: sum(d.volts) / 3.0, "V"),
    Point(
        "voltage.unbalance",
        "largest deviation of a phase from their mean",
        lambda d: d.unbalance(d.volts),
        "%",
        possible=DISTORTION,
    ),
    RowPoint("line_voltage.{phase}", "phase to phase: L1-L2, L2-L3, L3-L1", Meter.line_volts, "V"),
    Point("line_voltage.average", "mean between phases", lambda d: sum(d.line_volts(p) for p in (1, 2, 3)) / 3.0, "V"),
    RowPoint("current.{phase}", "of one phase, RMS", lambda d, p: d.amperes[p - 1], "A"),
    Point("current.neutral", "in the neutral, RMS", lambda d: neutral_amperes(d.circuit.load, d.circuit.output), "A"),
    Point("current.average", "mean of the phases", lambda d: sum(d.amperes) / 3.0, "A"),
    Point(
        "current.unbalance",
        "largest deviation of a phase from their mean",
        lambda d: d.unbalance(d.amperes),
        "%",
        possible=DISTORTION,
    ),
    RowPoint("power.{phase}", "active", lambda d, p: d.draw.kw[p - 1], "kW"),
    Point("power.total", "active", lambda d: d.draw.total_kw, "kW"),
    Point("power.peak", "highest active power since it was reset", lambda d: d.state.peak_kw, "kW"),
    RowPoint("reactive_power.{phase}", "of one phase, positive when lagging", lambda d, p: d.draw.kvar[p - 1], "kvar"),
    Point("reactive_power.total", "of all phases, positive when lagging", lambda d: d.draw.total_kvar, "kvar"),
    RowPoint("apparent_power.{phase}", "of one phase", lambda d, p: hypot(d.draw.kw[p - 1], d.draw.kvar[p - 1]), "kVA"),
    Point("apparent_power.total", "of all phases", lambda d: d.draw.total_kva, "kVA"),
    RowPoint("power_factor.{phase}", "of one phase", Meter.power_factor, possible=POWER_FACTOR),
    Point("power_factor.total", "of all phases", lambda d: d.total_power_factor, possible=POWER_FACTOR),
    RowPoint(
        "power_factor.four_quadrant.{phase}", "as PowerLogic codes it", Meter.four_quadrant, possible=FOUR_QUADRANT
    ),
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
    Point("energy.delivered", "active, into the load", lambda d: d.energy("kwh", d.state.kw)[0], "kWh"),
    Point("energy.received", "active, out of the load", lambda d: d.energy("kwh", d.state.kw)[1], "kWh"),
    Point(
        "reactive_energy.delivered",
        "lagging, since the last reset",
        lambda d: d.energy("kvarh", d.state.kvar)[0],
        "kvarh",
    ),
    Point(
        "reactive_energy.received",
        "leading, since the last reset",
        lambda d: d.energy("kvarh", d.state.kvar)[1],
        "kvarh",
    ),
    Point("apparent_energy.delivered", "since the last reset", lambda d: d.apparent_energy_kvah(), "kVAh"),
    command("command.reset_energy", "set the energies to zero", Meter.reset_energy, "reset"),
    command("command.reset_peak", "forget the highest demand", Meter.reset_peak, "reset"),
)
