"""The numbers of a fault: their range, and whole ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.plant.kernel.faults import Parameter


@pytest.mark.parametrize(
    ("whole", "value", "clamped"),
    [(False, 2.6, 2.6), (True, 2.6, 3), (True, 2.4, 2), (False, 0.9, 1.0), (True, 9.2, 8), (False, 8.0, 8.0)],
)
def test_a_number_stays_in_its_range_and_whole_where_it_counts(whole: bool, value: float, clamped: float) -> None:
    assert Parameter(3.0, "", 1.0, 8.0, whole=whole).clamped(value) == clamped


@given(st.floats(-1e9, 1e9), st.booleans())
def test_what_is_in_range_is_at_most_rounded(value: float, whole: bool) -> None:
    assert abs(Parameter(0.0, "", -1e9, 1e9, whole=whole).clamped(value) - value) <= 0.5 * whole
