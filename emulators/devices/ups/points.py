"""The points of a UPS: a point reads the firmware `d` and through it the power train `d.ups`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from twinfeed.emulators.devices.firmware.domain import BURNING, LOADING, PEAK_OF_RATING, SIGNED_AMPERES
from twinfeed.emulators.devices.firmware.points import Point, Points, RowPoint
from twinfeed.emulators.devices.ups.alarms import WELL_KNOWN
from twinfeed.emulators.devices.ups.control_points import CONTROLS, setting
from twinfeed.emulators.devices.ups.firmware import UpsFirmware
from twinfeed.emulators.plant.power.electrical import Draw, Supply
from twinfeed.emulators.plant.ups.ups import Ups


def _input_state(d: UpsFirmware) -> str:
    ups = d.ups
    supply, (low, high) = ups.seen["input"], ups.window
    lines = supply.volts[: ups.params.phases]
    if min(lines) < low:
        return "low"
    if max(lines) > high:
        return "high"
    slowest, fastest = ups.params.rectifier_hertz
    return "frequency_low" if supply.hertz < slowest else "frequency_high" if supply.hertz > fastest else "good"


def _days(d: UpsFirmware) -> int:
    """Days from 2000-01-01 to the battery's date, 0 when that is not written mm/dd/yyyy."""
    parts = str(d.settings["battery_date"]).split("/")
    try:
        month, day, year = map(int, parts)
        return (date(year if year > 99 else 2000 + year, month, day) - date(2000, 1, 1)).days
    except ValueError:
        return 0


def _shown(ups: Ups, draw: Draw) -> Draw:
    """A power as the UPS measures it: its sensors saturate below the current of a short circuit on its bypass."""
    most, kva = 0.999 * PEAK_OF_RATING * ups.params.kva, draw.total_kva
    return draw if kva <= most else draw.scaled(most / kva)


def _output(ups: Ups) -> Draw:
    """The power that it gives, as measured."""
    return _shown(ups, ups.load)


def _load_percent(d: UpsFirmware) -> float:
    p, load = d.ups.params, _output(d.ups)
    return 100.0 * max(load.total_kw / p.kw, load.total_kva / p.kva)


def _volts(supply: Callable[[Ups], Supply]) -> Callable[[UpsFirmware, int], float]:
    return lambda d, line: float(supply(d.ups).volts[line - 1])


def _amperes(draw: Callable[[Ups], Draw], supply: Callable[[Ups], Supply]) -> Callable[[UpsFirmware, int], float]:
    return lambda d, line: float(draw(d.ups).amperes(supply(d.ups).volts)[line - 1])


def _watts(draw: Callable[[Ups], Draw]) -> Callable[[UpsFirmware, int], float]:
    return lambda d, line: draw(d.ups).kw[line - 1] * 1000.0


def _line_load(d: UpsFirmware, line: int) -> float:
    p, load = d.ups.params, _output(d.ups)
    kw, kvar = load.kw[line - 1], load.kvar[line - 1]
    return float(100.0 * p.phases * max(kw / p.kw, (kw * kw + kvar * kvar) ** 0.5 / p.kva))


def _battery_amperes(d: UpsFirmware) -> float:
    volts = d.ups.battery_volts
    return d.ups.battery_kw * 1000.0 / volts if volts > 1.0 else 0.0


_Side = tuple[Callable[[Ups], Draw], Callable[[Ups], Supply]]
"""The load and the voltage of one side of the power train."""

_INPUT: _Side = (lambda u: u.rectifier_draw), (lambda u: u.seen["input"])
_BYPASS: _Side = (lambda u: _shown(u, u.bypass_draw)), (lambda u: u.bypass_supply)
_OUTPUT: _Side = _output, (lambda u: u.output)

SOURCES = {"inverter": "normal", "eco": "normal", "bypass": "bypass", "maintenance": "bypass", "none": "none"}
"""upsOutputSource for each path of the power train; on battery it is `battery`."""

POINTS: Points[UpsFirmware] = (
    Point(
        "ups.mode",
        "source of the output",
        lambda d: d.mode,
        values=(
            "online",
            "battery",
            "battery_test",
            "eco",
            "bypass",
            "bypass_fault",
            "maintenance",
            "off",
            "rebooting",
            "sleeping",
            "awaiting_power",
        ),
    ),
    Point("ups.rating.power", "rated apparent power", lambda d: d.ups.params.kva * 1000.0, "VA"),
    Point("ups.rating.realpower", "rated real power", lambda d: d.ups.params.kw * 1000.0, "W"),
    Point(
        "ups.efficiency",
        "output over input power",
        lambda d: 100.0 * d.ups.load_kw / (d.ups.load_kw + d.ups.losses_kw) if d.ups.load_kw > 0.0 else 0.0,
        "%",
    ),
    Point("ups.phases", "phases of the output", lambda d: d.ups.params.phases),
    Point(
        "ups.transfer_cause",
        "why it last went on battery",
        lambda d: d.state.transfer,
        values=("none", "blackout", "brownout", "high_voltage", "frequency", "self_test"),
    ),
    Point("ups.path_cause", "why the output path last changed", lambda d: d.ups.state.cause, kind="text"),
    setting("ups.ident", "name an operator gave the UPS (upsIdentName)", "ident", kind="text"),
    setting("ups.attached", "equipment it feeds (upsIdentAttachedDevices)", "attached", kind="text"),
    # battery
    Point(
        "battery.status",
        "upsBatteryStatus",
        lambda d: d.battery_status,
        values=("unknown", "normal", "low", "depleted"),
    ),
    Point("battery.charge", "estimated state of charge", lambda d: d.ups.charge_percent, "%"),
    Point("battery.runtime", "estimated runtime at the present load", lambda d: d.ups.runtime_s, "s"),
    Point("battery.voltage", "at its terminals", lambda d: d.ups.battery_volts, "V"),
    Point("battery.voltage.nominal", "as on its name plate", lambda d: d.ups.battery.nominal_volts, "V"),
    Point("battery.current", "positive when discharging", _battery_amperes, "A", possible=SIGNED_AMPERES),
    Point("battery.temperature", "of the battery", lambda d: d.ups.battery_c, "°C", possible=BURNING),
    Point(
        "battery.seconds_on_battery",
        "time since it went on battery, 0 if it is not",
        lambda d: d.seconds_on_battery,
        "s",
    ),
    Point(
        "battery.seconds_total", "all time on battery", lambda d: d.state.battery_seconds + d.seconds_on_battery, "s"
    ),
    Point("battery.strings", "strings in parallel", lambda d: d.ups.battery.strings),
    Point(
        "battery.strings.bad",
        "strings known to be bad",
        lambda d: (
            d.ups.battery.strings - d.ups.strings_in if d.settings["replace_battery"] else d.ups.state.strings_out
        ),
    ),
    Point(
        "battery.breaker",
        "the battery breaker",
        lambda d: "closed" if d.ups.state.breaker_closed else "open",
        values=("open", "closed"),
        write=lambda d, v: d.ups.set_battery_breaker(v == "closed"),
    ),
    Point("battery.chemistry", "vrla or li-ion", lambda d: d.ups.params.chemistry, kind="text"),
    Point(
        "battery.replace",
        "the battery needs replacement",
        lambda d: bool(d.settings["replace_battery"]),
        kind="truth",
    ),
    setting("battery.date", "when the battery was installed, mm/dd/yyyy", "battery_date", kind="text"),
    Point("battery.date.days", "the same as days since 2000-01-01", _days, "d"),
    # input, bypass, output
    Point("input.line_bads", "times the input went out of tolerance", lambda d: d.state.line_bads),
    Point(
        "input.state",
        "the trouble of the input",
        _input_state,
        values=("good", "low", "high", "frequency_low", "frequency_high"),
    ),
    Point("input.frequency", "of the input", lambda d: d.ups.seen["input"].hertz, "Hz"),
    RowPoint("input.{line}.voltage", "phase to neutral", _volts(_INPUT[1]), "V"),
    RowPoint("input.{line}.current", "drawn by the rectifier", _amperes(*_INPUT), "A"),
    RowPoint("input.{line}.power", "drawn by the rectifier", _watts(_INPUT[0]), "W"),
    Point("input.power", "drawn by the rectifier", lambda d: d.ups.rectifier_draw.total_kw * 1000.0, "W"),
    Point("input.power.apparent", "drawn by the rectifier", lambda d: d.ups.rectifier_draw.total_kva * 1000.0, "VA"),
    Point("bypass.frequency", "of the bypass", lambda d: d.ups.bypass_supply.hertz, "Hz"),
    RowPoint("bypass.{line}.voltage", "phase to neutral", _volts(_BYPASS[1]), "V"),
    RowPoint("bypass.{line}.current", "through the bypass", _amperes(*_BYPASS), "A"),
    RowPoint("bypass.{line}.power", "through the bypass", _watts(_BYPASS[0]), "W"),
    Point(
        "output.source",
        "upsOutputSource",
        lambda d: "battery" if d.ups.on_battery else SOURCES[d.ups.state.path],
        values=("none", "normal", "bypass", "battery"),
    ),
    Point("output.frequency", "of the output", lambda d: d.ups.output.hertz, "Hz"),
    RowPoint("output.{line}.voltage", "phase to neutral", _volts(_OUTPUT[1]), "V"),
    RowPoint("output.{line}.current", "to the load", _amperes(*_OUTPUT), "A"),
    RowPoint("output.{line}.power", "to the load", _watts(_OUTPUT[0]), "W"),
    RowPoint("output.{line}.load", "share of the line's rating", _line_load, "%", possible=LOADING),
    Point("output.load", "share of the rating", _load_percent, "%", possible=LOADING),
    Point("output.power", "to the load", lambda d: _output(d.ups).total_kw * 1000.0, "W"),
    Point("output.power.apparent", "to the load", lambda d: _output(d.ups).total_kva * 1000.0, "VA"),
    Point("output.on", "the output is live", lambda d: d.ups.live, kind="truth"),
    Point(
        "output.realpower.percent",
        "real power, share of the rating",
        lambda d: 100.0 * _output(d.ups).total_kw / d.ups.params.kw,
        "%",
        possible=LOADING,
    ),
    Point(
        "output.power.percent",
        "apparent power, share of the rating",
        lambda d: 100.0 * _output(d.ups).total_kva / d.ups.params.kva,
        "%",
        possible=LOADING,
    ),
    Point("output.energy", "energy given to the load since the site was started", lambda d: d.ups.energy_kwh, "kWh"),
    *CONTROLS,
    # tests
    Point(
        "test.id",
        "the test in progress or last done; writing one starts it (upsTestId)",
        lambda d: d.state.test,
        write=lambda d, v: d.selftest.start(v),
        values=("none", "abort", "general", "quick", "deep"),
    ),
    Point(
        "test.lock",
        "upsTestSpinLock",
        lambda d: d.state.test_lock,
        write=lambda d, v: d.selftest.set_lock(v),
        low=0,
        high=2**31 - 1,
        whole=True,
    ),
    Point(
        "test.result",
        "upsTestResultsSummary",
        lambda d: d.state.test_result,
        values=("pass", "warning", "error", "aborted", "in_progress", "none"),
    ),
    Point("test.detail", "upsTestResultsDetail", lambda d: d.state.test_detail, kind="text"),
    Point(
        "test.start",
        "uptime of the card when the test began (upsTestStartTime)",
        lambda d: max(0.0, d.state.test_at - d.state.booted_at) if d.state.test != "none" else 0.0,
        "s",
    ),
    Point(
        "test.elapsed",
        "time since the test began (upsTestElapsedTime)",
        lambda d: d.selftest.elapsed_s,
        "s",
    ),
    Point(
        "test.battery",
        "result of the last test other than a calibration",
        lambda d: d.state.battery_test,
        values=("pass", "warning", "error", "aborted", "in_progress", "none"),
    ),
    Point(
        "test.calibration",
        "result of the last deep calibration",
        lambda d: d.state.calibration,
        values=("ok", "in_progress", "aborted", "unknown"),
    ),
    # alarms
    RowPoint("alarm_row.{alarm_row}.name", "an active alarm", lambda d, n: WELL_KNOWN[n], kind="text"),
    RowPoint(
        "alarm_row.{alarm_row}.time",
        "uptime of the card when it was raised",
        lambda d, n: max(0.0, d.state.alarms.get(WELL_KNOWN[n], 0.0) - d.state.booted_at),
        "s",
    ),
)
