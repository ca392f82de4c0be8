"""A campaign keeps every distinct failure, remembers what was run, and ends when it is to end."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from twinfeed.harness.campaign import Budget, Campaign, Memory, Result, Tried
from twinfeed.harness.campaign.identity import identities
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search import menu, trial
from twinfeed.harness.worlds.sites import fresh

SITE = str(files("twinfeed.harness.suite").joinpath("files", "site.yaml"))

FRAME = Scenario(SITE, 3, 720.0, (), ("always racks.*.supplied", "always utility.live"))


def campaign(memory: Memory, jobs: int = 1, examples: int = 12, frame: Scenario = FRAME) -> Campaign:
    return Campaign(frame, menu(fresh(SITE, 3)), memory, jobs=jobs, budget=Budget(examples), shrinking_runs=20)


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


def test_one_job_and_one_seed_give_the_same_campaign(alone: Result) -> None:
    with Memory(None) as memory:
        again = campaign(memory).run()
    assert [f.tried for f in again.found.values()] == [
        replace(f.tried, processor_s=g.tried.processor_s)
        for f, g in zip(alone.found.values(), again.found.values(), strict=True)
    ]


def test_two_processes_find_the_same_failures(alone: Result) -> None:
    with Memory(None) as memory:
        assert set(campaign(memory, jobs=2).run().found) == set(alone.found)


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
