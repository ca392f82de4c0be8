"""`twinfeed study`."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from twinfeed.harness.cli.app import app


def test_study_prints_currents_and_pairs_and_answers_no_when_something_is_wrong() -> None:
    done = CliRunner().invoke(app, ["study", "pilot"])
    assert done.exit_code == 1
    assert "kA from the grid" in done.stdout
    assert "q-tx-a" in done.stdout


def test_study_as_json() -> None:
    done = CliRunner().invoke(app, ["study", "pilot", "--json"])
    found = json.loads(done.stdout)
    assert found["site"] == "pilot"
    boards = {bus["name"]: bus for bus in found["buses"]}
    low, high = boards["board-a"]["grid_ka"]
    assert 9.0 < low < high < 11.0
    assert {branch["name"] for branch in found["branches"]} >= {"q-tx-a", "q-ups-a"}


def test_a_file_that_is_wrong_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["study", "no-such-site"]).exit_code == 2
