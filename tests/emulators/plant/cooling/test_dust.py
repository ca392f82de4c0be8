"""Dust in filters and on condenser coils: it grows while air moves, stays when the storm is over, and is cleaned away."""

from __future__ import annotations

import pytest
from cooled import Site
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.plant.air.dust import WORST, airflow, filter_pa, settled


def test_filters_clog_while_the_fans_run_and_stay_so_until_they_are_changed() -> None:
    s = Site()
    unit = s.crahs[0]
    clean_flow, clean_pa = unit.air_m3_s, unit.filter_pa
    s.plant.inject("crah-11", "dust", {"rate": 20.0})
    s.run(3 * 3600.0)
    assert unit.state.dirt == pytest.approx(0.6, abs=0.01)
    assert unit.air_m3_s < 0.75 * clean_flow
    assert unit.filter_pa > 2.0 * clean_pa
    s.plant.clear("crah-11", "dust")
    s.run(3600.0)
    assert unit.state.dirt == pytest.approx(0.6, abs=0.01)
    unit.clean()
    s.run(60.0)
    assert unit.filter_pa == pytest.approx(80.0 * 0.75**2, rel=0.8)
    assert unit.state.dirt == 0.0


def test_no_dust_settles_while_the_fans_stand() -> None:
    s = Site()
    s.crahs[0].switch(False)
    s.run(60.0)
    s.plant.inject("crah-11", "dust")
    s.run(7200.0)
    assert s.crahs[0].state.dirt == 0.0


def test_a_dust_storm_trips_a_loaded_chiller_at_last() -> None:
    s = Site(it_kw=1000.0)
    for chiller in s.chillers:
        s.plant.inject(chiller.id, "dust", {"rate": 15.0})
    s.run(600.0)
    power = s.chillers[0].compressors_kw / s.chillers[0].cooling_kw
    s.run(3600.0)
    assert s.chillers[0].running
    assert s.chillers[0].compressors_kw / s.chillers[0].cooling_kw > 1.01 * power
    s.run(5 * 3600.0)
    assert s.chillers[0].state.trip == "high pressure"
    s.chillers[0].clean()
    assert s.chillers[0].state.dirt == 0.0
    assert "condenser cleaned" in s.journal("chiller-1")


@given(dirt=st.floats(0.0, WORST), more=st.floats(0.0, 0.05), flow=st.floats(0.1, 1.0))
def test_more_dust_never_lets_more_air_through(dirt: float, more: float, flow: float) -> None:
    dirtier = settled(dirt, 100.0 * more, 3600.0)
    assert dirt <= dirtier <= WORST
    assert airflow(dirtier) <= airflow(dirt) <= 1.0
    assert filter_pa(dirtier, flow) >= filter_pa(dirt, flow)
