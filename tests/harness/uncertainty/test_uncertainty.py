"""A time off samples is known to the samples and the round trips; figures and verdicts go no further than that."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.harness.journal import Journal
from twinfeed.harness.properties import always, evaluate
from twinfeed.harness.report import Measure, Measurement, Outcome
from twinfeed.harness.report.judgement import Judgement
from twinfeed.harness.uncertainty import GUARDED, Instrument, Observed, Samples, rounded, rounded_up, shortfall


def polled(every_s: float, trip_s: float, gone: list[tuple[float, float]], until_s: float = 10.0) -> Journal:
    """`rack-1.supplied` as an instrument reads it that is asked every `every_s`; it is false in the stretches `gone`."""
    journal = Journal()
    name = "rack-1.supplied"
    journal.trace.instruments[name] = Instrument(name, "relay-1.input.1.on (Modbus)", every_s)
    journal.trace.known_for(name, 2 * every_s + trip_s)
    n = 0
    while (asked_s := n * every_s) < until_s:
        value = not any(start <= asked_s < end for start, end in gone)
        journal.trace.sample(asked_s + trip_s, name, value, trip_s)
        n += 1
    return journal


def transfer(journal: Journal, at_most: str, **more: object) -> Measurement:
    """The UPS goes on battery at 3 s."""
    journal.trace.add(0.0, "ups-1.on_battery", False)
    journal.trace.add(3.0, "ups-1.on_battery", True)
    return Measure().transfer_time(
        journal, "rack-1.supplied", when="ups-1.on_battery", at_most=at_most, **more  # type: ignore[arg-type]
    )  # fmt: skip


def test_nothing_seen_in_samples_of_20_ms_does_not_keep_a_limit_of_10_ms() -> None:
    found = transfer(polled(0.020, 0.002, []), "10 ms")
    assert (found.value, found.outcome, found.accepted) == (0.0, Outcome.INCONCLUSIVE, False)
    assert found.uncertainty == pytest.approx(22.0)
    assert "not decided, found 0 ms ±22 ms, expected at most 10 ms" in str(found)


def test_it_keeps_a_limit_that_samples_of_20_ms_can_decide() -> None:
    found = transfer(polled(0.020, 0.002, []), "40 ms")
    assert (found.outcome, found.accepted) == (Outcome.PASS, True)


def test_an_interruption_that_was_seen_is_known_to_its_samples() -> None:
    found = transfer(polled(0.050, 0.004, [(3.01, 7.01)]), "5 s")
    assert found.value == pytest.approx(4000.0)
    assert found.shown(found.value) == 4000.0
    assert 54.0 <= found.uncertainty <= 55.0
    assert "found 4000 ms ±54 ms" in str(found)


@given(
    every_ms=st.integers(5, 200),
    trip_ms=st.integers(0, 40),
    start_ms=st.integers(1000, 5000),
    lasts_ms=st.integers(0, 3000),
)
def test_the_true_time_lies_within_the_uncertainty(every_ms: int, trip_ms: int, start_ms: int, lasts_ms: int) -> None:
    """Whatever the phase of the samples, and however short the interruption was."""
    gone = (start_ms / 1000, (start_ms + lasts_ms) / 1000)
    found = transfer(polled(every_ms / 1000, trip_ms / 1000, [gone]), "1 h")
    assert isinstance(found.value, float)
    assert abs(found.value - lasts_ms) <= found.uncertainty + 1e-6


@given(every_ms=st.integers(5, 200), lasts_ms=st.integers(0, 400), limit_ms=st.integers(1, 400))
def test_no_interruption_beyond_the_limit_passes_with_a_guard_band(every_ms: int, lasts_ms: int, limit_ms: int) -> None:
    journal = polled(every_ms / 1000, 0.003, [(3.0013, 3.0013 + lasts_ms / 1000)])
    if transfer(journal, f"{limit_ms} ms", decision=GUARDED).accepted:
        assert lasts_ms <= limit_ms


def test_the_decision_rule_is_chosen_for_the_run_or_for_one_measurement() -> None:
    near = {"unit": "V", "within": (223, 237), "uncertainty": 0.5}
    simple, guarded = Measure(), Measure(rule=GUARDED)
    assert simple("output", 236.8, **near).accepted
    assert not guarded("output", 236.8, **near).accepted
    assert guarded("again", 236.8, decision="simple", **near).accepted
    assert guarded("inside", 236.4, **near).accepted


def test_an_uncertainty_wider_than_both_limits_decides_nothing() -> None:
    found = Measure()("output", 230.0, unit="V", within=(229, 231), uncertainty=3.0)
    assert (found.outcome, found.accepted) == (Outcome.INCONCLUSIVE, False)
    assert found.why == "an uncertainty of 3 V cannot decide that limit"


def test_the_measurement_names_its_instrument_and_how_it_was_read() -> None:
    (taken,) = transfer(polled(0.020, 0.002, []), "40 ms").taken
    assert (taken.instrument.by, taken.instrument.every_s) == ("relay-1.input.1.on (Modbus)", 0.020)
    assert (taken.samples, taken.largest_gap_s, taken.worst_trip_s) == (500, pytest.approx(0.020), 0.002)


def test_a_value_that_an_instrument_has_shown_has_its_accuracy() -> None:
    journal = Journal()
    journal.trace.instruments["meter-1.power.total"] = Instrument("meter-1.power.total", "meter-1", 1.0, 0.005, "kW")
    measure = Measure(journal=lambda: journal)
    found = measure("power", Observed(0.95712, "meter-1.power.total"), unit="kW", at_most=1.0)
    assert (found.uncertainty, found.shown(found.value), found.taken[0].instrument.unit) == (0.005, 0.9571, "kW")
    named = measure("power again", 0.95, unit="kW", at_most=1.0, instrument="meter-1.power.total")
    assert named.uncertainty == 0.005


def test_what_the_emulated_site_records_at_every_instant_is_exact() -> None:
    journal = Journal()
    journal.trace.add(0.0, "rack-1.supplied", True)
    journal.trace.reach(10.0)
    found = transfer(journal, "10 ms")
    assert (found.uncertainty, found.outcome, found.shortfall) == (0.0, Outcome.PASS, None)


def test_samples_survive_the_file_of_a_journal(tmp_path: object) -> None:
    path = tmp_path / "journal.jsonl"  # type: ignore[operator]
    journal = polled(0.050, 0.004, [(3.01, 7.01)])
    journal.write(path)
    assert transfer(Journal.read(path), "5 s") == transfer(journal, "5 s")


# -- figures -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "uncertainty", "shown", "exactly"),
    [
        (4000.03, 54.0, 4000.0, 54.0),
        (95.0957, 0.5, 95.10, 0.5),
        (0.95712, 0.005, 0.9571, 0.005),
        (12345.6, 1234.0, 12300.0, 1300.0),
        (230.04, 0.0999, 230.04, 0.1),
        (7.0, 0.0, 7.0, 0.0),
    ],
)
def test_figures_are_rounded_to_the_uncertainty(value: float, uncertainty: float, shown: float, exactly: float) -> None:
    assert (rounded(value, uncertainty), rounded_up(uncertainty)) == (pytest.approx(shown), pytest.approx(exactly))


@given(value=st.floats(-1e6, 1e6), uncertainty=st.floats(1e-6, 1e6))
def test_an_uncertainty_is_never_rounded_down_and_a_value_by_no_more_than_a_tenth_of_it(
    value: float, uncertainty: float
) -> None:
    up = rounded_up(uncertainty)
    assert uncertainty * (1 - 1e-9) <= up <= 1.1 * uncertainty * (1 + 1e-9) + 1e-12
    assert math.isclose(rounded(value, uncertainty), value, abs_tol=0.051 * up)


# -- samples -----------------------------------------------------------------------------------------------------------


def test_a_late_answer_counts_in_the_largest_gap() -> None:
    samples = Samples()
    for t_s, trip_s in ((0.0, 0.01), (0.1, 0.01), (0.9, 0.75), (1.0, 0.01)):
        samples.take(t_s, trip_s, changed=False)
    assert (samples.count, samples.largest_gap_s, samples.worst_trip_s) == (4, pytest.approx(0.8), 0.75)


# -- standards ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "limit_s", "has_s", "standard"),
    [
        ("IEC 62040-3, VFI-SS-111", 0.010, 0.022, "IEC 62040-3"),
        ("IEC 62040-3, VFI-SS-111", 0.010, 0.00005, None),
        ("ITI (CBEMA) curve 2000", 0.020, 0.022, "ITI (CBEMA) curve 2000"),
        ("IEC 61000-4-11, class 3", 0.2, 0.022, "IEC 61000-4-11"),
        ("NFPA 110, type 10", 10.0, 0.5, None),
        ("NFPA 110, type 10", 10.0, 1.5, "NFPA 110"),
        ("the lease, annex 4", 0.010, 5.0, None),
        ("", 0.010, 5.0, None),
    ],
)
def test_a_standard_is_cited_only_by_a_method_that_resolves_its_times(
    source: str, limit_s: float, has_s: float, standard: str | None
) -> None:
    found = shortfall(source, limit_s, has_s)
    assert (found.standard if found else None) == standard


def test_the_measurement_says_so() -> None:
    found = transfer(polled(0.020, 0.002, []), "40 ms", source="IEC 62040-3, VI-SS")
    assert "not in accordance with IEC 62040-3: sampling" in str(found)


def test_a_property_over_samples_states_what_it_cannot_have_seen() -> None:
    journal = polled(0.020, 0.002, [])
    (verdict,) = evaluate(journal, always("rack-1.supplied"))
    assert Judgement.of(verdict, journal.trace).blind_s == pytest.approx(0.022)
