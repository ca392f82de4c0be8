"""The firmware of a UPS: delayed shutdown and startup, battery tests, and the readings of its management card.

The power train protects the load by itself (`twinfeed.emulators.plant.ups.ups`). The firmware follows schedules and
operators: countdowns, tests and their verdicts, the decision to start again after a full discharge. It goes on while
the management card is off or hung. Its parts are `settings`, `selftest` and `output`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import ClassVar

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Index
from twinfeed.emulators.devices.ups.output_control import IMMINENT_S, OutputControl
from twinfeed.emulators.devices.ups.selftest import SelfTest
from twinfeed.emulators.devices.ups.settings import UpsDeviceState, UpsParams, UpsSettings
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.faults import Fault
from twinfeed.emulators.plant.ups.ups import Ups

__all__ = ["UpsDeviceState", "UpsFirmware", "UpsParams"]

DEPLETED_S = 60.0
"""Less runtime than this counts as depleted, s."""


class UpsFirmware(Device[UpsDeviceState]):
    """The controller and management card of a UPS."""

    kind = "ups"
    PARAMS = UpsParams
    MANAGES = (Ups,)
    STATE = UpsDeviceState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **Device.FAULTS,
        "communications-lost": Fault(
            "the card does not reach the power train: commands are refused, an alarm is raised"
        ),
    }
    params: UpsParams

    def start(self) -> None:
        component = self.plant.find(self.params.of)
        if not isinstance(component, Ups):
            raise PlantError(f"{self.name} manages {self.params.of!r}, which is not a ups; name one in `of`")
        self.ups = component
        self.ups.state.auto_restart = False  # this firmware decides
        self.settings = UpsSettings(self, component, self.params)
        self.selftest = SelfTest(self, component)
        self.output = OutputControl(self, component, self.settings, self.selftest)

    @property
    def rated_kva(self) -> float:
        return self.ups.rated_kva

    def indices(self, name: str) -> Sequence[Index]:
        if name == "line":
            return range(1, self.ups.params.phases + 1)
        if name == "segment":
            return range(1, self.ups.params.segments + 1)
        if name == "alarm_row":
            return [number for number, alarm in enumerate(self.alarms, 1) if alarm.name in self.state.alarms]
        return super().indices(name)

    def card_supplied(self) -> bool:
        """The card lives on the UPS's own electronics unless it has feeds of its own."""
        if self.params.powered_by:
            return super().card_supplied()
        ups = self.ups
        return ups.battery_able or max(*ups.seen["input"].volts, *ups.bypass_supply.volts) > 100.0

    # -- the clock's calls ----------------------------------------------------------------------------------

    def react(self) -> None:
        self._follow_input()
        self._follow_battery()
        self._follow_output()
        if self.selftest.running:
            self.selftest.follow()
        super().react()

    def _follow_input(self) -> None:
        ups, ok = self.ups, self.ups.input_ok
        if ok is self.state.input_was_ok:
            return
        self.state.input_was_ok = ok
        if ok:
            self.log_event("input power restored")
            return
        self.state.line_bads += 1
        supply, p = ups.seen["input"], ups.params
        worst = min(supply.volts[: p.phases])
        if worst < 0.1 * p.volts:
            self.state.transfer = "blackout"
        elif worst < ups.window[0]:
            self.state.transfer = "brownout"
        elif max(supply.volts) > ups.window[1]:
            self.state.transfer = "high_voltage"
        else:
            self.state.transfer = "frequency"
        self.log_event(f"input power bad: {self.state.transfer}")

    def _follow_battery(self) -> None:
        state, on = self.state, self.ups.on_battery
        if on and state.on_battery_at < 0.0:
            state.on_battery_at = self.plant.now
            if self.selftest.running:
                state.transfer = "self_test"
            self.log_event("on battery")
        elif not on and state.on_battery_at >= 0.0:
            state.battery_seconds += self.plant.now - state.on_battery_at
            state.on_battery_at = -1.0
            self.log_event("no longer on battery")

    def _follow_output(self) -> None:
        """Start again when the input is back and the battery holds enough."""
        state, ups = self.state, self.ups
        lost = ups.state.path == "none" and ups.state.cause in ("battery exhausted", "no battery")
        if lost and not state.awaiting and not state.off and self.settings["auto_restart"] == "on":
            state.awaiting = True
            self.log_event("output lost: battery exhausted, waiting for input power")
        if not state.awaiting:
            return
        if ups.state.path != "none":
            state.awaiting = False
            self.cancel("restart")
        elif ups.rectifier == "on" and ups.charge_percent >= self.settings["min_return_charge"]:
            if self.remaining_s("restart") is None:
                self.after(self.settings["return_delay_s"], "restart")
        else:
            self.cancel("restart")

    def horizon(self) -> float:
        """The remaining runtime is watched closely where something follows from it."""
        ups, state = self.ups, self.state
        if not ups.on_battery or ups.battery_kw <= 0.0:
            return inf
        left = ups.runtime_s
        pace = left / max((1.0 - ups.state.depth) * ups.full_s(ups.battery_kw), 0.1)
        marks = [self.settings["low_battery_s"], DEPLETED_S, IMMINENT_S]
        ahead = [left - mark for mark in marks if left > mark]
        reach = max(min(ahead, default=1.0) / max(pace, 1e-6), 0.01)
        if state.test_result == "in_progress" and state.test == "deep":
            reach = min(reach, 10.0)
        return reach

    def on_timer(self, name: str) -> None:
        if name == "shutdown":
            self.output.off(str(self.settings["shutdown_type"]))
        elif name == "pause":
            self.output.off(self.state.pause)
        elif name in ("startup", "reboot over"):
            self.output.start_when_powered()
        elif name == "restart":
            self.output.on()
        elif name == "test over":
            self.selftest.judge()
        elif name != "imminent":
            super().on_timer(name)

    # -- values of points -----------------------------------------------------------------------------------

    @property
    def mode(self) -> str:
        """The state of the output in an operator's words."""
        state, mode = self.state, self.ups.mode
        if mode == "off":
            if state.awaiting:
                return "awaiting_power"
            return state.off if state.off in ("rebooting", "sleeping") else "off"
        if mode == "battery" and self.selftest.running:
            return "battery_test"
        if mode == "bypass" and self.ups.state.cause != "command":
            return "bypass_fault"
        return mode

    @property
    def battery_status(self) -> str:
        """upsBatteryStatus: unknown, normal, low or depleted."""
        if not self.ups.battery_connected:
            return "unknown"
        runtime = self.ups.runtime_s
        if not self.ups.battery_able or runtime <= DEPLETED_S:
            return "depleted"
        return "low" if runtime <= self.settings["low_battery_s"] else "normal"

    @property
    def seconds_on_battery(self) -> float:
        since = self.state.on_battery_at
        return self.plant.now - since if since >= 0.0 else 0.0

    @property
    def imminent(self) -> bool:
        """True if the output will be lost in less than 5 s, by a countdown or an empty battery."""
        if 0.0 <= self.output.countdown("shutdown", "pause") <= IMMINENT_S:
            return True
        return self.ups.on_battery and not self.selftest.running and self.ups.runtime_s <= IMMINENT_S
