"""Over what is not known a verdict is inconclusive, unless it is decided however that went."""

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
    for_at_least,
    never,
    parse,
    until,
    within,
)
from twinfeed.harness.unknown import Unknown

SILENT = Unknown("no answer")


def record(until_s: float = 20.0, **courses: list[tuple[float, object]]) -> Trace:
    """Courses of `x_y` are those of x.y."""
    trace = Trace({name.replace("_", ".", 1): points for name, points in courses.items()})
    trace.reach(until_s)
    return trace


def word(trace: Trace, property) -> str:
    return evaluate(trace, property)[0].word


GAP = {"a_on": [(0.0, True), (5.0, SILENT), (8.0, True)], "b_on": [(0.0, True)], "c_on": [(0.0, False)]}
NUMBERS = {"a_v": [(0.0, 10.0), (5.0, SILENT), (8.0, 10.0)], "b_v": [(0.0, 20.0)]}


@pytest.mark.parametrize(
    ("property", "expected"),
    [
        (always("a.on"), "inconclusive"),
        (never("not a.on"), "inconclusive"),
        (always("a.on and c.on"), "violated"),
        (always("a.on or b.on"), "holds"),
        (always("c.on implies a.on"), "vacuous"),
        (always("b.on implies a.on"), "inconclusive"),
        (always("a.on", between=("9 s", "20 s")), "holds"),
        (always("a.on", between=("0 s", "4 s")), "holds"),
        (always("a.on", between=("0 s", "6 s")), "inconclusive"),
        (always("a.on", grace="2 s"), "inconclusive"),
        (always("a.on", grace="3 s"), "holds"),
        (eventually("a.on"), "holds"),
        (eventually("not a.on"), "inconclusive"),
        (eventually("a.on", hold="13 s"), "inconclusive"),
        (eventually("a.on", hold="12 s"), "holds"),
        (eventually("a.on", hold="21 s"), "inconclusive"),
        (within("4 s", "not a.on"), "violated"),
        (within("7 s", "not a.on"), "inconclusive"),
        (within("1 s", "b.on", after="not a.on"), "inconclusive"),
        (within("1 s", "c.on", after="a.on rises"), "inconclusive"),
        (until("a.on", "c.on"), "violated"),
        (until("b.on", "not a.on"), "inconclusive"),
        (until("a.on", "b.on"), "holds"),
        (for_at_least("1 s", "not a.on"), "inconclusive"),
        (for_at_least("1 s", "a.on", after="b.on"), "holds"),
        (for_at_least("6 s", "a.on", after="b.on"), "inconclusive"),
        (always("count(a.on, b.on, c.on) >= 1"), "holds"),
        (always("count(a.on, b.on, c.on) >= 2"), "inconclusive"),
        (always("count(a.on, b.on, c.on) <= 2"), "holds"),
    ],
    ids=str,
)
def test_a_state_that_was_not_seen(property, expected):
    assert word(record(**GAP), property) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("always a.v < 15", "inconclusive"),
        ("always max(a.v, b.v) > 15", "holds"),
        ("always min(a.v, b.v) > 15", "violated"),
        ("always max(a.v, b.v) < 25", "inconclusive"),
        ("always a.v + b.v > 0", "inconclusive"),
        ("always a.v * 0 == 0", "holds"),
        ("always sum(a.v, b.v) < 100", "inconclusive"),
        ("always abs(a.v) >= 0", "holds"),
        ("always change(a.v, 2 s) <= 1", "inconclusive"),
        ("always change(b.v, 2 s) <= 1", "holds"),
        ("never rate(a.v, 2 s) > 1", "inconclusive"),
        ("always a.v < 15 hysteresis 6", "inconclusive"),
        ("always after a.v > 10 rises: b.v > 15", "inconclusive"),
    ],
)
def test_a_number_that_was_not_seen(text, expected):
    assert word(record(**NUMBERS), text) == expected


def test_what_was_seen_to_be_violated_is_violated():
    trace = record(a_on=[(0.0, True), (5.0, SILENT), (8.0, True), (9.0, False)])
    (verdict,) = evaluate(trace, always("a.on"))
    assert verdict.violated and verdict.violations[0].t_s == 9.0


def test_a_counter_that_counted_while_nobody_looked_has_counted():
    trace = record(a_transfers=[(0.0, 0), (5.0, SILENT), (8.0, 5)])
    assert word(trace, "always change(a.transfers, 1 min) <= 2") == "violated"


def test_unknown_is_over_when_it_has_left_the_window():
    trace = record(a_v=[(0.0, 1.0), (2.0, SILENT), (3.0, 1.0)])
    assert word(trace, "always between 8 s and 20 s: change(a.v, 5 s) <= 0") == "holds"
    assert word(trace, "always between 7 s and 20 s: change(a.v, 5 s) <= 0") == "inconclusive"


def test_with_a_hysteresis_what_happened_unseen_may_last():
    trace = record(a_v=[(0.0, 26.0), (5.0, SILENT), (6.0, 26.8), (10.0, 26.8), (11.0, 26.0)])
    assert word(trace, "always between 7 s and 9 s: a.v < 27 hysteresis 0.5") == "inconclusive"
    assert word(trace, "always between 12 s and 20 s: a.v < 27 hysteresis 0.5") == "holds"


def test_an_edge_may_be_where_it_is_known_again_and_no_later():
    trace = record(a_on=[(0.0, True), (5.0, SILENT), (8.0, False)], b_on=[(0.0, True), (15.0, False)])
    assert word(trace, within("2 s", "b.on", after="a.on falls")) == "holds"
    assert word(trace, within("2 s", "not b.on", after="a.on falls")) == "inconclusive"


def test_the_report_names_the_gaps_and_the_largest():
    trace = record(a_on=[(0.0, True), (2.0, SILENT), (3.0, True), (5.0, SILENT), (11.5, True)], b_on=[(0.0, True)])
    (verdict,) = evaluate(trace, always("a.on and b.on"))
    assert verdict.largest_gap is not None and verdict.largest_gap.length_s == 6.5
    assert str(verdict) == (
        "inconclusive: always a.on and b.on (it depends on what is not known of a.on)\n"
        "  a.on was unknown for 6.500 s, from 5.000 s to 11.500 s (no answer) (the longest of 2 gaps)"
    )


def test_gaps_of_what_holds_are_told_too():
    (verdict,) = evaluate(record(**GAP), always("a.on or b.on"))
    assert str(verdict).splitlines()[1].startswith("  a.on was unknown for 3.000 s")


def polled(*known_until: float) -> Trace:
    """Read every second; silent from each of these times for 5 s."""
    trace = Trace()
    trace.known_for("a.on", 2.0)
    for t in range(31):
        if not any(start < t < start + 5.0 for start in known_until):
            trace.add(float(t), "a.on", True)
    return trace


def test_who_tolerates_more_says_so():
    assert word(polled(10.0), always("a.on")) == "inconclusive"
    (verdict,) = evaluate(polled(10.0), always("a.on", max_gap="5 s"))
    assert verdict.holds
    assert str(verdict) == ("holds: always max_gap 5 s: a.on\n  a reading counts as known for 5 s (max_gap)")
    assert word(polled(10.0), always("a.on", max_gap="4 s")) == "inconclusive"


def test_while_the_record_grows_a_tolerated_gap_is_none():
    whole, trace = polled(10.0), Trace()
    trace.known_for("a.on", 2.0)
    trace.add(0.0, "a.on", True)
    monitor = Monitor([always("a.on", max_gap="5 s"), always("a.on")], trace)
    for t in range(1, 31):
        if any(start == t for start, _ in whole["a.on"]) or not 10 < t < 15:
            trace.add(float(t), "a.on", True)
        trace.reach(float(t))
        assert not monitor.update(float(t))
    assert [verdict.word for verdict in monitor.finish()] == ["holds", "inconclusive"]


def test_check_fails_on_what_is_inconclusive_unless_it_may_be():
    trace = record(**GAP)
    with pytest.raises(PropertyViolated, match=r"inconclusive: always a\.on"):
        check(trace, always("a.on"))
    check(trace, always("a.on"), allow_inconclusive=True)
    with pytest.raises(PropertyViolated):
        check(trace, always("c.on"), allow_inconclusive=True)


# -- events that never came ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("property", "what"),
    [
        (within("1 s", "b.on", after="c.on"), "c.on was never true"),
        (always("b.on", after="c.on rises"), "c.on rises was never true"),
        (for_at_least("1 s", "c.on"), "c.on never became true"),
        (for_at_least("1 s", "b.on", after="c.on"), "c.on was never true"),
        (always("c.on implies b.on"), "c.on was never true"),
        (always("b.on implies (c.on implies b.on)"), "b.on and c.on was never true"),
        (always("(c.on implies b.on) and (not b.on implies c.on)"), "c.on was never true and not b.on was never true"),
        (eventually("c.on implies c.on"), "c.on was never true"),
    ],
    ids=str,
)
def test_what_never_came_to_the_test_is_vacuous_and_says_so(property, what):
    trace = record(b_on=[(0.0, True)], c_on=[(0.0, False)])
    (verdict,) = evaluate(trace, property)
    assert verdict.vacuous and not verdict
    assert str(verdict) == f"vacuous: {property} (it was never put to the test: {what})"
    with pytest.raises(PropertyViolated, match="vacuous"):
        check(trace, property)
    check(trace, property, allow_vacuous=True)
    with pytest.raises(PropertyViolated):
        check(trace, property, allow_inconclusive=True)


@pytest.mark.parametrize(
    "text",
    [
        "always b.on implies b.on",
        "always (c.on implies b.on) and (b.on implies b.on)",
        "always (c.on implies b.on) and b.on",
        "never c.on implies c.on and not b.on and c.on",
        "within 1 s of b.on: b.on",
    ],
)
def test_what_came_is_not_vacuous(text):
    trace = record(b_on=[(0.0, True)], c_on=[(0.0, False)])
    assert not evaluate(trace, text)[0].vacuous


def test_a_premise_counts_in_the_time_that_is_judged():
    trace = record(b_on=[(0.0, True)], c_on=[(0.0, True), (3.0, False)])
    assert word(trace, "always between 0 s and 4 s: c.on implies b.on") == "holds"
    assert word(trace, "always between 5 s and 10 s: c.on implies b.on") == "vacuous"


def test_whether_it_was_vacuous_may_be_unknown():
    trace = record(b_on=[(0.0, True)], c_on=[(0.0, False), (4.0, SILENT), (6.0, False)])
    assert word(trace, within("1 s", "b.on", after="c.on")) == "inconclusive"
    assert word(trace, always("c.on implies b.on")) == "inconclusive"


# -- events that the record is too short for ------------------------------------------------------------------------------


def test_what_may_stay_violated_for_longer_than_its_grace_is_not_decided():
    trace = record(a_on=[(0.0, True), (19.99, False)])
    assert word(trace, always("a.on", grace="20 ms")) == "inconclusive"
    assert word(trace, always("a.on", grace="5 ms")) == "violated"


def test_what_has_become_true_must_be_seen_to_stay_so():
    assert word(record(a_on=[(0.0, False), (15.0, True)]), for_at_least("10 s", "a.on")) == "inconclusive"
    assert word(record(a_on=[(0.0, False), (10.0, True)]), for_at_least("10 s", "a.on")) == "holds"


@pytest.mark.parametrize(
    "text", ["always max_gap 1 s: a.on", "a.on until b.on max_gap 200 ms", "within 1 s of a.on max_gap 5 s: b.on"]
)
def test_the_tolerance_is_part_of_the_text(text):
    assert str(parse(str(parse(text)))) == str(parse(text))
    assert parse(text).max_gap_s > 0.0


def test_without_gaps_nothing_is_unknown():
    assert not any(verdict.gaps for verdict in evaluate(mains_failure(), "always racks.*.supplied"))
    assert math.isinf(evaluate(mains_failure(), "always row-2.supplied")[0].margin)


@pytest.mark.site("bench")
async def test_a_test_of_a_site_passes_on_what_was_seen(site):
    await site.run("1 min")
    never_came = within("10 s", "ups-1.on_battery", after="utility-a.live falls")
    with pytest.raises(PropertyViolated, match=r"vacuous: within 10 s of utility-a\.live falls: ups-1\.on_battery"):
        site.check(never_came)
    site.check(never_came, allow_vacuous=True)
    await site.inject("utility-a", "outage")
    await site.run("5 s")
    site.check(never_came)
    late = within("10 min", "not ups-1.live", after="utility-a.live falls")
    with pytest.raises(PropertyViolated, match="the record ends too early"):
        site.check(late)
    site.check(late, undecided=True)
    site.check(late, allow_inconclusive=True)
