"""Hypothesis explores what people, networks, devices and processes do to a bench, and shrinks what leaves it unsafe."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from simulated_bench import FAULTS, Bench, read_rig
from workers.examples import examples

from twinfeed.harness.virtual.loop import VirtualLoop

OUTLETS = st.sampled_from(["mains", "load", "spare"])
PROCESSES = st.sampled_from(["supervisor", "guard", "run"])
LASTING = st.floats(0.1, 60.0)

with tempfile.TemporaryDirectory() as folder:
    RIG = read_rig(Path(folder))


class ABench(RuleBasedStateMachine):
    """After each step the bench is in its safe state, is somebody's, or is reported NOT SAFE, once time has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.bench = Bench(RIG, random.Random(0))

    def do(self, work: Coroutine[Any, Any, Any]) -> None:
        async def begun() -> None:
            self.bench.spawn(work)
            await self.bench.wait(0.05)

        self.loop.run_until_complete(begun())

    @property
    def now_s(self) -> float:
        return self.loop.time()

    @rule()
    def somebody_arms_it(self) -> None:
        self.do(self.bench.arm())

    @rule()
    def a_test_run_begins(self) -> None:
        self.do(self.bench.begin_run())

    @rule(name=st.sampled_from(sorted(FAULTS)))
    def the_run_causes_a_fault(self, name: str) -> None:
        self.do(self.bench.fault(name))

    @rule()
    def somebody_stops_it(self) -> None:
        self.do(self.bench.stop())

    @rule()
    def somebody_resets_it(self) -> None:
        self.do(self.bench.reset())

    @rule()
    def somebody_disarms_it(self) -> None:
        self.do(self.bench.disarm())

    @rule()
    def somebody_makes_it_safe_by_command(self) -> None:
        self.do(self.bench.safe())

    @rule(names=st.sets(PROCESSES, min_size=1))
    def processes_are_killed(self, names: set[str]) -> None:
        self.bench.kill(*names)

    @rule(name=PROCESSES, step=st.integers(1, 40))
    def the_next_of_these_processes_dies_at_a_step(self, name: str, step: int) -> None:
        self.bench.deaths[name] = step

    @rule(seconds=LASTING, lost=st.booleans())
    def the_network_is_gone(self, seconds: float, lost: bool) -> None:
        for outlet in self.bench.outlets.values():
            outlet.silent_until_s, outlet.lost = self.now_s + seconds, lost

    @rule(name=OUTLETS, seconds=LASTING)
    def a_device_acknowledges_and_does_not_move(self, name: str, seconds: float) -> None:
        self.bench.outlets[name].lies_until_s = self.now_s + seconds

    @rule(name=OUTLETS, position=st.sampled_from(["on", "off"]))
    def somebody_presses_a_key(self, name: str, position: str) -> None:
        self.bench.by_hand(name, position)

    @rule(seconds=st.sampled_from([0.02, 0.2, 1.0, 5.0]))
    def time_passes(self, seconds: float) -> None:
        self.loop.run_until_complete(self.bench.wait(seconds))

    @precondition(lambda self: self.bench.mark(None).read().tripped)
    @rule()
    def a_while_later_it_is_safe_or_said_not_to_be(self) -> None:
        self.loop.run_until_complete(self.bench.wait(40.0))
        self.bench.check()

    def teardown(self) -> None:
        try:
            self.loop.run_until_complete(self.bench.wait(40.0))
            self.bench.check()
        finally:
            self.loop.run_until_complete(self.bench.end())
            self.loop.close()


TestABench = ABench.TestCase
TestABench.settings = settings(
    max_examples=examples(40), stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
