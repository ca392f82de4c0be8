"""`twinfeed rig check`: checks a bench, and prints a table of what to correct."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import Progress

from twinfeed._phrases import Phrase
from twinfeed.harness.cli.output import (
    Exit,
    JsonOption,
    console,
    errors,
    fail,
    plain_errors,
    print_json,
    tell,
)
from twinfeed.harness.durations import seconds
from twinfeed.harness.language import said, spoken
from twinfeed.harness.reference.answers import prints
from twinfeed.hil_rigs.cli.answers import CheckedBench
from twinfeed.hil_rigs.cli.bench import File

if TYPE_CHECKING:
    from twinfeed.hil_rigs.checking.findings import Report
    from twinfeed.hil_rigs.rigfile import Rig

CODES = {"fine": Exit.DONE, "notice": Exit.DONE, "problem": Exit.NO, "unreachable": Exit.UNREACHABLE}
"""By the worst that was found."""

INTERRUPTED = 130
"""The exit code in shells of a program that Ctrl-C ended: 128 and the signal's number."""


@prints(CheckedBench)
def check(
    file: File,
    json: JsonOption = False,
    within: Annotated[
        str, typer.Option("--within", help="How long the check may take; the default is 5min.", metavar="TIME")
    ] = "",
) -> None:
    """Check a bench without moving anything: identity, points and answer times of devices, interlocks, actuators.

    Nothing is written and nothing moves. Exits with 0 when all is fine, 1 when something is to be put right, 2 when the
    file is wrong, 3 when something does not answer.

    Example: twinfeed rig check ups-bench --lang fr
    """
    from twinfeed.hil_rigs import rigfile
    from twinfeed.hil_rigs.checking.bench import WITHIN_S
    from twinfeed.hil_rigs.cli.check_table import picture
    from twinfeed.hil_rigs.cli.reading import free_to_read
    from twinfeed.hil_rigs.lock import Held
    from twinfeed.hil_rigs.places import PlaceError

    try:
        within_s = seconds(within) if within else WITHIN_S
    except ValueError as error:
        fail(str(error), Exit.USAGE)
    with plain_errors():
        bench = rigfile.read(file)
    try:
        with free_to_read(bench, "twinfeed rig check") as beside:
            report = asyncio.run(_checked(bench, within_s, quiet=json, beside=beside))
    except (Held, PlaceError, OSError) as error:
        fail(str(error), Exit.UNREACHABLE)
    except KeyboardInterrupt:
        tell(Phrase("twinfeed: stopped; nothing was written to the bench"), to=errors)
        raise typer.Exit(INTERRUPTED) from None
    if json:
        print_json(report.as_data(said))
    else:
        console.print(picture(bench, report, said, spoken()))
    raise typer.Exit(CODES[report.worst().word])


async def _checked(bench: Rig, within_s: float, quiet: bool, beside: bool) -> Report:
    from twinfeed.hil_rigs.checking.bench import check
    from twinfeed.hil_rigs.places import held

    with Progress(console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task(escape(bench.name), total=len(bench.bench.devices))
        async with held(bench) as here:
            return await check(
                here,
                within_s,
                lambda name, done: progress.update(task, advance=int(done), description=escape(name)),
                beside=beside,
            )
