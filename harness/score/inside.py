"""The part of a score inside pytest: `pytest -p twinfeed.harness.score.inside`, with a job in the environment.

It loads the mutant, or notes which lines of the controller each test executes; it keeps the chosen tests, the fastest
first; and it writes what came of them to the file that the job names. No other run of pytest loads this module.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from twinfeed.harness.score.executed import Executed, Line
from twinfeed.harness.score.loading import Replaced

JOB = "TWINFEED_SCORE_JOB"
"""The environment variable that holds the path of the job, a JSON file (`running.Job`)."""

_job: dict[str, Any] = json.loads(Path(os.environ[JOB]).read_text(encoding="utf-8"))
if _job["mutant"]:
    Replaced(_job["mutant"]["path"], _job["mutant"]["source"]).install()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """The hooks come after those of installed plugins, so that they decide first; and before any test is imported."""
    early_config.pluginmanager.register(_Inside(_job), "twinfeed score")


class _Inside:
    """The hooks of one run."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._tests: dict[str, dict[str, Any]] = {}
        self._executed = Executed(job["files"])
        self._shared: set[Line] = set()
        """Lines that run at imports and in fixtures of several tests: they count for all tests."""
        self._worlds: list[Any] = []
        self._executed.lines = self._shared
        if job["trace"]:
            self._executed.start()

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> None:
        """The run stays in one process, whatever options the project has for pytest-xdist; with a mutant it ends at the
        first failure."""
        one_process: dict[str, Any] = {"numprocesses": None, "dist": "no", "tx": [], "usepdb": False}
        for name, value in one_process.items():
            if hasattr(config.option, name):
                setattr(config.option, name, value)
        if self._job["mutant"]:
            config.option.maxfail = 1

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if self._job["tests"] is not None:
            order = {name: n for n, name in enumerate(self._job["tests"])}
            left_out = [item for item in items if item.nodeid not in order]
            items[:] = sorted((item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid])
            config.hook.pytest_deselected(items=left_out)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._worlds.clear()
        self._executed.lines = set()
        try:
            return (yield)
        finally:
            test = self._tests.setdefault(item.nodeid, {"outcome": "", "seconds": 0.0})
            test["lines"] = sorted(self._executed.lines)
            test["seen"] = [self._seen(item, world) for world in self._worlds]
            self._executed.lines = self._shared

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        lines = self._executed.lines
        if fixturedef.scope != "function":
            self._executed.lines = self._shared
        try:
            return (yield)
        finally:
            self._executed.lines = lines

    @pytest.hookimpl(wrapper=True, optionalhook=True)
    def pytest_twinfeed_world(self, request: pytest.FixtureRequest) -> Generator[None, Any, Any]:
        world = yield
        if world is not None:
            self._worlds.append(world)
        return world

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = self._tests.setdefault(report.nodeid, {"outcome": "", "seconds": 0.0})
        test["seconds"] += report.duration
        if report.failed:
            test["outcome"] = "failed"
        elif not test["outcome"] and (report.when == "call" or report.skipped):
            test["outcome"] = report.outcome

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        found = {"exit": int(exitstatus), "tests": self._tests, "shared": sorted(self._shared)}
        Path(self._job["result"]).write_text(json.dumps(found), encoding="utf-8")

    def _seen(self, item: pytest.Item, world: Any) -> dict[str, Any]:
        """The events of a world, and whether the test judges them."""
        verdicts = [verdict for verdict in world.judged if verdict.word == "holds"]
        return {
            "site": str(world.model.file.path),
            "events": [[e.t, e.who, e.what, {k: str(v) for k, v in e.data.items()}] for e in world.journal.events],
            "held": [str(verdict.about) for verdict in verdicts],
            "asserts": _asserts(item),
        }


def _asserts(item: pytest.Item) -> list[str]:
    """The conditions that the function of a test asserts, itself or through functions of its module."""
    if not isinstance(item, pytest.Function):
        return []
    try:
        functions = {
            node.name: node
            for node in ast.walk(ast.parse(inspect.getsource(item.module)))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
    except (OSError, TypeError, SyntaxError):
        return []
    found: list[str] = []
    edge = [item.function.__name__]
    while edge:
        if (function := functions.pop(edge.pop(), None)) is not None:
            for node in ast.walk(function):
                if isinstance(node, ast.Assert):
                    found.append(ast.unparse(node.test))
                elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    edge.append(node.func.id)
    return found
