"""`twinfeed new-suite`: a starter folder of tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from twinfeed.harness import suite
from twinfeed.harness.cli.output import Exit, JsonOption, console, fail, plain_errors, print_json
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.files import Suite


@prints(Suite)
def new_suite(
    folder: Annotated[Path, typer.Argument(help="The folder to write.")] = Path("failover"),
    site: Annotated[
        str | None,
        typer.Option("--site", help="A shipped site or a site file. Default: a small one is written."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write a starter folder: a small site, a controller to test, tests, and how to run them.

    Example: twinfeed new-suite failover && cd failover && pytest
    """
    try:
        with plain_errors():
            written = suite.write(folder, site)
    except suite.SuiteExists as error:
        fail(str(error), Exit.USAGE)
    if json:
        return print_json({"folder": str(folder), "files": [str(path) for path in written]})
    for path in written:
        console.print(escape(str(path)), soft_wrap=True)
    if site is not None:
        console.print(f"{escape(str(folder / 'controller.py'))} does nothing yet: fill in main()", soft_wrap=True)
    return console.print(f"now: cd {escape(str(folder))} && pytest", soft_wrap=True)
