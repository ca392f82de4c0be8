"""The parts that the commands at a supervised bench share: its file, its supervisor, the person who answers for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from twinfeed._phrases import Phrase
from twinfeed.harness.cli.output import Exit, fail, plain_errors
from twinfeed.harness.language import said, spoken
from twinfeed.harness.record import acting
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.actuators.base import ActuatorFailed
from twinfeed.hil_rigs.credentials import NoCredential
from twinfeed.hil_rigs.persons.binding import persons_of
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.supervisor.client import Client, SupervisorGone
from twinfeed.hil_rigs.supervisor.moves import Denied
from twinfeed.hil_rigs.supervisor.process import CannotSupervise

As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="NAME",
        help="Who is responsible; one of `may_arm`. Default: the name of your login in the file.",
    ),
]

YES = ("y", "yes", "o", "oui")
"""Answers that agree, in either language."""


def rig_of(file: str) -> Rig:
    """The rig file of a command; a wrong one ends it with its message."""
    with plain_errors():
        return rigfile.read(file)


def with_client(client: Awaitable[Client], do: Callable[[Client], Awaitable[Any]]) -> Any:
    """Do that with a connection to the supervisor; trouble ends the command with one line."""

    async def run() -> Any:
        connected = await client
        try:
            return await do(connected)
        finally:
            await connected.close()

    try:
        return asyncio.run(run())
    except (Denied, ActuatorFailed) as error:
        fail(str(error), Exit.NO)
    except (CannotSupervise, SupervisorGone, NoCredential) as error:
        fail(str(error), Exit.UNREACHABLE)


def person_of(rig: Rig, named: str) -> str:
    """The person who answers for the bench: the named one, else the one whom the rig file binds to this login."""
    if named:
        return named
    login = acting().login
    names = persons_of(rig.bench, login)
    if len(names) != 1:
        known = Phrase("no name is bound to the login {login}", login=login)
        if names:
            known = Phrase("the login {login} is bound to {names}", login=login, names=", ".join(names))
        fail(Phrase("{known} in {path}: name yourself with --as NAME", known=known, path=rig.path), Exit.USAGE)
    return names[0]


def pin_of(rig: Rig, person: str, to_stderr: bool = False) -> str:
    """The PIN of a person who has one, typed without echo."""
    if person not in rig.bench.pins:
        return ""
    return str(typer.prompt(said(Phrase("PIN of {person}", person=person)), hide_input=True, err=to_stderr))


def agreed(question: str) -> bool:
    """True if the person at the terminal agrees; `o` and `oui` count as `y` and `yes` do, an empty line does not."""
    answers = "o/N" if spoken() == "fr" else "y/N"
    try:
        return input(f"{said(question)} [{answers}] ").strip().casefold() in YES
    except EOFError:
        print()
        fail(Phrase("no terminal to type an answer in: run it in a terminal"), Exit.USAGE)
