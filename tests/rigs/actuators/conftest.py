"""The emulated bench, fresh for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from emulated_bench import DEVICES, EmulatedBench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatedBench]:
    monkeypatch.setenv("BENCH_WRITE", "private")
    bench = EmulatedBench(tmp_path)
    yield bench
    bench.run(bench.servers.stop())
    assert bench.loop.failures == []
    bench.loop.close()


@pytest.fixture
def rig_file(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a rig file of the emulated bench's devices with these sections."""

    def write(sections: str) -> Path:
        path = tmp_path / "rig.yaml"
        path.write_text(DEVICES + sections, encoding="utf-8")
        return path

    return write
