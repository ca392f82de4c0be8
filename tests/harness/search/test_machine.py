"""Operators at work: deeds are shrunk to the fewest that break a property."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from starter import FRAME, SITE

from twinfeed.harness.search import menu
from twinfeed.harness.search.machine import front_panels, operators
from twinfeed.harness.worlds.sites import fresh

FEW = settings(
    max_examples=200, stateful_step_count=5, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


DEEDS = ("wait", "the_grid_fails", "something_breaks", "all_is_repaired", "a_panel_is_used")


def deeds(error: BaseException) -> list[str]:
    """The operators' deeds, as Hypothesis prints them."""
    lines = [line.strip() for note in error.__notes__ for line in note.splitlines()]
    return [line.removeprefix("state.") for line in lines if line.startswith("state.")]


def test_a_grid_that_fails_is_all_it_takes_to_lose_the_mains() -> None:
    outages = replace(menu(fresh(SITE)), grid=(("utility", "outage"),), others={})
    machine = operators(replace(FRAME, properties=("always utility.live",)), outages, panel=())
    with pytest.raises(AssertionError, match=r"always utility\.live") as caught:
        run_state_machine_as_test(machine, settings=FEW)
    done = [deed for deed in deeds(caught.value) if deed.startswith(DEEDS)]
    assert done[0].startswith("the_grid_fails(")
    assert len(done) <= 3, done  # and a moment for it to be seen


def test_operators_who_can_break_nothing_break_nothing() -> None:
    nothing = replace(menu(fresh(SITE)), grid=(), others={})
    machine = operators(FRAME, nothing, panel=(("generator-1", "command.key", "mute"),))
    run_state_machine_as_test(machine, settings=settings(FEW, max_examples=5))


def test_a_panel_has_the_words_of_generators_and_transfer_switches() -> None:
    words = front_panels(fresh(SITE))
    assert ("ats-a", "mode", "automatic") in words
    assert ("generator-2", "mode", "stop") in words
    assert {device for device, _, _ in words} == {"ats-a", "ats-b", "generator-1", "generator-2"}
