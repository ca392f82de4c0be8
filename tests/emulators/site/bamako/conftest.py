"""The Bamako site an hour into its hottest afternoon, on the grid and on its sets, the same for every test."""

from __future__ import annotations

from typing import Any

import pytest

from twinfeed.emulators.site import Site
from twinfeed.harness.tier3.sources import lose_the_grid

Snapshots = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def _built() -> tuple[Site, Snapshots]:
    site = Site.load("bamako")
    site.advance(3600.0)
    snapshots = {"grid": site.plant.snapshot()}
    lose_the_grid(site)
    return site, {**snapshots, "sets": site.plant.snapshot()}


@pytest.fixture
def bamako(_built: tuple[Site, Snapshots]) -> Site:
    """On the grid."""
    return _in_phase(_built, "grid")


@pytest.fixture
def on_sets(_built: tuple[Site, Snapshots]) -> Site:
    """Both utilities have been out for half an hour, and stay out."""
    return _in_phase(_built, "sets")


@pytest.fixture(params=["grid", "sets"])
def in_either_phase(_built: tuple[Site, Snapshots], request: pytest.FixtureRequest) -> Site:
    """On the grid, and on its sets."""
    return _in_phase(_built, request.param)


def _in_phase(built: tuple[Site, Snapshots], phase: str) -> Site:
    site, snapshots = built
    site.plant.restore(snapshots[phase])
    site.plant.journal.clear()
    return site
