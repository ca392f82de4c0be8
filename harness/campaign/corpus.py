"""The scenarios that reached something new, and how likely each is to be altered next."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from twinfeed.harness.campaign.attempt import Tried

FEW = 10
"""An event that at most so many scenarios have reached is uncommon."""

MOST = 400
"""Entries; beyond it the ones with the least energy are dropped."""


@dataclass
class Entry:
    """One scenario of the corpus."""

    tried: Tried
    new: frozenset[str]
    """The events that no earlier scenario had."""
    uncommon: tuple[str, ...] = ()
    """Its events that few scenarios had reached when it came. Only these count for its energy."""
    picked: int = 0
    """Number of times that it was chosen to be altered."""


@dataclass
class Corpus:
    """Grows with every outcome that reached an event, or came nearer to a violation, than those before."""

    entries: list[Entry] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    """Event -> number of scenarios in which it came."""
    octets: set[str] = field(default_factory=set)
    """The hashes of everything that was sent, of all scenarios."""
    nearest: dict[str, float] = field(default_factory=dict)
    """Property, or quantity whose extremes draw the search -> the smallest margin that any scenario came to."""

    def add(self, tried: Tried) -> bool:
        """Take an outcome; True if it was new to the controller: other octets than in every scenario before."""
        unlike = bool(tried.octets) and tried.octets not in self.octets
        self.octets.add(tried.octets)
        new = frozenset(event for event in tried.reached if event not in self.seen)
        self.seen.update(tried.reached)
        near = (*tried.margins, *tried.extremes)
        nearer = [about for about, margin in near if margin < self.nearest.get(about, float("inf"))]
        for about, margin in near:
            self.nearest[about] = min(margin, self.nearest.get(about, margin))
        if unlike and not tried.broken and (new or nearer):
            uncommon = sorted(event for event in tried.reached if self.seen[event] <= FEW)
            self.entries.append(Entry(tried, new, tuple(uncommon)))
            if len(self.entries) > MOST:
                self.entries.remove(min(self.entries, key=self.energy))
        return unlike

    def energy(self, entry: Entry) -> float:
        """The weight of an entry: rare events and small margins count for it, each earlier choice against it."""
        rare = sum(1.0 / self.seen[event] for event in entry.uncommon)
        margins = (*entry.tried.margins, *entry.tried.extremes)
        near = sum(1.0 for about, margin in margins if margin <= self.nearest[about])
        return (0.1 + rare + near) / (1 + entry.picked)

    def choose(self, rng: random.Random) -> Tried:
        """An entry, by its energy.

        Raises:
            IndexError: there is none.
        """
        entry = rng.choices(self.entries, [self.energy(entry) for entry in self.entries])[0]
        entry.picked += 1
        return entry.tried
