"""Histories of a bench in simulated time: whatever dies, falls silent, lies or is moved by hand, in any order.

    history = History(rig, seed)
    history.run()                 # raises Unsafe: the bench is not in its safe state, and nothing shows so
    print(history.story)

A history may let a process of the `simulated_bench` die at any step.
"""

from __future__ import annotations

import asyncio
import random

from simulated_bench import FAULTS, Bench, Unsafe

from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.hil_rigs.rigfile import Rig

QUIET_S = 40.0
"""At the end of a history nothing happens for so long, s: longer than two rounds, the longest pause and a check."""


class History:
    """A history of a bench, decided by a seed."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self.seed = seed
        self._chance = random.Random(seed)
        self._rig = rig
        self.story: list[str] = []
        self.heals = self._chance.random() < 0.6
        """True if all devices answer and obey at the end."""

    def run(self) -> None:
        """Raises Unsafe."""
        loop = VirtualLoop()
        try:
            loop.run_until_complete(self._run())
        finally:
            loop.close()

    async def _run(self) -> None:
        chance, bench = self._chance, Bench(self._rig, self._chance)
        self.story = bench.story
        for name in ("supervisor", "guard", "run", "command"):
            if chance.random() < 0.4:
                bench.deaths[name] = int(chance.expovariate(1 / 15)) + 1
        try:
            if chance.random() < 0.9:
                bench.spawn(bench.arm())
                await bench.wait(0.3)
                await bench.begin_run()
            for _ in range(chance.randint(2, 9)):
                self._something(bench)
                await bench.wait(chance.choice((0.01, 0.1, 0.3, 1.0, 3.0, 8.0)) * chance.random())
            await self._end(bench)
        finally:
            await bench.end()

    def _something(self, bench: Bench) -> None:
        chance = self._chance
        name, outlet = chance.choice(list(bench.outlets.items()))
        now = asyncio.get_running_loop().time()
        lasting_s = chance.choice((0.5, 2.0, 4.5, 15.0, 60.0)) * chance.random()
        match chance.choice(HAPPENINGS):
            case "gap":
                bench.say(f"the network is gone for {lasting_s:.1f} s")
                lost = chance.random() < 0.5
                for each in bench.outlets.values():
                    each.silent_until_s, each.lost = now + lasting_s, lost
            case "silent":
                bench.say(f"{name} is silent for {lasting_s:.1f} s")
                outlet.silent_until_s, outlet.lost = now + lasting_s, chance.random() < 0.5
            case "lies":
                bench.say(f"{name} acknowledges and does not move for {lasting_s:.1f} s")
                outlet.lies_until_s = now + lasting_s
            case "hand":
                position = chance.choice(("on", "off"))
                bench.say(f"somebody moves {name} to {position}")
                bench.by_hand(name, position)
            case "restart":
                bench.say("the PDU restarts with its outlets on")
                for each in bench.outlets:
                    bench.by_hand(each, "on")
            case "kill":
                names = chance.sample(("supervisor", "guard", "run"), chance.randint(1, 3))
                bench.say(f"killed: {', '.join(names)}")
                bench.kill(*names)
            case "arm" | "disarm" | "reset" | "stop" | "safe" as what:
                bench.say(what)
                bench.spawn(getattr(bench, what)())
            case "run":
                bench.spawn(bench.begin_run())
            case "fault":
                bench.spawn(bench.fault(chance.choice(list(FAULTS))))

    async def _end(self, bench: Bench) -> None:
        if self.heals:
            for outlet in bench.outlets.values():
                outlet.silent_until_s = outlet.lies_until_s = 0.0
        bench.say("nothing happens any more")
        await bench.wait(QUIET_S)
        bench.check()
        kept = bench.mark(None)
        if self.heals and kept.kept and kept.read().state in ("making safe", "not safe"):
            raise Unsafe(f"all is well and a keeper lives, but it is {kept.read()}\n" + "\n".join(bench.story[-60:]))


HAPPENINGS = (
    "gap", "silent", "lies", "hand", "restart", "kill", "kill", "arm", "disarm", "reset", "stop", "stop", "safe", "run",
    "fault", "fault",
)  # fmt: skip
