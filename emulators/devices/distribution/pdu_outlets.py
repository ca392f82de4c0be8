"""The outlets of a PDU: the relays and the timers that work them, which belong to the power board."""

from __future__ import annotations

from twinfeed.emulators.devices.distribution.pdu_loads import LOAD_STATES
from twinfeed.emulators.devices.distribution.pdu_meter import PduMeter
from twinfeed.emulators.devices.distribution.pdu_settings import PduDeviceState, PduParams, setting
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Refused

COMMANDS = ("none", "on", "off", "reboot", "delayed-on", "delayed-off", "delayed-reboot", "cancel")


class Outlets:
    """Switches outlets, at once or after their delays, and closes them again when the supply returns."""

    def __init__(self, card: Device[PduDeviceState], meter: PduMeter, params: PduParams) -> None:
        self._card, self._meter, self._params, self._pdu = card, meter, params, meter.pdu

    def setting(self, outlet: int, name: str) -> float:
        """power_on_delay, power_off_delay or reboot_duration of an outlet, s."""
        p = self._params
        default = {
            "power_on_delay": p.power_on_delay_s,
            "power_off_delay": p.power_off_delay_s,
            "reboot_duration": p.reboot_s,
        }[name]
        return setting(self._card, f"outlet.{outlet}.{name}", default)

    @property
    def cold_start_delay_s(self) -> float:
        """From the return of supply to the first outlet, s; -1 never."""
        return setting(self._card, "cold_start_delay", self._params.cold_start_delay_s)

    def supply_lost(self) -> None:
        """Commands that wait for their time are dropped."""
        for outlet in self._meter.rows("outlet"):
            self._cancel(outlet)

    def supply_returned(self) -> None:
        """Close, one after the other, the relays that fell open (latching ones are still where they were)."""
        cold = self.cold_start_delay_s
        for outlet in self._meter.rows("outlet"):
            delay = self.setting(outlet, "power_on_delay")
            wanted = self._card.state.wanted[outlet - 1]
            if wanted and not self._pdu.relay_closed(outlet) and cold >= 0.0 and delay >= 0.0:
                self._card.after(cold + delay, f"on outlet {outlet}")

    def on_timer(self, verb: str, outlet: int) -> None:
        """The time of a command has come: `verb` is on, off or cycle."""
        if verb == "cycle":
            self._set(outlet, False)
            self._card.after(self.setting(outlet, "reboot_duration"), f"on outlet {outlet}")
        else:
            self._set(outlet, verb == "on")

    def _set(self, outlet: int, on: bool) -> None:
        self._card.state.wanted[outlet - 1] = on
        obeyed = self._pdu.switch(outlet, on)
        self._card.log_event(f"outlet {outlet} {'on' if on else 'off'}{'' if obeyed else ' failed'}")

    def _cancel(self, outlet: int) -> None:
        for verb in ("on", "off", "cycle"):
            self._card.cancel(f"{verb} outlet {outlet}")

    def pending(self, outlet: int) -> bool:
        """True if a command on that outlet waits for its time."""
        timers, id = self._card.plant.timers, self._card.id
        return any((id, f"{verb} outlet {outlet}") in timers for verb in ("on", "off", "cycle"))

    def command(self, outlet: int, command: str) -> None:
        """Carry out one of `COMMANDS` on an outlet.

        Raises:
            Refused: the PDU has no relays, no power, or its load forbids turning outlets on.
        """
        if command == "none":
            return
        name = self._card.name
        if not self._pdu.params.switched:
            raise Refused(f"{name} is a metered PDU: its outlets cannot be switched")
        if not self._pdu.live:
            raise Refused(f"{name} has no power at its inlet")
        if command in ("on", "delayed-on") and self.restricted(outlet):
            raise Refused(f"{name}: the load on the phase or bank of outlet {outlet} forbids turning it on")
        wait = {"delayed-on": "power_on_delay", "delayed-off": "power_off_delay", "delayed-reboot": "power_off_delay"}
        delay = self.setting(outlet, wait[command]) if command in wait else 0.0
        if delay < 0.0:
            raise Refused(f"{name}: outlet {outlet} is set never to do that ({wait[command]} is {delay:g})")
        self._cancel(outlet)
        self._card.log_event(f"outlet {outlet} command {command}")
        if command == "cancel":
            return
        verb = {"on": "on", "off": "off", "reboot": "cycle"}[command.removeprefix("delayed-")]
        if delay > 0.0:
            self._card.after(delay, f"{verb} outlet {outlet}")
        else:
            self.on_timer(verb, outlet)

    def restricted(self, outlet: int) -> bool:
        """True if the load of its phase or bank forbids switching that outlet on."""
        scopes = [("bank", self._pdu.outlet_banks[outlet - 1] + 1)]
        phase, meter, state = self._pdu.outlet_phases[outlet - 1], self._meter, self._card.state
        scopes += [("phase", p) for p in meter.rows("phase") if phase < 0 or meter.phase(p) == phase]
        for name, row in scopes:
            limit = str(state.settings.get(f"{name}.{row}.restriction", "always"))
            load = state.loads.get(f"{name}.{row}", "normal")
            if limit != "always" and LOAD_STATES.index(load) >= LOAD_STATES.index(limit):
                return True
        return False

    @property
    def disobeyed(self) -> bool:
        """True if an outlet is not in its commanded state (a running sequence is no failure)."""
        relays, wanted = self._pdu.state.relays, self._card.state.wanted
        if relays == wanted or not self._pdu.params.latching:
            return False
        pairs = enumerate(zip(relays, wanted, strict=True), 1)
        return any(relay != told and not self.pending(outlet) for outlet, (relay, told) in pairs)
