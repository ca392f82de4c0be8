"""The firmware of a UPS: countdowns, tests, alarms, restarts."""

from __future__ import annotations

import pytest
from ups_rig import Rig

from twinfeed.emulators.devices.firmware.points import BadValue, Refused


def test_every_point_can_be_read():
    rig = Rig(segments=2)
    assert len(rig.ups.point_names()) > 120
    for name in rig.ups.point_names():
        rig.ups.read(name)


def test_at_rest_only_nothing_is_wrong():
    rig = Rig()
    rig.run(600.0)
    assert rig.alarms() == set()
    assert rig.ups.read("ups.mode") == "online"
    assert rig.ups.read("output.source") == "normal"
    assert rig.ups.read("battery.status") == "normal"
    assert rig.ups.read("output.load") == pytest.approx(80.0)


def test_an_outage_goes_from_battery_to_low_to_depleted_to_lost():
    rig = Rig(kw=500.0)
    rig.run(10.0)
    rig.mains.set(0.0)
    rig.run(1.0)
    assert rig.alarms() == {"on_battery", "input_bad", "bypass_bad"}
    assert rig.ups.read("ups.transfer_cause") == "blackout"
    rig.run(700.0)
    said = [(e.what, e.data.get("alarm")) for e in rig.plant.journal if e.who == "ups/device" and e.what == "alarm"]
    assert [alarm for _, alarm in said] == [
        "on_battery", "input_bad", "bypass_bad", "low_battery", "depleted_battery", "shutdown_imminent",
        "ups_output_off", "awaiting_power",
    ]  # fmt: skip  # the card sees the end: it bridges 20 ms
    assert rig.ups.state.card == "off"


def test_low_battery_comes_when_the_runtime_reaches_the_setting():
    rig = Rig(kw=500.0)
    rig.ups.write("setting.low_battery", 240.0)
    rig.mains.set(0.0)
    rig.run(600.0)
    raised = next(e.t for e in rig.plant.journal if e.data.get("alarm") == "low_battery")
    assert raised == pytest.approx(600.0 - 240.0, abs=8.0)


def test_seconds_on_battery_count_and_return_to_zero():
    rig = Rig()
    rig.mains.set(0.0)
    rig.run(42.0)
    assert rig.ups.read("battery.seconds_on_battery") == pytest.approx(42.0)
    rig.mains.set(230.0)
    rig.run(60.0)
    assert rig.ups.read("battery.seconds_on_battery") == 0.0
    assert rig.ups.read("battery.seconds_total") == pytest.approx(42.0 + 20.0, abs=0.1)
    assert rig.ups.read("input.line_bads") == 1


def test_after_a_full_discharge_the_output_returns_with_the_input():
    rig = Rig(kw=500.0)
    rig.mains.set(0.0)
    rig.run(1200.0)
    assert not rig.load.live
    rig.mains.set(230.0)
    rig.run(25.0)
    assert rig.load.live


def test_auto_restart_off_waits_for_an_operator():
    rig = Rig(kw=500.0)
    rig.ups.write("setting.auto_restart", "off")
    rig.mains.set(0.0)
    rig.run(1200.0)
    rig.mains.set(230.0)
    rig.run(3600.0)
    assert not rig.load.live
    rig.ups.write("startup.delay", 0)
    assert rig.load.live


def test_the_output_waits_for_the_minimum_charge():
    rig = Rig(kw=500.0)
    rig.ups.write("setting.min_return_charge", 15.0)
    rig.mains.set(0.0)
    rig.run(1200.0)
    rig.mains.set(230.0)
    rig.run(300.0)
    assert not rig.load.live
    assert "awaiting_power" in rig.alarms()
    rig.run(900.0)
    assert rig.load.live
    assert rig.ups.read("battery.charge") >= 15.0


def test_shutdown_counts_down_announces_itself_and_cuts_the_output():
    rig = Rig()
    rig.ups.write("shutdown.delay", 60)
    rig.run(20.0)
    assert rig.ups.read("shutdown.delay") == pytest.approx(40.0)
    assert rig.alarms() == {"shutdown_pending"}
    rig.run(36.0)
    assert rig.alarms() == {"shutdown_pending", "shutdown_imminent"}
    rig.run(5.0)
    assert not rig.load.live
    assert {"output_off_as_requested", "ups_output_off"} <= rig.alarms()
    rig.run(86400.0)
    assert not rig.load.live, "a shutdown while the input was good is for good"


def test_a_shutdown_can_be_aborted():
    rig = Rig()
    rig.ups.write("shutdown.delay", 60)
    rig.run(30.0)
    rig.ups.write("shutdown.delay", -1)
    assert rig.ups.read("shutdown.delay") == -1
    rig.run(120.0)
    assert rig.load.live


def test_a_shutdown_on_battery_ends_when_the_input_returns():
    rig = Rig()
    rig.mains.set(0.0)
    rig.ups.write("shutdown.delay", 10)
    rig.run(60.0)
    assert rig.ups.read("ups.mode") == "awaiting_power"
    rig.mains.set(230.0)
    rig.run(30.0)
    assert rig.load.live


def test_reboot_keeps_the_output_off_for_its_duration():
    rig = Rig()
    rig.ups.write("reboot.duration", 30)
    rig.run(29.0)
    assert rig.ups.read("ups.mode") == "rebooting"
    assert rig.ups.read("reboot.duration") == pytest.approx(1.0)
    rig.run(2.0)
    assert rig.ups.read("ups.mode") == "online"


def test_a_graceful_reboot_gives_the_servers_their_delay_first():
    rig = Rig()
    rig.ups.write("command.reboot", "graceful")
    rig.run(19.0)
    assert rig.load.live
    rig.run(2.0)
    assert rig.ups.read("ups.mode") == "rebooting"
    rig.run(10.0)
    assert rig.load.live


def test_conserving_the_battery_is_refused_online_and_sleeps_until_the_input_returns():
    rig = Rig()
    with pytest.raises(Refused, match="not on battery"):
        rig.ups.write("command.conserve", "now")
    rig.mains.set(0.0)
    rig.run(5.0)
    rig.ups.write("command.conserve", "now")
    assert not rig.load.live
    rig.run(600.0)
    rig.mains.set(230.0)
    rig.run(30.0)
    assert rig.load.live


def test_a_quick_test_of_a_good_battery_passes():
    rig = Rig()
    rig.ups.write("test.id", "quick")
    assert rig.ups.read("ups.mode") == "battery_test"
    assert rig.ups.read("output.source") == "battery"
    assert rig.ups.read("test.result") == "in_progress"
    rig.run(5.0)
    assert rig.alarms() == {"test_in_progress"}
    rig.run(10.0)
    assert rig.ups.read("test.result") == "pass"
    assert rig.ups.read("ups.mode") == "online"
    assert rig.ups.read("test.elapsed") == pytest.approx(10.0)
    assert rig.load.state.interruptions == 0


def test_a_quick_test_finds_a_weak_battery_but_not_a_lost_string():
    rig = Rig()
    rig.plant.inject("ups", "string-open", {"strings": 1})
    rig.ups.write("test.id", "quick")
    rig.run(20.0)
    assert rig.ups.read("test.result") == "pass"
    rig.plant.inject("ups", "battery-weak", {"capacity": 30.0})
    rig.ups.write("test.id", "quick")
    rig.run(20.0)
    assert rig.ups.read("test.result") == "error"
    assert rig.ups.read("battery.replace") is True
    assert {"diagnostic_test_failed", "battery_bad"} <= rig.alarms()


def test_a_deep_test_measures_what_the_battery_holds():
    rig = Rig()
    rig.plant.inject("ups", "string-open", {"strings": 1})
    promised = rig.ups.read("battery.runtime")
    rig.ups.write("test.id", "deep")
    rig.run(3600.0)
    assert rig.ups.read("test.result") == "error"
    assert rig.ups.read("test.calibration") == "ok"
    assert "69 %" in rig.ups.read("test.detail")
    rig.run(20_000.0)
    assert rig.ups.read("battery.runtime") == pytest.approx(0.69 * promised, rel=0.02)


def test_a_test_is_aborted_by_an_operator_or_by_the_input_failing():
    rig = Rig()
    rig.ups.write("test.id", "deep")
    rig.run(30.0)
    rig.ups.write("test.id", "abort")
    assert rig.ups.read("test.result") == "aborted"
    rig.ups.write("test.id", "quick")
    rig.run(2.0)
    rig.mains.set(0.0)
    rig.run(1.0)
    assert rig.ups.read("test.result") == "aborted"
    assert rig.ups.read("ups.mode") == "battery"


def test_only_one_test_runs_and_only_online():
    rig = Rig()
    rig.ups.write("test.id", "quick")
    with pytest.raises(Refused, match="in progress"):
        rig.ups.write("test.id", "deep")
    rig.run(20.0)
    rig.mains.set(0.0)
    with pytest.raises(Refused, match="only online"):
        rig.ups.write("test.id", "quick")


def test_the_test_lock_lets_one_manager_through():
    rig = Rig()
    lock = rig.ups.read("test.lock")
    rig.ups.write("test.lock", lock)
    with pytest.raises(Refused, match="test lock"):
        rig.ups.write("test.lock", lock)


def test_bypass_on_command_and_back():
    rig = Rig()
    rig.ups.write("command.bypass", "on")
    rig.run(60.0)
    assert rig.ups.read("ups.mode") == "bypass"
    assert "on_bypass" in rig.alarms()
    assert rig.ups.read("bypass.1.power") == pytest.approx(400_000 / 3)
    rig.ups.write("command.bypass", "off")
    assert rig.ups.read("ups.mode") == "online"


def test_a_bad_bypass_is_refused():
    rig = Rig(split=True)
    rig.reserve.set(190.0)
    with pytest.raises(Refused, match="out of tolerance"):
        rig.ups.write("command.bypass", "on")


@pytest.mark.parametrize(
    ("fault", "alarms"),
    [
        ("inverter", {"general_fault", "on_bypass"}),
        ("rectifier", {"general_fault", "on_battery"}),
        ("charger", {"charger_failed"}),
        ("fan", {"fan_failure"}),
        ("bypass", {"general_fault", "bypass_bad"}),
    ],
)
def test_faults_of_the_power_train_raise_their_alarms_and_clear_them(fault, alarms):
    rig = Rig(kw=200.0)
    rig.plant.inject("ups", fault)
    rig.run(1.0)
    assert rig.alarms() == alarms
    rig.plant.clear("ups", fault)
    rig.run(60.0)
    assert rig.alarms() == set()


def test_overload_has_hysteresis():
    rig = Rig(kw=505.0)
    rig.run(1.0)
    assert "output_overload" in rig.alarms()
    rig.load.set(490.0)
    rig.run(1.0)
    assert "output_overload" in rig.alarms()
    rig.load.set(470.0)
    rig.run(1.0)
    assert "output_overload" not in rig.alarms()


def test_transfer_points_move_the_window_of_the_rectifier():
    rig = Rig()
    rig.mains.set(200.0)
    assert rig.ups.read("ups.mode") == "online"
    rig.ups.write("setting.transfer.low", 210.0)
    rig.run(1.0)
    assert rig.ups.read("ups.mode") == "battery"
    assert rig.ups.read("ups.transfer_cause") == "brownout"


def test_settings_survive_a_power_loss_of_the_card_and_bad_ones_are_refused():
    rig = Rig(kw=500.0)
    rig.ups.write("setting.audible", "muted")
    rig.mains.set(0.0)
    rig.run(1200.0)
    rig.mains.set(230.0)
    rig.run(120.0)
    assert rig.ups.state.boots == 2
    assert rig.ups.read("setting.audible") == "muted"
    with pytest.raises(BadValue):
        rig.ups.write("setting.audible", "loud")


def test_the_firmware_works_on_while_the_card_hangs():
    rig = Rig()
    rig.ups.write("shutdown.delay", 30)
    rig.plant.inject("ups/device", "card-hang")
    rig.run(40.0)
    assert not rig.load.live
    assert rig.alarms() == {"shutdown_pending"}, "a hung card sees nothing new"


def test_without_communication_commands_are_refused():
    rig = Rig()
    rig.plant.inject("ups/device", "communications-lost")
    assert "communications_lost" in rig.alarms() or rig.run(1.0) is None
    with pytest.raises(Refused, match="no communication"):
        rig.ups.write("shutdown.delay", 0)


def test_outlet_groups_switch():
    rig = Rig(segments=3)
    rig.ups.write("segment.2.state", "off")
    assert [rig.ups.read(f"segment.{n}.state") for n in (1, 2, 3)] == ["on", "off", "on"]
    assert rig.train.socket("2").live is False


def test_a_hot_battery_room_raises_the_temperature_alarm():
    rig = Rig()
    rig.plant.inject("ups", "thermal-runaway", {"rate": 5.0})
    rig.run(300.0)
    assert "temp_bad" in rig.alarms()


def test_the_event_log_tells_the_story():
    rig = Rig()
    rig.mains.set(0.0)
    rig.run(5.0)
    rig.mains.set(230.0)
    rig.run(60.0)
    texts = [text for _, text in rig.ups.state.events]
    assert [t for t in texts if "input" in t or "on battery" in t][:2] == ["input power bad: blackout", "on battery"]
    assert "no longer on battery" in texts


def test_a_fork_repeats_the_firmware_too():
    rig = Rig(kw=500.0)
    rig.mains.set(0.0)
    rig.ups.write("shutdown.delay", 100)
    rig.run(50.0)
    snapshot = rig.plant.snapshot()

    def onwards():
        rig.plant.restore(snapshot)
        rig.run(200.0)
        rig.mains.set(230.0)
        rig.run(200.0)
        return list(rig.plant.journal), rig.ups.read("battery.charge")

    assert onwards() == onwards()
