"""The points and alarms of an automatic transfer switch's controller."""

from __future__ import annotations

from collections.abc import Callable

from twinfeed.emulators.devices.firmware.alarms import Alarm, Alarms
from twinfeed.emulators.devices.firmware.points import CellPoint, Point, Points, RowPoint
from twinfeed.emulators.devices.firmware.usual_points import command
from twinfeed.emulators.devices.transfer.transfer_switch import DELAYS, MODES, SOURCES
from twinfeed.emulators.devices.transfer.transfer_switch import TransferSwitchController as Controller
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Supply

ALARMS: Alarms[Controller] = (
    Alarm("normal_lost", "the normal source is out of limits", lambda d: not d.state.good["normal"]),
    Alarm(
        "emergency_unavailable",
        "the engine was called and no good emergency source came",
        lambda d: d.ats.start_request and not d.state.good["emergency"],
        severity="critical",
        delay_s=30.0,
    ),
    Alarm("on_emergency", "the load is on the emergency source", lambda d: d.ats.on_emergency, severity="info"),
    Alarm(
        "move_failed",
        "the mechanism did not reach its position in time",
        lambda d: d.state.move_failed,
        severity="critical",
    ),
    Alarm(
        "load_unpowered", "the load has been dead too long", lambda d: not d.ats.live, severity="critical", delay_s=30.0
    ),
    Alarm("not_automatic", "the switch will not transfer by itself", lambda d: d.mode != "automatic"),
    Alarm(
        "locked_out",
        "transfers are blocked until the lockout is reset",
        lambda d: d.locked_out,
        severity="critical",
    ),
)


def _timer_left(timer: str) -> Callable[[Controller], float]:
    return lambda d: d.remaining_s(timer) or 0.0


def _setting(name: str) -> Callable[[Controller], float]:
    return lambda d: d.setting(name)


def _store(name: str) -> Callable[[Controller, float], None]:
    return lambda d, value: d.store(name, float(value))


def _voltage(d: Controller, source: int, phase: int) -> float:
    return d.terminals(SOURCES[source - 1]).volts[phase - 1]


def _undervoltage(d: Controller, source: int) -> bool:
    p, name = d.params, SOURCES[source - 1]
    low = p.dropout_percent if d.state.good[name] else p.pickup_percent
    return d.sensed(name).worst_volts < NOMINAL_VOLTS * low / 100.0


def _overvoltage(d: Controller, source: int) -> bool:
    highest = max(d.sensed(SOURCES[source - 1]).volts)
    return highest > NOMINAL_VOLTS * d.params.overvoltage_percent / 100.0


def _phase_failure(d: Controller, source: int) -> bool:
    volts = d.sensed(SOURCES[source - 1]).volts
    return min(volts) < 0.5 * NOMINAL_VOLTS <= max(volts)


def _line_voltage(d: Controller, source: int, phase: int) -> float:
    return _phase_to_phase(d.sensed(SOURCES[source - 1]), phase)


def _phase_to_phase(supply: Supply, phase: int) -> float:
    """RMS between that phase and the next at 120 degrees, V: sqrt(a^2 + b^2 + a b)."""
    a, b = supply.volts[phase - 1], supply.volts[phase % 3]
    return float((a * a + b * b + a * b) ** 0.5)


POINTS: Points[Controller] = (
    Point("mode", "operating mode", lambda d: d.mode, write=lambda d, v: d.set_mode(v), values=MODES),
    Point(
        "switch.position", "position of the contacts", lambda d: d.ats.position, values=("normal", "off", "emergency")
    ),
    Point("switch.transfers", "moves completed since it was built", lambda d: d.ats.transfers),
    RowPoint("source.{source}.available", "within limits", lambda d, s: d.state.good[SOURCES[s - 1]], kind="truth"),
    RowPoint(
        "source.{source}.connected", "carries the load", lambda d, s: d.ats.position == SOURCES[s - 1], kind="truth"
    ),
    CellPoint("source.{source}.voltage.{phase}", "phase to neutral", _voltage, "V"),
    CellPoint("source.{source}.line_voltage.{phase}", "phase to phase: L1-L2, L2-L3, L3-L1", _line_voltage, "V"),
    RowPoint("source.{source}.frequency", "of that source", lambda d, s: d.terminals(SOURCES[s - 1]).hertz, "Hz"),
    RowPoint("source.{source}.undervoltage", "a phase is below the lower threshold", _undervoltage, kind="truth"),
    RowPoint("source.{source}.overvoltage", "a phase is above the upper threshold", _overvoltage, kind="truth"),
    RowPoint(
        "source.{source}.breaker_timeout",
        "the move to it took too long",
        lambda d, s: d.state.move_failed and d.state.goal == SOURCES[s - 1],
        kind="truth",
    ),
    RowPoint(
        "source.{source}.breaker_trip",
        "its breaker has tripped on a fault of the load: no transfer until the reset",
        lambda d, s: d.tripped == SOURCES[s - 1],
        kind="truth",
    ),
    RowPoint("source.{source}.phase_failure", "one or two phases are dead", _phase_failure, kind="truth"),
    RowPoint("load.voltage.{phase}", "phase to neutral", lambda d, p: d.ats.output.volts[p - 1], "V"),
    RowPoint(
        "load.current.{phase}",
        "through the switch, RMS",
        lambda d, p: d.ats.amperes[p - 1],
        "A",
    ),
    Point("load.power", "active power through the switch", lambda d: d.ats.load_kw, "kW"),
    Point(
        "engine.start",
        "the engine-start contact",
        lambda d: d.ats.start_request,
        write=lambda d, v: d.start_by_hand(v),
        kind="truth",
    ),
    *(
        Point[Controller](f"timer.{name}.remaining", f"time left of the {name} delay", _timer_left(name), "s")
        for name in DELAYS
    ),
    *(
        Point[Controller](
            f"setting.{name}",
            doc,
            _setting(f"{name}_s"),
            "s",
            write=_store(f"{name}_s"),
            low=0.0,
            high=high,
        )
        for name, doc, high in (
            ("override", "how long a dip is ridden over", 6.0),
            ("transfer", "how long the emergency source must be good", 3600.0),
            ("retransfer", "how long the normal source must be good", 36000.0),
            ("cooldown", "how long the engine runs on unloaded", 3600.0),
        )
    ),
    Point(
        "setting.test_on_load",
        "a test transfers the load",
        lambda d: bool(d.setting("test_on_load")),
        write=lambda d, v: d.store("test_on_load", v),
        kind="truth",
    ),
    Point(
        "setting.automatic_return",
        "it goes back by itself",
        lambda d: bool(d.setting("automatic_return")),
        write=lambda d, v: d.store("automatic_return", v),
        kind="truth",
    ),
    command("command.transfer", "move by hand", lambda d, v: d.order_by_hand(v), "normal", "off", "emergency"),
    command("command.bypass_delay", "end the running delay", lambda d, v: d.bypass_delay(v), "bypass"),
    command("command.reset", "clear a failed move or a lockout", lambda d, v: d.reset(v), "reset"),
)
