"""Workers take the longest file first: by the last run's time, or by an estimate from its folder."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from workers.sharing import KEY, LongestFirst, Timing, estimated_s, last_run_s


def test_files_are_taken_by_their_time_and_not_by_their_number_of_tests() -> None:
    waiting = LongestFirst({"tests/a/test_known.py": 100.0})
    for file, tests in (("tests/a/test_many.py", 300), ("tests/a/test_known.py", 2), ("tests/package/test_few.py", 8)):
        waiting[file] = dict.fromkeys(map(str, range(tests)), False)
    taken = [waiting.popitem(last=False)[0] for _ in range(3)]
    assert taken == ["tests/a/test_known.py", "tests/package/test_few.py", "tests/a/test_many.py"]
    assert not waiting


def test_a_folder_within_another_has_an_estimate_of_its_own() -> None:
    assert estimated_s("tests/interop/nut/test_nut_ups.py", 1) > estimated_s("tests/interop/test_snmpd.py", 1)
    assert estimated_s("tests/harness/worlds/network/test_streams.py", 2) == 2 * estimated_s(
        "tests/harness/worlds/x.py", 1
    )
    assert estimated_s("elsewhere/test_own.py", 10) > 0.0


def test_a_run_keeps_the_times_of_its_files_for_the_next_one() -> None:
    kept: dict[str, Any] = {KEY: {"tests/a/test_x.py": 4.0, "tests/a/test_y.py": 1.0}}
    config = SimpleNamespace(cache=SimpleNamespace(get=kept.get, set=kept.__setitem__))
    timing = Timing(config)
    for seconds in (2.0, 0.5):
        timing.pytest_runtest_logreport(SimpleNamespace(nodeid="tests/a/test_x.py::test_1", duration=seconds))
    timing.pytest_sessionfinish()
    assert last_run_s(config) == {"tests/a/test_x.py": 2.5, "tests/a/test_y.py": 1.0}


@pytest.mark.parametrize("config", [SimpleNamespace(), SimpleNamespace(cache=None)])
def test_a_run_without_the_cache_of_pytest_knows_and_keeps_no_times(config: SimpleNamespace) -> None:
    assert last_run_s(config) == {}
    Timing(config).pytest_sessionfinish()
