"""Carries out the deeds and commands of a world, and keeps what came of each.

A deed that a padlock or an interlock refuses, and a command that gets no answer, are outcomes: the journal has them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, cast

from twinfeed.emulators.plant.kernel.deeds import Argument
from twinfeed.emulators.plant.people.deeds import Outcome
from twinfeed.harness import transports
from twinfeed.harness.faults.deeds import Command, Deed
from twinfeed.harness.faults.schedule import Turn
from twinfeed.harness.unknown import Unknown

Do = Callable[[str, str, Mapping[str, Argument]], Outcome | Coroutine[Any, Any, Outcome]]
"""Does a deed (target, deed, parameters): now, or a person does it while the coroutine runs."""

WAITING = Outcome("waiting")
"""Of a deed or command that has not begun."""


class Carrying:
    """`do` does a deed now, `undo` names the deed that takes one back, `handle` gives a device, `note` writes to the
    journal, `work` runs a coroutine in the background."""

    def __init__(
        self,
        do: Do,
        undo: Callable[[str, str], str],
        handle: Callable[[str], transports.DeviceHandle],
        note: Callable[..., None],
        work: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._do, self._undo, self._handle, self._note, self._work = do, undo, handle, note, work
        self._outcomes: list[tuple[Deed | Command, Outcome]] = []
        self._before: dict[int, Argument] = {}
        """Entry -> the value that its point had before."""

    def of(self, entry: Deed | Command) -> Outcome:
        """The outcome of that very entry so far."""
        return next((outcome for known, outcome in self._outcomes if known is entry), WAITING)

    def named(self, name: str) -> Outcome:
        """The outcome of the entry of that name so far."""
        return next((outcome for known, outcome in self._outcomes if known.name == name), WAITING)

    def __call__(self, turn: Turn) -> None:
        """A deed or command begins, or is taken back."""
        if isinstance(turn.entry, Command):
            self._work(self._command(turn.number, turn.entry, turn.begins))
        elif turn.begins:
            self._keep(turn.entry, self._deed(turn.entry))
        elif self.of(turn.entry):
            entry = turn.entry
            self._keep(None, self._do(entry.where, self._undo(entry.where, entry.deed), entry.parameters))

    def _keep(self, entry: Deed | None, done: Outcome | Coroutine[Any, Any, Outcome]) -> None:
        """The outcome of an entry, None for one that is taken back."""

        async def later(doing: Coroutine[Any, Any, Outcome]) -> None:
            self._keep(entry, await doing)

        if not isinstance(done, Outcome):
            self._work(later(done))
        elif entry is not None:
            self._outcomes.append((entry, done))

    def _deed(self, entry: Deed) -> Outcome | Coroutine[Any, Any, Outcome]:
        if entry.skipped:
            self._note(entry.target, "deed", deed=entry.deed, **entry.parameters, outcome="skipped")
            return Outcome("skipped", "the person left it out")
        if entry.wrong:
            self._note(entry.target, "mistaken", deed=entry.deed, taken=entry.wrong)
        return self._do(entry.where, entry.deed, entry.parameters)

    async def _command(self, number: int, entry: Command, begins: bool) -> None:
        value, handle = entry.value, self._handle(entry.target)
        try:
            if not begins:
                if number not in self._before:
                    return
                value = self._before.pop(number)
            elif entry.for_s is not None or entry.until is not None:
                reading: transports.Reading = await handle.read(entry.point)
                if isinstance(reading.value, Unknown):
                    raise ValueError(f"its value cannot be read, so that it could not be written back: {reading.value}")
                self._before[number] = cast(Argument, reading.value)
            await handle.write(entry.point, value)
            outcome = Outcome("done")
        except (transports.TransportError, ValueError) as error:
            outcome = Outcome("refused", str(error))
        if begins:
            self._outcomes.append((entry, outcome))
        reason = {"reason": outcome.reason} if outcome.reason else {}
        self._note(entry.target, "command", point=entry.point, value=value, outcome=outcome.word, **reason)
