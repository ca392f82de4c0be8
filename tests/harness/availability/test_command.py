"""`twinfeed availability` answers as its page shows, and refuses what it cannot read."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from twinfeed.harness.availability.study import Figures
from twinfeed.harness.cli import app
from twinfeed.harness.cli.site.availability import digits

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "fault-trees.md").read_text(encoding="utf-8")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The file of the page."""
    file = tmp_path / "rack.xml"
    file.write_text(re.search(r"```xml\n(.*?)```", PAGE, re.DOTALL)[1])  # type: ignore[index]
    return file


def test_the_answer_is_that_of_the_page(tree: Path) -> None:
    shown = re.search(r"```console\n\$ twinfeed availability rack.xml\n(.*?)…", PAGE, re.DOTALL)
    assert shown
    answer = [line.rstrip() for line in CliRunner().invoke(app, ["availability", str(tree)]).stdout.splitlines()]
    assert answer[: shown[1].count("\n")] == shown[1].splitlines()


def test_json_has_the_figures(tree: Path) -> None:
    found = json.loads(CliRunner().invoke(app, ["availability", str(tree), "--json"]).stdout)
    assert found["unavailability"] == pytest.approx(1.0 - (1.0 - 9e-8) * (1.0 - 8e-6), rel=1e-9)
    assert [cut["failures"] for cut in found["cut_sets"]] == [["board"], ["feed-a", "feed-b"]]


def test_a_file_that_is_not_there_is_a_wrong_file(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["availability", str(tmp_path / "none.xml")])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "No such file" in done.stderr


def test_without_the_extra_the_command_names_it(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "oxidd.bdd", None)
    done = CliRunner().invoke(app, ["availability", str(tree)])
    assert done.exit_code == 2
    assert "pip install 'twinfeed[availability]'" in done.stderr


@pytest.mark.parametrize(
    ("minutes", "low", "high", "shown"),
    [(764.0, 490.0, 9000.0, "760"), (1543.0, 20.0, 9000.0, "2000"), (0.1234, None, None, "0.12")],
)
def test_minutes_have_no_more_digits_than_the_interval_allows(
    minutes: float, low: float | None, high: float | None, shown: str
) -> None:
    assert digits(minutes, Figures("any row stops", minutes, 1.0, None, low, high)) == shown
