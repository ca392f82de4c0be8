"""Ratings within their tolerances, drawn from the seed of the site."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.devices import catalogue as devices
from twinfeed.emulators.plant import catalogue as components
from twinfeed.emulators.plant.kernel.ratings import Range
from twinfeed.emulators.plant.kernel.tolerances import Tolerance, declared, drawn

PERCENT = Tolerance(-20.0, 10.0, "a manual")
KELVIN = Tolerance(-0.5, 0.5, "a standard", absolute=True)


@dataclass(frozen=True)
class Ratings:
    start_s: Annotated[float, Range(0.0, 100.0, "s"), PERCENT] = 10.0
    sensor_k: Annotated[float, Range(-100.0, 0.2, "K"), KELVIN] = 0.0
    capacity_kw: Annotated[float, Range(0.0, 100.0, "kW")] = 50.0


SEEDS, NAMES = st.integers(-(2**63), 2**63 - 1), st.text(min_size=1, max_size=20)


def test_only_ratings_with_a_tolerance_have_one() -> None:
    assert declared(Ratings) == {"start_s": PERCENT, "sensor_k": KELVIN}


@given(SEEDS, NAMES, st.floats(0.0, 100.0))
def test_what_is_drawn_is_within_the_tolerance_and_the_range(seed: int, name: str, start_s: float) -> None:
    own = drawn(Ratings(start_s=start_s), name, seed)
    assert 0.8 * start_s - 1e-9 <= own.start_s <= min(100.0, 1.1 * start_s + 1e-9)
    assert -0.5 <= own.sensor_k <= 0.2
    assert own.capacity_kw == 50.0


@given(SEEDS, NAMES)
def test_a_draw_depends_on_seed_and_name_alone(seed: int, name: str) -> None:
    first = drawn(Ratings(), name, seed)
    drawn(Ratings(), f"{name}-added", seed)
    assert drawn(Ratings(), name, seed) == first


def test_names_and_seeds_differ() -> None:
    drawn_s = {drawn(Ratings(), name, seed).start_s for name in ("set-1", "set-2") for seed in (1, 2)}
    assert len(drawn_s) == 4


def test_draws_fill_the_band() -> None:
    many = sorted(drawn(Ratings(), f"set-{n}", 7).start_s for n in range(500))
    assert many[0] < 8.05
    assert many[-1] > 10.95
    assert sum(many) / 500 == pytest.approx(9.5, abs=0.1)


PAGE = Path(__file__).parents[4] / "docs" / "reference" / "sites.md"

ALL_RATINGS = {
    *(cls.PARAMS for cls in components.KINDS.values()),
    *(kind.firmware.PARAMS for kind in devices.KINDS.values()),
}


@pytest.mark.parametrize("ratings", sorted(ALL_RATINGS, key=lambda cls: cls.__qualname__), ids=lambda c: c.__name__)
def test_each_tolerance_is_on_the_page_names_its_source_and_holds_the_nominal_value(ratings: type) -> None:
    defaults = {field.name: field.default for field in fields(ratings)}
    page = PAGE.read_text(encoding="utf-8")
    for name, tolerance in declared(ratings).items():
        assert f"`{name}`" in page
        low, high = tolerance.band(defaults[name])
        assert tolerance.source
        assert low <= defaults[name] <= high
