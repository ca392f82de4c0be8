"""Duty and standby: one writer at a time, takeover in time; three mistakes of such pairs are found."""

from __future__ import annotations

import pytest

from twinfeed.harness.campaign.attempt import attempt
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario

PAIR = "twinfeed.fixtures.controllers.pair"
BOARD = "within 40 s of utility-a.live falls: board-a.live"

OUTAGE = Injection("utility-a", "outage", 20.0)
CRASH_OF_DUTY = Injection("controller", "controller-down", 15.0, None, {"which": 1})
RESTART_OF_DUTY = Injection("controller", "controller-down", 15.0, 20.0, {"which": 1})
CRASH_OF_STANDBY = Injection("controller", "controller-down", 15.0, None, {"which": 2})
APART = Injection("controller", "controllers-apart", 15.0, 25.0)


def scenario(*faults: Injection, main: str = "main") -> Scenario:
    return Scenario("pilot", 1, 62.0, faults, (BOARD,), f"{PAIR}:{main}+{PAIR}:{main}", tolerances="nominal")


@pytest.mark.parametrize("fault", [CRASH_OF_DUTY, RESTART_OF_DUTY, CRASH_OF_STANDBY, APART], ids=lambda f: f.kind)
def test_the_pair_brings_the_board_through_an_outage(fault: Injection) -> None:
    tried = attempt(scenario(fault, OUTAGE))
    assert tried, tried.what


@pytest.mark.parametrize(
    ("main", "fault", "what"),
    [
        ("believes_the_link", APART, "one writer at a time"),
        ("returns_to_duty", RESTART_OF_DUTY, "one writer at a time"),
        ("waits_for_goodbye", CRASH_OF_DUTY, "takeover within 15 s"),
    ],
)
def test_a_mistake_of_a_pair_is_found(main: str, fault: Injection, what: str) -> None:
    assert attempt(scenario(main=main)), "without a fault it works"
    assert what in attempt(scenario(fault, main=main)).what


def test_with_both_down_nobody_acts() -> None:
    both = Injection("controller", "controller-down", 10.0)
    tried = attempt(scenario(both, OUTAGE))
    assert [identity.about for identity in tried.broken] == [BOARD]
