"""Workers run jobs side by side, and outlive the death of one of them."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
from doubles import double, ends_its_process, fails, level_of, sleeps

from twinfeed.harness.campaign.workers import Job, WorkerDied, Workers


def outcomes(workers: Workers, jobs: list[Job]) -> list[tuple[Job, Any]]:
    waiting, found = list(jobs), list[tuple[Job, Any]]()
    while waiting or workers.busy:
        while workers.free and waiting:
            workers.start(waiting.pop(0))
        found += workers.finished(60.0)
    workers.close()
    return found


@pytest.mark.parametrize("count", [1, 2])
def test_every_job_comes_back_once_with_its_result(count: int) -> None:
    found = outcomes(Workers(count), [(double, (n,)) for n in range(10)])
    assert sorted(result for _, result in found) == [2 * n for n in range(10)]


@pytest.mark.parametrize("count", [1, 2])
def test_an_exception_comes_back_as_the_outcome_of_its_job(count: int) -> None:
    ((_, error),) = outcomes(Workers(count), [(fails, (3,))])
    assert isinstance(error, ValueError)
    assert "no 3" in str(error)


def test_a_worker_that_dies_is_named_and_nothing_else_is_lost() -> None:
    jobs: list[Job] = [(double, (n,)) for n in range(6)]
    jobs[2:2] = [(ends_its_process, (0,))]
    found = outcomes(Workers(2), jobs)
    died = [job for job, result in found if isinstance(result, WorkerDied)]
    assert [job[0] for job in died] == [ends_its_process]
    assert sorted(result for _, result in found if isinstance(result, int)) == [0, 2, 4, 6, 8, 10]


def test_killed_workers_end_at_once() -> None:
    workers = Workers(2)
    for _ in range(2):
        workers.start((sleeps, (600.0,)))
    began = time.monotonic()
    workers.kill()
    assert not workers.busy
    assert time.monotonic() - began < 60.0


def test_a_worker_logs_of_the_clients_what_the_leading_process_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("pymodbus"), "level", logging.CRITICAL)
    ((_, level),) = outcomes(Workers(2), [(level_of, ("pymodbus",))])
    assert level == logging.CRITICAL
