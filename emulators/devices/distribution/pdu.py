"""The firmware of a power distribution unit: switches outlets, meters, and compares loads with thresholds.

The relays and the timers that work them belong to the power board and go on while the management card is down;
readings, alarms and answers belong to the card. Its parts are `meter`, `loads` and `outlets`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import nan
from typing import Any

from twinfeed.emulators.devices.distribution.pdu_loads import LoadWatch
from twinfeed.emulators.devices.distribution.pdu_meter import PduMeter
from twinfeed.emulators.devices.distribution.pdu_outlets import Outlets
from twinfeed.emulators.devices.distribution.pdu_settings import PduDeviceState, PduParams, setting
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Index
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.power.pdu import Pdu as PduPlant


class PduDevice(Device[PduDeviceState]):
    """A PDU's firmware. Manages the plant's `Pdu` named by `of`."""

    kind = "pdu"
    PARAMS = PduParams
    MANAGES = (PduPlant,)
    STATE = PduDeviceState
    OF_THIS_RUN = (".energy-base", ".energy_since", ".peak_since")
    params: PduParams
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
        self.meter = PduMeter(pdu)
        self.loads = LoadWatch(self, self.meter, self.params)
        self.outlets = Outlets(self, self.meter, self.params)

    def indices(self, name: str) -> Sequence[Index]:
        if name in ("inlet", "phase", "bank", "outlet", "sensor"):
            return self.meter.rows(name)
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
            self.outlets.supply_returned() if pdu.live else self.outlets.supply_lost()
        if self._something_changed():
            self.loads.assess()
            super().react()

    def _something_changed(self) -> bool:
        """True if an input of load states and alarms has changed: a site has dozens of PDUs."""
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
        self.loads.on_restore()
        super().on_restore()

    def on_fault(self, kind: str, active: bool) -> None:
        self._changes += 1
        super().on_fault(kind, active)

    def on_boot(self) -> None:
        self.loads.again()
        self._changes += 1

    def on_timer(self, name: str) -> None:
        self._changes += 1
        verb, _, outlet = name.partition(" outlet ")
        if outlet:
            self.outlets.on_timer(verb, int(outlet))
        else:
            super().on_timer(name)

    def command(self, outlet: int, command: str) -> None:
        """Switch one outlet. Raises Refused as `Outlets.command`."""
        self._changes += 1
        self.outlets.command(outlet, command)

    def command_all(self, command: str) -> None:
        """One command goes to every outlet; delayed ones follow each outlet's own delay."""
        for outlet in self.meter.rows("outlet"):
            self.command(outlet, command)

    # -- settings ---------------------------------------------------------------------------------------------

    def setting(self, name: str, default: float) -> float:
        """A number as it was set on the device, else its default."""
        return setting(self, name, default)

    def configure(self, name: str, value: Any) -> None:
        """Change a setting as an operator does."""
        self.state.settings[name] = value
        self.loads.on_settings()
        self._changes += 1
        self.log_event(f"{name.replace('.', ' ')} set to {value}")

    # -- measurements -----------------------------------------------------------------------------------------

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
        return self.meter.gain * kwh - self.setting(f"{key}.energy-base", 0.0)

    def reset_energy(self, key: str, kwh: float) -> None:
        self.state.settings[f"{key}.energy-base"] = self.meter.gain * kwh
        self.state.settings[f"{key}.energy_since"] = self.plant.now
        self.log_event(f"{key.replace('.', ' ')} energy reset")

    def reset_outlet_energies(self) -> None:
        for outlet in self.meter.rows("outlet"):
            self.reset_energy(f"outlet.{outlet}", self.pdu.energy.outlet_kwh(outlet))
        self.state.settings["outlets.energy_since"] = self.plant.now

    def reset_peak(self, key: str) -> None:
        self.state.peaks.pop(key, None)
        self.state.settings[f"{key}.peak_since"] = self.plant.now
        self.loads.again()
        self._changes += 1
        self.log_event(f"{key.replace('.', ' ')} peak reset")

    def date(self, at_s: float) -> str:
        """A moment of the plant as the device writes it."""
        clock = datetime.fromisoformat(self.params.clock_at_start) + timedelta(seconds=int(at_s))
        return clock.strftime(self.params.clock_format)
