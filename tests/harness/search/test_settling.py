"""A scenario may begin on a site that has run for a while: its onsets then count from the beginning of the scenario."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starter import BROKEN, FRAME, SITE
from workers.examples import examples

from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import SETTLE_S, Scenario
from twinfeed.harness.search import menu, trial
from twinfeed.harness.search.findings import regression_test
from twinfeed.harness.search.strategies import scenarios
from twinfeed.harness.worlds.sites import fresh, fresh_for

HOUR = replace(BROKEN, settle_s=3600.0)


def test_a_fault_begins_so_long_after_the_site_has_settled() -> None:
    at_once, later = trial(BROKEN), trial(HOUR)
    onsets = [next(e.t for e in each.journal.events if e.what == "fault") for each in (at_once, later)]
    assert onsets == [60.0, 3660.0]
    assert later.ended_s == pytest.approx(3600.0 + at_once.ended_s, abs=1.0)


def test_an_entry_that_waits_for_a_condition_is_not_given_a_time() -> None:
    waiting = Injection("utility", "outage", when="generator-1.running")
    assert replace(HOUR, injections=(waiting,)).by_site_clock == (waiting,)


@given(scenarios(menu(fresh(SITE)), FRAME, at_once=3), st.floats(1.0, SETTLE_S))
@settings(max_examples=examples(30), deadline=None)
def test_onsets_of_the_adopted_test_are_those_of_the_scenario(scenario: Scenario, settle_s: float) -> None:
    module: dict[str, tuple[Injection, ...]] = {}
    exec(regression_test(replace(scenario, settle_s=settle_s), "found"), module)
    assert [entry.at_s - settle_s for entry in module["FAULTS"]] == pytest.approx(
        [entry.at_s for entry in scenario.injections], abs=1e-6
    )


def test_the_time_is_kept_in_the_file_and_the_test(tmp_path: Path) -> None:
    HOUR.save(tmp_path / "hour.yaml")
    assert Scenario.load(tmp_path / "hour.yaml") == HOUR
    assert f'@pytest.mark.site("{SITE}", settle="1 h", seed=3' in regression_test(HOUR, "hour")


@pytest.mark.parametrize("text", ["-1", "31 d", "inf", "soon", "true"])
def test_a_time_that_cannot_be_waited_for_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(f"site: pilot\nsettle_s: {text}\n")
    with pytest.raises(FileError, match=r"wrong.yaml:2: settle_s: found .*, expected a time from 0 s to 30 d"):
        Scenario.load(path)


def test_a_search_draws_its_scenarios_for_a_site_that_has_settled() -> None:
    assert fresh_for(HOUR).now == 3600.0
