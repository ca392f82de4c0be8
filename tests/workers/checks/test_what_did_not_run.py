"""The checks that did not run for want of shared data are counted at the end of a run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest


def skip(nodeid: str, reason: str) -> SimpleNamespace:
    return SimpleNamespace(nodeid=nodeid, longrepr=("file", 1, reason))


def test_skips_for_want_of_shared_data_are_counted_by_folder(request: pytest.FixtureRequest) -> None:
    conftest = request.config.pluginmanager.getplugin(str(Path(__file__).parents[2] / "conftest.py"))
    assert conftest is not None
    lines: list[str] = []
    skipped = [
        skip("tests/a/test_x.py::test_1", "Skipped: no shared data at /nowhere"),
        skip("tests/a/test_x.py::test_2[b]", "Skipped: no shared data at /nowhere"),
        skip("tests/b/test_y.py::test_3", "Skipped: no shared data at /nowhere"),
        skip("tests/b/test_y.py::test_4", "Skipped: snmpget is missing"),
    ]
    conftest.pytest_terminal_summary(SimpleNamespace(stats={"skipped": skipped}, write_line=lines.append))
    (line,) = lines
    assert line.startswith("3 of 4 skips")
    assert line.endswith("tests/a 2, tests/b 1")
