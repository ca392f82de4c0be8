"""The order in which workers take the files of tests: the longest first, so that none is left alone with one at the end.

pytest-xdist orders files by their number of tests, and the longest files have few. Here a file's time is that of the last
run on this machine, from pytest's cache; without one it is estimated from its folder.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from xdist.scheduler import LoadScopeScheduling

KEY = "twinfeed/seconds"
"""The place of the last run's times in pytest's cache: file -> s."""

OTHERS_S = 0.08

SECONDS_A_TEST: Mapping[str, float] = {
    "package": 4.0, "rigs/proofs": 6.0, "rigs/processes": 10.0, "rigs/acceptance_bench": 10.0, "rigs/labgrid": 8.0, "interop/nut": 4.0,
    "interop": 0.4, "harness/search": 1.0, "harness/plugin": 0.8, "harness/controllers": 0.4, "harness/report": 0.3,
    "harness/worlds": 0.1, "harness/cli": 0.2, "emulators/site": 0.2, "harness/faults": 0.15, "harness/proxy": 0.15,
    "emulators/devices": 0.02, "emulators/wire": 0.03, "harness/properties": 0.05,
}  # fmt: skip
"""The time of an average test of a folder, s: docs/project/suite.md, and more where tests wait for other programs."""


def estimated_s(file: str, tests: int) -> float:
    """The time of a file with so many tests, s."""
    folders = (
        [str(folder) for folder in PurePath(file).relative_to("tests").parents] if file.startswith("tests/") else []
    )
    return tests * next((SECONDS_A_TEST[folder] for folder in folders if folder in SECONDS_A_TEST), OTHERS_S)


def last_run_s(config: Any) -> dict[str, float]:
    """The times of the files in earlier runs, s; none without pytest's cache (`-p no:cacheprovider`)."""
    cache = getattr(config, "cache", None)
    known: dict[str, float] = {} if cache is None else cache.get(KEY, {})
    return known


class LongestFirst(OrderedDict[str, dict[str, bool]]):
    """Files and their tests that no worker has taken yet. `popitem` takes the longest."""

    def __init__(self, known_s: Mapping[str, float]) -> None:
        super().__init__()
        self._known_s = known_s

    def popitem(self, last: bool = True) -> tuple[str, dict[str, bool]]:
        longest = max(self, key=lambda file: (self.seconds(file), file))
        return longest, self.pop(longest)

    def seconds(self, file: str) -> float:
        return self._known_s.get(file, estimated_s(file, len(self[file])))


class Files(LoadScopeScheduling):
    """Shares tests by file, the longest first."""

    def __init__(self, config: Any, log: Any) -> None:
        super().__init__(config, log)
        self.workqueue = LongestFirst(last_run_s(config))

    def _split_scope(self, nodeid: str) -> str:
        return str(Path(nodeid.partition("::")[0]))


class Timing:
    """Adds up the times of each file's tests, and keeps them in pytest's cache for the next run."""

    def __init__(self, config: Any) -> None:
        self._config = config
        self._seconds: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: Any) -> None:
        self._seconds[report.nodeid.partition("::")[0]] += report.duration

    def pytest_sessionfinish(self) -> None:
        cache = getattr(self._config, "cache", None)
        if cache is not None:
            took_s = {file: round(seconds, 2) for file, seconds in self._seconds.items()}
            cache.set(KEY, last_run_s(self._config) | took_s)
