"""Heat flows from warm to cold: no part of a room leaves the range of its surroundings without a source of heat."""

from __future__ import annotations

from math import exp
from typing import Any

import pytest
from cooled import It, ItRatings, Site
from hypothesis import given, settings
from hypothesis import strategies as st
from small_plant import plant_of
from workers.examples import examples

from twinfeed.emulators.plant.air.climate import Climate, ClimateRatings
from twinfeed.emulators.plant.cooling.halls import COLD_SHARE, Hall, HallRatings
from twinfeed.emulators.plant.cooling.water import WaterLoop, WaterLoopRatings

TOLERANCE_K = 0.05
"""The accepted error of a step, twice over, K."""

HOUR_S = 3600.0

rooms = st.fixed_dictionaries(
    {
        "area_m2": st.floats(50.0, 2000.0),
        "height_m": st.floats(2.0, 8.0),
        "mass_kg": st.floats(100.0, 1e6),
        "design_kw": st.floats(1.0, 500.0),
        "it_delta_t_k": st.floats(5.0, 25.0),
        "server_effectiveness": st.floats(0.3, 0.95),
        "envelope_kw_per_k": st.floats(0.01, 3.0),
        "heat_sinks_kj_per_k_kw": st.floats(0.1, 20.0),
        "frames_kw_per_k_kw": st.floats(0.0, 0.5),
    }
)


def room(outdoor_c: float, kw: float, **ratings: Any) -> tuple[Hall, It, Any]:
    """A hall without air handlers, with that air outside."""
    climate = Climate("outdoors", ClimateRatings(max_c=outdoor_c, min_c=outdoor_c))
    it, hall = It("it", ItRatings("hall")), Hall("hall", HallRatings(climate="outdoors", **ratings))
    it.state.kw = kw
    return hall, it, plant_of(climate, it, hall)


@settings(max_examples=examples(100), deadline=None)
@given(ratings=rooms, outdoor_c=st.floats(-10.0, 45.0), nodes=st.lists(st.floats(5.0, 60.0), min_size=5, max_size=5))
def test_with_everything_off_no_node_leaves_the_range_of_all(
    ratings: dict[str, float], outdoor_c: float, nodes: list[float]
) -> None:
    hall, _, plant = room(outdoor_c, 0.0, **ratings)
    hall.state.nodes_c = nodes
    low, high = min(*nodes, outdoor_c), max(*nodes, outdoor_c)
    for minute in (1, 5, 30, 120):
        plant.advance(60.0 * minute)
        here = hall.state.nodes_c
        assert low - TOLERANCE_K <= min(here) <= max(here) <= high + TOLERANCE_K
        low, high = min(*here, outdoor_c), max(*here, outdoor_c)


@settings(max_examples=20, deadline=None)
@given(ratings=rooms, outdoor_c=st.floats(-10.0, 40.0))
def test_with_everything_off_a_room_tends_to_the_air_outside(ratings: dict[str, float], outdoor_c: float) -> None:
    hall, _, plant = room(outdoor_c, 0.0, **ratings)
    hall.state.nodes_c = [50.0] * 5
    capacities = hall.capacities()

    def stored_kj() -> float:
        return sum(c * (t - outdoor_c) for c, t in zip(capacities, hall.state.nodes_c, strict=True))

    error_kj = TOLERANCE_K * sum(capacities)
    """Frames that exchange nothing stay warm, and the air rests beside them: then only the error of a step moves."""
    before = start = stored_kj()
    for hour in (1, 2, 3):
        plant.advance(3600.0 * hour)
        now = stored_kj()
        assert now < before + error_kj
        before = now
    assert before < start


@settings(max_examples=examples(50), deadline=None)
@given(
    ambient_c=st.floats(-20.0, 50.0),
    ambient_kw=st.floats(0.0, 100.0),
    nodes=st.lists(st.floats(5.0, 90.0), min_size=5, max_size=5),
    hours=st.integers(1, 96),
)
def test_water_that_stands_is_never_warmer_or_colder_than_it_was_and_the_air_around_it(
    ambient_c: float, ambient_kw: float, nodes: list[float], hours: int
) -> None:
    loop = WaterLoop("loop", WaterLoopRatings(ambient_kw=ambient_kw, ambient_c=ambient_c))
    plant = plant_of(loop)
    loop.state.nodes_c = nodes
    plant.advance(3600.0 * hours)
    assert min(*nodes, ambient_c) - TOLERANCE_K <= min(loop.state.nodes_c)
    assert max(loop.state.nodes_c) <= max(*nodes, ambient_c) + TOLERANCE_K


@settings(max_examples=10, deadline=None)
@given(it_kw=st.floats(0.0, 500.0))
def test_frames_start_between_the_air_that_enters_and_the_air_that_leaves_the_servers(it_kw: float) -> None:
    s = Site(it_kw=it_kw)
    s.run(1.0)
    assert s.hall.inlet_c - TOLERANCE_K <= s.hall.mass_c <= s.hall.return_c + TOLERANCE_K
    assert s.hall.hottest_inlet_c >= s.hall.inlet_c - 1e-9


def mean(hall: Hall) -> float:
    """Mean temperature of all its nodes by their heat capacities, degC."""
    capacities = hall.capacities()
    return sum(c * t for c, t in zip(capacities, hall.state.nodes_c, strict=True)) / sum(capacities)


def stratified_k(hall: Hall) -> float:
    """Frames of the hot side above those of the cold side, with the heat sinks' surplus over the return air added, K."""
    _, _, sinks_kj_k, _, hot_kj_k = hall.capacities()
    cold_c, hot_c = hall.state.nodes_c[3:]
    return hot_c - cold_c + (hall.heat_sinks_c - hall.return_c) * sinks_kj_k / hot_kj_k


def evening_out_s(hall: Hall) -> float:
    """Time constant with which the frames of both sides come to one temperature, s.

    Heat goes from the hot frames to the air, with the least flow of the servers to the cold side, and to the frames there.
    """
    p = hall.params
    frames = p.frames_kw_per_k_kw * p.design_kw
    servers = 0.05 * p.design_kw / p.it_delta_t_k
    kw_per_k = 1.0 / (1.0 / (COLD_SHARE * frames) + 1.0 / servers + 1.0 / ((1.0 - COLD_SHARE) * frames))
    cold, hot = hall.capacities()[3:]
    return cold * hot / (cold + hot) / kw_per_k


@pytest.mark.parametrize("it_kw", [25.0, 500.0])
def test_a_hall_with_its_load_and_its_cooling_off_does_not_heat_itself(it_kw: float) -> None:
    s = Site(it_kw=it_kw, hall={"climate": ""})
    warmest, mean_c, apart_k = s.hall.heat_sinks_c, mean(s.hall), stratified_k(s.hall)
    for it in s.it:
        it.set(0.0)
    for crah in s.crahs:
        crah.switch(False)
    s.run(HOUR_S)
    # Walls are adiabatic: heat moves from the hot side to the cold side, and none is lost.
    assert mean(s.hall) == pytest.approx(mean_c, abs=0.3)  # the fans run down
    # The hot side stays warmer for a while, and less so than if all heat of the heat sinks had gone there at once.
    left_k = apart_k * exp(-HOUR_S / evening_out_s(s.hall))
    assert s.hall.inlet_c < s.hall.mass_c < s.hall.return_c < s.hall.mass_c + COLD_SHARE * left_k
    assert max(s.hall.state.nodes_c) < warmest
    assert s.hall.inlet_c < 31.0
