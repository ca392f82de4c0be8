"""Switching the output of a UPS: countdowns, reboots, sleep, bypass and outlet groups."""

from __future__ import annotations

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Refused
from twinfeed.emulators.devices.ups.selftest import SelfTest
from twinfeed.emulators.devices.ups.settings import UpsDeviceState, UpsSettings, check_link
from twinfeed.emulators.plant.ups.ups import Ups

IMMINENT_S = 5.0
"""upsAlarmShutdownImminent (RFC 1628): output lost in less than this, s."""


class OutputControl:
    """The commands for the output, as RFC 1628's upsControl group and APC's commands have them."""

    def __init__(self, card: Device[UpsDeviceState], ups: Ups, settings: UpsSettings, selftest: SelfTest) -> None:
        self._card, self._ups, self._settings, self._selftest = card, ups, settings, selftest

    def off(self, why: str) -> None:
        """Cut the output; on battery it comes back with the input if auto restart is set."""
        state = self._card.state
        self._card.cancel("shutdown")
        self._selftest.stop("aborted", "output switched off")
        if self._ups.state.path == "none" and state.off:
            return
        state.off = why
        state.awaiting = (
            not self._ups.input_ok and self._settings["auto_restart"] == "on" and why in ("output", "system")
        )
        self._ups.switch_off()
        self._card.log_event(f"output off: {why}")
        self._card.log("output off", why=why)

    def on(self) -> None:
        self._card.state.off, self._card.state.awaiting = "", False
        self._card.cancel("startup")
        self._card.cancel("reboot over")
        self._card.cancel("restart")
        if self._ups.state.wanted != "inverter" or self._ups.state.path == "none":
            self._ups.switch_on()
            self._card.log_event("output on")

    def start_when_powered(self) -> None:
        if self._ups.input_ok:
            self.on()
        elif self._ups.state.path == "none":
            self._card.state.awaiting = True

    def shutdown_after(self, seconds: float) -> None:
        """Count down and switch off; -1 abandons the countdown (upsShutdownAfterDelay)."""
        check_link(self._card)
        self._card.cancel("shutdown")
        self._card.cancel("imminent")
        if seconds < 0:
            self._card.log_event("shutdown aborted")
        elif seconds == 0:
            self.off(str(self._settings["shutdown_type"]))
        else:
            self._card.after(seconds, "shutdown")
            self._card.after(max(0.0, seconds - IMMINENT_S), "imminent")
            self._card.log_event(f"shutdown in {seconds:g} s")

    def startup_after(self, seconds: float) -> None:
        """Count down and switch on; -1 abandons it (upsStartupAfterDelay)."""
        check_link(self._card)
        self._card.cancel("startup")
        self._card.cancel("reboot over")
        if seconds == 0:
            self.start_when_powered()
        elif seconds > 0:
            self._card.after(seconds, "startup")
            self._card.log_event(f"startup in {seconds:g} s")

    def reboot_for(self, seconds: float) -> None:
        """Switch off now and on again after that long (upsRebootWithDuration)."""
        check_link(self._card)
        if seconds < 0:
            self._card.cancel("reboot over")
            return
        self.off("rebooting")
        self._card.after(seconds, "reboot over")

    def countdown(self, *timers: str) -> float:
        """Seconds left of the first of these that runs, -1 if none does."""
        for timer in timers:
            left = self._card.remaining_s(timer)
            if left is not None:
                return left
        return -1.0

    def switch_off(self, how: str) -> None:
        check_link(self._card)
        if how == "now":
            self.off("output")
            self._card.state.awaiting = False
        elif how == "graceful":
            self.shutdown_after(self._settings["shutoff_delay_s"])

    def switch_on(self, how: str) -> None:
        check_link(self._card)
        if how == "now":
            self.on()

    def reboot(self, how: str) -> None:
        """Off, after the shutoff delay when graceful, and on again after the reboot time and the return delay."""
        if how != "none":
            check_link(self._card)
            self._pause("rebooting", how, self._settings["reboot_s"] + self._settings["return_delay_s"])

    def sleep(self, how: str) -> None:
        if how != "none":
            check_link(self._card)
            self._pause("sleeping", how, self._settings["sleep_s"] + self._settings["return_delay_s"])

    def _pause(self, why: str, how: str, seconds: float) -> None:
        delay = self._settings["shutoff_delay_s"] if how == "graceful" else 0.0
        if delay <= 0.0:
            self.off(why)
        else:
            self._card.state.pause = why
            self._card.after(delay, "pause")
        self._card.after(delay + seconds, "reboot over")

    def conserve(self, how: str) -> None:
        """Switch off on battery until the input returns.

        Raises:
            Refused: not on battery.
        """
        if how == "none":
            return
        check_link(self._card)
        if not self._ups.on_battery or self._selftest.running:
            raise Refused(f"{self._card.name}: it is not on battery, there is nothing to conserve")
        self.off("output")
        self._card.state.awaiting = True

    def bypass(self, how: str) -> None:
        """Put the load on the static bypass or take it back.

        Raises:
            Refused: the bypass is not fit to carry the load.
        """
        if how == "none":
            return
        check_link(self._card)
        if how == "off":
            self._ups.switch_on()
            self._ups.return_now()
        elif not self._ups.to_bypass():
            raise Refused(f"{self._card.name}: the bypass is out of tolerance or not in step")
        self._card.log_event(f"bypass {how}")

    def outlet(self, what: str) -> None:
        """The main outlet group's commands: `shutdown` returns with the input, `off` stays off; delays as set."""
        action, _, delayed = what.partition("-")
        how = "graceful" if delayed else "now"
        if action == "cancel":
            self.shutdown_after(-1.0)
            self.startup_after(-1.0)
        elif action == "on" and delayed:
            self.startup_after(self._settings["return_delay_s"])
        elif action == "on":
            self.switch_on("now")
        elif action == "off":
            self.switch_off(how)
        elif action == "reboot" or (action == "shutdown" and self._ups.input_ok):
            self.reboot(how)
        elif action == "shutdown":
            self.shutdown_after(self._settings["shutoff_delay_s"] if delayed else 0.0)

    def panel(self, what: str) -> None:
        """Lamp test and beeper."""
        if what == "mute" or what == "unmute":
            self._settings.set("audible", "muted" if what == "mute" else "enabled")
        elif what != "none":
            self._card.log_event(f"panel {what}")

    def segment(self, number: int, state: str) -> None:
        check_link(self._card)
        self._ups.set_segment(number, state == "on")
        self._card.log_event(f"segment {number} {state}")
