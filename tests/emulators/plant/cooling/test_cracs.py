"""Computer room air conditioners with their own condensers: load, heat outside, pressure switches, restart."""

from __future__ import annotations

from typing import Any

import pytest
from cooled import It, ItRatings
from small_plant import Source, plant_of

from twinfeed.emulators.plant.air.climate import Climate, ClimateRatings
from twinfeed.emulators.plant.cooling.cracs import Crac, CracRatings
from twinfeed.emulators.plant.cooling.halls import Hall, HallRatings
from twinfeed.emulators.plant.cooling.heat_rejection import CoolingTower, CoolingTowerRatings
from twinfeed.emulators.plant.cooling.pumps import Pump, PumpRatings
from twinfeed.emulators.plant.cooling.water import WaterLoop, WaterLoopRatings


class Conditioned:
    """A hall of 150 kW with three units of 100 kW, on the roof or on a loop with a tower."""

    def __init__(self, outdoor_c: float = 35.0, it_kw: float = 150.0, water: bool = False, **ratings: Any) -> None:
        self.grid = Source("grid")
        self.climate = Climate("outdoors", ClimateRatings(max_c=outdoor_c, min_c=outdoor_c))
        self.hall = Hall("hall", HallRatings(design_kw=200.0, mass_kg=20000.0, area_m2=100.0, climate="outdoors"))
        place = {"condenser_loop": "condenser"} if water else {"climate": "outdoors"}
        made = CracRatings(hall="hall", fan_percent=100.0, **place, **ratings)
        self.units = [Crac(f"crac-{n}", made, {"input": "grid"}) for n in (1, 2, 3)]
        self.it = It("it", ItRatings("hall"))
        self.it.state.kw = it_kw
        self.loop = WaterLoop("condenser", WaterLoopRatings(tank_m3=4.0, tank_layers=1))
        pump = Pump("pump", PumpRatings(loop="condenser", flow_l_s=18.0, power_kw=4.0), {"input": "grid"})
        self.tower = CoolingTower(
            "tower", CoolingTowerRatings(loop="condenser", climate="outdoors", design_kw=420.0), {"input": "grid"}
        )
        loop = [self.loop, pump, self.tower] if water else []
        self.plant = plant_of(self.grid, self.climate, self.hall, *self.units, self.it, *loop)

    def run(self, seconds: float) -> None:
        self.plant.advance(self.plant.now + seconds)


def test_units_hold_the_supply_air_and_their_heat_leaves_through_the_condensers() -> None:
    s = Conditioned()
    s.run(3600.0)
    unit = s.units[0]
    assert unit.supply_air_c == pytest.approx(22.0, abs=0.1)
    fans = sum(u.params.controls_kw + u.heat_kw for u in s.units)
    walls = s.hall.params.envelope_kw_per_k * (35.0 - s.hall.return_c)
    assert s.hall.cooling_kw == pytest.approx(150.0 + fans + walls, rel=0.01)
    assert s.grid.load.total_kw == pytest.approx(fans + sum(u.compressors_kw for u in s.units), rel=0.01)
    assert 2.2 < unit.cooling_kw / unit.compressors_kw < 4.2


def test_hot_air_outside_takes_capacity_and_costs_power() -> None:
    cool, hot = Conditioned(30.0), Conditioned(45.0)
    for s in (cool, hot):
        s.run(1800.0)
    assert hot.units[0].capacity_kw < 0.95 * cool.units[0].capacity_kw
    assert hot.units[0].compressors_kw > 1.2 * cool.units[0].compressors_kw


def test_condensers_that_draw_in_their_exhaust_trip_one_after_the_other_as_the_load_moves() -> None:
    """The lesson of roofs crowded with condensers: the first trip loads the others, and the hall is lost."""
    s = Conditioned(43.0, it_kw=240.0)
    s.run(600.0)
    assert not any(unit.tripped for unit in s.units)
    s.plant.inject("crac-1", "condenser-recirculation", {"kelvin": 12.0})
    s.plant.inject("crac-2", "condenser-recirculation", {"kelvin": 7.0})
    s.plant.inject("crac-3", "condenser-recirculation", {"kelvin": 7.0})
    s.run(1800.0)
    tripped = [event.who for event in s.plant.journal if event.what == "tripped"]
    assert tripped[0] == "crac-1"
    assert len(tripped) == 3
    assert s.hall.inlet_c > 35.0


def test_a_tripped_unit_stays_off_until_its_switch_is_reset_and_then_waits_its_restart_delay() -> None:
    s = Conditioned(40.0)
    s.plant.inject("crac-1", "condenser-fouling", {"blockage": 85.0})
    s.run(60.0)
    unit = s.units[0]
    assert unit.state.trip == "high pressure"
    s.plant.clear("crac-1", "condenser-fouling")
    s.run(3600.0)
    assert not unit.compressors
    assert unit.running, "the fans turn on"
    assert unit.reset() is True
    s.run(170.0)
    assert not unit.compressors
    s.run(20.0)
    assert unit.compressors
    assert unit.reset() is False


def test_after_a_power_loss_the_compressors_wait_for_the_anti_short_cycle_relay() -> None:
    s = Conditioned()
    s.run(60.0)
    s.grid.set(0.0)
    s.run(10.0)
    s.grid.set(230.0)
    s.run(100.0)
    assert all(unit.running and not unit.compressors for unit in s.units)
    s.run(120.0)
    assert all(unit.compressors for unit in s.units)


def test_a_leak_and_a_frozen_coil_open_the_low_pressure_switch() -> None:
    s = Conditioned()
    s.plant.inject("crac-1", "refrigerant-leak", {"loss": 60.0})
    s.plant.inject("crac-2", "clogged-filter", {"restriction": 80.0})
    s.run(30.0)
    assert [unit.state.trip for unit in s.units] == ["low pressure", "low pressure", ""]


def test_units_on_a_loop_reject_into_it_and_trip_when_the_water_stops() -> None:
    s = Conditioned(water=True)
    s.run(3600.0)
    rejected = sum(unit.heat_rejected_kw for unit in s.units)
    pump = s.plant.find("pump").power_kw  # type: ignore[attr-defined]
    assert s.tower.cooling_kw == pytest.approx(rejected + pump + s.loop.ambient_gain_kw, rel=0.01)
    s.plant.inject("pump", "failure")
    s.run(120.0)
    assert all(unit.state.trip == "high pressure" for unit in s.units)


def test_a_unit_has_one_condenser() -> None:
    with pytest.raises(ValueError, match="a crac has one condenser"):
        CracRatings(hall="hall", climate="outdoors", condenser_loop="loop")
