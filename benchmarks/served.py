"""`twinfeed up` as a benchmark needs it: it also writes its memory, descriptors, tasks and timers to a file.

    python -m benchmarks.served FILE up SITE --json …

Every `EVERY_S` one line of JSON is added to FILE. All else is the program that users start.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import twinfeed.harness.cli.site.up
from twinfeed.emulators.serving import LiveSite
from twinfeed.harness.cli.app import main

EVERY_S = 10.0


def figures() -> dict[str, Any]:
    """Resident memory in kB (proc(5) VmRSS), open descriptors, asyncio tasks, timers of the loop, processor s."""
    status = Path("/proc/self/status").read_text().splitlines()
    rss = next(line for line in status if line.startswith("VmRSS"))
    loop: Any = asyncio.get_running_loop()
    return {
        "at_s": time.time(),
        "rss_kb": int(rss.split()[1]),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "tasks": len(asyncio.all_tasks()),
        "timers": len(getattr(loop, "_scheduled", ())),
        "processor_s": time.process_time(),
    }


class Reporting(LiveSite):
    """A live site that reports on its process."""

    async def start(self, progress: Callable[[str], None] = lambda name: None) -> None:
        await super().start(progress)
        self._reporter = asyncio.create_task(self._report(), name="figures")

    async def stop(self) -> None:
        self._reporter.cancel()
        await super().stop()

    async def _report(self) -> None:
        while True:
            with REPORT.open("a") as report:
                report.write(json.dumps({**figures(), "lag_s": self.lag_s, "now_s": self.site.now}) + "\n")
            await asyncio.sleep(EVERY_S)


REPORT = Path(sys.argv[1])

if __name__ == "__main__":
    del sys.argv[1]
    twinfeed.harness.cli.site.up.LiveSite = Reporting  # type: ignore[misc]  # the command is measured as it is
    main()
