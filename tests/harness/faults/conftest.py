"""The bench site a minute after it was started, the same for every test."""

from __future__ import annotations

from typing import Any

import pytest

from twinfeed.emulators.site import Site


@pytest.fixture(scope="session")
def _built() -> tuple[Site, dict[str, Any]]:
    site = Site.load("bench")
    site.advance(60.0)
    return site, site.plant.snapshot()


@pytest.fixture
def bench(_built: tuple[Site, dict[str, Any]]) -> Site:
    site, snapshot = _built
    site.plant.restore(snapshot)
    return site


@pytest.fixture(scope="session")
def bench_and_snapshot(_built: tuple[Site, dict[str, Any]]) -> tuple[Site, dict[str, Any]]:
    """The site and its snapshot, for tests that restore it themselves, once an example."""
    return _built
