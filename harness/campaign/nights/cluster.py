"""The machines of a Dask cluster as workers of a campaign (extra `cluster`).

    with cluster("tcp://192.0.2.5:8786") as machines:
        Campaign(…, workers=Workers(machines.count, machines.executor))

Dask is only the executor: it hands jobs to its workers. A worker that dies is replaced by Dask, which runs its jobs
again. If the scheduler dies, the campaign ends; everything but the scenarios in flight is in the memory.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from twinfeed.emulators.errors import FileError
from twinfeed.harness.campaign.workers import WorkersGone

CONNECT_S = 10.0
"""Longest time until the scheduler answers, s."""


@dataclass(frozen=True)
class Machines:
    """The executor of a cluster, and the number of scenarios that it runs at a time."""

    executor: Executor
    count: int


@contextmanager
def cluster(scheduler: str | None, jobs: int) -> Iterator[Machines]:
    """The cluster of that scheduler, or one of `jobs` processes on this machine that lives as long as the context.

    Raises:
        FileError: Dask is not installed, the scheduler does not answer, or a worker runs several threads: one scenario
            of a process at a time is the limit.
    """
    try:
        dask: Any = import_module("dask")
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise FileError(["a cluster needs Dask: pip install 'twinfeed[cluster]'"]) from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # a lost scheduler is reported once, by the campaign
    dask.config.set({"distributed.scheduler.allowed-failures": 1})  # of a cluster of our own: one more try for a job
    local: Any = None
    try:
        if scheduler is None:
            local = distributed.LocalCluster(
                n_workers=jobs, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
            )
        client = distributed.Client(local if local is not None else scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        if local is not None:
            local.close()
        raise FileError([f"{scheduler}: {error}; expected a Dask scheduler, tcp://HOST:8786"]) from None
    try:
        threads: dict[str, int] = client.nthreads()
        if busy := [address for address, count in threads.items() if count != 1]:
            raise FileError([f"{busy[0]}: the worker has {threads[busy[0]]} threads; start it with --nthreads 1"])
        if not threads:
            raise FileError([f"{scheduler}: it has no workers; start some: dask worker {scheduler} --nthreads 1"])
        yield Machines(_Watched(client), len(threads))
    finally:
        client.close(timeout=5.0)
        if local is not None:
            local.close(timeout=5.0)


class _Watched(Executor):
    """Dask's executor. It raises if the scheduler is gone, where Dask would wait for its return."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._executor: Executor = client.get_executor()

    def submit(self, fn: Any, /, *args: Any, **options: Any) -> Any:
        self.check()
        try:
            return self._executor.submit(fn, *args, **options)
        except OSError as error:
            raise WorkersGone(f"the scheduler of the cluster does not answer any more: {error}") from None

    def check(self) -> None:
        """Raise if the scheduler is gone.

        Raises:
            WorkersGone: it is.
        """
        if self._client.status != "running":
            raise WorkersGone("the scheduler of the cluster does not answer any more")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._executor.shutdown(wait=False)
