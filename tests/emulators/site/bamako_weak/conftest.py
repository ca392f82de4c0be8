"""The weak twin of the Bamako site an hour into its hottest afternoon, the same for every test of this folder."""

from __future__ import annotations

from typing import Any

import pytest

from twinfeed.emulators.site import Site


@pytest.fixture(scope="session")
def _built() -> tuple[Site, dict[str, Any]]:
    site = Site.load("bamako-weak")
    site.advance(3600.0)
    return site, site.plant.snapshot()


@pytest.fixture
def bamako(_built: tuple[Site, dict[str, Any]]) -> Site:
    site, snapshot = _built
    site.plant.restore(snapshot)
    return site
