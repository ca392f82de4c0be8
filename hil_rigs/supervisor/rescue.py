"""Making a bench safe that has no supervisor: by the guard, a test run, `rig safe`, or at the computer's start.

Nothing that is missing for one actuator (a password, a package, a labgrid place, room on the disk for the record) keeps
the others from being moved.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.language import language, spoken
from twinfeed.harness.record import Broken, Record, keys
from twinfeed.hil_rigs import actuators
from twinfeed.hil_rigs.connecting import connect_what_can
from twinfeed.hil_rigs.dialogue import Unattended
from twinfeed.hil_rigs.emergency.asking import Hangs, NobodyThere, Refused, ask, end
from twinfeed.hil_rigs.emergency.mark import Mark
from twinfeed.hil_rigs.lock import BenchLock, Held
from twinfeed.hil_rigs.places import PlaceError, held
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Language
from twinfeed.hil_rigs.supervisor.keeper import AT_ONCE, Keeper
from twinfeed.hil_rigs.supervisor.moves import Moves, Tell
from twinfeed.hil_rigs.supervisor.places import folder, log_of, record_of

SECOND_KEEPER_S = 3.0
"""The time for which a test run that has lost its supervisor waits for the guard to answer, s."""

GUARD_S = 30.0
"""So long a guard may take to start, s."""

ARMED_AND_LOST = N_("the bench was armed when its supervisor ended, and its safe state was not seen")


@asynccontextmanager
async def keeping(rig: Rig, mark: Mark, who: str, why: str) -> AsyncIterator[Keeper]:
    """A keeper, with handles of its own, of a bench whose last one has gone; its life is `making safe`."""
    async with contextlib.AsyncExitStack() as stack:
        tell = telling(rig, stack)
        try:
            here = await stack.enter_async_context(held(rig))
        except PlaceError as error:  # a device that is not behind the coordinator can still be reached
            tell(who, "has no place", why=str(error))
            here = rig
        handles = connect_what_can(here)
        for handle in handles.values():
            stack.callback(handle.close)
        spoken: Language = "fr" if language(otherwise=rig.bench.language) == "fr" else "en"
        moves = Moves(here, actuators.make_what_can(here, handles, Unattended(), spoken), tell, lambda quantity: None)
        moves.distrust()
        stack.push_async_callback(moves.close)
        keeper = Keeper(mark, moves, tell, who)
        if mark.life.state == "armed":
            tell(who, "trips", why=why)
        tell(who, "makes the bench safe", why=why)
        keeper.become("trip" if mark.life.at_rest else "take over", why=why)
        stack.push_async_callback(keeper.stop)
        yield keeper


async def make_safe(rig: Rig, who: str, why: str) -> list[str]:
    """Bring a bench that has no keeper to its safe state; returns what is not safe after two rounds."""
    mark = Mark(folder(rig), who, rig.path.absolute())
    mark.keep()
    try:
        async with keeping(rig, mark, who, why) as keeper:
            return list(await keeper.make_safe(AT_ONCE))
    finally:
        mark.let_go()


def telling(rig: Rig, stack: contextlib.ExitStack | contextlib.AsyncExitStack) -> Tell:
    """Writes into the record of the bench; a record that cannot be written keeps no bench from being made safe."""

    def say(who: str, what: str, /, **data: object) -> None:
        print(who, what, data, file=sys.stderr, flush=True)

    try:
        record = stack.enter_context(Record.open(record_of(rig), keys.own()))
    except (Broken, OSError) as error:
        say("record", "cannot be written", why=str(error))
        return say

    def tell(who: str, what: str, /, **data: object) -> None:
        try:
            record.write(who, what, **data)
        except OSError as error:
            say(who, what, **data, not_recorded=str(error))

    return tell


# -- the next keeper ---------------------------------------------------------------------------------------------------


_GUARDS: list[subprocess.Popen[bytes]] = []
"""The guards that this process has started. They outlive it; one that is not kept counts as forgotten
(ResourceWarning)."""


@atexit.register
def _outlived() -> None:
    """Else the interpreter warns of guards that still run when this process ends, which they are meant to."""
    for guard in _GUARDS:
        if guard.poll() is None:
            guard.returncode = 0


def start_guard(rig: Rig) -> subprocess.Popen[bytes]:
    """Start the guard of a bench, of a session of its own: Ctrl-C and a closed terminal do not end it."""
    command = [sys.executable, "-m", "twinfeed.hil_rigs.supervisor", str(rig.path.resolve())]
    with log_of(rig).open("wb") as output:
        guard = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "LANGUAGE": spoken()},
        )
    _GUARDS[:] = [*(each for each in _GUARDS if each.poll() is None), guard]
    return guard


def hand_over(rig: Rig) -> str:
    """Start a guard that keeps a bench that is not at rest; why there is none, empty if it keeps it."""
    try:
        guard = start_guard(rig)
    except OSError as error:
        return str(error)
    mark, until_s = Mark(folder(rig)), time.monotonic() + GUARD_S
    while not mark.kept:
        if guard.poll() is not None or time.monotonic() > until_s:
            said = log_of(rig).read_text(encoding="utf-8", errors="replace").strip().splitlines()
            return said[-1] if said else Phrase("the guard did not start; see {log}", log=log_of(rig))
        time.sleep(0.05)
    return ""


async def take_over(
    mark: Mark, answers: Callable[[], Awaitable[bool]], keeping: Callable[[], AbstractAsyncContextManager[Keeper]]
) -> tuple[str, ...] | None:
    """Make a bench safe whose supervisor has died, unless another keeper `answers`; then None.

    Returns what is not safe after two rounds.
    """
    now = asyncio.get_running_loop().time
    until_s = now() + SECOND_KEEPER_S
    while mark.kept and now() < until_s:
        if await answers():
            return None
        await asyncio.sleep(0.05)
    mark.life = mark.read()
    if mark.life.at_rest:
        return None
    mark.keep()
    try:
        async with keeping() as keeper:
            return await keeper.make_safe(AT_ONCE)
    finally:
        mark.let_go()


_RESCUING = threading.Lock()


def rescue(rig: Rig, run: str = "") -> None:
    """For a test run that has lost its supervisor: make the bench safe if nobody else does, and leave it to a guard.

    It blocks, and belongs in a thread. A keeper that lives and does not answer is ended.
    """
    mark = Mark(folder(rig), "test run", rig.path.absolute())

    async def answers() -> bool:
        try:
            await asyncio.to_thread(ask, mark.place, "status")
        except Hangs as hanging:
            end(hanging)
        except (NobodyThere, Refused):
            return False
        return True

    with _RESCUING, contextlib.ExitStack() as stack:
        if mark.life.at_rest:
            return
        why = Phrase(
            "{armed_and_lost} before the test run {run} noticed", armed_and_lost=ARMED_AND_LOST, run=run or rig.name
        )
        with contextlib.suppress(Held, OSError):  # whoever has it now does not answer
            stack.enter_context(BenchLock(rig.name, what=N_("a test run that has lost its supervisor")))
        failed = asyncio.run(take_over(mark, answers, lambda: keeping(rig, mark, "test run", why)))
        stack.close()
        if failed is None:
            return
        for line in failed:
            print(Phrase("NOT SAFE: {rig}: {line}", rig=rig.name, line=line), file=sys.stderr)
        if unwatched := hand_over(rig):
            print(
                Phrase("NOT SAFE: nobody watches {rig}: {unwatched}", rig=rig.name, unwatched=unwatched),
                file=sys.stderr,
            )
