"""`twinfeed rig key` and `twinfeed rig pin`: what they print is what other commands and rig files take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.docs.promises import kept_by
from twinfeed.harness.record import keys
from twinfeed.hil_rigs.cli import app
from twinfeed.hil_rigs.persons import pins


@pytest.fixture(autouse=True)
def _benches_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINFEED_BENCHES", str(tmp_path / "benches"))
    monkeypatch.setenv(keys.ENVIRONMENT, str(tmp_path / "key.pem"))


def test_the_key_is_made_once_and_its_public_part_is_exported(tmp_path: Path) -> None:
    export = tmp_path / "bench-7.pem"
    first = CliRunner().invoke(app, ["key", "--json", "--export", str(export)])
    again = CliRunner().invoke(app, ["key", "--json"])
    assert (first.exit_code, again.exit_code) == (0, 0)
    public = json.loads(first.stdout)["public"]
    assert json.loads(again.stdout)["public"] == public
    assert keys.public_of(export) == public
    assert "PRIVATE" not in export.read_text() + first.stdout


def test_a_key_file_that_holds_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("nothing")
    result = CliRunner().invoke(app, ["key"])
    assert result.exit_code == 2
    assert "key.pem: cannot be read as a private key" in result.output


def test_the_pin_is_not_shown_and_its_hash_fits() -> None:
    result = CliRunner().invoke(app, ["pin"], input="4711\n4711\n")
    assert result.exit_code == 0
    kept = result.stdout.split()[-1]
    assert "4711" not in result.stdout.replace(kept, "")
    assert pins.fits("4711", kept)
    of_a_program = CliRunner().invoke(app, ["pin", "--json"], input="4711\n4711\n")
    assert pins.fits("4711", kept_by("rig pin", of_a_program.stdout)["hash"])


def test_a_short_pin_is_refused() -> None:
    result = CliRunner().invoke(app, ["pin"], input="47\n47\n")
    assert (result.exit_code, "4 characters or more" in result.output) == (2, True)
