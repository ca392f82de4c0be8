"""The progress and the result of a search, as people and programs read them."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from twinfeed.emulators.errors import FileError
from twinfeed.harness.campaign import Budget, Found, Identity, Result, Tried
from twinfeed.harness.cli.output import console, print_json, several
from twinfeed.harness.cli.search.telling import tell
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search.findings import free

EVERY_S = 10.0
"""Time between two lines of progress where the output is no terminal, s."""


class Findings:
    """The folder of scenario files: each finding is saved as soon as it is small, and none is written over another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths: dict[Identity, Path] = {}

    def save(self, found: Found) -> None:
        """Write the scenario with the property that it breaks, unless a file holds the very same already."""
        scenario = found.tried.scenario
        if found.identity.about in scenario.properties:
            scenario = replace(scenario, properties=(found.identity.about,))
        self.folder.mkdir(parents=True, exist_ok=True)
        stem = "-".join(dict.fromkeys(f"{e.target}-{e.what}" for e in scenario.entries)) or "no-fault"
        short = re.sub(r"[^A-Za-z0-9_-]+", "-", stem)[:60].rstrip("-")
        for path in sorted(self.folder.glob(f"{short}*.scenario.yaml")):
            if _holds(path, scenario):
                self.paths[found.identity] = path
                return
        path = free(self.folder / f"{short}.scenario.yaml")
        scenario.save(path)
        self.paths[found.identity] = path


def _holds(path: Path, scenario: Scenario) -> bool:
    try:
        return Scenario.load(path) == scenario
    except (OSError, FileError):
        return False


class Progress:
    """A line that changes on a terminal, or a line every 10 s elsewhere, on standard error."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._status: Status | None = None
        self._told_s = time.monotonic()

    def __enter__(self) -> Progress:
        if self._console.is_terminal:
            self._status = self._console.status("")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def show(self, result: Result, tried: Tried | None) -> None:
        """Show how far the search is; `tried` is the scenario that has just ended."""
        if self._status is None:
            if time.monotonic() - self._told_s >= EVERY_S:
                self._told_s = time.monotonic()
                self._console.print(_line(result), soft_wrap=True)
        elif tried is not None:
            what = ", ".join(f"{e.target} {e.what}" for e in tried.scenario.entries) or "no fault"
            self._status.update(f"{_line(result)}  {escape(what)}: {'[green]held[/]' if tried else '[red]broke[/]'}")


def _line(result: Result) -> str:
    rate = 60.0 * result.examples / result.seconds if result.seconds > 0.0 else 0.0
    return (
        f"{several(result.examples, 'scenario')} in {result.seconds:.0f} s ({rate:.0f} a minute), "
        f"{several(len(result.found), 'distinct failure')}"
    )


def report(result: Result, findings: Findings, untried: int, budget: Budget, json: bool) -> None:
    """Print the result of a search. Findings that were not made small in time are saved as they are."""
    for found in result.found.values():
        if found.identity not in findings.paths:
            findings.save(found)
    if json:
        print_json(as_json(result, findings.paths, untried))
        return
    if result.found:
        console.print(f"[red]found {several(len(result.found), 'distinct failure')}[/] in {_run(result, budget)}")
        for found in sorted(result.found.values(), key=lambda found: found.hopeless):
            _finding(found, findings.paths[found.identity])
    else:
        console.print(f"[green]nothing broke[/] in {_run(result, budget)}", soft_wrap=True)
    _vacuous(result)
    if untried:
        console.print(f"[dim]not tried: {several(untried, 'pair')} of fault and target[/]")


def _run(result: Result, budget: Budget) -> str:
    """The number of scenarios, the time, and why the search ended early."""
    why = ""
    if result.interrupted:
        why = ", then the search was interrupted"
    elif result.exhausted:
        why = "; there are no others"
    known = f"; {several(result.remembered, 'scenario')} of former searches remembered" if result.remembered else ""
    return f"{several(result.examples, 'different scenario')} ({result.seconds:.0f} s){why}{known}"


def _finding(found: Found, path: Path) -> None:
    console.print(f"\n[bold]{escape(str(found.identity))}[/]", soft_wrap=True)
    if found.examples:
        small = f", made smaller in {found.shrinking_runs} more" if found.small else ", not made smaller: time was up"
        console.print(f"  first in scenario {found.examples} ({found.seconds:.0f} s){small}", soft_wrap=True)
    else:
        console.print("  known from a former search")
    if found.anyway:
        console.print(f"  it fails with {' and '.join(found.anyway)} as well", soft_wrap=True)
    if found.hopeless:
        console.print(
            "  [yellow]most likely no controller can survive it[/]: an oracle that is given the faults does not"
        )
    tell(found.tried.scenario, found.tried.what)
    console.print(f"saved as {escape(str(path))}", soft_wrap=True)
    console.print(f"  again:      twinfeed replay {escape(str(path))}", soft_wrap=True)
    console.print(f"  as a test:  twinfeed adopt {escape(str(path))}", soft_wrap=True)


def _vacuous(result: Result) -> None:
    """Print the properties that were vacuous, and in how many scenarios; those vacuous in all come first."""
    for text, times in sorted(result.vacuous.items(), key=lambda item: -item[1]):
        never = times == result.examples
        where = f"in all {times} scenarios, so that nothing is known of it" if never else (
            f"in {times} of {result.examples} scenarios"
        )  # fmt: skip
        console.print(f"[{'yellow' if never else 'dim'}]vacuous {where}:[/] {escape(text)}", soft_wrap=True)


def as_json(result: Result, paths: Mapping[Identity, Path], untried: int) -> dict[str, Any]:
    """The result as JSON values."""
    return {
        "found": [
            {
                "file": str(paths[found.identity]),
                "property": found.identity.about,
                "kind": found.identity.kind,
                "place": found.identity.place,
                "scenario": found.tried.scenario.to_dict(),
                "what": found.tried.what,
                "examples": found.examples,
                "seconds": round(found.seconds, 1),
                "shrinking_runs": found.shrinking_runs,
                "small": found.small,
                "fails_also_with": list(found.anyway),
                "hopeless": found.hopeless,
            }
            for found in result.found.values()
        ],
        "examples": result.examples,
        "remembered": result.remembered,
        "seconds": round(result.seconds, 1),
        "processor_seconds": round(result.processor_s, 1),
        "vacuous": dict(result.vacuous),
        "untried": untried,
        "exhausted": result.exhausted,
        "interrupted": result.interrupted,
    }
