"""Every operator where it holds and where it is violated, at the time at which it is."""

from __future__ import annotations

import math

import pytest
from courses import mains_failure

from twinfeed.harness.journal import Trace
from twinfeed.harness.properties import (
    Monitor,
    PropertyViolated,
    always,
    check,
    evaluate,
    eventually,
    falls,
    for_at_least,
    never,
    rises,
    until,
    within,
)

HOLDS = [
    always("hall-1.inlet_c <= 28"),
    always("racks.*.supplied", grace="20 ms"),
    always("hall-1.inlet_c < 27", between=("0 s", "3 min")),
    always("generator-1.running", between=("13 s", "5 min"), after="utility-a.live falls"),
    never("generator-1.running and ats-a.position == 'normal' and not utility-a.live", between=("2 min", "6 min")),
    never("hall-2.inlet_c > 24"),
    eventually("ats-a.position == 'emergency'"),
    eventually("generator-1.running", hold="380 s"),
    eventually("generator-1.running", between=("100 s", "2 min")),
    within("15 s", "generator-1.running", after="utility-a.live falls"),
    within("12 s", "generator-1.running", after=falls("utility-a.live"), hold="1 min"),
    within("2 min", "not generator-1.running", after=rises("utility-a.live")),
    until("utility-a.live or not utility-a.live", "generator-1.running"),
    until("not generator-1.running", "hall-1.inlet_c > 22.5"),
    for_at_least("5 min", "generator-1.running"),
    for_at_least("4 min", "generator-1.running", after="ats-a.position == 'emergency' rises"),
]

VIOLATED = [
    (always("hall-1.inlet_c < 27"), 100.0 + 100.0 * 5.0 / 6.0),
    (always("racks.*.supplied"), 110.0),
    (always("racks.*.supplied", grace="10 ms"), 110.0),
    (always("hall-1.inlet_c < 27", between=("0 s", "4 min")), 100.0 + 100.0 * 5.0 / 6.0),
    (always("hall-1.inlet_c < 27", between=("4 min", "5 min")), 240.0),
    (always("generator-1.running", between=("11 s", "5 min"), after="utility-a.live falls"), 111.0),
    (never("ats-a.position == 'off'"), 113.0),
    (never("ats-a.position == 'off'", grace="0.4 s"), 113.0),
    (eventually("hall-1.inlet_c > 28"), 1000.0),
    (eventually("generator-1.running", hold="390 s"), 1000.0),
    (eventually("generator-1.running", between=("100 s", "111 s")), 111.0),
    (within("10 s", "generator-1.running", after="utility-a.live falls"), 110.0),
    (within("15 s", "generator-1.running"), 15.0),
    (within("15 s", "generator-1.running", after="utility-a.live falls", hold="10 min"), 115.0),
    (until("utility-a.live", "generator-1.running"), 100.0),
    (until("not generator-1.running", "hall-1.inlet_c > 25"), 112.0),
    (until("hall-1.inlet_c < 30", "hall-1.inlet_c > 29"), 1000.0),
    (for_at_least("1 s", "ats-a.position == 'off'"), 113.5),
    (for_at_least("5 min", "not utility-a.live", after=rises("generator-1.running")), 400.0),
]


@pytest.mark.parametrize("property", HOLDS, ids=str)
def test_it_holds(property):
    (verdict,) = evaluate(mains_failure(), property)
    assert verdict.holds, str(verdict)
    assert verdict.margin >= 0.0


@pytest.mark.parametrize(("property", "t_s"), VIOLATED, ids=lambda value: str(value))
def test_it_is_violated_at_that_time(property, t_s):
    (verdict,) = evaluate(mains_failure(), property)
    assert verdict.violated
    assert verdict.violations[0].t_s == pytest.approx(t_s, abs=1e-6)
    assert verdict.margin <= 0.0


@pytest.mark.parametrize(
    ("property", "margin"),
    [
        (always("hall-1.inlet_c < 27"), -1.0),
        (always("hall-*.inlet_c < 30"), 2.0),
        (never("max(hall-*.inlet_c) > 30"), 2.0),
        (eventually("hall-2.inlet_c > 23"), 1.0),
        (within("15 s", "generator-1.running", after="utility-a.live falls"), 3.0),
        (within("10 s", "generator-1.running", after="utility-a.live falls"), -2.0),
        (always("racks.*.supplied", grace="20 ms"), 0.005),
        (for_at_least("5 min", "generator-1.running"), 88.0),
        (eventually("generator-1.running", hold="380 s"), 8.0),
        (always("racks.*.supplied"), -math.inf),
        (always("row-2.supplied"), math.inf),
    ],
    ids=str,
)
def test_how_far_it_was_from_being_violated(property, margin):
    assert evaluate(mains_failure(), property)[0].margin == pytest.approx(margin)


def test_it_breaks_more_than_once():
    (verdict,) = evaluate(mains_failure(), never("ats-a.position == 'off'"))
    assert [violation.t_s for violation in verdict.violations] == [113.0, 450.0]


def test_with_a_hysteresis_it_is_true_again_only_on_the_good_side():
    trace = Trace({"hall-1.inlet_c": [(0.0, 26.0), (10.0, 27.5), (20.0, 26.8), (30.0, 27.2), (40.0, 26.0)]})
    plain, wide = evaluate(trace, "always hall-1.inlet_c < 27", "always hall-1.inlet_c < 27 hysteresis 0.5")
    assert len(plain.violations) == 2
    assert [violation.t_s for violation in wide.violations] == [pytest.approx(10.0 * 2 / 3)]


def test_what_the_record_is_too_short_for_does_not_hold():
    trace = Trace({"utility-a.live": [(0.0, True), (95.0, False)], "generator-1.running": [(0.0, False)]})
    trace.reach(100.0)
    response = within("15 s", "generator-1.running", after="utility-a.live falls")
    (verdict,) = evaluate(trace, response)
    assert not verdict.violated and not verdict.holds and verdict.undecided == 1
    assert "the record ends too early" in str(verdict)
    with pytest.raises(PropertyViolated, match="run on"):
        check(trace, response)


def test_what_never_came_to_the_test_says_so():
    (verdict,) = evaluate(mains_failure(), within("1 s", "generator-1.running", after="hall-1.inlet_c > 40"))
    assert verdict.holds and verdict.starts == 0
    assert "never put to the test" in str(verdict)


def test_a_state_that_did_not_last_does_not_count():
    trace = Trace({"row-1.supplied": [(0.0, True), (5.0, False), (5.0, True)]})
    trace.reach(10.0)
    assert evaluate(trace, "always row-1.supplied")[0].holds


def test_the_last_state_counts():
    trace = Trace({"row-1.supplied": [(0.0, True), (5.0, False)]})
    assert evaluate(trace, "always row-1.supplied")[0].violations[0].t_s == 5.0


@pytest.mark.parametrize("property", [*HOLDS, *(property for property, _ in VIOLATED)], ids=str)
def test_while_the_record_grows_the_verdict_is_the_same(property):
    whole = mains_failure()
    growing = Trace()
    growing.sections = whole.trace.sections
    for name, points in whole.trace.items():
        growing.add(0.0, name, points[0][1])
    monitor = Monitor([property], growing, whole.events)
    for t in sorted({t for points in whole.trace.values() for t, _ in points}):
        for name in whole.trace:
            growing.add(t, name, whole.trace.at(name, t))
        monitor.update(t)
    (online,), (offline,) = monitor.finish(), evaluate(whole, property)
    assert online.margin == pytest.approx(offline.margin)
    assert [v.t_s for v in online.violations] == pytest.approx([v.t_s for v in offline.violations])
    assert [set(v.values) for v in online.violations] == [set(v.values) for v in offline.violations]


@pytest.mark.parametrize(
    ("property", "found_by_s"),
    [
        (always("utility-a.live"), 102.0),
        (within("10 s", "generator-1.running", after="utility-a.live falls"), 112.0),
        (always("hall-1.inlet_c < 27"), 186.0),
        (always("utility-a.live", grace="1 min"), 162.0),
    ],
    ids=str,
)
def test_a_run_can_be_stopped_as_soon_as_something_is_violated(property, found_by_s):
    """Sampled every second, a violation is known a second after it happened."""
    whole = mains_failure().trace
    growing = Trace({name: [points[0]] for name, points in whole.items()})
    monitor = Monitor([property], growing)
    t = 0.0
    while not monitor.update(t):
        t += 1.0
        for name in whole:
            growing.add(t, name, whole.at(name, t))
    assert t <= found_by_s
