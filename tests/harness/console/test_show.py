"""`twinfeed show` plays a recorded run back in the browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from twinfeed.harness.cli.app import app
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.journal import Journal


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "quiet.scenario.yaml"
    Scenario("bench", duration_s=1.0).save(path)
    return path


def show(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["show", *map(str, arguments)])
    return done.exit_code, done.stdout, " ".join(done.stderr.split())


def test_a_scenario_is_run_and_the_link_is_printed(file: Path) -> None:
    code, out, _ = show(file.parent, "--json", "--stop-after", "0s")
    answer = json.loads(out)
    assert code == 0 and answer["ready"] == str(file)
    assert answer["console"].startswith("http://127.0.0.1:") and "#token=" in answer["console"]


def test_a_journal_is_shown_on_its_site(tmp_path: Path) -> None:
    Journal().write(tmp_path / "journal.jsonl")
    code, _, err = show(tmp_path)
    assert code == 2 and "add --site" in err
    code, out, _ = show(tmp_path, "--site", "bench", "--stop-after", "0s")
    assert code == 0 and out.startswith("Play it back: http://127.0.0.1:")


def test_a_wrong_use_is_refused_with_the_next_step(file: Path) -> None:
    code, _, err = show(file, "--site", "bench")
    assert code == 2 and "a scenario names its site itself" in err.replace("│ ", "")
    file.write_text("site: nowhere\n", encoding="utf-8")
    code, _, err = show(file)
    assert code == 2 and "nowhere" in err
