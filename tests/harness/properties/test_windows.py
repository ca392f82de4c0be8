"""Extremes of a number in the time before now, against an evaluation wherever that can be most or least."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.harness.journal import Trace
from twinfeed.harness.properties import evaluate

END_S = 50.0

courses = st.lists(
    st.tuples(st.integers(1, 40), st.floats(-10.0, 10.0)), min_size=1, max_size=8, unique_by=lambda p: p[0]
).map(lambda points: [(0.0, 0.0), *((float(t), round(v, 2)) for t, v in sorted(points))])


def record(points):
    trace = Trace({"x.y": points})
    trace.reach(END_S)
    return trace


def instants(points, window_s):
    """Times at which a derived number can be largest or smallest: where a piece of the course begins, or leaves the window."""
    return [t for point, _ in points for t in (point, point + window_s) if t <= END_S] + [END_S]


def seen(trace, points, t, window_s):
    """All that can be an extreme in the window before t."""
    inside = [value for at, value in points if t - window_s <= at <= t]
    return [*inside, trace.at("x.y", max(0.0, t - window_s)), trace.at("x.y", t)]


@given(courses, st.integers(1, 30))
@settings(max_examples=examples(100), deadline=None)
def test_change_is_the_largest_minus_the_smallest(points, window_s):
    trace = record(points)
    changes = [max(all_) - min(all_) for all_ in (seen(trace, points, t, window_s) for t in instants(points, window_s))]
    margin = evaluate(trace, f"always change(x.y, {window_s} s) <= 0")[0].margin
    assert -margin == pytest.approx(max(changes), abs=1e-6)


@given(courses, st.integers(1, 30), st.sampled_from([1.0, -1.0]))
@settings(max_examples=examples(100), deadline=None)
def test_rate_is_what_was_gained_an_hour(points, window_s, sign):
    trace = record(points)
    gained = [trace.at("x.y", t) - trace.at("x.y", max(0.0, t - window_s)) for t in instants(points, window_s)]
    compared = "<=" if sign > 0.0 else ">="
    margin = evaluate(trace, f"always rate(x.y, {window_s} s) {compared} 0")[0].margin
    assert -margin * window_s / 3600.0 == pytest.approx(max(sign * gain for gain in gained), abs=1e-6)


counts = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3)), max_size=8, unique_by=lambda p: p[0]).map(
    lambda points: [(0.0, 0), *((float(t), n) for t, n in sorted(points))]
)


@given(counts, st.integers(1, 30))
@settings(max_examples=examples(100), deadline=None)
def test_change_of_a_counter_jumps_when_it_counts_and_when_that_leaves_the_window(points, window_s):
    trace = record(points)
    kept = trace["x.y"]
    worst = 0
    for t in [t for point, _ in kept for t in (point, point + window_s) if t <= END_S]:
        inside = [n for at, n in kept if t - window_s < at <= t]
        before = [n for at, n in kept if at <= t - window_s]
        worst = max(worst, max([*inside, *before[-1:]]) - min([*inside, *before[-1:]]))
    margin = evaluate(trace, f"always change(x.y, {window_s} s) <= 0")[0].margin
    assert -margin == worst


def test_the_time_of_a_crossing_is_exact_where_one_extreme_overtakes_another():
    trace = Trace({"x.y": [(0.0, 22.87), (100.0, 20.0), (900.0, 28.0)]})
    assert evaluate(trace, "always change(x.y, 15 min) <= 5")[0].violations[0].t_s == pytest.approx(600.0)


def test_what_has_left_the_window_counts_no_more():
    trace = Trace({"a.transfers": [(0.0, 0), (100.0, 1), (130.0, 2), (185.0, 3)]})
    trace.reach(500.0)
    busy = evaluate(trace, "always change(a.transfers, 1 min) < 2", "always change(a.transfers, 40 s) < 2")
    assert [violation.t_s for violation in busy[0].violations] == [130.0, 185.0]
    assert [violation.t_s for violation in busy[1].violations] == [130.0]
