"""Processes that run scenarios: one interface over `concurrent.futures`, which outlives the death of a worker.

A worker that dies (killed, out of memory, a controller that calls `os._exit`) takes the jobs of the others with it, as
the pool of the standard library is made. The jobs are run again, one at a time; the one whose worker dies again is
reported as `WorkerDied`.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any

Job = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function of a module and its arguments; both must pickle."""

_CLIENTS = logging.getLogger("pymodbus")


class WorkerDied(Exception):
    """The process that ran the job ended without an answer, twice."""


class WorkersGone(Exception):
    """No worker can be reached any more. What was remembered is kept; what was running is lost."""


class Inline(Executor):
    """Runs each job in this process, at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **options))
        except Exception as error:
            future.set_exception(error)
        return future


KILLED = "KilledWorker"
"""The class of Dask's exception for a job whose worker has died several times. Dask is no import of this module."""


@dataclass
class Workers:
    """`count` processes; with one, the jobs run in this process. With `given` they run in that executor, which starts
    other processes for those that died, and belongs to the caller."""

    count: int
    given: Executor | None = None
    _executor: Executor | None = None
    _running: dict[Future[Any], Job] = field(default_factory=dict)
    _suspects: list[Job] = field(default_factory=list)
    """Jobs that ran when a worker died: they run alone."""
    _alone: bool = False

    @property
    def free(self) -> bool:
        """True if a worker waits for a job."""
        return not self._suspects and not self._alone and len(self._running) < self.count

    @property
    def busy(self) -> bool:
        """True if a job runs or waits."""
        return bool(self._running or self._suspects)

    def start(self, job: Job) -> None:
        """Hand a job to a worker."""
        if self._executor is None:
            self._executor = self.given or (Inline() if self.count == 1 else self._pool())
        function, arguments = job
        try:
            self._running[self._executor.submit(function, *arguments)] = job
        except BrokenProcessPool:  # a worker died while none of its jobs was waited for
            self._renew()
            self._suspects.append(job)

    def finished(self, timeout_s: float) -> list[tuple[Job, Any]]:
        """The jobs that have ended, each with its result or with the exception that it raised.

        Waits at most `timeout_s` for the first of them.
        """
        if self._suspects and not self._running:
            self._alone = True
            self.start(self._suspects.pop(0))
        done = wait(list(self._running), timeout_s, FIRST_COMPLETED).done
        if not done and (check := getattr(self.given, "check", None)) is not None:
            check()
        found: list[tuple[Job, Any]] = []
        died: list[Job] = []
        for future in done:
            job = self._running.pop(future)
            error = CancelledError() if future.cancelled() else future.exception()
            if isinstance(error, BrokenProcessPool):
                died.append(job)
            elif isinstance(error, CancelledError) and self.given is not None:
                raise WorkersGone("the cluster has dropped what was running: its scheduler is gone")
            elif type(error).__name__ == KILLED:
                found.append((job, WorkerDied("the process that ran it ended without an answer, several times")))
            else:
                found.append((job, future.result() if error is None else error))
        if died:
            died += self._running.values()
            self._running.clear()
            self._renew()
            if self._alone:
                found += [(job, WorkerDied("the process that ran it ended without an answer")) for job in died]
            else:
                self._suspects += died
        if self._alone and not self._running:
            self._alone = False
        return found

    def kill(self) -> None:
        """End all workers at once; what they were doing is lost. A given executor is left to its owner."""
        for future in self._running:
            future.cancel()
        if self.given is None:
            for process in multiprocessing.active_children():
                process.kill()
        # Its thread ends with the workers. One that is still ending when the interpreter does would meet closed pipes.
        self._renew(wait=True)
        self._running.clear()
        self._suspects.clear()

    def close(self) -> None:
        """Let the workers end."""
        if self._executor is not None and self.given is None:
            self._executor.shutdown(cancel_futures=True)
        self._executor = None

    def _renew(self, wait: bool = False) -> None:
        if self._executor is not None and self.given is None:
            self._executor.shutdown(wait=wait, cancel_futures=True)
        self._executor = None

    def _pool(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")
        if sys.platform != "win32":
            context.set_forkserver_preload(["twinfeed.harness.campaign.attempt"])
        return ProcessPoolExecutor(self.count, context, _begin, (list(sys.path), _CLIENTS.level))


def _begin(path: list[str], clients_level: int) -> None:
    """Called in each worker: it finds the modules of the leading process and ends with it. Ctrl-C is for the leading
    process alone, and of pymodbus it logs what that process logs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _CLIENTS.setLevel(clients_level)
    sys.path[:] = path
    threading.Thread(target=_end_with_parent, name="end with the leading process", daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose code never yields would run on when the leading process is killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
