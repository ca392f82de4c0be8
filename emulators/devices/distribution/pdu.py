"""Firmware of a power distribution unit: switches outlets, meters, and watches loads against thresholds.

The relays and the timers that work them belong to the power board and go on while the management card is down;
readings, alarms and answers belong to the card.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import hypot, nan
from typing import Annotated, Any

from twinfeed.emulators.devices.distribution.pdu_points import LOAD_STATES, POINTS, SCOPES, Scope
from twinfeed.emulators.devices.firmware.alarms import Alarm, alarm_points
from twinfeed.emulators.devices.firmware.device import Device, Params, State
from twinfeed.emulators.devices.firmware.points import Index, Refused
from twinfeed.emulators.plant.kernel.ratings import Form, Names, Range
from twinfeed.emulators.plant.power.electrical import Component, Phases
from twinfeed.emulators.plant.power.pdu import Pdu as PduPlant

HYSTERESIS = 0.02
"""A load state is left when the reading is this part of the threshold below (above, for low load) it (assumption)."""

DRIFT = 0.002
"""A voltage that has drifted by less than this part of itself does not make currents be looked at again."""


def _clock(text: str) -> datetime:
    """A time of the site's start that leaves its clock, wrong or right, within what `datetime` knows.

    Raises:
        ValueError: not such a time.
    """
    clock = datetime.fromisoformat(text)
    if not 1970 <= clock.year <= 2100 or clock.tzinfo is not None:
        raise ValueError(text)
    return clock


def _format(text: str) -> str:
    """A format that `strftime` takes.

    Raises:
        ValueError: it does not.
    """
    return datetime(2026, 1, 1).strftime(text)


@dataclass(frozen=True)
class PduParams(Params):
    """A PDU's management, on top of what every device has."""

    sensor: Annotated[str, Names()] = ""
    """The hall (or other component with `inlet_c`) whose air the sensor on its port feels; none is plugged in if ''."""
    cold_start_delay_s: Annotated[float, Range(-1.0, 86400.0, "s")] = 0.0
    """From the return of supply to the first outlet, s; -1 leaves all outlets off (only for relays that fall open)."""
    power_on_delay_s: Annotated[float, Range(-1.0, 86400.0, "s")] = 0.0
    """Default of every outlet, s; -1: not by itself (PowerNet-MIB rPDU2OutletSwitchedConfigPowerOnTime)."""
    power_off_delay_s: Annotated[float, Range(-1.0, 86400.0, "s")] = 0.0
    reboot_s: Annotated[float, Range(0.0, 86400.0, "s")] = 5.0
    """Off time of a reboot, s (PowerNet-MIB: 5 to 60)."""
    near_overload: Annotated[float, Range(0.0, 1.0, "of the rating")] = 0.8
    """Default near-overload threshold as a part of the rating."""
    clock_at_start: Annotated[str, Form("a time from 1970 to 2100 such as 2026-01-01T00:00:00", _clock)] = (
        "2026-01-01T00:00:00"
    )
    """What the device's clock says when the site starts."""
    clock_format: Annotated[str, Form("a format of strftime such as %m/%d/%Y", _format)] = "%m/%d/%Y %H:%M:%S"
    """How the product writes dates (this is APC's)."""


@dataclass
class PduDeviceState(State):
    energised: bool = True
    wanted: list[bool] = field(default_factory=list)
    """What each outlet was last told to be: what relays that fall open return to."""
    loads: dict[str, str] = field(default_factory=dict)
    """Load state of each thing watched, `phase.1` -> `normal`."""
    peaks: dict[str, list[float]] = field(default_factory=dict)
    """Highest reading and when, s, of each thing watched."""


def _any_load(state: str) -> Callable[[PduDevice], bool]:
    return lambda d: state in d.load_states


ALARMS = (
    Alarm("low_load", "something draws less than its low-load threshold", _any_load("low"), severity="info"),
    Alarm("near_overload", "a load is near its limit", _any_load("near-overload")),
    Alarm("overload", "a load is over its limit", _any_load("overload"), severity="critical"),
    Alarm("bank_tripped", "a bank's breaker is open", lambda d: d.pdu.any_bank_open, severity="critical"),
    Alarm("phase_lost", "a phase of the inlet is dead", lambda d: d.dead_phases > 0, severity="critical"),
    Alarm("outlet_off", "an outlet is switched off", lambda d: False in d.pdu.state.relays, severity="info"),
    Alarm(
        "relay_failed",
        "an outlet is not what it was told to be",
        lambda d: d.pdu.live and d.disobeyed,
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


class PduDevice(Device):
    """A PDU's firmware. Manages the plant's `Pdu` named by `of`."""

    kind = "pdu"
    PARAMS = PduParams
    MANAGES = (PduPlant,)
    STATE = PduDeviceState
    POINTS = (*POINTS, *alarm_points(ALARMS))
    ALARMS = ALARMS
    OF_THIS_RUN = (".energy-base", ".energy_since", ".peak_since")
    params: PduParams
    state: PduDeviceState
    pdu: PduPlant

    def start(self) -> None:
        pdu = self.plant.find(self.params.of)
        assert isinstance(pdu, PduPlant), f"{self.name} manages {pdu.id}, which is not a pdu"
        self.pdu = pdu
        self.state.wanted = list(pdu.state.relays)
        sensed = self.plant.find(self.params.sensor) if self.params.sensor else None
        self._sensed: Component | None = sensed if isinstance(sensed, Component) else None
        self._seen: tuple[Any, ...] = (None,) * 7
        self._changes = 0
        self._assessed: tuple[object, PduDeviceState, float] | None = None
        self._assessed_volts: Phases = (0.0, 0.0, 0.0)
        self.load_states: set[str] = set()
        self._limits: dict[str, tuple[float, float, float]] = {}
        """By the key of what is watched: overload, near-overload and low threshold, worked out from …"""
        self._limits_from: dict[str, Any] = {}
        """… these settings."""
        self._restored = False
        """The state is that of a snapshot and nothing has been looked at since."""
        self._scopes = [(scope, row) for scope in SCOPES for row in self._rows(scope.name)]

    def _rows(self, scope: str) -> Sequence[int]:
        p = self.pdu.params
        return {
            "input": (0,),
            "inlet": (1,),
            "sensor": (1,),
            "phase": range(1, p.phases + 1),
            "bank": range(1, p.banks + 1),
            "outlet": range(1, p.outlets + 1),
        }[scope]

    def indices(self, name: str) -> Sequence[Index]:
        if name in ("inlet", "phase", "bank", "outlet", "sensor"):
            return self._rows(name)
        return super().indices(name)

    def card_supplied(self) -> bool:
        """The card lives on any phase of the inlet, unless the site gives it another feed."""
        if self.params.powered_by:
            return super().card_supplied()
        return max(self.pdu.output.volts) > 100.0

    # -- the clock's calls ----------------------------------------------------------------------------------

    def react(self) -> None:
        pdu = self.pdu
        if pdu.live != self.state.energised:
            self.state.energised = pdu.live
            self._supply_returned() if pdu.live else self._supply_lost()
        if self._something_changed():
            self._assess()
            super().react()

    def _something_changed(self) -> bool:
        """Whether anything that load states and alarms depend on is not what it was: a site has dozens of PDUs."""
        pdu, seen = self.pdu, self._seen
        volts, card = pdu.output.volts, self.state.card
        now = (volts, pdu.outlet_draws, self.state, pdu.changes, self._changes, card, self.temperature)
        self._seen = now
        return (
            bool(self.params.powered_by)
            or now[0] != seen[0]
            or now[1] is not seen[1]
            or now[2] is not seen[2]
            or now[3:6] != seen[3:6]
            or (now[6] is not seen[6] and now[6] != seen[6])
        )

    def on_restore(self) -> None:
        if self.state.settings != self._limits_from:
            self._forget_limits()
        self._restored = True
        super().on_restore()

    def _forget_limits(self) -> None:
        self._limits.clear()
        self._limits_from = dict(self.state.settings)

    def on_fault(self, kind: str, active: bool) -> None:
        self._changes += 1
        super().on_fault(kind, active)

    def _assess(self) -> None:
        """Bring load states and peaks up to date if a draw, a threshold or a voltage (by `DRIFT`) has changed."""
        pdu, state = self.pdu, self.state
        volts, seen = pdu.output.volts, (pdu.outlet_draws, state, pdu.meter_gain)
        if self._assessed is not None:
            draws, remembered, gain = self._assessed
            steady = volts is self._assessed_volts or all(
                abs(now - then) <= DRIFT * then for now, then in zip(volts, self._assessed_volts, strict=True)
            )
            if draws is seen[0] and remembered is state and gain == seen[2] and steady:
                return
        restored, self._restored = self._restored, False
        if not self.answers:
            return
        self._assessed, self._assessed_volts = seen, volts
        if restored:  # what it had made of these readings is in its state
            self.load_states = set(state.loads.values())
            return
        for scope, row in self._scopes:
            key, reading = scope.key(row), scope.reading(self, row)
            if reading > self.state.peaks.get(key, (-1.0,))[0]:
                self.state.peaks[key] = [reading, self.plant.now]
            before = self.state.loads.get(key, "normal")
            after = self._load_state(scope, row, reading, before)
            if after != before:
                self.state.loads[key] = after
                self.record(f"{key.replace('.', ' ')} {after.replace('-', ' ')}")
            else:
                self.state.loads.setdefault(key, after)
        self.load_states = set(self.state.loads.values())

    def _load_state(self, scope: Scope, row: int, reading: float, before: str) -> str:
        key = scope.key(row)
        limits = self._limits.get(key)
        if limits is None:
            over, near, low = (self.threshold(scope, row, kind) for kind in ("overload", "near-overload", "low"))
            limits = self._limits[key] = (over, near, low)
        for kind, limit in zip(("overload", "near-overload"), limits, strict=False):
            if reading >= limit * (1.0 - HYSTERESIS if before == kind else 1.0):
                return kind
        low = limits[2] * (1.0 + HYSTERESIS if before == "low" else 1.0)
        return "low" if low > 0.0 and reading < low else "normal"

    def on_boot(self) -> None:
        self._assessed = None
        self._changes += 1

    def on_timer(self, name: str) -> None:
        self._changes += 1
        verb, _, outlet = name.partition(" outlet ")
        if not outlet:
            super().on_timer(name)
        elif verb == "cycle":
            self._set(int(outlet), False)
            self.after(self.outlet_setting(int(outlet), "reboot_duration"), f"on outlet {outlet}")
        else:
            self._set(int(outlet), verb == "on")

    # -- outlets ----------------------------------------------------------------------------------------------

    def _supply_lost(self) -> None:
        for outlet in self._rows("outlet"):
            self._cancel(outlet)

    def _supply_returned(self) -> None:
        """Close, one after the other, the relays that fell open (latching ones are still where they were)."""
        cold = self.setting("cold_start_delay", self.params.cold_start_delay_s)
        for outlet in self._rows("outlet"):
            delay = self.outlet_setting(outlet, "power_on_delay")
            if self.state.wanted[outlet - 1] and not self.pdu.relay_closed(outlet) and cold >= 0.0 and delay >= 0.0:
                self.after(cold + delay, f"on outlet {outlet}")

    def _set(self, outlet: int, on: bool) -> None:
        self.state.wanted[outlet - 1] = on
        obeyed = self.pdu.switch(outlet, on)
        self.record(f"outlet {outlet} {'on' if on else 'off'}{'' if obeyed else ' failed'}")

    def _cancel(self, outlet: int) -> None:
        for verb in ("on", "off", "cycle"):
            self.cancel(f"{verb} outlet {outlet}")

    def pending(self, outlet: int) -> bool:
        """Whether a command on that outlet waits for its time."""
        return any((self.id, f"{verb} outlet {outlet}") in self.plant.timers for verb in ("on", "off", "cycle"))

    def command(self, outlet: int, command: str) -> None:
        """Switch one outlet.

        Raises:
            Refused: the PDU has no relays, no power, or its load forbids turning outlets on.
        """
        if command == "none":
            return
        if not self.pdu.params.switched:
            raise Refused(f"{self.name} is a metered PDU: its outlets cannot be switched")
        if not self.pdu.live:
            raise Refused(f"{self.name} has no power at its inlet")
        if command in ("on", "delayed-on") and self.restricted(outlet):
            raise Refused(f"{self.name}: the load on the phase or bank of outlet {outlet} forbids turning it on")
        wait = {"delayed-on": "power_on_delay", "delayed-off": "power_off_delay", "delayed-reboot": "power_off_delay"}
        delay = self.outlet_setting(outlet, wait[command]) if command in wait else 0.0
        if delay < 0.0:
            raise Refused(f"{self.name}: outlet {outlet} is set never to do that ({wait[command]} is {delay:g})")
        self._cancel(outlet)
        self._changes += 1
        self.record(f"outlet {outlet} command {command}")
        if command == "cancel":
            return
        verb = {"on": "on", "off": "off", "reboot": "cycle"}[command.removeprefix("delayed-")]
        if delay > 0.0:
            self.after(delay, f"{verb} outlet {outlet}")
        else:
            self.on_timer(f"{verb} outlet {outlet}")

    def command_all(self, command: str) -> None:
        """The same command to every outlet; delayed ones follow each outlet's own delay."""
        for outlet in self._rows("outlet"):
            self.command(outlet, command)

    def restricted(self, outlet: int) -> bool:
        """Whether the load of its phase or bank forbids turning that outlet on."""
        scopes = [("bank", self.pdu.outlet_banks[outlet - 1] + 1)]
        phase = self.pdu.outlet_phases[outlet - 1]
        scopes += [("phase", p) for p in self._rows("phase") if phase < 0 or self.phase(p) == phase]
        for name, row in scopes:
            limit = str(self.state.settings.get(f"{name}.{row}.restriction", "always"))
            load = self.state.loads.get(f"{name}.{row}", "normal")
            if limit != "always" and LOAD_STATES.index(load) >= LOAD_STATES.index(limit):
                return True
        return False

    @property
    def disobeyed(self) -> bool:
        """Whether an outlet is not what it was told to be (a sequence that is still running is no failure)."""
        if self.pdu.state.relays == self.state.wanted:
            return False
        return (
            any(
                relay != wanted and not self.pending(outlet)
                for outlet, (relay, wanted) in enumerate(zip(self.pdu.state.relays, self.state.wanted, strict=True), 1)
            )
            and self.pdu.params.latching
        )

    # -- settings ---------------------------------------------------------------------------------------------

    def setting(self, name: str, default: float) -> float:
        return float(self.state.settings.get(name, default))

    def outlet_setting(self, outlet: int, name: str) -> float:
        p = self.params
        default = {
            "power_on_delay": p.power_on_delay_s,
            "power_off_delay": p.power_off_delay_s,
            "reboot_duration": p.reboot_s,
        }[name]
        return self.setting(f"outlet.{outlet}.{name}", default)

    def threshold(self, scope: Scope, row: int, kind: str) -> float:
        part = {"overload": 1.0, "near-overload": self.params.near_overload, "low": 0.0}[kind]
        return self.setting(f"{scope.key(row)}.{kind.replace('-', '_')}_threshold", part * scope.rating(self, row))

    def configure(self, name: str, value: Any) -> None:
        self.state.settings[name] = value
        self._assessed = None
        self._forget_limits()
        self._changes += 1
        self.record(f"{name.replace('.', ' ')} set to {value}")

    # -- what it measures -------------------------------------------------------------------------------------

    @property
    def gain(self) -> float:
        return self.pdu.meter_gain

    def phase(self, row: int) -> int:
        """The plant's phase, from 0, of a row of the phase table."""
        return self.pdu.wired_phases[row - 1]

    @property
    def rated_watts(self) -> float:
        """At 230 V, W."""
        return self.pdu.params.rated_a * 230.0 * self.pdu.params.phases

    @property
    def dead_phases(self) -> int:
        return sum(self.pdu.output.volts[p] < 100.0 for p in self.pdu.wired_phases)

    @property
    def temperature(self) -> float:
        """Of the sensor, C; NaN without one."""
        return nan if self._sensed is None else float(getattr(self._sensed, "inlet_c", nan))

    @property
    def temperature_state(self) -> str:
        if self._sensed is None:
            return "absent"
        return "high" if "too_hot" in self.state.alarms else "normal"

    @property
    def humidity(self) -> float:
        return nan if self._sensed is None else float(getattr(self._sensed, "humidity_percent", nan))

    def energy(self, key: str, kwh: float) -> float:
        """A resettable energy meter, kWh."""
        return self.gain * kwh - self.setting(f"{key}.energy-base", 0.0)

    def reset_energy(self, key: str, kwh: float) -> None:
        self.state.settings[f"{key}.energy-base"] = self.gain * kwh
        self.state.settings[f"{key}.energy_since"] = self.plant.now
        self.record(f"{key.replace('.', ' ')} energy reset")

    def reset_outlet_energies(self) -> None:
        for outlet in self._rows("outlet"):
            self.reset_energy(f"outlet.{outlet}", self.pdu.outlet_kwh(outlet))
        self.state.settings["outlets.energy_since"] = self.plant.now

    def reset_peak(self, key: str) -> None:
        self.state.peaks.pop(key, None)
        self.state.settings[f"{key}.peak_since"] = self.plant.now
        self._assessed = None
        self._changes += 1
        self.record(f"{key.replace('.', ' ')} peak reset")

    def date(self, at_s: float) -> str:
        """A moment of the plant as the device writes it."""
        clock = datetime.fromisoformat(self.params.clock_at_start) + timedelta(seconds=int(at_s))
        return clock.strftime(self.params.clock_format)

    def kva(self, scope: str, row: int) -> float:
        """Apparent power, kVA."""
        pdu = self.pdu
        if scope == "phase":
            return self.gain * hypot(pdu.load.kw[self.phase(row)], pdu.load.kvar[self.phase(row)])
        if scope == "bank":
            return self.gain * pdu.bank_draw(row).total_kva
        return self.gain * (pdu.outlet_draws[row - 1] if scope == "outlet" else pdu.load).total_kva

    def kw(self, scope: str, row: int) -> float:
        pdu = self.pdu
        if scope == "phase":
            return self.gain * pdu.load.kw[self.phase(row)]
        if scope == "bank":
            return self.gain * pdu.bank_draw(row).total_kw
        return self.gain * (pdu.outlet_draws[row - 1] if scope == "outlet" else pdu.load).total_kw

    def kwh(self, scope: str, row: int) -> float:
        pdu = self.pdu
        if scope == "phase":
            return pdu.phase_kwh(self.phase(row) + 1)
        if scope == "bank":
            return pdu.bank_kwh(row)
        return pdu.outlet_kwh(row) if scope == "outlet" else pdu.energy_kwh

    def volts(self, scope: str, row: int) -> float:
        pdu = self.pdu
        if scope == "outlet":
            return pdu.outlet_volts[row - 1]
        if scope == "phase":
            return pdu.output.volts[self.phase(row)]
        if scope == "bank":
            phase = pdu.outlet_phases[pdu.outlet_banks.index(row - 1)]
            volts = pdu.output.worst_volts if phase < 0 else pdu.output.volts[phase]
            return 0.0 if pdu.bank_open(row) else volts
        return pdu.output.worst_volts
