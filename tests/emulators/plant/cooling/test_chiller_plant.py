"""The machine: published performance, limits, protection, power, and what it costs to start."""

from __future__ import annotations

import pytest
from cooled import Site

from twinfeed.emulators.plant.kernel.actor import PlantError


def test_the_machine_in_the_loop_works_at_a_published_point() -> None:
    """10 degC water, 45 degC air (43 outside and 2 K of recirculation): 1095.2 kW at a COP of 2.617."""
    s = Site(climate={"max_c": 43.0, "min_c": 43.0})
    chiller = s.chillers[0]
    assert chiller.leaving_c == pytest.approx(10.0)
    assert chiller.capacity_kw == pytest.approx(1095.2, abs=0.5)
    cop = chiller.cooling_kw / (chiller.power_kw - chiller.params.controls_kw)
    assert cop == pytest.approx(2.617, abs=0.005)


def test_two_of_three_carry_the_site_at_45_degrees_and_one_has_nothing_left() -> None:
    s = Site()
    s.run(3600.0)
    assert s.hall.inlet_c < 22.5
    assert s.loop.supply_c == pytest.approx(10.0, abs=0.1)
    s.chillers[1].stop()
    s.chillers[1].isolate(True)
    s.run(3 * 3600.0)
    assert s.chillers[0].load_percent > 95.0


def test_heat_outside_costs_power_at_the_same_cooling() -> None:
    cool = Site(climate={"max_c": 32.0, "min_c": 32.0}).chillers[0]
    hot = Site(climate={"max_c": 45.0, "min_c": 45.0}).chillers[0]
    assert hot.cooling_kw == pytest.approx(cool.cooling_kw, rel=0.02)
    assert hot.power_kw > 1.2 * cool.power_kw


def test_it_loads_at_its_rate_after_a_start() -> None:
    s = Site()
    s.chillers[0].stop()
    s.chillers[1].stop()
    s.run(900.0)
    s.chillers[0].start_compressors()
    s.run(60.0)
    assert s.chillers[0].load_percent == pytest.approx(15.0 + 0.5 * 60.0, abs=0.5)
    s.run(120.0)
    assert s.chillers[0].load_percent == pytest.approx(100.0, abs=0.5)


def test_a_start_draws_its_inrush_and_the_machine_after_it_what_it_does() -> None:
    s = Site()
    s.chillers[2].isolate(False)
    s.chillers[2].start_compressors()
    s.plant.settle()
    p = s.chillers[2].params
    drawn = s.chillers[2].demand()["input"]
    assert drawn.total_kva == pytest.approx(p.inrush * p.reference_kw / p.reference_cop)
    assert drawn.power_factor == pytest.approx(0.35)
    assert s.grid.load.total_kvar == pytest.approx(sum(c.demand()["input"].total_kvar for c in s.chillers))
    s.run(p.inrush_s + 0.1)
    assert s.grid.load.total_kw == pytest.approx(sum(c.power_kw for c in s.chillers), rel=0.01)


def test_the_high_pressure_switch_opens_when_it_is_too_hot_outside_and_not_before() -> None:
    for outside, trips in ((48.0, False), (53.0, True)):
        s = Site(it_kw=1000.0, climate={"max_c": outside, "min_c": outside})
        s.run(1800.0)
        assert (s.chillers[0].state.trip == "high pressure") is trips


def test_dust_in_the_condenser_trips_a_loaded_machine_at_45_degrees() -> None:
    s = Site(it_kw=1000.0)
    s.run(60.0)
    power, load = s.chillers[0].power_kw, s.chillers[0].cooling_kw
    s.plant.inject("chiller-1", "condenser-fouling", {"blockage": 20.0})
    s.run(300.0)
    assert s.chillers[0].running
    assert s.chillers[0].power_kw / s.chillers[0].cooling_kw > 1.02 * power / load
    s.plant.inject("chiller-1", "condenser-fouling", {"blockage": 50.0})
    s.run(1.0)
    assert "tripped" in s.journal("chiller-1")


def test_a_leak_takes_capacity_and_at_half_the_charge_the_machine() -> None:
    s = Site()
    full = s.chillers[0].capacity_kw
    s.plant.inject("chiller-1", "refrigerant-leak", {"loss": 20.0})
    assert s.chillers[0].capacity_kw == pytest.approx(0.8 * full)
    s.plant.clear("chiller-1", "refrigerant-leak")
    assert s.chillers[0].capacity_kw == pytest.approx(full)
    s.plant.inject("chiller-1", "refrigerant-leak", {"loss": 60.0})
    s.run(1.0)
    assert s.chillers[0].state.trip == "low pressure"


@pytest.mark.parametrize("volts", [0.0, 0.7 * 230.0, 1.2 * 230.0])
def test_a_supply_out_of_limits_stops_it_at_once(volts: float) -> None:
    s = Site()
    s.grid.set(volts)
    s.plant.settle()
    assert not s.chillers[0].running
    assert s.chillers[0].state.trip == "supply voltage"
    s.grid.set(230.0)
    s.run(600.0)
    assert not s.chillers[0].running, "starting again is its controller's business"


def test_a_start_failure_leaves_it_standing() -> None:
    s = Site()
    s.plant.inject("chiller-3", "start-failure")
    assert s.chillers[2].start_compressors() is False
    assert not s.chillers[2].running


def test_cold_water_keeps_the_hall_cool_through_a_restart_but_not_for_ever() -> None:
    s = Site()
    s.grid.set(0.0)
    s.run(600.0)
    assert s.hall.inlet_c < 22.5
    s.run(3000.0)
    assert s.hall.inlet_c > 27.0


def test_a_quantity_that_is_not_listed_is_refused_with_the_list() -> None:
    s = Site()
    with pytest.raises(PlantError, match=r"it has: .*leaving_c"):
        s.chillers[0].quantity("leaving")


@pytest.mark.parametrize("kind", ["chiller", "pump", "crah", "hall", "loop", "climate"])
def test_every_quantity_reads(kind: str) -> None:
    s = Site()
    component = {
        "chiller": s.chillers[0], "pump": s.pumps[0], "crah": s.crahs[0],
        "hall": s.hall, "loop": s.loop, "climate": s.climate,
    }[kind]  # fmt: skip
    for name in component.QUANTITIES:
        component.quantity(name)
