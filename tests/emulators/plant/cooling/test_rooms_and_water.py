"""Halls, air handlers, pumps and the loop: how their faults show, and that they can be forked."""

from __future__ import annotations

from typing import Any

import pytest
from cooled import Site
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.plant.air.properties import dew_point_of, relative_humidity_percent
from twinfeed.emulators.plant.air.thermal import counterflow_effectiveness


def test_a_freshly_started_site_does_not_drift() -> None:
    s = Site()
    nodes = [*s.hall.state.nodes_c, *s.loop.state.nodes_c]
    s.run(1.0)
    assert s.plant.now == 1.0
    s.run(12 * 3600.0)
    assert [*s.hall.state.nodes_c, *s.loop.state.nodes_c] == pytest.approx(nodes, abs=0.02)


def test_a_quiet_site_takes_the_longest_steps() -> None:
    s = Site()
    s.run(3600.0)
    before = s.plant.revision
    s.run(24 * 3600.0)
    assert s.plant.revision - before <= 100


def test_without_fans_the_hall_warms_at_once_and_the_water_stays_cold() -> None:
    s = Site()
    s.ups.set(0.0)
    s.run(60.0)
    assert s.hall.inlet_c > 32.0
    assert s.loop.supply_c < 10.5


def test_a_lost_air_handler_is_made_up_by_redundancy_and_a_second_is_not() -> None:
    s = Site()
    s.plant.inject("crah-11", "fan-failure")
    s.run(1800.0)
    assert s.hall.inlet_c < 25.0
    one = s.hall.inlet_c
    s.plant.inject("crah-12", "fan-failure")
    s.run(1800.0)
    assert s.hall.inlet_c > one + 2.0
    assert s.halls[1].inlet_c == pytest.approx(22.0, abs=0.1), "the other hall does not notice"


def test_a_valve_stuck_shut_blows_return_air_into_the_hall() -> None:
    s = Site()
    s.plant.inject("crah-11", "valve-stuck", {"position": 0.0})
    s.run(600.0)
    assert s.crahs[0].cooling_kw == 0.0
    assert s.crahs[0].supply_air_c == pytest.approx(s.hall.return_c, abs=0.5)
    s.plant.clear("crah-11", "valve-stuck")
    s.run(3600.0)
    assert s.crahs[0].supply_air_c == pytest.approx(22.0, abs=0.1)


def test_a_valve_stuck_open_overcools() -> None:
    s = Site()
    s.plant.inject("crah-11", "valve-stuck", {"position": 100.0})
    s.run(600.0)
    assert s.crahs[0].supply_air_c < 20.0


def test_a_shut_main_valve_stops_all_cooling_of_the_halls() -> None:
    s = Site()
    s.plant.inject("loop", "valve-shut")
    s.run(300.0)
    assert s.loop.load_kw == 0.0
    assert s.hall.inlet_c > 35.0


def test_an_open_containment_warms_the_inlets() -> None:
    s = Site()
    s.plant.inject("hall-1", "containment-breach", {"part": 25.0})
    s.run(1800.0)
    assert s.hall.inlet_c > 23.5


def test_the_fire_panel_stops_the_fans_of_its_hall() -> None:
    s = Site()
    s.plant.inject("hall-1", "fire-suppression")
    s.run(30.0)
    assert s.hall.crahs_running == 0
    assert s.halls[1].crahs_running == 5


def test_less_load_leaves_a_smaller_rise_through_the_servers_mass() -> None:
    s = Site()
    s.it[0].set(100.0)
    s.run(4 * 3600.0)
    assert s.hall.inlet_c == pytest.approx(22.0, abs=0.2)
    assert s.hall.cooling_kw < 150.0


def test_pump_power_goes_with_the_cube_of_its_speed() -> None:
    s = Site()
    s.pumps[0].set_speed(50.0)
    s.run(60.0)
    assert s.pumps[0].flow_l_s == pytest.approx(12.5)
    assert s.pumps[0].power_kw == pytest.approx(11.0 / 8)


def test_two_loops_share_nothing() -> None:
    s = Site()
    assert all(c.loop is s.loop for c in s.chillers)
    assert s.loop.coil_share == pytest.approx(50.0 / 62.5)


@given(st.floats(0.1, 100.0), st.floats(0.1, 100.0), st.floats(0.1, 100.0))
def test_no_exchanger_is_better_than_perfect_and_more_surface_never_harms(ua: float, a: float, b: float) -> None:
    effectiveness = counterflow_effectiveness(ua, a, b)
    assert 0.0 < effectiveness <= 1.0
    assert counterflow_effectiveness(1.1 * ua, a, b) >= effectiveness


@pytest.mark.parametrize(
    ("celsius", "percent", "dew_point_c"), [(25.0, 50.0, 13.9), (20.0, 60.0, 12.0), (30.0, 30.0, 10.5)]
)
def test_dew_points_are_those_of_the_tables(celsius: float, percent: float, dew_point_c: float) -> None:
    """Psychrometric tables to a tenth of a degree (25 degC at 50 % has its dew point at 13.9 degC, and so on)."""
    assert dew_point_of(celsius, percent) == pytest.approx(dew_point_c, abs=0.05)
    assert relative_humidity_percent(celsius, dew_point_of(celsius, percent)) == pytest.approx(percent)


def test_a_fork_in_the_middle_of_a_failure_runs_on_alike() -> None:
    s = Site()
    s.ups.set(0.0)
    s.run(40.0)
    s.ups.set(230.0)
    s.run(7.0)
    s.chillers[0].stop()
    fork = s.plant.snapshot()

    def run_on() -> tuple[list[Any], list[float]]:
        s.plant.restore(fork)
        s.run(1800.0)
        journal = [(e.t, e.who, e.what, dict(e.data)) for e in s.plant.journal]
        return journal, [*s.hall.state.nodes_c, *s.loop.state.nodes_c]

    assert run_on() == run_on()
