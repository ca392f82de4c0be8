"""The oracle knows the plant and the faults: what it does not survive cannot be blamed on a controller."""

from __future__ import annotations

import pytest

from twinfeed.harness.campaign import Found
from twinfeed.harness.campaign.attempt import attempt
from twinfeed.harness.campaign.identity import Identity
from twinfeed.harness.controllers.oracle import ORACLE
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario

BOARD = "within 30 s of board-a.live falls: board-a.live"


def outage(*others: Injection, controller: str) -> Scenario:
    grid = (Injection("utility-a", "outage", 30.0), Injection("utility-b", "outage", 30.0))
    return Scenario("pilot", 1, 90.0, (*others, *grid), (BOARD,), controller)


@pytest.mark.parametrize(
    "others",
    [
        (),
        (Injection("ats-a", "card-hang", 10.0),),
        (Injection("ats-a", "blind", 10.0), Injection("relay-a", "partition", 10.0)),
        (Injection("generator-1", "fail-to-start", 10.0), Injection("generator-2", "fail-to-start", 10.0)),
    ],
    ids=["grid", "card", "sight", "sets"],
)
def test_the_oracle_survives_what_breaks_a_site_without_controller(others: tuple[Injection, ...]) -> None:
    assert not attempt(outage(*others, controller=""))
    assert attempt(outage(*others, controller=ORACLE))


def test_nobody_survives_a_short_circuit_of_the_board() -> None:
    short = Scenario("pilot", 1, 90.0, (Injection("board-a", "short-circuit", 30.0),), (BOARD,))
    assert not attempt(short)
    hopeless = attempt(Scenario(short.site, 1, 90.0, short.injections, short.properties, ORACLE))
    assert not hopeless
    assert Found(hopeless.broken[0], hopeless, 1, 0.0, anyway=(ORACLE,)).hopeless


def test_a_failure_that_the_oracle_survives_is_not_hopeless() -> None:
    tried = attempt(outage(controller=""))
    assert not Found(Identity(BOARD, "violated", ""), tried, 1, 0.0, anyway=("no controller",)).hopeless
