"""Named chillers: published points, part load, cold weather, and condensers of both kinds."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from small_plant import Source, plant_of

from twinfeed.emulators.plant.air.climate import Climate, ClimateRatings
from twinfeed.emulators.plant.air.thermal import WATER_KJ_PER_L_K
from twinfeed.emulators.plant.cooling.chillers import ChilledWater, Chiller, ChillerRatings
from twinfeed.emulators.plant.cooling.machines import Biquadratic, machines, named
from twinfeed.emulators.plant.kernel.component import Component

NAMES = {"A": "carrier-30xa325", "B": "carrier-30rb330", "C": "york-yt-1055"}
"""The machines of the published tables."""


class Water(Component, ChilledWater):
    """Water of fixed temperatures and flows, on both sides."""

    kind = "water"

    def __init__(self, id: str, celsius: float, l_s: float) -> None:
        super().__init__(id)
        self.celsius, self.l_s, self.chillers = celsius, l_s, []

    supply_c = property(lambda self: self.celsius)
    return_c = property(lambda self: self.celsius)
    entering_c = property(lambda self: self.celsius)
    evaporator_l_s = property(lambda self: self.l_s)

    def rate_k_s(self, quantity: str) -> float:
        return 0.0

    def condenser_l_s(self, machine: object) -> float:
        return self.l_s

    def cooler_l_s(self, cooler: object) -> float:
        return self.l_s


def running(name: str, leaving_c: float, condenser_c: float, load: float = 1.0, **ratings: Any) -> Chiller:
    """A machine at rest, with that part of its full load, leaving water and air or water into its condenser."""
    of = named(name)
    places: dict[str, Any] = {"climate": "outdoors"} if of.condenser == "air" else {"condenser_loop": "towers"}
    given = ChillerRatings(machine=name, loop="loop", setpoint_c=leaving_c, recirculation_k=0.0, **places, **ratings)
    chiller = Chiller("chiller", given, {"input": "grid"})
    water = Water("loop", leaving_c, given.design_flow_l_s)
    plant_of(
        Source("grid"), Climate("outdoors", ClimateRatings(max_c=condenser_c, min_c=condenser_c)), water,
        Water("towers", condenser_c, given.condenser_flow_l_s), chiller,
    )  # fmt: skip
    water.celsius = leaving_c + load * chiller.capacity_kw / (given.design_flow_l_s * WATER_KJ_PER_L_K)
    return chiller


def rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open() as lines:
        yield from csv.DictReader(line for line in lines if line[0] != "#")


def test_capacity_and_power_are_those_of_the_published_points(shared_data: Path) -> None:
    """Every point of two air-cooled machines within 1 % (the table is rounded to 0.1 kW)."""
    points = list(rows(shared_data / "published" / "chiller_eir_points.csv"))
    assert len(points) >= 50
    for point in points:
        chiller = running(NAMES[point["id"]], float(point["leaving_chw_C"]), float(point["entering_cond_C"]))
        assert chiller.capacity_kw == pytest.approx(float(point["q_avail_kW"]), rel=0.01)
        assert chiller.compressors_kw == pytest.approx(float(point["power_kW"]), rel=0.01)


def test_the_data_file_has_the_published_coefficients(shared_data: Path) -> None:
    for row in rows(shared_data / "published" / "chiller_eir_coefficients.csv"):
        of = named(NAMES[row["id"]])
        curve = {"CAPFT": of.capacity, "EIRFT": of.input_ratio, "EIRFPLR": of.part_load}[row["curve"]]
        assert list(curve) == [float(row[c]) for c in ("c1", "c2", "c3", "c4", "c5", "c6") if row[c]]
        assert (of.reference_kw, of.reference_cop) == (float(row["qref_kW"]), float(row["cop_ref"]))


@pytest.mark.parametrize("name", list(machines()))
def test_at_its_reference_point_a_machine_has_its_reference_capacity_and_cop(name: str) -> None:
    """Within the residual of the published fits, 1.1 %. A reformulated machine is rated at the water that leaves its condenser."""
    of = named(name)
    rise_k = 0.0
    if of.reformulated:
        rise_k = of.reference_kw * (1.0 + 1.0 / of.reference_cop) / (of.condenser_l_s * WATER_KJ_PER_L_K)
    chiller = running(name, of.water_c, of.condenser_c - rise_k)
    assert chiller.capacity_kw == pytest.approx(of.reference_kw, rel=0.011)
    assert chiller.cooling_kw / chiller.compressors_kw == pytest.approx(of.reference_cop, rel=0.011)


def test_part_load_of_the_water_cooled_machine_follows_its_curve() -> None:
    """York YT at 6.67 and 29.44 degC: EIRFPLR of 0.5 is 0.262 + 0.239 * 0.5 + 0.499 * 0.25 = 0.5064."""
    full, half = (running("york-yt-1055", 6.67, 29.44, load) for load in (1.0, 0.5))
    assert half.compressors_kw / full.compressors_kw == pytest.approx(0.5064 / 1.00018, rel=0.001)


@pytest.mark.parametrize("name", list(machines()))
def test_below_the_minimum_load_the_compressors_cycle_with_the_losses_of_ahri_550_590(name: str) -> None:
    """A tenth of the time at the minimum load costs 1.13 - 0.13 * 0.1 = 1.117 times its energy."""
    of = named(name)
    least, tenth = (running(name, 7.22, 30.0, of.least_load * share) for share in (1.0, 0.1))
    assert tenth.cycling_percent == pytest.approx(10.0)
    assert tenth.compressors_kw == pytest.approx(0.1117 * least.compressors_kw, rel=0.005)


def test_hot_gas_keeps_the_power_of_the_minimum_load() -> None:
    least, tenth = (running("carrier-30xa325", 7.0, 35.0, share, hot_gas_bypass=True) for share in (0.15, 0.015))
    assert tenth.compressors_kw == pytest.approx(least.compressors_kw)
    assert tenth.cycling_percent == 100.0


def test_in_cold_weather_the_cop_rises_to_the_floor_of_the_head_pressure_control() -> None:
    cops = {}
    for air_c in (40.0, 35.0, 30.0, 25.0, 20.0, 10.0, -10.0):
        chiller = running("carrier-30xa325", 7.0, air_c)
        cops[air_c] = chiller.cooling_kw / chiller.compressors_kw
        assert chiller.condensing_c >= 30.0
    assert list(cops.values()) == sorted(cops.values())
    assert cops[20.0] > 1.2 * cops[30.0], "the lift falls"
    assert cops[-10.0] < 1.05 * cops[10.0], "the condensing temperature stays; only the fans save power"


@pytest.mark.parametrize(
    ("leaving_c", "condenser_c", "load", "ratio"),
    [
        (10.0, 30.0, 1.0, 1.0),
        (20.0, 30.0, 1.0, 1.0),  # warmer water than the curve knows is taken as its warmest
        (10.0, 55.0, 1.0, 1.0),  # air up to 9 K beyond the range of the curve
        (10.0, 56.0, 1.0, 0.2 + 0.8 * (56.0 + 13.0 - 10.0) / (55.0 + 13.0 - 10.0)),
        (10.0, 10.0, 0.5, 0.2 + 0.8 * (10.0 + 8.0 - 10.0) / (20.0 + 8.0 - 10.0)),
        (0.0, 30.0, 1.0, 0.2 + 0.8 * (30.0 + 13.0 - 0.0) / (30.0 + 13.0 - 5.0)),
        (10.0, -20.0, 1.0, 0.2 + 0.8 * 5.0 / (20.0 + 13.0 - 10.0)),  # a lift of 5 K at least
    ],
)
def test_outside_its_curve_the_compressors_input_follows_the_lift(
    leaving_c: float, condenser_c: float, load: float, ratio: float
) -> None:
    """From 3 K below the leaving water to the approach, a tenth kelvin a percent of load, above the air; fans aside."""
    flat = replace(
        named("carrier-30xa325"), input_ratio=Biquadratic(1.0, 0.0, 0.0, 0.0, 0.0, 0.0), approach_k=10.0, fan_share=0.2,
        water_limits_c=(5.0, 15.0), condenser_limits_c=(20.0, 46.0),
    )  # fmt: skip
    assert flat.input_at(leaving_c, condenser_c, load) == pytest.approx(ratio)


@given(
    name=st.sampled_from(list(machines())),
    leaving_c=st.floats(3.0, 20.0),
    condenser_c=st.floats(-20.0, 55.0),
    load=st.floats(0.01, 1.0),
)
def test_no_machine_is_better_than_carnot_and_none_gives_work(
    name: str, leaving_c: float, condenser_c: float, load: float
) -> None:
    """The heat leaves at the condensing temperature or colder, never below what enters the condenser."""
    chiller = running(name, leaving_c, condenser_c, load)
    assume(chiller.running)  # the high-pressure switch may have opened
    assert chiller.compressors_kw > 0.0
    lift_k = chiller.condensing_c - leaving_c
    if lift_k > 0.0:
        assert chiller.cooling_kw / chiller.compressors_kw < (leaving_c + 273.15) / lift_k
    assert chiller.condensing_c >= condenser_c
    assert chiller.heat_rejected_kw == pytest.approx(chiller.cooling_kw + chiller.compressors_kw)


def test_a_water_cooled_machine_without_flow_through_its_condenser_trips_on_high_pressure() -> None:
    chiller = running("york-yt-1055", 6.67, 29.44)
    towers = chiller.plant.find("towers")
    assert isinstance(towers, Water)
    towers.l_s = 0.0
    chiller.touch()
    chiller.plant.advance(1.0)
    assert chiller.state.trip == "high pressure"


def test_exhaust_that_comes_back_trips_a_loaded_air_cooled_machine() -> None:
    chiller = running("carrier-30xa325", 10.0, 45.0)
    chiller.plant.inject("chiller", "condenser-recirculation", {"kelvin": 5.0})
    chiller.plant.advance(1.0)
    assert chiller.running
    chiller.plant.inject("chiller", "condenser-recirculation", {"kelvin": 10.0})
    chiller.plant.advance(2.0)
    assert chiller.state.trip == "high pressure"


def test_a_size_of_its_own_scales_the_flows_of_the_machine() -> None:
    ratings = ChillerRatings(machine="york-yt-1055", condenser_loop="towers", reference_kw=2110.0)
    assert ratings.condenser_flow_l_s == pytest.approx(2 * 56.78)
    assert ratings.design_flow_l_s == pytest.approx(2 * 28.39)


def test_a_water_cooled_machine_needs_a_condenser_loop_and_an_air_cooled_one_has_none() -> None:
    with pytest.raises(ValueError, match="condenser_loop is missing: York YT"):
        ChillerRatings(machine="york-yt-1055")
    with pytest.raises(ValueError, match="air-cooled; name a climate"):
        ChillerRatings(condenser_loop="towers")
    with pytest.raises(ValueError, match="there are carrier-30xa325, "):
        named("carrier")
