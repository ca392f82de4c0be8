"""Devices, agents and lines that the tests of this folder ask."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from small_device import SmallDevice

from twinfeed.emulators.wire.modbus import TableUnit
from twinfeed.harness.virtual.loop import VirtualLoop


@pytest.fixture
def unit() -> TableUnit:
    """200 holding registers n, 200 input registers 1000 + n, 300 bits of which every third is on."""
    bits = [n % 3 == 0 for n in range(300)]
    return TableUnit(coils=bits, discrete=bits, holding=range(200), input=range(1000, 1200))


@pytest.fixture
def small_device() -> SmallDevice:
    return SmallDevice()


@pytest.fixture
def virtually() -> Iterator[Callable[[Callable[[VirtualLoop], Coroutine[Any, Any, Any]]], Any]]:
    """Run a scenario to its end on a loop whose time is virtual and whose network is in memory."""
    loop = VirtualLoop()
    yield lambda scenario: loop.run_until_complete(scenario(loop))
    assert loop.failures == []
    loop.close()
