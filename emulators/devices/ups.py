"""Firmware of a UPS: delayed shutdown and startup, battery tests, and what its management card tells of it.

The power train protects the load by itself (`emulators.plant.ups`). Here is what follows a schedule or an
operator: countdowns, tests and their verdicts, the decision to start again after a full discharge. It goes on while
the management card is off or hung. Points and alarms are in `ups_points`, named after RFC 1628.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, ClassVar

from emulators.devices.device import Device, Index, Params, Refused, State
from emulators.devices.ups_points import ALARMS, POINTS, WELL_KNOWN
from emulators.plant.engine import Fault
from emulators.plant.ups import Ups

TEST_S = {"general": 10.0, "quick": 10.0}
"""How long the battery carries the load in a test, s (APC Smart-UPS: about 8 s, from memory, unverified)."""

DEEP_TEST_CHARGE = 25.0
"""A deep calibration discharges to this state of charge, % (APC runtime calibration, from memory, unverified)."""

WEAK_SAG = 0.02
"""A test fails when the battery's voltage is lower than a good one's would be by this share."""

DEPLETED_S = 60.0
"""Less runtime than this counts as depleted, s."""

IMMINENT_S = 5.0
"""upsAlarmShutdownImminent (RFC 1628): output lost in less than this, s."""


@dataclass(frozen=True)
class UpsParams(Params):
    """A UPS's management."""

    low_battery_min: float = 3.0
    """Remaining runtime at which the battery counts as low, min; an operator may change it."""
    battery_date: str = "01/01/2026"
    """When the battery was installed, mm/dd/yyyy."""


@dataclass
class UpsDeviceState(State):
    off: str = ""
    """Why the output was switched off: output, system, sleeping, rebooting; empty while it is wanted."""
    pause: str = ""
    """What begins when the graceful delay is over: rebooting or sleeping."""
    awaiting: bool = False
    """Will start when the input is back."""
    on_battery_at: float = -1.0
    """Since when on battery, s of the plant; negative when not."""
    battery_seconds: float = 0.0
    """Total time on battery before the present, s."""
    transfer: str = "none"
    """Why it last went on battery."""
    input_was_ok: bool = True
    line_bads: int = 0
    test: str = "none"
    """The test in progress or last done."""
    test_result: str = "none"
    test_detail: str = ""
    test_at: float = 0.0
    test_ended: float = 0.0
    test_lock: int = 1
    battery_test: str = "none"
    """Result of the last test other than a calibration."""
    calibration: str = "unknown"


class UpsFirmware(Device):
    """The controller and management card of a UPS."""

    kind = "ups"
    PARAMS = UpsParams
    STATE = UpsDeviceState
    POINTS = POINTS
    ALARMS = ALARMS
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **Device.FAULTS,
        "communications-lost": Fault(
            "the card does not reach the power train: commands are refused, an alarm is raised"
        ),
    }
    state: UpsDeviceState
    params: UpsParams

    def start(self) -> None:
        component = self.plant.find(self.params.of)
        assert isinstance(component, Ups), f"{self.name} manages {self.params.of}, which is not a ups"
        self.ups = component
        self.ups.state.auto_restart = False  # this firmware decides

    def indices(self, name: str) -> Sequence[Index]:
        if name == "line":
            return range(1, self.ups.params.phases + 1)
        if name == "segment":
            return range(1, self.ups.params.segments + 1)
        if name == "alarm_row":
            return [number for number, alarm in WELL_KNOWN.items() if alarm in self.state.alarms]
        return super().indices(name)

    def card_supplied(self) -> bool:
        """The card lives on the UPS's own electronics unless it has feeds of its own."""
        if self.params.powered_by:
            return super().card_supplied()
        ups = self.ups
        return ups.battery_able or ups.seen["input"].worst_volts > 100.0 or ups.bypass_supply.worst_volts > 100.0

    # -- settings -------------------------------------------------------------------------------------------

    def setting(self, name: str) -> Any:
        """A setting, or its value from the factory."""
        return self.state.settings.get(name, self._factory(name))

    def set(self, name: str, value: Any) -> None:
        self.state.settings[name] = value
        if name in ("transfer_low", "transfer_high"):
            self.ups.set_window(self.setting("transfer_low"), self.setting("transfer_high"))
        self.record(f"{name} set to {value}")

    def _factory(self, name: str) -> Any:
        p = self.ups.params
        return {
            "low_battery_s": self.params.low_battery_min * 60.0,
            "auto_restart": "on",
            "shutdown_type": "output",
            "audible": "enabled",
            "sensitivity": "high",
            "transfer_low": round(p.rectifier_low * p.volts),
            "transfer_high": round(p.rectifier_high * p.volts),
            "shutoff_delay_s": 20.0,
            "return_delay_s": 0.0,
            "sleep_s": 0.0,
            "reboot_s": 8.0,
            "min_return_charge": 0.0,
            "test_schedule": "biweekly",
            "battery_date": self.params.battery_date,
            "replace_battery": False,
            "ident": self.name,
            "attached": "",
        }[name]

    # -- the clock's calls ----------------------------------------------------------------------------------

    def react(self) -> None:
        self._follow_input()
        self._follow_battery()
        self._follow_output()
        if self.state.test_result == "in_progress":
            self._follow_test()
        super().react()

    def _follow_input(self) -> None:
        ups, ok = self.ups, self.ups.input_ok
        if ok is self.state.input_was_ok:
            return
        self.state.input_was_ok = ok
        if ok:
            self.record("input power restored")
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
        self.record(f"input power bad: {self.state.transfer}")

    def _follow_battery(self) -> None:
        state, on = self.state, self.ups.on_battery
        if on and state.on_battery_at < 0.0:
            state.on_battery_at = self.plant.now
            if self.testing:
                state.transfer = "self_test"
            self.record("on battery")
        elif not on and state.on_battery_at >= 0.0:
            state.battery_seconds += self.plant.now - state.on_battery_at
            state.on_battery_at = -1.0
            self.record("no longer on battery")

    def _follow_output(self) -> None:
        """Start again when the input is back and the battery holds enough."""
        state, ups = self.state, self.ups
        lost = ups.state.path == "none" and ups.state.cause in ("battery exhausted", "no battery")
        if lost and not state.awaiting and not state.off and self.setting("auto_restart") == "on":
            state.awaiting = True
            self.record("output lost: battery exhausted, waiting for input power")
        if not state.awaiting:
            return
        if ups.state.path != "none":
            state.awaiting = False
            self.cancel("restart")
        elif ups.rectifier == "on" and ups.charge_percent >= self.setting("min_return_charge"):
            if self.remaining_s("restart") is None:
                self.after(self.setting("return_delay_s"), "restart")
        else:
            self.cancel("restart")

    def horizon(self) -> float:
        """The remaining runtime is watched closely where something follows from it."""
        ups, state = self.ups, self.state
        if not ups.on_battery or ups.battery_kw <= 0.0:
            return inf
        left = ups.runtime_s
        pace = left / max((1.0 - ups.state.depth) * ups.full_s(ups.battery_kw), 0.1)
        marks = [self.setting("low_battery_s"), DEPLETED_S, IMMINENT_S]
        ahead = [left - mark for mark in marks if left > mark]
        reach = max(min(ahead, default=1.0) / max(pace, 1e-6), 0.01)
        if state.test_result == "in_progress" and state.test == "deep":
            reach = min(reach, 10.0)
        return reach

    def on_timer(self, name: str) -> None:
        if name == "shutdown":
            self._off(str(self.setting("shutdown_type")))
        elif name == "pause":
            self._off(self.state.pause)
        elif name in ("startup", "reboot over"):
            self._start_when_powered()
        elif name == "restart":
            self._on()
        elif name == "test over":
            self._judge()
        elif name != "imminent":
            super().on_timer(name)

    # -- output on and off ----------------------------------------------------------------------------------

    def _check_link(self) -> None:
        if "communications-lost" in self.state.faults:
            raise Refused(f"{self.name}: the card has no communication with the UPS")

    def _off(self, why: str) -> None:
        """Cut the output; on battery it comes back with the input if auto restart says so."""
        state = self.state
        self.cancel("shutdown")
        self._stop_test("aborted", "output switched off")
        if self.ups.state.path == "none" and state.off:
            return
        state.off = why
        state.awaiting = not self.ups.input_ok and self.setting("auto_restart") == "on" and why in ("output", "system")
        self.ups.switch_off()
        self.record(f"output off: {why}")
        self.log("output off", why=why)

    def _on(self) -> None:
        self.state.off, self.state.awaiting = "", False
        self.cancel("startup")
        self.cancel("reboot over")
        self.cancel("restart")
        if self.ups.state.wanted != "inverter" or self.ups.state.path == "none":
            self.ups.switch_on()
            self.record("output on")

    def _start_when_powered(self) -> None:
        if self.ups.input_ok:
            self._on()
        elif self.ups.state.path == "none":
            self.state.awaiting = True

    def shutdown_after(self, seconds: float) -> None:
        """Count down and switch off; -1 abandons the countdown (upsShutdownAfterDelay)."""
        self._check_link()
        self.cancel("shutdown")
        self.cancel("imminent")
        if seconds < 0:
            self.record("shutdown aborted")
        elif seconds == 0:
            self._off(str(self.setting("shutdown_type")))
        else:
            self.after(seconds, "shutdown")
            self.after(max(0.0, seconds - IMMINENT_S), "imminent")
            self.record(f"shutdown in {seconds:g} s")

    def startup_after(self, seconds: float) -> None:
        """Count down and switch on; -1 abandons it (upsStartupAfterDelay)."""
        self._check_link()
        self.cancel("startup")
        self.cancel("reboot over")
        if seconds == 0:
            self._start_when_powered()
        elif seconds > 0:
            self.after(seconds, "startup")
            self.record(f"startup in {seconds:g} s")

    def reboot_for(self, seconds: float) -> None:
        """Switch off now and on again after that long (upsRebootWithDuration)."""
        self._check_link()
        if seconds < 0:
            self.cancel("reboot over")
            return
        self._off("rebooting")
        self.after(seconds, "reboot over")

    def countdown(self, *timers: str) -> float:
        """Seconds left of the first of these that runs, -1 if none does."""
        for timer in timers:
            left = self.remaining_s(timer)
            if left is not None:
                return left
        return -1.0

    def command_off(self, how: str) -> None:
        self._check_link()
        if how == "now":
            self._off("output")
            self.state.awaiting = False
        elif how == "graceful":
            self.shutdown_after(self.setting("shutoff_delay_s"))

    def command_on(self, how: str) -> None:
        self._check_link()
        if how == "now":
            self._on()

    def command_reboot(self, how: str) -> None:
        """Off, after the shutoff delay when graceful, and on again after the reboot time and the return delay."""
        if how != "none":
            self._check_link()
            self._pause("rebooting", how, self.setting("reboot_s") + self.setting("return_delay_s"))

    def command_sleep(self, how: str) -> None:
        if how != "none":
            self._check_link()
            self._pause("sleeping", how, self.setting("sleep_s") + self.setting("return_delay_s"))

    def _pause(self, why: str, how: str, seconds: float) -> None:
        delay = self.setting("shutoff_delay_s") if how == "graceful" else 0.0
        if delay <= 0.0:
            self._off(why)
        else:
            self.state.pause = why
            self.after(delay, "pause")
        self.after(delay + seconds, "reboot over")

    def command_conserve(self, how: str) -> None:
        """Switch off on battery until the input returns.

        Raises:
            Refused: not on battery.
        """
        if how == "none":
            return
        self._check_link()
        if not self.ups.on_battery or self.testing:
            raise Refused(f"{self.name}: it is not on battery, there is nothing to conserve")
        self._off("output")
        self.state.awaiting = True

    def command_bypass(self, how: str) -> None:
        """Put the load on the static bypass or take it back.

        Raises:
            Refused: the bypass is not fit to carry the load.
        """
        if how == "none":
            return
        self._check_link()
        if how == "off":
            self.ups.switch_on()
            self.ups.return_now()
        elif not self.ups.to_bypass():
            raise Refused(f"{self.name}: the bypass is out of tolerance or not in step")
        self.record(f"bypass {how}")

    def command_outlet(self, what: str) -> None:
        """The main outlet group's commands: `shutdown` returns with the input, `off` stays off; delays as set."""
        action, _, delayed = what.partition("-")
        how = "graceful" if delayed else "now"
        if action == "cancel":
            self.shutdown_after(-1.0)
            self.startup_after(-1.0)
        elif action == "on" and delayed:
            self.startup_after(self.setting("return_delay_s"))
        elif action == "on":
            self.command_on("now")
        elif action == "off":
            self.command_off(how)
        elif action == "reboot" or (action == "shutdown" and self.ups.input_ok):
            self.command_reboot(how)
        elif action == "shutdown":
            self.shutdown_after(self.setting("shutoff_delay_s") if delayed else 0.0)

    def command_panel(self, what: str) -> None:
        """Lamp test and beeper."""
        if what == "mute" or what == "unmute":
            self.set("audible", "muted" if what == "mute" else "enabled")
        elif what != "none":
            self.record(f"panel {what}")

    def command_segment(self, number: int, state: str) -> None:
        self._check_link()
        self.ups.set_segment(number, state == "on")
        self.record(f"segment {number} {state}")

    # -- tests ----------------------------------------------------------------------------------------------

    @property
    def testing(self) -> bool:
        return self.state.test_result == "in_progress"

    def start_test(self, test: str) -> None:
        """Begin a general, quick or deep test, or abort the one that runs.

        Raises:
            Refused: a test runs already, or the UPS is not in normal operation.
        """
        if test == "none":
            return
        self._check_link()
        if test == "abort":
            self._stop_test("aborted", "aborted on request")
            return
        if self.testing:
            raise Refused(f"{self.name}: a {self.state.test} test is in progress")
        if self.ups.mode != "online" or not self.ups.battery_connected:
            raise Refused(f"{self.name}: cannot test the battery in mode {self.ups.mode}, only online with its battery")
        state = self.state
        state.test, state.test_result, state.test_detail = test, "in_progress", ""
        state.test_at = self.plant.now
        if test == "deep":
            state.calibration = "in_progress"
        else:
            state.battery_test = "in_progress"
            self.after(TEST_S[test], "test over")
        self.ups.hold_rectifier(True)
        self.record(f"{test} test started")
        self.log("test started", test=test)

    def _follow_test(self) -> None:
        ups = self.ups
        if not ups.state.testing:
            if not ups.battery_able:
                self._end_test("error", "the battery failed under test", replace=True)
            else:
                self._stop_test("aborted", "input power lost")
        elif self.state.test == "deep" and ups.charge_percent <= DEEP_TEST_CHARGE:
            self._judge()

    def _judge(self) -> None:
        ups = self.ups
        good = ups.battery.volts(ups.state.depth, ups.battery_kw)
        sag = (good - ups.battery_volts) / good
        if sag > WEAK_SAG:
            self._end_test("error", f"battery voltage {100 * sag:.1f} % low under load", replace=True)
        elif self.state.test == "general" and ups.state.faults.keys() & {"fan", "charger", "bypass"}:
            self._end_test("warning", "battery good, other equipment faulty")
        else:
            self._end_test("pass", "")

    def _end_test(self, result: str, detail: str, replace: bool | None = False) -> None:
        state = self.state
        self.cancel("test over")
        if state.test == "deep" and result != "aborted":
            self.ups.calibrate()
            state.calibration = "ok"
            if self.ups.state.believed < 0.8:
                result, detail = "error", f"capacity {100 * self.ups.state.believed:.0f} % of rated"
                replace = True
        elif state.test == "deep":
            state.calibration = "aborted"
        if replace is not None:
            state.settings["replace_battery"] = replace
        if state.test != "deep":
            state.battery_test = result
        state.test_result, state.test_detail, state.test_ended = result, detail, self.plant.now
        self.ups.hold_rectifier(False)
        self.record(f"{state.test} test: {result}{' - ' + detail if detail else ''}")
        self.log("test over", test=state.test, result=result)

    def _stop_test(self, result: str, detail: str) -> None:
        if self.testing:
            self._end_test(result, detail, replace=None)

    def set_test_lock(self, value: float) -> None:
        """upsTestSpinLock (TestAndIncr, RFC 2579): only who knows its value may take it.

        Raises:
            Refused: another value is current.
        """
        if int(value) != self.state.test_lock:
            raise Refused(f"{self.name}: the test lock is {self.state.test_lock}, not {value:g}")
        self.state.test_lock = (self.state.test_lock + 1) % 2**31

    # -- what the points show -------------------------------------------------------------------------------

    @property
    def mode(self) -> str:
        """What an operator would call the state of the output."""
        state, mode = self.state, self.ups.mode
        if mode == "off":
            if state.awaiting:
                return "awaiting_power"
            return state.off if state.off in ("rebooting", "sleeping") else "off"
        if mode == "battery" and self.testing:
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
        return "low" if runtime <= self.setting("low_battery_s") else "normal"

    @property
    def seconds_on_battery(self) -> float:
        since = self.state.on_battery_at
        return self.plant.now - since if since >= 0.0 else 0.0

    @property
    def imminent(self) -> bool:
        """Whether the output is lost in less than 5 s, by a countdown or because the battery ends."""
        if 0.0 <= self.countdown("shutdown", "pause") <= IMMINENT_S:
            return True
        return self.ups.on_battery and not self.testing and self.ups.runtime_s <= IMMINENT_S
