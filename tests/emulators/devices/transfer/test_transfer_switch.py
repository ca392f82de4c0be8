"""The controller of an automatic transfer switch: its sequence, its settings and its faults."""

from __future__ import annotations

import pytest
from stage import Engine, Load, plant, readings, told

from twinfeed.emulators.devices.catalogue import TRANSFER_SWITCH
from twinfeed.emulators.devices.firmware.points import BadValue, Refused
from twinfeed.emulators.devices.transfer.transfer_switch import TransferSwitchController, TransferSwitchParams
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch
from twinfeed.emulators.plant.power.utilities import Utility


def site(start_s: float = 10.0, **params: object) -> Plant:
    return plant(
        Utility("mains"),
        Engine("engine", "ats", start_s),
        AutomaticTransferSwitch("ats", None, {"normal": "mains", "emergency": "engine"}),
        Load("load", "ats"),
        TRANSFER_SWITCH.build("ctrl", TransferSwitchParams(of="ats", **params)),  # type: ignore[arg-type]
    )


def controller(made: Plant) -> TransferSwitchController:
    found = made.actors["ctrl"]
    assert isinstance(found, TransferSwitchController)
    return found


def test_an_outage_in_its_whole_length():
    made = site()
    made.advance(100.0)
    made.inject("mains", "outage", for_s=600.0)
    made.advance(2000.0)
    assert told(made, "start requested", "transferred", "start request dropped") == [
        (103.0, "ats", "start requested"),  # momentary override 3 s (ASCO 165)
        (115.1, "ats", "transferred"),  # + start 10 s, accepted for 2 s, 0.1 s open transition
        (1000.1, "ats", "transferred"),  # + retransfer delay 300 s (ASCO 165)
        (1060.1, "ats", "start request dropped"),  # + cool-down 60 s (ASCO 165)
    ]


def test_a_dip_shorter_than_the_override_starts_nothing():
    made = site()
    made.inject("mains", "outage", for_s=2.9)
    made.advance(60.0)
    assert told(made, "start requested") == []


def test_a_source_that_returns_before_the_transfer_only_cools_the_engine_down():
    made = site()
    made.inject("mains", "outage", for_s=8.0)
    made.advance(200.0)
    assert told(made, "start requested", "transferred", "start request dropped") == [
        (3.0, "ats", "start requested"),
        (68.0, "ats", "start request dropped"),
    ]


def test_a_source_that_comes_and_goes_starts_the_retransfer_delay_again():
    made = site()
    made.inject("mains", "outage", for_s=100.0)
    made.advance(300.0)
    made.inject("mains", "outage", for_s=10.0)
    made.advance(609.0)
    assert made.actors["ats"].on_emergency
    made.advance(611.0)
    assert made.actors["ats"].on_normal


def test_a_failing_engine_sends_the_load_back_at_once_if_the_mains_are_there():
    made = site()
    made.inject("mains", "outage", for_s=100.0)
    made.advance(150.0)
    del made.actors["engine"].state.faults["running"]
    made.actors["engine"].touch()
    made.advance(151.0)
    assert made.actors["ats"].on_normal


def test_it_waits_for_an_engine_that_does_not_come_and_says_so():
    made = site(start_s=1e6)
    made.inject("mains", "outage")
    made.advance(120.0)
    assert made.actors["ats"].on_normal
    assert controller(made).read("alarm.emergency_unavailable.active") is True
    assert controller(made).read("alarm.load_unpowered.active") is True


@pytest.mark.parametrize(
    ("kind", "parameters", "lost"),
    [
        ("sag", {"depth": 14.0}, False),  # 86 % of nominal: above the 85 % dropout
        ("sag", {"depth": 16.0}, True),
        ("swell", {"height": 20.0}, True),
        ("phase-loss", {"phase": 2.0}, True),
        ("frequency-drift", {"hertz": -2.4}, False),
        ("frequency-drift", {"hertz": -2.6}, True),
    ],
)
def test_what_counts_as_a_lost_source(kind, parameters, lost):
    made = site()
    made.inject("mains", kind, parameters)
    made.advance(5.0)
    assert made.actors["ats"].start_request is lost


def test_a_lost_source_must_recover_further_than_it_fell():
    made = site()
    made.inject("mains", "sag", {"depth": 30.0})
    made.advance(30.0)
    made.inject("mains", "sag", {"depth": 12.0})  # 88 %: above dropout, below the 90 % pickup
    made.advance(2000.0)
    assert made.actors["ats"].on_emergency


def test_a_test_on_load_and_its_end():
    made = site()
    ctrl = controller(made)
    ctrl.write("mode", "test")
    made.advance(30.0)
    assert made.actors["ats"].on_emergency
    ctrl.write("mode", "automatic")
    made.advance(31.0)
    assert made.actors["ats"].on_normal
    made.advance(100.0)
    assert not made.actors["ats"].start_request


def test_a_test_off_load_only_runs_the_engine():
    made = site()
    ctrl = controller(made)
    ctrl.write("setting.test_on_load", False)
    ctrl.write("mode", "test")
    made.advance(600.0)
    assert made.actors["engine"].live
    assert made.actors["ats"].on_normal


def test_an_outage_during_a_test_off_load_transfers():
    made = site()
    ctrl = controller(made)
    ctrl.write("setting.test_on_load", False)
    ctrl.write("mode", "test")
    made.advance(600.0)
    made.inject("mains", "outage")
    made.advance(610.0)
    assert made.actors["ats"].on_emergency


def test_in_manual_it_moves_only_by_hand():
    made = site()
    ctrl = controller(made)
    with pytest.raises(Refused, match="is in automatic: a transfer by hand needs manual"):
        ctrl.write("command.transfer", "emergency")
    ctrl.write("mode", "manual")
    made.inject("mains", "outage")
    made.advance(60.0)
    assert not made.actors["ats"].start_request
    ctrl.write("engine.start", True)
    made.advance(75.0)
    ctrl.write("command.transfer", "emergency")
    made.advance(76.0)
    assert made.actors["ats"].on_emergency
    assert ctrl.read("alarm.not_automatic.active") is True


def test_switched_off_it_does_nothing():
    made = site()
    controller(made).write("mode", "off")
    made.inject("mains", "outage")
    made.advance(3600.0)
    assert told(made, "start requested", "transferred") == []


def test_a_delay_can_be_bypassed():
    made = site()
    made.inject("mains", "outage", for_s=60.0)
    made.advance(100.0)
    assert controller(made).read("timer.retransfer.remaining") == pytest.approx(260.0)
    controller(made).write("command.bypass_delay", "bypass")
    made.advance(101.0)
    assert made.actors["ats"].on_normal


def test_without_automatic_return_it_stays_on_emergency():
    made = site(automatic_return=False)
    made.inject("mains", "outage", for_s=60.0)
    made.advance(7200.0)
    assert made.actors["ats"].on_emergency


def test_settings_are_bounded_and_kept():
    made = site()
    ctrl = controller(made)
    with pytest.raises(BadValue, match="got 9, expected a number from 0 to 6 s"):
        ctrl.write("setting.override", 9.0)
    ctrl.write("setting.override", 0.5)
    made.inject("mains", "outage")
    made.advance(0.6)
    assert made.actors["ats"].start_request


def test_a_stuck_mechanism_raises_an_alarm_and_is_tried_again():
    made = site()
    made.inject("ats", "stuck", for_s=60.0)
    made.inject("mains", "outage")
    made.advance(30.0)
    assert controller(made).read("alarm.move_failed.active") is True
    made.advance(120.0)
    assert made.actors["ats"].on_emergency
    assert controller(made).read("alarm.move_failed.active") is False


def test_a_failed_move_is_forgotten_when_the_mains_return():
    made = site()
    made.inject("ats", "stuck", for_s=100.0)
    made.inject("mains", "outage", for_s=40.0)
    made.advance(600.0)
    assert made.actors["ats"].on_normal
    assert told(made, "transferred") == []


def test_a_lockout_blocks_transfers_until_it_is_reset():
    made = site()
    made.inject("ctrl", "lockout")
    made.inject("mains", "outage")
    made.advance(600.0)
    assert made.actors["ats"].on_normal
    controller(made).write("command.reset", "reset")
    made.advance(620.0)
    assert made.actors["ats"].on_emergency


@pytest.mark.parametrize("fault", ["controller-hang", "blind", "no-start-signal"])
def test_a_controller_that_fails_leaves_the_load_dead_until_it_is_mended(fault):
    made = site()
    made.inject("ctrl", fault)
    made.inject("mains", "outage")
    made.advance(600.0)
    assert not made.actors["load"].live
    made.clear("ctrl", fault)
    made.advance(700.0)
    assert made.actors["load"].live


def test_a_false_loss_transfers_a_healthy_load():
    made = site()
    made.inject("ctrl", "false-loss")
    made.advance(60.0)
    assert made.actors["ats"].on_emergency


def test_the_sequence_runs_on_while_the_card_hangs():
    made = site()
    made.inject("ctrl", "card-hang")
    made.inject("mains", "outage")
    made.advance(60.0)
    assert made.actors["load"].live
    assert not controller(made).answers


def test_readings_of_both_sources_and_the_load():
    made = site()
    made.inject("mains", "phase-loss", {"phase": 3.0})
    made.advance(60.0)
    r = readings(controller(made))
    assert [r[f"source.1.voltage.{p}"] for p in (1, 2, 3)] == [230.0, 230.0, 0.0]
    assert [round(r[f"source.1.line_voltage.{p}"], 1) for p in (1, 2, 3)] == [398.4, 230.0, 230.0]
    assert (r["source.1.available"], r["source.2.available"]) == (False, True)
    assert (r["source.1.phase_failure"], r["source.2.connected"]) == (True, True)
    assert r["switch.position"] == "emergency"
    assert r["load.current.1"] == pytest.approx(100_000 / 3 / 230)


def test_a_fork_in_mid_sequence_goes_on_alike():
    made = site()
    made.inject("mains", "outage", for_s=100.0)
    made.advance(9.0)
    snapshot = made.snapshot()
    made.journal.clear()
    made.advance(1000.0)
    first = [(e.t, e.who, e.what, e.data) for e in made.journal]
    made.restore(snapshot)
    made.advance(1000.0)
    assert [(e.t, e.who, e.what, e.data) for e in made.journal] == first
