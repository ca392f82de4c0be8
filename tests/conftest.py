"""What every test may stand on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest



@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recordings, MIBs and published tables that this project may read but does not ship."""
    folder = Path(os.environ.get("TWINFEED_SHARED", Path(__file__).parents[2] / "shared")) / "data"
    if not folder.is_dir():
        if os.environ.get("TWINFEED_REQUIRE_SHARED") == "1":
            pytest.fail(f"{folder} is missing and TWINFEED_REQUIRE_SHARED=1 demands it")
        pytest.skip(f"no shared data at {folder} (set TWINFEED_SHARED to its parent folder)")
    return folder
