"""Measure which lines of twinfeed the tests run: `pytest -p workers.covering`, then `python -m workers.floors`.

The tracer of Python 3.11 makes the plant 2.6 times as slow (docs/project/suite.md), so this is a sample: the import of
everything, and the first case of each test function for its first `MEASURED_S` of processor time. What runs in the
programs that tests start is not measured.
"""

from __future__ import annotations

import signal
from collections.abc import Generator

import coverage
import pytest

MEASURED_S = 0.1
"""The time for which a test is measured, seconds of processor time."""

MEASURING = coverage.Coverage(data_suffix=True)
MEASURING.start()


class Covering:
    """Measures the tests that this process runs."""

    def __init__(self) -> None:
        self.begun: set[str] = set()
        """Test functions, by node id without parameters."""
        signal.signal(signal.SIGPROF, lambda number, frame: MEASURING.stop())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        function = item.nodeid.partition("[")[0]
        if function in self.begun:
            return (yield)
        self.begun.add(function)
        MEASURING.start()
        signal.setitimer(signal.ITIMER_PROF, MEASURED_S)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            MEASURING.stop()

    def pytest_collection_finish(self) -> None:
        MEASURING.stop()

    def pytest_unconfigure(self) -> None:
        MEASURING.stop()
        MEASURING.save()


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("dist", "no") != "no":  # its workers measure
        MEASURING.stop()
    else:
        config.pluginmanager.register(Covering())
