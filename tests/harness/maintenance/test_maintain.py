"""`twinfeed maintain`: works on the pilot hall and the bench, their risk, plan and sheets."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from twinfeed.emulators.site import Site
from twinfeed.harness.cli.app import app
from twinfeed.harness.maintenance.alike import classes
from twinfeed.harness.maintenance.conditions import GRID, SETS, full_load
from twinfeed.harness.maintenance.plan import CONDITION, NO, YES, Maintenance, maintenance
from twinfeed.harness.maintenance.printing import html
from twinfeed.harness.maintenance.study import USUAL, Conditions, Job, Memory, done, representatives
from twinfeed.harness.maintenance.work import Exposure, Phase, lost, work
from twinfeed.harness.reference.answers import schema_of
from twinfeed.harness.tier3.concurrent_maintainability import IMPOSSIBLE, INTERRUPTED, ISOLATED

CONDITIONS = Conditions("pilot", after_s=30.0, with_failures=False)


@pytest.fixture(scope="module")
def pilot() -> Site:
    site = Site.load("pilot")
    full_load(site)
    return site


def phase(*failures: str, verdict: str = ISOLATED, limit_s: float | None = None, cause: str = "supply") -> Phase:
    exposures = [Exposure([name], "breaker", ["row-1"], cause, 60.0) for name in failures]
    return Phase(verdict, "" if verdict == ISOLATED else "row-1 stops", limit_s=limit_s, exposures=exposures)


def planned(site: Site, phases: dict[tuple[str, str], Phase]) -> dict[str, str]:
    """Component -> verdict, of results that are given."""
    memory = Memory(None, CONDITIONS)
    for (name, carried_by), result in phases.items():
        memory.keep(Job(name, carried_by), result)
    groups = {name: [name] for name, _ in phases}
    plan = maintenance(site, CONDITIONS, memory, groups)
    return {one.component: one.maintainable for one in plan.works}


def test_work_on_a_rows_breaker_leaves_it_one_feed_whose_loss_stops_it(pilot: Site) -> None:
    before = pilot.now, list(pilot.plant.journal)
    found = work(pilot, "q-row-a1", None)
    assert (found.verdict, found.limit_s) == (ISOLATED, None)
    assert [(action.action, action.back) for action in found.actions] == [
        ("open", False), ("lock", False), ("check", False), ("unlock", True), ("close", True),
    ]  # fmt: skip
    assert [(one.load, one.feeds) for one in found.redundancy] == [("row-1", ["pdu-1-b"])]
    assert "pdu-1-a" in found.isolates
    assert (pilot.now, pilot.plant.journal) == before
    assert pilot.components["q-row-a1"].quantity("closed") is True


def test_a_failure_during_the_work_is_listed_if_it_stops_a_row_that_it_does_not_stop_otherwise(pilot: Site) -> None:
    without = {"edge": {"row-1": 1.0, "row-2": 1.0, "row-3": 1.0}, "wan-1": {"row-1": 0.0, "row-2": 0.0, "row-3": 0.0}}
    found = work(pilot, "q-row-a1", without, after_s=5.0)
    by = {failure: exposure for exposure in found.exposures for failure in exposure.failures}
    assert {"q-row-b1", "pdu-1-b", "ups-b"} <= by.keys()
    assert by["q-row-b1"].lost == ["row-1"]
    assert not {"edge", "q-row-b2", "q-row-a2", "board-a"} & by.keys()


def test_the_grid_is_one_failure(pilot: Site) -> None:
    rows, cause = lost(pilot, "grid", 700.0)
    assert set(rows) == {"row-1", "row-2", "row-3"}, "without its controller no set starts"
    assert cause in ("supply", "heat")


def test_a_refused_work_has_the_reason(pilot: Site) -> None:
    assert work(pilot, "chilled-water", None).verdict == IMPOSSIBLE
    with_reason = done(CONDITIONS, Job("chilled-water", GRID), None)
    assert isinstance(with_reason, Phase)
    assert "no second loop" in with_reason.reason


def test_alike_components_are_tried_once_and_paths_are_not_alike(pilot: Site) -> None:
    groups = representatives(pilot)
    assert groups["q-row-a1"] == ["q-row-a1", "q-row-a2", "q-row-a3"]
    assert groups["board-a"] == ["board-a"]
    assert groups["q-ups-a"] == ["q-ups-a"]
    assert classes(pilot, ["q-row-b2", "q-row-b3", "q-row-b1"], {"q-row-b1"}) == [
        ["q-row-b2", "q-row-b3"],
        ["q-row-b1"],
    ]
    assert all(len(group) == 1 for group in representatives(pilot, every=True).values())


def test_a_component_passes_on_the_grid_and_on_the_sets_or_under_a_condition(pilot: Site) -> None:
    assert planned(pilot, {("ups-a", GRID): phase(), ("ups-a", SETS): phase()}) == {"ups-a": YES}
    assert planned(pilot, {("ups-a", GRID): phase(), ("ups-a", SETS): phase(verdict=INTERRUPTED)}) == {
        "ups-a": CONDITION
    }
    assert planned(pilot, {("ups-a", GRID): phase(limit_s=3600.0), ("ups-a", SETS): phase()}) == {"ups-a": CONDITION}
    assert planned(pilot, {("ups-a", GRID): phase(verdict=IMPOSSIBLE), ("ups-a", SETS): phase()}) == {"ups-a": NO}
    assert planned(pilot, {("ups-a", GRID): phase()}) == {"ups-a": CONDITION}, "nothing was tried on the sets"


def test_a_work_comes_after_those_it_is_exposed_to_and_excludes_them(pilot: Site) -> None:
    memory = Memory(None, CONDITIONS)
    results = {"board-a": phase("board-b", cause="heat"), "board-b": phase("ups-a"), "ups-a": phase()}
    for name, result in results.items():
        for carried_by in (GRID, SETS):
            memory.keep(Job(name, carried_by), result)
    groups = {name: [name] for name in results}
    plan = maintenance(pilot, replace(CONDITIONS, with_failures=True), memory, groups)
    assert plan.order == ["ups-a", "board-b", "board-a"]
    assert [(one.work, one.other) for one in plan.conflicts] == [("board-a", "board-b"), ("board-b", "ups-a")]
    assert "around 3 h" in plan.season
    page = html(plan, "fr")
    assert "Maintenabilité sans interruption" in page
    assert "vers 3 h" in page


def test_a_study_goes_on_where_it_was_stopped_and_begins_anew_for_other_conditions(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    memory = Memory(path, CONDITIONS)
    memory.keep(Job("ups-a", GRID), phase("board-b"))
    memory.keep(Job(USUAL, GRID), {"edge": {"row-1": 1.0}})
    path.write_text(path.read_text() + '{"key": "half a li')
    again = Memory(path, CONDITIONS)
    assert again.works == memory.works
    assert again.usual == {GRID: {"edge": {"row-1": 1.0}}}
    assert Job("ups-a", SETS) not in again
    assert Memory(path, Conditions("pilot", after_s=60.0, with_failures=False)).works == {}


def test_the_command_prints_a_procedure_and_writes_the_sheets(tmp_path: Path) -> None:
    arguments = ["maintain", "pilot", "q-row-a1", "--no-failures", "--jobs", "1", "--out", str(tmp_path), "--json"]
    ran = CliRunner().invoke(app, [*arguments, "--lang", "en"])
    assert ran.exit_code == 0, ran.output
    document = json.loads(ran.stdout)
    jsonschema.validate(document, schema_of(Maintenance))
    assert {path.name for path in tmp_path.iterdir()} == {
        "results.jsonl",
        "maintain.json",
        "works.en.html",
        "works.fr.html",
    }
    page = (tmp_path / "works.fr.html").read_text("utf-8")
    assert "Condamner q-row-a1 et y poser votre cadenas" in page
    ran = CliRunner().invoke(app, [*arguments[:-1], "--lang", "fr"])
    assert "Ouvrir q-row-a1" in ran.stdout


@pytest.mark.parametrize(
    "arguments", [["nowhere"], ["pilot", "nobody"], ["pilot", "sensor-1"], ["pilot", "--after", "soon"]]
)
def test_a_wrong_name_is_a_usage_error(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, ["maintain", *arguments, "--estimate"]).exit_code == 2


def test_failures_that_were_not_tried_are_not_called_none(pilot: Site) -> None:
    memory = Memory(None, CONDITIONS)
    for carried_by in (GRID, SETS):
        memory.keep(Job("ups-a", carried_by), phase())
    plan = maintenance(pilot, CONDITIONS, memory, {"ups-a": ["ups-a"]})
    assert not plan.with_failures
    assert plan.season == "single failures during the works were not tried"
    assert re.search(r'<td class="num">-</td>', html(plan, "en"))


def test_a_memory_with_lines_that_are_no_results_is_read_without_them(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    memory = Memory(path, CONDITIONS)
    memory.keep(Job("ups-a", GRID), phase())
    line = json.loads(path.read_text())
    odd = ["3", "[]", "{}", json.dumps({**line, "result": {"verdict": 3}}), json.dumps({"key": line["key"]})]
    path.write_text("\n".join([*odd, json.dumps(line)]) + "\n")
    assert Memory(path, CONDITIONS).works == memory.works
