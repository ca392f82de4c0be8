"""Printed times are rounded, not cut."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.harness.durations import spoken
from twinfeed.harness.properties.verdicts import clock


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0:00:00"), (59.9996, "0:01:00"), (60.0, "0:01:00"), (719.9999, "0:12:00"), (3599.6, "1:00:00"),
     (90000.0, "25:00:00"), (-59.9999, "-0:01:00"), (inf, "never")],
)  # fmt: skip
def test_a_time_of_the_clock_is_rounded_to_the_second(seconds: float, text: str) -> None:
    assert spoken(seconds) == text


def _read(text: str) -> float:
    hours, minutes, seconds = text.split(":")
    assert int(minutes) < 60
    assert float(seconds) < 60
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


@given(st.floats(0, 1e6))
def test_any_time_is_printed_to_the_nearest_unit(seconds: float) -> None:
    assert abs(_read(spoken(seconds)) - seconds) <= 0.5 + 1e-9
    assert abs(_read(clock(seconds)) - seconds) <= 0.0005 + 1e-9
