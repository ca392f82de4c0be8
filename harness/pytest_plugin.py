"""The pytest plugin: a test that asks for `site` gets a world; which one, the command line says.

    @pytest.mark.site("bamako")
    async def test_mains_loss_is_invisible_to_the_racks(site, controller): ...

    pytest                          simulated: virtual time, seconds for half an hour
    pytest --world live --speed 20  the same tests over real sockets

Tests that use `site` need no `asyncio` mark. Other tests are not touched.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import shlex
import shutil
import warnings
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from emulators.plant.actor import PlantError
from emulators.serve import ServeError
from emulators.site import Site
from emulators.yamlfile import FileError
from harness import hooks
from harness.durations import seconds
from harness.evidence import Evidence
from harness.faults.scenario import Scenario
from harness.journal import Journal
from harness.properties import BindingError, PropertySyntaxError, WrongKind
from harness.quantities import UnknownQuantity
from harness.report.recording import keep
from harness.worlds.controller import Controller, ControllerFailed, NoSuchController, main_of, named
from harness.worlds.live import LiveWorld
from harness.worlds.loop import VirtualLoop
from harness.worlds.network import Network
from harness.worlds.paced import Paced
from harness.worlds.program import AlreadyRunning, Program
from harness.worlds.simulated import SimulatedWorld
from harness.worlds.sites import DEFAULT, beside, fresh
from harness.worlds.world import CAPABILITIES, Cannot, World, missing

EVIDENCE = pytest.StashKey[Evidence]()

pytest_plugins = ["harness.report.recording"]

WORLDS = ("simulated", "live")

RUNNING = "running"
"""What --controller says of a controller that somebody else starts."""

OURS = {"site", "controller", "journal"}
"""Fixtures of a site."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("twinfeed", "twinfeed: one test, three worlds")
    group.addoption("--world", choices=WORLDS, default="simulated", help="where tests with `site` run")
    group.addoption("--site", metavar="NAME|FILE", help=f"the site of tests that name none (default: {DEFAULT})")
    group.addoption("--speed", type=float, default=1.0, metavar="X", help="live: site seconds in a second (default: 1)")
    group.addoption(
        "--seed", type=int, metavar="N", help="seed of everything that is random (default: the test's, else 0)"
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


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # Who uses pytest-asyncio only through this plugin has no opinion on the scope of other people's fixtures.
    warnings.filterwarnings("ignore", r'The configuration option "asyncio_default_fixture_loop_scope" is unset')
    config.addinivalue_line("markers", "site(name, settle=time, seed=N): the site a test runs on")
    config.addinivalue_line("markers", "controller(name): the controller under test, package.module:function")
    config.addinivalue_line("markers", "watch(*names): record these quantities at every instant")
    config.addinivalue_line("markers", f"needs(*capabilities): what the world must offer: {', '.join(CAPABILITIES)}")
    if error := _contradiction(config.getoption):
        raise pytest.UsageError(error)


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
    return ""


def pytest_report_header(config: pytest.Config) -> list[str]:
    option = config.getoption
    if option("--controller") != RUNNING:
        return []
    return [f"twinfeed: the controller that runs already finds the devices in {_inventory_file(config)}"]


# -- collecting: tests of a site are coroutines, on a loop of their world ----------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> None:
    """Coroutine tests that use a site are asyncio tests, whatever mode pytest-asyncio is in, each on its own loop."""
    if inspect.iscoroutinefunction(obj) and OURS & inspect.signature(obj).parameters.keys():
        pytest.mark.asyncio(loop_scope="function")(obj)


@pytest.hookimpl(wrapper=True)
def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Generator[None, Mapping[str, Callable[[], asyncio.AbstractEventLoop]] | None, Any]:
    others = yield
    if "site" in getattr(item, "fixturenames", ()) and config.getoption("--world") == "simulated":
        return {"simulated": partial(_virtual_loop, seed_of(item))}
    return others or {"asyncio": asyncio.new_event_loop}


def _virtual_loop(seed: int) -> VirtualLoop:
    return VirtualLoop(Network(seed))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """A scenario file is a test: what it says must hold does."""
    if file_path.name.endswith(".scenario.yaml"):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class ScenarioFile(pytest.File):
    """A scenario, as a search saves them."""

    def collect(self) -> Iterator[pytest.Item]:
        yield ScenarioItem.from_parent(self, name="scenario")


class ScenarioItem(pytest.Item):
    """Its run, in a simulated world of its own."""

    def runtest(self) -> None:
        from harness.search import trial  # Hypothesis takes a while to import

        scenario = Scenario.load(self.path)
        controller = self.config.getoption("--controller") or scenario.controller
        scenario = replace(scenario, site=beside(scenario.site, self.path), controller=controller)
        outcome = trial(scenario, everything=True)
        if not outcome:
            raise ScenarioBroken(f"{outcome.what}\nagain: twinfeed replay {os.path.relpath(self.path)}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, (ScenarioBroken, *WRONG)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.path.name


class ScenarioBroken(AssertionError):
    """A scenario's properties do not hold."""


WRONG = (FileError, PlantError, PropertySyntaxError, BindingError, WrongKind, UnknownQuantity, NoSuchController)
"""What can be wrong in a scenario file, and is told in a line."""


# -- fixtures --------------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="function")
async def site(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """The site of this test (marker `site`, else --site, else bamako) in the world of the command line."""
    try:
        world = request.config.hook.pytest_twinfeed_world(request=request)
        if lacks := missing(type(world), _marked(request.node, "needs")):
            pytest.skip(f"the {world.kind} world cannot give: {', '.join(lacks)}")
        await world.start()
    except Cannot as error:
        pytest.skip(str(error))
    except (FileError, ServeError, ValueError) as error:
        pytest.fail(str(error), pytrace=False)
    try:
        request.node.stash[EVIDENCE] = Evidence(world)
        try:
            world.watch(*_marked(request.node, "watch"))
        except Cannot as error:
            pytest.skip(str(error))
        yield world
    finally:
        await world.stop()
        for unheard in getattr(asyncio.get_running_loop(), "failures", ()):
            warnings.warn(pytest.PytestWarning(f"something nobody awaits has raised {unheard!r}"), stacklevel=1)


@pytest_asyncio.fixture(loop_scope="function")
async def controller(
    request: pytest.FixtureRequest, site: World, tmp_path_factory: pytest.TempPathFactory
) -> Controller:
    """The controller under test, taking care of the site: --controller-cmd, else --controller, else the marker."""
    option = request.config.getoption
    marked = _marked(request.node, "controller")
    name = option("--controller") or (marked[0] if marked else None)
    if option("--controller-cmd"):
        folder = tmp_path_factory.mktemp("controller")
        chosen: Controller = Program(option("--controller-cmd"), option("--speed"), option("--faketime"), folder)
    elif name == RUNNING:
        chosen = AlreadyRunning(_inventory_file(request.config))
    elif name:
        try:
            chosen = _in_process(name, option)
        except NoSuchController as error:
            pytest.fail(str(error), pytrace=False)
    else:
        pytest.fail(
            "this test needs a controller: give --controller package.module:function, --controller-cmd with --world "
            "live, or mark the test with @pytest.mark.controller",
            pytrace=False,
        )
    try:
        await site.start_controller(chosen)
    except ControllerFailed as error:
        pytest.fail(str(error), pytrace=False)
    return chosen


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
    model, seed = model_of(request.node), seed_of(request.node)
    if option("--world") == "simulated":
        return SimulatedWorld(model, seed)
    return LiveWorld(model, seed, option("--speed"), worker())


def model_of(item: pytest.Item) -> Site:
    """The site of a test, at its start: that of the marker `site`, else of --site, else the default.

    Raises:
        FileError: there is no such site, or its file is wrong.
    """
    marker = item.get_closest_marker("site")
    name = marker.args[0] if marker and marker.args else item.config.getoption("--site") or DEFAULT
    settle = seconds(marker.kwargs.get("settle", 0.0)) if marker else 0.0
    return fresh(beside(name, item.path), seed_of(item), settle)


def seed_of(item: pytest.Item) -> int:
    """--seed, else that of the marker `site`, else 0."""
    marker = item.get_closest_marker("site")
    given: int | None = item.config.getoption("--seed")
    return given if given is not None else int(marker.kwargs.get("seed", 0)) if marker else 0


def _inventory_file(config: pytest.Config) -> Path:
    """Where a controller that runs already finds the addresses, a file for each of pytest-xdist's workers."""
    number = f"-{worker()}" if worker() else ""
    return _evidence_folder(config) / f"inventory{number}.json"


def _evidence_folder(config: pytest.Config) -> Path:
    return config.rootpath / str(config.getoption("--evidence"))


def worker() -> int:
    """Which of pytest-xdist's workers this is, from 0; each serves its live sites on ports of its own."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _marked(node: pytest.Item, name: str) -> tuple[Any, ...]:
    return tuple(arg for marker in node.iter_markers(name) for arg in marker.args)


# -- reporting -------------------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """What a world cannot do skips the test with the reason."""
    try:
        return (yield)
    except Cannot as error:
        pytest.skip(str(error))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    evidence = item.stash.get(EVIDENCE, None)
    if evidence is not None and call.when != "teardown" and report.failed:
        error = call.excinfo.value if call.excinfo else None
        try:
            text = evidence.leave(_evidence_folder(item.config), item.nodeid, _again(item), error)
            keep(item, evidence.left)
        except Exception as trouble:  # the failure itself must be reported whatever becomes of its evidence
            text = f"again: {_again(item)}\nthe evidence is incomplete: {type(trouble).__name__}: {trouble}"
        report.sections.append(("twinfeed", text))
    return report


def _again(item: pytest.Item) -> str:
    """The command that runs this test again as it ran."""
    config, option = item.config, item.config.getoption
    path, _, name = item.nodeid.partition("::")
    path = os.path.relpath(config.rootpath / path, config.invocation_params.dir)
    words = ["pytest", f"{path}::{name}", "--seed", str(seed_of(item))]
    rig = config.getoption("--rig", default=None)  # the bench's plugin, if it is there, names the world by it
    if option("--world") != "simulated" and not rig:
        words += ["--world", option("--world"), "--speed", f"{option('--speed'):g}"]
    for flag in ("--site", "--controller", "--controller-cmd"):
        if option(flag):
            words += [flag, option(flag)]
    if rig:
        words += ["--rig", rig]
    return shlex.join(words + ["--faketime"] * option("--faketime"))
