"""The world of a test: which one, started and stopped, with the controller under test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

import pytest

from twinfeed._phrases import Phrase
from twinfeed.emulators.serving import ServeError
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.controllers.in_process import (
    Controller,
    ControllerFailed,
    NoSuchController,
    importable_from,
    main_of,
)
from twinfeed.harness.controllers.paced import Paced
from twinfeed.harness.controllers.pair import controller_named
from twinfeed.harness.controllers.program import AlreadyRunning, Program
from twinfeed.harness.language import said
from twinfeed.harness.plugin.endings import LOOP, WORLD
from twinfeed.harness.plugin.loops import refused_given
from twinfeed.harness.plugin.marks import WrongMarker, controller_of, model_of, names_in, seed_given
from twinfeed.harness.plugin.options import RUNNING, inventory_file, worker
from twinfeed.harness.virtual.loop import WrongLoop
from twinfeed.harness.virtual.strict import StrictLoop
from twinfeed.harness.virtual.unawaited import unawaited_are_failures
from twinfeed.harness.worlds.capabilities import missing
from twinfeed.harness.worlds.live import LiveWorld
from twinfeed.harness.worlds.simulated import SimulatedWorld
from twinfeed.harness.worlds.world import Cannot, World


@pytest.hookimpl(trylast=True)
def pytest_twinfeed_world(request: pytest.FixtureRequest) -> World:
    """A world of emulators, as --world names it; plugins that bring other worlds come before."""
    option = request.config.getoption
    model, seed = model_of(request.node), seed_given(request.node)
    if option("--world") == "simulated":
        return SimulatedWorld(model, seed)
    return LiveWorld(model, seed, option("--speed"), worker())


def chosen(request: pytest.FixtureRequest) -> World:
    """The world of a test, not yet started. The test fails or is skipped here if it cannot have one."""
    if refused := refused_given(request.node):
        pytest.fail(refused, pytrace=False)
    try:
        world: World = request.config.hook.pytest_twinfeed_world(request=request)
        lacks = missing(world.capabilities, names_in(request.node, "needs"))
        names_in(request.node, "watch")
    except Cannot as error:
        pytest.skip(said(str(error)))
    except (FileError, ValueError) as error:
        _fail(error)
    if lacks:
        pytest.skip(said(Phrase("the {kind} world cannot give: {lacks}", kind=world.kind, lacks=", ".join(lacks))))
    return world


@asynccontextmanager
async def started(item: pytest.Item, world: World) -> AsyncIterator[World]:
    """Inside, the world of that test runs."""
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        finishing: Callable[[], AbstractContextManager[None]] = nullcontext
        if isinstance(loop, StrictLoop):
            item.stash[LOOP] = loop
            finishing = loop.finishing
            stack.enter_context(unawaited_are_failures(loop))
        try:
            await world.start()
        except Cannot as error:
            pytest.skip(said(str(error)))
        except (FileError, ServeError, ValueError, WrongLoop) as error:
            _fail(error)
        try:
            item.stash[WORLD] = world
            try:
                world.watch(*names_in(item, "watch"))
            except Cannot as error:
                pytest.skip(said(str(error)))
            yield world
        finally:
            with finishing():
                await world.stop()


async def controlled(request: pytest.FixtureRequest, site: World, folders: pytest.TempPathFactory) -> Controller:
    """The controller under test, started on that site. The test fails here if there is none."""
    option = request.config.getoption
    try:
        name = option("--controller") or controller_of(request.node)
        if option("--controller-cmd"):
            folder = folders.mktemp("controller")
            controller: Controller = Program(
                option("--controller-cmd"), option("--speed"), option("--faketime"), folder
            )
        elif name == RUNNING:
            controller = AlreadyRunning(inventory_file(request.config))
        elif name:
            with importable_from(Path.cwd(), request.config.rootpath, request.path.parent):
                controller = _in_process(name, option)
        else:
            raise NoSuchController(
                "this test needs a controller: give --controller package.module:function, --controller-cmd with "
                "--world live, or mark the test with @pytest.mark.controller"
            )
        await site.start_controller(controller)
    except (WrongMarker, NoSuchController, ControllerFailed) as error:
        _fail(error)
    return controller


def _in_process(name: str, option: Callable[[str], Any]) -> Controller:
    """A coroutine function, by a clock that keeps pace with the site's."""
    if option("--world") == "live" and option("--speed") != 1.0:
        return Paced(main_of(name), name, option("--speed"))
    return controller_named(name)


def _fail(error: Exception) -> NoReturn:
    """Fail with that message alone: no traceback of ours, and not twice."""
    raise pytest.fail.Exception(str(error), pytrace=False) from None
