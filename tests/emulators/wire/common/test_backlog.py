"""The answers that a slow device owes: in order, bounded, late by the delay, and gone once the device is no longer slow."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.wire.backlog import Backlog
from twinfeed.harness.virtual.loop import VirtualLoop

ROOM = 4

steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.just(0.0)),
        st.tuples(st.just("wait"), st.floats(0.01, 5.0)),
        st.tuples(st.just("delay"), st.sampled_from([0.0, 0.5, 2.0, 60.0])),
    ),
    max_size=40,
)


@given(steps)
def test_whatever_is_asked_and_however_slow_the_device_becomes(steps: list[tuple[str, float]]) -> None:
    async def life() -> None:
        loop, delay_s = asyncio.get_running_loop(), [0.0]
        backlog = Backlog(lambda: delay_s[0], ROOM)
        asked, taken, sent = 0, list[int](), list[tuple[int, float, float]]()
        for step, value in [*steps, ("delay", 0.0)]:
            if step == "ask":
                number, at_s, asked = asked, loop.time(), asked + 1
                free = len(backlog.waiting) < ROOM or delay_s[0] == 0.0
                kept = backlog.put(lambda number=number, at_s=at_s: sent.append((number, at_s, loop.time())))  # type: ignore[misc]
                assert kept is free
                taken += [number] if kept else []
            elif step == "wait":
                await asyncio.sleep(value)
            else:
                delay_s[0] = value
                backlog.hasten()
            assert len(backlog.waiting) <= ROOM
            if delay_s[0] == 0.0:
                assert not backlog.waiting
        assert [number for number, _, _ in sent] == taken
        assert backlog.dropped == asked - len(taken)
        assert all(asked_s <= sent_s for _, asked_s, sent_s in sent)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(life())


def test_each_answer_leaves_a_delay_after_the_one_before() -> None:
    async def life() -> list[float]:
        loop, sent = asyncio.get_running_loop(), list[float]()
        backlog = Backlog(lambda: 2.0, ROOM)
        began_s = loop.time()
        for _ in range(3):
            backlog.put(lambda: sent.append(loop.time() - began_s))
        await asyncio.sleep(60.0)
        return sent

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(life()) == pytest.approx([2.0, 4.0, 6.0])
