"""Jobs for workers, and an `attempt` that is decided by the faults alone."""

from __future__ import annotations

import logging
import os
import signal
import time

from twinfeed.harness.campaign.attempt import Tried
from twinfeed.harness.campaign.identity import Identity
from twinfeed.harness.faults.scenario import Scenario

DARK = Identity("always racks.*.supplied", "violated", "row-#.supplied")
RAISED = Identity("the controller runs", "ValueError", "mine.py:scan")


def double(number: int) -> int:
    return 2 * number


def fails(number: int) -> int:
    raise ValueError(f"no {number}")


def ends_its_process(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def sleeps(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def judged(scenario: Scenario) -> Tried:
    """Racks are dark with both feeds out; the controller raises wherever a feed is out and a card hangs."""
    there = {(fault.target, fault.kind) for fault in scenario.injections}
    out = {target for target, kind in there if kind == "outage"}
    broken = [DARK] if {"a", "b"} <= out else []
    if out and ("card", "card-hang") in there:
        broken = [RAISED]
    return Tried(scenario, tuple(broken))


def level_of(logger: str) -> int:
    """The level at which this process logs of it."""
    return logging.getLogger(logger).level
