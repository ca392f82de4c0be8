"""Valves of coils: with two-way valves the flow of a loop follows its load, and the water returns warm."""

from __future__ import annotations

from typing import Any

import pytest
from cooled import Site
from hypothesis import given, settings
from hypothesis import strategies as st

from twinfeed.emulators.devices.catalogue import CHILLED_WATER_PLANT
from twinfeed.emulators.devices.cooling.pump_controller import PlantControllerParams
from twinfeed.emulators.plant.air.thermal import WATER_KJ_PER_L_K
from twinfeed.emulators.plant.cooling.hydraulics import flow_of_valve, position_of_valve
from twinfeed.emulators.plant.kernel.actor import PlantError


def site(valve: str, *devices: Any, it_kw: float = 250.0, **crah: Any) -> Site:
    """Two pumps of 25 l/s and ten coils of 6.25 l/s; 300 kPa at 50 l/s."""
    s = Site(*devices, it_kw=it_kw, loop={"design_kpa": 300.0, "bypass_l_s": 12.0}, crah={"valve": valve, **crah})
    s.run(1800.0)
    return s


def spread_k(s: Site) -> float:
    assert s.loop.return_c > s.loop.supply_c
    return s.loop.return_c - s.loop.supply_c


def test_three_way_valves_keep_the_flow_and_two_way_valves_let_it_follow_the_load() -> None:
    constant, variable = site("three-way"), site("two-way")
    assert constant.loop.flow_l_s == pytest.approx(50.0, rel=0.01)
    assert variable.loop.flow_l_s < 0.5 * constant.loop.flow_l_s
    assert spread_k(variable) > 2.0 * spread_k(constant)
    assert variable.hall.inlet_c == pytest.approx(constant.hall.inlet_c, abs=0.1)
    assert variable.loop.flow_l_s < site("two-way", it_kw=450.0).loop.flow_l_s


def test_the_loop_carries_what_its_coils_take_and_its_pumps_deliver_it() -> None:
    s = site("two-way", it_kw=450.0)
    loop = s.loop
    assert loop.flow_l_s == pytest.approx(sum(crah.water_l_s for crah in s.crahs), rel=0.01)
    assert loop.flow_l_s == pytest.approx(sum(pump.flow_l_s for pump in s.pumps), rel=1e-6)
    brought = sum(crah.cooling_kw for crah in s.crahs) + sum(pump.power_kw for pump in s.pumps)
    assert loop.flow_l_s * WATER_KJ_PER_L_K * spread_k(s) == pytest.approx(brought, rel=0.02)
    assert loop.head_kpa > 300.0  # fewer litres a second: the pumps are further up their curves


def test_a_dirty_coil_needs_more_water_and_returns_it_colder() -> None:
    clean, dirty = site("two-way", it_kw=450.0), site("two-way", it_kw=450.0)
    for crah in dirty.crahs:
        dirty.plant.inject(crah.id, "coil-fouling", {"blockage": 40.0})
    dirty.run(1800.0)
    assert dirty.loop.flow_l_s > 1.3 * clean.loop.flow_l_s
    assert spread_k(dirty) < 0.8 * spread_k(clean)
    assert dirty.hall.inlet_c == pytest.approx(clean.hall.inlet_c, abs=0.2)


@pytest.mark.parametrize(("valve", "least", "most"), [("two-way", 1.05, 2.0), ("pressure-independent", 0.99, 1.001)])
def test_a_valve_that_is_wide_open_takes_more_than_its_rating_unless_it_is_pressure_independent(
    valve: str, least: float, most: float
) -> None:
    s = site(valve)
    s.crahs[0].set_supply(5.0)  # cannot be reached
    s.run(60.0)
    assert least <= s.crahs[0].water_l_s / s.crahs[0].params.water_l_s <= most
    assert s.crahs[0].valve_percent == 100.0


def test_nearly_shut_valves_leave_the_chillers_the_flow_of_the_bypass() -> None:
    s = site("two-way", it_kw=10.0)
    assert s.loop.flow_l_s == pytest.approx(12.0, rel=0.01)
    assert s.chillers[0].flow_l_s == pytest.approx(6.0, rel=0.01)


def test_a_pressure_set_point_slows_the_pumps_while_the_load_is_low() -> None:
    params = PlantControllerParams(of="loop", pressure_kpa=200.0)
    s = site("two-way", CHILLED_WATER_PLANT.build("loop/device", params))
    assert s.loop.head_kpa == pytest.approx(200.0, rel=0.02)
    assert s.pumps[0].speed < 0.85
    assert sum(pump.power_kw for pump in s.pumps) < 0.6 * sum(pump.power_kw for pump in site("two-way").pumps)


def test_a_two_way_valve_needs_the_head_of_the_pumps() -> None:
    with pytest.raises(PlantError, match="crah-11 has a two-way valve: its loop loop needs design_kpa"):
        Site(crah={"valve": "two-way"})


@settings(max_examples=50)
@given(
    position=st.floats(0.02, 1.0), characteristic=st.sampled_from(["linear", "equal-percentage"]),
    authority=st.floats(0.05, 1.0),
)  # fmt: skip
def test_position_and_flow_of_a_valve_are_inverse_and_a_low_authority_opens_it_early(
    position: float, characteristic: Any, authority: float
) -> None:
    flow = flow_of_valve(position, characteristic, authority)
    assert position_of_valve(flow, characteristic, authority) == pytest.approx(position, abs=1e-9)
    assert flow >= flow_of_valve(position, characteristic, 1.0) - 1e-12
