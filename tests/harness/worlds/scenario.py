"""A polling client on a site with a lossy link: prints a hash of every frame, its time and its ends.

python scenario.py SITE SEED
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from contextlib import suppress

from twinfeed.harness.transports import TransportError
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.network import VirtualNetwork
from twinfeed.harness.virtual.sockets import Frame
from twinfeed.harness.worlds.simulated import SimulatedWorld
from twinfeed.harness.worlds.sites import fresh

POLLED = {
    "ups-1": "battery.charge",
    "generator-1": "engine.speed",
    "ups-2": "battery.charge",
    "ups-3": "battery.charge",
}


async def polled(seed: int, site: str) -> str:
    world = SimulatedWorld(fresh(site, seed), seed)
    await world.start()
    trace = hashlib.sha256()
    octets = 0

    def note(frame: Frame) -> None:
        nonlocal octets
        octets += len(frame.data)
        trace.update(repr(frame).encode())

    asyncio.get_running_loop().network.record = note  # type: ignore[attr-defined]
    await world.inject("ups-1", "jitter", jitter_s=0.2)
    await world.inject("generator-1", "loss", percent=20)
    await world.inject("utility-b", "outage", at=15, for_=30)
    while world.now < 60:
        for device, point in POLLED.items():
            with suppress(TransportError):
                await world[device].read(point)
        await world.run(1)
    await world.stop()
    return f"{octets} {trace.hexdigest()}"


if __name__ == "__main__":
    number = int(sys.argv[2])
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(VirtualNetwork(number))) as runner:
        print(runner.run(polled(number, sys.argv[1])))
