"""The orders of a test run: faults and writes, which a trip cuts short, and which are undone at the end of a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, TypeVar

from twinfeed._phrases import Phrase
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.plant.people.deeds import Outcome
from twinfeed.harness.transports import DeviceHandle
from twinfeed.harness.transports.errors import TransportError
from twinfeed.hil_rigs.actuators.base import ActuatorFailed
from twinfeed.hil_rigs.dialogue import Dialogue, NobodyThere, Question
from twinfeed.hil_rigs.evidence.logbook import plain
from twinfeed.hil_rigs.supervisor.moves import Denied, Moves, Tell

DEED_S = 300.0
"""The longest time that a person may take for a deed of a test, s."""

CUT_SHORT_S = 0.2
"""So long a move that is cut short may take to end before the way to the safe state begins all the same, s."""

Done = TypeVar("Done")


class Orders:
    """Orders to the bench of that name. `tripped` returns why it is in its safe state, empty if it is not."""

    def __init__(
        self,
        bench: str,
        handles: Mapping[str, DeviceHandle],
        moves: Moves,
        tell: Tell,
        tripped: Callable[[], str],
        people: Dialogue,
    ) -> None:
        self._bench, self._handles, self._moves, self._tell, self._tripped = bench, handles, moves, tell, tripped
        self._people = people
        self._before: dict[tuple[str, str], Value | None] = {}
        """(device, point) a test has written -> the value before, None if that is unknown."""
        self._under_way: set[asyncio.Future[Any]] = set()

    async def apply(self, target: str, kind: str, parameters: Mapping[str, float]) -> None:
        """Cause a fault. Raises Denied, ActuatorFailed."""
        await self._moving(self._moves.apply(target, kind, parameters))

    async def lift(self, target: str, kind: str) -> None:
        """End a fault. Raises Denied, ActuatorFailed."""
        if not self._tripped():
            await self._moving(self._moves.lift(target, kind))

    async def write(self, device: str, point: str, value: Value) -> None:
        """Write a point of a device; what was there before is put back by `undo`.

        Raises:
            Denied, TransportError, ValueError: as the handle raises them.
        """
        await self._moving(self._write(self.handle(device), point, value))

    async def _write(self, handle: DeviceHandle, point: str, value: Value) -> None:
        if (handle.name, point) not in self._before:
            try:
                reading = await handle.read(point)
                self._before[handle.name, point] = None if reading.unknown else reading.value
            except TransportError:
                self._before[handle.name, point] = None
        await handle.write(point, value)
        self._tell(handle.name, "was written", point=point, value=value)

    async def read(self, device: str, points: Iterable[str]) -> list[dict[str, Any]]:
        """Points of a device, as JSON values. Raises Denied, TransportError."""
        readings = await self.handle(device).read_many(points)
        return [
            {**vars(reading), "value": plain(reading.value), "raw": plain(reading.raw)} for reading in readings.values()
        ]

    def handle(self, device: str) -> DeviceHandle:
        """Raises Denied."""
        if device not in self._handles:
            raise Denied(
                Phrase(
                    "{rig} has no device {device!r}; it has: {handles}",
                    rig=self._bench,
                    device=device,
                    handles=", ".join(self._handles),
                )
            )
        return self._handles[device]

    async def deed(self, target: str, deed: str, text: str) -> Outcome:
        """Ask the person at the bench to do a deed; `text` is the instruction. What came of it is their word.

        Raises:
            Denied: nobody can be asked, or the bench has tripped meanwhile.
        """
        outcome = await self._moving(self._asked(target, text))
        self._tell(target, "deed", deed=deed, outcome=outcome.word, why=outcome.reason)
        return outcome

    async def _asked(self, target: str, text: str) -> Outcome:
        try:
            async with asyncio.timeout(DEED_S):
                answer = await self._people.ask(Question(target, text, DEED_S))
        except TimeoutError:
            return Outcome("refused", Phrase("the operator did not confirm in {timeout_s:g} s", timeout_s=DEED_S))
        except NobodyThere as error:
            raise Denied(str(error)) from None
        if answer.done:
            return Outcome("done")
        who, why = answer.person or Phrase("the operator"), answer.text or Phrase("no reason given")
        return Outcome("refused", Phrase("{who} refused: {why}", who=who, why=why))

    async def _moving(self, work: Coroutine[Any, Any, Done]) -> Done:
        """Work that is cut short by a trip."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
        error = None if task.cancelled() else task.exception()
        if tripped := self._tripped():
            raise Denied(Phrase("the bench has tripped: {tripped}", tripped=tripped)) from error
        if task.cancelled():
            raise Denied(Phrase("the move was cut short: the bench is being disarmed"))
        return task.result()

    async def cut_short(self) -> None:
        """End what is under way, so that nothing is moved away behind the back of the keeper."""
        for work in self._under_way:
            work.cancel()
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=CUT_SHORT_S)

    async def undo(self) -> None:
        """End all faults and put back what was written; a bench that has tripped meanwhile is left as it is.

        Raises:
            ActuatorFailed: something is not known to be back.
        """
        troubles: list[str] = []
        for target, kind in list(self._moves.faults):
            try:
                await self.lift(target, kind)
            except (ActuatorFailed, Denied) as error:
                troubles.append(str(error))
        for (device, point), before in self._before.items():
            if self._tripped() or before is None:
                continue
            try:
                handle = self._handles[device]
                if (await handle.read(point)).value != before:
                    await handle.write(point, before)
                    self._tell(device, "was put back", point=point, value=before)
            except (TransportError, ValueError) as error:
                self._tell(device, "was not put back", point=point, value=before, why=str(error))
        self._before.clear()
        if troubles:
            raise ActuatorFailed("; ".join(troubles))
