"""`twinfeed demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from twinfeed.harness.cli.output import Exit, JsonOption, finite, plain_errors
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.running import Told


@prints(Told)
def demo(
    json: JsonOption = False,
    fast: Annotated[
        float,
        typer.Option(
            "--fast",
            help="Seconds of the site in one second, after the first moments.",
            min=1.0,
            max=10_000.0,
            callback=finite,
        ),
    ] = 60.0,
) -> None:
    """Start the Bamako site, cut both utilities for a quarter of an hour, and show what its devices report.

    Takes about a minute and a half. Exits with 1 if any rack lost its supply.

    Example: twinfeed demo
    """
    # Imported here: the other commands answer faster without the site, the servers and the clients.
    from twinfeed.emulators.site import Site
    from twinfeed.harness.cli.site.story import play
    from twinfeed.harness.loops import run

    with plain_errors():
        lost = run(play(Site.load("bamako"), json, fast))
    raise typer.Exit(Exit.NO if lost else Exit.DONE)
