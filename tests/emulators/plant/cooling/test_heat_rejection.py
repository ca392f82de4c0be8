"""Cooling towers with a water-cooled chiller, and free cooling."""

from __future__ import annotations

from typing import Any

import pytest
from cooled import It, ItRatings
from small_plant import Source, plant_of

from twinfeed.emulators.plant.air.climate import Climate, ClimateRatings
from twinfeed.emulators.plant.air.properties import dew_point_of
from twinfeed.emulators.plant.cooling.chillers import Chiller, ChillerRatings
from twinfeed.emulators.plant.cooling.crahs import Crah, CrahRatings
from twinfeed.emulators.plant.cooling.halls import Hall, HallRatings
from twinfeed.emulators.plant.cooling.heat_rejection import (
    CoolingTower,
    CoolingTowerRatings,
    DryCooler,
    DryCoolerRatings,
)
from twinfeed.emulators.plant.cooling.pumps import Pump, PumpRatings
from twinfeed.emulators.plant.cooling.water import WaterLoop, WaterLoopRatings


class WaterCooled:
    """A hall of 400 kW, a York YT of 1055 kW on two towers of 700 kW, and a dry cooler if asked for.

    `outdoor_c` and `wet_c` stay; the chilled water is kept at 8 degC.
    """

    def __init__(
        self,
        outdoor_c: float = 35.0,
        dew_point_c: float = 22.0,
        it_kw: float = 400.0,
        dry_cooler: bool = False,
        tower: dict[str, Any] | None = None,
    ) -> None:
        self.grid = Source("grid")
        self.climate = Climate("outdoors", ClimateRatings(max_c=outdoor_c, min_c=outdoor_c, dew_point_c=dew_point_c))
        self.chilled = WaterLoop("chilled", WaterLoopRatings(tank_m3=6.0))
        self.condenser = WaterLoop("condenser", WaterLoopRatings(tank_m3=6.0, tank_layers=1, ambient_kw=0.0))
        ratings = ChillerRatings(
            machine="york-yt-1055", loop="chilled", condenser_loop="condenser", setpoint_c=8.0, controls_kw=0.5
        )
        self.chiller = Chiller("chiller", ratings, {"input": "grid"})
        made = {"loop": "condenser", "climate": "outdoors", "design_kw": 700.0, "fan_kw": 15.0, **(tower or {})}
        self.towers = [CoolingTower(f"tower-{n}", CoolingTowerRatings(**made), {"input": "grid"}) for n in (1, 2)]
        self.pump = Pump("pump", PumpRatings(loop="chilled", flow_l_s=28.0), {"input": "grid"})
        self.condenser_pump = Pump("condenser-pump", PumpRatings(loop="condenser", flow_l_s=57.0), {"input": "grid"})
        self.hall = Hall("hall", HallRatings(climate="outdoors"))
        self.crahs = [
            Crah(f"crah-{n}", CrahRatings(hall="hall", loop="chilled"), {"input": "grid"}) for n in range(1, 5)
        ]
        self.it = It("it", ItRatings("hall"))
        self.it.state.kw = it_kw
        free = {"loop": "chilled", "climate": "outdoors"}
        self.dry = [DryCooler("dry-cooler", DryCoolerRatings(**free), {"input": "grid"})] if dry_cooler else []
        self.plant = plant_of(
            self.grid, self.climate, self.chilled, self.condenser, self.chiller, *self.towers, *self.dry, self.pump,
            self.condenser_pump, self.hall, *self.crahs, self.it,
        )  # fmt: skip

    def run(self, seconds: float) -> None:
        self.plant.advance(self.plant.now + seconds)


def test_a_tower_at_its_design_point_leaves_its_approach() -> None:
    """35 to 29.4 degC on a wet bulb of 25.6 degC, CTI STD-201."""
    tower = CoolingTower("tower", CoolingTowerRatings(loop="loop", recirculation_k=0.0), {"input": "grid"})
    dew_point_c = dew_point_of(35.0, 47.5)  # a wet bulb of 25.6 degC
    climate = Climate("outdoors", ClimateRatings(max_c=35.0, min_c=35.0, dew_point_c=dew_point_c))
    pump = Pump("pump", PumpRatings(loop="loop", flow_l_s=tower.params.design_l_s, power_kw=0.0), {"input": "grid"})
    loop = WaterLoop("loop", WaterLoopRatings())
    object.__setattr__(tower.params, "climate", "outdoors")
    plant_of(Source("grid"), climate, loop, pump, tower)
    assert climate.wet_bulb_c == pytest.approx(25.6, abs=0.1)
    constant, slope = tower.duty(35.0)
    assert constant + slope * 35.0 == pytest.approx(600.0, rel=0.02)


def test_at_rest_the_towers_reject_all_heat_of_the_hall_the_pumps_and_the_compressors() -> None:
    s = WaterCooled()
    s.run(3600.0)
    rejected = sum(tower.cooling_kw for tower in s.towers)
    fans = sum(crah.heat_kw for crah in s.crahs)
    walls = s.hall.params.envelope_kw_per_k * (35.0 - s.hall.return_c)
    gained = s.chilled.ambient_gain_kw + s.condenser.ambient_gain_kw
    entered = 400.0 + fans + walls + s.pump.power_kw + s.condenser_pump.power_kw + s.chiller.compressors_kw + gained
    assert rejected == pytest.approx(entered, rel=0.002)
    assert s.chiller.condenser_leaving_c > s.chiller.air_c


def test_the_fans_hold_the_leaving_water_and_slow_down_in_cool_air() -> None:
    warm, cool = WaterCooled(dew_point_c=15.0), WaterCooled(outdoor_c=20.0, dew_point_c=10.0)
    for s in (warm, cool):
        s.run(3600.0)
        assert s.condenser.supply_c == pytest.approx(24.0, abs=0.2)
    assert cool.towers[0].speed < 0.6 * warm.towers[0].speed
    assert cool.towers[0].power_kw < 0.3 * warm.towers[0].power_kw


def test_the_water_never_gets_colder_than_the_wet_bulb() -> None:
    s = WaterCooled(tower={"setpoint_c": 5.0})
    s.run(3600.0)
    assert s.condenser.supply_c > s.climate.wet_bulb_c
    assert s.towers[0].speed == 1.0


def test_without_fans_the_condensing_temperature_climbs_until_the_high_pressure_switch_opens() -> None:
    s = WaterCooled()
    s.run(60.0)
    for tower in s.towers:
        s.plant.inject(tower.id, "fan-failure")
    s.run(4 * 3600.0)
    assert s.chiller.state.trip == "high pressure"


def test_without_make_up_water_the_basins_run_dry_and_the_chiller_loses_its_condenser() -> None:
    s = WaterCooled(tower={"basin_m3": 0.5})
    s.run(60.0)
    evaporated = s.towers[0].makeup_l_s
    assert evaporated == pytest.approx(s.towers[0].cooling_kw / 2430.0 * 4.0 / 3.0)
    for tower in s.towers:
        s.plant.inject(tower.id, "make-up-loss")
    s.run(0.70 * 500.0 / evaporated)
    assert s.chiller.running
    s.run(0.15 * 500.0 / evaporated)
    assert s.condenser.flow_l_s == 0.0
    assert s.chiller.state.trip == "high pressure"
    for tower in s.towers:
        s.plant.clear(tower.id, "make-up-loss")
    s.run(600.0)
    assert s.condenser.flow_l_s > 50.0


def test_free_cooling_takes_load_off_the_chiller_in_cold_air_and_does_not_heat_in_warm() -> None:
    cold, warm = WaterCooled(outdoor_c=5.0, dew_point_c=0.0, dry_cooler=True), WaterCooled(dry_cooler=True)
    for s in (cold, warm):
        s.run(3600.0)
        assert s.chilled.supply_c == pytest.approx(8.0, abs=0.5)
    assert cold.dry[0].cooling_kw > 100.0
    assert cold.chiller.entering_c < cold.chilled.return_c - 1.0
    assert cold.dry[0].cooling_kw + cold.chiller.cooling_kw == pytest.approx(
        cold.chilled.load_kw + cold.pump.power_kw + cold.chilled.ambient_gain_kw, rel=0.01
    )
    assert warm.dry[0].cooling_kw == 0.0
    assert warm.dry[0].power_kw == pytest.approx(0.1)


def test_a_fork_with_towers_and_free_cooling_runs_on_alike() -> None:
    s = WaterCooled(outdoor_c=10.0, dew_point_c=5.0, dry_cooler=True)
    s.run(600.0)
    s.plant.inject("tower-1", "fouling")
    fork = s.plant.snapshot()

    def run_on() -> list[float]:
        s.plant.restore(fork)
        s.run(1800.0)
        return [*s.chilled.state.nodes_c, *s.condenser.state.nodes_c, *s.hall.state.nodes_c]

    assert run_on() == run_on()
