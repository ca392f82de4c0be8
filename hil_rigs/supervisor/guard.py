"""The guard of a bench: it starts the supervisor, and keeps the bench when that has died.

    test run ──socket── supervisor ──── the bench
                            │pipe
                          guard          keeps the bench safe when the supervisor dies

While the supervisor lives the guard only checks that it is alive and serves the stop page. Afterwards it answers at
the supervisor's socket: how the bench is, an emergency stop, and `supervise`, which has it start a new supervisor (for
`rig reset`). It never leaves a bench that is not at rest: a signal ends it only once the bench is safe, or after
`SIGNALLED_S` in which it could not be made safe, and then the bench's mark shows NOT SAFE to the next command.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from twinfeed._phrases import N_, Phrase
from twinfeed.harness import unixpaths
from twinfeed.harness.record import Person, acting_for
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.emergency.mark import Mark
from twinfeed.hil_rigs.emergency.page import StopPage
from twinfeed.hil_rigs.lock import BenchLock, Held
from twinfeed.hil_rigs.persons import peer_of
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import text_in
from twinfeed.hil_rigs.supervisor.keeper import AT_ONCE, Keeper
from twinfeed.hil_rigs.supervisor.lines import MOST_OCTETS, NotALine, receive, send
from twinfeed.hil_rigs.supervisor.places import folder, shared_with_group, socket_of
from twinfeed.hil_rigs.supervisor.rescue import ARMED_AND_LOST, keeping

HUNG_S = 10.0
"""A supervisor of a bench that is not at rest, and that shows no life for so long, is ended, s."""

LOOK_S = 1.0
"""The period at which the guard checks that the supervisor shows life, s."""

SIGNALLED_S = 20.0
"""The time for which a guard that is ordered to end goes on trying to make the bench safe, s."""

DYING_S = 10.0
"""So long a guard waits for the one before it to give the bench's lock back, s."""

SUPERVISES = "supervisor of"
"""The text about this process in the lock of the bench, before the path of its file."""

WORKER = "--worker"
"""The argument by which the supervisor's process differs from its guard's."""


def guard(path: Path) -> int:
    """Guard the bench of that rig file until it is at rest and needs no supervisor; the exit code.

    Raises:
        FileError, Held, OSError: it cannot be guarded.
    """
    rig = rigfile.read(path)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    lock = _locked(rig)
    try:
        return asyncio.run(Guard(rig, lock.fileno()).run())
    finally:
        lock.release()


def _locked(rig: Rig) -> BenchLock:
    """The lock of the bench. The keeper of a bench that is not at rest may be about to end: it is waited for."""
    lock = BenchLock(rig.name, what=Phrase("supervisor of {path}", path=rig.path))
    until_s = time.monotonic() + DYING_S
    while True:
        try:
            return lock.acquire()
        except Held:
            if Mark(folder(rig)).life.at_rest or time.monotonic() > until_s:
                raise
            time.sleep(0.1)


class Guard:
    """One bench. `lock` is the descriptor of its lock, which the supervisor inherits."""

    def __init__(self, rig: Rig, lock: int, mark: Mark | None = None) -> None:
        self._rig, self._lock = rig, lock
        self._mark = mark or Mark(folder(rig), "guard", rig.path.absolute())
        self._worker: Process | None = None
        self._signalled = asyncio.Event()
        self._asked_for = asyncio.Event()
        """Somebody needs a supervisor."""
        self._hangs = threading.Event()
        """A stop was pressed in the browser, and the supervisor did not answer."""
        self._refused = ""
        """The reason why the last supervisor could not start; the next client that needs one gets it, once."""

    async def run(self) -> int:
        self._mark.keep()
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self._told_to_end, each)
        stop, title = self._rig.bench.emergency_stop, self._rig.bench.title
        titles = {language: text_in(title, language) or self._rig.name for language in ("en", "fr")}
        with StopPage(self._mark.place, stop.listen, stop.web, titles, self._hangs.set):
            return await self.live()

    async def live(self) -> int:
        """Supervise, and keep what a supervisor leaves, until the bench is at rest or a signal ends it."""
        if not self._mark.life.at_rest:
            await self._keep(self._mark.life.why or ARMED_AND_LOST)
        code = 0
        while not self._signalled.is_set():
            code, why = await self._supervised()
            self._mark.life = self._mark.read()
            if self._mark.life.at_rest:
                break
            if not self._signalled.is_set() or code != 0:  # else the supervisor has tried for as long as this would
                await self._keep(why)
        return 0 if code == 0 else 1

    def _told_to_end(self, number: signal.Signals) -> None:
        self._signalled.set()
        if self._worker is not None and self._worker.returncode is None:
            self._worker.send_signal(number)

    # -- while the supervisor lives -----------------------------------------------------------------------------------

    async def _supervised(self) -> tuple[int, str]:
        """Run a supervisor until it ends; its exit code, and how it ended."""
        self._asked_for.clear()
        command = [sys.executable, "-m", "twinfeed.hil_rigs.supervisor", str(self._rig.path), WORKER, str(self._lock)]
        worker = self._worker = await asyncio.create_subprocess_exec(*command, stdin=PIPE, pass_fds=[self._lock])
        hung = asyncio.create_task(self._end_it_when_it_hangs(worker))
        code = await worker.wait()
        hung.cancel()
        how = Phrase("signal {name}", name=signal.Signals(-code).name) if code < 0 else Phrase("exit code {n}", n=code)
        if hung.done() and not hung.cancelled():
            how = Phrase(
                "{how}, since it showed no life for {hung_s:g} s or did not answer a stop", how=how, hung_s=HUNG_S
            )
        self._refused = (
            Phrase("the supervisor ended ({how}); see {log}", how=how, log=folder(self._rig) / "supervisor.log")
            if code > 0
            else ""
        )
        return code, Phrase(
            "the supervisor ended ({how}) while the bench was {state}", how=how, state=self._mark.read().state
        )

    async def _end_it_when_it_hangs(self, worker: Process) -> None:
        """The mark of a bench that is not at rest shows each second that its keeper is alive."""
        shown, since_s = 0.0, time.monotonic()
        while not self._hangs.is_set():
            looked_s = time.monotonic()
            await asyncio.sleep(LOOK_S)
            now_s = time.monotonic()
            if now_s - looked_s > 3 * LOOK_S:  # this process itself had no time
                since_s = now_s
            if (seen := self._mark.seen_at) != shown or not seen:
                shown, since_s = seen, now_s
            if now_s - since_s > HUNG_S:
                break
        self._hangs.clear()
        worker.kill()

    # -- afterwards ---------------------------------------------------------------------------------------------------

    async def _keep(self, why: str) -> None:
        """Keep the bench safe until somebody needs a supervisor, or a signal ends it."""
        async with self._keeping(why) as keeper, self._answering(keeper):
            alive = asyncio.create_task(self._show_life())
            await keeper.make_safe(AT_ONCE)
            waits = [asyncio.create_task(event.wait()) for event in (self._signalled, self._asked_for)]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if self._signalled.is_set():
                await asyncio.wait({asyncio.create_task(keeper.until_safe())}, timeout=SIGNALLED_S)
            for task in (*waits, alive):
                task.cancel()

    def _keeping(self, why: str) -> AbstractAsyncContextManager[Keeper]:
        return keeping(self._rig, self._mark, "guard", why)

    @asynccontextmanager
    async def _answering(self, keeper: Keeper) -> AsyncIterator[None]:
        desk = _Desk(self._rig, keeper, self._asked_for, self._refused)
        await desk.start(socket_of(self._rig))
        try:
            yield
        finally:
            await desk.stop()

    async def _show_life(self) -> None:
        while True:
            self._mark.seen()
            await asyncio.sleep(LOOK_S)


class _Desk:
    """Answers at the supervisor's socket while the guard keeps the bench."""

    def __init__(self, rig: Rig, keeper: Keeper, asked_for: asyncio.Event, refused: str) -> None:
        self._rig, self._keeper, self._asked_for, self._refused = rig, keeper, asked_for, refused
        self._server: asyncio.Server
        self._path: Path
        self._writers: set[StreamWriter] = set()

    async def start(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._path = path
        with unixpaths.short(path) as short:
            self._server = await asyncio.start_unix_server(self._serve, short, limit=MOST_OCTETS)
        shared_with_group(path, self._rig, 0o660)

    async def stop(self) -> None:
        self._server.close()
        self._path.unlink(missing_ok=True)
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._writers.add(writer)
        user = peer_of(writer.get_extra_info("socket")) or Person(None, "")
        who = user.login or N_("somebody")
        try:
            while (request := await receive(reader)) is not None:
                who = str(request.get("who", who)) if request.get("do") == "hello" else who
                with acting_for(user):
                    send(writer, {"id": request.get("id"), **await self._answer(request, who, writer)})
        except NotALine as error:
            send(writer, {"error": "NotALine", "says": str(error)})
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, request: Mapping[str, Any], who: str, writer: StreamWriter) -> dict[str, Any]:
        match request.get("do"):
            case "hello" | "status":
                return {"is": self.status()}
            case "emergency":
                send(writer, {"event": "tripped", "why": self._keeper.mark.life.why})
                self._keeper.tell("guard", "is told to stop", why=stopped_by(who, request))
                await self._keeper.make_safe(AT_ONCE)
                return {"is": self.status()}
            case "supervise" if not self._refused:
                self._asked_for.set()
                return {"is": None}
            case "supervise":
                refused, self._refused = self._refused, ""
                return {"error": "Denied", "says": refused}
        return {
            "error": "Denied",
            "says": Phrase("the supervisor of {rig} has died; its guard keeps the bench", rig=self._rig.name),
        }

    def status(self) -> dict[str, Any]:
        """As a supervisor's (`Supervisor.status`); nothing is read but positions."""
        life = self._keeper.mark.life
        return {
            "bench": self._rig.name,
            "file": str(self._rig.path),
            "state": "tripped",
            "tripped": life.why or Phrase("it was made safe"),
            "not_safe": list(life.failed),
            "life": life.state,
            "keeper": "guard",
            "armed_by": life.by or None,
            "armed_for_s": None,
            "faults": [],
            "readings": {},
            "silent": {},
        }


def stopped_by(who: str, request: Mapping[str, Any]) -> str:
    """The text in the record of an emergency stop that was requested."""
    why = str(request.get("why") or "")
    if request.get("page"):
        return (
            Phrase("emergency stop in the browser ({why})", why=why) if why else Phrase("emergency stop in the browser")
        )
    return Phrase("emergency stop by {who}: {why}", who=who, why=why or Phrase("no reason given"))
