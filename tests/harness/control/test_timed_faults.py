"""Faults that a running site gets with a time: they begin later, rise, flap and end on the site's clock."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.serving import LiveSite
from twinfeed.emulators.site import Site
from twinfeed.harness.control.timed import TimedFaults
from twinfeed.harness.faults.injection import Injection


class Running:
    """A site whose clock the test moves."""

    def __init__(self) -> None:
        self.site = Site.load("bench")
        self.timed = TimedFaults(cast(LiveSite, SimpleNamespace(site=self.site, speed=1.0)))

    def at(self, t_s: float) -> dict[str, dict[str, float]]:
        """Kind and parameters of the active faults at that time."""
        self.site.plant.advance(t_s)
        self.timed.catch_up()
        return {kind: parameters for _, kind, parameters in self.site.active_faults()}


@pytest.fixture
def running() -> Running:
    return Running()


def fault(kind: str, **fields: Any) -> Injection:
    return Injection("utility-b", kind, **fields)


def test_it_begins_and_ends_by_the_clock(running: Running) -> None:
    running.timed.add(fault("outage", at_s=10.0, for_s=5.0))
    assert [bool(running.at(t)) for t in (9.9, 10.0, 14.9, 15.0)] == [False, True, True, False]


def test_it_comes_and_goes(running: Running) -> None:
    running.timed.add(fault("outage", at_s=1.0, flap=(2.0, 3.0), for_s=20.0))
    assert [bool(running.at(t)) for t in (1.0, 3.0, 6.0, 8.0, 21.0)] == [True, False, True, False, False]


def test_its_parameters_rise(running: Running) -> None:
    running.timed.add(fault("sag", parameters={"depth": 50.0}, ramp_s=10.0))
    assert running.at(5.0)["sag"]["depth"] < running.at(10.0)["sag"]["depth"] == 50.0


def test_what_is_still_to_come_can_be_cleared(running: Running) -> None:
    running.timed.add(fault("outage", at_s=10.0))
    assert running.timed.end("utility-b") == [("utility-b", "outage")]
    assert running.at(20.0) == {}


def test_what_the_site_cannot_suffer_is_refused_at_once(running: Running) -> None:
    with pytest.raises(PlantError, match="cannot suffer"):
        running.timed.add(fault("explosion", at_s=10.0))
