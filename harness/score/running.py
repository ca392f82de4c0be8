"""A run of the user's tests in a process of its own, with or without a mutant."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twinfeed.harness.score.mutants import Mutant

LAST_LINES = 15
"""Lines of pytest's output that are kept of a run that ended early."""

ORDERS = "command"
"""The event of the journal that a device writes when it is sent an order."""

APART_S = 1.0
"""Orders that come earlier or later by less than this, s of the site's clock, are the same: a scan of a controller."""


@dataclass(frozen=True)
class Job:
    """A run of pytest: its arguments, and the tests to keep of what they select (None: all), in this order."""

    arguments: tuple[str, ...]
    files: tuple[str, ...] = ()
    """The files of which the executed lines are wanted; none if there are none."""
    tests: tuple[str, ...] | None = None
    mutant: Mutant | None = None
    timeout_s: float | None = None
    """Longest time of the run, s of this machine's clock."""


@dataclass(frozen=True)
class Watched:
    """The outcome of one test in a run."""

    outcome: str
    """passed, failed or skipped; '' if the run ended before."""
    seconds: float
    lines: frozenset[tuple[str, int]]
    seen: tuple[Mapping[str, Any], ...] = ()
    """Of each world: site, events, held properties, asserted conditions."""

    @property
    def orders(self) -> list[tuple[float, str, str, str]]:
        """The orders that the devices got: time (s), device, point, value."""
        return [
            (float(t), who, data.get("point", ""), data.get("value", ""))
            for world in self.seen
            for t, who, what, data in world["events"]
            if what == ORDERS
        ]


@dataclass(frozen=True)
class Run:
    """The result of a run."""

    exit: int | None
    """The exit code of pytest; None if it had to be killed, or wrote no result."""
    tests: Mapping[str, Watched] = field(default_factory=dict)
    shared: frozenset[tuple[str, int]] = frozenset()
    """Lines that count for all tests: those of imports and of fixtures of several tests."""
    output: str = ""
    """The last lines of pytest's output."""
    timed_out: bool = False
    seconds: float = 0.0
    """s of this machine's clock."""

    @property
    def failed(self) -> list[str]:
        """The names of the tests that failed."""
        return [name for name, test in self.tests.items() if test.outcome == "failed"]


def run(job: Job) -> Run:
    """Run pytest in the current folder. Nothing is written there: evidence, caches and examples go to a folder that is
    removed afterwards.
    """
    with tempfile.TemporaryDirectory(prefix="twinfeed-score-") as name:
        folder, began = Path(name), time.perf_counter()
        result, path = folder / "result.json", folder / "job.json"
        mutant = job.mutant and {"path": str(job.mutant.path), "source": job.mutant.source}
        path.write_text(
            json.dumps(
                {
                    "result": str(result),
                    "mutant": mutant,
                    "files": job.files,
                    "trace": bool(job.files),
                    "tests": job.tests,
                }
            ),
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "pytest", "-p", "twinfeed.harness.score.inside", "-q", "--tb=line"]
        command += ["-o", f"cache_dir={folder / 'cache'}", "--evidence", str(folder / "evidence"), *job.arguments]
        environment = {
            **os.environ, "TWINFEED_SCORE_JOB": str(path), "PYTHONDONTWRITEBYTECODE": "1",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
        }  # fmt: skip
        environment.pop("PYTEST_XDIST_WORKER", None)
        code, output = _until_it_ends(command, environment, job.timeout_s, folder / "output")
        seconds = time.perf_counter() - began
        last = "\n".join(output.splitlines()[-LAST_LINES:])
        if code is None or not result.exists():
            return Run(None, output=last, timed_out=code is None, seconds=seconds)
        found = json.loads(result.read_text(encoding="utf-8"))
        tests = {name: _test(data) for name, data in found["tests"].items()}
        return Run(found["exit"], tests, frozenset(map(tuple, found["shared"])), last, False, seconds)


def _test(data: Mapping[str, Any]) -> Watched:
    lines = frozenset((str(file), int(number)) for file, number in data.get("lines", ()))
    return Watched(data["outcome"], data["seconds"], lines, tuple(data.get("seen", ())))


def _until_it_ends(
    command: Sequence[str], environment: Mapping[str, str], timeout_s: float | None, output: Path
) -> tuple[int | None, str]:
    """The exit code and the output; code None if the time was up, and the process and its children were killed."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, env=dict(environment),
            start_new_session=True,
        )  # fmt: skip
        try:
            code: int | None = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if process.poll() is None:
                _kill(process)
    return code, output.read_text(encoding="utf-8", errors="replace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def same_orders(before: Watched, after: Watched) -> bool:
    """True if each device got the same orders, each at the same time but for `APART_S`."""
    then, now = _by_device(before), _by_device(after)
    return then.keys() == now.keys() and all(
        len(then[device]) == len(now[device])
        and all(a[1:] == b[1:] and abs(a[0] - b[0]) < APART_S for a, b in zip(then[device], now[device], strict=True))
        for device in then
    )


def _by_device(test: Watched) -> dict[str, list[tuple[float, str, str]]]:
    found: dict[str, list[tuple[float, str, str]]] = {}
    for t_s, device, point, value in test.orders:
        found.setdefault(device, []).append((t_s, point, value))
    return found
