"""`twinfeed rig status` and `twinfeed rig watch`: a bench as it is."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Any

import typer
from rich.live import Live
from rich.table import Table
from rich.text import Text

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.cli.output import Exit, JsonLinesOption, console, fail, print_json, table
from twinfeed.harness.language import said
from twinfeed.harness.reference.answers import prints
from twinfeed.hil_rigs.cli.answers import BenchStatus
from twinfeed.hil_rigs.cli.bench import File, Json
from twinfeed.hil_rigs.cli.supervised import rig_of, with_client
from twinfeed.hil_rigs.emergency import quick
from twinfeed.hil_rigs.emergency.asking import Hangs, NobodyThere, Refused, ask
from twinfeed.hil_rigs.emergency.mark import Mark
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.supervisor.client import Client
from twinfeed.hil_rigs.supervisor.places import folder
from twinfeed.hil_rigs.supervisor.process import join

SHOW_S = 0.5
"""The period at which `watch` shows the bench anew, s."""

COLOURS = {"read-only": "white", "armed": "yellow", "tripped": "red"}


@prints(BenchStatus)
def status(file: File, json: Json = False) -> None:
    """How the bench is: read-only, armed by whom and for how long, or tripped and why.

    Example: twinfeed rig status ups-bench
    """
    rig = rig_of(file)
    try:
        told = ask(folder(rig), "status")
    except NobodyThere:
        told = _unattended(rig)
    except (Hangs, Refused) as error:
        fail(Phrase("NOT SAFE: {error}: twinfeed rig stop {file}", error=error, file=file), Exit.NO)
    if json:
        print_json(told)
    else:
        quick.show(told)
    if told.get("tripped") or told["not_safe"]:
        raise typer.Exit(Exit.NO)


def _unattended(rig: Rig) -> dict[str, Any]:
    """A bench that has no keeper, as far as the disk shows it."""
    mark = Mark(folder(rig))
    return {
        "bench": rig.name,
        "file": str(rig.path),
        "state": "unattended",
        "life": mark.life.state,
        "keeper": None,
        "armed_by": mark.life.by or None,
        "not_safe": [line] if (line := mark.said()) else [],
        "readings": {},
        "silent": {},
    }


@prints(BenchStatus, lines=True)
def watch(file: File, json: JsonLinesOption = False) -> None:
    """Show the bench as it is, again and again; the space bar is the emergency stop, q leaves.

    With --json the state is printed every 0.5 s, one document a line, until Ctrl-C, and no keys are read.

    Example: twinfeed rig watch ups-bench
    """
    rig = rig_of(file)
    if json:
        return _stream(rig)
    if not sys.stdin.isatty():
        fail(Phrase("watch needs a terminal, for its keys; `twinfeed rig status` prints the state once"), Exit.USAGE)

    async def do(client: Client) -> None:
        pressed = _keys()
        told = await client.ask("status")
        with Live(shown(told), console=console, refresh_per_second=4) as live:
            while True:
                told = await client.ask("status")
                live.update(shown(told))
                try:
                    key = await asyncio.wait_for(pressed.get(), SHOW_S)
                except TimeoutError:
                    continue
                if key == " ":
                    await client.ask("emergency", why=Phrase("space bar"))
                elif key == "q":
                    return

    try:
        with _raw_keyboard():
            with_client(join(rig), do)
    except KeyboardInterrupt:
        return None
    return None


def _stream(rig: Rig) -> None:
    """Print the state again and again until Ctrl-C."""

    async def do(client: Client) -> None:
        while True:
            print_json(await client.ask("status"), line=True)
            await asyncio.sleep(SHOW_S)

    with suppress(KeyboardInterrupt):
        with_client(join(rig), do)


def shown(told: dict[str, Any]) -> Table:
    """A bench in a table, in the language of this process."""
    state = told["state"]
    listing = table(f"{told['bench']}: [{COLOURS.get(state, 'white')}]{said(state)}[/]", N_("what"), N_("now"))
    for name, text, style in quick.rows(told):
        listing.add_row(Text(name, style), Text(text, style))
    return listing


def _keys() -> asyncio.Queue[str]:
    """The typed keys, one by one."""
    pressed: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, lambda: pressed.put_nowait(sys.stdin.read(1)))
    return pressed


class _raw_keyboard:
    """Keys arrive at once, without Enter, where standard input is a terminal."""

    def __enter__(self) -> None:
        import termios
        import tty

        self._before = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
        if self._before is not None:
            tty.setcbreak(sys.stdin)

    def __exit__(self, *_: object) -> None:
        import termios

        if self._before is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)
