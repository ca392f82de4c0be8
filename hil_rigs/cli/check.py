"""`twinfeed rig check`: a bench asked about everything, and a table of what to put right."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress

from harness.cli.output import Exit, console, errors, fail, plain_errors, print_json
from harness.cli.running import JsonOption
from harness.durations import seconds
from harness.language import UnknownLanguage, language, translator
from hil_rigs import rigfile
from hil_rigs.checking.bench import WITHIN_S
from hil_rigs.checking.bench import check as checked
from hil_rigs.checking.findings import Level, Report
from hil_rigs.cli.check_table import picture
from hil_rigs.rigfile import Rig

CODES = {Level.FINE: Exit.DONE, Level.NOTICE: Exit.DONE, Level.PROBLEM: Exit.NO, Level.UNREACHABLE: Exit.UNREACHABLE}

INTERRUPTED = 130
"""What shells say of a program that Ctrl-C ended: 128 and the signal's number."""


def check(
    rig: Annotated[str, typer.Argument(help="A rig file, or the name of a bench that ships.")],
    json: JsonOption = False,
    lang: Annotated[str, typer.Option("--lang", help="en or fr; default: the language of the locale.")] = "",
    within: Annotated[
        str, typer.Option("--within", help="How long the check may take; the default is 5min.", metavar="TIME")
    ] = "",
) -> None:
    """Ask every device of a bench who it is, what it shows and how fast, and try interlocks and actuators dry.

    Nothing is written and nothing moves. Exits with 0 when all is fine, 1 when something is to be put right, 2 when the
    file is wrong, 3 when something does not answer.

    Example: twinfeed rig check ups-bench --lang fr
    """
    try:
        chosen = language(lang)
        within_s = seconds(within) if within else WITHIN_S
    except (UnknownLanguage, ValueError) as error:
        fail(str(error), Exit.USAGE)
    with plain_errors():
        bench = rigfile.read(rig)
    try:
        report = asyncio.run(_run(bench, within_s, quiet=json))
    except KeyboardInterrupt:
        errors.print("twinfeed: stopped; nothing was written to the bench")
        raise typer.Exit(INTERRUPTED) from None
    translate = translator(chosen, "hil_rigs").gettext
    if json:
        print_json(report.as_data(translate))
    else:
        console.print(picture(bench, report, translate, chosen))
    raise typer.Exit(CODES[report.worst()])


async def _run(bench: Rig, within_s: float, quiet: bool) -> Report:
    with Progress(console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task(escape(bench.name), total=len(bench.bench.devices))
        return await checked(
            bench, within_s, lambda name, done: progress.update(task, advance=int(done), description=escape(name))
        )
