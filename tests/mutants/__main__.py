"""Sample mutants of twinfeed's layers and report which of them the tests kill: `make mutants`.

python -m mutants --record tests/emulators          once, and after larger changes: which tests execute which lines
python -m mutants --layer devices --count 60        try 60 mutants of a layer
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from random import SystemRandom

from mutants.contexts import Contexts
from mutants.layers import LAYERS, ROOT, modules
from mutants.report import Equivalents, account
from mutants.sampling import Mutant, sample
from mutants.trying import Outcome, attempt, tree

WORK = ROOT / "build" / "mutants"
CONTEXTS = WORK / "contexts.json"


def main() -> int:
    """Record, or try a sample of each layer; the exit code is 1 if a mutant survived that is not equivalent."""
    parser = argparse.ArgumentParser(prog="mutants", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--record", nargs="+", metavar="TESTS", help="record which lines these tests execute")
    parser.add_argument("--record-missing", nargs="+", metavar="TESTS", help="the same, if nothing is recorded yet")
    parser.add_argument("--layer", action="append", choices=LAYERS, help="may be given again; all by default")
    parser.add_argument("--count", type=int, default=60, help="mutants a layer (60)")
    parser.add_argument(
        "--seed", type=int, default=SystemRandom().randrange(10**6), help="any, and printed, by default"
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="most time for a layer (60)")
    parser.add_argument(
        "--test-seconds", type=float, default=40.0, help="most time of the tests of one mutant, as recorded"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at a time")
    given = parser.parse_args()
    if given.record:
        return record(given.record)
    contexts = Contexts.read(CONTEXTS)
    if given.record_missing:
        return 0 if contexts.seconds else record(given.record_missing)
    if not contexts.seconds:
        sys.exit(f"{CONTEXTS} has no recording; record first: python -m mutants --record tests")
    survivors = False
    for layer in given.layer or LAYERS:
        chosen = islice(sample(modules(layer), ROOT, given.seed), given.count)
        outcomes = list(trials(chosen, contexts, given.jobs, 60.0 * given.minutes, given.test_seconds))
        print(account(layer, given.seed, outcomes, Equivalents(), ROOT), flush=True)
        survivors = survivors or any(
            o.word in ("survived", "never run") and Equivalents().reason(o.mutant, ROOT) is None for o in outcomes
        )
    return int(survivors)


def record(tests: list[str]) -> int:
    """Run these tests once and add what they execute to the recording."""
    environment = {**os.environ, "MUTANTS_CONTEXTS": str(CONTEXTS), "PYTHONPATH": str(ROOT / "tests")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "mutants.contexts", "-p", "no:randomly", *tests]
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    return 0 if CONTEXTS.exists() else code


def trials(chosen: Iterator[Mutant], contexts: Contexts, jobs: int, most_s: float, test_s: float) -> Iterator[Outcome]:
    """The outcomes of the mutants, in order, as far as the time allows."""
    trees: SimpleQueue[Path] = SimpleQueue()
    for job in range(jobs):
        trees.put(tree(WORK / f"tree-{os.getpid()}-{job}", ROOT))
    until = time.monotonic() + most_s

    def one(mutant: Mutant) -> Outcome | None:
        if time.monotonic() >= until:
            return None
        at = trees.get()
        try:
            outcome = attempt(mutant, at, contexts, test_s)
            print(f"  {outcome.word}: {mutant} {outcome.by}", flush=True)
            return outcome
        finally:
            trees.put(at)

    with ThreadPoolExecutor(jobs) as pool:
        yield from (outcome for outcome in pool.map(one, list(chosen)) if outcome is not None)


if __name__ == "__main__":
    sys.exit(main())
