"""The bench site, live, and the tools that ask it. Each test leaves the site as it found it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from benches import bench_on
from net_snmp import NetSnmp
from running import Running


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The bench, ten minutes after it was started."""
    with bench_on(tmp_path_factory.mktemp("bench")) as live:
        live.advance(600.0)
        yield live


@pytest.fixture(scope="session")
def net_snmp(bench: Running, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> NetSnmp:
    return NetSnmp(bench, shared_data / "mibs", tmp_path_factory.mktemp("net-snmp"))
