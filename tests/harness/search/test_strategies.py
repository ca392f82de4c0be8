"""The choices of a search, and the simpler ones that they shrink to."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from starter import FRAME, SITE
from workers.examples import examples

from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.search import drawing, menu
from twinfeed.harness.search.drawing import injection
from twinfeed.harness.search.strategies import injections, scenarios
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.network import VirtualNetwork
from twinfeed.harness.worlds.simulated import SimulatedWorld
from twinfeed.harness.worlds.sites import fresh

MENU = menu(fresh(SITE))


def accepted(site: str, chosen: list[Injection]) -> None:
    """Let each of these happen on the site, one after the other."""

    async def happen() -> None:
        world = SimulatedWorld(fresh(site), everything=False)
        await world.start()
        try:
            for injection in chosen:
                await world.schedule(replace(injection, at_s=world.now))
                await world.run(0.1)
                await world.clear()
        finally:
            await world.stop()

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(VirtualNetwork(0))) as runner:
        runner.run(happen())


@pytest.mark.parametrize("site", [SITE, "bench", "pilot"])
def test_the_site_can_suffer_all_that_is_offered(site: str) -> None:
    offered = menu(fresh(site))
    pairs = [*offered.grid, *(pair for family in offered.others.values() for pair in family)]
    assert len(pairs) > 100
    strongest = [injection(lambda options: options[-1], ((target, kind),), offered, 0.0, 0.0) for target, kind in pairs]
    accepted(site, [replace(fault, for_s=None, flap=None) for fault in strongest])


@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_with_whatever_numbers_are_drawn(data: st.DataObject) -> None:
    family = data.draw(st.sampled_from([MENU.grid, *MENU.others.values()]))
    accepted(SITE, [data.draw(injections(family, MENU, 0.0, 0.0))])


@given(scenarios(MENU, FRAME, at_once=2))
@settings(max_examples=examples(50), deadline=None)
def test_faults_come_in_order_within_the_first_half_of_the_run(scenario) -> None:
    onsets = [injection.at_s for injection in scenario.injections]
    assert onsets == sorted(onsets)
    assert all(30.0 <= at_s <= FRAME.duration_s / 2.0 for at_s in onsets)
    grid = [i for i in scenario.injections if (i.target, i.kind) in MENU.grid]
    assert len(scenario.injections) - len(grid) <= 2
    assert len({(i.kind, i.for_s, i.flap) for i in grid}) <= 2  # each may come again


@pytest.mark.parametrize("kind", ["outage", "sag", "fail-to-start", "card-hang", "black-hole", "controller-down"])
def test_what_does_not_matter_is_shrunk_away(kind: str) -> None:
    smallest = find(
        scenarios(menu(fresh(SITE), only=[kind]), FRAME, at_once=2),
        lambda scenario: any(injection.kind == kind for injection in scenario.injections),
        settings=settings(max_examples=20_000, database=None, deadline=None),
    )
    (fault,) = smallest.injections
    assert fault == Injection(fault.target, kind, at_s=30.0)


def test_a_number_that_names_something_is_drawn_from_its_typical_values() -> None:
    refused = menu(fresh(SITE), only=["modbus-exception"])
    chosen = drawing.failure(lambda options: options[-1], refused, 30.0, 60.0)
    assert chosen.parameters == {"code": 6, "percent": 100, "only": 2, "function": 16, "next": 5}


def test_only_names_what_may_break_besides_the_grid() -> None:
    chosen = menu(fresh(SITE), only=["generator-*/fail*"])
    assert chosen.grid == MENU.grid
    assert {target for family in chosen.others.values() for target, _ in family} == {"generator-1", "generator-2"}
    assert all(kind.startswith("fail") for family in chosen.others.values() for _, kind in family)


def test_without_leaves_out_kinds_targets_and_families() -> None:
    chosen = menu(fresh(SITE), without=["utility/outage", "protocol", "ats-a"])
    assert ("utility", "outage") not in chosen.grid
    assert "protocol" not in chosen.others
    assert all(target != "ats-a" for family in chosen.others.values() for target, _ in family)
