"""The scenarios that hunts have found: each breaks the controller it was found with, and the reference survives it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from workers.examples import some

from twinfeed.fixtures.controllers.bugs import BUGS
from twinfeed.fixtures.hunts import HUNTED, NOT_FOUND_YET, NOT_HUNTED
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search import trial

FOLDER = Path(__file__).parents[3] / "fixtures" / "findings"
FOUND = sorted(FOLDER.glob("*.yaml"))
REFERENCE = "twinfeed.fixtures.controllers.plant"


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name.partition(".")[0])
def test_a_finding_breaks_the_controller_it_was_found_with(path: Path) -> None:
    assert not trial(Scenario.load(path))


@pytest.mark.parametrize("path", some(FOUND, quick=7), ids=lambda path: path.name.partition(".")[0])
def test_the_reference_survives_what_others_do_not(path: Path) -> None:
    outcome = trial(replace(Scenario.load(path), controller=REFERENCE))
    assert outcome, outcome.what


def test_every_hunted_mistake_has_been_found_or_is_listed_as_not_found_yet() -> None:
    assert {path.stem for path in FOUND} ^ set(NOT_FOUND_YET) == {hunted.bug for hunted in HUNTED}


def test_every_mistake_is_hunted_or_says_why_not() -> None:
    assert {hunted.bug for hunted in HUNTED} | set(NOT_HUNTED) == set(BUGS)
