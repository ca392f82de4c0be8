"""README.md: each of its commands runs with an installed wheel, or is run elsewhere on a site that stays up."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from wheels import Run, without_the_runner_s
from workers import supervising

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)

(TEST,) = [text for language, text in BLOCKS if language == "python"]

COMMANDS = [
    shlex.split(line, comments=True)
    for language, text in BLOCKS
    if language != "python"
    for line in text.splitlines()
    if line.strip()
]

CHECKOUT = {"make"}
"""Programs whose commands need a checkout: CI runs them."""

STAYING = {"up", "fault", "read", "clear"}
"""Commands on a site that stays up: tests/harness/cli runs them."""


def test_the_test_it_shows_passes(tmp_path: Path, run: Run) -> None:
    assert ["pytest"] in COMMANDS
    (tmp_path / "test_failover.py").write_text(TEST)
    done = run("pytest", "-q", timeout_s=300.0)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_a_suite_is_started_as_it_says(tmp_path: Path, run: Run) -> None:
    assert ["twinfeed", "new-suite", "failover"] in COMMANDS
    assert run("twinfeed", "new-suite", "failover").returncode == 0
    assert (tmp_path / "failover" / "test_failover.py").exists()


def test_the_search_finds_the_site_and_the_controller(run: Run) -> None:
    (command,) = [words for words in COMMANDS if words[:2] == ["twinfeed", "search"]]
    done = run(*command, "--examples", "1", timeout_s=300.0)
    assert done.returncode in (0, 1), done.stdout + done.stderr


def test_the_same_test_passes_on_real_sockets(tmp_path: Path, run: Run) -> None:
    """Of the half hour the 40 s in which the load moves: 8 s of the clock at the speed it names."""
    (command,) = [words for words in COMMANDS if words[0] == "pytest" and "live" in words]
    assert "30 min" in TEST
    (tmp_path / "test_failover.py").write_text(TEST.replace("30 min", "40 s"))
    done = run(*command, "-q", timeout_s=300.0)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_a_bench_is_checked_armed_tested_reported_and_verified(
    tmp_path: Path, run: Run, practice: str, environment: Path
) -> None:
    """The bench is practised on: emulators of its wiring answer in its place, with the first test that was written. Arming
    asks the three items of the checklist, then for the arming itself."""
    of_the_bench = [words for words in COMMANDS if "ups-bench" in words or words[1:2] in (["report"], ["verify"])]
    assert [words[1] for words in of_the_bench] == ["rig", "rig", "--rig", "report", "verify"]
    for words in of_the_bench:
        typed = [practice if word == "ups-bench" else word for word in words]
        if words[0] == "pytest":
            typed += ["-q", str(Path(practice).parent)]
        done = run(*typed, answer="y\n" * 4, timeout_s=180.0)
        assert done.returncode == 0, (typed, done.stdout + done.stderr)
        if words[0] == "pytest":
            assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert (tmp_path / "out" / "report.pdf").read_bytes().startswith(b"%PDF")
    disarmed = run("twinfeed", "rig", "disarm", practice, "--as", "Awa Traoré")
    assert disarmed.returncode == 0, disarmed.stdout + disarmed.stderr


@pytest.fixture
def practice(tmp_path: Path, environment: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The rig file of a practice bench while it is served. What benches keep on the disk is kept in a folder of the test."""
    monkeypatch.setenv("TWINFEED_LOCKS", str(tmp_path))
    monkeypatch.setenv("TWINFEED_BENCHES", str(tmp_path / "benches"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    variables = without_the_runner_s(environment) | {"PYTHONUNBUFFERED": "1"}
    command = [str(environment / "bin" / "twinfeed"), "rig", "practise", "ups-bench"]
    with subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        printed = ""
        while "Ctrl-C ends the practice" not in printed:
            line = served.stdout.readline()
            assert line, printed
            printed += line
        (file,) = set(re.findall(r"\S+/ups-bench\.yaml", printed))
        yield file
        served.send_signal(signal.SIGINT)
        served.stdout.read()
    supervising.end(tmp_path / file)


@pytest.mark.parametrize("words", [w for w in COMMANDS if w[0] == "twinfeed"], ids=" ".join)
def test_each_command_of_twinfeed_is_one(words: list[str], run: Run) -> None:
    done = run(*words[: 3 if words[1] == "rig" else 2], "--help")
    assert done.returncode == 0, done.stdout + done.stderr
    for option in (word for word in words if word.startswith("--")):
        assert option in done.stdout


def test_every_command_is_one_of_these() -> None:
    for words in COMMANDS:
        assert words[0] in {"pytest", "twinfeed", "snmpwalk"} | CHECKOUT, words
