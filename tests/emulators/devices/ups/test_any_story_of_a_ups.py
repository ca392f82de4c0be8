"""Any orders to a UPS, outages and faults between them: what its card shows fits together at every moment."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ups_rig import Rig

from twinfeed.emulators.devices.firmware.points import Refused

ORDERS = st.sampled_from([
    ("command.off", "now"), ("command.on", "now"), ("command.reboot", "now"), ("command.sleep", "now"),
    ("command.test", "quick"), ("command.test", "deep"), ("command.test", "abort"),
    ("command.bypass", "on"), ("command.bypass", "off"), ("setting.eco", "on"), ("setting.eco", "off"),
    ("shutdown.delay", 7.0), ("shutdown.delay", -1.0), ("startup.delay", 5.0), ("reboot.duration", 6.0),
    ("battery.breaker", "open"), ("battery.breaker", "closed"),
])  # fmt: skip
EVENTS = st.one_of(
    st.tuples(st.just("order"), ORDERS),
    st.tuples(st.just("mains"), st.booleans()),
    st.tuples(st.sampled_from(["inject", "clear"]), st.sampled_from(["inverter", "charger", "rectifier", "fan"])),
)
WAITS_S = st.sampled_from([0.0, 0.3, 2.9, 11.0, 70.0])


def fits_together(rig: Rig) -> None:
    """RFC 1628: the source of the output, the alarms and the state of the battery agree."""
    read = rig.ups.read
    live, alarms = read("output.on"), rig.alarms()
    assert live is rig.train.live
    assert live <= (read("output.source") != "none"), "a bypass may be chosen and dead"
    assert ("ups_output_off" in alarms) is not live
    assert ("on_bypass" in alarms) is rig.train.on_bypass
    assert ("test_in_progress" in alarms) is rig.ups.selftest.running
    assert ("shutdown_pending" in alarms) is (read("shutdown.delay") >= 0.0)
    assert read("battery.seconds_on_battery") >= 0.0
    assert (read("battery.seconds_on_battery") > 0.0) <= rig.train.on_battery
    for countdown in ("shutdown.delay", "startup.delay", "reboot.duration"):
        assert read(countdown) == -1.0 or read(countdown) >= 0.0
    assert 0.0 <= read("battery.charge") <= 100.0


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(EVENTS, WAITS_S), min_size=1, max_size=8))
def test_what_the_card_shows_fits_together(steps: list[tuple[tuple[str, Any], float]]) -> None:
    rig = Rig()
    for (kind, what), wait_s in steps:
        if kind == "order":
            with suppress(Refused):
                rig.ups.write(*what)
        elif kind == "mains":
            rig.mains.set(230.0 if what else 0.0)
        elif kind == "inject":
            rig.plant.inject("ups", what)
        elif what in rig.train.state.faults:
            rig.plant.clear("ups", what)
        rig.run(wait_s)
        if rig.ups.answers:  # the card is dead while neither input nor battery feeds it
            fits_together(rig)
