"""A bench for each module, its devices in a process of their own; every test finds it at rest and without a record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from proof_bench import NETWORK_BENCH, ProofBench, proof_bench


@pytest.fixture(scope="module")
def network_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProofBench]:
    with proof_bench(tmp_path_factory.mktemp("net"), NETWORK_BENCH) as running:
        yield running


@pytest.fixture
def bench(network_bench: ProofBench, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProofBench]:
    """The bench of the module; what the test starts in this process finds it by the environment."""
    with network_bench.used(monkeypatch):
        yield network_bench
