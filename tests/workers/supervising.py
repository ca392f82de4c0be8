"""The supervisor and the guard of a bench, found among the processes of the system, which outlive the test run."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

MODULE = b"twinfeed.hil_rigs.supervisor"


def processes(file: Path, worker: bool) -> list[int]:
    """Process ids of the supervisors (`worker`) or the guards of the bench with that rig file."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if MODULE in words and str(file).encode() in words and (b"--worker" in words) is worker:
                found.append(int(entry.name))
    return found


def end(file: Path) -> None:
    """End the guard and the supervisor of that bench, in this order: a guard begins a supervisor that has ended again.

    One that has begun another meanwhile is met again.
    """
    while found := [*processes(file, worker=False), *processes(file, worker=True)]:
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)
