"""The battery tests of a UPS: the rectifier stands back, the battery carries the load, and is judged by its voltage."""

from __future__ import annotations

from twinfeed.emulators.devices.firmware.points import Refused
from twinfeed.emulators.devices.ups.settings import UpsSettings

TEST_S = {"general": 10.0, "quick": 10.0}
"""How long the battery carries the load in a test, s (APC Smart-UPS: about 8 s, from memory, unverified)."""

DEEP_TEST_CHARGE = 25.0
"""A deep calibration discharges to this state of charge, % (APC runtime calibration, from memory, unverified)."""

WEAK_SAG = 0.02
"""A test fails when the battery's voltage is lower than a good one's would be by this share."""


class SelfTesting(UpsSettings):
    """General, quick and deep tests, as RFC 1628's upsTest group has them."""

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
        self.check_link()
        if test == "abort":
            self.stop_test("aborted", "aborted on request")
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

    def follow_test(self) -> None:
        ups = self.ups
        if not ups.state.testing:
            if not ups.battery_able:
                self._end_test("error", "the battery failed under test", replace=True)
            else:
                self.stop_test("aborted", "input power lost")
        elif self.state.test == "deep" and ups.charge_percent <= DEEP_TEST_CHARGE:
            self.judge()

    def judge(self) -> None:
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

    def stop_test(self, result: str, detail: str) -> None:
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
