"""One scenario tried, as a small value: what it broke, how near it came, and what it reached that others may not have.

Workers return these to the process that leads the search, and the memory keeps them.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from twinfeed.harness.campaign.identity import Identity, alike, identities, of_violation
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.journal import Journal
from twinfeed.harness.search.trial import Outcome, trial
from twinfeed.harness.virtual.sockets import Frame
from twinfeed.harness.virtual.watchdog import PATIENCE_S

SAID = (str, bool)
"""Types of event data that name something: a cause, an alarm, a state. Numbers differ in every run."""


@dataclass(frozen=True)
class Tried:
    """The outcome of one scenario, without its journal."""

    scenario: Scenario
    broken: tuple[Identity, ...] = ()
    what: str = ""
    """All failures and violations as text; '' if there were none."""
    margins: tuple[tuple[str, float], ...] = ()
    """The robustness of each property of which one is known."""
    vacuous: tuple[str, ...] = ()
    """Properties that the scenario did not put to the test."""
    octets: str = ""
    """A hash of everything that was sent, with its time. Scenarios with the same one are the same to a controller."""
    reached: frozenset[str] = field(default=frozenset(), repr=False)
    """Alarms, transitions, positions: each event of the journal without its numbers."""
    ended_s: float = 0.0
    """The end of the run, s of the site's clock."""
    processor_s: float = 0.0
    seed: int = 0

    def __bool__(self) -> bool:
        """True if nothing failed and no property was violated."""
        return not self.broken

    @property
    def nearest(self) -> float:
        """The smallest robustness, infinite if none is known."""
        return min((margin for _, margin in self.margins), default=math.inf)


def attempt(scenario: Scenario, patience_s: float = PATIENCE_S, known: frozenset[Identity] = frozenset()) -> Tried:
    """Run a scenario to its first violation that is not `known`: a failure that comes in every scenario would hide all
    that come after it.

    Raises:
        as `trial`.
    """
    began, octets = time.process_time(), _Octets()
    outcome = trial(
        scenario, patience_s=patience_s, heard=octets.add, passing=lambda violation: of_violation(violation) in known
    )
    return tried(outcome, octets.hash, time.process_time() - began)


def tried(outcome: Outcome, octets: str, processor_s: float) -> Tried:
    """The small value of an outcome."""
    margins = [(str(verdict.about), verdict.margin) for verdict in outcome.verdicts if math.isfinite(verdict.margin)]
    return Tried(
        outcome.scenario,
        identities(outcome),
        outcome.what,
        tuple(margins),
        tuple(str(verdict.about) for verdict in outcome.verdicts if verdict.vacuous),
        octets,
        frozenset(reached(outcome.journal)),
        outcome.ended_s,
        processor_s,
        outcome.seed,
    )


def reached(journal: Journal) -> Iterator[str]:
    """Each event as a text: who, what, and the words beside it. The injected faults themselves are left out."""
    for event in journal.events:
        if event.what in ("fault", "cleared"):
            continue
        words = " ".join(f"{name}={value}" for name, value in sorted(event.data.items()) if isinstance(value, SAID))
        yield alike(f"{event.who} {event.what} {words}".rstrip())


class _Octets:
    """A hash over everything that is sent."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, frame: Frame) -> None:
        head: tuple[Any, ...] = (round(frame.t_s, 9), frame.protocol, frame.source, frame.destination, frame.lost)
        self._hash.update(repr(head).encode())
        self._hash.update(frame.data)

    @property
    def hash(self) -> str:
        return self._hash.hexdigest()
