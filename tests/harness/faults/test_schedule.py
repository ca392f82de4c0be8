"""When faults are applied and lifted: at, for, ramp, flap, until, and what overlaps."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.reference import FaultRef
from twinfeed.harness.faults.schedule import RAMP_STEPS, Action, Schedule

OUTAGE = ("utility-a", "outage")
FAULT = FaultRef(*OUTAGE)


def played(schedule: Schedule, until_s: float = 1000.0) -> list[tuple[float, str, dict[str, float] | None]]:
    """All actions by the clock up to that time, driven from due time to due time."""
    lines = []
    while schedule.next_due_s() <= until_s:
        now_s = schedule.next_due_s()
        for action in schedule.advance(now_s):
            assert action.t_s == now_s
            lines.append(
                (action.t_s, action.fault.kind, None if action.parameters is None else dict(action.parameters))
            )
    return lines


def test_a_fault_is_applied_at_its_time_and_lifted_after_its_duration() -> None:
    assert played(Schedule([Injection(*OUTAGE, at_s=5.0, for_s=10.0)])) == [
        (5.0, "outage", {}),
        (15.0, "outage", None),
    ]


def test_without_a_duration_it_lasts_to_the_end_of_the_run() -> None:
    schedule = Schedule([Injection(*OUTAGE)])
    assert schedule.advance(0.0) == [Action(0.0, FAULT, {})]
    assert schedule.next_due_s() == math.inf
    assert schedule.finish(99.0) == [Action(99.0, FAULT, None)]
    assert schedule.finish(99.0) == []


def test_a_ramp_goes_from_neutral_to_full_in_ten_steps_and_stays_inside_the_range() -> None:
    lines = played(Schedule([Injection("utility-a", "sag", 100.0, parameters={"depth": 50.0}, ramp_s=20.0)]))
    depths = [(t, parameters["depth"]) for t, _, parameters in lines if parameters]
    assert depths == [(100.0, 10.0)] + [(100.0 + 2.0 * k, 5.0 * k) for k in range(3, RAMP_STEPS + 1)]


def test_what_ramps_down_from_a_hundred_percent_begins_there() -> None:
    lines = played(Schedule([Injection("ups-a1", "battery-weak", parameters={"capacity": 50.0}, ramp_s=10.0)]))
    capacities = [parameters["capacity"] for _, _, parameters in lines if parameters]
    assert capacities == [99.0, 95.0, 90.0, 85.0, 80.0, 75.0, 70.0, 65.0, 60.0, 55.0, 50.0]


def test_a_number_that_names_something_does_not_ramp() -> None:
    lines = played(Schedule([Injection("utility-a", "unbalance", parameters={"phase": 2, "depth": 30.0}, ramp_s=10.0)]))
    assert {parameters["phase"] for _, _, parameters in lines if parameters} == {2}


def test_a_flapping_fault_comes_and_goes() -> None:
    lines = played(Schedule([Injection(*OUTAGE, at_s=1.0, for_s=10.0, flap=(2.0, 3.0))]))
    assert [(t, p is not None) for t, _, p in lines] == [(1.0, True), (3.0, False), (6.0, True), (8.0, False)]


def test_jitter_is_the_same_for_the_same_seed_and_bounded() -> None:
    injection = Injection(*OUTAGE, flap=(10.0, 10.0), flap_jitter=0.5)
    one, same, other = (played(Schedule([injection], seed)) for seed in (1, 1, 2))
    assert one == same != other
    times = [t for t, _, _ in one]
    assert all(5.0 <= later - earlier <= 15.0 for earlier, later in pairwise(times))


def test_a_condition_ends_it_at_the_first_look_after_it_began() -> None:
    schedule = Schedule([Injection(*OUTAGE, at_s=5.0, until="generator-1.running")])
    assert schedule.conditions == []
    assert schedule.advance(5.0, lambda injection: True) == [Action(5.0, FAULT, {})]
    assert schedule.conditions == ["generator-1.running"]
    assert schedule.advance(6.0, lambda injection: False) == []
    assert schedule.advance(7.0, lambda injection: injection.until == "generator-1.running") == [
        Action(7.0, FAULT, None)
    ]
    assert schedule.conditions == []


def test_what_a_condition_has_ended_does_not_flap_on() -> None:
    schedule = Schedule([Injection(*OUTAGE, flap=(1.0, 1.0), until="enough")])
    assert len(schedule.advance(4.5)) == 5
    assert schedule.advance(4.6, lambda injection: True) == [Action(4.6, FAULT, None)]
    assert schedule.next_due_s() == math.inf


def test_whichever_is_first_ends_it() -> None:
    schedule = Schedule([Injection(*OUTAGE, for_s=10.0, until="enough")])
    schedule.advance(0.0)
    assert schedule.advance(10.0, lambda injection: False) == [Action(10.0, FAULT, None)]
    assert schedule.advance(11.0, lambda injection: True) == []


def test_overlapping_injections_do_not_end_each_other() -> None:
    one, other = Injection(*OUTAGE, at_s=0.0, for_s=10.0), Injection(*OUTAGE, at_s=5.0, for_s=10.0)
    assert played(Schedule([one, other])) == [(0.0, "outage", {}), (15.0, "outage", None)]


def test_the_one_that_began_last_says_how_strong_it_is() -> None:
    long = Injection("utility-a", "sag", 0.0, 30.0, {"depth": 20.0})
    short = Injection("utility-a", "sag", 10.0, 10.0, {"depth": 80.0})
    assert played(Schedule([long, short])) == [
        (0.0, "sag", {"depth": 20.0}),
        (10.0, "sag", {"depth": 80.0}),
        (20.0, "sag", {"depth": 20.0}),
        (30.0, "sag", None),
    ]


def test_one_that_begins_where_another_ends_leaves_no_gap() -> None:
    one, other = Injection(*OUTAGE, for_s=10.0), Injection(*OUTAGE, at_s=10.0, for_s=10.0)
    assert played(Schedule([one, other])) == [(0.0, "outage", {}), (20.0, "outage", None)]


kinds = st.sampled_from([("utility-a", "sag", "depth"), ("utility-b", "sag", "depth"), ("ups-1", "fan", "derating")])


@st.composite
def timed(draw: st.DrawFn) -> Injection:
    target, kind, name = draw(kinds)
    flap = draw(st.none() | st.tuples(st.integers(1, 20), st.integers(1, 20)))
    return Injection(
        target,
        kind,
        float(draw(st.integers(0, 60))),
        float(draw(st.integers(1, 60))),
        {name: float(draw(st.integers(10, 90)))},
        0.0 if flap else float(draw(st.integers(0, 80))),
        flap,
    )


@given(st.lists(timed(), max_size=5), st.lists(st.floats(0.0, 200.0), max_size=20))
def test_however_it_is_driven_it_ends_with_nothing_applied(found: list[Injection], looks: list[float]) -> None:
    schedule = Schedule(found)
    suffering: set[FaultRef] = set()
    last_s = 0.0
    for now_s in [*sorted(looks), 200.0]:
        for action in schedule.advance(now_s):
            assert last_s <= action.t_s <= now_s, "in order, never early"
            last_s = action.t_s
            key = action.fault
            if action.parameters is None:
                assert key in suffering, "only what is there is lifted"
                suffering.remove(key)
            else:
                suffering.add(key)
        assert suffering == set(schedule.active)
    assert suffering == set()


@given(st.lists(timed(), max_size=5), st.integers(0, 150))
def test_a_fault_is_there_exactly_while_one_of_its_injections_is(found: list[Injection], now: int) -> None:
    """Against the plain reading of at, for and flap, for injections that do not ramp."""
    now_s = now + 0.5
    schedule = Schedule(found)
    schedule.advance(now_s)
    expected = set()
    for i in found:
        since = now_s - i.at_s
        assert i.for_s is not None
        if 0.0 <= since < i.for_s and (i.flap is None or since % sum(i.flap) < i.flap[0]):
            expected.add(i.fault)
    assert set(schedule.active) == expected


@given(st.lists(timed(), max_size=6), st.integers(0, 150))
def test_the_strength_is_that_of_the_injection_that_began_last(found: list[Injection], now: int) -> None:
    """Of two that begin at the same time it is the one that was given later; ramps aside."""
    found = [replace(i, ramp_s=0.0) for i in found]
    now_s = now + 0.5
    schedule = Schedule(found)
    schedule.advance(now_s)
    there: dict[FaultRef, list[tuple[float, int]]] = {}
    for n, i in enumerate(found):
        since = now_s - i.at_s
        assert i.for_s is not None
        if 0.0 <= since < i.for_s and (i.flap is None or since % sum(i.flap) < i.flap[0]):
            there.setdefault(i.fault, []).append((i.at_s, n))
    assert schedule.active == {key: found[max(those)[1]].parameters for key, those in there.items()}


@pytest.mark.parametrize("seed", [0, 1])
def test_two_drivers_see_the_same_actions(seed: int) -> None:
    found = [Injection(*OUTAGE, flap=(3.0, 4.0), for_s=50.0, flap_jitter=0.3), Injection("utility-b", "outage", 7.0)]
    fine, coarse = Schedule(found, seed), Schedule(found, seed)
    steps = [action for now in range(100) for action in fine.advance(float(now))]
    assert steps == coarse.advance(99.0)


@given(st.lists(timed(), max_size=4), st.lists(timed(), max_size=4), st.integers(0, 150))
def test_what_is_withdrawn_was_never_there(kept: list[Injection], taken: list[Injection], now: int) -> None:
    schedule, alone = Schedule(kept), Schedule(kept)
    for injection in taken:
        schedule.add(injection)
    schedule.advance(float(now))
    alone.advance(float(now))
    schedule.withdraw(len(kept), float(now))
    assert schedule.active == alone.active
    assert schedule.next_due_s() == alone.next_due_s()
    assert schedule.waiting == alone.waiting
