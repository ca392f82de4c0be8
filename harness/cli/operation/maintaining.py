"""The command that tries the works on a site."""

from __future__ import annotations

import time
from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.harness.campaign.workers import WorkerDied, Workers
from twinfeed.harness.cli.operation.losing import LoadOption, named
from twinfeed.harness.cli.options import processors
from twinfeed.harness.cli.output import (
    Exit,
    JsonOption,
    console,
    errors,
    fail,
    in_language,
    plain_errors,
    print_json,
    table,
    tell,
)
from twinfeed.harness.cli.recording.reporting import LangOption
from twinfeed.harness.cli.site.running import BeyondOption
from twinfeed.harness.durations import seconds, spoken
from twinfeed.harness.language import said
from twinfeed.harness.maintenance import study
from twinfeed.harness.maintenance.conditions import CARRIED_BY, GRID
from twinfeed.harness.maintenance.plan import VERDICTS, YES, Maintenance, Work, all_groups, maintenance
from twinfeed.harness.maintenance.study import USUAL, Conditions, Job, Memory
from twinfeed.harness.maintenance.wording import CAUSES, in_words
from twinfeed.harness.maintenance.work import Phase
from twinfeed.harness.reference.answers import prints

TRIED = 6
"""Failures whose time is measured for the estimate."""

RESULTS = "results.jsonl"
"""The memory of a study in its folder."""

EVERY_S = 10.0
"""Time between two lines of progress, s."""


@prints(Maintenance)
def maintain(
    site: Annotated[str, typer.Argument(help="A shipped site's name, or a site file.")],
    things: Annotated[list[str] | None, typer.Argument(help="Components; without them every one.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder for the results and the procedures to print. A study that was stopped goes on from it.",
        ),
    ] = None,
    failures: Annotated[
        bool, typer.Option("--failures/--no-failures", help="Try each single failure during each work.")
    ] = True,
    every: Annotated[bool, typer.Option("--each", help="Every component, not one of several that are alike.")] = False,
    after: Annotated[str, typer.Option("--after", help="The time that the plant goes on after a failure.")] = "2 h",
    load: LoadOption = 100.0,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, max=1024, help="Number of processes. Default: all processors.")
    ] = None,
    estimate: Annotated[bool, typer.Option("--estimate", help="Estimate the time, and do nothing.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write the procedures as PDF, too.")] = False,
    beyond_loopback: BeyondOption = False,
    lang: LangOption = "",
    json: JsonOption = False,
) -> None:
    """Try the work on every component of a site: procedure, risk, time that it may take, way back; on grid and sets.

    At full load, an hour before the hottest of the design day. Exits with 1 if a component can be worked on under a
    condition only, or not at all, with 2 when a name or the file is wrong.

    Examples:

      twinfeed maintain my-site.yaml --estimate

      twinfeed maintain my-site.yaml --out works --pdf --lang fr

      twinfeed maintain pilot board-a
    """
    in_language(lang)
    try:
        after_s = seconds(after)
    except ValueError as error:
        fail(f"--after: {error}", Exit.USAGE)
    conditions = Conditions(site, beyond_loopback, load, after_s, failures)
    with plain_errors():
        built = study.ready(conditions, GRID)
        for name in things or ():
            if name not in built.components:
                built.plant.find(name)
                raise PlantError(Phrase("{name} is a device: name the component that is maintained", name=name))
        groups = all_groups(built, things or [], every)
        try:
            if out is not None:
                out.mkdir(parents=True, exist_ok=True)
            memory = Memory(out and out / RESULTS, conditions)
        except OSError as error:
            fail(f"--out: {error}", Exit.USAGE)
        wanted = [job for job in _jobs(conditions, groups) if job not in memory]
        count = processors(jobs)
        if wanted and (estimate or len(groups) > 1):
            expected_s = _expected_s(conditions, wanted) / count
            tell_progress(
                Phrase(
                    "{n} works to try, about {time} on {count} processors",
                    n=len(wanted),
                    time=spoken(expected_s),
                    count=count,
                )
            )
        if estimate:
            return
        _run(conditions, wanted, memory, count)
        found = maintenance(built, conditions, memory, groups)
    if out is not None:
        _write(found, out, pdf)
    if json:
        print_json(asdict(found))
    elif things:
        for work in found.works:
            _print_work(work)
    else:
        _print(found)
    if any(work.maintainable != YES for work in found.works):
        raise typer.Exit(Exit.NO)


def tell_progress(text: str) -> None:
    """Progress goes to standard error, so that a document on standard output stays whole."""
    tell(text, to=errors)


def _jobs(conditions: Conditions, groups: dict[str, list[str]]) -> list[Job]:
    phases = study.phases(study.ready(conditions, GRID))
    first = [Job(USUAL, phase) for phase in phases] if conditions.with_failures else []
    return first + [Job(name, phase) for name in groups for phase in phases]


def _expected_s(conditions: Conditions, wanted: list[Job]) -> float:
    """Processor time of all jobs, s: that of one work, and of some failures, times their number."""
    site = study.ready(conditions, GRID)
    began = time.process_time()
    some = next(iter(study.representatives(site)))
    study.done(Conditions(**{**asdict(conditions), "with_failures": False}), Job(some, GRID), None)
    one_s = time.process_time() - began
    if not conditions.with_failures:
        return one_s * len(wanted)
    return (one_s + study.failure_s(site, conditions.after_s, TRIED)) * len(wanted)


def _run(conditions: Conditions, wanted: list[Job], memory: Memory, count: int) -> None:
    """Do the jobs, those of failures with nobody at work first, since all others need their results."""
    workers = Workers(min(count, max(1, len(wanted))))
    done, told_s = 0, time.monotonic()
    try:
        for part in (
            [job for job in wanted if job.component == USUAL],
            [job for job in wanted if job.component != USUAL],
        ):
            waiting = list(part)
            while waiting or workers.busy:
                while waiting and workers.free:
                    job = waiting.pop(0)
                    without = memory.usual.get(job.carried_by) if conditions.with_failures else None
                    workers.start((study.done, (conditions, job, without)))
                for (_, arguments), result in workers.finished(1.0):
                    if isinstance(result, WorkerDied) and arguments[1].component == USUAL:
                        raise PlantError(str(result))
                    if isinstance(result, WorkerDied):
                        result = Phase("interrupted", str(result))
                    elif isinstance(result, BaseException):
                        raise result
                    memory.keep(arguments[1], result)
                    done += 1
                if time.monotonic() - told_s >= EVERY_S:
                    told_s = time.monotonic()
                    tell_progress(Phrase("{done} of {n} works tried", done=done, n=len(wanted)))
    except OSError as error:
        fail(f"--out: {error}", Exit.USAGE)
    finally:
        workers.close()


def _write(found: Maintenance, out: Path, pdf: bool) -> None:
    from twinfeed.harness.maintenance.printing import write
    from twinfeed.harness.report.rendering.wording import ReportMissing

    try:
        (out / "maintain.json").write_text(dumps(asdict(found), indent=2, ensure_ascii=False) + "\n", "utf-8")
        for path in write(found, out, pdf):
            tell_progress(Phrase("wrote {path}", path=path))
    except ReportMissing as error:
        tell_progress(str(error))
    except OSError as error:
        fail(f"--out: {error}", Exit.USAGE)


def _print(found: Maintenance) -> None:
    listing = table("", N_("component"), N_("kind"), N_("maintainable"), N_("failures"), N_("soonest loss"))
    for work in found.works:
        soonest = "" if work.soonest_s is None else spoken(work.soonest_s)
        verdict = said(VERDICTS[work.maintainable])
        listing.add_row(
            named(work.alike), work.kind, verdict, str(work.failures) if found.with_failures else "-", soonest
        )
    console.print(listing)
    for work in found.works:
        if work.condition:
            tell(f"{named(work.alike)}: {said(work.condition)}")
    if found.conflicts:
        tell(N_("Not at the same time"), "italic")
        conflicts = table("", N_("work"), N_("not with"), N_("stops"), N_("after"))
        for conflict in found.conflicts:
            conflicts.add_row(conflict.work, conflict.other, named(conflict.lost), spoken(conflict.after_s))
        console.print(conflicts)
    if found.with_failures:
        tell(Phrase("Order, by count of single failures: {names}", names=", ".join(found.order)))
    tell(Phrase("Season: {season}", season=said(found.season)))
    counts = {verdict: sum(len(w.alike) for w in found.works if w.maintainable == verdict) for verdict in VERDICTS}
    tell(Phrase("{yes} components can be worked on, {condition} under a condition, {no} not.", **counts))


def _print_work(work: Work) -> None:
    tell(
        Phrase(
            "{component} ({kind}): concurrently maintainable: {verdict}",
            component=work.component,
            kind=work.kind,
            verdict=said(VERDICTS[work.maintainable]),
        ),
        "bold",
    )
    if work.condition:
        tell(work.condition)
    for name, phase in work.phases.items():
        tell(CARRIED_BY[name], "italic")
        if not phase.actions:
            tell(phase.reason)
            continue
        steps = table("", "", N_("step"), N_("time"))
        for action in phase.actions:
            steps.add_row(
                str(action.number),
                escape(said(in_words(action))),
                spoken(action.at_s) if action.at_s >= 0.0 else said(N_("not done")),
            )
        console.print(steps)
        if phase.reason:
            tell(phase.reason, "red")
        limit = said(N_("a day is no limit")) if phase.limit_s is None else spoken(phase.limit_s)
        tell(Phrase("Longest work: {limit}", limit=limit))
        if phase.exposures:
            exposures = table("", N_("failure during the work"), N_("kind"), N_("stops"), N_("cause"), N_("after"))
            for e in phase.exposures:
                exposures.add_row(named(e.failures), e.kind, named(e.lost), said(CAUSES[e.cause]), spoken(e.after_s))
            console.print(exposures)
