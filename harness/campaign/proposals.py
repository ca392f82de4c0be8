"""The scenarios to try next: drawn by chance, swept over every kind and target, or altered from the corpus."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations

from twinfeed.harness.campaign.alterations import OF_ONE, Faults, combined
from twinfeed.harness.campaign.attempt import Tried
from twinfeed.harness.campaign.corpus import Corpus
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search.drawing import DISTANCES_S, FIRST_S, by_chance, failure, scenario
from twinfeed.harness.search.menu import Menu

TRIES = 200
"""Proposals in a row that were tried before, after which the search has nothing new to try."""

FAR = 12
"""The distance of a target from which no way leads to what the properties name: the people and the wire reach all."""

OUTAGE = (60.0, 300.0)
"""Onset and length of the outage that the sweep adds to a fault, s: the fault is there when the grid fails."""

LATER_S = (120.0, 360.0, 540.0)
"""Onsets of a fault in the sweep besides the first, s: during the outage, as it ends, after the return."""


class Proposals:
    """Proposes scenarios, each once, and learns from their outcomes.

    `near` has the distance of each target to what the properties name (`relevance.distances`). `first` are scenarios to
    try before all others.
    """

    def __init__(
        self,
        frame: Scenario,
        menu: Menu,
        near: Mapping[str, int],
        at_once: int = 1,
        last_s: float | None = None,
        first: Iterable[Scenario] = (),
    ) -> None:
        self.frame, self.menu, self.at_once = frame, menu, at_once
        self.last_s = frame.duration_s / 2.0 if last_s is None else last_s
        self.first_s = min(FIRST_S, self.last_s)
        self.corpus = Corpus()
        self._rng = random.Random(frame.seed or 0)
        self._choose = by_chance(self._rng)
        self._grid = set(menu.grid)
        self._known: set[str] = set()
        self._barren: Counter[tuple[tuple[str, str], ...]] = Counter()
        """Sets of targets and kinds -> how often they changed no octet."""
        self._sweep = self._swept(near)
        self._unswept = True
        self._first = list(first)

    def learn(self, tried: Tried) -> None:
        """Take the outcome of a scenario: this search's, or one that is remembered."""
        self._known.add(_key(tried.scenario))
        if not self.corpus.add(tried) and not tried.broken and tried.scenario.entries:
            self._barren[_signature(tried.scenario)] += 1

    def next(self) -> Scenario | None:
        """A scenario that was not tried yet, None if none is found."""
        while self._first:
            again = self._first.pop(0)
            if _key(again) not in self._known:
                self._known.add(_key(again))
                return again
        for _ in range(TRIES):
            proposed = self._proposed()
            key = _key(proposed)
            if key not in self._known and self._rng.random() < self._chance(proposed):
                self._known.add(key)
                return proposed
        return None

    def _chance(self, scenario: Scenario) -> float:
        """The chance that such a scenario is tried. One fault that changed no octet is not tried again; of several, the
        times matter, so each barren try halves the chance of the next one."""
        signature = _signature(scenario)
        barren = self._barren[signature]
        return 0.0 if barren and len(signature) == 1 else 0.5**barren

    def _proposed(self) -> Scenario:
        choice = self._rng.random()
        if self.corpus.entries and choice < 0.4:
            return self._altered()
        if self._unswept and choice < 0.7:
            swept = next(self._sweep, None)
            if swept is not None:
                return self._framed(swept)
            self._unswept = False
        return scenario(self._choose, self.menu, self.frame, self.at_once, self.first_s, self.last_s)

    # -- the three ways ----------------------------------------------------------------------------------------------

    def _altered(self) -> Scenario:
        chosen = self.corpus.choose(self._rng).scenario
        parent = chosen.injections
        choice = self._rng.random()
        if choice < 0.15:
            changed: Faults | None = combined(parent, self.corpus.choose(self._rng).scenario.injections)
        elif choice < 0.3 and self.menu.others:
            changed = combined(parent, (failure(self._choose, self.menu, self.first_s, self.last_s),))
        else:
            changed = self._rng.choice(OF_ONE)(parent, self._rng, self.last_s)
        return self._framed(self._within_design(parent if changed is None else changed), chosen)

    def _swept(self, near: Mapping[str, int]) -> Iterator[Faults]:
        """What is covered systematically: outages of the grid, once and twice; every kind on its nearest target, there
        when the grid fails; the same kinds that come during the outage and after it; pairs of kinds; then every kind on
        its further targets."""
        kinds: dict[str, list[str]] = defaultdict(list)
        for pairs in self.menu.others.values() if self.at_once else ():
            for target, kind in pairs:
                kinds[kind].append(target)
        for targets in kinds.values():
            targets.sort(key=lambda target: near.get(target.partition(":")[0], FAR))
        order = sorted(kinds, key=lambda kind: near.get(kinds[kind][0].partition(":")[0], FAR))
        outage = tuple(Injection(target, kind, *OUTAGE) for target, kind in self.menu.grid if kind == "outage")
        if outage:
            yield outage
            yield from self._twice(outage)
        yield from (self._with_outage(kind, kinds[kind][0], self.first_s, outage) for kind in order)
        for at_s in LATER_S:
            yield from (self._with_outage(kind, kinds[kind][0], at_s, outage) for kind in order)
        if self.at_once >= 2:
            yield from self._pairs(order, kinds, outage)
        for place in range(1, max(map(len, kinds.values()), default=0)):
            for kind in order:
                if place < len(targets := kinds[kind]):
                    yield self._with_outage(kind, targets[place], self.first_s, outage)

    def _with_outage(self, kind: str, target: str, at_s: float, outage: Faults) -> Faults:
        return tuple(sorted((Injection(target, kind, at_s), *outage), key=lambda fault: fault.at_s))

    def _twice(self, outage: Faults) -> Iterator[Faults]:
        """The outage and, at each distance that control logic cares about, another one."""
        onset_s, length_s = OUTAGE
        for distance_s in DISTANCES_S:
            again_s = onset_s + length_s + distance_s
            if again_s <= self.last_s:
                yield (*outage, *(replace(fault, at_s=again_s, for_s=None) for fault in outage))

    def _pairs(self, order: list[str], kinds: Mapping[str, list[str]], outage: Faults) -> Iterator[Faults]:
        """Two faults at once: the same kind on two targets first (one cause for both), then each two kinds."""
        for kind in order:
            if len(kinds[kind]) > 1:
                yield (*(Injection(target, kind, self.first_s) for target in kinds[kind][:2]), *outage)
        for first, second in combinations(order, 2):
            yield (*(Injection(kinds[kind][0], kind, self.first_s) for kind in (first, second)), *outage)

    # -- limits ------------------------------------------------------------------------------------------------------

    def _within_design(self, faults: Faults) -> Faults:
        """At most `at_once` faults besides those of the grid: a site is built to stand one at a time."""
        others = [fault for fault in faults if (fault.target, fault.kind) not in self._grid]
        dropped = set(self._rng.sample(range(len(others)), max(0, len(others) - self.at_once)))
        gone = [id(fault) for n, fault in enumerate(others) if n in dropped]
        return tuple(fault for fault in faults if id(fault) not in gone)

    def _framed(self, faults: Faults, parent: Scenario | None = None) -> Scenario:
        """The frame, or the parent with its deeds, with these faults; in a short run those that would come too late
        come at its last onset."""
        within = (fault if fault.at_s <= self.last_s else replace(fault, at_s=self.last_s) for fault in faults)
        return replace(parent or self.frame, injections=tuple(within))


def _key(scenario: Scenario) -> str:
    return repr(scenario.entries)


def _signature(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((entry.target, entry.what) for entry in scenario.entries))
