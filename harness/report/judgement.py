"""The verdict of one property, for records and reports."""

from __future__ import annotations

import math
from dataclasses import dataclass

from twinfeed.harness.properties import Verdict
from twinfeed.harness.report.measurement import MOST_GAPS
from twinfeed.harness.unknown import Gap


@dataclass(frozen=True)
class Judgement:
    """One property and its verdict in one test."""

    about: str
    """The property as text."""
    verdict: str
    """holds, violated, inconclusive or vacuous."""
    text: str
    """The verdict as it is printed."""
    margin: float | None = None
    """The margin (see `Verdict.margin`); None if there is none."""
    gaps: tuple[Gap, ...] = ()
    """Where one of its quantities was unknown: the longest gaps, in order of time."""
    gap_count: int = 0
    """Number of all gaps."""
    largest_gap_s: float = 0.0
    max_gap_s: float = 0.0
    """The tolerance `max_gap` of the property, s, if it has one."""

    @classmethod
    def of(cls, verdict: Verdict) -> Judgement:
        """The judgement for a verdict."""
        longest = sorted(verdict.gaps, key=lambda gap: -gap.length_s)[:MOST_GAPS]
        return cls(
            str(verdict.about),
            verdict.word,
            str(verdict),
            verdict.margin if math.isfinite(verdict.margin) else None,
            tuple(sorted(longest, key=lambda gap: gap.start_s)),
            len(verdict.gaps),
            round(longest[0].length_s, 6) if longest else 0.0,
            verdict.about.max_gap_s,
        )

    @property
    def largest_gap(self) -> Gap | None:
        """The longest of the gaps."""
        return max(self.gaps, key=lambda gap: gap.length_s, default=None)
