"""Rooms of equipment: the heat of losses, walls, fans, and what too much heat stops."""

from __future__ import annotations

from typing import Any

import pytest
from cooled import It, ItRatings
from small_plant import Source, plant_of
from ups_bench import Load

from twinfeed.emulators.plant.air.climate import Climate, ClimateRatings
from twinfeed.emulators.plant.cooling.crahs import Crah, CrahRatings
from twinfeed.emulators.plant.cooling.pumps import Pump, PumpRatings
from twinfeed.emulators.plant.cooling.rooms import Room, RoomRatings, VentilationFan, VentilationFanRatings
from twinfeed.emulators.plant.cooling.water import WaterLoop, WaterLoopRatings
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.transformers import Transformer, TransformerRatings
from twinfeed.emulators.plant.ups.ratings import UpsRatings
from twinfeed.emulators.plant.ups.ups import Ups


class ElectricalRoom:
    """A transformer of 1000 kVA and a UPS of 500 kW with 400 kW of load in a room, and other things of the test."""

    def __init__(self, *others: Any, outdoor_c: float = 30.0, ups: Any = None, **room: Any) -> None:
        self.grid = Source("grid")
        self.climate = Climate("outdoors", ClimateRatings(max_c=outdoor_c, min_c=outdoor_c))
        self.room = Room("room", RoomRatings(climate="outdoors", **room))
        self.transformer = Transformer("transformer", TransformerRatings(kva=1000.0, room="room"), {"input": "grid"})
        self.ups = Ups("ups", UpsRatings(room="room", **(ups or {})), {"input": "transformer"})
        self.load = Load("load", None, {"input": "ups"})
        self.load.state.kw = 400.0
        self.plant: Plant = plant_of(
            self.grid, self.climate, self.room, self.transformer, self.ups, self.load, *others
        )  # fmt: skip

    def run(self, seconds: float) -> None:
        self.plant.advance(self.plant.now + seconds)

    def journal(self, who: str) -> list[str]:
        return [event.what for event in self.plant.journal if event.who == who]


def fan(**ratings: Any) -> VentilationFan:
    given = {"room": "room", "climate": "outdoors", "air_m3_s": 3.0, **ratings}
    return VentilationFan("fan", VentilationFanRatings(**given), {"input": "grid"})


def test_the_heat_into_a_room_is_the_losses_of_its_equipment() -> None:
    s = ElectricalRoom(fan())
    s.run(60.0)
    drawn = s.grid.load.total_kw - s.plant.find("fan").power_kw  # type: ignore[attr-defined]
    assert s.room.heat_kw == pytest.approx(s.ups.losses_kw + s.transformer.losses_kw)
    assert drawn == pytest.approx(400.0 + s.room.heat_kw + max(0.0, -s.ups.battery_kw), rel=1e-6)


def test_the_losses_leave_through_fan_and_walls_at_rest() -> None:
    s = ElectricalRoom(fan(on_c=20.0))
    s.run(48 * 3600.0)
    p = s.room.params
    through_walls = p.envelope_kw_per_k * (s.room.walls_c - 30.0)
    leaks = p.infiltration_per_h * p.area_m2 * p.height_m * 1.19714 / 3600.0 * (s.room.air_c - 30.0)
    assert s.room.heat_kw == pytest.approx(s.room.cooling_kw + through_walls + leaks, rel=0.01)
    assert 30.0 < s.room.walls_c < s.room.air_c < 37.0


def test_an_air_handler_holds_a_room() -> None:
    loop = WaterLoop("loop", WaterLoopRatings(tank_m3=10000.0))
    pump = Pump("pump", PumpRatings(loop="loop"), {"input": "grid"})
    unit = Crah("crah", CrahRatings(hall="room", loop="loop", air_m3_s=4.0, fan_kw=2.0), {"input": "grid"})
    s = ElectricalRoom(loop, pump, unit)
    s.run(3600.0)
    assert unit.supply_air_c == pytest.approx(22.0, abs=0.2)
    assert s.room.air_c < 28.0


def test_without_cooling_the_battery_warms_with_its_room_and_the_ups_gives_up_in_steps() -> None:
    """The alarm is at 40 degC, the inverter stops at 50 and all of it at 60."""
    s = ElectricalRoom(outdoor_c=40.0)
    passed = {}
    while s.ups.mode != "off" and s.plant.now < 48 * 3600.0:
        s.run(5.0)
        passed.setdefault(s.ups.mode, s.room.air_c)
    assert passed["bypass"] == pytest.approx(50.0, abs=0.7)
    assert passed["off"] == pytest.approx(60.0, abs=0.7)
    assert 40.0 < s.ups.battery_c < s.room.air_c + 1.0


def test_a_ups_returns_from_its_bypass_when_its_room_has_cooled() -> None:
    s = ElectricalRoom(fan(on_c=20.0))
    s.plant.inject("fan", "fan-failure")
    while s.ups.mode != "bypass":
        s.run(60.0)
    s.plant.clear("fan", "fan-failure")
    s.run(3600.0)
    assert s.ups.mode == "online"


def test_a_fan_on_a_thermostat_starts_and_stops_with_a_difference() -> None:
    s = ElectricalRoom(fan(air_m3_s=6.0), outdoor_c=20.0)
    s.run(6 * 3600.0)
    starts = s.journal("fan").count("started")
    assert starts > 2
    assert 26.5 < s.room.air_c < 30.5


def test_a_hot_room_warms_the_oil_of_its_transformer() -> None:
    cool, hot = ElectricalRoom(fan(on_c=20.0)), ElectricalRoom()
    for s in (cool, hot):
        s.run(4 * 3600.0)
    assert hot.transformer.oil_c - cool.transformer.oil_c == pytest.approx(hot.room.air_c - cool.room.air_c, abs=6.0)


def test_a_drive_in_a_hot_room_trips_and_is_ready_again_ten_kelvin_below() -> None:
    pump = Pump("pump", PumpRatings(loop="loop", room="room"), {"input": "grid"})
    s = ElectricalRoom(WaterLoop("loop"), pump, outdoor_c=25.0)
    s.room.state.nodes_c = [56.0, 56.0]
    s.plant.settle()
    s.run(30.0)
    assert not pump.running
    assert pump.power_kw == 0.0
    s.room.state.nodes_c = [44.0, 30.0]
    s.plant.settle()
    s.run(30.0)
    assert pump.running


def test_an_air_handler_with_a_latch_stays_off_until_somebody_resets_it() -> None:
    loop, it = WaterLoop("loop"), It("it", ItRatings("room"))
    it.state.kw = 20.0
    unit = Crah("crah", CrahRatings(hall="room", loop="loop", return_stop_c=38.0), {"input": "grid"})
    pump = Pump("pump", PumpRatings(loop="loop"), {"input": "grid"})
    s = ElectricalRoom(loop, pump, it, unit)
    s.run(60.0)
    s.room.state.nodes_c = [39.0, 30.0]
    s.plant.settle()
    s.run(60.0)
    assert unit.hot
    assert not unit.running
    s.room.state.nodes_c = [40.0, 40.0]
    assert unit.reset_thermostat() is False, "the air is still too warm"
    s.room.state.nodes_c = [25.0, 25.0]
    s.plant.settle()
    s.run(30.0)
    assert not unit.running, "cooler air alone does not start it"
    assert unit.reset_thermostat() is True
    s.run(30.0)
    assert unit.running


def test_an_air_handler_without_a_latch_starts_again_when_the_air_has_cooled() -> None:
    ratings = CrahRatings(hall="room", loop="loop", return_stop_c=38.0, return_stop_latches=False)
    unit = Crah("crah", ratings, {"input": "grid"})
    s = ElectricalRoom(WaterLoop("loop"), unit)
    s.room.state.nodes_c = [39.0, 30.0]
    s.plant.settle()
    assert unit.hot
    s.room.state.nodes_c = [32.0, 30.0]
    s.plant.settle()
    assert not unit.hot
