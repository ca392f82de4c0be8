"""Prints a digest of every frame that the reference controller and the pilot hall exchange in a minute with an outage."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3]))  # `fixtures`, which is not installed

from twinfeed.harness.controllers.in_process import named
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.network import VirtualNetwork
from twinfeed.harness.virtual.sockets import Frame
from twinfeed.harness.worlds.simulated import SimulatedWorld
from twinfeed.harness.worlds.sites import fresh


async def main() -> None:
    digest = hashlib.sha256()
    world = SimulatedWorld(fresh("pilot", 1), 1, everything=False)
    await world.start()
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)

    def take(frame: Frame) -> None:
        digest.update(repr((frame.t_s, frame.source, frame.destination, frame.data)).encode())

    loop.network.record = take
    await world.start_controller(named("twinfeed.fixtures.controllers.plant"))
    await world.inject("utility-a", "outage", at=20)
    await world.run("1 min")
    await world.stop()
    print(digest.hexdigest())


with asyncio.Runner(loop_factory=lambda: VirtualLoop(VirtualNetwork(1))) as runner:
    runner.run(main())
