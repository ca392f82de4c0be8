"""Pumps on the resistance of a loop, and a loop that loses its water."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_plant import Source, plant_of

from twinfeed.emulators.devices.catalogue import CHILLED_WATER_PLANT
from twinfeed.emulators.devices.cooling.pump_controller import PlantControllerParams
from twinfeed.emulators.plant.cooling.hydraulics import SHUT_OFF, PumpCurve, common_head_kpa
from twinfeed.emulators.plant.cooling.pumps import Pump, PumpRatings
from twinfeed.emulators.plant.cooling.water import WaterLoop, WaterLoopRatings


class Loop:
    """Three pumps of 25 l/s at 300 kPa, two of which run, on a loop made for 50 l/s; perhaps with their controller."""

    def __init__(self, controller: dict[str, Any] | None = None, **ratings: Any) -> None:
        self.loop = WaterLoop("loop", WaterLoopRatings(**{"design_kpa": 300.0, **ratings}))
        self.pumps = [
            Pump(f"pump-{n}", PumpRatings(loop="loop", initially_on=n < 3), {"input": "grid"}) for n in (1, 2, 3)
        ]
        firmware = (
            [CHILLED_WATER_PLANT.build("plc/device", PlantControllerParams(of="loop", **controller))]
            if controller
            else []
        )
        self.plant = plant_of(Source("grid"), self.loop, *self.pumps, *firmware)

    def run(self, seconds: float) -> None:
        self.plant.advance(self.plant.now + seconds)


def test_the_design_point_is_that_of_the_ratings() -> None:
    s = Loop()
    assert s.loop.flow_l_s == pytest.approx(50.0)
    assert s.loop.head_kpa == pytest.approx(300.0)
    assert s.pumps[0].power_kw == pytest.approx(11.0)


def test_one_pump_of_two_gives_more_than_half_and_a_third_adds_little() -> None:
    """The curves by hand: Q = sqrt(s / (k + (s - 1) / (m 25)^2)) with k = 1 / 50^2 and m pumps, l/s."""
    s = Loop()
    s.pumps[2].switch(True)
    s.run(60.0)
    assert s.loop.flow_l_s == pytest.approx((1.25 / (1 / 2500 + 0.25 / 75**2)) ** 0.5)
    s.pumps[1].switch(False)
    s.pumps[2].switch(False)
    s.run(60.0)
    assert s.loop.flow_l_s == pytest.approx((1.25 / (1 / 2500 + 0.25 / 25**2)) ** 0.5)
    assert s.pumps[0].power_kw > 11.0, "it runs out on its curve"


def test_against_a_closed_valve_the_pumps_give_their_shut_off_head_and_warm_the_water() -> None:
    s = Loop(ambient_kw=0.0)
    s.plant.inject("loop", "valve-shut")
    s.run(1.0)
    assert s.loop.flow_l_s == s.pumps[0].flow_l_s == 0.0
    assert s.loop.head_kpa == pytest.approx(300.0 * SHUT_OFF)
    assert s.pumps[0].power_kw == pytest.approx(0.4 * 11.0)
    before = s.loop.return_c
    s.run(3600.0)
    assert s.loop.return_c > before + 1.0


def test_half_the_speed_gives_half_the_flow_and_a_quarter_of_the_head() -> None:
    s = Loop()
    for pump in s.pumps:
        pump.set_speed(50.0)
    s.run(60.0)
    assert s.loop.flow_l_s == pytest.approx(25.0)
    assert s.loop.head_kpa == pytest.approx(75.0)


def test_a_blocked_strainer_raises_the_head_and_lowers_the_flow() -> None:
    s = Loop()
    s.plant.inject("loop", "restriction", {"loss": 50.0})
    s.run(1.0)
    assert 25.0 < s.loop.flow_l_s < 50.0
    assert s.loop.head_kpa > 300.0


def test_a_controller_holds_the_differential_pressure_by_the_speed() -> None:
    s = Loop(controller={"pressure_kpa": 200.0, "duty_pumps": 2})
    s.run(120.0)
    assert s.loop.head_kpa == pytest.approx(200.0, rel=0.01)
    s.plant.inject("pump-1", "failure")
    s.run(120.0)
    assert s.loop.head_kpa == pytest.approx(200.0, rel=0.01), "the standby has started"
    s.plant.inject("loop", "restriction", {"loss": 40.0})
    s.run(120.0)
    assert s.loop.head_kpa == pytest.approx(200.0, rel=0.01)


def test_a_leak_lowers_the_pressure_until_the_pumps_draw_air_and_only_a_refill_helps() -> None:
    """Boyle: (250 + 101.3) 800 = (p + 101.3) (800 + lost); the pumps stop at 30 kPa, after 1340 l."""
    s = Loop(design_kpa=0.0)
    s.plant.inject("loop", "leak", {"rate": 100.0})
    s.run(8.0 * 60.0)
    assert s.loop.static_kpa == pytest.approx(351.3 * 800.0 / 1600.0 - 101.3, abs=1.0)
    assert s.loop.flow_l_s == pytest.approx(50.0)
    s.run(6.0 * 60.0)
    assert s.loop.flow_l_s == 0.0
    s.plant.clear("loop", "leak")
    s.run(600.0)
    assert s.loop.flow_l_s == 0.0
    s.loop.refill()
    s.run(1.0)
    assert s.loop.flow_l_s == pytest.approx(50.0)
    assert s.loop.static_kpa == 250.0


curves = st.lists(
    st.builds(PumpCurve, st.floats(1.0, 100.0), st.floats(50.0, 600.0), st.floats(0.0, 1.0)), min_size=1, max_size=5
)


@given(pumps=curves, resistance=st.floats(1e-4, 10.0) | st.just(inf), more=st.floats(1.0, 4.0))
def test_pumps_balance_the_system_and_more_resistance_never_gives_more_flow(
    pumps: list[PumpCurve], resistance: float, more: float
) -> None:
    head = common_head_kpa(pumps, resistance)
    flow = sum(pump.flow_at(head) for pump in pumps)
    assert 0.0 <= head <= max(SHUT_OFF * p.speed**2 * p.head_kpa for p in pumps) + 1e-9
    if resistance < inf:
        assert flow == pytest.approx((head / resistance) ** 0.5, rel=1e-3, abs=1e-3)
    narrower = common_head_kpa(pumps, resistance * more)
    assert sum(pump.flow_at(narrower) for pump in pumps) <= flow + 1e-3
