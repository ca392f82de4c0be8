"""`twinfeed new-suite` writes a folder that runs at once, or names what has to be filled in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from twinfeed.emulators import sitefile
from twinfeed.harness import suite
from twinfeed.harness.cli import app

ROOT = Path(__file__).parents[3]


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`pytest` as a newcomer runs it: in the folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_the_starter_folder_passes_without_a_warning(tmp_path: Path) -> None:
    suite.write(tmp_path)
    run = pytest_in(tmp_path)
    assert "2 passed" in run.stdout, run.stdout
    assert "warning" not in run.stdout.lower()


def test_it_passes_from_another_folder_too(tmp_path: Path) -> None:
    suite.write(tmp_path / "failover")
    run = pytest_in(tmp_path, "failover", "-k", "returns")
    assert "1 passed" in run.stdout, run.stdout


def test_it_passes_over_real_sockets(tmp_path: Path) -> None:
    suite.write(tmp_path)
    run = pytest_in(tmp_path, "--world", "live", "--speed", "20", "-k", "returns")
    assert "1 passed" in run.stdout, run.stdout


def test_the_controller_knows_nothing_of_twinfeed() -> None:
    text = (ROOT / "harness/suite/files/controller.py").read_text(encoding="utf-8")
    modules = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert modules == {"asyncio", "struct", "pymodbus"}


def test_a_folder_for_a_shipped_site_runs_and_says_what_to_fill_in(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["new-suite", str(tmp_path / "mine"), "--site", "bench"])
    assert result.exit_code == 0
    assert "controller.py does nothing yet: fill in main()" in " ".join(result.stdout.split())
    assert not (tmp_path / "mine" / "site.yaml").exists()
    assert "2 passed" in pytest_in(tmp_path / "mine").stdout


def test_a_folder_for_a_site_that_needs_its_controller_fails_until_there_is_one(tmp_path: Path) -> None:
    suite.write(tmp_path, "pilot")
    run = pytest_in(tmp_path)
    assert "1 failed, 1 passed" in run.stdout, run.stdout
    assert "expected racks.*.supplied" in run.stdout


def test_a_folder_for_a_site_file_of_ones_own_names_its_devices(tmp_path: Path) -> None:
    site = tmp_path / "my-site.yaml"
    site.write_text(sitefile.find("bench").read_text())
    suite.write(tmp_path / "mine", str(site))
    assert "ups-rfc1628 (SNMP)" in (tmp_path / "mine" / "controller.py").read_text()
    assert "1 passed" in pytest_in(tmp_path / "mine", "-k", "nothing").stdout


@pytest.mark.parametrize("name", suite.STARTER)
def test_nothing_is_written_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    result = CliRunner().invoke(app, ["new-suite", str(tmp_path)])
    assert result.exit_code == 2
    assert "is there already" in " ".join(result.stderr.split())
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_wrong_site_writes_nothing(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["new-suite", str(tmp_path / "mine"), "--site", "pilt"])
    assert result.exit_code == 2
    assert "did you mean pilot" in " ".join(result.stderr.split())
    assert not (tmp_path / "mine").exists()
