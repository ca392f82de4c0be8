"""The plant shows what failures do; what it and the drawing disagree on is listed, and each loss can be run again."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.reliability import Grid
from twinfeed.harness.availability.enumeration.comparison import disagreements, stopped
from twinfeed.harness.availability.enumeration.courses import Bench, Course, Job, job_of
from twinfeed.harness.availability.enumeration.enumerated import _horizons, enumerate_site
from twinfeed.harness.availability.enumeration.jobs import THERE_S, items, pairs, singles
from twinfeed.harness.availability.enumeration.scenarios import scenario
from twinfeed.harness.availability.enumeration.store import Store, head_of
from twinfeed.harness.availability.errors import TreeError
from twinfeed.harness.availability.failures import MINUTES_A_YEAR
from twinfeed.harness.availability.logic.design import at_full_load, design
from twinfeed.harness.availability.phases import Phases
from twinfeed.harness.availability.rates.categories import table
from twinfeed.harness.cli import app

SITE = """
site: tiny
power:
  utility-{path}: {each: {path: [a, b]}, kind: utility}
  ups-{path}: {each: {path: [a, b]}, kind: ups, from: {input: "utility-{path}"}, kva: 20, kw: 20, autonomy_min: 5}
racks:
  row-{n}: {each: {n: [1, 2]}, kind: rack_row, from: {a: ups-a, b: ups-b}, phase: 0, racks: 1, rack_kw: 5}
reliability: {grid: {outages_a_month: 1, hours: 1}}
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tiny") / "tiny.yaml"
    file.write_text(SITE)
    return file


@pytest.fixture(scope="module")
def bench(file: Path) -> Bench:
    return Bench(Site.load(file))


@pytest.fixture(scope="module")
def phases(file: Path) -> Phases:
    site = Site.load(file)
    at_full_load(site)
    return Phases(site, design(site), table({}), Grid(outages_a_month=1.0, hours=1.0), restart_h=0.0)


def test_the_time_to_loss_is_that_of_the_batteries(bench: Bench) -> None:
    """Both batteries last for 5 min at 20 kW; half of 10 kW is a quarter of that, at which they last far longer."""
    course, _ = bench.run(job_of([("utility-a", "outage"), ("utility-b", "outage")], "there", 14400.0))
    assert set(course.lost) == {"row-1", "row-2"}
    assert min(course.lost.values()) > 4 * 300.0
    assert course.steady
    assert any("battery exhausted" in line for line in course.told)


def test_a_run_goes_on_until_nothing_moves_and_is_the_same_again(bench: Bench) -> None:
    job = job_of([("utility-a", "outage")], "there", 14400.0)
    course, _ = bench.run(job)
    assert (course.lost, course.steady) == ({}, True)
    assert course.ended_s > 1500.0  # the battery of A was empty, and B carried all
    assert bench.run(job)[0] == course


def test_a_run_that_ends_while_something_moves_says_so(bench: Bench) -> None:
    both = [("utility-a", "outage"), ("utility-b", "outage")]
    dark_s = min(bench.run(job_of(both, "there", 14400.0))[0].lost.values())
    course, _ = bench.run(job_of(both, "there", 0.9 * dark_s))
    assert (course.lost, course.steady) == ({}, False)


def test_alike_equipment_is_run_once_and_pairs_begin_with_the_most_probable(bench: Bench, phases: Phases) -> None:
    of = items(bench.site, phases)
    assert {item.mode.target for item in of} == {"utility-a", "utility-b", "ups-a", "ups-b", "row-1"}
    assert {item.stands_for for item in of if item.mode.target == "row-1"} == {2}
    weights = {item.name: item.probability["there"] * item.stands_for for item in of}
    jobs = pairs(of, "there", 3600.0, frozenset({("utility-a", "outage")}))
    products = [weights[a] * weights[b] for a, b in (job.failures for job in jobs)]
    assert products == sorted(products, reverse=True)
    assert not any(("utility-a", "outage") in job.failures for job in jobs)
    assert len(singles(of, {"there": 1.0, "out": 1.0})) == 2 * len(of)


def test_a_disagreement_is_listed_with_what_the_plant_did(phases: Phases) -> None:
    job = Job((("ups-a", "inverter"),), "there", 60.0)
    assert stopped(phases.there, ["ups-a inverter"]) == set()
    dark = Course({"row-1": 12.5}, 60.0, True, {}, ("12.0 s q-1 tripped overload",))
    (found,) = disagreements(phases, [job], {job.key: dark})
    assert (found.only_plant, found.first_s) == (("row-1",), 12.5)
    assert found.explanation == "the plant: 12.0 s q-1 tripped overload"
    both = Job((("ups-a", "short-circuit"), ("ups-b", "short-circuit")), "there", 60.0)
    carried = Course({}, 60.0, False, {"module %": 90.0}, ())
    (found,) = disagreements(phases, [both], {both.key: carried})
    assert found.only_logic == ("row-1", "row-2")
    assert "still moving at the end of the run, after 60 s (module % 90)" in found.explanation


def test_the_command_runs_the_plant_and_replay_sees_each_loss_again(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(
        "site: one\n"
        "power: {utility: {kind: utility}, board: {kind: board, from: {supply: utility}, rated_a: 100}}\n"
        "racks: {row: {kind: rack_row, from: {a: board}, phase: 0, racks: 1, rack_kw: 5}}\n"
        "reliability: {grid: {outages_a_month: 1, hours: 1}}\n"
    )
    runs, folder = tmp_path / "runs.jsonl", tmp_path / "losses"
    asked = ["availability", str(file), "--json", "--plant", "10min", "--workers", "1"]
    asked += ["--runs", str(runs), "--scenarios", str(folder)]
    done = CliRunner().invoke(app, asked)
    found = json.loads(done.stdout)["plant"]
    assert found["left"] == {}
    seen = {(tuple(one["failures"]), one["grid"]) for one in found["seen"]}
    assert {(("board short-circuit",), "there"), (("utility outage",), "there")} <= seen
    assert all(case["only_plant"] == [] for case in found["disagreements"])
    assert sum(found["runs"].values()) == len(runs.read_text().splitlines()) - 1
    again = json.loads(CliRunner().invoke(app, asked).stdout)["plant"]  # from the file
    assert [again[name] for name in ("runs", "seen", "disagreements")] == [
        found[name] for name in ("runs", "seen", "disagreements")
    ]
    replayed = CliRunner().invoke(app, ["replay", found["scenarios"][0]])
    assert replayed.exit_code == 1, replayed.output


def test_a_scenario_watches_the_row_that_stops_first(bench: Bench, phases: Phases, tmp_path: Path) -> None:
    file, job = tmp_path / "runs.jsonl", singles(items(bench.site, phases), {"there": THERE_S})[0]
    store = Store(head_of(bench.site, version("twinfeed"), 3600.0), file)
    store.add(job, Course({"row-1": 900.0, "row-2": 10.0}, 900.0, True, {}, ()), 0.1)
    store.close()
    (seen,) = enumerate_site(bench.site, phases, 0.0, file, workers=1).seen
    assert (seen.rows, seen.first_s) == (("row-2", "row-1"), 10.0)
    made = scenario(bench.site, "tiny", seen, start_s=3600.0)
    assert made.properties == ("always row-2.losses == 0 and row-2.overheated == 0",)
    assert made.duration_s > 3610.0


# -- the file of runs ---------------------------------------------------------------------------------------------------


def test_a_file_that_was_cut_off_in_a_line_goes_on(bench: Bench, tmp_path: Path) -> None:
    head, file = head_of(bench.site, "1.0", 3600.0), tmp_path / "runs.jsonl"
    store, job = Store(head, file), Job((("ups-a", "inverter"),), "there", 60.0)
    store.add(job, Course({"row-1": 1.0}, 60.0, True, {}, ("a",)), 0.5)
    store.close()
    file.write_text(file.read_text() + '{"job": "there: ')
    again = Store(head, file)
    again.close()
    assert again.courses == store.courses


def test_a_file_of_another_site_is_refused(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    Store(head_of(bench.site, "1.0", 3600.0), file).close()
    with pytest.raises(TreeError, match=r"runs.jsonl:1: the runs are not of this site"):
        Store({**head_of(bench.site, "1.0", 3600.0), "sha256": "0"}, file)
    file.write_text(file.read_text() + "{}\n")
    with pytest.raises(TreeError, match=r"runs.jsonl:2: this is no run"):
        Store(head_of(bench.site, "1.0", 3600.0), file)


def test_runs_of_outages_of_another_length_are_refused(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    Store(head_of(bench.site, "1.0", 3600.0), file).close()
    with pytest.raises(TreeError, match=r"runs.jsonl:1: the runs are not of this site file, grid and version"):
        Store(head_of(bench.site, "1.0", 7200.0), file)


@pytest.mark.parametrize("held", [b"one line without an end", b"a\nb", b"\xff\n\xfe", b"\n\nx"])
def test_a_file_of_something_else_is_refused_and_not_touched(bench: Bench, tmp_path: Path, held: bytes) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(held)
    with pytest.raises(TreeError, match=r"notes.txt:1: the runs are not"):
        Store(head_of(bench.site, "1.0", 3600.0), file)
    assert file.read_bytes() == held


def test_an_outage_shorter_than_the_time_before_it_is_run(file: Path, phases: Phases) -> None:
    """The failures are there 60 s before the grid goes: an outage of 36 s is run for 96 s."""
    site = Site.load(file)
    at_full_load(site)
    short = Phases(site, design(site), table({}), Grid(outages_a_month=1.0, hours=0.01), restart_h=0.0)
    assert _horizons(short) == {"there": THERE_S, "out": pytest.approx(96.0)}


def test_what_was_not_run_is_counted_as_lost(bench: Bench, phases: Phases) -> None:
    """With no time at all each failure alone is a run that is left, with all the minutes that it could take."""
    found = enumerate_site(bench.site, phases, 0.0, workers=1)
    of = items(bench.site, phases)
    alone = sum(item.probability["there"] * item.stands_for for item in of) * MINUTES_A_YEAR
    assert found.left_minutes_a_year > 0.99 * alone


def test_a_site_whose_row_does_not_run_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "dark.yaml"
    file.write_text(
        "site: dark\npower:\n  utility: {kind: utility}\n"
        "  q: {kind: breaker, from: utility, rated_a: 100, closed: false}\n"
        "racks: {row: {kind: rack_row, from: {a: q}, phase: 0, racks: 1, rack_kw: 5}}\n"
    )
    with pytest.raises(TreeError, match="row has no supply at full IT load"):
        at_full_load(Site.load(file))
