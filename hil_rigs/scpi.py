"""SCPI instruments through PyVISA, which blocks: each conversation runs in a thread of its own, for a bounded time.

    session = Session.of(Visa(resource="TCPIP::192.0.2.30::5025::SOCKET"))
    await session.converse(["OUTP ON"], errors="SYST:ERR?")
    volts = await session.ask("MEAS:VOLT?")

Everything that speaks to one resource shares a session: many instruments accept one connection.
"""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, ClassVar, TypeVar
from weakref import WeakValueDictionary

from twinfeed._phrases import Phrase
from twinfeed.hil_rigs.schema import Visa

Result = TypeVar("Result")

MOST_ERRORS = 20
"""Entries of an error queue that are read; SCPI-99 §21.8.1 asks for two at least."""

GRACE_S = 1.0
"""The time beyond VISA's own time-outs that a conversation may take before its thread is given up, s."""


class ScpiError(Exception):
    """An instrument could not be spoken to, or reports errors; the message names the resource."""


class Session:
    """One instrument. Conversations follow each other; one that hangs is given up and its connection with it."""

    _known: ClassVar[WeakValueDictionary[tuple[str, str], Session]] = WeakValueDictionary()

    def __init__(self, access: Visa) -> None:
        self.access = access
        self._turn = asyncio.Lock()
        self._opened: Any = None

    @classmethod
    def of(cls, access: Visa) -> Session:
        """The session of that resource.

        Raises:
            ValueError: PyVISA or the backend that the rig file names is not installed.
        """
        check_installed(access)
        session = cls._known.get((access.resource, access.library))
        if session is None:
            session = cls._known[access.resource, access.library] = cls(access)
        return session

    async def ask(self, query: str) -> str:
        """The answer to one query, without the blanks and line ends around it.

        Raises:
            ScpiError: there is none in time, or the resource cannot be opened.
        """
        return await self._in_turn(lambda visa: str(visa.query(query)).strip(), 1)

    async def converse(self, commands: Sequence[str], errors: str) -> None:
        """Send commands, then read what the instrument has to complain of. Old complaints are read away before.

        Raises:
            ScpiError: a command could not be sent, or the instrument reports errors.
        """

        def talk(visa: Any) -> list[str]:
            if errors:
                _complaints(visa, errors)
            for command in commands:
                visa.write(command)
            return _complaints(visa, errors) if errors else []

        complaints = await self._in_turn(talk, len(commands) + 2)
        if complaints:
            raise ScpiError(
                Phrase(
                    "{resource}: after {commands} it reports {complaints}",
                    resource=self.access.resource,
                    commands="; ".join(commands),
                    complaints=", ".join(complaints),
                )
            )

    async def close(self) -> None:
        """Free the connection; the next conversation opens it again."""
        if self._opened is None:
            return
        with suppress(ScpiError):
            await self._in_turn(lambda visa: visa.close(), 1)
        self._opened = None

    async def _in_turn(self, talk: Callable[[Any], Result], steps: int) -> Result:
        """The result of `talk`, run in a thread; `steps` is the number of times it may wait for VISA's time-out."""
        async with self._turn:
            # An instrument that is silent fails its first step, which ends the talk; opening it is a step, too.
            limit_s = self.access.timeout * (1 + steps) + GRACE_S
            answer = asyncio.get_running_loop().create_future()
            thread = _Thread(self, talk, answer)
            thread.start()
            try:
                async with asyncio.timeout(limit_s):
                    return await answer  # type: ignore[no-any-return]
            except TimeoutError:
                self._opened = None
                raise ScpiError(
                    Phrase(
                        "{resource}: {library} hangs for {limit_s:g} s",
                        resource=self.access.resource,
                        library=self.access.library,
                        limit_s=limit_s,
                    )
                ) from None
            except asyncio.CancelledError:
                self._opened = None  # the thread may still be using it
                raise

    def _open(self) -> Any:
        """The opened resource; called in a thread."""
        import pyvisa

        manager = pyvisa.ResourceManager(self.access.library)
        milliseconds = round(1000 * self.access.timeout)
        visa: Any = manager.open_resource(self.access.resource, open_timeout=milliseconds)
        visa.timeout = milliseconds
        visa.read_termination = visa.write_termination = "\n"
        if self.access.baud is not None:
            visa.baud_rate = self.access.baud
        return visa


class _Thread(threading.Thread):
    """One conversation. A daemon, so that one that hangs does not keep the process from ending."""

    def __init__(self, session: Session, talk: Callable[[Any], Any], answer: asyncio.Future[Any]) -> None:
        super().__init__(name=f"scpi {session.access.resource}", daemon=True)
        self._session, self._talk, self._answer = session, talk, answer
        self._loop = answer.get_loop()
        self._visa = session._opened

    def run(self) -> None:
        try:
            if self._visa is None:
                self._visa = self._session._open()
            found = self._talk(self._visa)
        # Backends raise what they like: VisaIOError, OSError, ValueError, KeyError, what their parsers raise.
        except Exception as error:
            what = str(error) or type(error).__name__
            with suppress(Exception):
                if self._visa is not None:
                    self._visa.close()
            self._tell(None, None, ScpiError(f"{self._session.access.resource}: {what}"))
        else:
            self._tell(self._visa, found, None)

    def _tell(self, visa: Any, found: Any, error: ScpiError | None) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._finish, visa, found, error)

    def _finish(self, visa: Any, found: Any, error: ScpiError | None) -> None:
        if self._answer.done():  # nobody waits any more; the connection is not this session's any more
            return
        self._session._opened = visa
        if error is not None:
            self._answer.set_exception(error)
        else:
            self._answer.set_result(found)


def check_installed(access: Visa) -> None:
    """See that PyVISA and its backend are there.

    Raises:
        ValueError: one is missing; the message gives the command that installs it.
    """
    backend = {"py": "pyvisa_py", "sim": "pyvisa_sim"}.get(access.library.rpartition("@")[2], "")
    for package in ("pyvisa", backend):
        if package and importlib.util.find_spec(package) is None:
            extra = "pyvisa-sim" if package == "pyvisa_sim" else "'twinfeed[rig]'"
            raise ValueError(
                Phrase(
                    "{resource}: needs {package}: pip install {extra}",
                    resource=access.resource,
                    package=package.replace("_", "-"),
                    extra=extra,
                )
            )


def _complaints(visa: Any, errors: str) -> list[str]:
    """The different entries of the error queue, the oldest first. `0,"No error"` ends it (SCPI-99 §21.8)."""
    found: dict[str, None] = {}
    for _ in range(MOST_ERRORS):
        entry = str(visa.query(errors)).strip()
        with suppress(ValueError):
            if float(entry.partition(",")[0]) == 0:
                break
        found[entry] = None
    return list(found)
