"""The acceptance tests run on the bench of the command line: `--site FILE`, or `--rig FILE` of a bench that is wired like it."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without a bench there is nothing to accept; tests/rigs/acceptance_bench/test_bench_*.py run them on three."""
    named = config.getoption("--site") or config.getoption("--rig")
    return None if named or collection_path.name != "test_acceptance.py" else True
