"""The event loop of a test that uses our fixture `site`, directly or through others.

A coroutine test becomes one of pytest-asyncio in any mode of it, with a loop of its own. A plain function may use
`site` too: its site starts and stops on such a loop. Fixtures of users that use `site` run on the loop of the test.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Generator
from contextlib import nullcontext
from functools import partial
from typing import Any

import pytest
from pytest_asyncio.plugin import PytestAsyncioFunction

from twinfeed.harness.plugin.endings import LOOP
from twinfeed.harness.plugin.selection import on_a_site
from twinfeed.harness.virtual import guard
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.wall_clock import WallClockLoop
from twinfeed.harness.virtual.watchdog import PATIENCE_S

LOOP_FACTORY = "_asyncio_loop_factory"
"""The fixture of pytest-asyncio whose parameter makes the loop."""


def refused_given(item: pytest.Item) -> str:
    """The advice for a test where Hypothesis would refuse `site` as a fixture of one function; empty if it does not."""
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


def run_on_loop_of_site(metafunc: pytest.Metafunc) -> None:
    """A test of a site gets the loop of its world, whatever loop scope it or its module names for other tests."""
    if PytestAsyncioFunction.item_subclass_for(metafunc.definition) is not None:
        _make_asyncio(metafunc)
    else:
        metafunc.fixturenames.append(LOOP_FACTORY)
        hidden = (pytest.HIDDEN_PARAM,)
        metafunc.parametrize(LOOP_FACTORY, [factory(metafunc.config)], indirect=True, ids=hidden, scope="function")


def _make_asyncio(metafunc: pytest.Metafunc) -> None:
    """Mark the function, from which its items take their markers, and the definition, which has taken them already."""
    function: Any = metafunc.function
    others = [mark for mark in getattr(function, "pytestmark", []) if mark.name != "asyncio"]
    mark = pytest.mark.asyncio(loop_scope="function")
    function.pytestmark = [*others, mark.mark]
    test = metafunc.definition
    test.own_markers = [own for own in test.own_markers if own.name != "asyncio"]
    test.add_marker(mark, append=False)


def factory(config: pytest.Config) -> Callable[[], asyncio.AbstractEventLoop]:
    """The factory of the event loop for the world of the command line."""
    world = config.getoption("--world")
    if world == "simulated":
        return partial(VirtualLoop, patience_s=patience_s(config))
    return partial(WallClockLoop, patience_s(config) if world == "live" else 0.0)  # a bench has its own watchdogs


def patience_s(config: pytest.Config) -> float:
    """Limit for one instant of simulated time, s of the machine's clock; 0: no limit."""
    given: float | None = config.getoption("--watchdog")
    return PATIENCE_S if given is None else given


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
