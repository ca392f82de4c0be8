"""`twinfeed rig practise`: a bench without its hardware."""

from __future__ import annotations

import asyncio
import secrets
import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twinfeed._phrases import Phrase
from twinfeed.harness.cli.options import json_option
from twinfeed.harness.cli.output import Exit, console, fail, plain_errors, print_json, tell
from twinfeed.harness.durations import seconds
from twinfeed.harness.language import said
from twinfeed.harness.reference.answers import prints
from twinfeed.hil_rigs.cli.answers import Practice
from twinfeed.hil_rigs.cli.bench import File

if TYPE_CHECKING:
    from twinfeed.hil_rigs.practice.bench import Drafted
    from twinfeed.hil_rigs.rigfile import Rig

PASSWORD_OCTETS = 12
"""Random octets in a practice password."""

HEAD = """\
# Made by `twinfeed rig practise` from {source}. The next practice overwrites it.
# Emulators answer at its addresses; nothing there is real.
"""


@prints(Practice, lines=True)
def practise(
    file: File,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder for the practice rig file; default: BENCH-practice."),
    ] = None,
    stop_after: Annotated[
        str | None, typer.Option("--stop-after", help="Stop by itself after this time. Default: Ctrl-C.")
    ] = None,
    json: Annotated[bool, json_option("Print one line of JSON when the emulators answer, then nothing.")] = False,
) -> None:
    """Practise on a bench without its hardware: emulators of its wiring answer on this computer until Ctrl-C.

    A second rig file is written, which leads to the emulators: check, arm, test, stop and report work on it as on the
    bench. The rig file itself stays as it is, and nothing is sent to the bench.

    Example: twinfeed rig practise ups-bench --lang fr
    """
    from twinfeed.emulators.serving import ServeError
    from twinfeed.hil_rigs import rigfile
    from twinfeed.hil_rigs.practice.twin import NoPractice

    with plain_errors():
        rig = rigfile.read(file)
        try:
            for_s = 0.0 if stop_after is None else seconds(stop_after)
        except ValueError as error:
            fail(str(error), Exit.USAGE)
        try:
            asyncio.run(_practise(rig, out or Path(f"{rig.name}-practice"), for_s, json))
        except (NoPractice, ServeError) as error:
            fail(str(error), Exit.NO)
        except OSError as error:
            fail(f"{error.filename or out}: {error.strerror}", Exit.NO)


async def _practise(rig: Rig, folder: Path, for_s: float, json: bool) -> None:
    from twinfeed.harness.cli.site.up import until_first
    from twinfeed.harness.control import ControlServer
    from twinfeed.hil_rigs import rigfile
    from twinfeed.hil_rigs.practice import bench, first_test, twin

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    password = secrets.token_urlsafe(PASSWORD_OCTETS)
    served = await twin.start(rig, password)
    control = ControlServer(served.live)
    await control.start()
    try:
        secret = folder.resolve() / bench.PASSWORD
        drafted = bench.drafted(rig, served, secret)
        path = _written(folder, rig, drafted, password)
        practice = rigfile.read(path)
        test = first_test.written(folder, practice)
        commands = _commands(practice, test)
        if json:
            devices, left_out = list(practice.bench.devices), {name: said(why) for name, why in drafted.left_out}
            made = {"bench": practice.name, "file": str(path), "devices": devices}
            print_json({**made, "left_out": left_out, "commands": commands}, line=True)
        else:
            _introduce(rig, practice, drafted, commands)
        await until_first([asyncio.create_task(stop.wait()), asyncio.create_task(served.live.run())], for_s or None)
    finally:
        await control.stop()
        await served.live.stop()


def _written(folder: Path, rig: Rig, drafted: Drafted, password: str) -> Path:
    """The practice rig file and its password, in a folder that is made where it is missing."""
    from twinfeed.hil_rigs.practice import bench

    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / bench.PASSWORD
    secret.touch(mode=0o600)
    secret.chmod(0o600)
    secret.write_text(password, encoding="utf-8")
    path = folder / f"{rig.path.stem}.yaml"
    if path.resolve() == rig.path.resolve():
        fail(Phrase("{path}: is the rig file itself; choose another folder with --out", path=path), Exit.USAGE)
    path.write_text(HEAD.format(source=rig.path) + drafted.text, encoding="utf-8")
    return path


def _introduce(rig: Rig, practice: Rig, drafted: Drafted, commands: list[str]) -> None:
    """Print the served parts, the parts that are left out, and the commands."""
    tell(
        Phrase(
            "Practice bench {bench}: {count} devices answer on this computer. None of them is real.",
            bench=practice.name,
            count=len(practice.bench.devices),
        )
    )
    if drafted.left_out:
        tell(Phrase("Left out of {file}:", file=rig.path.name))
        for name, reason in drafted.left_out:
            tell(f"  {name}: {said(reason)}")
    tell(Phrase("In another terminal, in this order:"))
    for command in commands:
        console.print(f"  {command}", highlight=False, markup=False, soft_wrap=True)
    tell(Phrase("Ctrl-C ends the practice; end it after the bench has been disarmed."))
    console.file.flush()


def _commands(practice: Rig, test: Path | None) -> list[str]:
    """The commands of a whole practice in their order."""
    file = shlex.quote(str(practice.path))
    person = shlex.quote(practice.bench.may_arm[0]) if practice.bench.may_arm else ""
    why = said(Phrase("a practice"))
    arm = f"twinfeed rig arm {file} --as {person}" if person else None
    tests = shlex.quote(str(test)) if test is not None else "tests"
    return [
        f"twinfeed rig check {file}",
        f"twinfeed rig dry-run {file}",
        *(
            [
                arm,
                f"pytest --rig {file} --report out --tester {person} {tests}",
                "twinfeed report out",
            ]
            if arm
            else []
        ),
        f'twinfeed rig stop {file} "{why}"',
        *([f"twinfeed rig reset {file} --as {person}"] if arm else []),
    ]
