"""A chiller's controller: when it may start, what a power loss costs, trips and lockout, lead and standby."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from cooled import Site

from twinfeed.emulators.devices.catalogue import CHILLER
from twinfeed.emulators.devices.cooling.chiller import ChillerController, ChillerParams
from twinfeed.emulators.devices.firmware.points import BadValue, Refused


def controllers(**params: Any) -> list[ChillerController]:
    """One for each of the site's chillers: two leads and a standby."""
    roles = ("lead", "lead", "standby")
    return [
        CHILLER.build(f"chiller-{n}/device", ChillerParams(**{"of": f"chiller-{n}", "role": roles[n - 1], **params}))
        for n in (1, 2, 3)
    ]


def site(**params: Any) -> tuple[Site, list[ChillerController]]:
    devices = controllers(**params)
    return Site(*devices), devices


def until_running(s: Site, device: ChillerController, limit_s: float) -> float:
    """The time until its compressors run, s."""
    start = s.plant.now
    while not device.chiller.running:
        assert s.plant.now < start + limit_s, f"not running after {limit_s} s: {device.state.phase}"
        s.run(0.5)
    return s.plant.now - start


def test_nothing_happens_at_a_site_at_rest() -> None:
    s, devices = site()
    s.run(6 * 3600.0)
    assert [d.state.phase for d in devices] == ["running", "running", "off"]
    assert [d.chiller.starts for d in devices] == [0, 0, 0]
    assert not any(d.state.alarms for d in devices)


def test_after_a_power_loss_a_lead_chiller_starts_as_fast_as_published(shared_data: Path) -> None:
    with (shared_data / "published" / "chiller_restart.csv").open() as file:
        rows = list(csv.DictReader(line for line in file if line[0] != "#"))
    published = {r["quantity"]: r["value"] for r in rows if r["chiller"].startswith("Trane RTAE")}
    s, devices = site(anti_recycle_s=0.0)
    s.grid.set(0.0)
    s.run(30.0)
    assert devices[0].state.phase == "dead"
    s.grid.set(230.0)
    shortest = float(published["power applied to first compressor: minimum"])
    assert until_running(s, devices[0], 120.0) == pytest.approx(shortest, abs=1.0)
    params = devices[0].params
    assert params.boot_controller_s == float(published["UC800 controller boot"])
    assert params.flow_proof_s == float(published["evaporator flow filter"])


def test_lag_and_standby_wait_longer_as_published(shared_data: Path) -> None:
    with (shared_data / "published" / "chiller_restart.csv").open() as file:
        delays = [r for r in csv.DictReader(line for line in file if line[0] != "#") if "extra delay" in r["quantity"]]
    expected = {role: float(r["value"]) for r in delays for role in ("lead", "lag", "standby") if role in r["quantity"]}
    s, devices = site(role="lag")
    s.grid.set(0.0)
    s.run(120.0)
    s.grid.set(230.0)
    assert until_running(s, devices[0], 300.0) == pytest.approx(45.0 + expected["lag"], abs=1.0)
    params = devices[0].params
    assert (0.0, params.lag_delay_s, params.standby_delay_s) == tuple(expected.values())


def test_a_second_dip_starts_the_whole_restart_again() -> None:
    s, devices = site()
    s.grid.set(0.0)
    s.run(10.0)
    s.grid.set(230.0)
    s.run(40.0)
    s.grid.set(0.0)
    s.run(1.0)
    s.grid.set(230.0)
    assert until_running(s, devices[0], 200.0) == pytest.approx(45.0, abs=1.0)


def test_the_restart_inhibit_counts_from_the_stop() -> None:
    s, devices = site(anti_recycle_s=300.0)
    s.grid.set(0.0)
    s.run(10.0)
    s.grid.set(230.0)
    s.run(60.0)
    assert devices[0].state.phase == "inhibited"
    assert until_running(s, devices[0], 400.0) == pytest.approx(300.0 - 10.0 - 60.0 + 14.0, abs=1.0)


def test_a_sag_that_spares_the_controller_still_costs_a_restart() -> None:
    s, devices = site()
    s.grid.set(0.7 * 230.0)
    s.run(0.5)
    s.grid.set(230.0)
    assert not devices[0].chiller.running
    assert "booting" not in [e.data.get("phase") for e in s.plant.journal if e.who == "chiller-1/device"]
    assert until_running(s, devices[0], 200.0) == pytest.approx(60.0 + 14.0, abs=1.0)


def test_a_chiller_without_auto_restart_stays_locked_out_after_a_sag() -> None:
    s, devices = site(power_auto_restart=False)
    s.grid.set(0.7 * 230.0)
    s.run(0.5)
    s.grid.set(230.0)
    s.run(1800.0)
    assert devices[0].state.phase == "lockout"
    devices[0].write("command.reset", "reset")
    until_running(s, devices[0], 200.0)


def test_it_does_not_start_without_flow_and_trips_when_flow_goes() -> None:
    s, devices = site(flow_limit_s=300.0)
    s.plant.inject("loop", "valve-shut")
    s.run(10.0)
    assert devices[0].read("trip.reason") == "flow"
    assert devices[0].state.phase == "flow"
    s.run(200.0)
    assert not devices[0].chiller.running
    s.plant.clear("loop", "valve-shut")
    until_running(s, devices[0], 60.0)
    assert devices[0].read("alarm.flow_loss.active") is False


def test_the_run_signal_deadlock_keeps_every_chiller_off() -> None:
    s, devices = site()
    for d in devices:
        s.plant.inject(d.id, "lost-run-signal")
    s.grid.set(0.0)
    s.run(5.0)
    for d in devices:
        d.chiller.isolate(True)
    s.grid.set(230.0)
    s.run(900.0)
    assert [d.state.phase for d in devices[:2]] == ["flow", "flow"]


def test_water_that_is_too_warm_keeps_it_off() -> None:
    s, devices = site(warmest_start_c=20.0)
    s.grid.set(0.0)
    s.run(1800.0)
    s.grid.set(230.0)
    s.run(300.0)
    assert devices[0].chiller.entering_c > 20.0
    assert devices[0].state.phase == "off"
    assert devices[0].read("alarm.water_too_warm.active") is True


def test_too_many_trips_in_an_hour_lock_it_out_until_a_reset() -> None:
    s, devices = site()
    for _ in range(4):
        until_running(s, devices[0], 300.0)
        s.plant.inject("chiller-1", "trip", for_s=1.0)
        s.run(5.0)
    assert devices[0].state.phase == "lockout"
    s.run(7200.0)
    assert not devices[0].chiller.running
    devices[0].write("command.reset", "reset")
    until_running(s, devices[0], 60.0)


def test_a_reset_is_refused_while_the_cause_is_there() -> None:
    s, devices = site()
    s.plant.inject("chiller-1", "trip")
    s.run(5.0)
    with pytest.raises(Refused, match="still open"):
        devices[0].write("command.reset", "reset")


def test_the_standby_starts_when_the_supply_stays_warm_and_stops_when_it_is_not_needed() -> None:
    s, devices = site()
    for n in (1, 2):
        devices[n - 1].write("chiller.enabled", False)
    s.run(1800.0)
    assert devices[2].chiller.running
    for n in (1, 2):
        devices[n - 1].write("chiller.enabled", True)
    s.run(3600.0)
    assert [d.chiller.running for d in devices] == [True, True, False]


def test_a_hung_controller_lets_the_machine_run_but_does_not_restart_it() -> None:
    s, devices = site()
    s.plant.inject("chiller-1/device", "controller-hang")
    s.run(600.0)
    assert devices[0].chiller.running
    s.grid.set(0.0)
    s.run(1.0)
    s.grid.set(230.0)
    s.run(600.0)
    assert not devices[0].chiller.running
    assert devices[1].chiller.running


def test_setpoint_and_limit_reach_the_machine() -> None:
    s, devices = site()
    devices[0].write("setpoint.leaving", 8.0)
    devices[0].write("capacity.limit", 40.0)
    s.run(1800.0)
    assert devices[0].chiller.state.setpoint_c == 8.0
    assert devices[0].chiller.load_percent <= 40.1
    with pytest.raises(BadValue, match="expected a number from 4 to 20 °C"):
        devices[0].write("setpoint.leaving", 2.0)


def test_every_point_of_a_chiller_reads() -> None:
    _, devices = site()
    for name in devices[0].point_names():
        devices[0].read(name)


def test_a_fork_in_the_middle_of_a_restart_runs_on_alike() -> None:
    s, _ = site()
    s.grid.set(0.0)
    s.run(10.0)
    s.grid.set(230.0)
    s.run(50.0)
    fork = s.plant.snapshot()

    def run_on() -> tuple[list[Any], float]:
        s.plant.restore(fork)
        s.run(1200.0)
        return [(e.t, e.who, e.what, dict(e.data)) for e in s.plant.journal], s.loop.supply_c

    assert run_on() == run_on()
