"""A campaign keeps every distinct failure, remembers what was run, and ends when it is to end."""

from __future__ import annotations

import random
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinfeed.harness.campaign import Budget, Campaign, Memory, Result, Tried
from twinfeed.harness.campaign.identity import Identity, identities
from twinfeed.harness.campaign.workers import Job, Workers
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search import menu, trial
from twinfeed.harness.worlds.sites import fresh

SITE = str(files("twinfeed.harness.suite").joinpath("files", "site.yaml"))

FRAME = Scenario(SITE, 3, 720.0, (), ("always racks.*.supplied", "always utility.live"))


def campaign(memory: Memory, jobs: int = 1, examples: int = 12, frame: Scenario = FRAME) -> Campaign:
    return Campaign(
        frame, menu(fresh(SITE, 3)), memory, workers=Workers(jobs), budget=Budget(examples), shrinking_runs=20
    )


@pytest.fixture(scope="module")
def alone() -> Result:
    with Memory(None) as memory:
        return campaign(memory).run()


def test_both_properties_are_broken_and_each_has_its_own_scenario(alone: Result) -> None:
    about = {identity.about for identity in alone.found}
    assert about == set(FRAME.properties)
    for found in alone.found.values():
        assert found.identity in identities(trial(found.tried.scenario, everything=True))
        assert len(found.tried.scenario.injections) == 1


def found_by(result: Result) -> list[tuple[object, ...]]:
    """All that a search prints of its findings, times left out."""
    return [
        (found.identity, found.tried.scenario, found.tried.what, found.examples, found.shrinking_runs, found.anyway)
        for found in result.found.values()
    ]


def test_two_processes_find_the_same_in_the_same_order(alone: Result) -> None:
    with Memory(None) as memory:
        assert found_by(campaign(memory, jobs=2).run()) == found_by(alone)


class Busy(Workers):
    """Workers of a busy machine: chance decides which of them answers next."""

    def __init__(self, jobs: int, seed: int) -> None:
        super().__init__(1)
        self.jobs, self.chance, self.running = jobs, random.Random(seed), list[Job]()

    @property
    def free(self) -> bool:
        return len(self.running) < self.jobs

    @property
    def busy(self) -> bool:
        return bool(self.running)

    def start(self, job: Job) -> None:
        self.running.append(job)

    def finished(self, timeout_s: float) -> list[tuple[Job, Any]]:
        done = self.chance.sample(self.running, self.chance.randint(1, len(self.running)))
        for job in done:
            self.running.remove(job)
        return [((function, arguments), function(*arguments)) for function, arguments in done]


def decided(
    scenario: Scenario, patience_s: float = 0.0, known: frozenset[Identity] = frozenset(), traced: bool = False
) -> Tried:
    """The outcome of a scenario by its faults alone: a failure for every kind but those that are known."""
    broken = {Identity(f"no {fault.kind}", "violated", "") for fault in scenario.injections if fault.for_s is None}
    onsets = frozenset(f"{fault.target} {fault.at_s:g}" for fault in scenario.injections)
    return Tried(scenario, tuple(sorted(broken - known)), octets=repr(scenario.entries), reached=onsets)


def by_busy_workers(jobs: int, seed: int) -> Result:
    with Memory(None) as memory, pytest.MonkeyPatch.context() as patch:
        patch.setattr("twinfeed.harness.campaign.campaign.attempt", decided)
        running = campaign(memory, jobs=jobs, examples=120)
        running._workers = Busy(jobs, seed)
        return running.run()


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 16), st.integers(0, 1000))
def test_the_order_in_which_a_busy_machine_answers_changes_nothing(jobs: int, seed: int) -> None:
    expected = by_busy_workers(1, 0)
    assert len(expected.found) > 3
    assert found_by(by_busy_workers(jobs, seed)) == found_by(expected)


def test_a_second_campaign_runs_nothing_again_and_knows_the_findings(tmp_path: Path) -> None:
    ran: list[Scenario] = []

    def note(result: Result, tried: Tried | None) -> None:
        if tried is not None:
            ran.append(tried.scenario)

    for _ in range(2):
        with Memory(tmp_path / "memory.sqlite") as memory:
            result = Campaign(
                FRAME, menu(fresh(SITE, 3)), memory, budget=Budget(6), shrinking_runs=5, progress=note
            ).run()
    assert result.remembered >= 6
    assert len({repr(scenario.injections) for scenario in ran}) == len(ran) == 12
    assert {found.examples for found in result.found.values()} >= {0}


def test_a_site_with_few_faults_is_exhausted() -> None:
    offered = menu(fresh(SITE, 3), only=["nothing-of-that-name"])
    with Memory(None) as memory:
        running = Campaign(replace(FRAME, duration_s=120.0), replace(offered, grid=()), memory, budget=Budget(50))
        result = running.run()
    assert result.exhausted
    assert result.examples == 1


def test_ctrl_c_keeps_what_was_found() -> None:
    def interrupt(result: Result, tried: Tried | None) -> None:
        if result.found:
            raise KeyboardInterrupt

    with Memory(None) as memory:
        result = Campaign(FRAME, menu(fresh(SITE, 3)), memory, progress=interrupt).run()
    assert result.interrupted
    assert result.found


def test_a_failure_is_the_same_in_every_row_and_another_in_every_function(tmp_path: Path) -> None:
    out = Injection("utility", "outage", 60.0)
    dark = identities(trial(replace(FRAME, injections=(out,), properties=FRAME.properties[:1])))
    later = identities(trial(replace(FRAME, injections=(replace(out, at_s=90.0),), properties=FRAME.properties[:1])))
    assert dark == later
    assert [identity.kind for identity in dark] == ["violated"]


def test_a_finding_without_a_controller_is_compared_with_none() -> None:
    with Memory(None) as memory:
        result = campaign(memory, examples=2).run()
    assert all(found.anyway == () for found in result.found.values())
