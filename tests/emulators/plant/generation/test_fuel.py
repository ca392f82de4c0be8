"""Day tanks, bulk tank and pumps."""

from __future__ import annotations

import pytest
from gensets import Load, Sets, build
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.plant.generation.fuel import BulkTank, DayTank, DayTankRatings, TankRatings
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.engine import Plant
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


@settings(max_examples=examples(30), deadline=None)
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


def two_pumps() -> tuple[Plant, DayTank, dict[str, BulkTank]]:
    """A day tank with a pump on either store, each pump on a path of its own, and the sets' demand as a leak."""
    mains = Utility("mains-a"), Utility("mains-b")
    stores = {name: BulkTank(name) for name in ("bulk-a", "bulk-b")}
    tank = DayTank(
        "day",
        DayTankRatings(bulk="bulk-a", bulk_2="bulk-b", initial_percent=60.0),
        {"pump": "mains-a", "pump_2": "mains-b"},
    )
    plant = build(*mains, *stores.values(), tank)
    plant.inject("day", "leak", {"rate": 400.0})
    return plant, tank, stores


@pytest.mark.parametrize(
    ("target", "fault"), [("bulk-a", "empty"), ("mains-a", "outage"), ("day", "pump-fails"), ("bulk-a", "leak")]
)
def test_a_second_pump_on_a_second_store_takes_over_from_the_first(target: str, fault: str):
    plant, tank, stores = two_pumps()
    plant.inject(target, fault, {"rate": 20000.0} if fault == "leak" else None)
    plant.advance(8.0 * 3600.0)
    assert tank.level_percent > 65.0
    assert stores["bulk-b"].level_percent < 95.0


def test_the_first_pump_and_its_store_are_used_as_long_as_they_can_be():
    plant, tank, stores = two_pumps()
    plant.advance(8.0 * 3600.0)
    assert tank.level_percent > 65.0
    assert stores["bulk-b"].level_percent == 95.0


def test_a_store_whose_outlet_is_shut_for_work_gives_nothing_and_keeps_its_fuel():
    plant, tank, stores = two_pumps()
    stores["bulk-a"].switch_off()
    plant.advance(8.0 * 3600.0)
    assert tank.source == "bulk-b"
    assert stores["bulk-a"].level_percent == 95.0
    stores["bulk-a"].switch_on()
    plant.advance(16.0 * 3600.0)
    assert stores["bulk-a"].level_percent < 95.0


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.sampled_from(["bulk-a", "bulk-b"]), max_size=4), st.floats(0.0, 8.0))
def test_fuel_is_conserved_whichever_store_is_drawn_from(shut: list[str], hours: float):
    plant, tank, stores = two_pumps()
    before = tank.level_l + sum(store.level_l for store in stores.values())
    for name in shut:
        stores[name].switch_off() if not stores[name].shut else stores[name].switch_on()
        plant.settle()
        plant.advance(plant.now + hours * 900.0)
    spilt = 400.0 * plant.now / 3600.0
    held = tank.level_l + sum(store.level_l for store in stores.values())
    assert tank.empty or held == pytest.approx(before - spilt, abs=0.01)


def test_a_quiet_site_costs_no_steps():
    sets, _, _ = site()
    revision = sets.plant.revision
    sets.run(86400.0)
    assert sets.plant.revision - revision <= 100
