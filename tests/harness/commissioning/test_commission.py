"""`twinfeed commission`: the integrated systems test of the server room of the starter suite."""

from __future__ import annotations

import ast
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from twinfeed._phrases import Phrase
from twinfeed.emulators.site import Site
from twinfeed.harness.cli.app import app
from twinfeed.harness.commissioning import writing
from twinfeed.harness.commissioning.cases import CHAPTERS, Act, Case, NotMade, Proof, Wait, _failure, cases
from twinfeed.harness.maintenance.withdrawal import NO_THING


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site file of the server room."""
    path = tmp_path_factory.mktemp("room") / "site.yaml"
    path.write_text(files("twinfeed.harness.suite").joinpath("files", "site.yaml").read_text("utf-8"), "utf-8")
    return path


@pytest.fixture(scope="module")
def found(room: Path) -> list[Case | NotMade]:
    site = Site.load(room)
    site.advance(60.0)
    return list(cases(site, 3600.0))


def of(found: list[Case | NotMade], id: str) -> Case:
    return next(case for case in found if isinstance(case, Case) and case.id == id)


def test_every_chapter_has_cases_and_every_reason_is_given(found: list[Case | NotMade]) -> None:
    assert {each.chapter for each in found} == set(CHAPTERS)
    assert all(each.reason for each in found if isinstance(each, NotMade))
    ids = [each.id for each in found if isinstance(each, Case)]
    assert len(ids) == len(set(ids))


def test_a_breaker_is_tripped_reset_and_closed_and_its_alarms_are_known(found: list[Case | NotMade]) -> None:
    case = of(found, "failure-q-mains-a")
    assert [line.deed for line in case.lines if isinstance(line, Act)] == ["trip", "reset", "close"]
    assert any(alarm.startswith("ats-a.alarm.") for alarm in case.alarms)
    assert case.after == "q-mains-a.closed falls"


def test_a_failure_is_proven_before_it_is_undone(found: list[Case | NotMade]) -> None:
    case = of(found, "failure-q-mains-a")
    lines = [line for line in case.lines if not isinstance(line, Wait)]
    assert lines[:2] == [Act("q-mains-a", "trip"), Proof("q-mains-a.closed", False)]
    assert lines[-1] == Proof("q-mains-a.closed", True)


def test_every_component_has_a_case_of_failure_or_a_reason(room: Path, found: list[Case | NotMade]) -> None:
    named = {each.target for each in found if each.chapter == "failure"}
    site = Site.load(room)
    assert named == {name for name, component in site.components.items() if component.kind not in NO_THING}


def test_a_deed_that_a_controller_undoes_is_no_failure() -> None:
    """The controller of Bamako's chilled water starts a pump again that was stopped at its starter."""
    site = Site.load("bamako")
    site.advance(600.0)
    made = _failure(site, "pump-1")
    assert isinstance(made, NotMade)
    assert made.reason == "after switch-off it is started again by itself"


def test_two_cases_never_share_a_test() -> None:
    ids = ["failure-q-a", "failure-q_a", "failure-q-_a", "failure-q_-a", "failure-q--a", "failure-q__a"]
    assert len({writing.test_of(Case(id, "failure", "", Phrase("x"), ())) for id in ids}) == len(ids)


def test_the_worst_outcome_of_a_test_counts(tmp_path: Path) -> None:
    (tmp_path / "results.xml").write_text(
        '<testsuite><testcase name="a"><failure/></testcase><testcase name="a"/></testsuite>'
    )
    assert writing.outcomes(tmp_path) == {"a": "failed"}


def test_an_outcome_of_a_test_that_has_changed_since_is_not_taken_over(room: Path, tmp_path: Path) -> None:
    (tmp_path / "results.xml").write_text('<testsuite><testcase name="test_endurance"/></testsuite>')
    outcomes = []
    for endurance in ("1 h", "1 h", "2 h"):
        arguments = ["commission", str(room), "--out", str(tmp_path), "--alike", "--endurance", endurance, "--json"]
        ran = CliRunner().invoke(app, arguments)
        outcomes.append(json.loads(ran.stdout)["outcomes"]["endurance"])
    assert outcomes == ["passed", "passed", "not run"]


def test_a_file_of_somebody_else_is_not_written_over(room: Path, tmp_path: Path) -> None:
    own = tmp_path / "test_failure.py"
    own.write_text("def test_of_mine() -> None: ...\n")
    arguments = ["commission", str(room), "--out", str(tmp_path), "--alike", "--endurance", "1 h", "--lang", "en"]
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 2
    assert "was not made by this command" in " ".join(ran.output.split())
    assert own.read_text() == "def test_of_mine() -> None: ...\n"
    assert list(tmp_path.iterdir()) == [own]


def test_an_isolation_is_proven_before_the_work(found: list[Case | NotMade]) -> None:
    case = of(found, "isolation-q-mains-a")
    assert [line.deed for line in case.lines if isinstance(line, Act)] == ["open", "lock", "unlock", "close"]
    assert Proof("q-mains-a.locked", True) in case.lines


def test_the_whole_site_is_dead_before_a_black_start(found: list[Case | NotMade]) -> None:
    case = of(found, "black-start")
    assert not case.keeps
    proofs = [(line.quantity, line.value) for line in case.lines if isinstance(line, Proof)]
    assert proofs == [("row-1.supplied", False), ("row-1.supplied", True)]


def test_the_command_writes_tests_traceability_and_binders_with_the_outcomes(room: Path, tmp_path: Path) -> None:
    (tmp_path / "results.xml").write_text(
        '<testsuites><testsuite><testcase name="test_failure_q_mains_a"/>'
        '<testcase name="test_load_steps"><failure/></testcase></testsuite></testsuites>'
    )
    arguments = ["commission", str(room), "--out", str(tmp_path), "--alike", "--endurance", "1 h", "--lang", "en"]
    ran = CliRunner().invoke(app, [*arguments, "--json"])
    assert ran.exit_code == 0, ran.output
    document = json.loads(ran.stdout)
    assert document["outcomes"]["failure-q-mains-a"] == "passed"
    assert document["outcomes"]["load-steps"] == "failed"
    for path in tmp_path.glob("test_*.py"):
        ast.parse(path.read_text("utf-8"))
    tests = {name for path in tmp_path.glob("test_*.py") for name in re.findall(r"async def (\w+)", path.read_text())}
    traced = YAML(typ="safe").load((tmp_path / "traceability.yaml").read_text("utf-8"))
    assert {entry["test"].partition("::")[2] for entry in traced.values()} == tests
    assert traced["load-steps"]["outcome"] == "failed"
    page = (tmp_path / "binder.fr.html").read_text("utf-8")
    assert "Essai intégré des systèmes" in page
    assert "réussi sur le jumeau" in page
    assert CliRunner().invoke(app, ["commission", "nowhere", "--out", str(tmp_path)]).exit_code == 2
