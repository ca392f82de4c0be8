"""What a number has done in the time before now, against looking at every moment of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.journal import Trace
from harness.properties import evaluate

courses = st.lists(
    st.tuples(st.integers(1, 40), st.floats(-10.0, 10.0)), min_size=1, max_size=8, unique_by=lambda p: p[0]
).map(lambda points: [(0.0, 0.0), *((float(t), round(v, 2)) for t, v in sorted(points))])


def values(trace, t, window_s):
    """The number at every hundredth of the window before t, and its value now."""
    return [trace.at("x.y", max(0.0, t - window_s * n / 400.0)) for n in range(401)]


@given(courses, st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_change_is_the_largest_minus_the_smallest(points, window_s):
    trace = Trace({"x.y": points})
    trace.reach(50.0)
    most = max(max(seen) - min(seen) for seen in (values(trace, t / 4.0, window_s) for t in range(200)))
    margin = evaluate(trace, f"always change(x.y, {window_s} s) <= 0")[0].margin
    assert -margin == pytest.approx(most, abs=20.0 * window_s / 400.0 + 20.0 / 4.0)
    assert -margin >= most - 1e-6


@given(courses, st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_rate_is_what_was_gained_an_hour(points, window_s):
    trace = Trace({"x.y": points})
    trace.reach(50.0)
    gained = [trace.at("x.y", t) - trace.at("x.y", max(0.0, t - window_s)) for t in range(51)]
    margin = evaluate(trace, f"always rate(x.y, {window_s} s) <= 0")[0].margin
    assert -margin * window_s / 3600.0 >= max(*gained, 0.0) - 1e-6


def test_the_time_of_a_crossing_is_exact_where_one_extreme_overtakes_another():
    trace = Trace({"x.y": [(0.0, 22.87), (100.0, 20.0), (900.0, 28.0)]})
    assert evaluate(trace, "always change(x.y, 15 min) <= 5")[0].violations[0].t_s == pytest.approx(600.0)


def test_what_has_left_the_window_counts_no_more():
    trace = Trace({"a.transfers": [(0.0, 0), (100.0, 1), (130.0, 2), (185.0, 3)]})
    trace.reach(500.0)
    busy = evaluate(trace, "always change(a.transfers, 1 min) < 2", "always change(a.transfers, 40 s) < 2")
    assert [violation.t_s for violation in busy[0].violations] == [130.0, 185.0]
    assert [violation.t_s for violation in busy[1].violations] == [130.0]
