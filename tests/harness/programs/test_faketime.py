"""A controller that is a program of its own may have its clock run at the site's speed, by libfaketime."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from external import program

from twinfeed.emulators.site import Site
from twinfeed.harness.controllers.program import Program
from twinfeed.harness.plugin.options import worker
from twinfeed.harness.worlds.live import LiveWorld

pytestmark = pytest.mark.interop

SITE = """
site: idle
power:
  utility: {kind: utility}
"""

SLEEPER = (
    "import os, time; print(os.getpid(), flush=True); time.sleep(3600); print('an hour', flush=True); time.sleep(36000)"
)


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[LiveWorld]:
    path = tmp_path / "idle.yaml"
    path.write_text(SITE)
    live = LiveWorld(Site.load(path), speed=1200.0, worker=worker())
    await live.start()
    try:
        yield live
    finally:
        await live.stop()


@pytest_asyncio.fixture
async def sleeper(world: LiveWorld) -> Program:
    """It prints its process id, and when an hour of its own time has passed."""
    program("faketime", "faketime")
    started = Program(f'{sys.executable} -c "{SLEEPER}"', world.speed, faketime=True)
    await world.start_controller(started)
    return started


async def said(world: LiveWorld, sleeper: Program, lines: int) -> list[str]:
    """Its output once it has printed so many lines, within a day of the site."""
    while len(found := sleeper.output.read_text().splitlines()) < lines:
        assert world.now < 86400.0, f"it said only {found}"
        await world.run("1 min")
    return found


async def test_an_hour_of_the_program_passes_with_an_hour_of_the_site(world, sleeper):
    assert (await said(world, sleeper, 2))[1] == "an hour"
    assert world.now > 3600.0  # not before its time either


async def test_it_ends_when_it_is_stopped_and_leaves_nothing(world, sleeper):
    (pid,) = await said(world, sleeper, 1)
    await sleeper.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    assert not [path for path in Path("/dev/shm").glob("*faketime*") if path.name.endswith(f"_{pid}")]
