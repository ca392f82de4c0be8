"""The part of the pytest plugin that records a run: `--report DIR`, `--resume`.

Each process that runs tests writes a record of its own into DIR (`record.jsonl`, `record-gw0.jsonl` of a worker of
pytest-xdist), so that no chain has two writers. A test that was begun is in it before it runs, a measurement as soon as
it is taken: whatever becomes of the process, what has happened is known.
"""

from __future__ import annotations

import fcntl
import inspect
import platform
import re
import shlex
import shutil
import tempfile
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import pytest

from twinfeed._phrases import Phrase
from twinfeed.harness.language import said
from twinfeed.harness.plugin import resuming
from twinfeed.harness.plugin.options import DEFAULT_SITE
from twinfeed.harness.quantities import UnknownQuantity
from twinfeed.harness.record import Broken, DiskFull, Record, keys, until_broken
from twinfeed.harness.record.folder import entries, sha256
from twinfeed.harness.report import notes
from twinfeed.harness.report.facts import QUOTES
from twinfeed.harness.report.judgement import Judgement
from twinfeed.harness.report.outcomes import Ending
from twinfeed.harness.uncertainty import SIMPLE
from twinfeed.harness.worlds.world import World

RUN_RECORD = pytest.StashKey["RunRecord"]()


def start(config: pytest.Config) -> None:
    """Write the record of this run into the folder of --report, from now on.

    Raises:
        pytest.UsageError: it cannot be written.
    """
    option = config.getoption
    if option("--help") or option("--collect-only") or option("--version"):
        return
    folder = config.invocation_params.dir / option("--report")
    try:
        earlier = resuming.passed(entries(folder)) if option("--resume") else {}
        recording = RunRecord(folder, config, earlier)
    except Broken as error:
        raise pytest.UsageError(f"{error}; nothing is added to it: give another folder to --report") from None
    except keys.BadKey as error:
        raise pytest.UsageError(f"{error}; it signs the record (twinfeed rig key)") from None
    except OSError as error:
        raise pytest.UsageError(f"--report {option('--report')}: {error}") from None
    config.stash[RUN_RECORD] = recording
    config.pluginmanager.register(recording, "twinfeed-recording")


class RunRecord:
    """Writes the events of this process into its record."""

    def __init__(self, folder: Path, config: pytest.Config, earlier: dict[str, tuple[str, str]]) -> None:
        """
        Raises:
            Broken: the record that is there was altered.
            OSError: it cannot be written, or another run is writing it.
        """
        self.worker: str = getattr(config, "workerinput", {}).get("workerid", "")
        self.folder, self.config, self.earlier = folder, config, earlier
        name = f"record-{self.worker}" if self.worker else "record"
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder / f"{name}.lock")
        try:
            self.record = Record.open(folder / f"{name}.jsonl", keys.own())
        except BaseException:
            self._lock.close()
            raise
        notes.opened(self.record)
        self._full = ""
        self._endings: dict[str, tuple[Ending, str]] = {}
        self._durations: dict[str, list[float]] = {}
        self._codes: dict[str, str] = {}
        self.left_out: dict[str, str] = {}
        """Test -> when it passed earlier."""

    def put(self, who: str, what: str, /, **data: Any) -> None:
        """A line. A full disk ends the run when this test ends: the line, and those of the end, go into the reserve."""
        try:
            self.record.write(who, what, **data)
        except DiskFull as error:
            self._full = str(error)
        except OSError as error:
            pytest.exit(f"the record {self.record.path} cannot be written: {error}", pytest.ExitCode.INTERNAL_ERROR)

    def attach(self, test: str, path: Path, caption: str = "") -> None:
        """Keep a copy of a file under its hash.

        Raises:
            OSError: it cannot be read or kept.
        """
        digest = sha256(path)
        kept = self.folder / "files" / f"{digest[:16]}-{path.name}"
        kept.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, kept)
        self.put(
            "test", "attached", test=test, file=f"files/{kept.name}", name=path.name, sha256=digest,
            octets=kept.stat().st_size, caption=caption,
        )  # fmt: skip

    # -- the run ---------------------------------------------------------------------------------------------------

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        option = self.config.getoption
        file = Path(option("--rig", None) or option("--site") or DEFAULT_SITE)
        self.put(
            "session", "started",
            twinfeed=version("twinfeed"), python=platform.python_version(), pytest=pytest.__version__,
            system=platform.system(), worker=self.worker, tester=option("--tester"),
            command=shlex.join(["pytest", *map(str, self.config.invocation_params.args)]),
            world=option("--world"), bench=file.stem,
            bench_sha256=sha256(file) if file.is_file() else "", seed=option("--seed"),
            speed=option("--speed"), resumes=bool(option("--resume")), document=option("--document"),
            unit=option("--unit"), unit_serial=option("--unit-serial"),
            decision_rule=option("--decision-rule") or SIMPLE,
        )  # fmt: skip

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the tests that have passed earlier and have not changed since."""
        self._codes = {item.nodeid: resuming.fingerprint(item) for item in items}
        for test, code in self._codes.items():
            if test in self.earlier and self.earlier[test][0] == code:
                self.left_out[test] = self.earlier[test][1]
        if not self.left_out:
            return
        self.config.hook.pytest_deselected(items=[item for item in items if item.nodeid in self.left_out])
        items[:] = [item for item in items if item.nodeid not in self.left_out]
        if self.worker in ("", "gw0"):
            for test, time in self.left_out.items():
                self.put("test", "passed earlier", test=test, at=time)

    def pytest_report_collectionfinish(self) -> list[str]:
        return [f"passed earlier, at {time}: {test}" for test, time in self.left_out.items()]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        if self._full:
            item.session.shouldstop = self._full
        self.put(
            "test", "started", test=item.nodeid, code=self._codes.get(item.nodeid, ""), **_of_site(item),
            **_of_procedure(item),
        )  # fmt: skip
        result = yield
        ending, reason = self._endings.pop(item.nodeid, (Ending.FAILED, "it left no result"))
        self.put(
            "test", "finished", test=item.nodeid, outcome=ending, reason=reason, code=self._codes.get(item.nodeid, ""),
            duration_s=round(sum(self._durations.pop(item.nodeid, [])), 3),
        )  # fmt: skip
        if self._full:
            item.session.shouldstop = self._full
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A phase of a test has ended: setup, call or teardown."""
        report = yield
        self._ended(item, call, report)
        return report

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        folder = self.config.getoption("--report")
        command = f"twinfeed report {shlex.quote(folder)}"
        text = Phrase("recorded in {folder}; the report: {command}", folder=folder, command=command)
        terminalreporter.write_line(said(text))

    def _ended(self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
        self._durations.setdefault(item.nodeid, []).append(report.duration)
        if report.failed:
            known = self._endings.get(item.nodeid)
            reason = _why_failed(call.excinfo.value) if call.excinfo else str(report.longrepr)
            if known is None or known[0] is not Ending.FAILED:
                self._endings[item.nodeid] = (Ending.FAILED, reason)
        elif report.skipped:
            self._endings[item.nodeid] = (Ending.SKIPPED, _why_skipped(report))
        elif call.when == "call":
            self._endings[item.nodeid] = (Ending.PASSED, "")
        if call.when == "teardown":
            self._keep_judgements(item)
            self._keep_journal(item)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
        if self.left_out and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK  # there was nothing left to do
        try:
            yield
        finally:
            if not self.worker:
                self._quote_workers()
            self.put("session", "ended", exit=int(session.exitstatus))

    def _quote_workers(self) -> None:
        """The last line of each worker's record: that one of them is missing is then found."""
        for path in sorted(self.folder.glob("record-*.jsonl")):
            lines, _ = until_broken(path)
            if lines:
                who, what = QUOTES
                self.put(
                    who, what, of="worker", file=path.name, record=lines[0].hash, n=lines[-1].n, hash=lines[-1].hash
                )

    def pytest_unconfigure(self) -> None:
        notes.closed(self.record)
        self.record.close()
        self._lock.close()

    def _keep_judgements(self, item: pytest.Item) -> None:
        world = (getattr(item, "funcargs", None) or {}).get("site")
        if isinstance(world, World):
            for verdict in world.judged:
                self.put("test", "judged", test=item.nodeid, **asdict(Judgement.of(verdict, world.journal.trace)))

    def _keep_journal(self, item: pytest.Item) -> None:
        world = (getattr(item, "funcargs", None) or {}).get("site")
        if isinstance(world, World):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "journal.jsonl"
                world.journal.write(path)
                self.attach(item.nodeid, path)
            self.put("test", "watched", test=item.nodeid, quantities=_watched(world))


def _watched(world: World) -> list[str]:
    """The recorded quantities that were named; on a bench, all that were measured."""
    trace = world.journal.trace
    if world.kind == "rig":
        return list(trace)
    found: dict[str, None] = {}
    for pattern in world.watched:
        with suppress(UnknownQuantity):
            found |= dict.fromkeys(trace.names(pattern))
    return list(found)


def _locked(path: Path) -> IO[bytes]:
    """A file that one process at a time has.

    Raises:
        OSError: another has it.
    """
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise OSError(f"another run writes its record there ({path} is locked); wait, or give another folder") from None
    return file


def _of_site(item: pytest.Item) -> dict[str, str]:
    """Which site a test runs on, if on any."""
    path = resuming.site_file(item) if "site" in getattr(item, "fixturenames", ()) else None
    return {"site": path.stem, "site_sha256": sha256(path)} if path else {}


_REQUIREMENT = re.compile(r"\b(?:REQ|EXG|SRS|URS)[-_ ]?\d[\w.-]*\w|\b(?:REQ|EXG|SRS|URS)[-_ ]?\d")
"""The form of requirement numbers in docstrings; others are named by the marker `requirement`."""


def _of_procedure(item: pytest.Item) -> dict[str, Any]:
    """The purpose of the test: its docstring, and the requirements that it names."""
    doc = inspect.cleandoc(getattr(getattr(item, "obj", None), "__doc__", None) or "")
    named = [str(name) for marker in item.iter_markers("requirement") for name in marker.args]
    requirements = list(dict.fromkeys([*named, *_REQUIREMENT.findall(doc)]))
    return {"doc": doc, "requirements": requirements}


def _why_failed(error: BaseException) -> str:
    text = str(error)
    if isinstance(error, pytest.fail.Exception) or text.startswith(type(error).__name__):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _why_skipped(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return f"known to fail: {report.wasxfail}"
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def keep(item: pytest.Item, files: Iterable[Path]) -> None:
    """Add the evidence of a failed test to the record, if one is written."""
    if recording := item.config.stash.get(RUN_RECORD, None):
        for path in files:
            recording.attach(item.nodeid, path)
