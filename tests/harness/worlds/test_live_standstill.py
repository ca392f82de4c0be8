"""A live world names the longest time in which it answered nobody, when that may have made devices seem silent."""

from __future__ import annotations

import asyncio
import time

from twinfeed.emulators.site import Site
from twinfeed.harness.plugin.options import worker
from twinfeed.harness.worlds.live import SLOW_S, LiveWorld

SPEED = 20.0


async def test_a_process_that_stood_still_is_named_with_the_speed() -> None:
    world = LiveWorld(Site.load("bench"), speed=SPEED, worker=worker())
    await world.start()
    try:
        asyncio.get_running_loop().call_later(0.05, time.sleep, 2.0 * SLOW_S / SPEED)
        await world.run(4.0 * SLOW_S)
    finally:
        await world.stop()
    (remark,) = world.remarks()
    assert remark.startswith("this machine was too slow for speed 20: no device could answer for ")
    assert "choose a lower --speed" in remark


async def test_a_world_that_never_ran_has_no_remark() -> None:
    assert LiveWorld(Site.load("bench"), speed=SPEED, worker=worker()).remarks() == []
