"""Condensers in a yard breathe a part of their own discharge: more with wind and walls, and more with load."""

from __future__ import annotations

from typing import Any

import pytest
from cooled import Site

from twinfeed.emulators.plant.air.yard import Yard, YardRatings


def site(it_kw: float = 500.0, outdoor_c: float = 40.0, **yard: Any) -> Site:
    return Site(
        Yard("roof", YardRatings(climate="outdoors", **yard)),
        it_kw=it_kw,
        chiller={"climate": "roof"},
        climate={"max_c": outdoor_c, "min_c": outdoor_c},
    )


def roof(s: Site) -> Yard:
    found = s.plant.find("roof")
    assert isinstance(found, Yard)
    return found


def test_the_air_at_the_intakes_is_warmer_by_the_part_of_the_discharge_that_comes_back() -> None:
    s = site(recirculated_percent=20.0, discharge_k=10.0, design_kw=1400.0)
    s.run(600.0)
    rejected = sum(chiller.heat_rejected_kw for chiller in s.chillers)
    # Intake = 0.8 weather + 0.2 (intake + rise), rise = 10 K of 1,400 kW.
    assert roof(s).warmer_k == pytest.approx(0.25 * 10.0 * rejected / 1400.0, abs=0.3)
    assert s.chillers[0].air_c == pytest.approx(40.0 + roof(s).warmer_k + s.chillers[0].params.recirculation_k)


def test_machines_that_stand_warm_nothing() -> None:
    s = site()
    for chiller in s.chillers:
        chiller.stop()
    s.run(1800.0)
    assert roof(s).outdoor_c == pytest.approx(40.0, abs=0.3)


def test_wind_on_a_hot_day_trips_chillers_that_hold_the_halls_in_calm_air() -> None:
    s = site(outdoor_c=44.0)
    s.run(900.0)
    assert not any(chiller.tripped for chiller in s.chillers)
    s.plant.inject("roof", "wind", {"recirculated": 60.0})
    s.run(1800.0)
    tripped = [chiller for chiller in s.chillers if chiller.state.trip == "high pressure"]
    assert tripped
    assert roof(s).warmer_k < 20.0  # fewer machines discharge less


def test_water_from_hoses_cools_the_intake_air_towards_its_wet_bulb() -> None:
    s = site(recirculated_percent=0.0)
    s.run(60.0)
    dry_c, wet_c = roof(s).outdoor_c, roof(s).wet_bulb_c
    roof(s).spray(True)
    s.run(60.0)
    assert roof(s).outdoor_c == pytest.approx(dry_c - 0.4 * (dry_c - wet_c), abs=0.3)
