"""Scenarios that kill survivors: a search with the mutant as the controller, and the original for comparison."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from twinfeed.harness.campaign.workers import Workers
from twinfeed.harness.score.mutants import Mutant
from twinfeed.harness.score.scoring import TICK_S, Judged, Score


def with_scenarios(result: Score, controller: str, examples: int, jobs: int, out: Path) -> list[Judged]:
    """The mutants, each survivor with the scenario file that kills it if a search of so many scenarios finds one."""
    site = next((str(world["site"]) for test in result.clean.tests.values() for world in test.seen), "")
    found: list[Judged] = []
    workers = Workers(jobs)
    to_do = [judged for judged in result.judged if not judged.killed and site]
    try:
        while to_do or workers.busy:
            while to_do and workers.free:
                judged = to_do.pop(0)
                workers.start((_searched, (judged, site, controller, examples, result.seed, str(out))))
            for _, outcome in workers.finished(TICK_S):
                if isinstance(outcome, Judged):
                    found.append(outcome)
    finally:
        workers.close()
    known = {judged.mutant: judged for judged in found}
    return [known.get(judged.mutant, judged) for judged in result.judged]


def _searched(judged: Judged, site: str, controller: str, examples: int, seed: int, out: str) -> Judged:
    return replace(judged, scenario=scenario_that_kills(judged.mutant, site, controller, examples, seed, out))


def scenario_that_kills(mutant: Mutant, site: str, controller: str, examples: int, seed: int, out: str) -> str:
    """The file of a scenario that breaks the mutant and not its original; '' if the search finds none."""
    with tempfile.TemporaryDirectory(prefix="twinfeed-score-") as name:
        job = Path(name, "mutant.json")
        job.write_text(json.dumps({"path": str(mutant.path), "source": mutant.source}), encoding="utf-8")
        command = ["search", site, "--controller", controller, "--jobs", "1", "--examples", str(examples)]
        command += ["--memory", "none", "--seed", str(seed + 1), "--out", out, "--json"]
        found = _answer([sys.executable, "-m", "twinfeed.harness.score.mutated", str(job), *command])
        for finding in found.get("found", ()) if isinstance(found, dict) else ():
            file = str(finding["file"])
            original = _answer([sys.executable, "-m", "twinfeed", "replay", file, "--json"])
            if isinstance(original, dict) and original.get("holds"):
                return file
            Path(file).unlink(missing_ok=True)
    return ""


def _answer(command: Sequence[str]) -> object:
    """The JSON document that a command prints; None if it prints none."""
    printed = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout
    try:
        return json.loads(printed)
    except ValueError:
        return None
