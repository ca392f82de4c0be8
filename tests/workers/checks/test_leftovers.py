"""A run that is over, or was killed, leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from external import until
from workers import leftovers

TESTS = Path(__file__).parents[2]

RUN = """
import os, subprocess, sys, time
from workers import leftovers
watching = leftovers.watch()
sleeping = [sys.executable, "-c", "import time; time.sleep(600)"]
# A daemon: its parent has ended, its session is its own.
starting = f"import subprocess; print(subprocess.Popen({sleeping!r}, start_new_session=True).pid, flush=True)"
subprocess.run([sys.executable, "-c", starting])
print(subprocess.Popen(sleeping).pid, flush=True)
"""


@pytest.fixture
def started() -> Iterator[list[int]]:
    """Process ids of what a test starts; whatever is left of it is killed."""
    processes: list[int] = []
    yield processes
    for process in processes:
        if running(process):
            os.kill(process, signal.SIGKILL)


def run(rest: str) -> subprocess.Popen[str]:
    """A run of tests, reduced to what matters here: it starts two programs, then does `rest`."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    return subprocess.Popen(
        [sys.executable, "-c", RUN + rest], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def running(process: int) -> bool:
    """True if it runs; a zombie does not."""
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("signal_sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_what_a_killed_run_started_is_killed(signal_sent: signal.Signals, started: list[int]) -> None:
    with run("time.sleep(600)") as process:
        assert process.stdout is not None
        started += [int(process.stdout.readline()) for _ in range(2)]
        assert all(map(running, started))
        process.send_signal(signal_sent)
    until(lambda: not any(map(running, started)))


def test_what_a_run_left_is_named_when_it_ends(started: list[int]) -> None:
    said, errors = run("watching.communicate()").communicate(timeout=120)
    started += map(int, said.split())
    assert not any(map(running, started))
    for process in started:
        assert f"ended what a test left running: {process} {sys.executable} -c import time" in errors


def test_programs_of_another_run_are_left_alone(started: list[int]) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        _, errors = run("watching.communicate()").communicate(timeout=120)
        assert other.poll() is None
        assert str(other.pid) not in errors
        other.communicate(b"\n")


def test_this_run_is_watched() -> None:
    """Each program that a test starts can be found by the mark of the run."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        marked = dict(leftovers.marked(os.environ[leftovers.VARIABLE]))
        assert process.pid in marked
        process.communicate(b"\n")
