"""The part of the pytest plugin that measures and records: `measure`, `--report DIR`, `--resume`.

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
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import pytest

from twinfeed.harness.journal import Journal
from twinfeed.harness.record import Broken, DiskFull, Entry, Record, in_order, keys, read
from twinfeed.harness.report import notes, resuming
from twinfeed.harness.report.judgement import Judgement
from twinfeed.harness.report.measure import Measure, OutsideLimits
from twinfeed.harness.report.measurement import Measurement
from twinfeed.harness.report.outcomes import Ending, Outcome
from twinfeed.harness.uncertainty import RULES, SIMPLE, Rule
from twinfeed.harness.worlds.sites import DEFAULT
from twinfeed.harness.worlds.world import World

MEASURE = pytest.StashKey[Measure]()
RECORDING = pytest.StashKey["Recording"]()

MARGINAL = "marginal measurement"
"""The property of a test report that tells of one."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("twinfeed report", "twinfeed: the record of a run")
    group.addoption("--report", metavar="DIR", help="write the record of this run into DIR; see `twinfeed report`")
    group.addoption("--resume", action="store_true", help="with --report: leave out what has passed there, unchanged")
    group.addoption(
        "--decision-rule", choices=RULES, default=None,
        help="simple: a reading inside its limits is accepted. guarded: only if all of its uncertainty is inside",
    )  # fmt: skip
    group.addoption("--document", metavar="NUMBER", default="", help="with --report: the number of the document")
    group.addoption("--unit", metavar="NAME", default="", help="with --report: the unit under test")
    group.addoption("--unit-serial", metavar="SERIAL", default="", help="with --report: its serial number, or barcode")
    group.addoption("--tester", metavar="NAME", default="", help="with --report: who runs the tests")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(*ids): what the test shows to be met; stands in the report")
    config.addinivalue_line("markers", "measures(*names): the test fails unless it takes these measurements")
    option = config.getoption
    if not option("--report"):
        if option("--resume"):
            raise pytest.UsageError("--resume goes on with the run that a record tells of: add --report DIR")
        return
    if option("--help") or option("--collect-only") or option("--version"):
        return
    folder = config.invocation_params.dir / option("--report")
    try:
        earlier = resuming.passed(entries(folder)) if option("--resume") else {}
        recording = Recording(folder, config, earlier)
    except Broken as error:
        raise pytest.UsageError(f"{error}; nothing is added to it: give another folder to --report") from None
    except keys.BadKey as error:
        raise pytest.UsageError(f"{error}; it signs the record (twinfeed rig key)") from None
    except OSError as error:
        raise pytest.UsageError(f"--report {option('--report')}: {error}") from None
    config.stash[RECORDING] = recording
    config.pluginmanager.register(recording, "twinfeed-recording")


def records(folder: Path) -> list[Path]:
    """The records in a folder, the main one first; those of workers and of a bench's supervisor lie beside it."""
    return sorted(folder.glob("*.jsonl"), key=lambda path: (path.name != "record.jsonl", path.name))


def entries(folder: Path) -> list[Entry]:
    """All lines of all records in a folder, in order of time.

    Raises:
        Broken: one of them was altered.
    """
    return [entry for entry, _ in in_order([(entry, path) for path in records(folder) for entry in read(path)])]


# -- measuring ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Measure:
    """Notes values with their units and limits; what is outside them fails the test at its end."""
    item, recording = request.node, request.config.stash.get(RECORDING, None)

    def told(measurement: Measurement) -> None:
        item.user_properties.append((measurement.name, f"{measurement.outcome}: {measurement}"))
        if measurement.outcome is Outcome.MARGINAL:
            item.user_properties.append((MARGINAL, str(measurement)))
        if recording:
            recording.put("test", "measured", test=item.nodeid, **asdict(measurement))

    def kept(path: Path, caption: str) -> None:
        if recording:
            recording.attach(item.nodeid, path, caption)
        else:
            path.stat()

    def noted(what: str, data: dict[str, str]) -> None:
        if recording:
            recording.put("test", what, test=item.nodeid, **data)

    def journal() -> Journal | None:
        world = (getattr(item, "funcargs", None) or {}).get("site")
        return world.journal if isinstance(world, World) else None

    rule: Rule = request.config.getoption("--decision-rule") or SIMPLE
    measure = Measure(told, kept, rule=rule, journal=journal, noted=noted)
    item.stash[MEASURE] = measure
    return measure


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """All is measured first; then what is outside its limits, or was to be measured and was not, fails the test."""
    result = yield
    required = [name for marker in pyfuncitem.iter_markers("measures") for name in marker.args]
    measure = pyfuncitem.stash.get(MEASURE, None)
    if measure is None:
        if required:
            pytest.fail("a test with the marker `measures` takes the fixture `measure`", pytrace=False)
        return result
    measure.require(required)
    wrong = ""
    try:
        measure.check()
    except OutsideLimits as error:
        wrong = str(error)
    if wrong:
        pytest.fail(wrong, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails by itself tells what it had measured until then."""
    report = yield
    measure = item.stash.get(MEASURE, None)
    if measure and measure.taken and report.failed and call.when == "call":
        report.sections.append(("measured", "\n".join(str(measurement) for measurement in measure.taken)))
    if recording := item.config.stash.get(RECORDING, None):
        recording.ended(item, call, report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for report in (r for reports in terminalreporter.stats.values() for r in reports):
        if getattr(report, "when", "") == "call":
            for name, text in report.user_properties:
                if name == MARGINAL:
                    terminalreporter.write_line(f"marginal: {report.nodeid}: {text}", yellow=True)
    if config.stash.get(RECORDING, None):
        folder = config.getoption("--report")
        terminalreporter.write_line(f"recorded in {folder}; the report: twinfeed report {shlex.quote(folder)}")


# -- recording ---------------------------------------------------------------------------------------------------------


class Recording:
    """Writes what happens in this process into its record."""

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
        self.record = Record.open(folder / f"{name}.jsonl", keys.own())
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
        digest = resuming.sha256(path)
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
        file = Path(option("--rig", None) or option("--site") or DEFAULT)
        self.put(
            "session", "started",
            twinfeed=version("twinfeed"), python=platform.python_version(), pytest=pytest.__version__,
            system=platform.system(), worker=self.worker, tester=option("--tester"),
            command=shlex.join(["pytest", *map(str, self.config.invocation_params.args)]),
            world=option("--world"), bench=file.stem,
            bench_sha256=resuming.sha256(file) if file.is_file() else "", seed=option("--seed"),
            speed=option("--speed"), resumes=bool(option("--resume")), document=option("--document"),
            unit=option("--unit"), unit_serial=option("--unit-serial"),
            decision_rule=option("--decision-rule") or SIMPLE,
        )  # fmt: skip

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """What has passed earlier, and has not changed since, is left out."""
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

    def ended(self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
        """A phase of a test has ended: setup, call or teardown."""
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
            self.put("session", "ended", exit=int(session.exitstatus))

    def pytest_unconfigure(self) -> None:
        notes.closed(self.record)
        self.record.close()
        self._lock.close()

    def _keep_judgements(self, item: pytest.Item) -> None:
        world = (getattr(item, "funcargs", None) or {}).get("site")
        if isinstance(world, World):
            for verdict in world.judged:
                self.put("test", "judged", test=item.nodeid, **asdict(Judgement.of(verdict)))

    def _keep_journal(self, item: pytest.Item) -> None:
        world = (getattr(item, "funcargs", None) or {}).get("site")
        if isinstance(world, World):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "journal.jsonl"
                world.journal.write(path)
                self.attach(item.nodeid, path)


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
    return {"site": path.stem, "site_sha256": resuming.sha256(path)} if path else {}


_REQUIREMENT = re.compile(r"\b(?:REQ|EXG|SRS|URS)[-_ ]?\d[\w.-]*\w|\b(?:REQ|EXG|SRS|URS)[-_ ]?\d")
"""How requirements are numbered in docstrings; others are named by the marker `requirement`."""


def _of_procedure(item: pytest.Item) -> dict[str, Any]:
    """What the test shows and why: its docstring, and the requirements that it names."""
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
    """Keep what a failed test has left behind with the record, if one is written."""
    if recording := item.config.stash.get(RECORDING, None):
        for path in files:
            recording.attach(item.nodeid, path)
