"""The points of a power distribution unit: meters and thresholds of four scopes, outlets, banks, the sensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from twinfeed.emulators.devices.firmware.domain import POWER_FACTOR
from twinfeed.emulators.devices.firmware.points import Point

if TYPE_CHECKING:
    from twinfeed.emulators.devices.distribution.pdu import PduDevice

COMMANDS = ("none", "on", "off", "reboot", "delayed-on", "delayed-off", "delayed-reboot", "cancel")
LOAD_STATES = ("low", "normal", "near-overload", "overload")
RESTRICTIONS = ("always", "near-overload", "overload")


class Scope(NamedTuple):
    """Something with a load, thresholds and a peak: the whole PDU (W), a phase, a bank, an outlet (A)."""

    name: str
    """`input`, or the index of its table."""
    unit: str
    rating: Callable[[PduDevice, int], float]
    reading: Callable[[PduDevice, int], float]

    def key(self, row: int) -> str:
        return f"{self.name}.{row}" if row else self.name


SCOPES = (
    Scope("input", "W", lambda d, _: d.rated_watts, lambda d, _: d.gain * d.pdu.load_kw * 1000.0),
    Scope("phase", "A", lambda d, p: d.pdu.params.rated_a, lambda d, p: d.gain * d.pdu.amperes[d.phase(p)]),
    Scope("bank", "A", lambda d, b: d.pdu.params.bank_a, lambda d, b: d.gain * d.pdu.bank_amperes(b)),
    Scope("outlet", "A", lambda d, o: d.pdu.params.outlet_a, lambda d, o: d.gain * d.pdu.outlet_amperes(o)),
)


def _metered(scope: Scope) -> tuple[Point, ...]:
    """Everything that is measured and watched of the inlet, a phase, a bank or an outlet."""
    name, unit = scope.name, scope.unit
    prefix = name if name == "input" else f"{name}.{{{name}}}"

    def read(how: Callable[[PduDevice, int], Any]) -> Callable[..., Any]:
        return (lambda d: how(d, 0)) if name == "input" else how

    def write(how: Callable[[PduDevice, int, Any], None]) -> Callable[..., None]:
        return (lambda d, v: how(d, 0, v)) if name == "input" else how

    def current(d: PduDevice, r: int) -> float:
        return d.gain * max(d.pdu.amperes) if name == "input" else scope.reading(d, r)

    def power_factor(d: PduDevice, r: int) -> float:
        kva = d.kva(name, r)
        return d.kw(name, r) / kva if kva > 0.0 else 1.0

    def since(what: str) -> Callable[[PduDevice, int], str]:
        return lambda d, r: d.date(d.setting(f"{scope.key(r)}.{what}_since", 0.0))

    def limit(kind: str) -> Point:
        setting = f"{kind.replace('-', '_')}_threshold"

        def configure(d: PduDevice, r: int, v: float) -> None:
            d.configure(f"{scope.key(r)}.{setting}", v)

        return Point(
            f"{prefix}.{setting}",
            f"where {kind.replace('-', ' ')} begins",
            read(lambda d, r: d.threshold(scope, r, kind)),
            unit,
            write(configure),
            low=0.0,
        )

    return (
        Point(f"{prefix}.voltage", "phase to neutral; the lowest of several", read(lambda d, r: d.volts(name, r)), "V"),
        Point(f"{prefix}.current", "RMS; the highest of several poles", read(current), "A"),
        Point(f"{prefix}.power", "active power", read(lambda d, r: d.kw(name, r) * 1000.0), "W"),
        Point(f"{prefix}.apparent_power", "apparent power", read(lambda d, r: d.kva(name, r) * 1000.0), "VA"),
        Point(
            f"{prefix}.power_factor", "of the fundamental, 1 without load", read(power_factor), possible=POWER_FACTOR
        ),
        Point(
            f"{prefix}.energy",
            "active energy since it was last reset",
            read(lambda d, r: d.energy(scope.key(r), d.kwh(name, r))),
            "kWh",
        ),
        Point(f"{prefix}.energy_since", "when the energy meter was last reset", read(since("energy")), kind="text"),
        Point(f"{prefix}.rating", "rated load", read(lambda d, r: scope.rating(d, r)), unit),
        Point(
            f"{prefix}.load_state",
            "load against its thresholds",
            read(lambda d, r: d.state.loads.get(scope.key(r), "normal")),
            values=LOAD_STATES,
        ),
        Point(
            f"{prefix}.peak",
            f"highest {'power' if name == 'input' else 'current'} since it was last reset",
            read(lambda d, r: d.state.peaks.get(scope.key(r), [0.0])[0]),
            unit,
        ),
        Point(
            f"{prefix}.peak_time",
            "when that was",
            read(lambda d, r: d.date(d.state.peaks.get(scope.key(r), [0.0, 0.0])[1])),
            kind="text",
        ),
        Point(f"{prefix}.peak_since", "when the peak was last reset", read(since("peak")), kind="text"),
        Point(
            f"{prefix}.reset_energy",
            "starts its energy meter afresh",
            read(lambda d, r: "none"),
            write=write(lambda d, r, v: _reset_energy(d, scope, r, v)),
            values=("none", "reset"),
        ),
        Point(
            f"{prefix}.reset_peak",
            "starts its peak afresh",
            read(lambda d, r: "none"),
            write=write(lambda d, r, v: _reset_peak(d, scope, r, v)),
            values=("none", "reset"),
        ),
        limit("low"),
        limit("near-overload"),
        limit("overload"),
    )


def _reset_energy(device: PduDevice, scope: Scope, row: int, command: str) -> None:
    if command == "reset":
        device.reset_energy(scope.key(row), device.kwh(scope.name, row))


def _reset_peak(device: PduDevice, scope: Scope, row: int, command: str) -> None:
    if command == "reset":
        device.reset_peak(scope.key(row))


def _delay(name: str, doc: str, low: float, high: float) -> Point:
    return Point(
        f"outlet.{{outlet}}.{name}",
        doc,
        lambda d, o: d.outlet_setting(o, name),
        "s",
        lambda d, o, v: d.configure(f"outlet.{o}.{name}", v),
        low=low,
        high=high,
    )


def _restriction(name: str) -> Point:
    return Point(
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

POINTS: tuple[Point, ...] = (
    *(point for scope in SCOPES for point in _metered(scope)),
    Point("input.frequency", "of the supply", lambda d: d.pdu.output.hertz, "Hz"),
    Point("input.apparent_energy", "since the site was started", lambda d: d.gain * d.pdu.energy_kvah, "kVAh"),
    Point(
        "outlets.energy_since",
        "when the outlets' meters were last reset together",
        lambda d: d.date(d.setting("outlets.energy_since", 0.0)),
        kind="text",
    ),
    _restriction("phase"),
    _restriction("bank"),
    Point(
        "bank.{bank}.breaker",
        "its breaker",
        lambda d, b: "open" if d.pdu.bank_open(b) else "closed",
        values=("closed", "open"),
    ),
    Point("bank.{bank}.phase", "the phase it is on", _bank_phase, values=LAYOUTS),
    Point(
        "outlet.{outlet}.state",
        "its relay",
        lambda d, o: "on" if d.pdu.relay_closed(o) else "off",
        values=("on", "off"),
    ),
    Point(
        "outlet.{outlet}.name",
        "what people call it",
        lambda d, o: d.state.settings.get(f"outlet.{o}.name", f"Outlet {o}"),
        write=lambda d, o, v: d.configure(f"outlet.{o}.name", v),
        kind="text",
        length=(1, 64),
    ),
    Point("outlet.{outlet}.pending", "whether a command waits for its time", lambda d, o: d.pending(o), kind="truth"),
    Point("outlet.{outlet}.bank", "the bank it is on", lambda d, o: d.pdu.outlet_banks[o - 1] + 1),
    Point("outlet.{outlet}.phase", "the phase it is on", _phase_name, values=LAYOUTS),
    Point(
        "outlet.{outlet}.apparent_energy",
        "since the site was started",
        lambda d, o: d.gain * d.pdu.outlet_kvah(o),
        "kVAh",
    ),
    Point(
        "outlet.{outlet}.control",
        "its relay when read, a command when written",
        lambda d, o: "on" if d.pdu.relay_closed(o) else "off",
        write=lambda d, o, v: d.command(o, v),
        values=COMMANDS,
    ),
    _delay("power_on_delay", "before a delayed on, and after supply returns; -1 never", -1.0, 7200.0),
    _delay("power_off_delay", "before a delayed off; -1 never", -1.0, 7200.0),
    _delay("reboot_duration", "how long a reboot leaves it off", 1.0, 3600.0),
    Point(
        "outlets.pending",
        "whether any command waits for its time",
        lambda d: any(d.pending(o) for o in d.indices("outlet")),
        kind="truth",
    ),
    Point(
        "command.outlets",
        "switches all of them; reads none",
        lambda d: "none",
        write=lambda d, v: d.command_all(v),
        values=COMMANDS,
    ),
    Point(
        "command.reset_outlet_energies",
        "resets every outlet's energy meter",
        lambda d: "none",
        write=lambda d, v: d.reset_outlet_energies() if v == "reset" else None,
        values=("none", "reset"),
    ),
    Point(
        "cold_start_delay",
        "from the return of supply to the first outlet; -1 never",
        lambda d: d.setting("cold_start_delay", d.params.cold_start_delay_s),
        "s",
        lambda d, v: d.configure("cold_start_delay", v),
        low=-1.0,
        high=300.0,
    ),
    Point(
        "sensor.{sensor}.present", "whether a sensor is plugged in", lambda d, s: bool(d.params.sensor), kind="truth"
    ),
    Point("sensor.{sensor}.temperature", "what the probe measures", lambda d, s: d.temperature, "°C"),
    Point(
        "sensor.{sensor}.temperature_state",
        "against its threshold",
        lambda d, s: d.temperature_state,
        values=("absent", "normal", "high"),
    ),
    Point("sensor.{sensor}.humidity", "relative", lambda d, s: d.humidity, "%"),
    Point(
        "sensor.{sensor}.high_threshold",
        "where too hot begins",
        lambda d, s: d.setting("sensor.high", 32.0),
        "°C",
        lambda d, s, v: d.configure("sensor.high", v),
        low=0.0,
        high=100.0,
    ),
)
