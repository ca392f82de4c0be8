"""The timed record of a run."""

from __future__ import annotations

import pytest

from emulators.plant.actor import Event
from emulators.site import Site
from harness.journal import Journal, Recorder, Trace
from harness.quantities import UnknownQuantity, resolve


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
    recorder = Recorder(site, ["utility-a.live", "ups-1.charge_percent"])
    recorder()
    site.plant.watchers.append(recorder)
    site.advance(10.0)
    site.inject("utility-a", "outage", for_s=5.0)
    site.advance(60.0)
    assert recorder.trace["utility-a.live"] == [(0.0, True), (10.0, False), (15.0, True)]
    assert recorder.trace.end_s == 70.0


def test_what_jumps_at_an_event_has_not_moved_there_since_the_event_before():
    site = Site.load("bench")
    recorder = Recorder(site, ["board-a.load_kw"]).attach()
    site.advance(10.0)
    site.inject("utility-a", "outage", for_s=5.0)
    site.advance(60.0)
    assert recorder.trace.at("board-a.load_kw", 9.99) > 1.0
    assert recorder.trace.at("board-a.load_kw", 10.0) == recorder.trace.at("board-a.load_kw", 14.999) == 0.0
    assert recorder.trace.at("board-a.load_kw", 15.0) > 0.0
    recorder.detach()
    site.advance(60.0)
    assert recorder.trace.end_s == 70.0


def test_who_is_recorded_does_not_notice():
    def run(record):
        site = Site.load("bench")
        if record:
            Recorder(site, [f"{c.id}.{q}" for c in site.components.values() for q in c.QUANTITIES]).attach()
        site.inject("utility-a", "outage", for_s=30.0)
        site.advance(60.0)
        return site.plant.snapshot(), site.plant.journal

    assert run(record=True) == run(record=False)


def test_patterns_mean_in_a_record_what_they_mean_on_the_site(tmp_path):
    site = Site.load("bench")
    journal = Journal()
    Recorder(site, ["racks.*.supplied", "utility-a.live"], journal.trace).attach()
    racks = journal.trace.names("racks.*.supplied")
    assert racks == list(resolve(site, "racks.*.supplied"))
    assert journal.trace.names("utility-*.live") == ["utility-a.live"]
    journal.write(tmp_path / "run.jsonl")
    assert Journal.read(tmp_path / "run.jsonl").trace.names("racks.*.supplied") == racks
    with pytest.raises(
        UnknownQuantity, match=r"nothing was recorded that is called utility-a\.live_; did you mean utility-a\.live"
    ):
        journal.trace.names("utility-a.live_")
