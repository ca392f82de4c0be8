"""The journals of the worst runs of a search, kept for playback: its failures, and the nearest run to each property,
to an empty battery and to a hot inlet.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from twinfeed.harness.campaign.attempt import Tried
from twinfeed.harness.campaign.memory import Memory, hash_of
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search.trial import trial

MOST = 10
"""Journals of one search."""


@dataclass(frozen=True)
class Worst:
    """A folder of scenarios and, beside each, the journal of its whole run (`NAME.journal.jsonl`)."""

    folder: Path

    def keep(self, memory: Memory, key: str, patience_s: float) -> list[Path]:
        """Run the worst scenarios to their end, and write what is not written yet."""
        written = []
        for scenario in worst(memory, key)[:MOST]:
            name = hash_of(scenario, key)[:12]
            journal = self.folder / f"worst-{name}.journal.jsonl"
            if journal.exists():
                continue
            self.folder.mkdir(parents=True, exist_ok=True)
            outcome = trial(scenario, everything=True, patience_s=patience_s)
            scenario.save(self.folder / f"worst-{name}.yaml")
            outcome.journal.write(journal)
            written.append(journal)
        return written


def worst(memory: Memory, key: str) -> list[Scenario]:
    """The smallest scenario of each failure, then that with the smallest margin of each property and quantity."""
    nearest: dict[str, tuple[float, Tried]] = {}
    for tried in memory.outcomes(key):
        for about, margin in (*tried.margins, *tried.extremes):
            if about not in nearest or margin < nearest[about][0]:
                nearest[about] = (margin, tried)
    found = [kept.scenario for kept in memory.kept(key)]
    found += [tried.scenario for _, tried in sorted(nearest.values(), key=lambda pair: pair[0])]
    return list({repr(scenario.entries): scenario for scenario in found}.values())
