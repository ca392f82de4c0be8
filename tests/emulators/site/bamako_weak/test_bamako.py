"""The Bamako site as it is commissioned: a quiet day, then everything that feeds it taken away in turn.

An integrated systems test (level 5) on the plant and its firmware, without protocols and in virtual time.
"""

from __future__ import annotations

import pytest
from commissioning import (
    CHILLERS,
    GENERATORS,
    HALLS,
    UPS_A,
    UPS_B,
    all_supplied,
    both_utilities_fail,
    each,
    events,
    full_load,
    it_kw,
    losses,
    put_right,
    rows,
    see,
    unlike_normal,
    warmest,
    when,
)

from twinfeed.emulators.site import Site

MINUTE, HOUR = 60.0, 3600.0

# -- a quiet day ----------------------------------------------------------------------------------------------


def test_on_a_quiet_day_nothing_happens(bamako):
    assert unlike_normal(bamako) == []
    before = {name: see(bamako, name, "load_kw") for name in (*UPS_A, *UPS_B)}
    bamako.advance(24 * HOUR)
    assert bamako.plant.journal == []
    assert unlike_normal(bamako) == []
    assert {name: see(bamako, name, "load_kw") for name in before} == pytest.approx(before, rel=1e-3)


def test_nothing_happens_while_it_starts():
    site = Site.load("bamako-weak")
    site.advance(10 * MINUTE)
    assert [(e.who, e.what) for e in site.plant.journal if e.what != "source good"] == []


def test_it_is_a_megawatt_site_of_a_hundred_managed_devices(bamako):
    assert len(bamako.devices) >= 60
    full_load(bamako)
    assert it_kw(bamako) == pytest.approx(1030.0, abs=30.0)


def test_the_halls_are_within_what_ashrae_recommends(bamako):
    for hall in HALLS:
        assert 18.0 <= see(bamako, hall, "inlet_c") <= see(bamako, hall, "hottest_inlet_c") <= 27.0


def test_modules_and_paths_share_the_load(bamako):
    loads = each(bamako, (*UPS_A, *UPS_B), "load_percent")
    assert loads[0] == pytest.approx(loads[1]) and loads[2] == pytest.approx(loads[3])
    assert max(loads) < 50.0  # either path alone carries everything
    assert loads[0] == pytest.approx(loads[2], rel=0.05)


def test_its_energy_goes_where_a_site_of_its_kind_spends_it(bamako):
    taken = see(bamako, "utility-a", "load_kw") + see(bamako, "utility-b", "load_kw")
    assert 1.4 < taken / it_kw(bamako) < 1.7  # air-cooled chillers at 45 degC
    assert sum(each(bamako, CHILLERS, "running")) == 2


# -- both utilities lost ------------------------------------------------------------------------------------------


def test_generators_take_both_boards_within_ten_seconds_of_the_start_request(bamako):
    both_utilities_fail(bamako)
    bamako.advance(MINUTE)
    called = when(bamako, "ats-a", "start requested")
    for board in ("a", "b"):
        assert when(bamako, f"ats-{board}", "transferred", to="emergency") - called < 10.0  # NFPA 110 type 10
        assert see(bamako, f"board-{board}", "live")
    loads = each(bamako, GENERATORS, "load_kw")
    assert loads == pytest.approx([sum(loads) / 3] * 3, rel=0.01)


def test_an_outage_of_half_an_hour_costs_nothing(bamako):
    both_utilities_fail(bamako, for_s=30 * MINUTE)
    bamako.advance(5.0)
    assert set(each(bamako, (*UPS_A, *UPS_B), "mode")) == {"battery"}
    assert warmest(bamako, 30 * MINUTE) < 32.0  # ASHRAE allowable, class A1
    assert set(each(bamako, (*UPS_A, *UPS_B), "mode")) == {"online"}
    assert max(each(bamako, HALLS, "hottest_inlet_c")) < 27.0
    assert sum(each(bamako, CHILLERS, "running")) >= 2
    assert min(each(bamako, (*UPS_A, *UPS_B), "charge_percent")) > 99.0
    assert losses(bamako) == 0
    bamako.advance(HOUR)
    assert unlike_normal(bamako) == []
    assert min(each(bamako, (*UPS_A, *UPS_B), "charge_percent")) == 100.0


def test_mains_return_one_board_after_the_other_and_the_generators_cool_down(bamako):
    both_utilities_fail(bamako, for_s=15 * MINUTE)
    bamako.advance(HOUR)
    back = when(bamako, "utility-a", "fault cleared")
    assert when(bamako, "ats-a", "transferred", to="normal") == pytest.approx(back + 300.0, abs=1.0)
    assert when(bamako, "ats-b", "transferred", to="normal") == pytest.approx(back + 600.0, abs=1.0)
    dropped = when(bamako, "ats-b", "start request dropped")
    for name in GENERATORS:
        assert when(bamako, name, "breaker opened") == pytest.approx(dropped + 30.0, abs=1.0)
        assert when(bamako, name, "engine stopping") == pytest.approx(dropped + 150.0, abs=1.0)
        assert see(bamako, name, "phase") == "stopped"


def test_a_dip_is_ridden_over_without_the_generators(bamako):
    both_utilities_fail(bamako, for_s=2.0)
    bamako.advance(10 * MINUTE)
    assert not events(bamako, "ats-a", "start requested")
    bamako.advance(HOUR)
    assert losses(bamako) == 0
    assert unlike_normal(bamako) == []


def test_the_two_paths_walk_in_one_after_the_other(bamako):
    both_utilities_fail(bamako)
    bamako.advance(2 * MINUTE)
    for a, b in zip(UPS_A, UPS_B, strict=True):
        assert when(bamako, a, "rectifier on") <= when(bamako, b, "rectifier walking in")


def test_twelve_hours_at_full_load_on_the_generators(bamako):
    full_load(bamako)
    both_utilities_fail(bamako)
    bamako.advance(12 * HOUR)
    assert losses(bamako) == 0
    assert min(each(bamako, ("day-tank-1", "day-tank-2", "day-tank-3"), "level_percent")) > 65.0
    used = 30_000.0 * 0.95 + 3 * 3600.0 * 0.95
    used -= sum(each(bamako, ("bulk-tank", "day-tank-1", "day-tank-2", "day-tank-3"), "level_l"))
    # 1.6 MW from 45 degC down to 30 degC; a large diesel burns 0.23 to 0.30 l/kWh
    assert 12 * 1500.0 * 0.23 < used < 12 * 1700.0 * 0.30


# -- part of it lost ----------------------------------------------------------------------------------------------


def test_one_utility_lost_leaves_the_other_half_alone(bamako):
    bamako.inject("utility-a", "outage", for_s=20 * MINUTE)
    bamako.advance(10 * MINUTE)
    assert see(bamako, "ats-a", "position") == "emergency"
    assert see(bamako, "ats-b", "position") == "normal"
    assert see(bamako, "ats-mech-a", "position") == "normal"  # the generators came before it would have moved
    bamako.advance(HOUR)
    assert losses(bamako) == 0
    assert unlike_normal(bamako) == []


@pytest.mark.parametrize("missing", GENERATORS)
def test_without_one_generator_the_other_two_carry_the_site(bamako, missing):
    full_load(bamako)
    bamako.inject(missing, "fail-to-start")
    both_utilities_fail(bamako)
    bamako.advance(8 * MINUTE)
    assert bamako[missing].state.latched == {"fail_to_start": "shutdown"}
    running = [name for name in GENERATORS if name != missing]
    assert max(each(bamako, tuple(running), "load_percent")) < 70.0
    assert losses(bamako) == 0


def test_one_generator_alone_carries_the_usual_load_and_warns_that_it_is_too_much(bamako):
    for name in GENERATORS[:2]:
        bamako.inject(name, "fail-to-start")
    both_utilities_fail(bamako)
    highest = 0.0
    for _ in range(20):
        bamako.advance(MINUTE)
        highest = max(highest, see(bamako, "generator-3", "load_percent"))
    assert 100.0 < highest < 110.0
    assert events(bamako, "generator-3/device", "alarm", alarm="kw_overload")
    assert see(bamako, "generator-3", "on_bus") and losses(bamako) == 0


def test_one_generator_alone_trips_on_full_load_and_the_batteries_are_all_that_is_left(bamako):
    full_load(bamako)
    for name in GENERATORS[:2]:
        bamako.inject(name, "fail-to-start")
    both_utilities_fail(bamako)
    bamako.advance(15 * MINUTE)
    assert bamako["generator-3"].state.latched == {"kw_overload": "trip"}
    assert set(each(bamako, (*UPS_A, *UPS_B), "mode")) == {"battery"}
    assert all_supplied(bamako) and losses(bamako) == 0


def test_a_generator_that_dies_on_load_leaves_it_to_the_others(bamako):
    both_utilities_fail(bamako)
    bamako.advance(10 * MINUTE)
    bamako.inject("generator-2", "fail-on-load")
    bamako.advance(10 * MINUTE)
    assert see(bamako, "generator-2", "phase") == "stopped"
    assert each(bamako, ("board-a", "board-b"), "live") == [True, True]
    assert losses(bamako) == 0


def test_without_any_generator_heat_stops_the_servers_long_before_the_batteries_are_empty(bamako):
    for name in GENERATORS:
        bamako.inject(name, "fail-to-start")
    both_utilities_fail(bamako, for_s=90 * MINUTE)
    bamako.advance(3 * MINUTE)
    assert {state for row in rows(bamako) for state in row.state.it} == {"running"}
    bamako.advance(12 * MINUTE)
    hot = [state for row in rows(bamako) if row.params.hall for state in row.state.it]
    assert hot.count("overheated") > 0.7 * len(hot), "those in the middle of a row breathe cooler air"
    assert see(bamako, "ups-board-a", "live") and min(each(bamako, UPS_A, "charge_percent")) > 50.0
    bamako.advance(2 * HOUR)
    bamako.clear()
    bamako.advance(HOUR)
    put_right(bamako)
    bamako.advance(2 * HOUR)
    assert unlike_normal(bamako) == []


# -- uninterruptible power -----------------------------------------------------------------------------------------


def test_a_failed_module_leaves_its_load_to_its_peer(bamako):
    before = see(bamako, "ups-board-a", "load_kw")
    bamako.inject("ups-a1", "inverter")
    bamako.advance(MINUTE)
    assert see(bamako, "ups-a2", "load_kw") == pytest.approx(before, rel=0.01)
    assert see(bamako, "ups-a2", "mode") == "online"
    assert all_supplied(bamako) and losses(bamako) == 0


@pytest.mark.parametrize(("lost", "left"), [("a", "b"), ("b", "a")])
def test_either_path_alone_carries_everything_at_full_load(bamako, lost, left):
    full_load(bamako)
    bamako.inject(f"ups-board-{lost}", "insulation")
    bamako.advance(HOUR)
    assert all_supplied(bamako) and losses(bamako) == 0
    assert [e for e in bamako.plant.journal if e.what == "tripped"] == []
    assert max(each(bamako, (f"ups-{left}1", f"ups-{left}2"), "load_percent")) < 100.0
    assert set(each(bamako, (f"ups-{left}1", f"ups-{left}2"), "mode")) == {"online"}


def test_a_short_circuit_behind_the_ups_takes_its_main_board_and_leaves_the_other_path(bamako):
    """The two bypasses carry half of the current each, below their instantaneous releases: the incomer, which carries
    all of it, waits no longer than they do."""
    bamako.inject("ups-board-a", "short-circuit")
    bamako.advance(MINUTE)
    tripped = {e.who: e.data["cause"] for e in bamako.plant.journal if e.what == "tripped" and e.who.startswith("q-")}
    assert tripped == {"q-byp-a1": "short-time", "q-byp-a2": "short-time", "q-tx-a": "short-time"}
    assert not see(bamako, "board-a", "live") and see(bamako, "ups-board-b", "live")
    assert all_supplied(bamako) and losses(bamako) == 0


def test_overload_inherited_by_one_module_takes_its_path_to_bypass_and_no_rack_down(bamako):
    full_load(bamako)
    bamako.inject("ups-board-b", "insulation")
    bamako.inject("ups-a1", "inverter")
    bamako.advance(MINUTE)
    assert events(bamako, "ups-a2", "transferred", to="bypass", cause="overload")
    shares = each(bamako, UPS_A, "load_percent")  # the static switch of the dead module carries its part
    assert shares == pytest.approx([sum(shares) / 2.0] * 2) and sum(shares) > 150.0
    assert all(see(bamako, breaker, "closed") for breaker in ("q-byp-a1", "q-byp-a2"))
    assert all_supplied(bamako) and losses(bamako) == 0


# -- boards and breakers -------------------------------------------------------------------------------------------


def test_a_short_circuit_on_a_main_board_is_cleared_by_its_incomer_and_not_transferred(bamako):
    bamako.inject("board-a", "short-circuit")
    bamako.advance(20 * MINUTE)
    tripped = {e.who for e in bamako.plant.journal if e.what == "tripped" and e.who.startswith("q-")}
    assert tripped == {"q-tx-a"}
    assert see(bamako, "ats-a", "position") == "normal"  # it does not take the fault to the generators
    assert bamako.devices["ats-a"].read("source.1.breaker_trip") is True
    assert when(bamako, "q-tx-a", "tripped") < bamako.now - 20 * MINUTE + 0.2
    assert see(bamako, "board-b", "live")
    assert see(bamako, "ats-mech-a", "position") == "emergency"
    assert sum(each(bamako, CHILLERS, "running")) >= 2
    bamako.advance(HOUR)  # batteries of path A run out
    assert all_supplied(bamako) and losses(bamako) == 0


def test_a_short_circuit_on_a_mechanical_board_stays_there(bamako):
    bamako.inject("mech-board-a", "short-circuit")
    assert warmest(bamako, HOUR) < 27.0
    assert see(bamako, "board-a", "live") and see(bamako, "board-b", "live")
    assert each(bamako, CHILLERS, "running") == [False, True, True]
    assert all_supplied(bamako) and losses(bamako) == 0


def test_a_feeder_set_too_low_trips_under_inherited_load_and_the_row_is_lost(bamako):
    full_load(bamako)
    bamako.inject("q-row-b7", "mis-set", {"percent": 40.0})
    bamako.advance(HOUR)
    assert see(bamako, "q-row-b7", "closed")  # half of the row is below even that
    bamako.inject("q-row-a7", "trip")
    bamako.advance(HOUR)
    assert see(bamako, "q-row-b7", "tripped")
    assert losses(bamako) == 8
    assert [row for row in bamako.components if row.startswith("row-") and not see(bamako, row, "supplied")] == [
        "row-7"
    ]
