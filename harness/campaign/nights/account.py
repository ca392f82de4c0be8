"""The account of a night: failures against the night before, coverage over time, what was never tried, robustness."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from twinfeed.harness.campaign.identity import Identity
from twinfeed.harness.campaign.memory import Kept, Memory, Pair, Past
from twinfeed.harness.durations import spoken
from twinfeed.harness.faults.scenario import Scenario

POINTS = 40
"""Points of the curve of coverage."""


@dataclass(frozen=True)
class Failure:
    """One distinct failure that is known at the end of the night."""

    search: str
    kept: Kept
    new: bool
    """True if the night before did not know it, with the same site and controller."""

    @property
    def told(self) -> str:
        """The entries of the smallest scenario as text."""
        entries = (f"{spoken(entry.at_s)} {entry.target} {entry.what}" for entry in self.kept.scenario.entries)
        return "; ".join(entries) or "no fault at all"


@dataclass(frozen=True)
class Robustness:
    """The smallest margin that any scenario of a search came to, in the unit of the property."""

    search: str
    about: str
    margin: float | None
    """None if no scenario gave a number."""
    tested: int
    """Scenarios that put the property to the test."""
    scenarios: int
    violated: bool


@dataclass(frozen=True)
class Account:
    """The state of a campaign after its last night. All texts are ready to be shown."""

    night: str
    """The begin of the night, ISO 8601; '' if there was none."""
    before: str
    """The begin of the night before, '' if there was none."""
    searches: tuple[str, ...]
    scenarios: int
    """Scenarios that were run in the night."""
    known: int
    """All scenarios that are known on the versions of the night."""
    failures: tuple[Failure, ...]
    gone: tuple[Identity, ...]
    """Failures that the night before knew on other versions, and that did not come again on these."""
    untried: tuple[tuple[str, Pair], ...]
    """(search, pair) of each target and fault, or deed, that no scenario on these versions had."""
    robustness: tuple[Robustness, ...]
    coverage: tuple[tuple[float, int], ...]
    """(s since the start of its search, events that had been reached by then), summed over the searches."""


def account(memory: Memory) -> Account:
    """The account of the last night that the memory knows."""
    nights = [(night, list(pasts)) for night, pasts in groupby(memory.campaigns(), key=lambda past: past.night)]
    if not nights:
        return Account("", "", (), 0, 0, (), (), (), (), ())
    night, pasts = nights[-1]
    before, earlier = nights[-2] if len(nights) > 1 else ("", [])
    old = {(_name(past), kept.identity) for past in earlier for kept in _known(memory, past, earlier)}
    now = [(past, kept) for past in pasts for kept in memory.kept(past.key)]
    failures = {(_name(past), kept.identity): kept for past, kept in now}
    searched = {_name(past) for past in pasts}
    arrivals = [list(memory.arrivals(past.number)) for past in pasts]
    return Account(
        night,
        before,
        tuple(dict.fromkeys(map(_name, pasts))),
        sum(map(len, arrivals)),
        sum(1 for key in dict.fromkeys(past.key for past in pasts) for _ in memory.outcomes(key)),
        tuple(Failure(name, kept, (name, identity) not in old) for (name, identity), kept in failures.items()),
        tuple(sorted({identity for name, identity in old if name in searched and (name, identity) not in failures})),
        tuple(_untried(memory, pasts)),
        tuple(each for past in _once(pasts) for each in _robustness(memory, past)),
        tuple(_coverage([[(after_s, tried.reached) for after_s, tried in one] for one in arrivals])),
    )


def _known(memory: Memory, past: Past, night: Sequence[Past]) -> list[Kept]:
    """The failures that were known at the end of that night."""
    last = max(each.number for each in night)
    return [kept for kept in memory.kept(past.key) if kept.campaign <= last]


def _name(past: Past) -> str:
    frame: Scenario = past.frame
    return f"{frame.site} · {frame.controller or 'no controller'} · seed {frame.seed}"


def _once(pasts: Sequence[Past]) -> list[Past]:
    """The first campaign on each site and controller: menus share what is known."""
    return list({(_name(past), past.key): past for past in reversed(pasts)}.values())[::-1]


def _untried(memory: Memory, pasts: Sequence[Past]) -> list[tuple[str, Pair]]:
    offered: dict[tuple[str, str], set[Pair]] = defaultdict(set)
    for past in pasts:
        offered[_name(past), past.key] |= past.offered
    found: list[tuple[str, Pair]] = []
    for (name, key), pairs in offered.items():
        touched = {(entry.target, entry.what) for tried in memory.outcomes(key) for entry in tried.scenario.entries}
        found += [(name, pair) for pair in sorted(pairs - touched)]
    return found


def _robustness(memory: Memory, past: Past) -> list[Robustness]:
    margins: dict[str, list[float]] = defaultdict(list)
    vacuous: dict[str, int] = defaultdict(int)
    violated: set[str] = set()
    scenarios = 0
    for tried in memory.outcomes(past.key):
        scenarios += 1
        violated |= {identity.about for identity in tried.broken}
        for about in tried.vacuous:
            vacuous[about] += 1
        for about, margin in tried.margins:
            margins[about].append(margin)
    return [
        Robustness(
            _name(past),
            about,
            min(margins[about], default=None),
            scenarios - vacuous[about],
            scenarios,
            about in violated,
        )
        for about in past.frame.properties
    ]


def _coverage(searches: Sequence[Sequence[tuple[float, frozenset[str]]]]) -> list[tuple[float, int]]:
    """The number of events reached so far against time, at most `POINTS` points."""
    gains: list[tuple[float, int]] = []
    for arrivals in searches:
        seen: set[str] = set()
        for after_s, reached in arrivals:
            new = reached - seen
            seen |= new
            gains.append((after_s, len(new)))
    curve: list[tuple[float, int]] = []
    total = 0
    for after_s, new_events in sorted(gains):
        total += new_events
        curve.append((after_s, total))
    step = max(1, -(-len(curve) // POINTS))
    return [*curve[step - 1 :: step], *(curve[-1:] if len(curve) % step else [])]
