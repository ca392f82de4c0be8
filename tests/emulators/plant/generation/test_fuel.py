"""Day tanks, bulk tank and pumps."""

from __future__ import annotations

import pytest
from gensets import Load, Sets, build
from hypothesis import given, settings
from hypothesis import strategies as st

from twinfeed.emulators.plant.generation.fuel import BulkTank, DayTank, DayTankRatings, TankRatings
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.power.utilities import Utility


def site(day: float = 95.0, bulk: float = 95.0, **ratings: float) -> tuple[Sets, DayTank, BulkTank]:
    store = BulkTank("bulk", TankRatings(initial_percent=bulk))
    tank = DayTank("day", DayTankRatings(bulk="bulk", initial_percent=day, **ratings))
    return Sets(1, store, tank, tank="day"), tank, store


def test_a_day_tank_lasts_eight_hours_at_full_load_without_its_pump():
    sets, tank, _ = site(day=100.0)
    sets.plant.inject("day", "pump-fails")
    sets.on_bus(kw=1650.0)
    sets.run(8.0 * 3600.0)
    assert sets.first.running
    sets.run(3600.0)
    assert tank.empty
    assert not sets.first.running
    assert not sets.load.supplied


def test_the_store_holds_the_twelve_hours_of_tier_iii_for_two_sets_at_full_load():
    assert 0.95 * TankRatings().capacity_l > 12.0 * 2.0 * 437.0


def test_the_pump_runs_between_its_floats():
    sets, tank, store = site()
    sets.on_bus(kw=1200.0)
    levels = []
    for _ in range(200):
        sets.run(120.0)
        levels.append(tank.level_percent)
    assert min(levels) == pytest.approx(70.0, abs=1.0)
    assert max(levels) == pytest.approx(95.0, abs=2.0)
    assert store.level_l < 0.95 * 30000.0


def test_fuel_is_conserved():
    sets, tank, store = site()
    before = tank.level_l + store.level_l
    sets.on_bus(kw=1200.0)
    start, rate = sets.plant.now, sets.first.fuel_lph
    at_start = tank.level_l + store.level_l
    sets.run(30000.0)
    burnt = (sets.plant.now - start) / 3600.0 * rate
    assert at_start < before
    assert tank.level_l + store.level_l == pytest.approx(at_start - burnt, abs=0.01)


@settings(max_examples=30, deadline=None)
@given(st.floats(5.0, 100.0), st.floats(5.0, 100.0), st.floats(1.0, 5000.0), st.floats(1.0, 200000.0))
def test_levels_stay_between_empty_and_full(day: float, bulk: float, leak: float, seconds: float):
    store = BulkTank("bulk", TankRatings(initial_percent=bulk))
    tank = DayTank("day", DayTankRatings(bulk="bulk", initial_percent=day))
    plant = build(store, tank)
    plant.inject("day", "leak", {"rate": leak})
    plant.advance(seconds)
    assert 0.0 <= tank.level_percent <= 100.0
    assert 0.0 <= store.level_percent <= 100.0


def test_a_leak_empties_tank_and_store_and_starves_the_set():
    sets, tank, store = site()
    sets.plant.inject("day", "leak", {"rate": 20000.0})
    sets.on_bus(kw=500.0)
    sets.run(20.0 * 3600.0)
    assert store.empty
    assert tank.empty
    assert sets.first.phase == "stopped"
    assert "engine stopping" in sets.told()


def test_an_empty_store_stops_the_pump():
    sets, tank, store = site(day=60.0, bulk=2.0)
    sets.run(60.0)
    assert tank.pumping
    sets.run(3600.0)
    assert store.empty
    assert not tank.pumping


def test_a_delivery_fills_the_store_and_the_pump_goes_on():
    sets, tank, store = site(day=60.0, bulk=0.0)
    sets.run(60.0)
    assert not tank.pumping
    store.deliver(50000.0)
    sets.run(1.0)
    assert store.level_percent == pytest.approx(100.0, abs=0.1)
    assert tank.pumping
    with pytest.raises(PlantError, match="cannot deliver -1 l"):
        store.deliver(-1.0)


def test_clearing_empty_gives_the_contents_back():
    sets, tank, _ = site()
    sets.on_bus(kw=500.0)
    level = tank.level_percent
    sets.plant.inject("day", "empty")
    sets.run(5.0)
    assert tank.level_percent == 0.0
    assert not sets.first.running
    sets.plant.clear("day")
    assert tank.level_percent == pytest.approx(level, abs=0.5)


def test_a_stuck_float_starves_the_tank_while_the_store_is_full():
    sets, tank, store = site()
    sets.plant.inject("day", "float-stuck")
    sets.on_bus(kw=1600.0)
    sets.run(10.0 * 3600.0)
    assert tank.empty
    assert store.level_percent == pytest.approx(95.0)


def test_a_wired_pump_needs_its_supply_and_draws_its_power():
    mains, store = Utility("mains"), BulkTank("bulk")
    tank = DayTank("day", DayTankRatings(bulk="bulk", initial_percent=60.0), {"pump": "mains"})
    plant = build(mains, store, tank, Load("load", "mains"))
    assert tank.pumping
    assert mains.load_kw == pytest.approx(1.5)
    plant.inject("mains", "outage")
    plant.settle()
    assert not tank.pumping
    plant.clear("mains")
    plant.advance(3600.0)
    assert tank.level_percent == pytest.approx(95.0)
    assert mains.load_kw == 0.0


def test_a_quiet_site_costs_no_steps():
    sets, _, _ = site()
    revision = sets.plant.revision
    sets.run(86400.0)
    assert sets.plant.revision - revision <= 100
