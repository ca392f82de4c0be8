"""What other pytest plugins may bring to ours."""

from __future__ import annotations

import pytest

from twinfeed.harness.worlds.world import World


@pytest.hookspec(firstresult=True)
def pytest_twinfeed_world(request: pytest.FixtureRequest) -> World | None:
    """The world in which this test runs, not yet started; None leaves it to the next plugin.

    Raises:
        Cannot: this test cannot run in it; it is skipped with that reason.
        FileError: a site or rig file is wrong; the test fails with that message.
    """
