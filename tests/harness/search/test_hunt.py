"""A hunt finds what breaks a property, and makes it as small as it can."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
from starter import BROKEN, FRAME, OUTAGE, SITE, SOUND

from twinfeed.harness.controllers.in_process import NoSuchController
from twinfeed.harness.properties import PropertySyntaxError, within
from twinfeed.harness.quantities import UnknownQuantity
from twinfeed.harness.search import hunt, menu, trial
from twinfeed.harness.search.hunt import TARGETS
from twinfeed.harness.worlds.sites import fresh

MENU = menu(fresh(SITE), without=["protocol", "transport"])


async def tires(inventory, store) -> None:
    """A controller that gives up when the mains have been away for a while: it does not, it just gives up."""
    await asyncio.sleep(100.0)
    raise RuntimeError("too much")


def test_what_the_end_of_a_run_puts_back_was_not_seen_in_it() -> None:
    (verdict,) = trial(replace(BROKEN, properties=("always after utility.live rises: racks.*.supplied",))).verdicts
    assert verdict.word == "vacuous"


def test_an_outage_that_outlasts_the_batteries_is_found_and_nothing_else_is_left_of_it() -> None:
    found = hunt(FRAME, MENU, examples=100).finding
    assert found is not None
    (fault,) = found.scenario.injections
    assert (fault.target, fault.at_s, fault.flap) == ("utility", 30.0, None)
    assert found.outcome.broken == FRAME.properties
    assert not trial(found.scenario)


def test_a_finding_is_made_smaller_in_so_many_runs_at_the_most() -> None:
    seen: list[bool] = []
    crowded = replace(FRAME, properties=("never site.faults >= 2",))
    found = hunt(
        crowded, MENU, at_once=2, shrinking_runs=2, progress=lambda n, outcome: seen.append(bool(outcome))
    ).finding
    assert found is not None
    assert len(seen) == found.examples + 2


def test_the_search_is_drawn_by_the_emptiest_battery_and_the_hottest_inlet() -> None:
    seen: set[str] = set()
    pilot = replace(FRAME, site="pilot", duration_s=60.0)
    hunt(pilot, MENU, examples=1, progress=lambda n, outcome: seen.update(outcome.journal.trace))
    assert all(any(fnmatchcase(name, pattern) for name in seen) for pattern in TARGETS)


def test_the_same_seed_finds_the_same() -> None:
    first, second = (hunt(FRAME, MENU, examples=100) for _ in range(2))
    assert first.finding is not None
    assert second.finding is not None
    assert first.finding.scenario == second.finding.scenario
    assert (first.finding.examples, first.examples) == (second.finding.examples, second.examples)


def test_where_nothing_breaks_all_examples_are_tried_and_nothing_is_found() -> None:
    seen = []
    result = hunt(
        replace(FRAME, duration_s=240.0), MENU, examples=20, at_once=0, progress=lambda n, outcome: seen.append(n)
    )
    assert result.finding is None
    assert seen == list(range(1, result.examples + 1))


def test_a_controller_that_ends_is_a_finding_without_any_fault() -> None:
    found = hunt(replace(FRAME, controller=f"{__name__}:tires"), MENU, examples=20).finding
    assert found is not None
    assert found.scenario.injections == ()
    assert found.outcome.broken == ("the controller runs",)
    assert "raised RuntimeError: too much" in found.outcome.what


def test_a_trial_ends_at_the_first_violation_unless_everything_is_wanted() -> None:
    assert trial(BROKEN).ended_s < trial(BROKEN, everything=True).ended_s == BROKEN.duration_s
    assert trial(SOUND)


def test_the_same_trial_is_the_same_to_the_last_bit() -> None:
    first, second = trial(BROKEN), trial(BROKEN)
    assert first.what == second.what
    assert first.journal.events == second.journal.events


def test_what_is_undecided_when_the_run_ends_is_not_broken() -> None:
    late = str(within("30 min", "generator-1.running", after="utility.live falls"))
    assert trial(replace(SOUND, injections=(OUTAGE,), properties=(late,)))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"controller": "no.such.module"}, NoSuchController),
        ({"controller": f"{__name__}:nothing"}, NoSuchController),
        ({"properties": ("always racks.*.suplied",)}, UnknownQuantity),
        ({"properties": ("sometimes it rains",)}, PropertySyntaxError),
    ],
)
def test_a_frame_that_makes_no_sense_is_refused(change, error) -> None:
    with pytest.raises(error):
        trial(replace(FRAME, **change))
    assert trial(SOUND)  # and nothing of it is left behind
