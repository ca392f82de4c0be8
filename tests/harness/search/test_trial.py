"""A trial runs one scenario, to its first violation unless everything is wanted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starter import BROKEN, FRAME, OUTAGE, SOUND

from twinfeed.harness.controllers.in_process import NoSuchController
from twinfeed.harness.properties import PropertySyntaxError, within
from twinfeed.harness.quantities import UnknownQuantity
from twinfeed.harness.search import trial


def test_what_the_end_of_a_run_puts_back_was_not_seen_in_it() -> None:
    (verdict,) = trial(replace(BROKEN, properties=("always after utility.live rises: racks.*.supplied",))).verdicts
    assert verdict.word == "vacuous"


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
