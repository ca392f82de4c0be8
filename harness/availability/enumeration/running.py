"""Runs on every core, with a budget of wall time; the outcome of a run does not depend on the core or on its order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

from twinfeed.emulators.site import Site
from twinfeed.harness.availability.enumeration.courses import Bench, Course, Job
from twinfeed.harness.availability.enumeration.store import Store

_BENCH: list[Bench] = []
"""The bench of this worker."""


def _begin(path: list[str], site: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the leading process
    sys.path[:] = path
    threading.Thread(target=_end_with_parent, name="end with the leading process", daemon=True).start()
    _BENCH[:] = [Bench(Site.load(site, beyond_loopback=True))]


def _end_with_parent() -> None:
    """A worker would go on when the leading process is killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(job: Job) -> tuple[Course, float]:
    return _BENCH[0].run(job)


def run(site: Site, jobs: Sequence[Job], store: Store, until_s: float, workers: int | None = None) -> None:
    """Run those jobs that are not in the store, in their order, as far as the time goes.

    `until_s` is an instant of `time.monotonic`; jobs that have begun are waited for. One worker is this process itself.
    """
    open_jobs = iter([job for job in jobs if job.key not in store.courses])
    count = workers or os.cpu_count() or 1
    if count == 1:
        bench: Bench | None = None
        for job in open_jobs:
            if time.monotonic() >= until_s:
                break
            bench = bench or Bench(Site.load(site.file.path, beyond_loopback=True))
            store.add(job, *bench.run(job))
        return
    context = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")
    running: dict[Future[tuple[Course, float]], Job] = {}
    with ProcessPoolExecutor(count, context, _begin, (list(sys.path), site.file.path)) as pool:
        more = True
        while more or running:
            while more and len(running) < 2 * count:
                next_job = next(open_jobs, None) if time.monotonic() < until_s else None
                if next_job is None:
                    more = False
                else:
                    running[pool.submit(_run, next_job)] = next_job
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                store.add(running.pop(future), *future.result())
