"""The bench in processes of its own, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from process_bench import ProcessBench, process_bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ProcessBench]:
    with process_bench(tmp_path) as running:
        yield running
