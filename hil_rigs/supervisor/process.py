"""The processes of a supervised bench.

    test run ──socket── supervisor ──── the bench
                            │pipe
                          guard          makes the bench safe when the supervisor dies

The guard starts the supervisor and waits. When the supervisor is killed or crashes while the bench is armed, the guard
brings every actuator to its safe position itself, with handles of its own, and writes what happened into the same
record. When the guard dies, the supervisor sees its pipe end and makes the bench safe. A run that loses both is told;
what is left then is a watchdog in the hardware (a relay board's own time-out).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from twinfeed.harness.language import language
from twinfeed.harness.record import Broken, Record
from twinfeed.hil_rigs import actuators, instruments, rigfile
from twinfeed.hil_rigs.connecting import connect
from twinfeed.hil_rigs.credentials import NoCredential
from twinfeed.hil_rigs.dialogue import Unattended
from twinfeed.hil_rigs.instruments.base import Instrument
from twinfeed.hil_rigs.lock import BenchLock
from twinfeed.hil_rigs.places import PlaceError, held
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Language
from twinfeed.hil_rigs.supervisor.client import Client, Heard, SupervisorGone
from twinfeed.hil_rigs.supervisor.dialogue import AskedOverSocket
from twinfeed.hil_rigs.supervisor.moves import Moves, Tell
from twinfeed.hil_rigs.supervisor.page import StopPage
from twinfeed.hil_rigs.supervisor.places import armed_mark, log_of, new_record, record_of, socket_of
from twinfeed.hil_rigs.supervisor.server import Server
from twinfeed.hil_rigs.supervisor.supervisor import Supervisor

STARTING_S = 60.0
"""So long a supervisor may take to listen: it reads the profiles and opens the record, s."""

WORKER = "--worker"
"""What tells the supervisor's process from its guard's."""


class CannotSupervise(Exception):
    """The supervisor of a bench did not start; the message is what it said."""


async def join(rig: Rig, heard: Heard = lambda event: None, who: str | None = None) -> Client:
    """A connection to the supervisor of a bench, which is started if it does not run.

    Raises:
        CannotSupervise: it did not start; the message says why.
    """
    with contextlib.suppress(SupervisorGone):
        return await Client.connect(socket_of(rig), heard, who)
    log = log_of(rig)
    command = [sys.executable, "-m", "twinfeed.hil_rigs.supervisor", str(rig.path.resolve())]
    with log.open("wb") as output:
        guard = subprocess.Popen(  # of its own session: Ctrl-C and a closed terminal are the test run's
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    waits_s = 0.0 if rig.bench.labgrid is None else rig.bench.labgrid.wait
    until_s = time.monotonic() + STARTING_S + waits_s
    while time.monotonic() < until_s:
        with contextlib.suppress(SupervisorGone):
            return await Client.connect(socket_of(rig), heard, who)
        if guard.poll() is not None:
            break
        await asyncio.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise CannotSupervise(said[-1] if said else f"the supervisor of {rig.name} did not start; see {log}")


# -- the guard ---------------------------------------------------------------------------------------------------------


def guard(path: Path) -> int:
    """Run the supervisor of that rig file and see that the bench is safe afterwards; the exit code."""
    rig = rigfile.read(path)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with BenchLock(rig.name, what=f"supervisor of {path}"):
        worker = subprocess.Popen(
            [sys.executable, "-m", "twinfeed.hil_rigs.supervisor", str(path), WORKER], stdin=subprocess.PIPE
        )

        def pass_on(number: int, _frame: object) -> None:
            worker.send_signal(number)

        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, pass_on)
        code = worker.wait()
        if armed_mark(rig).exists():
            socket_of(rig).unlink(missing_ok=True)
            asyncio.run(make_safe(rig, "guard", f"the supervisor ended ({_ending(code)}) while the bench was armed"))
    return 0 if code == 0 else 1


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


async def make_safe(rig: Rig, who: str, why: str) -> list[str]:
    """Bring a bench that nobody supervises to its safe state; returns what did not get there.

    Raises:
        NoCredential: a password is no longer where the file says; nothing was moved, and the record says so.
    """
    started_s = time.monotonic()
    with contextlib.ExitStack() as stack:
        tell = _telling(rig, stack)
        tell(who, "makes the bench safe", why=why)
        try:
            async with held(rig) as here:
                failed = await _to_safe(here, tell)
        except PlaceError as error:  # what is not behind the coordinator can still be reached
            tell(who, "has no place", why=str(error))
            failed = await _to_safe(rig, tell)
        except NoCredential as error:
            tell(who, "is not safe", why=str(error))
            raise
        took_s = round(time.monotonic() - started_s, 3)
        tell(who, "is not safe" if failed else "is safe", took_s=took_s, **({"failed": failed} if failed else {}))
    if not failed:
        armed_mark(rig).unlink(missing_ok=True)
    return failed


async def _to_safe(rig: Rig, tell: Tell) -> list[str]:
    moves = Moves(rig, actuators.make(rig, connect(rig), Unattended(), "en"), tell, lambda quantity: None)
    moves.distrust()
    try:
        return await moves.to_safe()
    finally:
        await moves.close()


def _telling(rig: Rig, stack: contextlib.ExitStack) -> Tell:
    """Writes into the record of the bench; a record that cannot be written keeps no bench from being made safe."""

    def say(who: str, what: str, /, **data: object) -> None:
        print(who, what, data, file=sys.stderr, flush=True)

    try:
        record = stack.enter_context(Record.open(record_of(rig)))
    except (Broken, OSError) as error:
        say("record", "cannot be written", why=str(error))
        return say

    def tell(who: str, what: str, /, **data: object) -> None:
        try:
            record.write(who, what, **data)
        except OSError as error:
            say(who, what, **data, not_recorded=str(error))

    return tell


# -- the supervisor ----------------------------------------------------------------------------------------------------


async def supervise(path: Path) -> None:
    """Supervise that bench until nobody needs it, a signal comes, or the guard is gone.

    Raises:
        NoCredential, PlaceError, Broken, OSError: it cannot be had.
    """
    async with held(rigfile.read(path)) as rig:
        with new_record(rig) as record:
            await _supervise(rig, record)


async def _supervise(rig: Rig, record: Record) -> None:
    server = Server(socket_of(rig))
    loop = asyncio.get_running_loop()
    guarded = _guard_gone(loop)
    handles = connect(rig)
    dialogue = AskedOverSocket(server)
    spoken: Language = "fr" if language() == "fr" else "en"

    def measuring(quantities: Iterable[str]) -> Iterable[Instrument]:
        return instruments.make(rig, handles, dialogue, spoken, quantities).values()

    moving = actuators.make(rig, handles, dialogue, spoken)
    supervisor = Supervisor(rig, record, handles, moving, measuring, server.shout)
    server.supervisor = supervisor
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, server.over.set)
    await supervisor.start()
    await server.start(supervisor)
    with StopPage(rig, supervisor, loop):
        over = asyncio.ensure_future(server.over.wait())
        await asyncio.wait({over, asyncio.ensure_future(guarded)}, return_when=asyncio.FIRST_COMPLETED)
    if guarded.done() and supervisor.state == "armed":
        await supervisor.trip("the guard of the supervisor has ended")
    await server.stop()
    await supervisor.stop()


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
    asyncio.run(supervise(path))
    return 0
