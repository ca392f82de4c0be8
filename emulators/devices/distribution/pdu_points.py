"""The points and alarms of a power distribution unit: four scopes with meters and thresholds, outlets, the sensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twinfeed.emulators.devices.distribution.pdu import PduDevice
from twinfeed.emulators.devices.distribution.pdu_loads import LOAD_STATES
from twinfeed.emulators.devices.distribution.pdu_meter import SCOPES, Scope
from twinfeed.emulators.devices.distribution.pdu_outlets import COMMANDS
from twinfeed.emulators.devices.firmware.alarms import Alarm, Alarms
from twinfeed.emulators.devices.firmware.domain import POWER_FACTOR, Bounds, Kind
from twinfeed.emulators.devices.firmware.points import Point, Points, RowPoint, Value
from twinfeed.emulators.devices.firmware.usual_points import command

RESTRICTIONS = ("always", "near-overload", "overload")


def _any_load(state: str) -> Callable[[PduDevice], bool]:
    return lambda d: state in d.loads.present


ALARMS: Alarms[PduDevice] = (
    Alarm("low_load", "something draws less than its low-load threshold", _any_load("low"), severity="info"),
    Alarm("near_overload", "a load is near its limit", _any_load("near-overload")),
    Alarm("overload", "a load is over its limit", _any_load("overload"), severity="critical"),
    Alarm("bank_tripped", "a bank's breaker is open", lambda d: d.pdu.banks.any_open, severity="critical"),
    Alarm("phase_lost", "a phase of the inlet is dead", lambda d: d.meter.dead_phases > 0, severity="critical"),
    Alarm("outlet_off", "an outlet is switched off", lambda d: False in d.pdu.state.relays, severity="info"),
    Alarm(
        "relay_failed",
        "an outlet is not in the ordered state",
        lambda d: d.pdu.live and d.outlets.disobeyed,
        severity="critical",
        delay_s=1.0,
    ),
    Alarm(
        "too_hot",
        "the sensor is over its threshold",
        lambda d: d.temperature >= d.setting("sensor.high", 32.0),
        clear=lambda d: not d.temperature >= d.setting("sensor.high", 32.0) - 1.0,
    ),
)

Row = Callable[[PduDevice, int], Value]


def _metered(scope: Scope) -> Points[PduDevice]:
    """Everything that is measured and watched of the inlet, a phase, a bank or an outlet."""
    name, unit = scope.name, scope.unit

    def point(
        quantity: str,
        doc: str,
        read: Row,
        unit: str = "",
        write: Callable[[PduDevice, int, Any], None] | None = None,
        values: tuple[str, ...] = (),
        low: float | None = None,
        kind: Kind | None = None,
        possible: Bounds | None = None,
    ) -> Point[PduDevice] | RowPoint[PduDevice]:
        """The inlet is there once, everything else has a row for each."""
        if name == "input":
            return Point(
                f"input.{quantity}",
                doc,
                lambda d: read(d, 0),
                unit,
                None if write is None else lambda d, v: write(d, 0, v),
                values,
                low,
                kind=kind,
                possible=possible,
            )
        row = f"{name}.{{{name}}}.{quantity}"
        return RowPoint(row, doc, read, unit, write, values, low, kind=kind, possible=possible)

    def current(d: PduDevice, r: int) -> float:
        return d.meter.gain * max(d.pdu.amperes) if name == "input" else scope.reading(d.meter, r)

    def power_factor(d: PduDevice, r: int) -> float:
        kva = d.meter.kva(name, r)
        return d.meter.kw(name, r) / kva if kva > 0.0 else 1.0

    def since(what: str) -> Callable[[PduDevice, int], str]:
        return lambda d, r: d.date(d.setting(f"{scope.key(r)}.{what}_since", 0.0))

    def limit(kind: str) -> Point[PduDevice] | RowPoint[PduDevice]:
        setting = f"{kind.replace('-', '_')}_threshold"
        return point(
            setting,
            f"where {kind.replace('-', ' ')} begins",
            lambda d, r: d.loads.threshold(scope, r, kind),
            unit,
            lambda d, r, v: d.configure(f"{scope.key(r)}.{setting}", v),
            low=0.0,
        )

    return (
        point("voltage", "phase to neutral; the lowest of several", lambda d, r: d.meter.volts(name, r), "V"),
        point("current", "RMS; the highest of several poles", current, "A"),
        point("power", "active power", lambda d, r: d.meter.kw(name, r) * 1000.0, "W"),
        point("apparent_power", "apparent power", lambda d, r: d.meter.kva(name, r) * 1000.0, "VA"),
        point("power_factor", "of the fundamental, 1 without load", power_factor, possible=POWER_FACTOR),
        point(
            "energy",
            "active energy since it was last reset",
            lambda d, r: d.energy(scope.key(r), d.meter.kwh(name, r)),
            "kWh",
        ),
        point("energy_since", "when the energy meter was last reset", since("energy"), kind="text"),
        point("rating", "rated load", lambda d, r: scope.rating(d.meter, r), unit),
        point(
            "load_state",
            "load against its thresholds",
            lambda d, r: d.state.loads.get(scope.key(r), "normal"),
            values=LOAD_STATES,
        ),
        point(
            "peak",
            f"highest {'power' if name == 'input' else 'current'} since it was last reset",
            lambda d, r: d.state.peaks.get(scope.key(r), [0.0])[0],
            unit,
        ),
        point(
            "peak_time",
            "when that was",
            lambda d, r: d.date(d.state.peaks.get(scope.key(r), [0.0, 0.0])[1]),
            kind="text",
        ),
        point("peak_since", "when the peak was last reset", since("peak"), kind="text"),
        point(
            "reset_energy",
            "starts its energy meter afresh",
            lambda d, r: "none",
            write=lambda d, r, v: _reset_energy(d, scope, r, v),
            values=("none", "reset"),
        ),
        point(
            "reset_peak",
            "starts its peak afresh",
            lambda d, r: "none",
            write=lambda d, r, v: _reset_peak(d, scope, r, v),
            values=("none", "reset"),
        ),
        limit("low"),
        limit("near-overload"),
        limit("overload"),
    )


def _reset_energy(device: PduDevice, scope: Scope, row: int, command: str) -> None:
    if command == "reset":
        device.reset_energy(scope.key(row), device.meter.kwh(scope.name, row))


def _reset_peak(device: PduDevice, scope: Scope, row: int, command: str) -> None:
    if command == "reset":
        device.reset_peak(scope.key(row))


def _delay(name: str, doc: str, low: float, high: float) -> RowPoint[PduDevice]:
    return RowPoint(
        f"outlet.{{outlet}}.{name}",
        doc,
        lambda d, o: d.outlets.setting(o, name),
        "s",
        lambda d, o, v: d.configure(f"outlet.{o}.{name}", v),
        low=low,
        high=high,
    )


def _restriction(name: str) -> RowPoint[PduDevice]:
    return RowPoint(
        f"{name}.{{{name}}}.restriction",
        "load state from which outlets on it cannot be turned on",
        lambda d, r: d.state.settings.get(f"{name}.{r}.restriction", "always"),
        write=lambda d, r, v: d.configure(f"{name}.{r}.restriction", v),
        values=RESTRICTIONS,
    )


def _phase_name(device: PduDevice, outlet: int) -> str:
    phase = device.pdu.outlet_phases[outlet - 1]
    return "L1-L2-L3" if phase < 0 else f"L{phase + 1}"


def _bank_phase(device: PduDevice, bank: int) -> str:
    return _phase_name(device, device.pdu.outlet_banks.index(bank - 1) + 1)


LAYOUTS = ("L1", "L2", "L3", "L1-L2-L3")

POINTS: Points[PduDevice] = (
    *(point for scope in SCOPES for point in _metered(scope)),
    Point("input.frequency", "of the supply", lambda d: d.pdu.output.hertz, "Hz"),
    Point("input.apparent_energy", "since the site was started", lambda d: d.meter.gain * d.pdu.energy.kvah, "kVAh"),
    Point(
        "outlets.energy_since",
        "when the outlets' meters were last reset together",
        lambda d: d.date(d.setting("outlets.energy_since", 0.0)),
        kind="text",
    ),
    _restriction("phase"),
    _restriction("bank"),
    RowPoint(
        "bank.{bank}.breaker",
        "its breaker",
        lambda d, b: "open" if d.pdu.banks.is_open(b) else "closed",
        values=("closed", "open"),
    ),
    RowPoint("bank.{bank}.phase", "the phase it is on", _bank_phase, values=LAYOUTS),
    RowPoint(
        "outlet.{outlet}.state",
        "its relay",
        lambda d, o: "on" if d.pdu.relay_closed(o) else "off",
        values=("on", "off"),
    ),
    RowPoint(
        "outlet.{outlet}.name",
        "its given name",
        lambda d, o: d.state.settings.get(f"outlet.{o}.name", f"Outlet {o}"),
        write=lambda d, o, v: d.configure(f"outlet.{o}.name", v),
        kind="text",
        length=(1, 64),
    ),
    RowPoint(
        "outlet.{outlet}.pending",
        "a command waits for its time",
        lambda d, o: d.outlets.pending(o),
        kind="truth",
    ),
    RowPoint("outlet.{outlet}.bank", "the bank it is on", lambda d, o: d.pdu.outlet_banks[o - 1] + 1),
    RowPoint("outlet.{outlet}.phase", "the phase it is on", _phase_name, values=LAYOUTS),
    RowPoint(
        "outlet.{outlet}.apparent_energy",
        "since the site was started",
        lambda d, o: d.meter.gain * d.pdu.energy.outlet_kvah(o),
        "kVAh",
    ),
    RowPoint(
        "outlet.{outlet}.control",
        "its relay when read, a command when written",
        lambda d, o: "on" if d.pdu.relay_closed(o) else "off",
        write=lambda d, o, v: d.command(o, v),
        values=COMMANDS,
    ),
    _delay("power_on_delay", "before a delayed on, and after supply returns; -1 never", -1.0, 7200.0),
    _delay("power_off_delay", "before a delayed off; -1 never", -1.0, 7200.0),
    _delay("reboot_duration", "time that a reboot leaves it off", 1.0, 3600.0),
    Point(
        "outlets.pending",
        "any command waits for its time",
        lambda d: any(d.outlets.pending(o) for o in d.meter.rows("outlet")),
        kind="truth",
    ),
    Point(
        "command.outlets",
        "switches all of them; reads none",
        lambda d: "none",
        write=lambda d, v: d.command_all(v),
        values=COMMANDS,
    ),
    command(
        "command.reset_outlet_energies",
        "resets every outlet's energy meter",
        lambda d, v: d.reset_outlet_energies(),
        "reset",
    ),
    Point(
        "cold_start_delay",
        "from the return of supply to the first outlet; -1 never",
        lambda d: d.outlets.cold_start_delay_s,
        "s",
        lambda d, v: d.configure("cold_start_delay", v),
        low=-1.0,
        high=300.0,
    ),
    RowPoint(
        "sensor.{sensor}.present", "whether a sensor is plugged in", lambda d, s: bool(d.params.sensor), kind="truth"
    ),
    RowPoint("sensor.{sensor}.temperature", "reading of the probe", lambda d, s: d.temperature, "°C"),
    RowPoint(
        "sensor.{sensor}.temperature_state",
        "against its threshold",
        lambda d, s: d.temperature_state,
        values=("absent", "normal", "high"),
    ),
    RowPoint("sensor.{sensor}.humidity", "relative", lambda d, s: d.humidity, "%"),
    RowPoint(
        "sensor.{sensor}.high_threshold",
        "threshold of too hot",
        lambda d, s: d.setting("sensor.high", 32.0),
        "°C",
        lambda d, s, v: d.configure("sensor.high", v),
        low=0.0,
        high=100.0,
    ),
)
