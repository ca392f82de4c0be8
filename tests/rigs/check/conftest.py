"""The emulated bench, served beside the test; `checked` runs the command on a rig file that may be wrong about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from checked import Answer, Checked
from rig_bench import PASSWORDS, free_network, rig_file, site_on
from running import Running, running
from typer.testing import CliRunner

from twinfeed.harness.cli.output import console
from twinfeed.hil_rigs.cli import app
from twinfeed.hil_rigs.lock import FOLDER_VARIABLE


@pytest.fixture(scope="session")
def network() -> str:
    return free_network()


@pytest.fixture(scope="session")
def served(network: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(site_on(network, tmp_path_factory.mktemp("site"))) as served:
        served.advance(60.0)  # every card has booted
        yield served


@pytest.fixture
def bench(served: Running) -> Iterator[Running]:
    """The bench without faults; those of the test end with it."""
    yield served
    served.do(served.site.clear)


@pytest.fixture
def rig(bench: Running, network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes the rig file of the bench, with texts of it replaced."""
    for name, password in {**PASSWORDS, "TEST_WRITE": "private"}.items():
        monkeypatch.setenv(name, password)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))  # whoever else tests this bench has another lock
    monkeypatch.setattr(console, "width", 100)
    wiring = "wiring: site.yaml", f"wiring: {bench.site.file.path}"
    return lambda *changes: rig_file(network, tmp_path, wiring, *changes)


@pytest.fixture
def checked(rig: Callable[..., Path]) -> Checked:
    """Checks the bench with a rig file in which texts have been replaced."""

    def run(*changes: tuple[str, str]) -> Answer:
        result = CliRunner().invoke(app, ["check", str(rig(*changes)), "--json", "--lang", "en"])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return Answer(result.stdout, result.exit_code)

    return run
