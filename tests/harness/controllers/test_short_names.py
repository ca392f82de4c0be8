"""The controllers that ship, by their short names; their former names lead to the new ones."""

from __future__ import annotations

import pytest

from twinfeed.fixtures.controllers.bugs import BUGS
from twinfeed.fixtures.controllers.plant import main
from twinfeed.harness.controllers.in_process import NoSuchController, main_of


def test_the_reference() -> None:
    assert main_of("reference") is main


@pytest.mark.parametrize("name", sorted(BUGS))
def test_every_mutant(name: str) -> None:
    assert main_of(f"mutant:{name}") == BUGS[name].main


@pytest.mark.parametrize(
    ("former", "now"),
    [
        ("fixtures.controllers.plant", "'reference'"),
        ("fixtures.controllers.plant:main", "'reference'"),
        ("fixtures.controllers.bugs:never_rearms", "'mutant:never-rearms'"),
    ],
)
def test_a_former_name_is_answered_with_the_new_one(former: str, now: str) -> None:
    with pytest.raises(NoSuchController, match=f"until twinfeed 0.1.0; write {now}"):
        main_of(former)


def test_a_mutant_that_does_not_exist() -> None:
    with pytest.raises(NoSuchController, match="has no 'sleeps_late'"):
        main_of("mutant:sleeps-late")
