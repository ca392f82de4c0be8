"""A finding is a file, and a test that anybody can read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from starter import BROKEN, FRAME, SITE
from workers.examples import examples

from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search import menu, trial
from twinfeed.harness.search.findings import free, regression_test, test_name
from twinfeed.harness.search.strategies import scenarios
from twinfeed.harness.worlds.sites import fresh

test_name.__test__ = False  # pytest would take it for a test

MENU = menu(fresh(SITE))


def test_a_scenario_that_was_saved_breaks_as_it_broke(tmp_path: Path) -> None:
    BROKEN.save(tmp_path / "found.scenario.yaml")
    again = Scenario.load(tmp_path / "found.scenario.yaml")
    assert again == BROKEN
    assert trial(again).what == trial(BROKEN).what


@given(scenarios(MENU, FRAME, at_once=3), st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])))
@settings(max_examples=examples(50), deadline=None)
def test_every_scenario_makes_a_module_with_its_faults_and_its_properties(scenario, note) -> None:
    module: dict[str, object] = {}
    exec(compile(regression_test(replace(scenario, note=note), "found"), "found.py", "exec"), module)
    assert module["FAULTS"] == scenario.injections
    assert module["PROPERTIES"] == scenario.properties
    assert callable(module["test_found"])


def test_the_test_reads_like_this() -> None:
    assert (
        regression_test(replace(BROKEN, site="site.yaml", controller="controller"), "an-outage")
        == '''\
"""utility outage: what was found must stay mended.

A scenario with seed 3, kept as a test by `twinfeed adopt`.
"""

import pytest

from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.properties import patterns

FAULTS = (
    Injection("utility", "outage", at_s=60.0),
)

PROPERTIES = (
    "always racks.*.supplied",
)


@pytest.mark.site("site.yaml", seed=3)
@pytest.mark.watch(*patterns(PROPERTIES))
@pytest.mark.controller("controller")
async def test_an_outage(site, controller):
    await site.schedule(*FAULTS)
    await site.run("12 min")
    site.check(*PROPERTIES)
'''
    )


@given(st.lists(st.sampled_from([f"always r-{n}.supplied" for n in range(6)]), min_size=1, unique=True), st.data())
def test_what_a_scenario_does_not_put_to_the_test_is_left_out_and_named(texts: list[str], data: st.DataObject) -> None:
    vacuous = data.draw(st.sets(st.sampled_from(texts)))
    source = regression_test(replace(BROKEN, properties=tuple(texts)), "found", vacuous)
    module: dict[str, object] = {}
    exec(compile(source, "found.py", "exec"), module)
    assert module["PROPERTIES"] == tuple(text for text in texts if text not in vacuous)
    assert all((f"#   {text}\n" in source) is (text in vacuous) for text in texts)
    assert "allow_" not in source


def test_names_are_those_of_python() -> None:
    assert test_name("utility-outage ups-a:card") == "utility_outage_ups_a_card"
    assert test_name("…") == "scenario"


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    path = tmp_path / "found.scenario.yaml"
    names = []
    for _ in range(3):
        chosen = free(path)
        chosen.touch(exist_ok=False)
        names.append(chosen.name)
    assert names == ["found.scenario.yaml", "found-2.scenario.yaml", "found-3.scenario.yaml"]


def test_a_test_has_the_tolerances_of_its_scenario() -> None:
    assert ', tolerances="seeded")' in regression_test(replace(BROKEN, tolerances="seeded"), "found")
    assert "tolerances" not in regression_test(BROKEN, "found")
