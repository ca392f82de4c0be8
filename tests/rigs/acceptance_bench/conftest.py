"""The bench of other people's programs, started once for the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench_of_programs import ProgramBench, bench_of_programs


@pytest.fixture(scope="session")
def recordings() -> Path | None:
    """Walks of real devices; the bench does without the devices that are played from them where they are absent."""
    shared = Path(os.environ.get("TWINFEED_SHARED", Path(__file__).parents[4] / "shared"))
    folder = shared / "data" / "recordings"
    if not folder.is_dir() and os.environ.get("TWINFEED_REQUIRE_SHARED") == "1":
        pytest.fail(f"{folder} is missing and TWINFEED_REQUIRE_SHARED=1 demands it")
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def bench(recordings: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProgramBench]:
    with bench_of_programs(tmp_path_factory.mktemp("bench"), recordings) as running:
        yield running
