"""Controllers with mistakes of other shapes: each breaks a property in its scenario, and the reference does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twinfeed.fixtures.controllers.bugs import BUGS, OTHERS
from twinfeed.harness.campaign.attempt import attempt
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario

BOARD_A = "within 30 s of utility-a.live falls: board-a.live"


def outage(at_s: float, for_s: float | None = None) -> tuple[Injection, ...]:
    return tuple(Injection(utility, "outage", at_s, for_s) for utility in ("utility-a", "utility-b"))


def no_start(*numbers: int) -> tuple[Injection, ...]:
    return tuple(Injection(f"generator-{n}", "fail-to-start", 5.0) for n in numbers)


RESTART = Injection("controller", "controller-down", 10.0, 5.0)
BUSY = Injection("ats-a", "modbus-exception", 10.0, 25.0, {"code": 6.0, "only": 2.0})

SCENES: dict[str, tuple[float, tuple[Injection, ...], str]] = {
    "resets-its-uptime": (75.0, (RESTART, *outage(40.0)), BOARD_A),
    "overflows-a-counter": (
        90.0, (*no_start(1, 2), *outage(15.0)), "within 1 min of utility-b.live falls: board-b.live",
    ),
    "keeps-daylight-saving": (
        190.0, outage(90.0), "within 90 s of utility-a.live falls: chiller-1.running or chiller-2.running",
    ),
    "takes-busy-for-success": (60.0, (BUSY, Injection("utility-a", "outage", 15.0)), "within 40 s of utility-a.live falls: board-a.live"),
    "sends-orders-twice": (45.0, (Injection("generator-1", "starter-battery-flat", 5.0), *outage(15.0)), "always change(generator-1.commands, 1 min) <= 6"),
    "takes-percent-for-runtime": (
        370.0, (*no_start(1, 2, 3), *outage(15.0)), "within 350 s of utility-a.live falls: not row-3.supplied",
    ),
    "waits-for-traps": (80.0, (Injection("wan-1", "cut", 15.0),), "within 1 min of wan-1.up falls: wan-2.up"),
    "swaps-words": (60.0, (Injection("ats-a", "false-loss", 10.0),), "always ats-a.on_normal"),
    "trusts-its-cache": (75.0, (RESTART, *outage(40.0)), BOARD_A),
    "fights-its-predecessor": (
        100.0, (Injection("utility-a", "outage", 10.0, 30.0),), "always change(ats-a.transfers, 1 min) <= 2",
    ),
}  # fmt: skip


def scene(name: str) -> Scenario:
    duration_s, faults, holds = SCENES[name]
    return Scenario("pilot", 1, duration_s, faults, (holds,), f"mutant:{name}", tolerances="nominal")


@pytest.mark.parametrize("name", OTHERS)
def test_the_mistake_shows_and_the_reference_does_not_make_it(name: str) -> None:
    broken = attempt(scene(name))
    assert [identity.about for identity in broken.broken] == [SCENES[name][2]]
    assert attempt(replace(scene(name), controller="reference"))


def test_there_are_ten_and_none_of_them_is_among_the_others() -> None:
    assert len(OTHERS) == 10
    assert not OTHERS.keys() & BUGS.keys()
    assert all(bug.name == name and bug.doc and bug.trigger for name, bug in OTHERS.items())
