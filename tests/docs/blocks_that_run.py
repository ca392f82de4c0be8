"""The blocks of code of the manual that run. tests/package runs this file with an installed wheel, once and in one process;
for a page that you are writing, `pytest tests/docs/blocks_that_run.py` runs it with the checkout.
"""

from __future__ import annotations

import ast
import asyncio
import hashlib
import inspect
import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import twinfeed
from tests.docs.blocks import COMMANDS, ROOT, Block, blocks, words
from twinfeed.harness import suite
from twinfeed.harness.cli.app import app
from twinfeed.harness.faults.deeds import Command
from twinfeed.harness.record import Record
from twinfeed.harness.worlds.world import World

BLOCKS = list(blocks())
PARSER: Any = typer.main.get_command(app)


def of_kind(*kinds: str) -> list[Block]:
    return [block for block in BLOCKS if block.kind in kinds]


def place(block: Block) -> str:
    return block.place.removeprefix("docs/")


def test_twinfeed_is_the_one_that_is_installed() -> None:
    folder = os.environ.get("TWINFEED_INSTALLED_IN", "/")
    assert Path(twinfeed.__file__).resolve().is_relative_to(folder)


def taken(command: str, folder: Path) -> None:
    """Run one command line: `twinfeed` in this process, everything else in a shell."""
    (given, *more) = words(command)
    if given[0] == "twinfeed" and not more and ">" not in command:
        ran = CliRunner().invoke(app, given[1:])
        assert ran.exit_code == 0, f"{command}\n{ran.output}"
        return
    program = f"{sys.executable} -m pytest -q -p no:randomly -p no:cacheprovider"
    line = command.replace("pytest", program, 1) if given[0] == "pytest" else command
    done = subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


OFFLINE = sorted({block.page for block in of_kind("run") if block.language in COMMANDS})


@pytest.mark.parametrize("page", OFFLINE)
def test_the_commands_of_a_page_succeed_one_after_the_other(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(Path(inspect.getfile(suite)).parent / "files" / "site.yaml", "my-site.yaml")
    Path("old.py").write_text("from harness import journal\n")
    for block in (block for block in BLOCKS if block.page == page):
        if block.kind == "file":
            Path(block.argument).write_text(block.text, encoding="utf-8")
        elif block.kind == "run":
            for command in block.commands:
                taken(command, tmp_path)


Check = Callable[[dict[str, Any]], None]


def a_line_of_a_record(folder: Path) -> dict[str, Any]:
    """The fields of a line, as an auditor takes them from the file, and the modules that the page names."""
    with Record.open(folder / "record.jsonl") as record:
        record.write("operator", "confirmed", person="Awa Traoré", at=12.5)
    line = json.loads((folder / "record.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    claimed = line.pop("hash")
    line.pop("sig")
    return {"fields": line, "json": json, "hashlib": hashlib, "claimed": claimed}


def the_example_package(folder: Path) -> dict[str, Any]:
    """The names that the excerpts of the guide take from the modules around them."""
    sys.path.insert(0, str(ROOT / "docs" / "examples" / "battery-monitor"))
    from battery_monitor import device, faults  # type: ignore[import-not-found]

    sys.path.pop(0)
    return {**vars(device), **vars(faults), "stick": faults.FAULTS["wire"]["stuck-bit"].answer}


def a_capture(folder: Path) -> dict[str, Any]:
    from twinfeed.harness.faults.capture import Capture

    return {"Capture": lambda name: Capture(folder / name), "request": bytes.fromhex("000100000006010300000001")}


def an_evidence(folder: Path) -> dict[str, Any]:
    from twinfeed.harness import report

    noted: list[Any] = []
    return {**vars(report), "note": noted.append, "note_event": lambda *words, **data: noted.append((words, data))}


GIVEN: dict[str, Callable[[Path], dict[str, Any]]] = {
    "docs/explanation/records.md": a_line_of_a_record,
    "docs/how-to/extend.md": the_example_package,
    "docs/how-to/proxy.md": a_capture,
    "docs/how-to/reports.md": an_evidence,
}
"""Page -> the names that its excerpts take as given."""

PYTHON = [block for block in of_kind("run") if block.language == "python"]


@pytest.mark.parametrize("block", PYTHON, ids=place)
def test_an_excerpt_of_python_runs(block: Block, tmp_path: Path) -> None:
    names = GIVEN.get(block.page, lambda folder: {})(tmp_path)
    exec(compile(block.text, block.place, "exec"), names)


@pytest.mark.parametrize(
    "block",
    [pytest.param(block, marks=pytest.mark.site(block.argument), id=place(block)) for block in of_kind("world")],
)
async def test_the_body_of_a_test_runs(block: Block, site: World) -> None:
    """On the page of deeds somebody has locked the breaker."""
    await site.do("q-tx-a", "open")
    await site.do("q-tx-a", "lock")
    names: dict[str, Any] = {"site": site, "Command": Command}
    await eval(compile(block.text, block.place, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    await site.run("61 s")  # the command of the block is due


def test_an_auditor_who_follows_the_page_gets_the_hash_of_the_line(tmp_path: Path) -> None:
    (block,) = [block for block in PYTHON if block.page == "docs/explanation/records.md"]
    names = a_line_of_a_record(tmp_path)
    before, last = block.text.strip().rsplit("\n", 1)
    exec(before, names)
    assert eval(last, names) == names["claimed"]


# -- on a running site --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("running")


@pytest.fixture(scope="module")
def running(runtime: Path) -> Iterator[Callable[[str], None]]:
    """Start a site, once for all blocks that need it."""
    up: dict[str, subprocess.Popen[str]] = {}

    def start(site: str) -> None:
        if site in up:
            return
        own = Path(__file__).parent / "sites" / f"{site}.yaml"
        line = [sys.executable, "-m", "twinfeed", "up", str(own) if own.exists() else site, "--json"]
        up[site] = subprocess.Popen([*line, "--state", str(runtime)], stdout=subprocess.PIPE, text=True)
        stdout = up[site].stdout
        assert stdout is not None
        assert stdout.readline()

    yield start
    for process in up.values():
        process.terminate()
        process.communicate(timeout=120)


@pytest.mark.parametrize("block", sorted(of_kind("site"), key=lambda b: (b.argument, b.place)), ids=place)
def test_a_block_runs_on_a_running_site(
    block: Block, runtime: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    request.getfixturevalue("running")(block.argument)
    if block.language == "python":
        names: dict[str, Any] = {}
        exec(compile(f"async def main():\n{textwrap.indent(block.text, '    ')}", block.place, "exec"), names)
        asyncio.run(names["main"]())
        return
    for command in block.commands:
        for given in words(command):
            on_it = [*given[1:], "--site", block.argument] if "--site" not in given else given[1:]
            ran = CliRunner().invoke(app, on_it)
            assert ran.exit_code in ((0, 1) if given[1] == "do" else (0,)), f"{command}\n{ran.output}"
