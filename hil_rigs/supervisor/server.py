"""The supervisor on its socket: whoever works with the bench asks here.

A test run `hold`s the bench, one at a time, and sends `beat` again and again; when it falls silent or its connection
ends before it let the bench go, the bench is made safe.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twinfeed._phrases import N_, Phrase
from twinfeed.harness import unixpaths
from twinfeed.harness.record import Person, acting_for
from twinfeed.harness.report.facts import QUOTES
from twinfeed.harness.report.notes import Confirmation
from twinfeed.harness.transports.errors import TransportError
from twinfeed.hil_rigs.actuators.base import ActuatorFailed
from twinfeed.hil_rigs.persons import peer_of
from twinfeed.hil_rigs.supervisor.arming import edited
from twinfeed.hil_rigs.supervisor.guard import stopped_by
from twinfeed.hil_rigs.supervisor.keeper import AT_ONCE
from twinfeed.hil_rigs.supervisor.lines import MOST_OCTETS, NotALine, receive, send
from twinfeed.hil_rigs.supervisor.moves import Denied
from twinfeed.hil_rigs.supervisor.places import shared_with_group
from twinfeed.hil_rigs.supervisor.supervisor import LOOK_S, Supervisor

ERRORS = (Denied, ActuatorFailed, TransportError, ValueError)
"""The answer to the client, with the kind of error."""


class Session:
    """One connection."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.user = peer_of(writer.get_extra_info("socket")) or Person(None, "")
        """The user of the process at the other end, as the kernel knows them."""
        self.who = self.user.login or N_("somebody")
        self.beat_s = 0.0
        """The time of its last message, s of the monotonic clock."""
        self.attends = False
        """True if a person there sees the questions."""
        self.ticket = ""
        """The state that the heartbeat of the run that holds the bench shows."""


class Server:
    """Listens at a path until the bench needs nobody any more."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.supervisor: Supervisor
        self.questions: dict[int, tuple[dict[str, Any], asyncio.Future[dict[str, Any]]]] = {}
        """The questions to people that have no answer yet."""
        self._numbers = itertools.count(1)
        self._sessions: set[Session] = set()
        self._holder: Session | None = None
        self._server: asyncio.Server
        self._watching: asyncio.Task[None]
        self.over = asyncio.Event()
        """Somebody has ordered the supervisor to end, or nobody needs it."""

    async def start(self, supervisor: Supervisor) -> None:
        """Raises OSError: the path cannot be listened at."""
        self.supervisor = supervisor
        self.path.unlink(missing_ok=True)
        with unixpaths.short(self.path) as short:
            self._server = await asyncio.start_unix_server(self._serve, short, limit=MOST_OCTETS)
        shared_with_group(self.path, supervisor.rig, 0o660)
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        self._watching.cancel()
        self._server.close()
        self.path.unlink(missing_ok=True)
        for session in self._sessions:
            session.writer.close()

    def shout(self, message: Mapping[str, Any]) -> None:
        """Send a message to everybody who is connected."""
        for session in self._sessions:
            send(session.writer, message)

    async def ask_people(self, question: Mapping[str, Any], timeout_s: float) -> dict[str, Any] | None:
        """Ask whoever has `twinfeed rig operate` or a test run open; None if nobody answers in time."""
        number = next(self._numbers)
        answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        shown = {"event": "question", "question": number, **question}
        self.questions[number] = (shown, answered)
        self.supervisor.tell("operator", "is asked", **question)
        self.shout(shown)
        try:
            answer = await asyncio.wait_for(answered, timeout_s)
        except TimeoutError:
            self.supervisor.tell("operator", "did not answer", text=question["text"], attended=self.attended)
            return None
        finally:
            del self.questions[number]
            self.shout({"event": "question over", "question": number})
        self.supervisor.note(
            Confirmation(
                str(answer.get("person") or N_("somebody")),
                str(question["text"]),
                str(answer.get("text") or (N_("done") if answer.get("done") else N_("not done"))),
                datetime.now(UTC).isoformat(timespec="seconds"),
            )
        )
        return answer

    @property
    def attended(self) -> bool:
        """True if somebody has `twinfeed rig operate` open."""
        return any(session.attends for session in self._sessions)

    # -- life of a connection -----------------------------------------------------------------------------------------

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        session = Session(reader, writer)
        self._sessions.add(session)
        working: set[asyncio.Task[None]] = set()
        try:
            while (request := await receive(reader)) is not None:
                task = asyncio.create_task(self._answer(session, request))
                working.add(task)
                task.add_done_callback(working.discard)
        except NotALine as error:
            send(writer, {"error": "NotALine", "says": str(error)})
        finally:
            self._sessions.discard(session)
            if self._holder is session:
                await self._lost(
                    Phrase("the test run of {who} has ended without letting the bench go", who=session.who)
                )
            writer.close()

    async def _answer(self, session: Session, request: Mapping[str, Any]) -> None:
        id_ = request.get("id")
        try:
            do = COMMANDS.get(str(request.get("do")))
            if do is None:
                raise Denied(
                    Phrase(
                        "found {do!r}, expected one of {commands}",
                        do=request.get("do"),
                        commands=", ".join(COMMANDS),
                    )
                )
            with acting_for(session.user):
                send(session.writer, {"id": id_, "is": await do(self, session, request)})
        except (KeyError, TypeError) as error:
            send(
                session.writer,
                {"id": id_, "error": "Denied", "says": Phrase("a field is missing or wrong: {error}", error=error)},
            )
        except ERRORS as error:
            send(session.writer, {"id": id_, "error": type(error).__name__, "says": str(error), **_details(error)})
        except Exception as error:
            logging.exception("a request failed")
            send(session.writer, {"id": id_, "error": "Denied", "says": f"{type(error).__name__}: {error}"})

    async def _watch(self) -> None:
        """The dead man's switch; and the end of a supervisor that nobody needs."""
        loop = asyncio.get_running_loop()
        idle_since_s = loop.time()
        while True:
            await asyncio.sleep(LOOK_S)
            now, holder = loop.time(), self._holder
            silence_s = self.supervisor.rig.bench.limits.heartbeat
            if holder is not None and now - holder.beat_s > silence_s:
                await self._lost(
                    Phrase(
                        "the test run of {who} has sent no sign of life for {silence_s:g} s",
                        who=holder.who,
                        silence_s=silence_s,
                    )
                )
            if self._sessions or self.supervisor.state != "read-only":
                idle_since_s = now
            elif now - idle_since_s > IDLE_S:
                self.over.set()

    async def _lost(self, why: str) -> None:
        self._holder = None
        if self.supervisor.state == "armed":
            await self.supervisor.trip(why)
        else:
            self.supervisor.tell("supervisor", "lost the run", why=why)

    # -- requests -----------------------------------------------------------------------------------------------------

    async def hello(self, session: Session, request: Mapping[str, Any]) -> Any:
        session.who = str(request["who"])
        for question, _ in self.questions.values():
            send(session.writer, question)
        return self.supervisor.status()

    async def status(self, session: Session, request: Mapping[str, Any]) -> Any:
        return {**self.supervisor.status(), "attended": self.attended}

    async def hold(self, session: Session, request: Mapping[str, Any]) -> Any:
        if self._holder is not None and self._holder is not session:
            raise Denied(Phrase("the bench is held by the test run of {who}", who=self._holder.who))
        if self.supervisor.tripped:
            raise Denied(
                Phrase(
                    "the bench has tripped: {tripped}; twinfeed rig reset brings it back",
                    tripped=self.supervisor.tripped,
                )
            )
        if self.supervisor.log.edits.edited:
            raise Denied(edited(self.supervisor.rig))
        session.beat_s = asyncio.get_running_loop().time()
        session.ticket = secrets.token_hex(8)
        self._holder = session
        self.supervisor.tell(session.who, "holds the bench", run=request.get("run"))
        return session.ticket

    async def beat(self, session: Session, request: Mapping[str, Any]) -> Any:
        """The run of that ticket is alive; it may report so over another connection than that which holds the bench."""
        if self._holder is None or self._holder.ticket != request["ticket"]:
            raise Denied(Phrase("that run does not hold the bench"))
        self._holder.beat_s = asyncio.get_running_loop().time()

    async def let_go(self, session: Session, request: Mapping[str, Any]) -> Any:
        try:
            await self.supervisor.restore()
        except ActuatorFailed as error:
            await self.supervisor.trip(Phrase("the bench could not be brought back to normal: {error}", error=error))
            raise
        finally:
            if self._holder is session:
                self._holder = None
                self.supervisor.note_interlocks()
                self.supervisor.tell(session.who, "lets the bench go")

    async def watch(self, session: Session, request: Mapping[str, Any]) -> Any:
        self.supervisor.watch(request["quantities"])

    async def read(self, session: Session, request: Mapping[str, Any]) -> Any:
        return await self.supervisor.orders.read(request["device"], request["points"])

    async def points(self, session: Session, request: Mapping[str, Any]) -> Any:
        return await self.supervisor.orders.handle(request["device"]).points()

    async def write(self, session: Session, request: Mapping[str, Any]) -> Any:
        self._must_hold(session)
        await self.supervisor.write(request["device"], request["point"], request["value"])

    async def apply(self, session: Session, request: Mapping[str, Any]) -> Any:
        self._must_hold(session)
        await self.supervisor.apply(request["target"], request["kind"], request["parameters"])

    async def deed(self, session: Session, request: Mapping[str, Any]) -> Any:
        """Ask a person for a deed of the test that holds the bench."""
        self._must_hold(session)
        return vars(await self.supervisor.deed(str(request["target"]), str(request["deed"]), str(request["text"])))

    async def lift(self, session: Session, request: Mapping[str, Any]) -> Any:
        self._must_hold(session)
        await self.supervisor.lift(request["target"], request["kind"])

    def _must_hold(self, session: Session) -> None:
        if self._holder is not session:
            raise Denied(Phrase("only the test run that holds the bench moves something"))

    async def note(self, session: Session, request: Mapping[str, Any]) -> Any:
        """A remark of whoever is connected: never in the name of the supervisor or of another person."""
        self.supervisor.tell("remark", "noted", by=session.who, text=str(request["what"]), data=request["data"])

    async def quote(self, session: Session, request: Mapping[str, Any]) -> Any:
        """Write down a line of the record of a run, and return which line of this record does."""
        record, (who, what) = self.supervisor.log.record, QUOTES
        quoted = {"file": str(request["file"]), "record": str(request["record"]), "hash": str(request["hash"])}
        self.supervisor.tell(who, what, of="run", n=int(request["n"]), **quoted)
        return {"file": record.path.name, **vars(record.head)}

    async def attend(self, session: Session, request: Mapping[str, Any]) -> Any:
        """A person is there and sees what is asked."""
        session.attends = True

    async def answer(self, session: Session, request: Mapping[str, Any]) -> Any:
        waiting = self.questions.get(request["question"])
        if waiting is None or waiting[1].done():
            raise Denied(Phrase("that question is over"))
        waiting[1].set_result({key: request.get(key) for key in ("question", "person", "done", "value", "text")})

    async def arm(self, session: Session, request: Mapping[str, Any]) -> Any:
        confirmed = {str(item): str(person) for item, person in dict(request.get("confirmed") or {}).items()}
        person, for_s, pin = str(request["person"]), float(request["for_s"]), str(request.get("pin", ""))
        await self.supervisor.arm(person, for_s, pin, confirmed)

    async def disarm(self, session: Session, request: Mapping[str, Any]) -> Any:
        await self.supervisor.disarm(str(request["person"]), str(request.get("pin", "")))

    async def reset(self, session: Session, request: Mapping[str, Any]) -> Any:
        await self.supervisor.reset(str(request["person"]), str(request.get("pin", "")))

    async def emergency(self, session: Session, request: Mapping[str, Any]) -> Any:
        """The emergency stop: anybody, at any time; whether the bench is armed or not."""
        await self.supervisor.trip(stopped_by(session.who, request), AT_ONCE)
        return self.supervisor.status()

    async def end(self, session: Session, request: Mapping[str, Any]) -> Any:
        if self.supervisor.state == "armed":
            raise Denied(Phrase("the bench is armed; disarm it first"))
        if self._holder is not None and self._holder is not session:
            raise Denied(Phrase("the bench is held by the test run of {who}", who=self._holder.who))
        self.over.set()


IDLE_S = 2.0
"""A read-only bench that nobody asks anything for so long lets its supervisor end, s."""

READING = ("hello", "status", "watch", "read", "points", "note", "quote", "attend", "answer")
MOVING = ("hold", "beat", "let_go", "write", "apply", "deed", "lift", "arm", "disarm", "reset", "emergency", "end")
"""The methods above that answer a request."""

COMMANDS: dict[str, Callable[[Server, Session, Mapping[str, Any]], Awaitable[Any]]] = {
    name.replace("_", "-"): getattr(Server, name) for name in (*READING, *MOVING)
}


def _details(error: Exception) -> dict[str, Any]:
    """The data of a transport's error beside its text."""
    if not isinstance(error, TransportError):
        return {}
    return {
        "what": error.what,
        "address": error.address,
        "octets": error.octets.hex(),
        "device": error.device,
        "point": error.point,
    }
