"""Try one mutant: its module in a copy of the tree, and the tests that execute its line."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from mutants.contexts import Contexts
from mutants.sampling import Mutant

COPIED = ("emulators", "harness", "hil_rigs", "fixtures", "src", "tests", "docs", "pyproject.toml", "README.md")

LEAST_S = 60.0
"""Time limit of the tests of a mutant, s, or …"""

TIMES = 10.0
"""… so many times what they took when they were recorded: the machine may do other work."""


@dataclass(frozen=True)
class Outcome:
    """The fate of a mutant."""

    mutant: Mutant
    word: str
    """killed, survived, hung, never run (no test executes its module), or not judged (a test fails without it too)."""
    by: str = ""
    """The test that has killed it, that hung, or that fails without it too."""


NAMED = re.compile(r"(\S+\.py::.*?) *(?:\b(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b.*)?$")
"""A line of the output that names a test, with its result once it has one."""

PASSING: set[str] = set()
"""Tests that have killed a mutant, and pass without it."""


def tree(at: Path, root: Path) -> Path:
    """A fresh copy of the tree, in which mutants are tried."""
    shutil.rmtree(at, ignore_errors=True)
    at.mkdir(parents=True)
    for name in COPIED:
        if (root / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(root / name, at / name, symlinks=True, ignore=ignored)
        elif (root / name).exists():
            shutil.copy(root / name, at / name)
    return at


def attempt(mutant: Mutant, at: Path, contexts: Contexts, most_s: float) -> Outcome:
    """Run the tests that execute the mutant's line, the quickest first, until one fails.

    `most_s` bounds the time that the chosen tests took when they were recorded, s: of many, the quickest are run.
    """
    there = [file for file in contexts.executing(mutant.module, mutant.line) if (at / file).exists()]
    files = _within(contexts, there, most_s)
    if not files:
        return Outcome(mutant, "never run")
    original = (at / mutant.module).read_text()
    mutated = mutant.code(at)
    limit_s = max(LEAST_S, TIMES * sum(contexts.seconds[file] for file in files))
    (at / mutant.module).write_text(mutated)
    try:
        outcome = _judge(mutant, *run(files, at, limit_s))
    finally:
        (at / mutant.module).write_text(original)
    if outcome.word == "killed" and outcome.by not in PASSING:
        code, _ = run([outcome.by if "::" in outcome.by else files[0]], at, limit_s)
        if code in (1, None):
            return Outcome(mutant, "not judged", outcome.by)
        PASSING.add(outcome.by)
    return outcome


def _within(contexts: Contexts, files: list[str], most_s: float) -> list[str]:
    chosen, total = [], 0.0
    for file in files:
        total += contexts.seconds[file]
        if chosen and total > most_s:
            break
        chosen.append(file)
    return chosen


def run(files: list[str], at: Path, limit_s: float) -> tuple[int | None, str]:
    """Run test files in that tree until one fails: exit code (None if the time was up), and the output.

    What the tests have started ends with them.
    """
    path = os.pathsep.join((str(at / "src"), str(at / "tests")))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-P", "-m", "pytest", "-x", "-v", "--no-header", "--tb=line", "-p", "no:randomly",
               "-p", "no:cacheprovider", "-o", f"timeout={limit_s:.0f}", *files]  # fmt: skip
    with subprocess.Popen(
        command,
        cwd=at,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as tests:
        try:
            output, _ = tests.communicate(timeout=limit_s)
            return tests.returncode, output
        except subprocess.TimeoutExpired:
            os.killpg(tests.pid, signal.SIGKILL)
            output, _ = tests.communicate()
            return None, output


def _judge(mutant: Mutant, code: int | None, output: str) -> Outcome:
    named = [(found[1], found[2]) for line in output.splitlines() if (found := NAMED.match(line))]
    last = named[-1][0] if named else ""
    if code is None:
        return Outcome(mutant, "hung", last)
    if code == 0:
        return Outcome(mutant, "survived")
    failed = [test for test, word in named if word in ("FAILED", "ERROR")]
    return Outcome(mutant, "killed", failed[0] if failed else "at import")
