"""The vapour in a hall: infiltration, condensation on coils, and its heat in the water."""

from __future__ import annotations

from typing import Any

import pytest
from cooled import Site
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.plant.air.humidifiers import Humidifier, HumidifierRatings
from twinfeed.emulators.plant.air.properties import dew_point_at, humidity_ratio


def site(dew_point_c: float, hall: dict[str, Any] | None = None, **ratings: Any) -> Site:
    climate = {"max_c": 35.0, "min_c": 35.0, "dew_point_c": dew_point_c}
    return Site(climate=climate, hall={"climate": "outdoors", **(hall or {})}, **ratings)


@pytest.mark.parametrize(("dew_point_c", "grams"), [(0.0, 3.77), (10.0, 7.63), (20.0, 14.7)])
def test_humidity_ratios_are_those_of_the_tables(dew_point_c: float, grams: float) -> None:
    """ASHRAE psychrometric tables at 101.325 kPa, g/kg, to 1 %."""
    assert 1000.0 * humidity_ratio(dew_point_c) == pytest.approx(grams, rel=0.01)


@given(st.floats(-40.0, 60.0))
def test_dew_point_and_humidity_ratio_are_inverse(dew_point_c: float) -> None:
    assert dew_point_at(humidity_ratio(dew_point_c)) == pytest.approx(dew_point_c, abs=1e-6)


def test_steam_has_a_limit() -> None:
    assert humidity_ratio(90.0) < humidity_ratio(120.0) == humidity_ratio(200.0) < 100.0


def test_without_cold_surfaces_a_hall_takes_the_dew_point_of_the_air_outside() -> None:
    s = site(5.0, hall={"leak_per_h": 1.0})
    s.run(3600.0)
    assert humidity_ratio(s.hall.dew_point_c) == pytest.approx(
        humidity_ratio(5.0) + (humidity_ratio(9.5) - humidity_ratio(5.0)) * 2.718281828**-1.0, rel=1e-3
    )
    s.run(12 * 3600.0)
    assert s.hall.dew_point_c == pytest.approx(5.0, abs=0.05)


def test_in_humid_weather_the_coils_hold_the_dew_point_near_their_surface_and_the_water_takes_the_latent_heat() -> None:
    s = site(25.0, hall={"leak_per_h": 2.0})
    s.run(12 * 3600.0)
    unit = s.crahs[0]
    assert 15.0 < unit.surface_c < s.hall.dew_point_c < unit.surface_c + 2.0
    entering = 2.0 * 250.0 * 3.5 * 1.19 * (humidity_ratio(25.0) - humidity_ratio(s.hall.dew_point_c))
    assert sum(c.condensate_kg_h for c in s.crahs[:5]) == pytest.approx(entering, rel=0.02)
    assert unit.latent_kw == pytest.approx(unit.condensate_kg_h / 3600.0 * 2460.0)
    assert s.loop.load_kw == pytest.approx(sum(c.cooling_kw + c.latent_kw for c in s.crahs))


def test_a_dry_hall_has_dry_coils() -> None:
    s = site(8.0)
    s.run(6 * 3600.0)
    assert all(unit.condensate_kg_h == 0.0 for unit in s.crahs)


def test_relative_humidity_follows_the_temperature_at_the_same_vapour() -> None:
    s = site(9.5)
    before, dew = s.hall.humidity_percent, s.hall.dew_point_c
    for unit in s.crahs:
        unit.switch(False)
    s.run(600.0)
    assert s.hall.inlet_c > 30.0
    assert s.hall.humidity_percent < 0.7 * before
    assert s.hall.dew_point_c == pytest.approx(dew, abs=0.05)


@given(outside_c=st.floats(-10.0, 30.0), hours=st.integers(1, 24), leak=st.floats(0.0, 5.0))
def test_the_dew_point_stays_between_that_of_the_start_and_that_outside(
    outside_c: float, hours: int, leak: float
) -> None:
    s = site(outside_c, hall={"leak_per_h": leak})
    s.run(3600.0 * hours)
    low, high = min(9.5, outside_c), max(9.5, outside_c)
    assert low - 1e-6 <= s.hall.dew_point_c <= high + 1e-6


# -- humidifiers -------------------------------------------------------------------------------------------------------


def humid(dew_point_c: float, **ratings: Any) -> tuple[Site, Humidifier]:
    """A hall in dry weather with a humidifier of 20 kg/h."""
    given = {"hall": "hall-1", "output_kg_h": 20.0, **ratings}
    unit = Humidifier("humidifier", HumidifierRatings(**given), {"input": "ups"})
    hall = {"climate": "outdoors", "leak_per_h": 1.0, "dew_point_c": dew_point_c}
    climate = {"max_c": 30.0, "min_c": 30.0, "dew_point_c": -5.0}
    return Site(unit, climate=climate, hall=hall), unit


def test_a_humidifier_holds_the_dew_point_in_dry_weather_and_without_feed_water_the_hall_dries() -> None:
    s, unit = humid(9.0)
    s.run(6 * 3600.0)
    assert 5.0 <= s.hall.dew_point_c <= 7.5
    assert "started" in s.journal("humidifier")
    s.plant.inject("humidifier", "water-loss")
    s.run(6 * 3600.0)
    assert s.hall.dew_point_c < 0.0
    assert unit.power_kw == 0.0


def test_steam_takes_electric_power_and_mist_takes_the_heat_from_the_air() -> None:
    """20 kg/h need 15 kW of steam, or 1.1 kW and 13.6 kW out of the air (2,450 kJ/kg)."""
    for method, power_kw, heat_kw in (("steam", 15.0, 0.8), ("ultrasonic", 1.1, -13.6)):
        s, unit = humid(0.0, method=method)
        s.run(60.0)
        assert unit.power_kw == pytest.approx(power_kw)
        assert unit.air_heat_kw == pytest.approx(heat_kw, abs=0.05)
        assert s.ups.load.total_kw > power_kw + sum(crah.input_kw for crah in s.crahs)


def test_a_hygrostat_that_sticks_ends_at_the_high_limit() -> None:
    s, _ = humid(9.0, output_kg_h=60.0, high_limit_percent=60.0)
    for crah in s.crahs[:5]:
        crah.set_supply(24.0)
    s.plant.inject("humidifier", "stuck-on")
    s.run(4 * 3600.0)
    assert s.hall.humidity_percent <= 61.0
    assert {"started", "stopped"} <= set(s.journal("humidifier"))
