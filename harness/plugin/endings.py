"""The end of a test of a site: unawaited errors and faults that were never injected fail it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext

import pytest

from twinfeed.harness.language import said
from twinfeed.harness.virtual import guard
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.strict import StrictLoop
from twinfeed.harness.worlds.world import Cannot, World

WORLD = pytest.StashKey[World]()
"""The world of a test that has started."""

LOOP = pytest.StashKey[StrictLoop]()
"""The event loop of that world."""


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Unawaited errors fail the test; what a world cannot do skips it with the reason."""
    __tracebackhide__ = True
    result: object = None
    cannot = ""
    loop = pyfuncitem.stash.get(LOOP, None)
    try:
        with guard.inside(loop) if isinstance(loop, VirtualLoop) else nullcontext():
            result = yield
    except Cannot as error:
        cannot = str(error)
    except BaseException as error:
        if loop is not None:
            loop.is_raised(error)
        raise
    loop, world = pyfuncitem.stash.get(LOOP, None), pyfuncitem.stash.get(WORLD, None)
    if loop is not None:
        loop.raise_failures()
    if cannot:
        pytest.skip(said(cannot))
    if world is not None:
        world.require_injected()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Errors of the code under test while it was stopped fail the test as well."""
    __tracebackhide__ = True
    result = yield
    loop = item.stash.get(LOOP, None)
    if loop is not None:
        del item.stash[LOOP]
        loop.raise_failures()
        if loop.broken_by is not None:  # while the loop was closed, which pytest-asyncio only warns of
            raise loop.broken_by
    return result


@contextmanager
def untimed() -> Iterator[None]:
    """Inside, the timer of pytest-timeout stands still: the test has failed already, and an exception in a hook of
    pytest would end the whole session."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    left_s, again_s = signal.setitimer(signal.ITIMER_REAL, 0.0)
    try:
        yield
    finally:
        if left_s > 0.0:
            signal.setitimer(signal.ITIMER_REAL, left_s, again_s)
