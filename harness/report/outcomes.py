"""The outcomes of measurements and of tests, and their names."""

from __future__ import annotations

from enum import StrEnum

from twinfeed.harness.language import N_


class Outcome(StrEnum):
    """Of a measurement."""

    PASS = "pass"
    FAIL = "fail"
    MARGINAL = "marginal"
    """Within the uncertainty of the instrument of a limit: it may be on either side."""
    INCONCLUSIVE = "inconclusive"
    """It may be inside or outside: something was not known when it was taken."""
    UNSET = "unset"
    """Never taken."""


class Ending(StrEnum):
    """Of a test."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"
    """It began and never ended: the run was killed, or the power went."""


WORDS = {
    Outcome.PASS: N_("within limits"),
    Outcome.FAIL: N_("outside limits"),
    Outcome.MARGINAL: N_("marginal"),
    Outcome.INCONCLUSIVE: N_("inconclusive"),
    Outcome.UNSET: N_("not taken"),
    Ending.PASSED: N_("passed"),
    Ending.FAILED: N_("failed"),
    Ending.SKIPPED: N_("skipped"),
    Ending.INTERRUPTED: N_("interrupted"),
}
"""As people read it, in English."""
