"""Joining the supervised bench, and the supervisor's own process. (Its guard's is `guard`.)"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from twinfeed._phrases import Phrase
from twinfeed.harness.language import language
from twinfeed.harness.record import Record
from twinfeed.hil_rigs import actuators, instruments, rigfile
from twinfeed.hil_rigs.connecting import connect, connect_what_can
from twinfeed.hil_rigs.dialogue import Answer, Dialogue, NobodyThere, Question
from twinfeed.hil_rigs.emergency.mark import Mark
from twinfeed.hil_rigs.instruments.base import Instrument
from twinfeed.hil_rigs.lock import BenchLock
from twinfeed.hil_rigs.places import held
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Language
from twinfeed.hil_rigs.supervisor.client import Client, Heard, SupervisorGone
from twinfeed.hil_rigs.supervisor.guard import SIGNALLED_S, SUPERVISES, WORKER, guard
from twinfeed.hil_rigs.supervisor.moves import Denied
from twinfeed.hil_rigs.supervisor.places import folder, log_of, new_record, socket_of
from twinfeed.hil_rigs.supervisor.rescue import start_guard
from twinfeed.hil_rigs.supervisor.server import Server
from twinfeed.hil_rigs.supervisor.supervisor import Supervisor

STARTING_S = 60.0
"""So long a supervisor may take to listen: it reads the profiles and opens the record, s."""


class CannotSupervise(Exception):
    """The supervisor of a bench did not start; the message is its output."""


async def join(rig: Rig, heard: Heard = lambda event: None, who: str | None = None) -> Client:
    """A connection to the supervisor of a bench, which is started if it does not run.

    Raises:
        CannotSupervise: it did not start; the message gives the reason.
    """
    guard: subprocess.Popen[bytes] | None = None
    waits_s = 0.0 if rig.bench.labgrid is None else rig.bench.labgrid.wait
    until_s = time.monotonic() + STARTING_S + waits_s
    try:
        folder(rig)
    except OSError as error:
        raise CannotSupervise(error.strerror) from None
    while time.monotonic() < until_s:
        with contextlib.suppress(SupervisorGone):
            client = await Client.connect(socket_of(rig), heard, who)
            if client.greeting.get("keeper") != "guard":
                if not await _has_another_file(client, rig):
                    return client
                await client.close()
                await asyncio.sleep(0.2)
                continue
            try:  # a guard keeps the bench: it starts a supervisor for us
                await client.ask("supervise")
            except Denied as error:
                raise CannotSupervise(str(error)) from None
            finally:
                await client.close()
        if guard is None and not Mark(folder(rig)).kept:
            guard = start_guard(rig)
        elif guard is not None and guard.poll() is not None and not _supervisor_comes(rig):
            break
        await asyncio.sleep(0.05)
    log = log_of(rig)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    raise CannotSupervise(
        said[-1] if said else Phrase("the supervisor of {rig} did not start; see {log}", rig=rig.name, log=log)
    )


async def _has_another_file(client: Client, rig: Rig) -> bool:
    """True if the supervisor of a bench at rest has read the rig file before it was edited: then it has to end."""
    if client.greeting.get("sha256", rig.sha256) == rig.sha256 or client.greeting.get("state") != "read-only":
        return False
    try:
        await client.ask("end")
    except (Denied, SupervisorGone):
        return False
    return True


def _supervisor_comes(rig: Rig) -> bool:
    """True if another process has begun to supervise the bench at the same time: then that one is joined."""
    holder = BenchLock(rig.name).holder()
    return holder is not None and holder.alive and holder.what.startswith(SUPERVISES)


# -- the supervisor ----------------------------------------------------------------------------------------------------


ANSWERED = 0.95
"""Share of the waiting time that is left for an answer; the rest is for the message that nobody answered."""


class AskedOverSocket(Dialogue):
    """Every person who is connected to the supervisor may answer; the first answer counts."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def ask(self, question: Question) -> Answer:
        asked = {
            "about": question.about,
            "text": question.text,
            "timeout_s": question.timeout_s,
            "picture": None if question.picture is None else str(question.picture),
            "unit": question.unit,
            "wrong": question.wrong,
        }
        answer = await self._server.ask_people(asked, ANSWERED * question.timeout_s)
        if answer is None:
            if self._server.attended:  # a person who has seen the question may have begun the work
                raise TimeoutError
            raise NobodyThere(
                Phrase(
                    "nobody answered within {timeout_s:g} s; open `twinfeed rig operate` at the bench",
                    timeout_s=question.timeout_s,
                )
            )
        return Answer(bool(answer.get("done")), str(answer.get("text") or ""), str(answer.get("person") or ""))


async def supervise(path: Path, lock: int | None = None) -> None:
    """Supervise that bench until nobody needs it, a signal comes, or the guard is gone.

    Raises:
        NoCredential, PlaceError, Broken, OSError: it cannot be had.
    """
    async with held(rigfile.read(path)) as rig:
        with new_record(rig) as record:
            await _supervise(rig, record, lock)


async def _supervise(rig: Rig, record: Record, lock: int | None) -> None:
    server = Server(socket_of(rig))
    loop = asyncio.get_running_loop()
    guarded = _guard_gone(loop)
    at_rest = Mark(folder(rig)).life.at_rest
    handles = connect(rig) if at_rest else connect_what_can(rig)
    dialogue = AskedOverSocket(server)
    spoken: Language = "fr" if language(otherwise=rig.bench.language) == "fr" else "en"

    def measuring(quantities: Iterable[str]) -> Iterable[Instrument]:
        return instruments.make(rig, handles, dialogue, spoken, quantities).values()

    moving = (actuators.make if at_rest else actuators.make_what_can)(rig, handles, dialogue, spoken)
    supervisor = Supervisor(rig, record, handles, moving, measuring, server.shout, people=dialogue)
    server.supervisor = supervisor
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, server.over.set)
    await supervisor.start()
    await server.start(supervisor)
    over = asyncio.ensure_future(server.over.wait())
    await asyncio.wait({over, guarded}, return_when=asyncio.FIRST_COMPLETED)
    if not over.done():
        await _guard_anew(supervisor, over, lock)
    elif not supervisor.life.at_rest:
        await supervisor.trip(Phrase("the supervisor got the order to end"))
        await asyncio.wait({asyncio.ensure_future(supervisor.keeper.until_safe())}, timeout=SIGNALLED_S)
    await server.stop()
    await supervisor.stop()


async def _guard_anew(supervisor: Supervisor, over: asyncio.Future[Literal[True]], lock: int | None) -> None:
    """The guard has died: make the bench safe, and leave it to a new guard once it is."""
    supervisor.guarded = False
    if supervisor.state == "armed":
        await supervisor.trip(Phrase("the guard of the supervisor has ended"))
    if supervisor.life.at_rest:
        return
    safe = asyncio.ensure_future(supervisor.keeper.until_safe())
    either: set[asyncio.Future[Any]] = {over, safe}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not supervisor.life.at_rest:
        if lock is not None:
            os.close(lock)  # the new guard takes it
        try:
            start_guard(supervisor.rig)
        except OSError as error:  # it stays, alone
            supervisor.tell("supervisor", "cannot start a guard", why=str(error))
            await over


def _guard_gone(loop: asyncio.AbstractEventLoop) -> asyncio.Future[Literal[True]]:
    """Completes when the guard's end of standard input closes: it never writes anything."""
    gone: asyncio.Future[Literal[True]] = loop.create_future()

    def ended() -> None:
        if not os.read(0, 1024) and not gone.done():
            loop.remove_reader(0)
            gone.set_result(True)

    loop.add_reader(0, ended)
    return gone


def main(arguments: list[str]) -> int:
    """The entry of both processes."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    path = Path(arguments[0])
    if WORKER not in arguments:
        return guard(path)
    lock = arguments[arguments.index(WORKER) + 1 :]
    asyncio.run(supervise(path, int(lock[0]) if lock else None))
    return 0
