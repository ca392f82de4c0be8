"""What every test may stand on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))  # `fixtures`, which is not installed


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recordings, MIBs and published tables that this project may read but does not ship."""
    folder = Path(os.environ.get("TWINFEED_SHARED", Path(__file__).parents[2] / "shared")) / "data"
    if not folder.is_dir():
        if os.environ.get("TWINFEED_REQUIRE_SHARED") == "1":
            pytest.fail(f"{folder} is missing and TWINFEED_REQUIRE_SHARED=1 demands it")
        pytest.skip(f"no shared data at {folder} (set TWINFEED_SHARED to its parent folder)")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[pytest.TestReport]:
    """Where TWINFEED_REQUIRE_INTEROP=1 a skipped interop test is a failure: nothing may hide behind a missing program."""
    report: pytest.TestReport = yield  # type: ignore[misc]
    required = os.environ.get("TWINFEED_REQUIRE_INTEROP") == "1"
    if report.skipped and required and item.get_closest_marker("interop"):
        report.outcome = "failed"
        report.longrepr = f"skipped although TWINFEED_REQUIRE_INTEROP=1: {report.longrepr}"
    return report
