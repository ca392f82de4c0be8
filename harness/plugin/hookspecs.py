"""The hooks that other pytest plugins may implement for this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from twinfeed.harness.worlds.world import World


@pytest.hookspec(firstresult=True)
def pytest_twinfeed_world(request: pytest.FixtureRequest) -> World | None:
    """The world in which this test runs, not yet started; None leaves it to the next plugin.

    Raises:
        Cannot: this test cannot run in it; it is skipped with that reason.
        FileError: a site or rig file is wrong; the test fails with that message.
    """
