"""`twinfeed rig stop`, `safe` and `keep`: a bench is brought to its safe state, and kept there."""

from __future__ import annotations

import asyncio
import getpass
import signal
import subprocess
from contextlib import ExitStack
from typing import Annotated

import typer

from twinfeed._phrases import Phrase
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.cli.output import Exit, JsonLinesOption, JsonOption, fail, print_json, tell
from twinfeed.harness.language import said, spoken
from twinfeed.harness.reference.answers import prints
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.cli.answers import AtRest, BenchStatus, Kept
from twinfeed.hil_rigs.cli.bench import File
from twinfeed.hil_rigs.cli.supervised import rig_of
from twinfeed.hil_rigs.emergency import first, quick
from twinfeed.hil_rigs.emergency.mark import marks
from twinfeed.hil_rigs.lock import BenchLock, Held
from twinfeed.hil_rigs.supervisor.rescue import hand_over, make_safe, start_guard


@prints(BenchStatus | AtRest)
def stop(file: File, why: Annotated[str, typer.Argument(help="What happened.")] = "", json: JsonOption = False) -> None:
    """Emergency stop: bring the bench to its safe state, now, and keep it there.

    Example: twinfeed rig stop ups-bench
    """
    place = first.place_of(file)
    try:
        line = first.send(place, "emergency", first.login(), why=why)
    except OSError:
        line = None
    if (code := quick.stop(file, why, place, line, spoken(), as_json=json)) is not None:
        raise typer.Exit(code)
    safe(file, Phrase("emergency stop: {why}", why=why or Phrase("no reason given")), although_held=True, json=json)


@prints(AtRest)
def safe(
    file: File,
    why: Annotated[str, typer.Option("--why", help="For the record of the bench.")] = "twinfeed rig safe",
    although_held: Annotated[bool, typer.Option(hidden=True, help="A keeper that hangs has the bench.")] = False,
    json: JsonOption = False,
) -> None:
    """Bring a bench that nobody supervises to its safe state, and leave it to a guard that keeps it there.

    Example: twinfeed rig safe ups-bench
    """
    rig = rig_of(file)
    with ExitStack() as stack:
        try:
            stack.enter_context(BenchLock(rig.name, what="twinfeed rig safe"))
        except Held as error:
            if not although_held:
                text = Phrase("{error}; `twinfeed rig stop {file}` makes the bench safe", error=error, file=file)
                fail(text, Exit.UNREACHABLE)
        failed = asyncio.run(make_safe(rig, getpass.getuser(), why))
    if not failed and not json:
        tell(Phrase("the bench is in its safe state"), "green")
    unwatched = hand_over(rig)
    if failed and not unwatched:
        fail(Phrase("NOT SAFE: {failed}; a guard goes on trying", failed="; ".join(failed)), Exit.NO)
    if failed:
        fail(Phrase("NOT SAFE: {failed}", failed="; ".join(failed)), Exit.NO)
    if unwatched:
        fail(Phrase("nobody watches {rig}: {unwatched}", rig=rig.name, unwatched=unwatched), Exit.NO)
    if json:
        print_json({"bench": rig.name, "state": "tripped", "not_safe": []})


@prints(Kept, lines=True)
def keep(json: JsonLinesOption = False) -> None:
    """Make every bench of this computer safe that was not at rest when its last process ended, and keep it so.

    It runs until it gets a signal: a service of the computer's start (see docs/how-to, "At the computer's start").

    Example: twinfeed rig keep
    """
    guards: list[subprocess.Popen[bytes]] = []
    for mark in marks():
        if mark.kept:
            continue
        found: Kept = {"bench": mark.bench, "warning": said(mark.said()), "trouble": None}
        if not json:
            tell(mark.said(), "red")
        try:
            guards.append(start_guard(rigfile.read(mark.rig_file)))
        except (FileError, OSError) as error:
            text = Phrase("NOT SAFE: {bench}: it cannot be kept: {error}", bench=mark.bench, error=error)
            found["trouble"] = said(text)
            if not json:
                tell(text, "red")
        if json:
            print_json(found, line=True)

    def pass_on(number: int, _frame: object) -> None:
        for guard in guards:
            guard.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    for guard in guards:
        guard.wait()
    if any(mark.said() for mark in marks()):
        raise typer.Exit(Exit.NO)
