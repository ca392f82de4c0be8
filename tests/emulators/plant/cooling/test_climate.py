"""The air outside: a design day, a heat wave, a constant, a weather file."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest
from small_plant import plant_of

from twinfeed.emulators.plant.air.climate import Climate, ClimateRatings
from twinfeed.emulators.plant.air.properties import dew_point_of, wet_bulb_c
from twinfeed.emulators.plant.kernel.actor import PlantError


def outdoors(**ratings: float | str) -> Climate:
    climate = Climate("outdoors", ClimateRatings(**ratings))
    plant_of(climate)
    return climate


def test_the_day_is_hottest_at_its_peak_hour_and_coolest_twelve_hours_later() -> None:
    climate = outdoors(max_c=39.0, min_c=24.0, peak_hour=15.0, start_hour=15.0)
    assert climate.outdoor_c == pytest.approx(39.0)
    climate.plant.advance(12 * 3600.0)
    assert climate.outdoor_c == pytest.approx(24.0)
    assert climate.hour == pytest.approx(3.0)


def test_the_default_day_is_bamako_in_april(shared_data: Path) -> None:
    with (shared_data / "published" / "bamako_mali.csv").open() as file:
        rows = {(r["quantity"], r["period"]): r["value"] for r in csv.DictReader(x for x in file if x[0] != "#")}
    day = ClimateRatings()
    assert day.max_c == float(rows["mean daily maximum", "Apr"])
    assert day.min_c == float(rows["mean daily minimum", "Apr"])
    assert (day.max_c + day.min_c) / 2 == pytest.approx(float(rows["mean temperature", "Apr"]), abs=1.0)


def test_a_heat_wave_takes_the_default_day_to_the_design_temperature() -> None:
    climate = outdoors(start_hour=15.0)
    climate.plant.inject("outdoors", "heat-wave")
    assert climate.outdoor_c == pytest.approx(45.0)


@pytest.mark.parametrize("kelvin", [6.0, -12.0])
def test_after_a_heat_wave_the_air_returns_to_the_day_at_a_limited_rate(kelvin: float) -> None:
    climate = outdoors(max_c=30.0, min_c=30.0)
    climate.plant.inject("outdoors", "heat-wave", {"kelvin": kelvin})
    climate.plant.advance(3600.0)
    climate.plant.clear("outdoors", "heat-wave")
    assert climate.outdoor_c == pytest.approx(30.0 + kelvin)
    climate.plant.advance(3600.0 + 1800.0)
    assert climate.outdoor_c == pytest.approx(30.0 + kelvin - math.copysign(3.0, kelvin))
    climate.plant.advance(3 * 3600.0 + 3600.0)
    assert climate.outdoor_c == pytest.approx(30.0)


@pytest.mark.parametrize(("celsius", "percent", "wet_c"), [(35.0, 40.0, 24.0), (25.0, 50.0, 17.9), (40.0, 20.0, 22.0)])
def test_wet_bulbs_are_those_of_the_tables(celsius: float, percent: float, wet_c: float) -> None:
    """Psychrometric chart at sea level, to two tenths of a degree."""
    assert wet_bulb_c(celsius, dew_point_of(celsius, percent)) == pytest.approx(wet_c, abs=0.2)


def test_a_weather_file_may_give_the_dew_point() -> None:
    climate = outdoors(series="hour,dry_bulb_c,dew_point_c\n0,30,10\n2,30,20\n")
    climate.plant.advance(3600.0)
    assert climate.dew_point_c == pytest.approx(15.0)


def test_a_constant_is_a_day_whose_extremes_are_the_same() -> None:
    climate = outdoors(max_c=45.0, min_c=45.0)
    climate.plant.advance(5 * 3600.0)
    assert climate.outdoor_c == 45.0


def test_a_weather_file_is_followed_between_its_rows_and_held_after_the_last() -> None:
    climate = outdoors(series="# station 61291\nhour,dry_bulb_c\n0,30\n2,40\n")
    assert climate.outdoor_c == 30.0
    climate.plant.advance(3600.0)
    assert climate.outdoor_c == pytest.approx(35.0)
    climate.plant.advance(10 * 3600.0)
    assert climate.outdoor_c == 40.0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hour,temp\n0,30\n", "no column dry_bulb_c"),
        ("hour,dry_bulb_c\n0,warm\n", "line 2 .* expected numbers"),
        ("hour,dry_bulb_c\n1,30\n1,31\n", "line 3 .* goes back to hour 1"),
        ("hour,dry_bulb_c\n", "no rows"),
    ],
)
def test_a_bad_weather_file_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(PlantError, match=says):
        Climate("outdoors", ClimateRatings(series=text))
