"""One scenario tried, as a small value: what it broke, how near it came, and what it reached that others may not have.

Workers return these to the process that leads the search, and the memory keeps them.
"""

from __future__ import annotations

import hashlib
import math
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from twinfeed.harness.campaign.branches import Branches, folder_of
from twinfeed.harness.campaign.identity import Identity, alike, identities, of_violation
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.journal import Journal, Trace
from twinfeed.harness.search.trial import Outcome, trial
from twinfeed.harness.virtual.sockets import Frame
from twinfeed.harness.virtual.watchdog import PATIENCE_S
from twinfeed.harness.worlds.sites import fresh_for

EXTREMES: Mapping[str, float] = {"*.inlet_c": -1.0, "*.charge_percent": 1.0}
"""Quantities whose extremes draw a search, and their sign there: the smaller the product, the nearer to harm."""

MONITORS = sys.version_info >= (3, 12)
"""True if Python reports the lines of chosen code, without a cost for other code."""

TRACED_EACH = 1 if MONITORS else 4
"""One of so many scenarios notes the branches of the controller. `sys.settrace` doubles the processor time of a
scenario (measured with the reference on the pilot site)."""

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
    extremes: tuple[tuple[str, float], ...] = ()
    """The smallest product of value and sign of each of `EXTREMES` that the site has."""
    vacuous: tuple[str, ...] = ()
    """Properties that the scenario did not put to the test."""
    octets: str = ""
    """A hash of everything that was sent, with its time. Scenarios with the same one are the same to a controller."""
    reached: frozenset[str] = field(default=frozenset(), repr=False)
    """Alarms, transitions, positions: each event of the journal without its numbers; and branches of the controller."""
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


def attempt(
    scenario: Scenario, patience_s: float = PATIENCE_S, known: frozenset[Identity] = frozenset(), traced: bool = False
) -> Tried:
    """Run a scenario to its first violation that is not `known`: a failure that comes in every scenario would hide all
    that come after it. If it is `traced`, it reaches the branches of the controller, too.

    Raises:
        as `trial`.
    """
    began, octets = time.process_time(), _Octets()
    branches = Branches(folder_of(scenario.controller)) if traced and scenario.controller else None
    with branches.monitored() if branches and MONITORS else nullcontext():
        outcome = trial(
            scenario,
            also=_drawn_by(scenario),
            patience_s=patience_s,
            heard=octets.add,
            passing=lambda violation: of_violation(violation) in known,
            run_owned=branches.run if branches and not MONITORS else None,
        )
    return tried(outcome, octets.hash, time.process_time() - began, branches.texts if branches else frozenset())


def tried(outcome: Outcome, octets: str, processor_s: float, branches: frozenset[str] = frozenset()) -> Tried:
    """The small value of an outcome."""
    margins = [(str(verdict.about), verdict.margin) for verdict in outcome.verdicts if math.isfinite(verdict.margin)]
    return Tried(
        outcome.scenario,
        identities(outcome),
        outcome.what,
        tuple(margins),
        tuple(_extremes(outcome.journal.trace)),
        tuple(str(verdict.about) for verdict in outcome.verdicts if verdict.vacuous),
        octets,
        branches.union(reached(outcome.journal)),
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


def _drawn_by(scenario: Scenario) -> list[str]:
    """The quantities of the scenario's site whose extremes draw a search."""
    site = fresh_for(scenario)
    names = (f"{name}.{quantity}" for name, component in site.components.items() for quantity in component.QUANTITIES)
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in EXTREMES)]


def _extremes(trace: Trace) -> Iterator[tuple[str, float]]:
    for pattern, sign in EXTREMES.items():
        values = [
            sign * value
            for name, points in trace.items()
            if fnmatchcase(name, pattern)
            for _, value in points
            if isinstance(value, (int, float)) and math.isfinite(value)
        ]
        if values:
            yield pattern, min(values)


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
