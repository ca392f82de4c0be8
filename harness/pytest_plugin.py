"""The pytest plugin: a test that asks for `site` gets a world; the command line chooses which one.

    @pytest.mark.site("bamako")
    async def test_mains_loss_is_invisible_to_the_racks(site, controller): ...

    pytest                          simulated: virtual time, seconds for half an hour
    pytest --world live --speed 20  the same tests over real sockets

Tests that use `site` need no `asyncio` mark. Other tests are not touched.

pytest loads this module in every run, of any project. It imports nothing large: the rest of the plugin is imported and
registered when the first test that uses it is collected.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from twinfeed.harness.plugin import hookspecs, options
from twinfeed.harness.plugin.selection import on_a_site

if TYPE_CHECKING:
    from twinfeed.harness.controllers.in_process import Controller
    from twinfeed.harness.journal import Journal
    from twinfeed.harness.report.measure import Measure
    from twinfeed.harness.worlds.world import World

FOR_SITES = ("loops", "endings", "evidence", "worlds")
"""The modules of the plugin that tests with `site` need."""

FOR_MEASUREMENTS = ("measuring",)
"""The modules of the plugin that tests with `measure` need."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # A project that has pytest-asyncio only through this plugin has no opinion on the scope of other fixtures.
    warnings.filterwarnings("ignore", r'The configuration option "asyncio_default_fixture_loop_scope" is unset')
    for line in options.MARKERS.values():
        config.addinivalue_line("markers", line)
    options.check(config)
    if config.getoption("--report"):
        _need(config, *FOR_MEASUREMENTS)
        import_module("twinfeed.harness.plugin.recording").start(config)


def _need(config: pytest.Config, *modules: str) -> None:
    """Register these modules of the plugin, unless they are registered."""
    for module in modules:
        name = f"twinfeed.harness.plugin.{module}"
        if not config.pluginmanager.has_plugin(name):
            config.pluginmanager.register(import_module(name), name)


# -- collection --------------------------------------------------------------------------------------------------------


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Collect a scenario file as a test of its properties."""
    if not file_path.name.endswith(".scenario.yaml"):
        return None
    from twinfeed.harness.plugin.scenarios import ScenarioFile

    return ScenarioFile.from_parent(parent, path=file_path)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Generator[None, None, None]:
    """The first test that uses a part of the plugin loads it; a test on a site runs on the loop of its world."""
    test = metafunc.definition
    if "measure" in metafunc.fixturenames or test.get_closest_marker("measures") is not None:
        _need(metafunc.config, *FOR_MEASUREMENTS)
    if on_a_site(test):
        _need(metafunc.config, *FOR_SITES)
        from twinfeed.harness.plugin.loops import run_on_loop_of_site

        run_on_loop_of_site(metafunc)
    yield


@pytest.hookimpl(wrapper=True)
def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Generator[None, Mapping[str, Callable[[], asyncio.AbstractEventLoop]] | None, Any]:
    others = yield
    if on_a_site(item):
        from twinfeed.harness.plugin.loops import factory

        return {config.getoption("--world"): factory(config)}
    return others or {"asyncio": asyncio.new_event_loop}


# -- fixtures ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def _twinfeed_world(request: pytest.FixtureRequest) -> World:
    """The world of this test, not yet started: building a site takes its time, and has no loop."""
    _need(request.config, *FOR_SITES)
    from twinfeed.harness.plugin.worlds import chosen

    return chosen(request)


@pytest_asyncio.fixture(loop_scope="function")
async def site(request: pytest.FixtureRequest, _twinfeed_world: World) -> AsyncIterator[World]:
    """The site of this test (marker `site`, else --site, else bamako) in the world of the command line."""
    from twinfeed.harness.plugin.worlds import started

    async with started(request.node, _twinfeed_world) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="function")
async def controller(
    request: pytest.FixtureRequest, site: World, tmp_path_factory: pytest.TempPathFactory
) -> Controller:
    """The controller under test, in charge of the site: --controller-cmd, else --controller, else the marker."""
    from twinfeed.harness.plugin.worlds import controlled

    return await controlled(request, site, tmp_path_factory)


@pytest.fixture
def journal(site: World) -> Journal:
    """The journal of the site so far. `site.sample()` and every check bring it up to date."""
    return site.journal


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Measure:
    """Notes values with their units and limits; a value outside its limits fails the test at its end."""
    _need(request.config, *FOR_MEASUREMENTS)
    from twinfeed.harness.plugin.measuring import measure_of

    return measure_of(request.node)


# -- reporting ---------------------------------------------------------------------------------------------------------


def pytest_report_header(config: pytest.Config) -> list[str]:
    if config.getoption("--controller") != options.RUNNING:
        return []
    return [f"twinfeed: the controller that runs already finds the devices in {options.inventory_file(config)}"]


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """A test that names no site runs on one that its author may not have meant."""
    if config.getoption("--site") or config.getoption("--rig", None):
        return []
    count = sum(on_a_site(item) and item.get_closest_marker("site") is None for item in items)
    if not count:
        return []
    tests = "1 test names no site and runs" if count == 1 else f"{count} tests name no site and run"
    return [f"twinfeed: {tests} on {options.DEFAULT_SITE}; name one with @pytest.mark.site or --site"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Marginal measurements, those of the workers of pytest-xdist too."""
    for report in (r for reports in terminalreporter.stats.values() for r in reports):
        if getattr(report, "when", "") == "call":
            for name, text in report.user_properties:
                if name == options.MARGINAL:
                    terminalreporter.write_line(f"marginal: {report.nodeid}: {text}", yellow=True)
