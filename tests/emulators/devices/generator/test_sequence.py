"""The controller's sequence: start, load, stop, modes and commands."""

from __future__ import annotations

import pytest
from station import Station

from twinfeed.emulators.devices.firmware.points import BadValue, Refused
from twinfeed.emulators.plant.generation.fuel import DayTank, DayTankRatings


def test_a_call_from_a_transfer_switch_puts_the_set_on_the_bus_within_ten_seconds():
    station = Station()
    station.run(100.0)
    station.switch.call()
    station.run(10.0)
    assert station.bus.live
    assert station.stages() == [
        "start delay", "preheat", "cranking", "starting", "warming", "available", "closing", "on load",
    ]  # fmt: skip


def test_when_the_call_ends_it_stays_on_load_cools_down_and_stops():
    station = Station(settings={"return_s": 30.0, "cooling_s": 120.0})
    station.carrying(500.0)
    station.switch.call(False)
    station.run(29.0)
    assert station.bus.live
    station.run(2.0)
    assert not station.bus.live
    assert station.first.running
    assert station.controller.read("timer.cooling") == pytest.approx(119.0, abs=0.1)
    station.run(119.0)
    assert not station.first.running
    station.run(30.0)
    assert station.controller.read("engine.status") == "stopped"


def test_a_call_during_cooling_puts_it_back_on_load_at_once():
    station = Station()
    station.carrying(500.0)
    station.switch.call(False)
    station.run(60.0)
    assert station.controller.state.stage == "cooling"
    station.switch.call()
    station.run(1.0)
    assert station.bus.live
    assert station.controller.read("engine.starts") == 1


def test_a_call_while_it_runs_down_waits_for_standstill_and_starts_again():
    station = Station(settings={"return_s": 0.0, "cooling_s": 0.0})
    station.carrying(0.0)
    station.switch.call(False)
    station.run(5.0)
    station.switch.call()
    station.run(40.0)
    assert station.bus.live
    assert station.controller.read("engine.starts") == 2


def test_a_short_call_shorter_than_the_start_delay_starts_nothing():
    station = Station(settings={"start_delay_s": 3.0})
    station.switch.call()
    station.run(2.0)
    station.switch.call(False)
    station.run(60.0)
    assert station.controller.read("engine.starts") == 0
    assert "cranking" not in station.told()


def test_an_engine_that_does_not_fire_is_cranked_three_times_with_rests_and_then_given_up():
    station = Station()
    station.plant.inject("g1", "fail-to-start")
    station.switch.call()
    station.run(120.0)
    cranks = [e.t for e in station.plant.journal if e.who == "g1" and e.what == "cranking"]
    assert cranks == pytest.approx([0.0, 20.0, 40.0])
    assert station.controller.protection.condition("fail_to_start") == "shutdown"
    assert station.controller.read("alarm.fail_to_start.active") is True
    station.run(3600.0)
    assert station.told().count("cranking") == 3


def test_a_fault_that_clears_between_attempts_lets_it_start():
    station = Station()
    station.plant.inject("g1", "fail-to-start", for_s=25.0)
    station.switch.call()
    station.run(60.0)
    assert station.bus.live
    assert station.controller.read("engine.starts") == 1


def test_after_a_reset_it_tries_again():
    station = Station()
    station.plant.inject("g1", "fail-to-start", for_s=100.0)
    station.switch.call()
    station.run(120.0)
    station.controller.write("command.key", "reset")
    station.run(15.0)
    assert station.bus.live


def test_a_day_tank_that_runs_dry_ends_in_a_latched_shutdown():
    station = Station(1, DayTank("day", DayTankRatings(initial_percent=26.0)), tank="day")
    station.carrying(1500.0, seconds=600.0)
    assert station.controller.protection.condition("low_fuel") == "warning"
    station.run(4 * 3600.0)
    assert station.first.phase == "stopped"
    assert station.controller.state.latched["under_frequency"] == "shutdown"


def test_stop_stops_at_once_and_auto_starts_it_again():
    station = Station()
    station.carrying(500.0)
    station.controller.write("mode", "stop")
    assert not station.first.running
    station.run(60.0)
    assert not station.bus.live
    station.controller.write("mode", "auto")
    station.run(15.0)
    assert station.bus.live


def test_manual_starts_closes_opens_on_command():
    station = Station(settings={"mode": "manual"})
    station.switch.call()
    station.run(60.0)
    assert not station.first.running
    station.controller.write("command.key", "start")
    station.run(20.0)
    assert station.first.running
    assert not station.bus.live
    station.controller.write("command.key", "close")
    station.run(1.0)
    assert station.bus.live
    station.controller.write("command.key", "open")
    station.run(1.0)
    assert not station.bus.live
    assert station.first.running


def test_changing_to_manual_leaves_the_set_as_it_is():
    station = Station()
    station.carrying(500.0)
    station.controller.write("mode", "manual")
    station.switch.call(False)
    station.run(3600.0)
    assert station.first.load_kw == pytest.approx(500.0)


def test_test_mode_runs_it_on_the_bus():
    station = Station(settings={"mode": "stop"})
    station.controller.write("command.key", "test")
    station.run(20.0)
    assert station.bus.live


def test_telemetry_starts_and_stops_it_in_auto_only():
    station = Station()
    station.controller.write("command.key", "telemetry-start")
    station.run(20.0)
    assert station.bus.live
    station.controller.write("command.key", "telemetry-stop")
    station.run(400.0)
    assert not station.first.running
    station.controller.write("mode", "manual")
    with pytest.raises(Refused, match="a telemetry start needs auto"):
        station.controller.write("command.key", "telemetry-start")


def test_keys_that_mean_nothing_in_the_mode_are_refused():
    station = Station()
    with pytest.raises(Refused, match="close needs manual"):
        station.controller.write("command.key", "close")
    with pytest.raises(BadValue, match="expected one of"):
        station.controller.write("command.key", "explode")


def test_settings_change_the_sequence():
    station = Station()
    station.controller.write("setting.cooling", 10.0)
    station.controller.write("setting.return", 0.0)
    station.carrying(0.0)
    station.switch.call(False)
    station.run(11.0)
    assert not station.first.running


def test_run_time_starts_and_energy_are_exact():
    station = Station(settings={"return_s": 0.0, "cooling_s": 60.0})
    station.switch.call()
    station.run(100.0)
    station.load.take(900.0)
    station.plant.settle()
    station.run(1000.0)
    station.load.take(0.0)
    station.switch.call(False)
    station.plant.settle()
    station.run(1000.0)
    controller = station.controller
    assert controller.read("engine.run_time") == pytest.approx(100.0 - 1.2 + 1000.0 + 60.0)
    assert controller.read("engine.starts") == 1
    assert controller.read("generator.energy") == pytest.approx(900.0 * 1000.0 / 3600.0)


def test_a_broken_remote_start_wire_leaves_the_set_at_rest():
    station = Station()
    station.plant.inject("g1/device", "no-remote-start")
    station.switch.call()
    station.run(600.0)
    assert not station.first.running


def test_a_hung_controller_neither_starts_nor_stops_anything():
    station = Station()
    station.carrying(500.0)
    station.plant.inject("g1/device", "controller-hang")
    station.switch.call(False)
    station.run(3600.0)
    assert station.first.load_kw == pytest.approx(500.0)


def test_a_hung_card_does_not_stop_the_sequence():
    station = Station()
    station.plant.inject("g1/device", "card-hang")
    station.switch.call()
    station.run(15.0)
    assert station.bus.live
    assert not station.controller.answers


def test_a_fork_runs_the_same_again():
    station = Station(3, settings={"load_demand": True})
    station.carrying(900.0, seconds=100.0)
    fork = station.plant.snapshot()

    def on() -> list[object]:
        station.plant.journal.clear()
        station.plant.inject("g1", "fail-on-load", {"delay_s": 50.0})
        station.run(1200.0)
        return [*station.plant.journal, *(c.read("engine.run_time") for c in station.controllers)]

    first = on()
    station.plant.restore(fork)
    assert on() == first


def test_every_point_can_be_read_at_rest_and_on_load():
    station = Station()
    for _ in range(2):
        for name in station.controller.point_names():
            station.controller.read(name)
        station.carrying(500.0)


def test_the_event_log_tells_the_story():
    station = Station()
    station.carrying(500.0)
    texts = [text for _, text in station.controller.state.events]
    assert texts[:3] == ["start requested", "engine running", "generator breaker closed"]
