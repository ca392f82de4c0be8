"""A bench in memory, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from memory_bench import MemoryBench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryBench]:
    monkeypatch.setenv("TWINFEED_BENCHES", str(tmp_path / "benches"))
    made = MemoryBench(tmp_path)
    yield made
    made.end()
