"""Every controller with one mistake is hunted: how many scenarios and seconds it takes, how short the finding is.

    python -m benchmarks.bench_hunts [--examples 80] [--only never-rearms,…] [--keep fixtures/findings]

Prints the rows of the table in docs/how-to/search.md. `--keep` saves each finding as a scenario file, which CI replays
(tests/harness/search/test_seed_set.py). `--reference N` runs the reference controller
against N scenarios of every kind of fault; a scenario that breaks it is printed, kept if `--keep` is given, and the
run goes on.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from twinfeed.fixtures.hunts import BEYOND_THE_DESIGN, EVERY_DUTY, HUNTED, Hunted
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search import Hunt, Outcome, hunt, menu, trial
from twinfeed.harness.worlds.sites import fresh

REFERENCE = "twinfeed.fixtures.controllers.plant"

ROUND = 30
"""Scenarios with one seed: Hypothesis lingers about what it has tried, so fresh seeds rather than one long hunt. In the
second half of them it climbs towards the edge."""

REFERENCE_ROUND = 50
"""The search for the reference, everywhere."""

REFERENCE_S = 900.0
"""The length of each of its scenarios, s: outages, their end, and the return of both boards."""

SHRINKING_RUNS = 15
"""So many scenarios are tried to make a finding smaller, besides leaving out each of its faults."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--examples", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="bugs, separated by commas")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--reference", type=int, default=0, metavar="N")
    given = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)  # controllers log what they suffer; here that is the point
    if given.reference:
        _survive(given.reference, given.seed, given.keep)
        return
    by_name = {hunted.bug: hunted for hunted in HUNTED}
    wanted = [by_name[name] for name in given.only.split(",")] if given.only else HUNTED
    print("| bug | scenarios until found | CPU seconds | faults in the smallest | what they are |")
    print("|---|---:|---:|---:|---|")
    for hunted in wanted:
        result = _hunt(hunted, given.examples, given.seed)
        print(_row(hunted, result), flush=True)
        if given.keep and result.finding is not None:
            _keep(result.finding.scenario, given.keep / f"{hunted.bug}.yaml", f"the mistake {hunted.bug}")


def _keep(scenario: Scenario, path: Path, what: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(scenario, note=f"{what} was found by this").save(path)


def _hunt(hunted: Hunted, examples: int, seed: int) -> Hunt:
    """As `hunt`, with seconds of the processor: the machine may be busy with other work."""
    controller = f"twinfeed.fixtures.controllers.bugs:{hunted.bug.replace('-', '_')}"
    frame = Scenario("pilot", seed, hunted.minutes * 60.0, (), tuple(hunted.demands), controller)
    offered = menu(fresh("pilot", seed), hunted.only)
    last_s = None if hunted.last_onset_min is None else hunted.last_onset_min * 60.0
    tried = 0
    began = time.process_time()
    first: list[float] = []

    def progress(number: int, outcome: Outcome) -> None:
        if not outcome and not first:
            first.append(time.process_time() - began)

    while True:
        result = hunt(
            replace(frame, seed=seed),
            offered,
            examples=ROUND,
            at_once=hunted.at_once,
            last_s=last_s,
            shrinking_runs=SHRINKING_RUNS,
            progress=progress,
        )
        if (found := result.finding) is not None:
            found = replace(found, examples=found.examples + tried, seconds=first[0])
        tried, seed = tried + result.examples, seed + 1
        if found is not None and not trial(replace(found.scenario, controller=REFERENCE)):
            print(f"a weakness of the reference, or of what is demanded of it:\n{found.scenario}", flush=True)
            found = None
            first.clear()
        if found is not None or tried >= examples:
            return Hunt(found, tried, time.process_time() - began)


def _row(hunted: Hunted, result: Hunt) -> str:
    finding = result.finding
    if finding is None:
        return f"| {hunted.bug} | not in {result.examples} | {result.seconds:.0f} | – | – |"
    told = "; ".join(f"{i.target} {i.kind}" for i in finding.scenario.injections)
    return (
        f"| {hunted.bug} | {finding.examples} | {finding.seconds:.0f} | {len(finding.scenario.injections)} | {told} |"
    )


def _survive(examples: int, seed: int, keep: Path | None) -> None:
    frame = Scenario("pilot", seed, REFERENCE_S, (), EVERY_DUTY, REFERENCE)
    offered = menu(fresh("pilot", seed), without=BEYOND_THE_DESIGN)
    tried = broken = 0
    seconds = 0.0

    def progress(number: int, outcome: Outcome) -> None:
        told = "; ".join(f"{i.target} {i.kind} @{i.at_s:g}" for i in outcome.scenario.injections) or "no fault"
        print(f"{tried + number}: {'held' if outcome else 'BROKE'}: {told}", flush=True)
        if not outcome:
            print(outcome.what, flush=True)

    while tried < examples:
        some = min(REFERENCE_ROUND, examples - tried)
        result = hunt(replace(frame, seed=seed), offered, examples=some, shrinking_runs=6, progress=progress)
        tried, seconds, seed = tried + result.examples, seconds + result.seconds, seed + 1
        if result.finding is not None:
            broken += 1
            print(f"broken by {result.finding.scenario}", flush=True)
            if keep:
                _keep(result.finding.scenario, keep / f"reference-{broken}.yaml", "a weakness of the reference")
    print(f"{tried} scenarios in {seconds:.0f} s, {broken} of {seed - frame.seed} rounds broken")


if __name__ == "__main__":
    main()
