"""`twinfeed score`: would a suite catch a mistake in its controller?"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from twinfeed.harness.cli.output import (
    Exit,
    JsonOption,
    console,
    fail,
    plain_errors,
    print_json,
    several,
    table,
)
from twinfeed.harness.cli.search.searching import INTERRUPTED, find_modules_here
from twinfeed.harness.controllers.in_process import main_of
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.search import Scored

if TYPE_CHECKING:
    from twinfeed.harness.score.coverage import SiteCoverage
    from twinfeed.harness.score.scoring import Judged, Score

EVERY_S = 10.0
"""Time between two lines of progress, s."""

MOST_NAMES = 12
"""Pairs that were never exercised, printed of each table; the JSON document has all."""


@prints(Scored)
def score(
    tests: Annotated[
        list[str] | None, typer.Argument(help="Tests, as pytest takes them. Default: pytest's own.")
    ] = None,
    controller: Annotated[str, typer.Option("--controller", help="The controller, module:function.")] = "",
    most: Annotated[
        int, typer.Option("--mutants", min=0, max=100_000, help="Number of mutants, drawn from all. 0: coverage only.")
    ] = 200,
    only: Annotated[
        list[str] | None, typer.Option("--file", help="Mutate files of this name only; * as in file names.")
    ] = None,
    cosmic_ray: Annotated[
        int,
        typer.Option(
            "--cosmic-ray", min=0, max=1000, help="Also this many of each file by cosmic-ray (extra `score`)."
        ),
    ] = 10,
    seed: Annotated[
        int, typer.Option("--seed", help="Another seed draws other mutants.", min=-(2**63), max=2**63 - 1)
    ] = 0,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, max=1024, help="Number of processes. Default: all processors.")
    ] = None,
    least: Annotated[
        float, typer.Option("--at-least", min=0.0, max=100.0, help="Exit with 1 below this score, percent.")
    ] = 0.0,
    search: Annotated[
        int,
        typer.Option("--search", min=0, max=100_000, help="Search for a scenario that kills each survivor: this many."),
    ] = 0,
    out: Annotated[Path, typer.Option("--out", help="Folder for these scenarios.")] = Path("findings"),
    json: JsonOption = False,
) -> None:
    """Score a test suite: mistakes are made in the controller, one at a time, and the tests run. Which do they catch?

    Each mutant runs the tests that execute its changed lines, in the simulated world, in a process of its own; no file
    is changed. Also lists the faults, transfers and alarms of the sites that no test exercises or judges.

    Exits with 1 if the tests do not pass as they are, or if the score is below --at-least.

    Examples:

      twinfeed score --controller mine tests/

      twinfeed score --controller mine tests/ --mutants 50 --at-least 80
    """
    from twinfeed.harness.score.coverage import coverage
    from twinfeed.harness.score.scoring import NoScore, score
    from twinfeed.harness.score.sources import files_of
    from twinfeed.harness.score.survivors import with_scenarios

    if not controller:
        fail("--controller is missing: name the controller that the tests test, package.module:function", Exit.USAGE)
    find_modules_here()
    with plain_errors():
        main_of(controller)
        files = [file for file in files_of(controller) if not only or any(file.match(name) for name in only)]
    if not files:
        fail(f"--file {' '.join(only or ())}: the controller has no file of that name", Exit.USAGE)
    arguments, processes = [*(tests or ()), "--controller", controller], jobs or len(os.sched_getaffinity(0))
    try:
        result = score(
            arguments, files, most=most, seed=seed, jobs=processes, of_cosmic_ray=cosmic_ray, progress=_Progress()
        )
    except NoScore as error:
        fail(str(error), Exit.NO)
    if search:
        result.judged = with_scenarios(result, controller, search, processes, out)
    covered = coverage(result.clean)
    if json:
        print_json(_as_json(result, covered))
    else:
        _print(result, covered)
    if result.interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(Exit.NO if result.percent is not None and result.percent < least else Exit.DONE)


class _Progress:
    """A line every 10 s on standard error."""

    def __init__(self) -> None:
        self._console, self._told_s = Console(stderr=True, highlight=False), time.monotonic()

    def __call__(self, result: Score) -> None:
        if time.monotonic() - self._told_s >= EVERY_S:
            self._told_s = time.monotonic()
            done = f"{several(len(result.judged), 'mutant')} in {result.seconds:.0f} s, {result.killed} killed"
            self._console.print(done, soft_wrap=True)


def _print(result: Score, covered: list[SiteCoverage]) -> None:
    clean = sum(test.seconds for test in result.clean.tests.values())
    console.print(f"{several(len(result.clean.tests), 'test')} pass in {clean:.1f} s without a mutant")
    if result.judged:
        console.print(
            f"[bold]{result.killed} killed[/] ({result.count('timeout')} by their time), "
            f"{result.count('survived')} survived, {result.count('same-orders')} sent the same orders, "
            f"{result.count('unreached')} unreached, {result.count('error')} not judged for an error of pytest; "
            f"{len(result.judged)} of {several(result.mutants, 'mutant')}, "
            f"seed {result.seed}, {result.seconds:.0f} s",
            soft_wrap=True,
        )
        if result.percent is not None:
            console.print(f"[bold]score {result.percent:.0f} %[/] of the mutants that were killed or changed an order")
        for fate, title in TITLES.items():
            found = [judged for judged in result.judged if judged.fate == fate]
            if found:
                console.print(f"\n[bold]{title}[/]", soft_wrap=True)
            for judged in found:
                _mutant(judged)
    for of in covered:
        _covered(of)


TITLES = {
    "survived": "survived: the controller sent other orders, and every test passed",
    "unreached": "unreached: no test executes these lines",
}


def _mutant(judged: Judged) -> None:
    console.print(f"{escape(judged.mutant.name)}", soft_wrap=True)
    for line in judged.mutant.diff(Path.cwd()).splitlines()[2:]:
        colour = {"-": "red", "+": "green"}.get(line[:1], "dim")
        console.print(f"  [{colour}]{escape(line)}[/]", soft_wrap=True)
    if judged.scenario:
        console.print(
            f"  killed by {escape(judged.scenario)}: twinfeed adopt {escape(judged.scenario)}", soft_wrap=True
        )


def _covered(of: SiteCoverage) -> None:
    console.print(f"\n[bold]coverage of {escape(of.site)}[/]")
    listing = table("", "", "judged", "exercised only", "never")
    for name, pairs in of.tables().items():
        words = list(pairs.values())
        listing.add_row(name, *(str(words.count(word)) for word in ("judged", "exercised", "never")))
    console.print(listing)
    for name, pairs in of.tables().items():
        missed = [f"{who} {what}" for (who, what), word in pairs.items() if word == "never"]
        more = f" and {len(missed) - MOST_NAMES} more" if len(missed) > MOST_NAMES else ""
        if missed:
            console.print(f"[dim]never: {name}: {escape(', '.join(missed[:MOST_NAMES]))}{more}[/]", soft_wrap=True)


def _as_json(result: Score, covered: list[SiteCoverage]) -> Scored:
    """The result as JSON values."""
    return {
        "seed": result.seed,
        "seconds": round(result.seconds, 1),
        "clean_seconds": round(sum(test.seconds for test in result.clean.tests.values()), 1),
        "tests": len(result.clean.tests),
        "mutants": result.mutants,
        "score_percent": None if result.percent is None else round(result.percent, 1),
        "killed": result.killed,
        "survived": result.count("survived"),
        "same_orders": result.count("same-orders"),
        "unreached": result.count("unreached"),
        "timeouts": result.count("timeout"),
        "errors": result.count("error"),
        "interrupted": result.interrupted,
        "judged": [
            {
                "file": str(judged.mutant.path),
                "line": judged.mutant.lines.start,
                "operator": judged.mutant.operator,
                "fate": judged.fate,
                "by": judged.by,
                "seconds": round(judged.seconds, 1),
                "scenario": judged.scenario,
                "diff": judged.mutant.diff(Path.cwd()),
            }
            for judged in result.judged
        ],
        "coverage": [
            {
                "site": of.site,
                **{
                    name: [{"target": who, "what": what, "word": word} for (who, what), word in pairs.items()]
                    for name, pairs in of.tables().items()
                },
            }
            for of in covered
        ],
    }
