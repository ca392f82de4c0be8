"""Run a command while other programs keep all processors busy: `python under_load.py pytest -q tests/workers`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

BUSY = 4
"""Busy programs for each processor: the command gets about a fifth of the machine."""

WORK = """
import os
started_by = os.getppid()
while os.getppid() == started_by:  # also when that is killed
    sum(range(100_000))
"""


def main(command: list[str]) -> int:
    busy = [subprocess.Popen([sys.executable, "-c", WORK]) for _ in range(BUSY * (os.cpu_count() or 1))]
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        return subprocess.run(command, check=False).returncode
    finally:
        for program in busy:
            program.kill()
        for program in busy:
            program.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
