"""A controller that somebody else starts only gets the addresses of the devices."""

from __future__ import annotations

import json
from pathlib import Path

from twinfeed.harness.controllers.program import AlreadyRunning


async def test_it_finds_the_inventory_in_a_folder_that_need_not_exist_before(tmp_path: Path):
    file = tmp_path / "evidence" / "inventory.json"
    inventory = {"site": "bench", "devices": {"ups-1": {"kind": "ups"}}}
    await AlreadyRunning(file).start(inventory)
    assert json.loads(file.read_text()) == inventory
