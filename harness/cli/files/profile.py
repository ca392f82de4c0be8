"""`twinfeed profile new`: a draft of a profile from MIB modules, register lists and recordings."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer
from rich.markup import escape

from twinfeed.emulators.devices.catalogue import KINDS, OWN
from twinfeed.emulators.profiles import library
from twinfeed.harness.cli.options import with_option
from twinfeed.harness.cli.output import Exit, JsonOption, console, fail, plain_errors, print_json
from twinfeed.harness.cli.recording.learning import loaded
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.files import DraftedProfile

if TYPE_CHECKING:
    from twinfeed.harness.characterise.drafting.draft import Draft
    from twinfeed.harness.characterise.drafting.registerlists.numbering import Numbering
    from twinfeed.harness.characterise.recording.recording import Recording


ProfilesOption = Annotated[
    list[Path] | None,
    typer.Option("--profiles", help="A folder with profiles of your own; may be repeated, adds to TWINFEED_PROFILES."),
]

Arguments = ParamSpec("Arguments")

KIND_HELP = f"The kind of device: {', '.join(kind.name for kind in OWN)}, or one that an installed package adds."


def with_profiles(command: Callable[Arguments, None]) -> Callable[..., None]:
    """Add the option `--profiles` to a command: further folders of profiles, while the command runs."""

    return with_option(command, "profiles", None, ProfilesOption, _looking)


@contextmanager
def _looking(profiles: list[Path] | None, _: Mapping[str, Any]) -> Iterator[None]:
    with plain_errors(), library.looking_in(profiles or []):
        yield


app = typer.Typer(help="Make profiles of products.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Make profiles of products."""


@app.command()
@with_profiles
@prints(DraftedProfile)
def new(
    name: Annotated[str, typer.Argument(help="The profile's name; it becomes NAME.yaml.", show_default=False)],
    kind: Annotated[str, typer.Option("--kind", help=KIND_HELP)],
    recording: Annotated[
        Path | None,
        typer.Option("--recording", help="A recording of the device, or a .snmprec file; --mib needs one."),
    ] = None,
    mibs: Annotated[
        list[str] | None, typer.Option("--mib", help="SNMP: a MIB module it implements; may be repeated.")
    ] = None,
    mib_dirs: Annotated[
        list[Path] | None, typer.Option("--mib-dir", help="A folder with MIB modules; may be repeated.")
    ] = None,
    registers: Annotated[
        Path | None, typer.Option("--registers", help="Modbus: a CSV file: address,name,type,unit,scale,access …")
    ] = None,
    first: Annotated[
        int | None,
        typer.Option("--first", help="The address that the list gives the first register: 0 or 1.", min=0, max=1),
    ] = None,
    addresses: Annotated[
        str,
        typer.Option(
            "--addresses", help="The addresses of the list: auto, pdu (from 0), one (from 1), 40001 (the notation)."
        ),
    ] = "auto",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file. Default: NAME.yaml.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")] = False,
    json: JsonOption = False,
) -> None:
    """Draft a profile: points where names and units are unambiguous, elsewhere recorded values with a TODO.

    Examples:

      twinfeed profile new my-ups --kind ups --mib UPS-MIB --mib-dir mibs --recording ups.jsonl

      twinfeed profile new my-meter --kind meter --registers map.csv --recording meter.jsonl

      twinfeed profile new my-relay --kind relay_io --registers map.csv
    """
    path = output or Path(f"{name}.yaml")
    if kind not in KINDS:
        fail(f"--kind {kind}: expected one of {', '.join(KINDS)}", Exit.USAGE)
    if (mibs is None) == (registers is None):
        fail(
            "expected --mib MODULE or --registers FILE, and not both; `twinfeed profile new --help` has examples",
            Exit.USAGE,
        )
    if mibs is not None and recording is None:
        fail(
            "--mib needs --recording: a module says what a product may have, a recording what it has; "
            "twinfeed record snmp://ADDRESS makes one",
            Exit.USAGE,
        )
    if path.stem != name:
        fail(f"--output {path}: a profile's file has its name: {name}.yaml", Exit.USAGE)
    if path.exists() and not force:
        fail(f"{path} exists: choose another name, or give --force", Exit.USAGE)
    notes: list[str] = []
    with plain_errors():
        found = None if recording is None else loaded(recording)
        try:
            draft = (
                _of_mibs(name, kind, mibs, mib_dirs or [], found)
                if mibs is not None
                else _of_registers(name, kind, registers, _numbering(addresses, first), found, notes)
            )
        except ValueError as error:
            fail(str(error), Exit.USAGE)
    try:
        path.write_text(draft.text(), encoding="utf-8")
    except OSError as error:
        fail(f"{path}: cannot be written: {error.strerror or error}", Exit.UNREACHABLE)
    with plain_errors():
        library.load(path)
    if json:
        counts = {"points": draft.points, "fixed": draft.fixed, "todos": draft.todos}
        return print_json({"file": str(path), **counts, "notes": notes})
    for note in notes:
        console.print(f"{escape(str(registers))}: {escape(note)}", soft_wrap=True)
    return _say(path, draft, recording)


def _of_mibs(name: str, kind: str, mibs: list[str], folders: list[Path], found: Recording | None) -> Draft:
    from twinfeed.harness.characterise.drafting import mib_draft
    from twinfeed.harness.characterise.drafting.mibs import FOLDERS, MibError, Mibs, compiled

    assert found is not None
    if found.protocol != "snmp":
        raise ValueError(f"--mib needs a recording of SNMP, this is one of {found.protocol}")
    for folder in folders:
        if not folder.is_dir():
            raise ValueError(f"--mib-dir {folder}: there is no such folder")
    known = [*folders, *(Path(folder) for folder in FOLDERS if Path(folder).is_dir())]
    try:
        return mib_draft.draft(name, kind, Mibs(compiled(known, mibs, texts=True)), mibs, found)
    except MibError as error:
        raise ValueError(str(error)) from None


def _numbering(addresses: str, first: int | None) -> Numbering:
    """Raises ValueError."""
    from twinfeed.harness.characterise.drafting.registerlists.numbering import NUMBERINGS

    given: list[Numbering] = [each for each in NUMBERINGS if each == addresses]
    if not given:
        raise ValueError(f"--addresses {addresses}: expected one of {', '.join(NUMBERINGS)}")
    if first is None:
        return given[0]
    if given[0] != "auto":
        raise ValueError("expected --first or --addresses, not both: each defines the addresses of the list")
    return "one" if first else "pdu"


def _of_registers(
    name: str, kind: str, path: Path | None, numbering: Numbering, found: Recording | None, notes: list[str]
) -> Draft:
    """Adds remarks on the list to `notes`. Raises ValueError."""
    from twinfeed.harness.characterise.drafting import register_draft

    assert path is not None
    if found is not None and found.protocol != "modbus":
        raise ValueError(f"--registers needs a recording of Modbus, this is one of {found.protocol}")
    listed = register_draft.rows(path, numbering, found)
    notes += listed.notes
    return register_draft.draft(name, kind, listed.rows, path, found)


def _say(path: Path, draft: Draft, recording: Path | None) -> None:
    """The content of the draft, and the next step."""
    share = math.floor(100 * draft.points / max(1, draft.points + draft.fixed))
    console.print(
        f"{escape(str(path))}: {draft.points} entries show a point ({share} %), {draft.fixed} a fixed value; "
        f"{draft.todos} TODOs are left",
        soft_wrap=True,
    )
    used = f"it loads as it is: a site file beside it names it with `profile: {escape(path.stem)}`"
    if recording is None:
        console.print(used, soft_wrap=True)
        return
    compared = shlex.join(["twinfeed", "drift", str(recording), str(path), "--partial"])
    console.print(f"{used}; compare it with the recording by `{escape(compared)}`", soft_wrap=True)
