"""`twinfeed show`: a recorded run in the browser."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from twinfeed.harness.cli.options import json_option
from twinfeed.harness.cli.output import Exit, console, errors, fail, plain_errors, print_json, tell
from twinfeed.harness.cli.search.searching import find_modules_here
from twinfeed.harness.cli.site.up import Page, until_first
from twinfeed.harness.durations import seconds
from twinfeed.harness.loops import run
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.running import Shown


@prints(Shown, lines=True)
def show(
    path: Annotated[
        Path,
        typer.Argument(help="A scenario file, a journal.jsonl, or a folder with one of them.", exists=True),
    ],
    site: Annotated[
        str | None,
        typer.Option("--site", help="The site of a journal: a shipped site's name or a site file."),
    ] = None,
    console_port: Annotated[
        int | None,
        typer.Option("--console-port", help="Port of the page. Default: 8140, or any free one.", min=1, max=65535),
    ] = None,
    json: Annotated[bool, json_option("Print one line of JSON when ready, then nothing.")] = False,
    stop_after: Annotated[
        str | None, typer.Option("--stop-after", help="Stop by itself after this time. Default: Ctrl-C.")
    ] = None,
) -> None:
    """Play back a finding, a scenario or the journal of a failed test in the browser; no site has to run.

    A scenario is run first, and the page then shows the site at every time of the run. Of a journal the page shows
    events; the state of the site was not recorded. The page is served on loopback until Ctrl-C.

    Examples:

      twinfeed show findings/utility-a-outage.scenario.yaml

      twinfeed show evidence/test_outage --site pilot
    """
    try:
        for_s = None if stop_after is None else seconds(stop_after)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--stop-after") from None
    try:
        from twinfeed.harness.console.playback.opening import JOURNAL, played, read, recording
        from twinfeed.harness.console.serving import ConsoleServer
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "prometheus_client"):
            raise
        fail("`twinfeed show` needs an extra: pip install 'twinfeed[console]'", Exit.USAGE)
    find_modules_here()
    with plain_errors():
        file = recording(path)
        if file.suffix == Path(JOURNAL).suffix:
            world = read(file, site)
        elif site is not None:
            raise typer.BadParameter("a scenario names its site itself", param_hint="--site")
        else:
            world, outcome = played(file)
            if outcome.failure:
                tell(outcome.failure, "yellow", errors)
        run(_serve(ConsoleServer(world, console_port), world.close, file, json, for_s))


async def _serve(page: Page, close: Callable[[], Awaitable[None]], file: Path, json: bool, for_s: float | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await page.start()
    try:
        if json:
            print_json({"ready": str(file), "console": page.link}, line=True)
        else:
            console.print(f"Play it back: {page.link}", soft_wrap=True)
        await until_first([asyncio.create_task(stop.wait())], for_s)
    finally:
        await page.stop()
        await close()
