"""The ground of every test."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from workers import dialling, examples, leftovers, own_network, warm

from twinfeed.harness import language

NETWORK_OF_ITS_OWN = pytest.StashKey[bool]()
"""True if each worker of pytest-xdist has a loopback interface that it shares with nobody."""

ON_THE_NETWORK = {
    "cli", "controllers_nut", "docs", "interop", "package", "plugin", "programs", "proxy", "actuators", "suite", "transports",
}  # fmt: skip
"""Folders of tests that bind fixed addresses: where workers share one network, one worker runs them all. (`rigs` and
`characterise` take free ports, or addresses that end with their process.)"""

ALSO_ON_THE_NETWORK = {"test_serve.py", "test_program.py", "test_real_clients.py", "test_scenarios_in_pytest.py"}

examples.profiles()

LANGUAGE = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""Variables that choose the language of messages (POSIX.1-2017, 8.2; gettext)."""


def pytest_configure(config: pytest.Config) -> None:
    """Whatever tests start ends with the run, however the run ends. Messages are in English, unless a test chooses."""
    for name in LANGUAGE:
        os.environ.pop(name, None)
    os.environ["LC_ALL"] = "C.UTF-8"
    gc.disable()  # until all tests are collected: nothing is garbage before
    asyncio.set_event_loop(None)  # else pytest-asyncio asks for the thread's loop, which Python makes and nobody closes
    of_another = (
        leftovers.VARIABLE in os.environ
    )  # a worker's, or that of a run that a test starts: what it starts is theirs
    if not of_another:
        watching = leftovers.watch()
        config.add_cleanup(lambda: _over(watching))


def pytest_collection_finish() -> None:
    """Modules and tests live as long as the run: the garbage collector need not visit them, nor come every 700 objects.

    Collections took a third of the time in which the tests were collected, and most of that in which large sites were built.
    """
    gc.freeze()
    gc.set_threshold(50_000)
    gc.enable()


def pytest_unconfigure() -> None:
    warm.end()


def _over(watching: subprocess.Popen[bytes]) -> None:
    watching.communicate()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A pytest that a test runs in this process decides itself what its warnings are."""
    inner = [item for item in items if "pytester" in getattr(item, "fixturenames", ())]
    if inner:  # pytester drops the modules that a test imports: each inner run would load 441 of ours anew, in 0.4 s
        import cryptography.hazmat.primitives.serialization  # noqa: F401 - it loads only once

        for part in ("endings", "evidence", "loops", "measuring", "resuming", "scenarios", "worlds"):
            import_module(f"twinfeed.harness.plugin.{part}")
    for item in inner:
        item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: list[Any]) -> None:
    """With `-n 2` each worker has a network of its own, where the system allows it.

    Workers under pytest-rerunfailures must reach a port of the process that started them.
    """
    config.stash[NETWORK_OF_ITS_OWN] = not config.pluginmanager.has_plugin("rerunfailures") and own_network.possible()
    if config.stash[NETWORK_OF_ITS_OWN]:
        for spec in specs:
            spec.python = own_network.command()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n 2` the tests of a file stay together, the longest file first, and nobody takes another's addresses."""
    from workers.sharing import Files, Timing

    class ByAddress(Files):
        def _split_scope(self, nodeid: str) -> str:
            path = Path(super()._split_scope(nodeid))
            bound = (
                not ON_THE_NETWORK.isdisjoint(path.parts)
                or path.parent.parent.name == "wire"
                or path.name in ALSO_ON_THE_NETWORK
                or "interop" in path.name
                or path.name.endswith("_nut.py")
            )
            return "network" if bound and not config.stash[NETWORK_OF_ITS_OWN] else str(path)

    config.pluginmanager.register(Timing(config))
    return ByAddress(config, log)


@pytest.fixture(autouse=True)
def _a_run_of_its_own(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pytest that a test starts is not a worker of the one that runs the test."""
    if request.path.parent.name in ("plugin", "report", "acceptance_bench", "search", "suite"):
        for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
            monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _language_of_the_environment() -> Iterator[None]:
    """A command that a test calls in this process chooses the language of the process: the next test begins anew."""
    yield
    language.forget()


@pytest.fixture(autouse=True)
def _promised_json() -> Iterator[None]:
    """Compare every JSON document that a command prints in this process with its promise, once the command line is loaded."""
    if "twinfeed.harness.cli.output" not in sys.modules:
        yield
        return
    from tests.docs import promises

    promises.watch()
    promises.BROKEN.clear()
    yield
    assert not promises.BROKEN


@pytest.fixture(autouse=True, scope="session")
def _state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads or writes what the devices of this machine's own sites have kept, nor the key it signs with."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    os.environ["TWINFEED_KEY"] = str(tmp_path_factory.mktemp("key") / "record-key.pem")


@pytest.fixture
async def hanging_up() -> AsyncIterator[None]:
    """Close the connections that the test has dialled, on the event loop of the test."""
    yield
    dialling.hang_up()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recordings, MIBs and published tables that this project may read but does not ship."""
    folder = Path(os.environ.get("TWINFEED_SHARED", Path(__file__).parents[2] / "shared")) / "data"
    if not folder.is_dir():
        if os.environ.get("TWINFEED_REQUIRE_SHARED") == "1":
            pytest.fail(f"{folder} is missing and TWINFEED_REQUIRE_SHARED=1 demands it")
        pytest.skip(f"{NO_SHARED_DATA} {folder} (set TWINFEED_SHARED to its parent folder)")
    return folder


NO_SHARED_DATA = "no shared data at"
"""Beginning of the reason of a skip for want of recordings, MIBs and tables that this project may not ship."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count the checks without shared data in one line at the end of the run."""
    skipped: list[pytest.TestReport] = terminalreporter.stats.get("skipped", [])
    lacking = [r.nodeid for r in skipped if isinstance(r.longrepr, tuple) and NO_SHARED_DATA in r.longrepr[2]]
    if lacking:
        folders = Counter(str(Path(nodeid.partition("::")[0]).parent) for nodeid in lacking)
        where = ", ".join(f"{folder} {count}" for folder, count in sorted(folders.items()))
        terminalreporter.write_line(
            f"{len(lacking)} of {len(skipped)} skips: comparisons with recordings, MIBs and published tables that are not "
            f"on this machine (set TWINFEED_SHARED to the folder of their `data`): {where}"
        )


@pytest.fixture(scope="session")
def shared_cases(shared_data: Path) -> Path:
    """Small inputs on which users, or experiments, found twinfeed to fall short."""
    return shared_data.parent / "cases"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[pytest.TestReport]:
    """With TWINFEED_REQUIRE_INTEROP=1 a skipped interop test is a failure: nothing may hide behind a missing program."""
    report: pytest.TestReport = yield  # type: ignore[misc]
    required = os.environ.get("TWINFEED_REQUIRE_INTEROP") == "1"
    if report.skipped and required and item.get_closest_marker("interop"):
        report.outcome = "failed"
        report.longrepr = f"skipped although TWINFEED_REQUIRE_INTEROP=1: {report.longrepr}"
    return report
