"""A quantity is unknown before a test first watched it, in every world."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinfeed.harness.journal import Trace
from twinfeed.harness.properties import always, evaluate, never, within
from twinfeed.harness.unknown import Unknown
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.network import VirtualNetwork
from twinfeed.harness.worlds.simulated import SimulatedWorld
from twinfeed.harness.worlds.sites import fresh
from twinfeed.harness.worlds.world import NOT_WATCHED

RUNTIME = "ups-1.battery.runtime"


def watched_after(runs_s: list[float], then_s: float, everything: bool = False) -> tuple[Trace, float]:
    """The record of a simulated site that ran before the quantity was watched, and when that was."""

    async def main() -> tuple[Trace, float]:
        world = SimulatedWorld(fresh("bench", 1), 1, everything)
        await world.start()
        for span_s in runs_s:
            await world.run(span_s)
        world.watch(RUNTIME)
        since_s = world.now
        await world.run(then_s)
        world.sample()
        await world.stop()
        return world.journal.trace, since_s

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(VirtualNetwork(1))) as runner:
        return runner.run(main())


@given(st.lists(st.floats(0.5, 30.0), max_size=2), st.floats(0.5, 30.0), st.booleans())
@settings(max_examples=10, deadline=None)
def test_it_is_unknown_until_it_was_watched_and_known_from_then_on(
    runs_s: list[float], then_s: float, everything: bool
) -> None:
    trace, since_s = watched_after(runs_s, then_s, everything)
    gaps = trace.gaps(RUNTIME)
    assert [(gap.start_s, gap.end_s, gap.why) for gap in gaps] == ([(0.0, since_s, NOT_WATCHED)] if runs_s else [])
    (verdict,) = evaluate(trace, always(f"{RUNTIME} > 0"))
    assert verdict.word == ("inconclusive" if runs_s else "holds")


@pytest.mark.parametrize(
    ("property", "word"),
    [
        (never("lamp.lit"), "inconclusive"),
        (always("not lamp.lit", between=("20 s", "30 s")), "holds"),
        (within("5 s", "not lamp.lit", after="load.on"), "holds"),
        (within("5 s", "lamp.lit", after="load.on"), "violated"),
    ],
)
def test_only_what_depends_on_the_time_before_is_inconclusive(property, word: str) -> None:
    trace = Trace({"load.on": [(0.0, False), (20.0, True)]})
    trace.unknown_before(10.0, "lamp.lit", NOT_WATCHED)
    trace.add(10.0, "lamp.lit", False)
    trace.reach(60.0)
    assert evaluate(trace, property)[0].word == word


def test_what_was_recorded_before_stays_known() -> None:
    trace = Trace({"lamp.lit": [(0.0, True)]})
    trace.reach(10.0)
    trace.unknown_before(10.0, "lamp.lit", NOT_WATCHED)
    assert not any(isinstance(value, Unknown) for _, value in trace["lamp.lit"])
