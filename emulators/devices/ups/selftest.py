"""The battery tests of a UPS: the rectifier stands back, the battery carries the load, and is judged by its voltage."""

from __future__ import annotations

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Refused
from twinfeed.emulators.devices.ups.settings import UpsDeviceState, check_link
from twinfeed.emulators.plant.ups.ups import Ups

TEST_S = {"general": 10.0, "quick": 10.0}
"""The time that the battery carries the load in a test, s (APC Smart-UPS: about 8 s, from memory, unverified)."""

DEEP_TEST_CHARGE = 25.0
"""A deep calibration discharges to this state of charge, % (APC runtime calibration, from memory, unverified)."""

WEAK_SAG = 0.02
"""A test fails when the battery's voltage is lower than a good one's would be by this share."""


class SelfTest:
    """General, quick and deep tests, as RFC 1628's upsTest group has them."""

    def __init__(self, card: Device[UpsDeviceState], ups: Ups) -> None:
        self._card, self._ups = card, ups

    @property
    def running(self) -> bool:
        """True if a test is in progress."""
        return self._card.state.test_result == "in_progress"

    @property
    def elapsed_s(self) -> float:
        """The time that the test in progress or last done has lasted, s (upsTestElapsedTime)."""
        state = self._card.state
        return (self._card.plant.now if self.running else state.test_ended) - state.test_at

    def start(self, test: str) -> None:
        """Begin a general, quick or deep test, or abort the one that runs.

        Raises:
            Refused: a test runs already, or the UPS is not in normal operation.
        """
        if test == "none":
            return
        check_link(self._card)
        if test == "abort":
            self.stop("aborted", "aborted on request")
            return
        if self.running:
            raise Refused(f"{self._card.name}: a {self._card.state.test} test is in progress")
        if self._ups.mode != "online" or not self._ups.battery_connected:
            raise Refused(
                f"{self._card.name}: cannot test the battery in mode {self._ups.mode}, only online with its battery"
            )
        state = self._card.state
        state.test, state.test_result, state.test_detail = test, "in_progress", ""
        state.test_at = self._card.plant.now
        if test == "deep":
            state.calibration = "in_progress"
        else:
            state.battery_test = "in_progress"
            self._card.after(TEST_S[test], "test over")
        self._ups.hold_rectifier(True)
        self._card.log_event(f"{test} test started")
        self._card.log("test started", test=test)

    def follow(self) -> None:
        """End the running test if the input is lost, the battery has failed, or a deep test is done."""
        ups = self._ups
        if not ups.state.testing:
            if not ups.battery_able:
                self._end_test("error", "the battery failed under test", replace=True)
            else:
                self.stop("aborted", "input power lost")
        elif self._card.state.test == "deep" and ups.charge_percent <= DEEP_TEST_CHARGE:
            self.judge()

    def judge(self) -> None:
        """End the test with a verdict: the battery's voltage under load is compared with a good one's."""
        ups = self._ups
        good = ups.battery.volts(ups.state.depth, ups.battery_kw)
        sag = (good - ups.battery_volts) / good
        if sag > WEAK_SAG:
            self._end_test("error", f"battery voltage {100 * sag:.1f} % low under load", replace=True)
        elif self._card.state.test == "general" and ups.state.faults.keys() & {"fan", "charger", "bypass"}:
            self._end_test("warning", "battery good, other equipment faulty")
        else:
            self._end_test("pass", "")

    def _end_test(self, result: str, detail: str, replace: bool | None = False) -> None:
        state = self._card.state
        self._card.cancel("test over")
        if state.test == "deep" and result != "aborted":
            self._ups.calibrate()
            state.calibration = "ok"
            if self._ups.state.believed < 0.8:
                result, detail = "error", f"capacity {100 * self._ups.state.believed:.0f} % of rated"
                replace = True
        elif state.test == "deep":
            state.calibration = "aborted"
        if replace is not None:
            state.settings["replace_battery"] = replace
        if state.test != "deep":
            state.battery_test = result
        state.test_result, state.test_detail, state.test_ended = result, detail, self._card.plant.now
        self._ups.hold_rectifier(False)
        self._card.log_event(f"{state.test} test: {result}{' - ' + detail if detail else ''}")
        self._card.log("test over", test=state.test, result=result)

    def stop(self, result: str, detail: str) -> None:
        """End the test that runs, if one does, without a verdict on the battery."""
        if self.running:
            self._end_test(result, detail, replace=None)

    def set_lock(self, value: float) -> None:
        """upsTestSpinLock (TestAndIncr, RFC 2579): only who knows its value may take it.

        Raises:
            Refused: another value is current.
        """
        if int(value) != self._card.state.test_lock:
            raise Refused(f"{self._card.name}: the test lock is {self._card.state.test_lock}, not {value:g}")
        self._card.state.test_lock = (self._card.state.test_lock + 1) % 2**31
