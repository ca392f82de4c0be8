"""Transfer switches: mechanical, static, and the one in a rack."""

from __future__ import annotations

import pytest
from paths import Build, Load, told

from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.static_transfer_switch import (
    RackTransferSwitch,
    StaticSwitchRatings,
    StaticTransferSwitch,
)
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch, TransferSwitchRatings
from twinfeed.emulators.plant.power.utilities import Utility, UtilityRatings


def with_ats(build: Build, **ratings: float) -> Plant:
    return build(
        Utility("mains"),
        Utility("standby"),
        AutomaticTransferSwitch("ats", TransferSwitchRatings(**ratings), {"normal": "mains", "emergency": "standby"}),
        Load("load", {"a": "ats"}, 400.0),
    )


def with_sts(build: Build, kind: type[StaticTransferSwitch] = StaticTransferSwitch, grid: str = "edm") -> Plant:
    one, other = kind.TERMINALS
    return build(
        Utility("mains-a", UtilityRatings(grid)),
        Utility("mains-b", UtilityRatings(grid)),
        kind("sw", None, {one: "mains-a", other: "mains-b"}),
        Load("load", {"a": "sw"}, 5.0),
    )


# -- mechanical -----------------------------------------------------------------------------------------------


def test_it_breaks_before_it_makes(build):
    plant = with_ats(build, transfer_s=0.1, off_s=0.4)
    ats, load = plant.actors["ats"], plant.actors["load"]
    ats.transfer("emergency")
    plant.advance(0.45)
    assert ats.position == "off"
    assert not load.supplied
    plant.advance(0.55)
    assert ats.on_emergency
    assert plant.actors["standby"].load_kw == pytest.approx(400.0)
    assert plant.actors["mains"].load_kw == 0.0


def test_it_does_nothing_by_itself(build):
    plant = with_ats(build)
    plant.inject("mains", "outage")
    plant.advance(3600.0)
    assert plant.actors["ats"].on_normal
    assert not plant.actors["load"].supplied


def test_a_stuck_mechanism_stays_where_it_is(build):
    plant = with_ats(build)
    plant.inject("ats", "stuck")
    assert not plant.actors["ats"].transfer("emergency")
    plant.advance(10.0)
    assert plant.actors["ats"].on_normal


def test_a_mechanism_caught_between_the_sources_goes_on_when_freed(build):
    plant = with_ats(build)
    plant.inject("ats", "stuck-off")
    plant.actors["ats"].transfer("emergency")
    plant.advance(10.0)
    assert plant.actors["ats"].position == "off"
    plant.clear("ats", "stuck-off")
    plant.advance(11.0)
    assert plant.actors["ats"].on_emergency


def test_burnt_contacts_leave_the_board_dead_on_either_source(build):
    plant = with_ats(build)
    plant.inject("ats", "output-failure")
    plant.settle()
    assert not plant.actors["load"].supplied
    plant.actors["ats"].transfer("emergency")
    plant.advance(10.0)
    assert plant.actors["ats"].on_emergency
    assert not plant.actors["load"].supplied
    assert plant.actors["standby"].load_kw == 0.0
    plant.clear("ats", "output-failure")
    plant.settle()
    assert plant.actors["load"].supplied


def test_a_slow_mechanism_leaves_late(build):
    plant = with_ats(build, transfer_s=0.1)
    plant.inject("ats", "slow", {"delay_s": 5.0})
    plant.actors["ats"].transfer("emergency")
    plant.advance(4.9)
    assert plant.actors["ats"].on_normal
    plant.advance(5.2)
    assert plant.actors["ats"].on_emergency


def test_a_padlock_holds_it(build):
    plant = with_ats(build)
    ats = plant.actors["ats"]
    ats.lock("Awa")
    assert not ats.transfer("off")
    ats.unlock("Awa")
    assert ats.transfer("off")
    assert ats.position == "off"


def test_the_start_contact_is_seen_by_others(build):
    plant = with_ats(build)
    plant.actors["ats"].request_start(True)
    assert plant.actors["ats"].quantity("start_request") is True
    assert told(plant, "ats") == ["start requested"]


def test_a_fork_in_mid_transfer_arrives_at_the_same_moment(build):
    plant = with_ats(build, transfer_s=0.5)
    plant.actors["ats"].transfer("emergency")
    plant.advance(0.2)
    snapshot = plant.snapshot()
    plant.journal.clear()
    plant.advance(5.0)
    first = [(e.t, e.who, e.what) for e in plant.journal]
    plant.restore(snapshot)
    plant.advance(5.0)
    assert [(e.t, e.who, e.what) for e in plant.journal] == first == [(0.5, "ats", "transferred")]


# -- static ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [("outage", {}), ("sag", {"depth": 12.0}), ("swell", {"height": 12.0}), ("phase-loss", {"phase": 3.0})],
)
def test_it_leaves_a_source_out_of_limits_unnoticed_by_the_load(build, kind, parameters):
    plant = with_sts(build)
    plant.inject("mains-a", kind, parameters)
    plant.advance(0.001)
    assert plant.actors["sw"].active == "alternate"
    assert plant.actors["load"].seen["a"].volts == (230.0, 230.0, 230.0)
    assert next(e for e in plant.journal if e.what == "transferred").data == {"to": "alternate", "gap_ms": 4.0}


def test_it_stays_on_a_source_within_ten_percent(build):
    plant = with_sts(build)
    plant.inject("mains-a", "unbalance", {"phase": 1.0, "depth": 9.0})
    plant.advance(60.0)
    assert plant.actors["sw"].on_preferred


def test_it_returns_three_seconds_after_the_preferred_source(build):
    plant = with_sts(build)
    plant.inject("mains-a", "outage", for_s=10.0)
    plant.advance(12.9)
    assert not plant.actors["sw"].on_preferred
    plant.advance(13.1)
    assert plant.actors["sw"].on_preferred


def test_a_flickering_source_is_not_returned_to(build):
    plant = with_sts(build)
    for start in (0.0, 4.0, 8.0, 12.0):
        plant.advance(start)
        plant.inject("mains-a", "outage", for_s=2.0)
    plant.advance(16.9)
    assert plant.actors["sw"].transfers == 1


def test_it_never_goes_onto_a_source_out_of_limits(build):
    plant = with_sts(build)
    plant.inject("mains-b", "sag", {"depth": 30.0})
    plant.advance(1.0)
    plant.inject("mains-a", "sag", {"depth": 15.0})
    plant.advance(60.0)
    assert plant.actors["sw"].active == "preferred"


def test_it_takes_the_first_source_that_comes_back(build):
    plant = with_sts(build)
    plant.inject("mains-a", "outage")
    plant.inject("mains-b", "outage", for_s=30.0)
    plant.advance(29.0)
    assert not plant.actors["load"].supplied
    plant.advance(31.0)
    assert plant.actors["load"].supplied


def test_out_of_step_it_leaves_in_need_but_does_not_return(build):
    plant = with_sts(build, grid="")
    plant.inject("mains-a", "outage", for_s=10.0)
    plant.advance(3600.0)
    sw = plant.actors["sw"]
    assert sw.active == "alternate"
    assert not sw.in_step
    plant.inject("mains-b", "outage")
    plant.advance(3601.0)
    assert sw.active == "preferred"


def test_a_load_fault_is_not_carried_to_the_second_source(build):
    plant = with_sts(build)
    load, sw = plant.actors["load"], plant.actors["sw"]
    load.take(5000.0)
    plant.advance(0.001)
    assert sw.inhibited
    plant.inject("mains-a", "outage")
    plant.advance(1.0)
    assert sw.active == "preferred"
    load.take(5.0)
    sw.reset()
    plant.advance(2.0)
    assert sw.active == "alternate"


def test_a_slow_transfer_is_seen_by_the_load(build):
    plant = with_sts(build)
    plant.inject("sw", "slow", {"delay_ms": 100.0})
    plant.inject("mains-a", "outage")
    plant.advance(0.05)
    assert not plant.actors["load"].supplied
    plant.advance(0.2)
    assert plant.actors["load"].supplied


def test_a_stuck_switch_transfers_once_it_is_freed(build):
    plant = with_sts(build)
    plant.inject("sw", "stuck")
    plant.inject("mains-a", "outage")
    plant.advance(5.0)
    assert not plant.actors["load"].supplied
    plant.clear("sw", "stuck")
    plant.advance(6.0)
    assert plant.actors["load"].supplied


def test_preferring_the_other_source_moves_the_load(build):
    plant = with_sts(build)
    plant.actors["sw"].prefer("alternate")
    plant.advance(4.0)
    assert plant.actors["sw"].active == "alternate"
    with pytest.raises(ValueError, match="no source 'mains'; it has preferred, alternate"):
        plant.actors["sw"].prefer("mains")


def test_the_rack_switch_takes_ten_milliseconds_and_returns_after_thirty_seconds(build):
    plant = with_sts(build, RackTransferSwitch, grid="")
    plant.inject("mains-a", "outage", for_s=10.0)
    plant.advance(1.0)
    assert plant.actors["sw"].active == "b"
    assert next(e for e in plant.journal if e.what == "transferred").data["gap_ms"] == 10.0
    plant.advance(39.9)
    assert plant.actors["sw"].active == "b"
    plant.advance(40.1)
    assert plant.actors["sw"].active == "a"


def test_no_single_corded_load_sees_a_source_failure_whichever_source_it_is(build):
    for lost in ("mains-a", "mains-b"):
        plant = with_sts(build, RackTransferSwitch)
        plant.inject(lost, "outage", for_s=600.0)
        for t in range(1, 700):
            plant.advance(float(t))
            assert plant.actors["load"].supplied


# -- the manual bypass ----------------------------------------------------------------------------------------


def bypassable(build: Build) -> Plant:
    return build(
        Utility("mains-a", UtilityRatings("edm")),
        Utility("mains-b", UtilityRatings("edm")),
        StaticTransferSwitch(
            "sw", StaticSwitchRatings(maintenance_bypass=True), {"preferred": "mains-a", "alternate": "mains-b"}
        ),
        Load("load", {"a": "sw"}, 5.0),
    )


def test_the_bypass_carries_the_load_round_failed_electronics(build):
    plant = bypassable(build)
    switch = plant.actors["sw"]
    assert switch.set_maintenance(True)
    plant.inject("sw", "output-failure")
    plant.advance(1.0)
    assert switch.bypassed
    assert plant.actors["load"].supplied
    assert "lost" not in " ".join(told(plant, "load"))


def test_on_bypass_it_follows_no_source(build):
    plant = bypassable(build)
    plant.actors["sw"].set_maintenance(True)
    plant.inject("mains-a", "outage")
    plant.advance(1.0)
    assert not plant.actors["load"].supplied
    assert not plant.actors["sw"].redundant
    plant.actors["sw"].set_maintenance(False)
    plant.advance(2.0)
    assert plant.actors["load"].supplied
    assert plant.actors["sw"].active == "alternate"


def test_a_switch_without_a_bypass_refuses_it(build):
    plant = with_sts(build)
    assert not plant.actors["sw"].set_maintenance(True)
    assert told(plant, "sw") == ["bypass refused"]
