"""The contents of the records of a run, in order: testers, devices, and the result of each test.

    account = Account.of(Path("out"))         # all records in the folder; those of a supervisor that lie elsewhere too
    account.sound                             # no chain is broken, no attached file altered

A bench's own record goes on for years: the account covers it from an hour before the first run.

Only lines before the first break of a chain are believed. A test that was tried several times counts as it ended last;
its earlier attempts are listed too.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from twinfeed.harness.record import Entry, in_order
from twinfeed.harness.record import stamps as clocks
from twinfeed.harness.record.folder import records
from twinfeed.harness.report import notes
from twinfeed.harness.report.facts import IN_FORCE, WATCHED, Facts
from twinfeed.harness.report.judgement import Judgement
from twinfeed.harness.report.measurement import Measurement
from twinfeed.harness.report.notes import Calibration, Confirmation, Identity
from twinfeed.harness.report.outcomes import Ending, Outcome
from twinfeed.harness.report.verifying import Chain, Standing, Trouble, altered, verified


class NothingRecorded(ValueError):
    """There is no record in the given place."""


@dataclass
class Attachment:
    """A file that was kept with a test."""

    name: str
    file: str
    """The path of it, from the folder of the record."""
    sha256: str
    octets: int
    caption: str = ""
    trouble: str = ""
    """True if the file is no longer the one that was kept."""


@dataclass(frozen=True)
class Step:
    """A step that is done by hand."""

    instruction: str
    expected: str = ""
    observed: str = ""
    time: str = ""


@dataclass
class Session:
    """One start of pytest, or of one of its workers."""

    started: str
    ended: str
    """Empty if it was interrupted."""
    twinfeed: str
    python: str
    system: str
    world: str
    bench: str
    bench_sha256: str
    seed: int | None
    command: str
    tester: str
    worker: str
    resumes: bool
    document: str = ""
    """The number of the document that the report is to be."""
    unit: str = ""
    """The unit under test."""
    unit_serial: str = ""
    decision_rule: str = ""


@dataclass
class Attempt:
    """One time a test was begun."""

    started: str
    ended: str = ""
    outcome: Ending = Ending.INTERRUPTED
    reason: str = ""
    duration_s: float | None = None
    site: str = ""
    doc: str = ""
    """The docstring of the test."""
    requirements: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    """The steps that were to be done by hand."""
    remarks: list[str] = field(default_factory=list)
    deviations: list[str] = field(default_factory=list)
    watched: list[str] = field(default_factory=list)
    """The quantities that were watched by name."""
    measurements: list[Measurement] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)
    """The verdict of `site.check` for each property."""
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def outside(self) -> int:
        """The number of measurements outside their limits, if that is what the test failed for; else 0."""
        wrong = sum(not measurement.accepted for measurement in self.measurements)
        return wrong if self.reason.startswith(f"{wrong} of {len(self.measurements)} measurements") else 0


@dataclass
class Test:
    """One test and all attempts at it; the last one counts."""

    name: str
    attempts: list[Attempt]
    passed_earlier: list[str] = field(default_factory=list)
    """When runs that went on left it out, because it had passed."""

    @property
    def last(self) -> Attempt:
        return self.attempts[-1]


@dataclass
class Happening:
    """A line of the timeline."""

    time: str
    who: str
    what: str
    details: Mapping[str, Any]


@dataclass
class Account:
    """A run according to its records."""

    folder: str
    chains: list[Chain]
    troubles: list[Trouble]
    """Parts that were altered, are missing, or have no known signature."""
    sessions: list[Session]
    tests: list[Test]
    devices: list[Identity]
    calibrations: list[Calibration]
    confirmations: list[Confirmation]
    facts: Facts
    """Statements of the bench's record."""
    clock_steps: list[clocks.Step]
    """The lines at which the time of day was set."""
    timeline: list[Happening]

    @classmethod
    def of(cls, folder: Path, others: Iterable[Path] = (), trusted: Iterable[str] = ()) -> Self:
        """The account of the records in a folder, and of `others`; `trusted` are public keys that vouch for them.

        Raises:
            NothingRecorded: there is no record in the folder.
            ValueError: a sound line is not what this version writes; the message names it.
            OSError: one cannot be read.
        """
        paths = list(dict.fromkeys([*records(folder), *others]))
        if not paths:
            raise NothingRecorded(f"{folder}: there is no record (*.jsonl) in it; pytest --report {folder} writes one")
        verification = verified(paths, trusted, folder)
        account = cls(folder.name, verification.chains, verification.troubles, [], [], [], [], [], Facts(), [], [])
        reading = _Reading(account, folder)
        found = [(entry, path) for path in paths for entry in verification.entries[path]]
        told = _since(in_order(found))
        for path in paths:
            account.clock_steps += clocks.steps(entry for entry, its in told if its == path)
        account.clock_steps = _apart(account.clock_steps)
        for entry, path in told:
            try:
                reading.take(entry, path)
            except (ValidationError, KeyError, TypeError) as error:
                raise ValueError(
                    f"{path}:{entry.n + 1}: {entry.who} {entry.what} is not as twinfeed writes it: {error}"
                ) from None
        return account

    @property
    def standing(self) -> Standing:
        """The findings about all records together."""
        return max((trouble.standing for trouble in self.troubles), default=Standing.VERIFIED)

    @property
    def sound(self) -> bool:
        """True if everything is there, and is as it was written."""
        return self.standing < Standing.WRONG

    @property
    def digest(self) -> str:
        """The hash in the footer of the page: the last hash of the only record, else SHA-256 over those of all."""
        if len(self.chains) == 1:
            return self.chains[0].last
        return hashlib.sha256("".join(f"{chain.last}\n" for chain in self.chains).encode()).hexdigest()

    def title(self, language: str = "en") -> str:
        """The name of the tested bench: its own title, its name, or the file's."""
        if self.facts.bench is not None:
            return self.facts.bench.titled(language)
        return self.sessions[-1].bench if self.sessions else self.folder

    @property
    def document(self) -> str:
        """The number of the document, as the last run that has one gives it."""
        return next((session.document for session in reversed(self.sessions) if session.document), "")

    @property
    def counts(self) -> dict[Ending, int]:
        """Number of tests by result."""
        counted = Counter(test.last.outcome for test in self.tests)
        return {ending: counted[ending] for ending in Ending}

    @property
    def marginal(self) -> int:
        """Number of marginal measurements."""
        return sum(m.outcome is Outcome.MARGINAL for test in self.tests for m in test.last.measurements)

    @property
    def testers(self) -> list[str]:
        """The testers, as far as they are named."""
        return list(dict.fromkeys(session.tester for session in self.sessions if session.tester))

    @property
    def last_day(self) -> str:
        """The day of the last thing recorded, ISO 8601."""
        return self.timeline[-1].time[:10] if self.timeline else ""

    @property
    def uncalibrated(self) -> list[str]:
        """The quantities that were measured or watched by an instrument without a calibration, in their order."""
        used = [
            taken.instrument.quantity
            for test in self.tests
            for measurement in test.last.measurements
            for taken in measurement.taken
            if taken.instrument.by and not taken.calibrated
        ]
        calibrated = {calibration.instrument for calibration in self.calibrations}
        watched = [watch.quantity for watch in self.facts.watches]
        return [quantity for quantity in dict.fromkeys([*used, *watched]) if quantity not in calibrated]

    def overdue(self, calibration: Calibration) -> bool:
        """True if the calibration of an instrument had expired on the last day of the run."""
        try:
            return date.fromisoformat(self.last_day) > date.fromisoformat(calibration.due[:10])
        except ValueError:  # no date, or none that is recognised
            return False


BEFORE = timedelta(hours=1)
"""Events on a bench so shortly before a run belong to it: arming, findings."""


def _since(found: Sequence[tuple[Entry, Path]]) -> Sequence[tuple[Entry, Path]]:
    """The lines of the runs, and of so long before the first of them; all of them if there was no run."""
    starts = (at for at, (entry, _) in enumerate(found) if (entry.who, entry.what) == ("session", "started"))
    first = next(starts, None)
    if first is None:
        return found
    began = datetime.fromisoformat(found[first][0].time)
    earliest = next(at for at, (entry, _) in enumerate(found) if datetime.fromisoformat(entry.time) >= began - BEFORE)
    return found[min(earliest, first) :]


def _apart(found: Sequence[clocks.Step]) -> list[clocks.Step]:
    """The steps of several records, each once: those of one size within a minute of each other are one step."""
    kept: list[clocks.Step] = []
    for step in found:
        if not any(_same(step, known) for known in kept):
            kept.append(step)
    return kept


def _same(step: clocks.Step, known: clocks.Step) -> bool:
    apart = abs(datetime.fromisoformat(step.after) - datetime.fromisoformat(known.after))
    return abs(step.by_s - known.by_s) < clocks.STEP_S and apart < timedelta(minutes=1)


_MEASUREMENT = TypeAdapter(Measurement)
_JUDGEMENT = TypeAdapter(Judgement)
_QUIET = {
    ("test", "measured"), ("test", "judged"), ("test", "attached"), ("test", "step"), ("test", "remark"),
    ("test", "deviation"), ("test", "watched"), ("record", "begins"), ("record", "goes on"), ("record", "quotes"),
    IN_FORCE, WATCHED,
}  # fmt: skip
"""Kinds of lines that are printed with their test or in the list of records, not in the timeline."""


class _Reading:
    """Puts one line after the other where it belongs."""

    def __init__(self, account: Account, folder: Path) -> None:
        self.account, self.folder = account, folder
        self.tests: dict[str, Test] = {}
        self.sessions: dict[Path, Session] = {}

    def take(self, entry: Entry, path: Path) -> None:
        account, data = self.account, entry.data
        account.facts.take(entry)
        if (entry.who, entry.what) not in _QUIET:
            account.timeline.append(Happening(entry.time, entry.who, entry.what, data))
        match entry.who, entry.what:
            case "session", "started":
                self.sessions[path] = _session(entry)
                account.sessions.append(self.sessions[path])
            case "session", "ended":
                self.sessions[path].ended = entry.time
            case notes.IDENTIFIED:
                _once(account.devices, Identity, data)
            case notes.CALIBRATED:
                _once(account.calibrations, Calibration, data)
            case notes.CONFIRMED:
                _once(account.confirmations, Confirmation, data)
            case "test", what if "test" in data:
                self._test(entry, what, str(data["test"]))

    def _test(self, entry: Entry, what: str, name: str) -> None:
        data = entry.data
        if what == "started":
            if name not in self.tests:
                self.tests[name] = Test(name, [])
                self.account.tests.append(self.tests[name])
            told = {"doc": data.get("doc", ""), "requirements": list(data.get("requirements", ()))}
            self.tests[name].attempts.append(Attempt(entry.time, site=data.get("site", ""), **told))
            return
        test = self.tests.get(name)
        if test is None:  # its beginning is behind a break of its chain
            return
        if what == "measured":
            fields = {key: value for key, value in data.items() if key != "test"}
            test.last.measurements.append(_MEASUREMENT.validate_python(fields))
        elif what == "judged":
            fields = {key: value for key, value in data.items() if key != "test"}
            test.last.judgements.append(_JUDGEMENT.validate_python(fields))
        elif what == "attached":
            kept = Attachment(data["name"], data["file"], data["sha256"], data["octets"], data.get("caption", ""))
            kept.trouble = altered(self.folder, data)
            test.last.attachments.append(kept)
        elif what == "step":
            fields = {key: str(data.get(key, "")) for key in ("instruction", "expected", "observed")}
            test.last.steps.append(Step(**fields, time=entry.time))
        elif what in ("remark", "deviation"):
            told_of = test.last.remarks if what == "remark" else test.last.deviations
            told_of.append(str(data["text"]))
        elif what == "watched":
            test.last.watched += [str(name) for name in data["quantities"]]
        elif what == "finished":
            last = test.last
            last.ended, last.outcome = entry.time, Ending(data["outcome"])
            last.reason, last.duration_s = data["reason"], data["duration_s"]
        elif what == "passed earlier":
            test.passed_earlier.append(entry.time)


def _session(entry: Entry) -> Session:
    names = (
        "twinfeed", "python", "system", "world", "bench", "bench_sha256", "seed", "command", "tester", "worker",
        "resumes",
    )  # fmt: skip
    later = (str(entry.data.get(name, "")) for name in ("document", "unit", "unit_serial", "decision_rule"))
    return Session(entry.time, "", *(entry.data[name] for name in names), *later)


def _once(known: list[Any], kind: type, data: Mapping[str, Any]) -> None:
    """Add a note, once. Notes in another form appear in the timeline only."""
    try:
        one = kind(**data)
    except TypeError:
        return
    if one not in known:
        known.append(one)
