"""A site of its own name and addresses, run by `twinfeed up` as its user would run it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import Result
from terminal import Up, running_up
from typer.testing import CliRunner

from twinfeed.emulators import sitefile
from twinfeed.harness.cli import app
from twinfeed.harness.cli.output import console

Cli = Callable[..., Result]


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this run's control sockets, so that sites of the machine's user are not seen."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="session")
def site_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped bench under another name, on addresses nobody uses."""
    return bench_called("workbench", tmp_path_factory.mktemp("site"))


def bench_called(name: str, folder: Path) -> Path:
    text = sitefile.find("bench").read_text()
    path = folder / f"{name}.yaml"
    path.write_text(text.replace("site: bench", f"site: {name}").replace("127.30.0.", f"{_free_network()}."))
    return path


def _free_network() -> str:
    start = os.getpid() % 250
    for n in (*range(start, 250), *range(start)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((f"127.29.{n}.11", 1161))
            except OSError:
                continue
            return f"127.29.{n}"
    raise AssertionError("250 sites are running on this machine")


@pytest.fixture(scope="session")
def up(site_file: Path, runtime: Path) -> Iterator[Up]:
    """The site, running in a process of its own."""
    with running_up(runtime, site_file) as process:
        yield process


@pytest.fixture
def start(runtime: Path) -> Iterator[Callable[..., Up]]:
    """Starts further sites, which end with the test."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(running_up(runtime, *arguments))


@pytest.fixture
def cli(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs a command in this process; sees the sites of this run."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    # The console took its width from the environment when it was made, which may have been any test ago.
    monkeypatch.setattr(console, "width", 200)
    return lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))
