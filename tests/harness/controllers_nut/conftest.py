"""A live world with two UPSs, and NUT on it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from computers import SITE, Computers
from external import program
from nut import FOLDERS

from twinfeed.emulators.site import Site
from twinfeed.harness.controllers.program import Program
from twinfeed.harness.plugin.options import worker
from twinfeed.harness.worlds.live import LiveWorld

SPEED = 10.0
"""Seconds of the site in one of the clock; under libfaketime NUT's programs sleep as much faster."""

INTERVALS = "--host-sync 60 --final-delay 20"
"""Everything else at NUT's defaults. A second of the clock passes between the notice of a shutdown and its command."""

UNFAKED = "--poll 1 --dead 3 --driver 1"
"""NUT's shortest intervals, for programs whose clock is the machine's."""


@pytest.fixture
def faketime() -> bool:
    """True if NUT's clock runs at the site's speed."""
    return True


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[LiveWorld]:
    """Both UPSs are on line and full."""
    path = tmp_path / "two-ups.yaml"
    path.write_text(SITE)
    site = Site.load(path)
    site.advance(60.0)
    live = LiveWorld(site, speed=SPEED, worker=worker())
    await live.start()
    try:
        yield live
    finally:
        await live.stop()


@pytest_asyncio.fixture
async def computers(
    world: LiveWorld, faketime: bool, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> Computers:
    """NUT watches both UPSs, for two computers that each need one of them."""
    for name, package in (("snmp-ups", "nut-snmp"), ("upsd", "nut-server"), ("upsmon", "nut-client")):
        program(name, package, *FOLDERS)
    if faketime:
        program("faketime", "faketime")
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath))
    command = f"{sys.executable} -m twinfeed.fixtures.controllers.nut {INTERVALS if faketime else UNFAKED}"
    nut = Program(command, SPEED, faketime)
    await world.start_controller(nut)
    found = Computers(world, nut)
    await found.watched()
    return found
