"""Each scenario is proposed once, within the design, and every kind of fault has its turn."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations, islice

import pytest
from doubles import DARK
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.harness.campaign.alterations import OF_ONE, combined
from twinfeed.harness.campaign.attempt import Tried
from twinfeed.harness.campaign.memory import Memory
from twinfeed.harness.campaign.proposals import Proposals
from twinfeed.harness.campaign.relevance import distances
from twinfeed.harness.campaign.versions import Versions
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search.drawing import DISTANCES_S
from twinfeed.harness.search.menu import menu
from twinfeed.harness.worlds.sites import fresh

FRAME = Scenario("pilot", 3, 900.0, (), ("always racks.*.supplied",))

ONE = st.builds(
    Injection,
    st.sampled_from(["utility-a", "utility-b", "pump-1", "chiller-1"]),
    st.sampled_from(["outage", "failure"]),
    st.integers(1, 45).map(lambda tens: 10.0 * tens),
    st.sampled_from([None, 10.0, 60.0, 300.0]),
    flap=st.sampled_from([None, None, (30.0, 30.0)]),
)
FAULTS = st.lists(ONE, max_size=4).map(lambda faults: tuple(sorted(faults, key=lambda fault: fault.at_s)))


@given(FAULTS, st.sampled_from(OF_ONE), st.integers(0, 10_000))
def test_an_altered_scenario_is_in_order_and_inside_the_run(
    faults: tuple[Injection, ...], alteration: object, number: int
) -> None:
    altered = alteration(faults, random.Random(number), 450.0)  # type: ignore[operator]
    if altered is None:
        return
    onsets = [fault.at_s for fault in altered]
    assert onsets == sorted(onsets)
    assert all(10.0 <= at_s <= 450.0 and at_s % 10.0 == 0.0 for at_s in onsets)
    assert all(fault.for_s is None or fault.for_s >= 1.0 for fault in altered)
    assert {(fault.target, fault.kind) for fault in altered} <= {(fault.target, fault.kind) for fault in faults}


@given(FAULTS, FAULTS)
def test_combined_scenarios_have_the_faults_of_both(one: tuple[Injection, ...], other: tuple[Injection, ...]) -> None:
    both = combined(one, other)
    assert all(fault in both for fault in (*one, *other))
    assert all(fault in one or fault in other for fault in both)


def proposals(at_once: int = 1, duration_s: float = 900.0) -> Proposals:
    site = fresh("pilot", 3)
    frame = replace(FRAME, duration_s=duration_s)
    return Proposals(frame, menu(site), distances(site, FRAME.properties), at_once)


@pytest.mark.parametrize("duration_s", [1.0, 20.0, 60.0, 100.0])
def test_in_a_short_run_every_fault_begins_before_the_end(duration_s: float) -> None:
    proposing = proposals(duration_s=duration_s)
    for number in range(60):
        scenario = proposing.next()
        assert scenario is not None
        assert all(0.0 < fault.at_s < duration_s for fault in scenario.injections)
        proposing.learn(Tried(scenario, octets=str(number), reached=frozenset({f"event {number}"})))


def test_no_scenario_is_proposed_twice_and_none_is_beyond_the_design() -> None:
    proposing = proposals()
    grid = {("utility-a", kind) for _, kind in proposing.menu.grid} | {("utility-b", k) for _, k in proposing.menu.grid}
    seen = []
    for number in range(300):
        scenario = proposing.next()
        assert scenario is not None
        seen.append(repr(scenario.injections))
        others = [fault for fault in scenario.injections if (fault.target, fault.kind) not in grid]
        assert len(others) <= 1
        proposing.learn(Tried(scenario, octets=str(number), reached=frozenset({f"event {number % 7}"})))
    assert len(set(seen)) == len(seen)


def test_the_sweep_has_every_kind_on_its_nearest_target_before_any_kind_on_a_second() -> None:
    proposing = proposals()
    kinds = {kind for family in proposing.menu.others.values() for _, kind in family}
    grid = {target for target, _ in proposing.menu.grid}
    swept = ([fault.kind for fault in faults if fault.target not in grid] for faults in proposing._sweep)
    first = list(islice((kind for kind, *_ in filter(None, swept)), len(kinds)))
    assert sorted(first) == sorted(kinds)


def test_faults_that_change_no_octet_are_proposed_less_and_less() -> None:
    proposing = proposals()
    barren = ("pump-1", "wear")
    quiet = Scenario("pilot", 3, 900.0, (Injection(*barren, 30.0),), FRAME.properties)
    proposing.learn(Tried(Scenario("pilot", 3, 900.0, (), FRAME.properties), octets="quiet"))
    for _ in range(40):
        proposing.learn(Tried(quiet, octets="quiet"))
    for _ in range(300):
        scenario = proposing.next()
        assert scenario is not None
        assert [(fault.target, fault.kind) for fault in scenario.injections] != [barren]


def test_what_feeds_a_rack_is_nearer_to_it_than_what_cools_its_hall() -> None:
    near = distances(fresh("pilot", 3), ["always row-1.supplied"])
    assert near["row-1"] == 0
    assert near["pdu-1-a"] == 1
    assert near["ups-a"] < near["utility-a"]
    assert near["pdu-1-a"] < near["chiller-1"]


def test_outages_are_repeated_at_every_distance_and_come_first() -> None:
    sweep = islice(proposals(duration_s=3600.0)._sweep, 1 + len(DISTANCES_S))
    onsets = [sorted({fault.at_s for fault in faults}) for faults in sweep]
    assert onsets == [[60.0], *([60.0, 360.0 + distance_s] for distance_s in DISTANCES_S)]


def test_with_two_faults_at_once_every_pair_of_kinds_has_its_turn() -> None:
    proposing = proposals(at_once=2)
    kinds = sorted({kind for family in proposing.menu.others.values() for _, kind in family})
    grid = {target for target, _ in proposing.menu.grid}
    swept = ({fault.kind for fault in faults if fault.target not in grid} for faults in proposing._sweep)
    pairs = {frozenset(found) for found in swept if len(found) == 2}
    assert pairs == {frozenset(pair) for pair in combinations(kinds, 2)}


def test_a_failure_of_the_former_version_is_tried_first_on_the_new_one() -> None:
    former = replace(FRAME, injections=(Injection("pump-1", "failure", 110.0),))
    with Memory(None) as memory:
        for version in ("old", "new"):
            on = Versions("site", version, "0.2.0")
            number = memory.begin(version, FRAME, on)
            found = memory.former(FRAME, on.key)
            memory.keep(DARK, Tried(former), on.key, number)
    assert found == [former]
    site = fresh("pilot", 3)
    assert Proposals(FRAME, menu(site), {}, first=found).next() == former
