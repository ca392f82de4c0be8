"""The reference controller as a program of its own, on a live site over real sockets."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from twinfeed.harness.controllers.program import Program
from twinfeed.harness.worlds.live import LiveWorld
from twinfeed.harness.worlds.sites import fresh

ROOT = Path(__file__).parents[3]
PATIENCE_S = 120.0
"""The time that a busy machine may take to start the program, s."""


async def test_it_takes_the_site_over_and_remembers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    world = LiveWorld(fresh("pilot"))
    await world.start()
    try:
        program = Program(f"{sys.executable} -m twinfeed.fixtures.controllers.plant")
        await world.start_controller(program)
        while world.model["chiller-3"].read("chiller.enabled") and world.now < PATIENCE_S:
            await world.run(1.0)
        assert world.model["chiller-3"].read("chiller.enabled") is False, program.output.read_text()
        await program.stop()
        memory = json.loads((program.folder / "store.json").read_text())
        assert memory["chillers.duty"] == ["chiller-1", "chiller-2"]
    finally:
        await world.stop()
