"""End what a test run leaves behind, however it ends: its end of a pipe closes even after `kill -9`.

Every program that a run starts, and every program that those start, has the run's mark in its environment, in whatever
session it is and whoever its parent has become. `python leftovers.py MARK` waits until its standard input ends and then
kills the programs with that mark.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "TWINFEED_TEST_RUN"

PATIENCE_S = 5.0
"""The time for which programs that are just starting others are followed, s."""


def watch() -> subprocess.Popen[bytes]:
    """Mark what is started from now on, and have it killed when this process is over; hold on to the result."""
    mark = f"{os.getpid()}-{time.time_ns()}"
    unmarked = dict(os.environ)
    os.environ[VARIABLE] = mark
    return subprocess.Popen(
        [sys.executable, "-S", "-E", __file__, mark], stdin=subprocess.PIPE, env=unmarked, start_new_session=True
    )


def marked(mark: str) -> Iterator[tuple[int, str]]:
    """The process ids and command lines of this user's programs that have that mark."""
    wanted = f"{VARIABLE}={mark}"
    if Path("/proc/self/environ").exists():
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if wanted.encode() in (place / "environ").read_bytes().split(b"\0"):
                    words = (place / "cmdline").read_bytes().decode(errors="replace").split("\0")
                    if words != [""]:  # a zombie has none
                        yield int(place.name), " ".join(words)
            except OSError:  # it is another user's, or has ended
                continue
    else:  # macOS: the environment stands behind the command
        listed = subprocess.run(["ps", "-axEww", "-o", "pid=,command="], capture_output=True, text=True, check=True)
        for line in listed.stdout.splitlines():
            if wanted in line.split():
                yield int(line.split()[0]), line


def end(mark: str) -> None:
    """Kill them all; one that starts another meanwhile is met again."""
    deadline = time.monotonic() + PATIENCE_S
    while (left := list(marked(mark))) and time.monotonic() < deadline:
        for process, line in left:
            with contextlib.suppress(OSError):  # it has ended meanwhile
                os.kill(process, signal.SIGKILL)
            with contextlib.suppress(OSError):  # the reader of these lines was killed too
                os.write(2, f"ended what a test left running: {process} {line[:200]}\n".encode())
        time.sleep(0.1)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    end(sys.argv[1])
