"""pytest's `--rig FILE`: the same tests on a physical bench; `--dry-run` lists what would move, on its twin."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from twinfeed.harness.worlds.world import World
    from twinfeed.hil_rigs.dry_run import Plan
    from twinfeed.hil_rigs.rigfile import Rig

RIG: pytest.StashKey[Rig] = pytest.StashKey()
PLAN: pytest.StashKey[Plan] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("twinfeed")
    group.addoption("--rig", metavar="NAME|FILE", help="run on the physical bench that this file describes")
    group.addoption(
        "--dry-run", action="store_true", help="with --rig: run on its software twin, and list what would move"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    option = config.getoption
    if not option("--rig"):
        if option("--dry-run"):
            raise pytest.UsageError("--dry-run lists what would move on a bench: add --rig FILE")
        return
    if option("--site"):
        raise pytest.UsageError("--rig and --site name two sites: the bench's own is that of its wiring")
    if option("--world") != "simulated":
        raise pytest.UsageError("--rig and --world name two worlds; give one of them")
    from twinfeed.emulators.yamlfile import FileError
    from twinfeed.hil_rigs import rigfile
    from twinfeed.hil_rigs.dry_run import Plan

    try:
        rig = config.stash[RIG] = rigfile.read(option("--rig"))
    except FileError as error:
        raise pytest.UsageError(str(error)) from None
    config.option.rig = str(rig.path)  # a bench that ships may have been named by its name
    if option("--dry-run"):
        config.stash[PLAN] = Plan(rig)
    else:
        config.option.world = "rig"


@pytest.hookimpl
def pytest_twinfeed_world(request: pytest.FixtureRequest) -> World | None:
    """The bench, or its twin on which nothing real moves."""
    rig = request.config.stash.get(RIG, None)
    if rig is None:
        return None
    from twinfeed.hil_rigs.world import RigWorld, fits

    fits(rig, request.node)
    plan = request.config.stash.get(PLAN, None)
    if plan is not None:
        return plan.world(request.node)
    return RigWorld(rig, run=request.node.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The bench's own record goes to those of the run, if they are kept."""
    rig = session.config.stash.get(RIG, None)
    folder = session.config.getoption("--report", None)
    if rig is not None and folder and PLAN not in session.config.stash:
        from twinfeed.hil_rigs.supervisor.places import record_of

        if record_of(rig).exists():
            shutil.copy(record_of(rig), session.config.rootpath / folder / f"bench-{rig.name}.jsonl")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What would move, if it was asked."""
    if (plan := config.stash.get(PLAN, None)) is not None:
        terminalreporter.section("dry run: nothing has moved")
        for line in plan.lines():
            terminalreporter.write_line(line)
