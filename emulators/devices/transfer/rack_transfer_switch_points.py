"""The points and alarms of a switch that transfers by itself."""

from __future__ import annotations

from twinfeed.emulators.devices.firmware.alarms import Alarm, Alarms
from twinfeed.emulators.devices.firmware.domain import LOADING
from twinfeed.emulators.devices.firmware.points import CellPoint, Point, Points, RowPoint
from twinfeed.emulators.devices.firmware.usual_points import command
from twinfeed.emulators.devices.transfer.rack_transfer_switch import RANGES_V, WORDS, SourceSwitch

ALARMS: Alarms[SourceSwitch] = (
    Alarm("redundancy_lost", "the source not in use is out of limits", lambda d: not d.switch.redundant),
    Alarm("on_alternate", "the load is not on the preferred source", lambda d: d.off_preference, severity="info"),
    Alarm("source_a_lost", "source A is out of limits", lambda d: not d.available(1)),
    Alarm("source_b_lost", "source B is out of limits", lambda d: not d.available(2)),
    Alarm("output_lost", "nothing reaches the output", lambda d: not d.switch.live, severity="critical"),
    Alarm("overload", "the output is over its limit", lambda d: d.state.load == "overload", severity="critical"),
    Alarm("near_overload", "the output is near its limit", lambda d: d.state.load == "near-overload"),
    Alarm(
        "out_of_sync",
        "the sources are out of step",
        lambda d: d.switch.redundant and not d.switch.in_step,
        severity="info",
        delay_s=1.0,
    ),
    Alarm(
        "transfer_inhibited",
        "locked onto its source after a load fault",
        lambda d: d.switch.inhibited,
        severity="critical",
    ),
)

POINTS: Points[SourceSwitch] = (
    Point("switch.source", "the source in use", lambda d: d.word(d.switch.active or d.state.selected), values=WORDS),
    Point(
        "switch.preferred",
        "the source to be on when both are good",
        lambda d: d.preference,
        write=SourceSwitch.prefer,
        values=(*WORDS, "none"),
    ),
    Point("switch.redundant", "both sources are good", lambda d: d.switch.redundant, kind="truth"),
    Point("switch.in_sync", "the sources are in step", lambda d: d.switch.in_step, kind="truth"),
    Point("switch.healthy", "it can transfer", lambda d: "stuck" not in d.switch.state.faults, kind="truth"),
    Point("switch.transfers", "transfers since it was built", lambda d: d.switch.transfers),
    RowPoint(
        "source.{source}.name",
        "its given name",
        lambda d, s: d.state.names.get(str(s), d.params.source_names[s - 1]),
        write=SourceSwitch.rename,
        kind="text",
    ),
    RowPoint("source.{source}.available", "within limits", lambda d, s: d.available(s), kind="truth"),
    RowPoint("source.{source}.alive", "any voltage at all", lambda d, s: d.supply(s).live, kind="truth"),
    CellPoint("source.{source}.voltage.{phase}", "phase to neutral", lambda d, s, p: d.supply(s).volts[p - 1], "V"),
    RowPoint("source.{source}.frequency", "of that source", lambda d, s: d.supply(s).hertz, "Hz"),
    Point("output.live", "the output is within limits", lambda d: d.switch.live, kind="truth"),
    Point("output.frequency", "at the output", lambda d: d.switch.output_hertz, "Hz"),
    RowPoint("output.voltage.{phase}", "phase to neutral", lambda d, p: d.switch.output.volts[p - 1], "V"),
    RowPoint("output.current.{phase}", "drawn from the output, RMS", lambda d, p: d.amperes[p - 1], "A"),
    RowPoint("output.current_peak.{phase}", "highest since it was reset", lambda d, p: d.state.peak_a[p - 1], "A"),
    Point("output.apparent_power", "drawn from the output", lambda d: d.switch.load_kva * 1000.0, "VA"),
    Point("output.power", "active power drawn from the output", lambda d: d.switch.load_kw * 1000.0, "W"),
    Point("output.power_peak", "highest since it was reset", lambda d: d.state.peak_w, "W"),
    Point("output.load", "of the rated current", lambda d: d.load_percent, "%", possible=LOADING),
    Point(
        "output.state",
        "load against the thresholds",
        lambda d: d.state.load,
        values=("normal", "low", "near-overload", "overload"),
    ),
    Point("rating.current", "rated current of a phase", lambda d: d.switch.params.rated_a, "A"),
    Point(
        "setting.range",
        "voltage range a source must keep",
        lambda d: d.range,
        write=SourceSwitch.set_range,
        values=tuple(RANGES_V),
    ),
    Point(
        "setting.sensitivity",
        "speed of the reaction to a disturbance",
        lambda d: d.state.settings.get("sensitivity", "high"),
        write=SourceSwitch.set_sensitivity,
        values=("high", "low"),
    ),
    Point(
        "setting.near_overload",
        "output current from which it warns",
        lambda d: d.limit("near-overload") * d.switch.params.rated_a / 100.0,
        "A",
        write=lambda d, v: d.set_limit("near-overload", v),
        low=0.0,
        high=10000.0,
    ),
    Point(
        "setting.overload",
        "output current from which it alarms",
        lambda d: d.limit("overload") * d.switch.params.rated_a / 100.0,
        "A",
        write=lambda d, v: d.set_limit("overload", v),
        low=0.0,
        high=10000.0,
    ),
    Point("setting.low_load", "output current below which it warns", lambda d: d.params.low_load_a, "A"),
    Point(
        "setting.return_delay",
        "the preferred source must be good so long",
        lambda d: d.switch.state.retransfer_s,
        "s",
        write=lambda d, v: d.switch.set_retransfer(float(v)),
        low=0.0,
        high=3600.0,
    ),
    command("command.reset_peaks", "forget the peaks", SourceSwitch.reset_peaks, "reset"),
    command("command.reset", "release the lock after a load fault", SourceSwitch.reset, "reset"),
)
