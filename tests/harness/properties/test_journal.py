"""The timed record of a run."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.emulators.site import Site
from twinfeed.harness.journal import Journal, Sampler, Trace
from twinfeed.harness.quantities import UnknownQuantity, resolve
from twinfeed.harness.unknown import Gap, Unknown


def test_events_are_kept_in_order_of_time():
    journal = Journal()
    journal.record(5.0, "test", "command", device="ats-a")
    journal.extend([Event(1.0, "utility-a", "fault", {"kind": "outage"}), Event(5.0, "ats-a", "transfer", {})])
    assert [(e.t, e.who) for e in journal] == [(1.0, "utility-a"), (5.0, "test"), (5.0, "ats-a")]


def test_states_are_written_down_when_they_change():
    trace = Trace()
    for t, value in ((0.0, True), (1.0, True), (2.0, False), (3.0, False)):
        trace.add(t, "row-1.supplied", value)
    assert trace["row-1.supplied"] == [(0.0, True), (2.0, False)]
    assert (trace.start_s, trace.end_s) == (0.0, 3.0)


def test_a_number_that_begins_to_move_moves_from_where_it_was_last_seen():
    trace = Trace({"hall-1.inlet_c": [(0.0, 22.0), (10.0, 22.0), (20.0, 22.0), (30.0, 24.0)]})
    assert trace["hall-1.inlet_c"] == [(0.0, 22.0), (20.0, 22.0), (30.0, 24.0)]
    assert trace.at("hall-1.inlet_c", 15.0) == 22.0
    assert trace.at("hall-1.inlet_c", 25.0) == pytest.approx(23.0)


def test_a_jump_has_the_later_value():
    trace = Trace({"board-a.load_kw": [(0.0, 300.0), (10.0, 300.0), (10.0, 0.0), (20.0, 0.0)]})
    assert trace.at("board-a.load_kw", 9.999) == 300.0
    assert trace.at("board-a.load_kw", 10.0) == 0.0


def test_a_trace_does_not_go_back():
    trace = Trace({"a.b": [(10.0, 1.0)]})
    with pytest.raises(ValueError, match="a sample at 9 s after one at 10 s"):
        trace.add(9.0, "a.b", 2.0)


def test_it_is_read_back_from_its_file_as_it_was(tmp_path):
    journal = Journal()
    journal.record(1.0000004, "utility-a", "fault", kind="outage", after=(1, 2.0))
    journal.trace.add(0.0, "hall-1.inlet_c", 22.0)
    journal.trace.add(1.5, "hall-1.inlet_c", 23.123456789)
    journal.trace.add(1.5, "ups-a1.mode", "battery")
    journal.trace.reach(60.0)
    journal.write(tmp_path / "run.jsonl")
    again = Journal.read(tmp_path / "run.jsonl")
    assert again.events == [Event(1.0, "utility-a", "fault", {"kind": "outage", "after": [1, 2.0]})]
    assert dict(again.trace) == {"hall-1.inlet_c": [(0.0, 22.0), (1.5, 23.123457)], "ups-a1.mode": [(1.5, "battery")]}
    assert again.trace.end_s == 60.0
    again.write(tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "run.jsonl").read_bytes()


def test_a_line_that_is_none_is_named(tmp_path):
    (tmp_path / "run.jsonl").write_text('{"t": 1.0, "who": "a", "what": "b", "data": {}}\n{"t": 2.0}\n')
    with pytest.raises(ValueError, match=r"run\.jsonl:2: not a line of a journal"):
        Journal.read(tmp_path / "run.jsonl")


def test_a_recorder_sees_every_instant_the_plant_visits():
    site = Site.load("bench")
    sampler = Sampler(site, ["utility-a.live", "ups-1.charge_percent"])
    sampler()
    site.plant.watchers.append(sampler)
    site.advance(10.0)
    site.inject("utility-a", "outage", for_s=5.0)
    site.advance(60.0)
    assert sampler.trace["utility-a.live"] == [(0.0, True), (10.0, False), (15.0, True)]
    assert sampler.trace.end_s == 70.0


def test_what_jumps_at_an_event_has_not_moved_there_since_the_event_before():
    site = Site.load("bench")
    sampler = Sampler(site, ["board-a.load_kw"]).attach()
    site.advance(10.0)
    site.inject("utility-a", "outage", for_s=5.0)
    site.advance(60.0)
    assert sampler.trace.at("board-a.load_kw", 9.99) > 1.0
    assert sampler.trace.at("board-a.load_kw", 10.0) == sampler.trace.at("board-a.load_kw", 14.999) == 0.0
    assert sampler.trace.at("board-a.load_kw", 15.0) > 0.0
    sampler.detach()
    site.advance(60.0)
    assert sampler.trace.end_s == 70.0


def test_who_is_recorded_does_not_notice():
    def run(record):
        site = Site.load("bench")
        if record:
            Sampler(site, [f"{c.id}.{q}" for c in site.components.values() for q in c.QUANTITIES]).attach()
        site.inject("utility-a", "outage", for_s=30.0)
        site.advance(60.0)
        return site.plant.snapshot(), site.plant.journal

    assert run(record=True) == run(record=False)


def test_patterns_mean_in_a_record_what_they_mean_on_the_site(tmp_path):
    site = Site.load("bench")
    journal = Journal()
    Sampler(site, ["racks.*.supplied", "utility-a.live"], journal.trace).attach()
    racks = journal.trace.names("racks.*.supplied")
    assert racks == list(resolve(site, "racks.*.supplied"))
    assert journal.trace.names("utility-*.live") == ["utility-a.live"]
    journal.write(tmp_path / "run.jsonl")
    assert Journal.read(tmp_path / "run.jsonl").trace.names("racks.*.supplied") == racks
    with pytest.raises(
        UnknownQuantity, match=r"nothing was recorded that is called utility-a\.live_; did you mean utility-a\.live"
    ):
        journal.trace.names("utility-a.live_")


# -- gaps ---------------------------------------------------------------------------------------------------------------


def polled(*samples: tuple[float, object], every: float = 1.0, until: float | None = None) -> Trace:
    trace = Trace()
    trace.known_for("rack-1.supplied", 2 * every)
    for t, value in samples:
        trace.add(t, "rack-1.supplied", value)
    if until is not None:
        trace.reach(until)
    return trace


def spans(trace: Trace) -> list[tuple[float, float]]:
    return [(gap.start_s, gap.end_s) for gap in trace.gaps("rack-1.supplied")]


def test_a_polled_quantity_is_known_for_two_periods_after_each_sample():
    trace = polled((0.0, True), (1.0, True), (7.0, True), every=1.0)
    assert trace["rack-1.supplied"] == [(0.0, True), (3.0, Unknown("no reading")), (7.0, True)]
    assert trace.at("rack-1.supplied", 2.9) is True
    assert isinstance(trace.at("rack-1.supplied", 3.0), Unknown)
    assert trace.gaps("rack-1.supplied") == [Gap("rack-1.supplied", 3.0, 7.0, "no reading")]


@given(
    st.lists(st.integers(0, 200), min_size=1, max_size=25, unique=True),
    st.sampled_from([0.05, 0.1, 0.25, 1.0]),
    st.floats(0.0, 3.0),
)
@settings(max_examples=examples(60), deadline=None)
def test_a_quantity_is_known_exactly_where_a_sample_is_recent_enough(tenths, every_s, max_gap_s):
    samples = sorted(n / 10 for n in tenths)
    trace = polled(*((t, n % 3 == 0) for n, t in enumerate(samples)), every=every_s, until=25.0)
    for view, lasts_s in ((trace, 2 * every_s), (trace.bridged(max_gap_s), max(2 * every_s, max_gap_s))):
        for t in (n / 20 + 0.01 for n in range(500)):
            before = max((s for s in samples if s <= t), default=None)
            if before is None:
                continue
            known = t - before <= lasts_s
            value = view.at("rack-1.supplied", t)
            if abs(t - before - lasts_s) > 1e-6:
                assert isinstance(value, Unknown) is not known, (t, before)
            if known and not isinstance(value, Unknown):
                assert value is (samples.index(before) % 3 == 0)


def test_a_sample_missed_is_no_gap():
    assert polled((0.0, True), (2.0, True), (3.0, False), every=1.0).gaps("rack-1.supplied") == []


def test_the_reason_of_a_silence_may_come_after_it_began():
    trace = polled((0.0, True), until=5.0)
    trace.silent(6.0, "rack-1.supplied", "no answer in 2 tries of 3 s")
    trace.add(7.0, "rack-1.supplied", True)
    assert trace.gaps("rack-1.supplied") == [Gap("rack-1.supplied", 2.0, 7.0, "no answer in 2 tries of 3 s")]


def test_the_end_of_a_record_may_be_unknown_too():
    trace = polled((0.0, True), until=10.0)
    assert trace.gaps("rack-1.supplied") == [Gap("rack-1.supplied", 2.0, 10.0, "no reading")]


def test_without_a_period_a_quantity_is_known_as_long_as_the_record_goes():
    trace = Trace({"rack-1.supplied": [(0.0, True)]})
    trace.reach(1e6)
    assert trace.gaps("rack-1.supplied") == []


def test_an_instrument_of_events_is_known_from_heartbeat_to_heartbeat():
    trace = Trace()
    trace.known_for("ups-1.alarm.on_battery", 30.0)
    trace.add(0.0, "ups-1.alarm.on_battery", False)
    for t in (25.0, 50.0):
        trace.alive(t, "ups-1.alarm.on_battery")
    trace.alive(100.0, "ups-1.alarm.on_battery")  # it is back, but what happened meanwhile is not known
    trace.reach(110.0)
    trace.add(120.0, "ups-1.alarm.on_battery", False)
    assert trace.gaps("ups-1.alarm.on_battery") == [Gap("ups-1.alarm.on_battery", 80.0, 120.0, "no reading")]


def test_a_number_stands_still_until_it_is_unknown():
    trace = Trace()
    trace.known_for("meter-1.power", 2.0)
    for t, value in ((0.0, 10.0), (1.0, 20.0), (9.0, 40.0), (10.0, 50.0)):
        trace.add(t, "meter-1.power", value)
    assert trace.at("meter-1.power", 0.5) == 15.0
    assert trace.at("meter-1.power", 2.9) == 20.0
    assert isinstance(trace.at("meter-1.power", 5.0), Unknown)
    assert trace.at("meter-1.power", 9.5) == 45.0


def test_what_is_no_value_is_unknown_and_kept():
    trace = polled((0.0, True), (1.0, Unknown("no such value", raw=65535)), (2.0, True))
    (gap,) = trace.gaps("rack-1.supplied")
    assert (gap.start_s, gap.end_s) == (1.0, 2.0) and "read 65535" in gap.why
    assert trace["rack-1.supplied"][1][1].seen_s == 0.0


def test_who_tolerates_more_takes_a_reading_as_known_for_longer():
    trace = polled((0.0, True), (1.0, True), (5.0, False), (20.0, True), until=21.0)
    assert spans(trace) == [(3.0, 5.0), (7.0, 20.0)]
    assert spans(trace.bridged(4.0)) == [(9.0, 20.0)]
    assert spans(trace.bridged(3.0)) == [(4.0, 5.0), (8.0, 20.0)]
    assert trace.bridged(15.0).gaps("rack-1.supplied") == []


@pytest.mark.parametrize("raw", [None, 65535, math.nan, -math.inf, b"\x80\x00", "n/a", True])
def test_gaps_are_read_back_from_a_file_as_they_were(tmp_path, raw):
    journal = Journal()
    journal.trace = polled((0.0, 1.5), (1.0, 1.5), (2.0, Unknown("no such value", raw)), (9.0, 2.0), until=30.0)
    journal.write(tmp_path / "run.jsonl")
    again = Journal.read(tmp_path / "run.jsonl")
    assert repr(dict(again.trace)) == repr(dict(journal.trace))
    assert again.trace.gaps("rack-1.supplied") == journal.trace.gaps("rack-1.supplied")
    again.trace.add(32.0, "rack-1.supplied", 2.0)
    again.trace.reach(40.0)
    assert spans(again.trace)[-1] == (34.0, 40.0)
    json.loads((tmp_path / "run.jsonl").read_text().splitlines()[0], parse_constant=pytest.fail)
