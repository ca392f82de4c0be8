"""The UPS (IEC 62040-3 VFI): how it transfers and protects itself, and what its firmware can tell it.

What is here acts within a cycle and by itself: the battery takes over, the static switch closes, the overload
protection trips. What an operator or a schedule decides is done by firmware through the methods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from twinfeed.emulators.plant.power.electrical import LOADING_PERCENT
from twinfeed.emulators.plant.ups.battery import FULL_DEPTH
from twinfeed.emulators.plant.ups.power_train import PowerTrain
from twinfeed.emulators.plant.ups.ratings import UPS_FAULTS, UpsRatings, UpsState

ECO_TRANSFER_S = 0.004
"""Break of the output when the inverter takes over from a failed bypass, s (2 to 4 ms is usual for eco modes)."""


class Ups(PowerTrain):
    """A UPS module. Without a `bypass` feed the bypass hangs on `input`, without `maintenance` that on the bypass."""

    kind = "ups"
    PARAMS = UpsRatings
    STATE = UpsState
    TERMINALS = ("input", "bypass", "maintenance")
    FAULTS = UPS_FAULTS
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **PowerTrain.QUANTITIES,
        "mode": "",
        "on_battery": "",
        "on_bypass": "",
        "input_ok": "",
        "bypass_ok": "",
        "charge_percent": "%",
        "runtime_s": "s",
        "battery_kw": "kW",
        "battery_volts": "V",
        "battery_c": "°C",
        "load_percent": "%",
        "losses_kw": "kW",
        "input_kw": "kW",
        "rectifier": "",
        "overload_percent": "%",
    }
    WORDS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "mode": ("online", "battery", "eco", "bypass", "maintenance", "off"),
        "rectifier": ("off", "waiting", "walking", "on"),
    }
    POSSIBLE: ClassVar[Mapping[str, tuple[float, float]]] = {
        "battery_c": (-60.0, 1000.0),
        "load_percent": LOADING_PERCENT,
        "overload_percent": LOADING_PERCENT,
    }
    peers: Sequence[Ups]

    def start(self) -> None:
        if self.params.bus:
            units = (a for a in self.plant.actors.values() if isinstance(a, Ups))
            self.peers = [unit for unit in units if unit.params.bus == self.params.bus]

    # -- what happens by itself -----------------------------------------------------------------------------

    def react(self) -> None:
        state = self.state
        self._rectify()
        if state.depth >= 1.0 and not state.disconnected and state.rectifier != "on":
            state.disconnected = True
            self.log("battery exhausted")
            self.touch()
        elif state.disconnected and state.depth < 1.0 - FULL_DEPTH:
            state.disconnected = False
            self.touch()
        if state.testing and (not self.battery_able or state.path != "inverter" or state.rectifier != "on"):
            self.hold_rectifier(False)
        if self.peers[0] is self:
            self._synchronise()
        self._protect()
        self._transfer()
        if state.discharging is not self.on_battery:
            state.discharging = self.on_battery
            self.log("on battery" if state.discharging else "off battery", charge_percent=round(self.charge_percent, 1))

    def _synchronise(self) -> None:
        """Choose what all modules of the system keep in step with: they change over together, never one by one."""
        supply = next((unit.bypass_supply for unit in self.peers if unit.bypass_ok), None)
        reference, hertz = (supply.origin, supply.hertz) if supply else ("", self.params.hertz)
        for unit in self.peers:
            state = unit.state
            if state.reference != reference or (state.reference_hertz != hertz and not unit.follows_bypass):
                self.touch()
            state.reference, state.reference_hertz = reference, hertz

    def _rectify(self) -> None:
        state = self.state
        good = self.input_ok and "rectifier" not in state.faults
        if not good and state.rectifier != "off":
            state.rectifier = "off"
            self.cancel("walk-in")
            self.log("rectifier off", cause="fault" if "rectifier" in state.faults else "input")
            self.touch()
        elif good and state.rectifier == "off":
            state.rectifier = "waiting"
            self.after(self.params.walk_in_delay_s, "walk-in")
            self.log("input returned")
            self.touch()

    def _protect(self) -> None:
        """Trip on overload: to the bypass, all modules together, or off when that is bad."""
        state = self.state
        if state.path != "inverter" or (state.overload < 1.0 and self.short_kw <= 1e-9):
            return
        for unit in self.peers:
            if unit.state.path == "inverter":
                unit._trip_overload()

    def _trip_overload(self) -> None:
        if self.bypass_ok and "static-switch-stuck" not in self.state.faults:
            self._go("bypass", "overload")
        else:
            self.state.latched = True
            self._go("none", "overload")

    def _transfer(self) -> None:
        """Make the path what it has become, and go back to the inverter when that can carry the load."""
        state, route = self.state, self._route()
        if route != state.path and state.path != "eco":
            self._go(route, self._why())
        if state.path == "eco" and route == "none" and self.remaining_s("take over") is None:
            self.after(ECO_TRANSFER_S, "take over")
        if state.path in ("bypass", "none") and state.wanted == "inverter" and not self._left_on_bypass:
            self._return()
        elif state.path == "inverter" and state.eco and self.bypass_ok and not self.on_battery:
            if self.remaining_s("retransfer") is None:
                self.after(self.params.retransfer_s, "retransfer")
        else:
            self.cancel("retransfer")
        if state.path == "bypass" and not self.bypass_ok and self.inverter_able and not self._stuck:
            if self.remaining_s("take over") is None:
                self.after(ECO_TRANSFER_S, "take over")
        elif state.path == "bypass":
            self.cancel("take over")

    @property
    def _left_on_bypass(self) -> bool:
        return "left-in-manual" in self.state.faults and self.state.path == "bypass"

    @property
    def _stuck(self) -> bool:
        return "static-switch-stuck" in self.state.faults

    def _why(self) -> str:
        state = self.state
        if "inverter" in state.faults:
            return "inverter fault"
        if state.path == "bypass":
            return "bypass fault" if "bypass" in state.faults else "switched off"
        return "switched off" if state.wanted == "none" else "battery exhausted" if state.depth >= 1.0 else "no battery"

    def _return(self) -> None:
        state = self.state
        fit = self.inverter_able and self._relative_load() <= 1.0 and not self._stuck
        dead = state.path == "none"
        exhausted = state.cause in ("battery exhausted", "no battery")
        if not dead or exhausted:
            fit = fit and state.rectifier == "on" and (state.auto_restart or not exhausted)
        if fit and dead:
            self._resume()
            return
        if fit:
            if self.remaining_s("retransfer") is None:
                self.after(self.params.retransfer_s, "retransfer")
            return
        self.cancel("retransfer")
        broken = not state.latched and ("inverter" in state.faults or "rectifier" in state.faults)
        if dead and broken and self.bypass_ok and not self._stuck and len(self.peers) == 1:
            self._go("bypass", state.cause)

    def _resume(self) -> None:
        self._go("eco" if self.state.eco and self.bypass_ok else "inverter", "returned")

    def _go(self, path: str, cause: str) -> None:
        state = self.state
        if path == state.path:
            return
        state.path, state.cause = path, cause
        self.cancel("take over")
        self.cancel("retransfer")
        self.log("transferred" if path != "none" else "output lost", to=path, cause=cause)
        self.touch()

    def on_timer(self, name: str) -> None:
        state = self.state
        if name == "walk-in":
            state.rectifier, state.walk_in_at = "walking", self.plant.now
            self.after(self.params.walk_in_s, "walked in")
            self.log("rectifier walking in")
        elif name == "walked in":
            if state.rectifier == "walking":
                state.rectifier = "on"
                self.log("rectifier on")
        elif name == "take over":
            self._go("inverter" if self.inverter_able else "none", "bypass failed")
        elif name == "retransfer":
            self._resume()
        else:
            super().on_timer(name)

    def on_fault(self, kind: str, active: bool) -> None:
        movable = self.state.path in ("inverter", "eco") and self.bypass_ok and not self._stuck
        if kind == "left-in-manual" and active and movable:
            self._go("bypass", "command")

    # -- what firmware does ---------------------------------------------------------------------------------

    def switch_on(self) -> None:
        """Feed the load from the inverter again (through eco if that is set)."""
        self.state.wanted, self.state.latched = "inverter", False
        if self.state.path == "none":
            self.state.cause = "switched on"
        self.log("switched on")
        self.touch()

    def switch_off(self) -> None:
        """Cut the output."""
        self.state.wanted = "none"
        self._go("none", "switched off")

    def to_bypass(self, cause: str = "command") -> bool:
        """Put the load on the static bypass and keep it there; False when the bypass is bad."""
        if not self.bypass_ok or self._stuck or self.state.path == "maintenance":
            return False
        self.state.wanted = "bypass"
        self._go("bypass", cause)
        return True

    def return_now(self) -> None:
        """Go back from bypass at once if the inverter can take the load."""
        if self.state.path == "bypass" and self.inverter_able and not self._stuck:
            self._go("inverter", "command")

    def set_eco(self, eco: bool) -> None:
        """Run on the bypass while it is good, or on double conversion."""
        self.state.eco = eco
        if eco and self.state.path == "inverter" and self.bypass_ok:
            self._go("eco", "eco mode")
        elif not eco and self.state.path == "eco":
            self._go("inverter", "eco mode")

    def set_maintenance(self, closed: bool) -> None:
        """Work the manual bypass: closing it takes the UPS out of the path, opening returns it to the static bypass."""
        if closed:
            self._go("maintenance", "maintenance bypass")
        elif self.state.path == "maintenance":
            self._go("bypass" if self.bypass_ok else "none", "maintenance bypass")

    def hold_rectifier(self, held: bool) -> None:
        """Let the battery carry the load while the rectifier stands by (a battery test); it resumes at once."""
        if held != self.state.testing:
            self.state.testing = held
            self.log("battery under test" if held else "battery test over")
            self.touch()

    def set_window(self, low_volts: float, high_volts: float) -> None:
        """Set the input voltages the rectifier works between."""
        self.state.window = [low_volts, high_volts]
        self.touch()

    def set_segment(self, number: int, on: bool) -> None:
        """Switch an outlet group, from 1."""
        if self.state.segments[number - 1] != on:
            self.state.segments[number - 1] = on
            self.log("segment on" if on else "segment off", segment=number)
            self.touch()

    # -- what an observer may ask ---------------------------------------------------------------------------

    @property
    def mode(self) -> str:
        """online, battery, eco, bypass, maintenance or off."""
        path = self.state.path
        if path == "none":
            return "off"
        if path == "inverter":
            return "battery" if self.on_battery else "online"
        return path

    @property
    def on_bypass(self) -> bool:
        return self.state.path in ("bypass", "maintenance")

    @property
    def rectifier(self) -> str:
        return self.state.rectifier

    @property
    def load_percent(self) -> float:
        return 100.0 * max(self.load.total_kw / self.params.kw, self.load.total_kva / self.params.kva)

    @property
    def overload_percent(self) -> float:
        """How much of its overload time is used up, %."""
        return 100.0 * self.state.overload

    @property
    def energy_kwh(self) -> float:
        """Given to the load since the site was started, kWh."""
        return self.state.energy_kwh

    @property
    def heat_kw(self) -> float:
        return self.losses_kw
