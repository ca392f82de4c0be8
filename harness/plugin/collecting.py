"""Which tests run on a site, and on which event loop: whatever uses our fixture `site`, directly or through others.

A coroutine test becomes one of pytest-asyncio in any mode of it, with a loop of its own. A plain function may use
`site` too: its site starts and stops on such a loop. Fixtures of users that use `site` run on the loop of the test.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import pytest
from pytest_asyncio.plugin import PytestAsyncioFunction

from twinfeed.harness.plugin.endings import LOOP
from twinfeed.harness.virtual import guard
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.wall_clock import WallClockLoop

LOOP_FACTORY = "_asyncio_loop_factory"
"""The fixture of pytest-asyncio whose parameter makes the loop."""

OWNER = "twinfeed.harness.pytest_plugin"
"""The module of our fixture `site`; users may have one of that name."""


def on_a_site(item: pytest.Item) -> bool:
    """Whether a test uses our fixture `site`, by name, through other fixtures, or by `usefixtures`."""
    fixtures = getattr(item, "_fixtureinfo", None)
    return fixtures is not None and "site" in fixtures.names_closure and _ours(fixtures.name2fixturedefs)


def refused_given(item: pytest.Item) -> str:
    """What to write where Hypothesis would refuse `site` as a fixture of one function; empty if it does not."""
    function = getattr(item, "obj", None)
    if not getattr(function, "is_hypothesis_test", False):
        return ""
    from hypothesis import HealthCheck, settings

    chosen = getattr(function, "_hypothesis_internal_use_settings", None) or settings()
    if HealthCheck.function_scoped_fixture in chosen.suppress_health_check:
        return ""
    return (
        "the site of a @given test goes on from one example to the next: if that is meant, write "
        "@settings(suppress_health_check=[HealthCheck.function_scoped_fixture]); for a site that starts anew in each "
        "example, run scenarios with twinfeed.harness.search.trial"
    )


def _ours(definitions: Mapping[str, Sequence[pytest.FixtureDef[Any]]]) -> bool:
    """Whether the closest definition of `site` is ours, or builds upon ours."""
    for definition in reversed(definitions.get("site", ())):
        if definition.func.__module__ == OWNER:
            return True
        if "site" not in definition.argnames:
            return False
    return False


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Generator[None, None, None]:
    """A test of a site gets the loop of its world, whatever loop scope it or its module names for other tests."""
    test = metafunc.definition
    if on_a_site(test):
        if PytestAsyncioFunction.item_subclass_for(test) is not None:
            _make_asyncio(metafunc)
        else:
            metafunc.fixturenames.append(LOOP_FACTORY)
            hidden = (pytest.HIDDEN_PARAM,)
            metafunc.parametrize(LOOP_FACTORY, [_factory(metafunc.config)], indirect=True, ids=hidden, scope="function")
    yield


def _make_asyncio(metafunc: pytest.Metafunc) -> None:
    """Mark the function, from which its items take their markers, and the definition, which has taken them already."""
    function: Any = metafunc.function
    others = [mark for mark in getattr(function, "pytestmark", []) if mark.name != "asyncio"]
    mark = pytest.mark.asyncio(loop_scope="function")
    function.pytestmark = [*others, mark.mark]
    test = metafunc.definition
    test.own_markers = [own for own in test.own_markers if own.name != "asyncio"]
    test.add_marker(mark, append=False)


@pytest.hookimpl(wrapper=True)
def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Generator[None, Mapping[str, Callable[[], asyncio.AbstractEventLoop]] | None, Any]:
    others = yield
    if on_a_site(item):
        return {config.getoption("--world"): _factory(config)}
    return others or {"asyncio": asyncio.new_event_loop}


def _factory(config: pytest.Config) -> Callable[[], asyncio.AbstractEventLoop]:
    world, patience_s = config.getoption("--world"), config.getoption("--watchdog")
    if world == "simulated":
        return partial(VirtualLoop, patience_s=patience_s)
    return partial(WallClockLoop, patience_s if world == "live" else 0.0)  # a bench has watchdogs of its own


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """An asynchronous fixture that uses `site` is one of pytest-asyncio, on the loop of the test; a plain one belongs
    to the simulated run as the test does."""
    if fixturedef.scope != "function" or "site" not in _closure(fixturedef, request.node):
        return (yield)
    function: Any = getattr(fixturedef.func, "__func__", fixturedef.func)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        function._force_asyncio_fixture = True
        function._loop_scope = "function"
        return (yield)
    request.getfixturevalue("site")
    loop = request.node.stash.get(LOOP, None)
    try:
        with guard.inside(loop) if isinstance(loop, VirtualLoop) else nullcontext():
            return (yield)
    except BaseException as error:
        if loop is not None:
            loop.is_raised(error)
        raise


def _closure(fixturedef: pytest.FixtureDef[Any], item: pytest.Item) -> set[str]:
    """The names of all fixtures that this one uses."""
    definitions = getattr(item, "_fixtureinfo", None)
    if definitions is None or not on_a_site(item):
        return set()
    found: set[str] = set()
    waiting = list(fixturedef.argnames)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [arg for d in definitions.name2fixturedefs.get(name, ()) for arg in d.argnames]
    return found
