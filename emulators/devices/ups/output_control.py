"""Switching the output of a UPS: countdowns, reboots, sleep, bypass and outlet groups."""

from __future__ import annotations

from twinfeed.emulators.devices.firmware.points import Refused
from twinfeed.emulators.devices.ups.selftest import SelfTesting

IMMINENT_S = 5.0
"""upsAlarmShutdownImminent (RFC 1628): output lost in less than this, s."""


class OutputControl(SelfTesting):
    """What an operator may do with the output, as RFC 1628's upsControl group and APC's commands have it."""

    def _off(self, why: str) -> None:
        """Cut the output; on battery it comes back with the input if auto restart says so."""
        state = self.state
        self.cancel("shutdown")
        self.stop_test("aborted", "output switched off")
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
        self.check_link()
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
        self.check_link()
        self.cancel("startup")
        self.cancel("reboot over")
        if seconds == 0:
            self._start_when_powered()
        elif seconds > 0:
            self.after(seconds, "startup")
            self.record(f"startup in {seconds:g} s")

    def reboot_for(self, seconds: float) -> None:
        """Switch off now and on again after that long (upsRebootWithDuration)."""
        self.check_link()
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
        self.check_link()
        if how == "now":
            self._off("output")
            self.state.awaiting = False
        elif how == "graceful":
            self.shutdown_after(self.setting("shutoff_delay_s"))

    def command_on(self, how: str) -> None:
        self.check_link()
        if how == "now":
            self._on()

    def command_reboot(self, how: str) -> None:
        """Off, after the shutoff delay when graceful, and on again after the reboot time and the return delay."""
        if how != "none":
            self.check_link()
            self._pause("rebooting", how, self.setting("reboot_s") + self.setting("return_delay_s"))

    def command_sleep(self, how: str) -> None:
        if how != "none":
            self.check_link()
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
        self.check_link()
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
        self.check_link()
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
        self.check_link()
        self.ups.set_segment(number, state == "on")
        self.record(f"segment {number} {state}")
