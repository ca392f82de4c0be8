"""A folder of one's own with the starter site in it, and the command line beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from starter import BROKEN, SITE, SOUND
from typer.testing import CliRunner

from twinfeed.harness.cli import app
from twinfeed.harness.cli.output import console, errors

Cli = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: the starter site, a scenario that breaks its property and one that does not."""
    monkeypatch.chdir(tmp_path)
    Path("site.yaml").write_text(Path(SITE).read_text())
    for name, scenario in (("broken", BROKEN), ("sound", SOUND)):
        scenario.save(f"{name}.scenario.yaml")
    return tmp_path


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs a command in this process."""
    for screen in (console, errors):
        monkeypatch.setattr(screen, "width", 200)
    return lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))
