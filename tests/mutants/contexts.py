"""Record once which test files execute which lines: `pytest -p mutants.contexts TESTS`, with MUTANTS_CONTEXTS=FILE.

The tracer of Python 3.11 makes the plant 2.6 times as slow, so each test is traced for its first seconds only, all cases
of a parametrised one taken together. The file is JSON: seconds by test file, and by module and line the test files.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import coverage
import pytest

TRACED_S = 3.0
"""Processor time for which a test is traced, s."""

ROOT = Path(__file__).parents[2]


DEFINITIONS = ("tests/docs/test_pages.py", "tests/harness/faults/test_catalogue.py")
"""Tests which compare what modules define at their import (defaults, ranges, words, units) with the manual's pages."""


class Contexts(NamedTuple):
    """The test files that execute each line, and how long they take."""

    seconds: dict[str, float]
    lines: dict[str, dict[str, list[str]]]
    """By module and line (as JSON has it)."""

    def executing(self, module: str, line: int) -> list[str]:
        """The test files that execute the line, the quickest first.

        Of a line of the import, those of its module and those that compare definitions.
        """
        by_line = self.lines.get(module, {})
        files = set(by_line.get(str(line), ()))
        if not files:
            files = {file for some in by_line.values() for file in some} | self.seconds.keys() & {*DEFINITIONS}
        return sorted(files, key=lambda file: (self.seconds[file], file))

    def merged(self, other: Contexts) -> Contexts:
        """Both recordings; a test file that the other has recorded is taken from there."""
        anew = set(other.seconds)
        lines: dict[str, dict[str, list[str]]] = defaultdict(dict)
        for recording, fresh in ((self, False), (other, True)):
            for module, by_line in recording.lines.items():
                for line, files in by_line.items():
                    kept = [file for file in files if fresh or file not in anew]
                    lines[module][line] = lines[module].get(line, []) + kept
        return Contexts({**self.seconds, **other.seconds}, dict(lines))

    def write(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(self._asdict()))

    @classmethod
    def read(cls, file: Path) -> Contexts:
        """The recording; an empty one where there is no such file."""
        return cls(**json.loads(file.read_text())) if file.exists() else cls({}, {})


class Recorder:
    """Traces the tests of this process, each file as a context of its own."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.seconds: Counter[str] = Counter()
        self.left_s: dict[str, float] = defaultdict(lambda: TRACED_S)
        """By test: the processor time for which its further cases are traced, s."""
        self.tracing = coverage.Coverage(data_file=None, source_pkgs=["twinfeed"], config_file=False)
        self.tracing.set_option(
            "run:disable_warnings", ["no-data-collected", "module-not-measured", "already-imported"]
        )
        signal.signal(signal.SIGPROF, lambda number, frame: self.tracing.stop())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        function = item.nodeid.partition("[")[0]
        if self.left_s[function] < 0.001:
            return (yield)
        self.tracing.start()
        self.tracing.switch_context(_test_file(item.nodeid))
        signal.setitimer(signal.ITIMER_PROF, self.left_s[function])
        try:
            return (yield)
        finally:
            self.left_s[function], _ = signal.setitimer(signal.ITIMER_PROF, 0)
            self.tracing.stop()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[_test_file(report.nodeid)] += report.duration

    def pytest_sessionfinish(self) -> None:
        recorded = Contexts(dict(self.seconds), dict(self._lines()))
        Contexts.read(self.file).merged(recorded).write(self.file)

    def _lines(self) -> Iterator[tuple[str, dict[str, list[str]]]]:
        data = self.tracing.get_data()
        for measured in sorted(data.measured_files()):
            by_line = data.contexts_by_lineno(measured)
            path = Path(measured).resolve()
            if path.is_relative_to(ROOT):
                lines = {str(line): sorted(set(files) - {""}) for line, files in sorted(by_line.items())}
                yield path.relative_to(ROOT).as_posix(), {line: files for line, files in lines.items() if files}


def _test_file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def pytest_configure(config: Any) -> None:
    config.pluginmanager.register(Recorder(Path(os.environ["MUTANTS_CONTEXTS"])))
