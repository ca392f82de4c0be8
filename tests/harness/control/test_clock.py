"""The clock of a running site in the hands of a person: it stops where it was asked to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from twinfeed.emulators.serving import LiveSite
from twinfeed.emulators.site import Site
from twinfeed.harness.control.requests import Pause, RunUntil, ScenarioRequest
from twinfeed.harness.control.timed import TimedFaults
from twinfeed.harness.control.verbs import Verbs


@pytest.fixture(scope="module")
def built() -> Site:
    return Site.load("bench")


@pytest.fixture
async def verbs(built: Site) -> AsyncIterator[Verbs]:
    live = LiveSite(built, 500.0, 21800)
    timed = TimedFaults(live)
    await live.start()
    timer = asyncio.create_task(timed.run())
    yield Verbs(live, timed)
    timer.cancel()
    await live.stop()


async def paused(live: LiveSite) -> None:
    async with asyncio.timeout(15.0):
        while not live.paused:
            assert live.failure is None
            await asyncio.sleep(0.01)


async def test_it_stops_at_the_time_and_goes_no_further(verbs: Verbs) -> None:
    verbs.carry_out(Pause(do="pause"), "me")
    goal_s = verbs.live.site.now + 100.0
    verbs.carry_out(RunUntil(do="run_until", at_s=goal_s), "me")
    await paused(verbs.live)
    await asyncio.sleep(0.15)
    assert verbs.live.site.now == pytest.approx(goal_s)


async def test_it_stops_at_the_event_that_makes_the_condition_true(verbs: Verbs) -> None:
    """The grid is back after 33 s; a slice of the clock is 100 s at this speed."""
    site = verbs.live.site
    verbs.carry_out(Pause(do="pause"), "me")
    begun_s = site.now
    site.inject("utility-a", "outage", for_s=33.0)
    verbs.carry_out(RunUntil(do="run_until", when="utility-a.live"), "me")
    await paused(verbs.live)
    assert site.now == pytest.approx(begun_s + 33.0)


async def test_a_scenario_happens_from_now_on_deeds_and_conditions_too(verbs: Verbs) -> None:
    site = verbs.live.site
    begun_s = site.now
    verbs.carry_out(
        ScenarioRequest(
            do="scenario",
            scenario={
                "site": "bench",
                "injections": [{"target": "utility-b", "kind": "outage", "at_s": 50, "for_s": 100}],
                "deeds": [{"target": "ups-1", "deed": "to-bypass", "when": "not utility-b.live"}],
            },
        ),
        "me",
    )
    async with asyncio.timeout(15.0):
        while not any(e.what == "deed" for e in site.plant.journal):
            await asyncio.sleep(0.01)
    fault = next(e for e in site.plant.journal if e.who == "utility-b" and e.what == "fault")
    assert fault.t >= begun_s + 50.0
    deed = next(e for e in site.plant.journal if e.what == "deed")
    assert deed.who == "ups-1" and deed.t > fault.t
