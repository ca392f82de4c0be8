"""The workers of a Dask cluster: the same jobs and results as by processes, and a worker that dies is replaced."""

from __future__ import annotations

import sys

import pytest
from doubles import double, ends_its_process, fails
from test_workers import outcomes

from twinfeed.emulators.errors import FileError
from twinfeed.harness.campaign.nights.cluster import cluster
from twinfeed.harness.campaign.workers import Job, WorkerDied, Workers


def test_a_cluster_runs_every_job_once_and_names_the_one_whose_worker_dies() -> None:
    jobs: list[Job] = [(double, (1,)), (ends_its_process, (0,)), (fails, (3,)), (double, (2,))]
    with cluster(None, 1) as machines:
        assert machines.count == 1
        found = outcomes(Workers(machines.count, machines.executor), jobs)
    results = {job[0].__name__ + str(job[1]): result for job, result in found}
    assert (results["double(1,)"], results["double(2,)"]) == (2, 4)
    assert isinstance(results["fails(3,)"], ValueError)
    assert isinstance(results["ends_its_process(0,)"], WorkerDied)
    assert len(found) == len(jobs)


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twinfeed.harness.campaign.nights.cluster.CONNECT_S", 0.5)
    with (
        pytest.raises(FileError, match=r"tcp://127\.0\.0\.1:1: .*expected a Dask scheduler"),
        cluster("tcp://127.0.0.1:1", 1),
    ):
        pass


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(FileError, match=r"a cluster needs Dask: pip install 'twinfeed\[cluster\]'"), cluster(None, 1):
        pass


def test_without_sqlalchemy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    from twinfeed.harness.campaign import Memory

    with pytest.raises(FileError, match=r"needs SQLAlchemy: pip install 'twinfeed\[campaign\]'"):
        Memory("postgresql://nobody@127.0.0.1/none")
