"""`twinfeed campaign`: a file of searches, run by all processors or a cluster, and the report of what they found."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from twinfeed.harness.cli.options import processors
from twinfeed.harness.cli.output import Exit, JsonOption, console, errors, fail, plain_errors, print_json, several
from twinfeed.harness.cli.search.searching import INTERRUPTED, ending_at_once, find_modules_here
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.search import NightReport

if TYPE_CHECKING:
    from twinfeed.harness.campaign import Campaign, Memory, Workers
    from twinfeed.harness.campaign.nights.account import Account


class _FileFirst(TyperGroup):
    """`twinfeed campaign FILE` is `twinfeed campaign run FILE`."""

    by_default = "run"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = [self.by_default, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="campaign",
    help="Search many sites and controllers, night after night: twinfeed campaign FILE.",
    cls=_FileFirst,
    no_args_is_help=True,
)

FileArgument = Annotated[Path, typer.Argument(help="A campaign file.")]


@app.command()
@prints(NightReport)
def run(
    file: FileArgument,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, max=1024, help="Number of processes. Default: all processors.")
    ] = None,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Use a Dask cluster on this machine (extra `cluster`).")
    ] = False,
    scheduler: Annotated[
        str, typer.Option("--scheduler", help="Use the workers of this Dask scheduler, tcp://HOST:8786.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """Run every search of a campaign file, and print the report of the night.

    Everything is remembered when it arrives: after Ctrl-C or a crash the same command goes on. Exits with 1 when a
    failure is known.

    Examples:

      twinfeed campaign run night.yaml

      twinfeed campaign run night.yaml --scheduler tcp://192.0.2.5:8786
    """
    from twinfeed.harness.campaign import Memory, OtherVersions, WorkersGone
    from twinfeed.harness.campaign.nights import pages
    from twinfeed.harness.campaign.nights import plan as plans
    from twinfeed.harness.campaign.nights.account import account

    find_modules_here()
    interrupted, out = False, errors if json else console
    with plain_errors():
        plan = plans.load(file)
        searches = plans.searches(plan, file)
        night = datetime.now().astimezone().isoformat(timespec="milliseconds")
        began = time.monotonic()
        try:
            with _workers(jobs, cluster, scheduler) as workers, Memory(plan.memory) as memory:
                for n, search in enumerate(searches):
                    left_s = None
                    if plan.budget.for_s is not None:
                        left_s = (plan.budget.for_s - (time.monotonic() - began)) / (len(searches) - n)
                        if left_s <= 0.0:
                            out.print(f"[yellow]no time was left for {escape(search.name)}[/]")
                            continue
                    out.print(f"[bold]{escape(search.name)}[/]", soft_wrap=True)
                    interrupted = _searched(plan, search, memory, workers, left_s, night, out)
                    if interrupted:
                        break
        except OtherVersions as error:
            fail(str(error), Exit.USAGE)
        except WorkersGone as error:
            fail(f"{error}; what was remembered is kept, and the same command goes on from there", Exit.UNREACHABLE)
        with Memory(plan.memory) as memory:
            told = account(memory)
    if json:
        print_json(pages.as_json(told))
    else:
        _print(told)
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(Exit.NO if told.failures else Exit.DONE)


@app.command()
@prints(NightReport)
def report(
    file: FileArgument,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML: one case a property.")] = None,
    json: JsonOption = False,
    only_new: Annotated[
        bool, typer.Option("--only-new", help="Exit with 1 only for failures that the night before did not know.")
    ] = False,
) -> None:
    """Report the last night of a campaign: failures, coverage, what was never tried, and the night before.

    Exits with 1 when a failure is known.

    Examples:

      twinfeed campaign report night.yaml --html night.html

      twinfeed campaign report night.yaml --junit night.xml --only-new
    """
    from twinfeed.harness.campaign import Memory
    from twinfeed.harness.campaign.nights import pages
    from twinfeed.harness.campaign.nights import plan as plans
    from twinfeed.harness.campaign.nights.account import account

    with plain_errors():
        plan = plans.load(file)
        with Memory(plan.memory) as memory:
            told = account(memory)
        for path, text in ((html, pages.html(told)), (junit, pages.junit(told))):
            if path is not None:
                path.write_text(text, encoding="utf-8")
    if json:
        print_json(pages.as_json(told))
    else:
        _print(told)
    wrong = [failure for failure in told.failures if failure.new] if only_new else told.failures
    raise typer.Exit(Exit.NO if wrong else Exit.DONE)


@contextmanager
def _workers(jobs: int | None, local_cluster: bool, scheduler: str) -> Iterator[Workers]:
    from twinfeed.harness.campaign import Workers

    if not (local_cluster or scheduler):
        yield Workers(processors(jobs))
        return
    from twinfeed.harness.campaign.nights.cluster import cluster

    with cluster(scheduler or None, processors(jobs)) as machines:
        yield Workers(machines.count, machines.executor)


def _searched(
    plan: Any, search: Any, memory: Memory, workers: Workers, left_s: float | None, night: str, out: Console
) -> bool:
    """Run one search; True if Ctrl-C ended it."""
    from twinfeed.harness.campaign import Budget, Campaign
    from twinfeed.harness.campaign.nights.worst import Worst
    from twinfeed.harness.cli.search.outcome import Findings, Progress

    findings = Findings(Path(plan.findings))
    with Progress() as progress:
        campaign: Campaign = Campaign(
            search.frame,
            search.menu,
            memory,
            workers=replace(workers),
            budget=Budget(plan.budget.examples, left_s),
            at_once=search.choice.at_once,
            last_s=search.choice.last_onset,
            patience_s=plan.watchdog,
            compared=["", *plan.compare],
            progress=progress.show,
            keep=findings.save,
            night=night,
        )
        with ending_at_once(campaign.interrupt if workers.count > 1 else None):
            result = campaign.run()
    rate = 60.0 * result.examples / result.seconds if result.seconds else 0.0
    out.print(
        f"  {several(result.examples, 'scenario')} in {result.seconds:.0f} s ({rate:.0f} a minute), "
        f"{several(result.remembered, 'scenario')} remembered, {several(len(result.found), 'distinct failure')}",
        soft_wrap=True,
    )
    if not result.interrupted:
        Worst(Path(plan.findings)).keep(memory, campaign.key, plan.watchdog)
    return result.interrupted


def _print(told: Account) -> None:
    """The report as text."""
    for failure in told.failures:
        word = "[red]new[/]  " if failure.new else "known"
        console.print(f"{word} {escape(str(failure.kept.identity))}", soft_wrap=True)
        console.print(f"      {escape(failure.search)}: {escape(failure.told)}", soft_wrap=True)
        if failure.kept.anyway:
            console.print(f"      it fails with {escape(failure.kept.anyway)} as well", soft_wrap=True)
    for identity in told.gone:
        console.print(f"[green]gone[/]  {escape(str(identity))}: it did not come again", soft_wrap=True)
    console.print(
        f"{several(told.scenarios, 'scenario')} in the night of {told.night or 'no campaign yet'}, "
        f"{several(len(told.failures), 'distinct failure')} "
        f"({sum(failure.new for failure in told.failures)} new)",
        soft_wrap=True,
    )
    console.print(f"never tried: {several(len(told.untried), 'pair')} of fault and target", soft_wrap=True)
