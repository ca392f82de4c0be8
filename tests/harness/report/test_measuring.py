"""Measurements: what is inside the limits, what is not, and what the uncertainty of an instrument leaves open."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.harness.journal import Journal
from twinfeed.harness.report import Measure, MeasurementError, Outcome, OutsideLimits
from twinfeed.harness.report.measurement import Limits, measured
from twinfeed.harness.unknown import Unknown


@pytest.fixture
def measure() -> Measure:
    return Measure()


@pytest.mark.parametrize(
    ("value", "limits", "outcome"),
    [
        (8.2, {"at_most": 10}, "pass"),
        (10.0, {"at_most": 10}, "pass"),
        (10.1, {"at_most": 10}, "fail"),
        (9.8, {"at_most": 10, "uncertainty": 0.5}, "marginal"),
        (10.2, {"at_most": 10, "uncertainty": 0.5}, "marginal"),
        (10.6, {"at_most": 10, "uncertainty": 0.5}, "fail"),
        (222.0, {"within": (223, 237)}, "fail"),
        (5.0, {"equals": 5}, "pass"),
        (5.2, {"equals": 5, "uncertainty": 0.3}, "pass"),
        ("green", {"equals": "green"}, "pass"),
        ("red", {"equals": "green"}, "fail"),
        (True, {"equals": True}, "pass"),
        (1.0, {"equals": True}, "fail"),
        (41.5, {}, "pass"),
        (None, {"at_most": 10}, "unset"),
        (math.nan, {"at_most": 10}, "unset"),
    ],
)
def test_a_value_is_judged(measure: Measure, value: float, limits: dict[str, float], outcome: str) -> None:
    assert measure("value", value, **limits).outcome == outcome  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "accepted"), [(9.8, True), (10.2, False)])
def test_the_reading_decides_whether_a_marginal_one_is_accepted(measure: Measure, value: float, accepted: bool) -> None:
    assert measure("transfer time", value, unit="ms", at_most=10, uncertainty=0.5).accepted == accepted


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0, 1e3))
def test_a_pass_stays_inside_wherever_the_true_value_is(value: float, limit: float, uncertainty: float) -> None:
    limits = Limits.of(at_most=limit)
    if measured("x", value, "", limits, uncertainty).outcome is Outcome.PASS:
        assert limits.kept(value + uncertainty) or math.isclose(value + uncertainty, limit, rel_tol=1e-9, abs_tol=1e-6)


def test_all_is_measured_before_anything_fails(measure: Measure) -> None:
    measure("output voltage", 219.0, unit="V", within=(223, 237), source="IEC 62040-3, 5.3")
    measure("transfer time", 8.2, unit="ms", at_most=10)
    measure("lamp", "off", equals="green")
    with pytest.raises(OutsideLimits) as caught:
        measure.check()
    assert str(caught.value).splitlines() == [
        "2 of 3 measurements are not within their limits:",
        "  output voltage: found 219 V, expected 223 to 237 V (IEC 62040-3, 5.3)",
        "  lamp: found 'off', expected 'green'",
    ]


def test_what_was_not_measured_is_told(measure: Measure) -> None:
    measure("transfer time", 8.2, unit="ms", at_most=10)
    measure.require(["transfer time", "restart time"])
    with pytest.raises(OutsideLimits, match="restart time: not taken: the test did not measure it"):
        measure.check()


def test_the_worst_of_a_series_counts(measure: Measure) -> None:
    series = measure.series(
        "battery voltage",
        [(0, 25, 54.2), (600, 25, 43.0), (600, 100, 41.2)],
        over=[("time", "s"), ("load", "%")],
        unit="V",
        at_least=42,
    )
    assert series.outcome is Outcome.FAIL
    assert str(series) == (
        "battery voltage: found 41.2 V at time 600 s, load 100 % (1 of 3 values outside), expected at least 42 V"
    )


def test_of_a_series_within_its_limits_the_nearest_to_one_is_told(measure: Measure) -> None:
    series = measure.series(
        "voltage", [(0, 54.2), (60, 43.0), (120, 50.0)], over=[("time", "s")], unit="V", at_least=42
    )
    assert str(series) == "voltage: found 43 V at time 60 s, expected at least 42 V"


def test_a_series_without_points_was_not_taken(measure: Measure) -> None:
    assert measure.series("voltage", [], over=[("time", "s")]).outcome is Outcome.UNSET


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"at_least": 3, "at_most": 2}, "no value is at least 3 and at most 2"),
        ({"within": (1, 2), "at_most": 2}, "both limits at once"),
        ({"equals": 1, "at_most": 2}, "leaves no room"),
        ({"uncertainty": -1}, "the uncertainty is -1, expected 0 or more"),
    ],
)
def test_limits_that_make_no_sense_are_refused(measure: Measure, limits: dict[str, float], message: str) -> None:
    with pytest.raises(MeasurementError, match=message):
        measure("x", 1.0, **limits)  # type: ignore[arg-type]


def test_a_text_has_no_limits_for_numbers(measure: Measure) -> None:
    with pytest.raises(MeasurementError, match="found 'high', expected a number"):
        measure("level", "high", at_most=3)


def test_a_name_is_used_once(measure: Measure) -> None:
    measure("voltage", 1.0)
    with pytest.raises(MeasurementError, match="measured before in this test; give it a name of its own"):
        measure("voltage", 2.0)


# -- times off a journal -----------------------------------------------------------------------------------------------


@pytest.fixture
def outage() -> Journal:
    """Mains lost at 10 s, a gap of 8 ms at the rack, the generator's voltage rising from 14 s to 18 s."""
    journal = Journal()
    courses = {
        "utility-a.live": [(0.0, True), (10.0, False)],
        "ups-1.mode": [(0.0, "line"), (10.002, "battery"), (20.0, "line")],
        "ups-1.on_battery": [(0.0, False), (10.002, True), (20.0, False)],
        "ups-1.live": [(0.0, True)],
        "rack-1.supplied": [(0.0, True), (10.0, False), (10.008, True)],
        "generator-1.volts": [(0.0, 0.0), (14.0, 0.0), (18.0, 400.0), (60.0, 400.0)],
    }
    for name, points in courses.items():
        for t, value in points:
            journal.trace.add(t, name, value)
    journal.trace.reach(60.0)
    return journal


def test_a_transfer_time(measure: Measure, outage: Journal) -> None:
    found = measure.transfer_time(outage, "rack-1.supplied", at_most="10 ms")
    assert (found.value, found.unit, found.outcome) == (8.0, "ms", Outcome.PASS)


def test_a_load_that_was_never_gone_was_not_seen_to_be_transferred(measure: Measure, outage: Journal) -> None:
    found = measure.transfer_time(outage, "ups-1.live", at_most="10 ms")
    assert (found.outcome, found.accepted) == (Outcome.UNSET, False)
    assert found.why == (
        "vacuous: ups-1.live never became false, so that no transfer was seen; say what becomes true when the load is "
        "transferred, as in when='ups-1.on_battery'"
    )


def test_a_load_that_did_not_notice_its_transfer_has_a_transfer_time_of_nought(
    measure: Measure, outage: Journal
) -> None:
    found = measure.transfer_time(outage, "ups-1.live", when="utility-a.live falls", at_most="10 ms")
    assert (found.value, found.outcome) == (0.0, Outcome.PASS)


def test_a_transfer_that_never_came_was_not_timed(measure: Measure, outage: Journal) -> None:
    found = measure.transfer_time(outage, "rack-1.supplied", when="generator-1.volts > 500", at_most="10 ms")
    assert (found.outcome, found.accepted) == (Outcome.UNSET, False)
    assert found.why == "generator-1.volts > 500 did not become true after 0.000 s of the site's clock"


COURSE = st.lists(st.tuples(st.floats(0.001, 5.0), st.sampled_from([True, False, None])), min_size=1, max_size=8)


@given(COURSE, COURSE, st.booleans(), st.sampled_from([None, "1 ms", "2 s", "1 h"]))
def test_a_transfer_within_its_limits_was_seen(
    supply: list[tuple[float, bool | None]], battery: list[tuple[float, bool | None]], named: bool, at_most: str | None
) -> None:
    """Either the load was gone for a known time, or what shows the transfer was seen to begin."""
    courses: dict[str, list[tuple[float, object]]] = {}
    for name, drawn in (("rack_supplied", supply), ("ups_on_battery", battery)):
        t, courses[name] = 0.0, [(0.0, name == "rack_supplied")]
        for step_s, value in drawn:
            t += step_s
            courses[name].append((t, value))
    journal = journal_of(60.0, **courses)
    found = Measure().transfer_time(
        journal, "rack.supplied", when="ups.on_battery" if named else "", at_most=at_most, name="transfer"
    )
    known = [value for _, value in courses["ups_on_battery"] if value is not None]
    if found.accepted:
        gone = any(value is False for _, value in courses["rack_supplied"])
        assert (True in known) if named else gone


def test_a_load_whose_meter_was_silent_for_a_moment_was_not_seen_to_be_transferred(measure: Measure) -> None:
    blink = [(0.0, True), (10.0, None), (10.004, True)]
    found = measure.transfer_time(journal_of(rack_supplied=blink), "rack.supplied", at_most="40 ms")
    assert (found.outcome, found.accepted) == (Outcome.INCONCLUSIVE, False)


def test_a_load_that_did_not_come_back_was_not_timed(measure: Measure, outage: Journal) -> None:
    found = measure.transfer_time(outage, "utility-a.live", at_most="10 ms")
    assert (found.outcome, found.accepted) == (Outcome.UNSET, False)
    assert found.why == "utility-a.live did not become true after 10.000 s of the site's clock"


def test_the_time_between_two_transitions_is_found_between_samples(measure: Measure, outage: Journal) -> None:
    found = measure.between(outage, "ups-1.mode == 'battery'", "generator-1.volts > 360", at_most="15 s")
    assert found.value == pytest.approx(17.6 - 10.002)


def test_a_restart_time(measure: Measure, outage: Journal) -> None:
    found = measure.restart_time(outage, "ups-1.mode == 'line'", at_most="30 s")
    assert found.value == pytest.approx(9.998)


def test_a_battery_that_need_not_go_on_has_lasted_that_long(measure: Measure, outage: Journal) -> None:
    assert measure.runtime(outage, "ups-1", specified="9 s", unit="s").value == pytest.approx(9.998)


def test_a_battery_that_was_relieved_too_early_was_not_timed(measure: Measure, outage: Journal) -> None:
    found = measure.runtime(outage, "ups-1", specified="10 min")
    assert (found.outcome, found.why) == (
        Outcome.UNSET,
        "ups-1 was on battery for 10 s only, less than specified, and was not empty then",
    )


def test_a_battery_is_timed_until_it_is_empty(measure: Measure) -> None:
    journal = Journal()
    for name, points in {
        "ups-1.on_battery": [(0.0, False), (10.0, True), (310.0, False)],
        "ups-1.live": [(0.0, True), (310.0, False)],
    }.items():
        for t, value in points:
            journal.trace.add(t, name, value)
    found = measure.runtime(journal, "ups-1", specified="10 min", source="data sheet, full load")
    assert (found.value, found.outcome) == (5.0, Outcome.FAIL)


# -- times that were not seen -------------------------------------------------------------------------------------------


def journal_of(until_s: float = 30.0, **courses: list[tuple[float, object]]) -> Journal:
    """Courses of `x_y` are those of x.y; None is a stretch without readings."""
    journal = Journal()
    for name, points in courses.items():
        for t, value in points:
            journal.trace.add(t, name.replace("_", ".", 1), Unknown("no answer") if value is None else value)
    journal.trace.reach(until_s)
    return journal


BEGUN = [(0.0, False), (10.0, True)]
SILENT = [(0.0, True), (10.0, None), (16.0, True)]


def test_an_instrument_that_was_silent_saw_no_transfer_time(measure: Measure) -> None:
    found = measure.transfer_time(journal_of(rack_supplied=SILENT), "rack.supplied", at_most="40 ms")
    assert (found.outcome, found.accepted, found.value) == (Outcome.INCONCLUSIVE, False, None)
    assert (found.low, found.high, found.largest_gap_s) == (0.0, 6000.0, 6.0)
    assert str(found) == (
        "transfer time of rack.supplied: not known, between 0 ms and 6000 ms, expected at most 40 ms; "
        "rack.supplied was unknown for 6.000 s, from 10.000 s to 16.000 s (no answer)"
    )
    with pytest.raises(OutsideLimits, match="not known"):
        measure.check()


def test_a_gap_too_short_for_what_is_forbidden_leaves_no_doubt(measure: Measure) -> None:
    journal = journal_of(rack_supplied=[(0.0, True), (10.0, None), (10.004, True)], ups_on_battery=BEGUN)
    found = measure.transfer_time(journal, "rack.supplied", when="ups.on_battery", at_most="40 ms")
    assert (found.outcome, found.accepted) == (Outcome.PASS, True)
    assert "found between 0 ms and 4 ms" in str(found) and "unknown for 0.004 s" in str(found)


def test_a_test_may_accept_that(measure: Measure) -> None:
    found = measure.transfer_time(journal_of(rack_supplied=SILENT), "rack.supplied", allow_inconclusive=True)
    assert (found.outcome, found.accepted) == (Outcome.INCONCLUSIVE, True)
    measure.check()


def test_an_interruption_that_was_seen_to_be_too_long_is(measure: Measure) -> None:
    gone = [*SILENT, (20.0, False), (21.0, True)]
    found = measure.transfer_time(journal_of(rack_supplied=gone), "rack.supplied", at_most="40 ms")
    assert found.outcome is Outcome.FAIL
    assert "found between 1000 ms and 6000 ms" in str(found)


def test_who_tolerates_the_gap_says_so(measure: Measure) -> None:
    journal = Journal()
    journal.trace.known_for("rack.supplied", 0.04)
    for t in (0.0, 10.0, 16.0, 16.02):
        journal.trace.add(t, "rack.supplied", True)
    for t, value in BEGUN:
        journal.trace.add(t, "ups.on_battery", value)
    found = measure.transfer_time(journal, "rack.supplied", when="ups.on_battery", at_most="40 ms", max_gap="10 s")
    assert (found.outcome, found.value, found.max_gap_s) == (Outcome.PASS, 0.0, 10.0)
    assert str(found).endswith("expected at most 40 ms; a reading counts as known for 10 s")


def test_a_load_that_was_never_supplied_has_no_transfer_time_of_nought(measure: Measure) -> None:
    found = measure.transfer_time(journal_of(rack_supplied=[(0.0, False)]), "rack.supplied", at_most="40 ms")
    assert (found.outcome, found.why) == (
        Outcome.UNSET,
        "rack.supplied was not true when the record begins: how long before is not known",
    )


@pytest.mark.parametrize(
    ("ups", "generator", "bounds"),
    [
        ([(0.0, False), (10.0, True)], [(0.0, False), (12.0, True)], (2.0, None)),
        ([(0.0, False), (4.0, None), (10.0, True)], [(0.0, False), (12.0, True)], (2.0, 8.0)),
        ([(0.0, False), (10.0, True)], [(0.0, False), (11.0, None), (17.0, True)], (1.0, 7.0)),
        ([(0.0, False), (10.0, True), (13.0, None)], [(0.0, False), (12.0, True), (13.0, None)], (2.0, None)),
        ([(0.0, False), (5.0, None), (6.0, False), (10.0, True)], [(0.0, False), (12.0, True)], (2.0, 7.0)),
    ],
)
def test_a_time_between_what_was_not_seen_has_bounds(measure: Measure, ups, generator, bounds) -> None:
    journal = journal_of(ups_on=ups, generator_on=generator)
    found = measure.between(journal, "ups.on", "generator.on", at_most="5 s")
    low, high = bounds
    if high is None:
        assert (found.value, found.outcome) == (low, Outcome.PASS)
    else:
        assert (found.low, found.high, found.outcome) == (low, high, Outcome.INCONCLUSIVE)


def test_a_time_is_too_long_if_it_is_at_its_shortest(measure: Measure) -> None:
    journal = journal_of(a_on=[(0.0, False), (9.0, None), (10.0, True)], b_on=[(0.0, False), (20.0, True)])
    assert measure.between(journal, "a.on", "b.on", at_most="5 s").outcome is Outcome.FAIL


def test_what_may_have_happened_unseen_was_not_only_not_taken(measure: Measure) -> None:
    journal = journal_of(a_on=[(0.0, False), (10.0, True)], b_on=[(0.0, False), (11.0, None), (12.0, False)])
    found = measure.between(journal, "a.on", "b.on", at_most="5 s")
    assert (found.outcome, found.largest_gap_s) == (Outcome.INCONCLUSIVE, 1.0)


def test_whether_a_battery_was_empty_may_not_be_known(measure: Measure) -> None:
    journal = journal_of(ups_on_battery=[(0.0, False), (5.0, True)], ups_live=[(0.0, True), (10.0, None)], until_s=20.0)
    found = measure.runtime(journal, "ups", specified="10 min")
    assert found.outcome is Outcome.INCONCLUSIVE


def test_a_series_with_a_missing_value_is_inconclusive_unless_another_is_outside(measure: Measure) -> None:
    over = [("time", "s")]
    found = measure.series("voltage", [(0, 54.2), (60, None), (120, 53.0)], over=over, unit="V", at_least=42)
    assert (found.outcome, found.accepted) == (Outcome.INCONCLUSIVE, False)
    assert str(found) == "voltage: not known, 1 of 3 values are missing, expected at least 42 V"
    worse = measure.series("current", [(0, 5), (60, None), (120, 9)], over=over, unit="A", at_most=8)
    assert worse.outcome is Outcome.FAIL
