"""Transfers and protection of a UPS: battery, static switch, overload protection, rectifier walk-in."""

from __future__ import annotations

from collections.abc import Sequence

from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.ups.battery import FULL_DEPTH
from twinfeed.emulators.plant.ups.power_train import PowerTrain
from twinfeed.emulators.plant.ups.ratings import UpsRatings, UpsState

ECO_TRANSFER_S = 0.004
"""Break of the output when the inverter takes over from a failed bypass, s (2 to 4 ms is usual for eco modes)."""


class Transfer:
    """The part of a UPS that acts by itself."""

    def __init__(self, unit: Electrical[UpsState, UpsRatings], train: PowerTrain) -> None:
        self.unit, self.train = unit, train
        self.peers: Sequence[Transfer] = [self]
        """These parts of all modules that work as one system, itself among them, in the order of the site file."""

    def react(self) -> None:
        """Make the changes that follow from inputs, battery and load at this instant."""
        state = self.unit.state
        self._watch_heat(self.train.battery.ambient_c)
        self._rectify()
        if state.depth >= 1.0 and not state.disconnected and state.rectifier != "on":
            state.disconnected = True
            self.unit.log("battery exhausted")
            self.unit.touch()
        elif state.disconnected and state.depth < 1.0 - FULL_DEPTH:
            state.disconnected = False
            self.unit.touch()
        if state.testing and (not self.train.battery.able or state.path != "inverter" or state.rectifier != "on"):
            self.hold_rectifier(False)
        if self.peers[0] is self:
            self._synchronise()
        self._protect()
        self._transfer()
        if state.discharging is not self.train.on_battery:
            state.discharging = self.train.on_battery
            charge = round(self.train.battery.charge_percent, 1)
            self.unit.log("on battery" if state.discharging else "off battery", charge_percent=charge)

    def _watch_heat(self, air_c: float) -> None:
        """In air that is too hot the inverter stops; in air that is hotter still all of it stops."""
        state, p = self.unit.state, self.unit.params
        hot = air_c >= p.hot_bypass_c - (5.0 if state.hot else 0.0)
        if hot != state.hot:
            state.hot = hot
            self.unit.log("over-temperature" if hot else "cooled down", air_c=round(air_c, 1))
            self.unit.touch()
        if air_c >= p.hot_stop_c and state.path != "none" and state.path != "maintenance":
            self.latch_off("over-temperature")

    def _synchronise(self) -> None:
        """Choose what all modules of the system keep in step with: they change over together, never one by one."""
        inputs = next((peer.train.inputs for peer in self.peers if peer.train.inputs.bypass_ok), None)
        reference, hertz = (inputs.bypass.origin, inputs.bypass.hertz) if inputs else ("", self.unit.params.hertz)
        for peer in self.peers:
            state = peer.unit.state
            if state.reference != reference or (state.reference_hertz != hertz and not peer.train.follows_bypass):
                self.unit.touch()
            state.reference, state.reference_hertz = reference, hertz

    def _rectify(self) -> None:
        state = self.unit.state
        good = self.train.inputs.ok and "rectifier" not in state.faults
        if not good and state.rectifier != "off":
            state.rectifier = "off"
            self.unit.cancel("walk-in")
            self.unit.log("rectifier off", cause="fault" if "rectifier" in state.faults else "input")
            self.unit.touch()
        elif good and state.rectifier == "off":
            state.rectifier = "waiting"
            self.unit.after(self.unit.params.walk_in_delay_s, "walk-in")
            self.unit.log("input returned")
            self.unit.touch()

    def _protect(self) -> None:
        """Trip on overload: to the bypass, all modules together, or off when that is bad."""
        state = self.unit.state
        if state.path != "inverter" or (state.overload < 1.0 and self.train.short_kw <= 1e-9):
            return
        for peer in self.peers:
            if peer.unit.state.path == "inverter":
                peer._trip_overload()

    def _trip_overload(self) -> None:
        if self.train.inputs.bypass_ok and "static-switch-stuck" not in self.unit.state.faults:
            self.go("bypass", "overload")
        else:
            self.latch_off("overload")

    def latch_off(self, cause: str) -> None:
        """Stop for a fault, until somebody switches it on again."""
        self.unit.state.latched = True
        self.go("none", cause)

    def _transfer(self) -> None:
        """Make the path what it has become, and go back to the inverter when that can carry the load."""
        state, route = self.unit.state, self.train.route()
        if route != state.path and state.path != "eco":
            self.go(route, "system on inverter" if state.path == "bypass" and self.train.inverting else self._why())
        elif state.path == "none" and self._joins_bypass:
            self.go("bypass", "system on bypass")
        if state.path == "eco" and route == "none" and self.unit.remaining_s("take over") is None:
            self.unit.after(ECO_TRANSFER_S, "take over")
        if state.path in ("bypass", "none") and state.wanted == "inverter" and not self._left_on_bypass:
            self._return()
        elif state.path == "inverter" and state.eco and self.train.inputs.bypass_ok and not self.train.on_battery:
            if self.unit.remaining_s("retransfer") is None:
                self.unit.after(self.unit.params.retransfer_s, "retransfer")
        else:
            self.unit.cancel("retransfer")
        clearing = any(peer.unit.fault_flow is not None for peer in self.peers)
        unfit = state.path == "bypass" and not self.train.inputs.bypass_ok and not clearing
        if unfit and self.train.inverter_able and not self.stuck:
            if self.unit.remaining_s("take over") is None:
                self.unit.after(ECO_TRANSFER_S, "take over")
        elif state.path == "bypass":
            self.unit.cancel("take over")

    @property
    def _joins_bypass(self) -> bool:
        """True if its static switch closes with those of the other modules, although its inverter gives nothing.

        In a system with distributed bypass the switches of all modules carry the load together (Liebert parallel
        system, chapter 8.1.3; Eaton 9395P manual P-164000563, 6.4.3).
        """
        state = self.unit.state
        ready = state.wanted != "none" and not state.latched and self.train.inputs.bypass_ok and not self.stuck
        return ready and self.train.system_on_bypass

    @property
    def _left_on_bypass(self) -> bool:
        return "left-in-manual" in self.unit.state.faults and self.unit.state.path == "bypass"

    @property
    def stuck(self) -> bool:
        return bool(self.unit.state.faults.keys() & {"static-switch-stuck", "module"})

    def _why(self) -> str:
        state = self.unit.state
        if state.hot:
            return "over-temperature"
        if "module" in state.faults:
            return "module fault"
        if "inverter" in state.faults:
            return "inverter fault"
        if state.path == "bypass":
            return "bypass fault" if "bypass" in state.faults else "switched off"
        return "switched off" if state.wanted == "none" else "battery exhausted" if state.depth >= 1.0 else "no battery"

    def _return(self) -> None:
        state = self.unit.state
        fit = self.train.inverter_able and self.train.returning_load() <= 1.0 and not self.stuck
        dead = state.path == "none"
        exhausted = state.cause in ("battery exhausted", "no battery")
        if not dead or exhausted:
            fit = fit and state.rectifier == "on" and (not exhausted or self._charged_enough(dead))
        if fit and dead:
            self._resume()
            return
        if fit:
            if self.unit.remaining_s("retransfer") is None:
                self.unit.after(self.unit.params.retransfer_s, "retransfer")
            return
        self.unit.cancel("retransfer")
        broken = not state.latched and ("inverter" in state.faults or "rectifier" in state.faults)
        if dead and broken and self.train.inputs.bypass_ok and not self.stuck and len(self.peers) == 1:
            self.go("bypass", state.cause)

    def _charged_enough(self, dead: bool) -> bool:
        """True if an exhausted UPS may feed its load again by itself.

        Its setting for automatic restart is about an output that was lost (RFC 1628 upsAutoRestart); from the bypass it
        goes back in any case.
        """
        charged = self.train.battery.charge_percent >= self.unit.params.restart_charge_percent
        return charged and (self.unit.state.auto_restart or not dead)

    def _resume(self) -> None:
        self.go("eco" if self.unit.state.eco and self.train.inputs.bypass_ok else "inverter", "returned")

    def go(self, path: str, cause: str) -> None:
        state = self.unit.state
        if path == state.path:
            return
        state.path, state.cause = path, cause
        self.unit.cancel("take over")
        self.unit.cancel("retransfer")
        self.unit.log("transferred" if path != "none" else "output lost", to=path, cause=cause)
        self.unit.touch()

    def on_timer(self, name: str) -> bool:
        """True if that timer is one of these, which it then acts on."""
        state = self.unit.state
        if name == "walk-in":
            state.rectifier, state.walk_in_at = "walking", self.unit.plant.now
            self.unit.after(self.unit.params.walk_in_s, "walked in")
            self.unit.log("rectifier walking in")
        elif name == "walked in":
            if state.rectifier == "walking":
                state.rectifier = "on"
                self.unit.log("rectifier on")
        elif name == "take over":
            self.go("inverter" if self.train.inverter_able else "none", "bypass failed")
        elif name == "retransfer":
            self._resume()
        else:
            return False
        return True

    def hold_rectifier(self, held: bool) -> None:
        """Let the battery carry the load while the rectifier stands by (a battery test); it resumes at once."""
        if held != self.unit.state.testing:
            self.unit.state.testing = held
            self.unit.log("battery under test" if held else "battery test over")
            self.unit.touch()
