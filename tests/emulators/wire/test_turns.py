"""Turns and rests of one device, on a loop in virtual time."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.wire.turns import LONG_S, TURN_S, Turns


class Loop:
    """Keeps the timers that are set; the test lets them ring."""

    def __init__(self) -> None:
        self.set: list[tuple[float, Any]] = []

    def call_later(self, delay_s: float, callback: Any) -> Loop:
        self.set.append((delay_s, callback))
        return self

    def cancel(self) -> None:
        self.set.pop()


@given(st.lists(st.floats(0.0, 3 * TURN_S), max_size=30))
def test_a_device_rests_for_as_long_as_it_has_worked(requests: list[float]) -> None:
    loop, rests = Loop(), []
    turns = Turns(lambda: rests.append(1))
    worked_s = 0.0
    for seconds in requests:
        worked_s += seconds
        turns.worked(seconds, loop)  # type: ignore[arg-type]
        assert turns.resting is (seconds > LONG_S or worked_s > TURN_S)
        if turns.resting:
            (delay_s, over) = loop.set.pop()
            assert abs(delay_s - worked_s) < 1e-9
            over()
            worked_s = 0.0
            assert not turns.resting
    assert loop.set == []


def test_a_server_that_stops_ends_the_rest_without_going_on() -> None:
    loop, rests = Loop(), []
    turns = Turns(lambda: rests.append(1))
    turns.worked(2 * LONG_S, loop)  # type: ignore[arg-type]
    turns.stop()
    assert not turns.resting and rests == [] and loop.set == []
