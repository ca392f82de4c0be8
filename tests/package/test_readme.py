"""README.md: each of its commands runs with an installed wheel, or is one that needs what a test does not have."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from wheels import Run

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


@pytest.mark.parametrize("words", [w for w in COMMANDS if w[0] == "pytest" and len(w) > 1], ids=" ".join)
def test_the_options_of_pytest_are_taken(words: list[str], tmp_path: Path, run: Run) -> None:
    """Running these needs a bench, or the hours that a live site takes; what they mean is checked before anything."""
    (tmp_path / "test_failover.py").write_text(TEST)
    done = run(*words, "--collect-only", "-q")
    assert "1 test collected" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("words", [w for w in COMMANDS if w[0] == "twinfeed"], ids=" ".join)
def test_each_command_of_twinfeed_is_one(words: list[str], run: Run) -> None:
    done = run(*words[: 3 if words[1] == "rig" else 2], "--help")
    assert done.returncode == 0, done.stdout + done.stderr
    for option in (word for word in words if word.startswith("--")):
        assert option in done.stdout


def test_every_command_is_one_of_these() -> None:
    for words in COMMANDS:
        assert words[0] in {"pytest", "twinfeed", "snmpwalk"} | CHECKOUT, words
