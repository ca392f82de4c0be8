"""Faults that are scheduled together happen together: one that cannot is refused before any of them has begun."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.harness.faults.injection import Injection, InjectionError
from twinfeed.harness.faults.reference import FaultRef
from twinfeed.harness.properties import BindingError, PropertySyntaxError
from twinfeed.harness.quantities import UnknownQuantity
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.worlds.injector import Injector
from twinfeed.harness.worlds.simulated import SimulatedWorld
from twinfeed.harness.worlds.sites import fresh

POSSIBLE = [
    {"target": "utility-a", "kind": "outage"},
    {"target": "sensor-1:probe.1.value", "kind": "sensor-bias", "parameters": {"offset": 2.0}},
    {"target": "ups-1", "kind": "delay", "parameters": {"delay_s": 0.2}},
    {"target": "controller", "kind": "controller-down"},
    {"target": "utility-b", "kind": "outage", "until": "racks.*.supplied"},
]

IMPOSSIBLE = [
    {"target": "sensor-1", "kind": "sensor-bias"},
    {"target": "sensor-1:probe.9.value", "kind": "sensor-bias"},
    {"target": "sensor-1:", "kind": "sensor-bias"},
    {"target": "sensor-1:probe.1.value", "kind": "sensor-bias", "parameters": {"offset": 1e200}},
    {"target": "utilty-a", "kind": "outage"},
    {"target": "utility-a", "kind": "outge"},
    {"target": "utility-a", "kind": "outage", "parameters": {"depth": 1.0}},
    {"target": "utility-a", "kind": "outage", "until": "racks.*.suplied"},
    {"target": "utility-a", "kind": "outage", "until": "racks.*.supplied and"},
    {"target": "utility-a", "kind": "outage", "until": "utility-a.live > 3"},
    {"target": "ups-1", "kind": "delay", "parameters": {"delay_s": -1.0}},
    {"target": "ups-1:battery.charge", "kind": "delay"},
    {"target": "utility-a", "kind": "modbus-exception"},
    {"target": "ups-1", "kind": "controller-down"},
    {"target": "controller:store", "kind": "controller-down"},
]


async def scheduled(faults: list[dict[str, object]]) -> tuple[Exception | None, SimulatedWorld]:
    """A world in which these faults are scheduled together, with the refusal if there was one."""
    world = SimulatedWorld(fresh("bench"))
    await world.start()
    refusal: Exception | None = None
    try:
        try:
            await world.schedule(*map(Injection.from_dict, faults))
        except (PlantError, InjectionError, UnknownQuantity, BindingError, PropertySyntaxError) as error:
            refusal = error
            assert world.waiting() == []
            assert world.model.active_faults() == []
            assert not [event for event in world.journal if event.what == "fault"]
            await world.run("20 min")
            assert not [event for event in world.journal if event.what == "fault"]
    finally:
        await world.stop()
    return refusal, world


@settings(max_examples=examples(30, quick=8), deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(POSSIBLE), st.sampled_from([0.0, 300.0])), max_size=4),
    st.tuples(st.sampled_from(IMPOSSIBLE), st.sampled_from([0.0, 300.0])),
    st.randoms(),
)
def test_one_that_cannot_happen_keeps_the_others_from_happening(possible, wrong, random) -> None:  # type: ignore[no-untyped-def]
    faults = [{**fault, "at_s": at_s} for fault, at_s in [*possible, wrong]]
    random.shuffle(faults)
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        refusal, _ = runner.run(scheduled(faults))
    assert refusal is not None


def test_those_that_can_happen_are_taken() -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        refusal, world = runner.run(scheduled([{**fault, "at_s": 0.0} for fault in POSSIBLE]))
    assert refusal is None
    assert len([event for event in world.journal if event.what == "fault"]) == len(POSSIBLE)


class Rejecting:
    """A sink that fails when one of the targets is to suffer."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.suffering: dict[FaultRef, Mapping[str, float]] = {}

    def realises(self, fault: FaultRef) -> bool:
        return True

    def check(self, fault: FaultRef, parameters: Mapping[str, float], for_s: float | None = None) -> None: ...

    def apply(self, fault: FaultRef, parameters: Mapping[str, float]) -> None:
        if fault.target == self.target:
            raise PlantError(f"{fault} cannot be")
        self.suffering[fault] = parameters

    def lift(self, fault: FaultRef) -> None:
        self.suffering.pop(fault, None)


@given(st.permutations(["a", "b", "c", "worse"]))
def test_a_fault_that_fails_as_it_begins_takes_back_those_that_began_with_it(targets: list[str]) -> None:
    async def run() -> None:
        sink = Rejecting("worse")
        injector = Injector(sink, lambda: 0.0, lambda injection: False)
        injector.add(Injection("before", "outage"), Injection("a", "outage", parameters={"depth": 1.0}))
        there = dict(sink.suffering)
        with pytest.raises(PlantError, match="worse outage cannot be"):
            injector.add(*(Injection(target, "outage") for target in targets))
        assert sink.suffering == there
        assert [injection.target for injection in injector.schedule.injections] == ["before", "a"]

    asyncio.run(run())
