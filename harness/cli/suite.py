"""`twinfeed new-suite`: a starter folder of tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness import suite
from harness.cli.output import Exit, console, fail, plain_errors


def new_suite(
    folder: Annotated[Path, typer.Argument(help="The folder to write.")] = Path("failover"),
    site: Annotated[
        str | None,
        typer.Option("--site", help="A shipped site or a site file. Default: a small one is written."),
    ] = None,
) -> None:
    """Write a starter folder: a small site, a controller to test, tests, and how to run them.

    Example: twinfeed new-suite failover && cd failover && pytest
    """
    from emulators import sitefile

    with plain_errors():
        if site is not None:
            sitefile.read(site)
    try:
        written = suite.write(folder, site if site is None or not Path(site).exists() else str(Path(site).resolve()))
    except suite.SuiteExists as error:
        fail(str(error), Exit.USAGE)
    for path in written:
        console.print(f"{path}")
    console.print(f"now: cd {folder} && pytest")
