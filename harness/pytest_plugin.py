"""The pytest plugin: a test that asks for `site` gets a world; which one, the command line says.

    @pytest.mark.site("bamako")
    async def test_mains_loss_is_invisible_to_the_racks(site, controller): ...

    pytest                          simulated: virtual time, seconds for half an hour
    pytest --world live --speed 20  the same tests over real sockets

Tests that use `site` need no `asyncio` mark. Other tests are not touched.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import warnings
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from math import inf
from pathlib import Path
from typing import Any, NoReturn

import pytest
import pytest_asyncio

from twinfeed.emulators.serve import ServeError
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness import hooks
from twinfeed.harness.controllers.in_process import (
    Controller,
    ControllerFailed,
    NoSuchController,
    importable_from,
    main_of,
    named,
)
from twinfeed.harness.controllers.paced import Paced
from twinfeed.harness.controllers.program import AlreadyRunning, Program
from twinfeed.harness.evidence import Evidence
from twinfeed.harness.journal import Journal
from twinfeed.harness.plugin.collecting import (
    on_a_site,
    pytest_asyncio_loop_factories,
    pytest_fixture_setup,
    pytest_generate_tests,
    refused_given,
)
from twinfeed.harness.plugin.endings import LOOP, WORLD, pytest_pyfunc_call, pytest_runtest_teardown, untimed
from twinfeed.harness.plugin.marks import MARKERS, WrongMarker, controller_of, model_of, names_in, seed_given
from twinfeed.harness.plugin.scenarios import pytest_collect_file
from twinfeed.harness.report import recording
from twinfeed.harness.virtual.loop import WrongLoop
from twinfeed.harness.virtual.strict import StrictLoop
from twinfeed.harness.virtual.unawaited import unawaited_are_failures
from twinfeed.harness.virtual.watchdog import PATIENCE_S
from twinfeed.harness.worlds.live import LiveWorld
from twinfeed.harness.worlds.simulated import SimulatedWorld
from twinfeed.harness.worlds.sites import DEFAULT
from twinfeed.harness.worlds.world import Cannot, World, missing

__all__ = [
    "pytest_asyncio_loop_factories",
    "pytest_collect_file",
    "pytest_fixture_setup",
    "pytest_generate_tests",
    "pytest_pyfunc_call",
    "pytest_runtest_teardown",
]

EVIDENCE = pytest.StashKey[Evidence]()

WORLDS = ("simulated", "live")

RUNNING = "running"
"""What --controller says of a controller that somebody else starts."""

LEAST_WATCHDOG_S = 0.1


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hooks)
    # Not by `pytest_plugins`: pytest would warn that the module is imported already, an error under `-W error`.
    if not pluginmanager.is_registered(recording):
        pluginmanager.register(recording, recording.__name__)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("twinfeed", "twinfeed: one test, three worlds")
    group.addoption("--world", choices=WORLDS, default="simulated", help="where tests with `site` run")
    group.addoption("--site", metavar="NAME|FILE", help=f"the site of tests that name none (default: {DEFAULT})")
    group.addoption(
        "--profiles",
        action="append",
        default=[],
        metavar="FOLDER",
        help="a folder with profiles of your own; may be repeated, and adds to TWINFEED_PROFILES",
    )
    group.addoption("--speed", type=float, default=1.0, metavar="X", help="live: site seconds in a second (default: 1)")
    group.addoption(
        "--seed", type=int, metavar="N", help="seed of everything that is random (default: the test's, else the site's)"
    )
    group.addoption(
        "--controller",
        metavar="MODULE[:MAIN]|running",
        help="the controller under test, a coroutine function; live: `running` for one that somebody else starts",
    )
    group.addoption("--controller-cmd", metavar="COMMAND", help="live: the controller under test, a program of its own")
    group.addoption(
        "--faketime", action="store_true", help="run that program under libfaketime, its clock at the site's speed"
    )
    group.addoption(
        "--evidence",
        default="evidence",
        metavar="DIR",
        help="where failing tests leave their records (default: evidence)",
    )
    group.addoption(
        "--watchdog",
        type=float,
        default=PATIENCE_S,
        metavar="SECONDS",
        help="stop and name code that does not let the site's time go on for so long, by the machine's clock; 0: never "
        f"(default: {PATIENCE_S:g})",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # Who uses pytest-asyncio only through this plugin has no opinion on the scope of other people's fixtures.
    warnings.filterwarnings("ignore", r'The configuration option "asyncio_default_fixture_loop_scope" is unset')
    for line in MARKERS.values():
        config.addinivalue_line("markers", line)
    if error := _contradiction(config.getoption):
        raise pytest.UsageError(error)
    if folders := config.getoption("--profiles"):
        _look_for_profiles(config, folders)


def _look_for_profiles(config: pytest.Config, folders: list[str]) -> None:
    from twinfeed.emulators.profiles import library

    looking = ExitStack()
    try:
        looking.enter_context(library.looking_in([Path(folder) for folder in folders]))
    except FileError as error:
        raise pytest.UsageError(f"--profiles: {error}") from None
    config.add_cleanup(looking.close)


def _contradiction(option: Callable[[str], Any]) -> str:
    """What is wrong with the command line, if anything."""
    live = option("--world") == "live"
    if option("--controller-cmd") and not live:
        return "--controller-cmd runs a program, which needs real sockets: add --world live"
    if option("--controller") == RUNNING and not live:
        return "--controller running is a program, which needs real sockets: add --world live"
    if option("--controller") and option("--controller-cmd"):
        return "--controller and --controller-cmd name two controllers; give one of them"
    if option("--faketime") and not option("--controller-cmd"):
        return "--faketime changes the clock of a program: add --controller-cmd"
    if option("--faketime") and shutil.which("faketime") is None:
        return "--faketime: faketime is missing: apt install faketime"
    if not 0.0 < option("--speed") < inf:
        return f"--speed is {option('--speed'):g}, expected more than 0 (1 is real time)"
    if option("--watchdog") != 0.0 and not LEAST_WATCHDOG_S <= option("--watchdog") < inf:
        return f"--watchdog is {option('--watchdog'):g}, expected {LEAST_WATCHDOG_S:g} s or more, or 0 for none"
    return ""


def pytest_report_header(config: pytest.Config) -> list[str]:
    option = config.getoption
    if option("--controller") != RUNNING:
        return []
    return [f"twinfeed: the controller that runs already finds the devices in {_inventory_file(config)}"]


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """A test that names no site runs on one that its author may not have meant."""
    if config.getoption("--site") or config.getoption("--rig", None):
        return []
    count = sum(on_a_site(item) and item.get_closest_marker("site") is None for item in items)
    if not count:
        return []
    tests = "1 test names no site and runs" if count == 1 else f"{count} tests name no site and run"
    return [f"twinfeed: {tests} on {DEFAULT}; name one with @pytest.mark.site or --site"]


# -- fixtures --------------------------------------------------------------------------------------------------------


@pytest.fixture
def _twinfeed_world(request: pytest.FixtureRequest) -> World:
    """The world of this test, not yet started: building a site takes its time, and has no loop."""
    if refused := refused_given(request.node):
        pytest.fail(refused, pytrace=False)
    try:
        world: World = request.config.hook.pytest_twinfeed_world(request=request)
        lacks = missing(type(world), names_in(request.node, "needs"))
        names_in(request.node, "watch")
    except Cannot as error:
        pytest.skip(str(error))
    except (FileError, ValueError) as error:
        _fail(error)
    if lacks:
        pytest.skip(f"the {world.kind} world cannot give: {', '.join(lacks)}")
    return world


@pytest_asyncio.fixture(loop_scope="function")
async def site(request: pytest.FixtureRequest, _twinfeed_world: World) -> AsyncIterator[World]:
    """The site of this test (marker `site`, else --site, else bamako) in the world of the command line."""
    world, loop = _twinfeed_world, asyncio.get_running_loop()
    with ExitStack() as stack:
        finishing: Callable[[], AbstractContextManager[None]] = nullcontext
        if isinstance(loop, StrictLoop):
            request.node.stash[LOOP] = loop
            finishing = loop.finishing
            stack.enter_context(unawaited_are_failures(loop))
        try:
            await world.start()
        except Cannot as error:
            pytest.skip(str(error))
        except (FileError, ServeError, ValueError, WrongLoop) as error:
            _fail(error)
        try:
            request.node.stash[WORLD] = world
            request.node.stash[EVIDENCE] = Evidence(world)
            try:
                world.watch(*names_in(request.node, "watch"))
            except Cannot as error:
                pytest.skip(str(error))
            yield world
        finally:
            with finishing():
                await world.stop()


@pytest_asyncio.fixture(loop_scope="function")
async def controller(
    request: pytest.FixtureRequest, site: World, tmp_path_factory: pytest.TempPathFactory
) -> Controller:
    """The controller under test, taking care of the site: --controller-cmd, else --controller, else the marker."""
    option = request.config.getoption
    try:
        name = option("--controller") or controller_of(request.node)
        if option("--controller-cmd"):
            folder = tmp_path_factory.mktemp("controller")
            chosen: Controller = Program(option("--controller-cmd"), option("--speed"), option("--faketime"), folder)
        elif name == RUNNING:
            chosen = AlreadyRunning(_inventory_file(request.config))
        elif name:
            with importable_from(Path.cwd(), request.config.rootpath, request.path.parent):
                chosen = _in_process(name, option)
        else:
            raise NoSuchController(
                "this test needs a controller: give --controller package.module:function, --controller-cmd with "
                "--world live, or mark the test with @pytest.mark.controller"
            )
        await site.start_controller(chosen)
    except (WrongMarker, NoSuchController, ControllerFailed) as error:
        _fail(error)
    return chosen


def _fail(error: Exception) -> NoReturn:
    """Fail with that message alone: no traceback of ours, and not twice."""
    raise pytest.fail.Exception(str(error), pytrace=False) from None


def _in_process(name: str, option: Callable[[str], Any]) -> Controller:
    """A coroutine function, by a clock that keeps pace with the site's."""
    if option("--world") == "live" and option("--speed") != 1.0:
        return Paced(main_of(name), name, option("--speed"))
    return named(name)


@pytest.fixture
def journal(site: World) -> Journal:
    """What has happened on the site so far, kept up to date by `site.look()` and every check."""
    return site.journal


@pytest.hookimpl(trylast=True)
def pytest_twinfeed_world(request: pytest.FixtureRequest) -> World:
    """A world of emulators, as --world says; plugins that bring other worlds are asked before."""
    option = request.config.getoption
    model, seed = model_of(request.node), seed_given(request.node)
    if option("--world") == "simulated":
        return SimulatedWorld(model, seed)
    return LiveWorld(model, seed, option("--speed"), worker())


def _inventory_file(config: pytest.Config) -> Path:
    """Where a controller that runs already finds the addresses, a file for each of pytest-xdist's workers."""
    number = f"-{worker()}" if worker() else ""
    return _evidence_folder(config) / f"inventory{number}.json"


def _evidence_folder(config: pytest.Config) -> Path:
    return config.rootpath / str(config.getoption("--evidence"))


def worker() -> int:
    """Which of pytest-xdist's workers this is, from 0; each serves its live sites on ports of its own."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


# -- reporting -------------------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    evidence = item.stash.get(EVIDENCE, None)
    if evidence is not None and call.when != "teardown" and report.failed:
        error = call.excinfo.value if call.excinfo else None
        again = _again(item, evidence.world)
        try:
            with untimed():
                text = evidence.leave(_evidence_folder(item.config), item.nodeid, again, error)
                recording.keep(item, evidence.left)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as trouble:  # the failure itself must be reported whatever becomes of its evidence
            text = f"again: {again}\nthe evidence is incomplete: {type(trouble).__name__}: {trouble}"
        report.sections.append(("twinfeed", text))
    return report


def _again(item: pytest.Item, world: World) -> str:
    """The command that runs this test again as it ran."""
    config, option = item.config, item.config.getoption
    path, _, name = item.nodeid.partition("::")
    path = os.path.relpath(config.rootpath / path, config.invocation_params.dir)
    words = ["pytest", f"{path}::{name}", "--seed", str(world.seed)]
    rig = config.getoption("--rig", default=None)  # the bench's plugin, if it is there, names the world by it
    if option("--world") != "simulated" and not rig:
        words += ["--world", option("--world"), "--speed", f"{option('--speed'):g}"]
    for flag in ("--site", "--controller", "--controller-cmd"):
        if option(flag):
            words += [flag, option(flag)]
    if rig:
        words += ["--rig", rig]
    return shlex.join(words + ["--faketime"] * option("--faketime"))
