"""The other end of the supervisor's socket: test runs, commands and operators ask through it."""

from __future__ import annotations

import asyncio
import getpass
import itertools
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from twinfeed._phrases import Phrase
from twinfeed.harness import unixpaths
from twinfeed.harness.transports import errors as transports
from twinfeed.hil_rigs.actuators.base import ActuatorFailed, NotMoved
from twinfeed.hil_rigs.supervisor.lines import MOST_OCTETS, NotALine, receive, send
from twinfeed.hil_rigs.supervisor.moves import Denied

Heard = Callable[[Mapping[str, Any]], None]
"""Called with every event of the bench."""


class SupervisorGone(Exception):
    """The supervisor has ended or does not listen."""


class Client:
    """A connection to the supervisor of a bench."""

    def __init__(self, reader: StreamReader, writer: StreamWriter, heard: Heard) -> None:
        self._reader, self._writer, self._heard = reader, writer, heard
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._hearing = asyncio.create_task(self._hear())
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Completes when the connection has ended."""
        self.greeting: Mapping[str, Any] = {}
        """The state of the bench when this connection was made."""

    @classmethod
    async def connect(cls, path: Path, heard: Heard = lambda event: None, who: str | None = None) -> Self:
        """Connect to the supervisor that listens there, under that name (default: the login).

        Raises:
            SupervisorGone: none does, or it ended before it answered.
        """
        try:
            with unixpaths.short(path) as short:
                reader, writer = await asyncio.open_unix_connection(short, limit=MOST_OCTETS)
        except OSError as error:
            raise SupervisorGone(
                Phrase("no supervisor listens at {path}: {strerror}", path=path, strerror=error.strerror or error)
            ) from None
        client = cls(reader, writer, heard)
        try:
            client.greeting = await client.ask("hello", who=who or getpass.getuser())
        except BaseException:
            await client.close()
            raise
        return client

    async def ask(self, do: str, **fields: Any) -> Any:
        """Ask for something and wait for the answer.

        Raises:
            Denied: the bench does not do it, or not now.
            ActuatorFailed: something did not move as ordered.
            TransportError: a device did not answer as it should.
            ValueError: a device cannot be written that.
            SupervisorGone: the supervisor ended meanwhile.
        """
        if self.gone.done():
            raise SupervisorGone(Phrase("the supervisor of the bench has ended"))
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        send(self._writer, {"id": number, "do": do, **fields})
        try:
            return await answer
        finally:
            self._waiting.pop(number, None)

    async def _hear(self) -> None:
        try:
            while (message := await receive(self._reader)) is not None:
                if "event" in message:
                    self._heard(message)
                elif (answer := self._waiting.get(message.get("id", 0))) is not None and not answer.done():
                    if "error" in message:
                        answer.set_exception(_error(message))
                    else:
                        answer.set_result(message.get("is"))
        except NotALine:
            pass
        finally:
            if not self.gone.done():
                self.gone.set_result(None)
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(SupervisorGone(Phrase("the supervisor of the bench has ended")))

    async def close(self) -> None:
        self._writer.close()
        self._hearing.cancel()
        await asyncio.gather(self._hearing, return_exceptions=True)


def _error(message: Mapping[str, Any]) -> Exception:
    """The error that the supervisor met."""
    says, kind = str(message.get("says")), str(message.get("error"))
    found = getattr(transports, kind, None)
    if isinstance(found, type) and issubclass(found, transports.TransportError):
        octets = bytes.fromhex(message.get("octets", ""))
        error = found(str(message.get("what", says)), str(message.get("address", "")), octets)
        return error.named(str(message.get("device", "")), str(message.get("point", "")))
    simple: dict[str, type[Exception]] = {each.__name__: each for each in (ActuatorFailed, NotMoved, ValueError)}
    return simple.get(kind, Denied)(says)
