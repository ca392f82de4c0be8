"""The score of a suite: the clean run, then each mutant against the tests that execute its changed lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from twinfeed.harness.campaign.workers import WorkerDied, Workers
from twinfeed.harness.score.mutants import Mutant, drawn, mutants
from twinfeed.harness.score.running import Job, Run, Watched, run, same_orders

PATIENCE_S = 30.0
PATIENCE = 10.0
"""A mutant may take so many times as long as its tests took in the clean run, and `PATIENCE_S` more, s of the machine's
clock: the other processors are busy with other mutants."""

TICK_S = 0.5
"""Longest time until progress is reported, s."""


class NoScore(ValueError):
    """There is nothing to score: the tests do not pass, or none of them uses the controller."""


@dataclass(frozen=True)
class Judged:
    """A mutant and what became of it."""

    mutant: Mutant
    fate: str
    """killed; timeout (it ran for too long: killed as well); survived; same-orders (it survived, and no device got
    another order in any test); unreached (no test executes its lines); error (pytest failed, not a test)."""
    by: str = ""
    """The test that killed it, or the last line of pytest if no test did."""
    seconds: float = 0.0
    scenario: str = ""
    """The file of a scenario that kills a survivor, if a search has found one."""

    @property
    def killed(self) -> bool:
        return self.fate in ("killed", "timeout")


@dataclass
class Score:
    """The result. Mutants are in the order of files and lines."""

    clean: Run
    files: tuple[Path, ...]
    mutants: int
    """All mutants that there are; `judged` are those that were drawn."""
    seed: int
    judged: list[Judged] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False

    def count(self, fate: str) -> int:
        return sum(judged.fate == fate for judged in self.judged)

    @property
    def killed(self) -> int:
        """Mutants that were killed, timeouts included."""
        return sum(judged.killed for judged in self.judged)

    @property
    def percent(self) -> float | None:
        """Killed mutants of those that were killed or changed an order, %; None if there is none."""
        of = self.killed + self.count("survived")
        return 100.0 * self.killed / of if of else None


def clean_run(arguments: Sequence[str], files: Sequence[Path]) -> Run:
    """Run the tests without a mutant, and note the lines that they execute.

    Raises:
        NoScore: a test fails, or none executes a line of these files.
    """
    found = run(Job(tuple(arguments), tuple(map(str, files))))
    if found.exit != 0:
        raise NoScore(f"the tests do not pass without a mutant, so they judge nothing:\n{found.output}")
    if not any(test.lines for test in found.tests.values()):
        names = ", ".join(path.name for path in files)
        raise NoScore(f"no test executes a line of {names}; do they use the controller (--controller, its marker)?")
    return found


def score(
    arguments: Sequence[str],
    files: Sequence[Path],
    *,
    most: int = 200,
    seed: int = 0,
    jobs: int = 1,
    of_cosmic_ray: int = 0,
    progress: Callable[[Score], None] = lambda score: None,
) -> Score:
    """Score the tests that `pytest ARGUMENTS` runs, by at most so many mutants of these files, drawn from the seed.

    Ctrl-C ends it; what is known until then is returned.

    Raises:
        NoScore: see `clean_run`.
    """
    began = time.perf_counter()
    clean = clean_run(arguments, files)
    found = mutants(files, of_cosmic_ray=of_cosmic_ray, seed=seed)
    result = Score(clean, tuple(files), len(found), seed)
    workers = Workers(jobs)
    to_do: list[Mutant] = []
    for mutant in drawn(found, most, seed):
        if concerned(mutant, clean):
            to_do.append(mutant)
        else:
            result.judged.append(Judged(mutant, "unreached"))
    try:
        while to_do or workers.busy:
            while to_do and workers.free:
                workers.start((judge, (to_do.pop(0), tuple(arguments), clean)))
            for job, outcome in workers.finished(TICK_S):
                if isinstance(outcome, WorkerDied):
                    outcome = Judged(job[1][0], "killed", "its process ended")
                if isinstance(outcome, BaseException):
                    raise outcome
                result.judged.append(outcome)
            result.seconds = time.perf_counter() - began
            progress(result)
    except KeyboardInterrupt:
        result.interrupted = True
        workers.kill()
    finally:
        workers.close()
    result.judged.sort(key=lambda judged: (str(judged.mutant.path), judged.mutant.lines.start, judged.mutant.operator))
    result.seconds = time.perf_counter() - began
    return result


def concerned(mutant: Mutant, clean: Run) -> list[str]:
    """The tests that execute a line that the mutant changes, the fastest first."""
    changed = {(str(mutant.path), line) for line in mutant.lines}
    everywhere = not changed.isdisjoint(clean.shared)

    def executes(test: Watched) -> bool:
        return test.outcome == "passed" and (bool(test.lines) if everywhere else not changed.isdisjoint(test.lines))

    chosen = [name for name, test in clean.tests.items() if executes(test)]
    return sorted(chosen, key=lambda name: clean.tests[name].seconds)


def judge(mutant: Mutant, arguments: tuple[str, ...], clean: Run) -> Judged:
    """Run the tests that a mutant concerns, until one fails."""
    names = concerned(mutant, clean)
    timeout_s = PATIENCE_S + PATIENCE * sum(clean.tests[name].seconds for name in names)
    found = run(Job(arguments, (), tuple(names), mutant, timeout_s))
    if found.timed_out:
        return Judged(mutant, "timeout", seconds=found.seconds)
    if found.failed:
        return Judged(mutant, "killed", found.failed[0], found.seconds)
    if found.exit != 0:
        lines = [line for line in found.output.splitlines() if line.strip()]
        fate = "killed" if found.exit == pytest.ExitCode.INTERRUPTED else "error"  # interrupted: it cannot be imported
        return Judged(mutant, fate, lines[-1] if lines else "pytest ended without a word", found.seconds)
    same = all(same_orders(clean.tests[name], found.tests[name]) for name in names if name in found.tests)
    return Judged(mutant, "same-orders" if same else "survived", seconds=found.seconds)
