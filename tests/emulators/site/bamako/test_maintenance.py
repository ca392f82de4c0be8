"""The site is concurrently maintainable: on the grid, and while its sets carry it."""

from __future__ import annotations

import os

import pytest
from workers.examples import some

from twinfeed.emulators.site import Site
from twinfeed.harness.tier3.concurrent_maintainability import concurrent_maintainability
from twinfeed.harness.tier3.isolation_procedures import NO_CARD

ONE_OF_EACH = [
    "transformer-a",
    "q-tx-b",
    "bulk-tank-a",
    "day-tank-1",
    "generator-3",
    "gen-bus-a",
    "gen-bus-b",
    "tie-gen",
    "q-gen-a",
    "ats-a",
    "board-b",
    "tie-ab",
    "ups-a1",
    "q-byp-b2",
    "ups-board-a",
    "q-mech-a",
    "ats-mech-b",
    "mech-board-a",
    "ups-noc",
    "chilled-water-a",
    "chiller-2",
    "pump-3",
    "crah-12",
    "q-crah-b11",
    "pdu-13-b",
    "sts-1",
    "rack-ats-1",
    "pdu-net-a",
    "core-1",
    "mgmt-b",
]


@pytest.mark.parametrize("component", some(list(ONE_OF_EACH), quick=10))
@pytest.mark.parametrize("on_sets", [False, True], ids=["on the grid", "on the sets"])
def test_one_of_each_kind_is_isolated_and_returned(bamako: Site, component: str, on_sets: bool) -> None:
    (job,) = concurrent_maintainability(bamako, component, on_sets=on_sets)
    assert job.done, str(job)


@pytest.mark.parametrize("component", ["gen-bus-a", "bulk-tank-b", "chilled-water-b", "board-a"])
def test_work_may_last_longer_than_any_battery_or_tank(bamako: Site, component: str) -> None:
    (job,) = concurrent_maintainability(bamako, component, work="10 h", back="4 h", on_sets=True)
    assert job.done, str(job)


@pytest.mark.skipif("TWINFEED_EVERY_COMPONENT" not in os.environ, reason="minutes long; set TWINFEED_EVERY_COMPONENT")
@pytest.mark.parametrize("on_sets", [False, True], ids=["on the grid", "on the sets"])
def test_every_component_that_anybody_maintains_is_isolated_and_returned(bamako: Site, on_sets: bool) -> None:
    jobs = list(concurrent_maintainability(bamako, on_sets=on_sets))
    assert [job.component for job in jobs] == list(bamako.components)
    assert [str(job) for job in jobs if not job.done and job.kind not in NO_CARD] == []
