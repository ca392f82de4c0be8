"""The JSON documents of commands that search, replay, score and study."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from twinfeed.emulators.plant.study import BranchResult, BusResult, PairResult, WeakResult

ScenarioFile = dict[str, Any]
"""A scenario as in a scenario file: `twinfeed schema scenario` has its form."""


class FoundFailure(TypedDict):
    """A distinct failure that a search found."""

    file: str
    """The scenario file that was kept."""
    property: str
    kind: str
    place: str
    """The place at which the property first broke."""
    scenario: ScenarioFile
    what: str
    """The verdict, for people."""
    examples: int
    """The number of the scenario that found it; 0: known from a former search."""
    seconds: float
    """When, s of your clock since the search began."""
    shrinking_runs: int
    small: bool
    """False if there was no time to make it small."""
    fails_also_with: list[str]
    """Other controllers that fail, too."""
    hopeless: bool
    """True if an oracle that is given the faults fails, too: most likely no controller can survive it."""


class Searched(TypedDict):
    """The result of a search."""

    found: list[FoundFailure]
    examples: int
    """Scenarios that ran."""
    remembered: int
    """Scenarios of former searches that were not run again."""
    seconds: float
    processor_seconds: float
    vacuous: dict[str, int]
    """Property -> the scenarios in which it was not put to the test."""
    untried: int
    """Pairs of fault and target that no scenario had."""
    exhausted: bool
    """True if there are no other scenarios."""
    interrupted: bool


class JournalEvent(TypedDict):
    """An event of a run."""

    t_s: float
    """Plant time, s."""
    who: str
    what: str
    data: dict[str, Any]


class Judgement(TypedDict):
    """The verdict of a property; neither `holds` nor `violated`: inconclusive."""

    property: str
    holds: bool
    violated: bool


class Replayed(TypedDict):
    """A scenario that was run again."""

    holds: bool
    """True if every property was seen to hold."""
    failure: str
    """Why the controller failed; empty if it did not."""
    defect: bool
    """True if the plant did not come to rest: a mistake of twinfeed, not of the controller."""
    traceback: str
    """The place of the failure in the code under test."""
    site: str
    seed: int
    tolerances: str | None
    controller: str | None
    settle_s: float
    """The time for which the site ran before the scenario began, s."""
    duration_s: float
    ended_s: float
    """Plant time at the end, s."""
    injections: list[ScenarioFile]
    deeds: list[ScenarioFile]
    commands: list[ScenarioFile]
    never_began: list[str]
    """Entries whose condition never came true."""
    events: list[JournalEvent]
    verdicts: list[Judgement]
    inconclusive: list[str]
    """Properties that the run is too short or too blind to judge."""
    vacuous: list[str]
    """Properties that the run did not put to the test."""


class Adopted(TypedDict):
    """A regression test that was written."""

    file: str
    left_out: list[str]
    """Verdicts of the properties that the test leaves out."""
    passes: bool
    """True if nothing in it is broken now."""


class MutantJudged(TypedDict):
    """A mutant and its fate."""

    file: str
    line: int
    operator: str
    fate: str
    """killed, survived, same-orders, unreached, timeout or error."""
    by: str
    """The test that killed it."""
    seconds: float
    scenario: str
    """A scenario that kills a survivor, if `--search` found one."""
    diff: str


class Scored(TypedDict):
    """The score of a test suite."""

    seed: int
    seconds: float
    clean_seconds: float
    """The time of the tests without a mutant, s."""
    tests: int
    mutants: int
    """All that there are; `judged` has those that were drawn."""
    score_percent: float | None
    """Of the mutants that were killed or changed an order; None if there is none."""
    killed: int
    survived: int
    same_orders: int
    unreached: int
    timeouts: int
    errors: int
    interrupted: bool
    judged: list[MutantJudged]
    coverage: list[dict[str, Any]]
    """For each `site` the tables of pairs: lists of `target`, `what` and `word` (judged, exercised or never)."""


class PowerStudy(TypedDict):
    """The power paths of a site at rest."""

    site: str
    sound: bool
    """True if every breaker breaks what it may have to, all pairs are selective, and no voltage is out of 10 %."""
    buses: list[BusResult]
    branches: list[BranchResult]
    pairs: list[PairResult]
    """Breakers in a row that are not selective."""
    weak: list[WeakResult]
    """Breakers whose breaking capacity is too low."""


class OutageEntry(TypedDict):
    """A published outage."""

    id: str
    date: str
    operator: str
    title: str
    sources: list[str]


class OutageRow(TypedDict):
    """An event of an outage, as published and on the twin; times from its first event, s."""

    what: str
    clock: str
    published_s: float | None
    twin_s: float | None
    """None: it never came."""
    given: bool
    """True for an event that the scenario causes."""
    factor: float | None


class OutagePlayed(TypedDict):
    """A published outage, played on the twin."""

    id: str
    in_order: bool
    in_time: bool
    factor: float | None
    """The largest factor between a published and a simulated time."""
    stated_factor: float
    broke: bool
    mends: bool
    """True if every property holds with the lesson applied."""
    rows: list[OutageRow]


class NightFailure(TypedDict):
    """A failure that a campaign knows."""

    search: str
    property: str
    kind: str
    place: str
    new: bool
    """True if the night before did not know it."""
    fails_also_with: str
    scenario: ScenarioFile
    what: str


class IdentityGone(TypedDict):
    """A failure that did not come again."""

    property: str
    kind: str
    place: str


class Untried(TypedDict):
    """A pair of fault and target that no scenario had."""

    search: str
    target: str
    fault: str


class Margin(TypedDict):
    """The smallest margin of a property in all scenarios."""

    search: str
    property: str
    margin: float | None
    tested: int
    scenarios: int
    verdict: str


class EventsAfter(TypedDict):
    """Distinct events that were seen until then."""

    after_s: float
    events: int


class NightReport(TypedDict):
    """The last night of a campaign."""

    night: str
    before: str
    """The night before."""
    searches: list[str]
    scenarios: int
    known: int
    failures: list[NightFailure]
    gone: list[IdentityGone]
    untried: list[Untried]
    robustness: list[Margin]
    coverage: list[EventsAfter]
