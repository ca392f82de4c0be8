"""Link aggregates and the virtual router: who takes over, and after how long."""

from __future__ import annotations

import pytest
from lan import Lan, events

from twinfeed.emulators.plant.network.redundancy import lacp_timeout_s, master_down_s, skew_s


@pytest.fixture
def published(shared_data):
    """The published timers by protocol and parameter."""
    rows = (shared_data / "published" / "network_timers.csv").read_text().splitlines()
    cells = [row.split(",") for row in rows if row and not row.startswith("#")]
    return {(cell[0], cell[1]): cell[2] for cell in cells}


def test_the_timers_are_the_published_ones(published):
    assert lacp_timeout_s("fast") == float(published["LACP", "short timeout = 3 x fast"])
    assert lacp_timeout_s("slow") == float(published["LACP", "long timeout = 3 x slow"])
    assert skew_s(100) == pytest.approx(
        float(published["VRRPv3", "skew time at priority 100 = (256-100)*1/256"]), abs=5e-4
    )
    assert master_down_s(100) == pytest.approx(
        float(published["VRRPv3", "master down interval at priority 100 = 3*1+skew"]), abs=5e-4
    )
    assert master_down_s(254) == pytest.approx(
        float(published["VRRPv3", "master down interval at priority 254"]), abs=5e-4
    )


# -- aggregates -----------------------------------------------------------------------------------------------


def test_a_member_without_light_leaves_its_aggregate_at_once_and_rejoins_after_the_wait():
    plant = Lan().build()
    core = plant.actors["core-1"]
    plant.inject("isl-1", "cut")
    plant.settle()
    assert core.active_members(769) == [54]
    assert core.is_up(769), "one member is enough"
    assert core.speed_gbps(769) == 100.0
    plant.clear("isl-1", "cut")
    plant.advance(1.9)
    assert core.active_members(769) == [54]
    plant.advance(2.1)
    assert core.active_members(769) == [53, 54]


@pytest.mark.parametrize(("rate", "timeout_s"), [("fast", 3.0), ("slow", 90.0)])
def test_a_silent_member_takes_its_share_of_the_traffic_down_until_lacp_times_out(rate, timeout_s):
    plant = Lan(link={"lacp": rate}).build()
    core = plant.actors["core-1"]
    plant.inject("isl-1", "loss", {"ratio": 1.0})
    plant.advance(timeout_s - 0.1)
    assert core.active_members(769) == [53, 54]
    plant.advance(timeout_s + 0.1)
    assert core.active_members(769) == [54]


def test_losing_a_member_of_an_aggregate_is_no_topology_change():
    plant = Lan().build()
    plant.inject("isl-1", "cut")
    plant.advance(10.0)
    assert plant.actors["core-1"].topology_changes == 0


# -- virtual router -------------------------------------------------------------------------------------------


def masters(plant):
    return [id for id in ("core-1", "core-2") if plant.actors[id].is_master]


def test_the_gateway_of_the_highest_priority_is_master():
    plant = Lan().build()
    assert masters(plant) == ["core-1"]
    assert plant.actors["network"].vrrp_role("core-2") == "backup"


def test_the_backup_takes_over_one_master_down_interval_after_the_last_advertisement():
    plant = Lan().build()
    plant.advance(10.5)
    for psu in ("psu-a-failed", "psu-b-failed"):
        plant.inject("core-1", psu)
    plant.advance(20.0)
    last_heard_s = 10.0
    assert events(plant, "vrrp master") == [(pytest.approx(last_heard_s + master_down_s(100), abs=1e-6), "core-2")]


def test_a_master_that_is_reloaded_resigns_and_the_backup_waits_its_skew_only():
    plant = Lan().build()
    plant.advance(10.5)
    plant.inject("core-1", "reload")
    plant.advance(20.0)
    assert events(plant, "vrrp master") == [(pytest.approx(10.5 + skew_s(100), abs=1e-6), "core-2")]
    assert plant.actors["network"].state.vrrp_reason["core-2"] == "priority"


def test_the_returning_owner_takes_its_role_back():
    plant = Lan().build()
    plant.advance(10.0)
    plant.inject("core-1", "reload")
    plant.advance(200.0)
    assert masters(plant) == ["core-1"]
    back = 10.0 + plant.actors["core-1"].params.boot_s
    assert events(plant, "vrrp master")[-1] == (pytest.approx(back + master_down_s(200), abs=0.01), "core-1")
    assert plant.actors["network"].state.vrrp_reason["core-1"] == "preempted"


def test_without_preemption_the_backup_stays_master():
    plant = Lan(network={"preempt": False}).build()
    plant.inject("core-1", "reload")
    plant.advance(300.0)
    assert masters(plant) == ["core-2"]


def test_cores_that_no_longer_hear_each_other_are_both_master_until_they_do():
    plant = Lan().build()
    for link in ("isl-1", "isl-2", "up-11", "up-21"):
        plant.inject(link, "cut")
    plant.advance(10.0)
    assert masters(plant) == ["core-1", "core-2"]
    assert plant.actors["network"].vrrp_master == "core-1"
    plant.clear("isl-1", "cut")
    plant.advance(14.0)
    assert masters(plant) == ["core-1"], "the lower one yields at the next advertisement"


def test_a_hung_master_keeps_its_role_and_the_backup_takes_it_too():
    plant = Lan().build()
    plant.inject("core-1", "hang")
    plant.advance(5.0)
    assert masters(plant) == ["core-1", "core-2"]
    assert plant.actors["network"].vrrp_master == "core-2", "the one that advertises"
