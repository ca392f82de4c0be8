"""The verdict of one property, for records and reports."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass

from twinfeed.harness.journal import Trace
from twinfeed.harness.properties import Verdict
from twinfeed.harness.quantities import UnknownQuantity
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
    """Gaps of one of its quantities: the longest ones, in order of time."""
    gap_count: int = 0
    """Number of all gaps."""
    largest_gap_s: float = 0.0
    max_gap_s: float = 0.0
    """The tolerance `max_gap` of the property, s, if it has one."""
    blind_s: float = 0.0
    """Shorter events may not have been seen, since quantities are polled; 0 if every change is recorded, s."""

    @classmethod
    def of(cls, verdict: Verdict, trace: Trace | None = None) -> Judgement:
        """The judgement for a verdict over what was recorded."""
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
            0.0 if trace is None else round(_blind_s(verdict, trace), 6),
        )

    @property
    def largest_gap(self) -> Gap | None:
        """The longest of the gaps."""
        return max(self.gaps, key=lambda gap: gap.length_s, default=None)


def _blind_s(verdict: Verdict, trace: Trace) -> float:
    """The longest that anything the property is about can have lasted unseen, s."""
    blind_s = 0.0
    for pattern in verdict.about.patterns:
        with suppress(UnknownQuantity):
            polled = [trace.samples[name] for name in trace.names(pattern) if name in trace.samples]
            blind_s = max([blind_s, *(samples.blind_s for samples in polled)])
    return blind_s
