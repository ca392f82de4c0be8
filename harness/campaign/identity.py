"""The identity of a failure: which property, what kind of failure, where. Two scenarios may show the same one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from twinfeed.harness.properties import Verdict, Violation
from twinfeed.harness.search.trial import Outcome

RUNS = "the controller runs"
DEFECT = "twinfeed runs"


@dataclass(frozen=True, order=True)
class Identity:
    """One way to fail. A shrinker keeps the identity of its scenario; a search keeps one scenario of each."""

    about: str
    """The text of the property, or `the controller runs`, or `twinfeed runs`."""
    kind: str
    """`violated`; for a controller, the class of its exception, or `stuck`."""
    place: str
    """The quantities that are to blame, or the function that raised. Numbers are left out: `row-3` and `row-4` of one
    hall fail alike."""

    def __str__(self) -> str:
        return f"{self.about}: {self.kind}{f' at {self.place}' if self.place else ''}"


def identities(outcome: Outcome) -> tuple[Identity, ...]:
    """The failures of a run, sorted. A run ends at its first failure, but several may come at that instant."""
    found = {violation for verdict in outcome.verdicts for violation in _violations(verdict)}
    if outcome.failure:
        kind, place = _of_failure(outcome)
        found.add(Identity(DEFECT if outcome.defect else RUNS, kind, place))
    return tuple(sorted(found))


def _violations(verdict: Verdict) -> Iterator[Identity]:
    yield from map(of_violation, verdict.violations)


def of_violation(violation: Violation) -> Identity:
    """The identity of one violation."""
    place = " ".join(sorted({alike(name) for name in violation.values}))
    return Identity(str(violation.about), "violated", place)


def alike(name: str) -> str:
    """A name without its numbers."""
    return re.sub(r"\d+", "#", name)


_FRAME = re.compile(r'^  File ".*?([^/\\"]+)", line \d+, in (\S+)', re.MULTILINE)


def _of_failure(outcome: Outcome) -> tuple[str, str]:
    """The class of the exception, and the innermost function of the code under test."""
    frames = _FRAME.findall(outcome.traceback or outcome.failure)
    place = ":".join(frames[-1]) if frames else ""
    if outcome.traceback:
        last = outcome.traceback.splitlines()[-1]
        return last.partition(":")[0].strip() or "error", place
    return ("stuck" if frames else alike(outcome.failure.partition(":")[0])), place
