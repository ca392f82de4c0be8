"""Every controller with one mistake is searched for: scenarios and seconds until found, and how short the finding is.

    python -m benchmarks.bench_hunts [--examples 300] [--only never-rearms,…] [--everywhere] [--keep fixtures/findings]

Prints the rows of the table in docs/how-to/search.md. `--everywhere` offers every fault of the site in place of those
that the mistake has to do with. `--keep` saves each finding as a scenario file, which CI replays
(tests/harness/search/test_seed_set.py). A failure that the reference controller shows in the same scenario is no
mistake found; the search goes on. `--reference N` runs the reference controller against N scenarios of every kind of
fault; a scenario that breaks it is printed, kept if `--keep` is given, and the run goes on.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from twinfeed.fixtures.hunts import BEYOND_THE_DESIGN, EVERY_DUTY, HUNTED, Hunted
from twinfeed.harness.campaign import Budget, Campaign, Found, Memory, Result, Tried, attempt
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search.menu import menu
from twinfeed.harness.worlds.sites import fresh

REFERENCE = "twinfeed.fixtures.controllers.plant"

REFERENCE_S = 900.0
"""The length of each scenario of the reference, s."""

SHRINKING_RUNS = 25
"""Largest number of scenarios that make a finding smaller."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="mutants, separated by commas")
    parser.add_argument("--everywhere", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--reference", type=int, default=0, metavar="N")
    given = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)  # controllers log what they suffer; here that is the point
    if given.reference:
        _survive(given.reference, given.seed, given.keep)
        return
    by_name = {hunted.bug: hunted for hunted in HUNTED}
    wanted = [by_name[name] for name in given.only.split(",")] if given.only else HUNTED
    print("| mutant | scenarios until found | CPU seconds | faults in the smallest | what they are |")
    print("|---|---:|---:|---:|---|")
    for hunted in wanted:
        hunt = Hunt(hunted, given.seed, given.examples, given.everywhere)
        print(hunt.row, flush=True)
        if given.keep and hunt.found is not None:
            _keep(hunt.found.tried.scenario, given.keep / f"{hunted.bug}.yaml", f"the mistake {hunted.bug}")


def _keep(scenario: Scenario, path: Path, what: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(scenario, note=f"{what} was found by this").save(path)


class Hunt:
    """The search for one mistake, on one processor, until a failure comes that the reference does not show."""

    def __init__(self, hunted: Hunted, seed: int, examples: int, everywhere: bool) -> None:
        controller = f"twinfeed.fixtures.controllers.bugs:{hunted.bug.replace('-', '_')}"
        frame = Scenario("pilot", seed, hunted.minutes * 60.0, (), tuple(hunted.demands), controller)
        last_s = None if hunted.last_onset_min is None else hunted.last_onset_min * 60.0
        offered = menu(fresh("pilot", seed), () if everywhere else hunted.only)
        self.hunted = hunted
        self.found: Found | None = None
        self.weaknesses = 0
        self.processor_s = 0.0
        with Memory(None) as memory:
            self.campaign = Campaign(
                frame, offered, memory, budget=Budget(examples), at_once=hunted.at_once, last_s=last_s,
                shrinking_runs=SHRINKING_RUNS, compared=(), progress=self._ran, keep=self._judge,
            )  # fmt: skip
            self.result = self.campaign.run()

    def _ran(self, result: Result, tried: Tried | None) -> None:
        if self.found is None:
            self.processor_s = result.processor_s

    def _judge(self, found: Found) -> None:
        """End the search, unless the reference fails in the smallest scenario as well."""
        other = attempt(replace(found.tried.scenario, controller=REFERENCE))
        if any(identity.about == found.identity.about for identity in other.broken):
            self.weaknesses += 1
            return
        self.found = self.found or found
        self.campaign.interrupt()

    @property
    def row(self) -> str:
        """A row of the table."""
        also = f" ({self.weaknesses} weaknesses)" if self.weaknesses else ""
        if self.found is None:
            return f"| {self.hunted.bug} | not in {self.result.examples}{also} | {self.processor_s:.0f} | – | – |"
        faults = self.found.tried.scenario.injections
        told = "; ".join(f"{fault.target} {fault.kind}" for fault in faults)
        return f"| {self.hunted.bug} | {self.found.examples}{also} | {self.processor_s:.0f} | {len(faults)} | {told} |"


def _survive(examples: int, seed: int, keep: Path | None) -> None:
    frame = Scenario("pilot", seed, REFERENCE_S, (), EVERY_DUTY, REFERENCE)
    offered = menu(fresh("pilot", seed), without=BEYOND_THE_DESIGN)

    def kept(found: Found) -> None:
        print(f"{found.identity}: {found.tried.scenario}", flush=True)
        if keep:
            _keep(found.tried.scenario, keep / f"reference-{seed}-{found.examples}.yaml", "a weakness of the reference")

    with Memory(None) as memory:
        result = Campaign(frame, offered, memory, budget=Budget(examples), compared=(), keep=kept).run()
    print(f"{result.examples} scenarios in {result.processor_s:.0f} s of processor, {len(result.found)} failures")


if __name__ == "__main__":
    main()
