"""The branches of a controller: pairs of its lines, those of other code left out."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextvars import copy_context
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from twinfeed.harness.campaign.attempt import attempt
from twinfeed.harness.campaign.branches import Branches, folder_of
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario

SOURCE = """\
import asyncio
import json
def decide(number):
    if number > 1:
        return json.dumps({"high": number})
    return "low"
async def main(inventory, store):
    while True:
        await asyncio.sleep(10.0)
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A controller of one file, freshly imported."""
    (tmp_path / "mine_with_branches.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "gettrace", lambda: None)  # the coverage of this test run does not count
    import mine_with_branches  # type: ignore[import-not-found]

    yield mine_with_branches
    del sys.modules["mine_with_branches"]


def taken(function: Callable[..., Any], *arguments: Any) -> set[tuple[str, int, int]]:
    """The branches of one call."""
    branches = Branches(folder_of("mine_with_branches"))
    before = sys.gettrace()
    if sys.version_info >= (3, 12):
        with branches.monitored():
            function(*arguments)
    else:
        loop = asyncio.new_event_loop()
        branches.run(asyncio.Handle(function, arguments, loop, copy_context()))
        loop.close()
        sys.settrace(before)
    return branches.taken


def test_each_way_through_a_function_has_branches_of_its_own(mine: ModuleType) -> None:
    name = "mine_with_branches.py"
    assert taken(mine.decide, 2) == {(name, 0, 4), (name, 4, 5)}
    assert taken(mine.decide, 1) == {(name, 0, 4), (name, 4, 6)}


def test_code_outside_of_the_folder_is_left_out(mine: ModuleType) -> None:
    assert taken(sorted, [3, 1]) == set()


def test_a_run_that_is_traced_is_the_same_run(mine: ModuleType) -> None:
    site = str(files("twinfeed.harness.suite").joinpath("files", "site.yaml"))
    outage = Injection("utility", "outage", 30.0)
    scenario = Scenario(site, 1, 60.0, (outage,), ("always site.faults < 9",), "mine_with_branches")
    plain, traced = attempt(scenario), attempt(scenario, traced=True)
    assert traced.octets == plain.octets
    assert traced.reached - plain.reached == {
        "branch mine_with_branches.py 0>8",
        "branch mine_with_branches.py 8>9",
        "branch mine_with_branches.py 9>8",
    }
