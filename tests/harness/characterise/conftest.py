"""Devices to learn from, and a loop whose time is virtual."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from twinfeed.harness.virtual.loop import VirtualLoop


@pytest.fixture
def virtually() -> Iterator[Callable[[Callable[[VirtualLoop], Coroutine[Any, Any, Any]]], Any]]:
    """Run a scenario to its end on a loop whose time is virtual and whose network is in memory."""
    loop = VirtualLoop()
    yield lambda scenario: loop.run_until_complete(scenario(loop))
    assert loop.failures == []
    loop.close()
