"""Event instruments: a device sends a trap or an inform when the quantity changes, and a heartbeat in between.

Silence is no knowledge: one `heartbeat` after the last notification of the device, whichever it was, the quantity is
unknown. A heartbeat after that does not make it known again, for the notification of a change may have been lost; a
notification of the quantity does, or a reading of `point` where the file gives one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from twinfeed._phrases import Phrase
from twinfeed.emulators.devices.firmware.domain import Domain
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.harness.transports.errors import NoAnswer
from twinfeed.harness.transports.snmp.traps import Trap, TrapReceiver
from twinfeed.harness.transports.snmp.usm import UsmUser
from twinfeed.hil_rigs.instruments.base import EventInstrument, NoReading
from twinfeed.hil_rigs.instruments.point import PointInstrument, converted
from twinfeed.hil_rigs.schema import Instrument as Section

PATIENCE_S = 60.0
"""The longest time of one wait for the receiver, s; silence is judged elsewhere."""


class Listener:
    """Receives the notifications at one address for all its event instruments."""

    def __init__(self, address: str, port: int, community: str = "public", user: UsmUser | None = None) -> None:
        self.receiver = TrapReceiver(address, port, community=community, user=user)
        self._told: dict[str, list[asyncio.Queue[Trap]]] = {}
        self._task: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    async def of(self, source: str) -> asyncio.Queue[Trap]:
        """The notifications that come from that address, from now on.

        Raises:
            OSError: the listener's own address cannot be bound.
        """
        queue: asyncio.Queue[Trap] = asyncio.Queue()
        async with self._starting:
            if self._task is None:
                await self.receiver.start()
                self._task = asyncio.create_task(self._hand_on(), name="notifications")
        self._told.setdefault(source, []).append(queue)
        return queue

    async def _hand_on(self) -> None:
        while True:
            try:
                trap = await self.receiver.next(PATIENCE_S)
            except NoAnswer:
                continue
            for queue in self._told.get(trap.source, ()):
                queue.put_nowait(trap)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            await self.receiver.stop()


class NotificationInstrument(EventInstrument):
    """The instrument of one quantity in notifications from `source`; `state` reads it where that can be read."""

    def __init__(
        self,
        quantity: str,
        section: Section,
        source: str,
        listener: Listener,
        domain: Domain | None = None,
        state: PointInstrument | None = None,
    ) -> None:
        assert section.notifications is not None and section.heartbeat is not None, "the rig file gives both"
        super().__init__(quantity, section.heartbeat, domain)
        self._section, self._source, self._listener, self._state = section, source, listener, state
        self._meanings: Mapping[str, Value] = section.notifications.values

    async def events(self) -> AsyncIterator[Value | NoReading | None]:
        try:
            told = await self._listener.of(self._source)
        except OSError as error:
            receiver = self._listener.receiver
            where = f"{receiver.address}:{receiver.port}"
            yield NoReading(
                Phrase(
                    "{quantity}: notifications cannot be received at {where}: {strerror}",
                    quantity=self.quantity,
                    where=where,
                    strerror=error.strerror or error,
                )
            )
            return
        loop = asyncio.get_running_loop()
        known, uptime_s = False, 0.0
        if self._state is not None:
            value = await self._at_rest(self._state)
            known = not isinstance(value, NoReading)
            yield value
        seen_s = loop.time()
        while True:
            trap = await told.get()
            restarted = trap.uptime_s < uptime_s
            known = known and loop.time() - seen_s <= self.known_for_s and not restarted
            seen_s, uptime_s = loop.time(), trap.uptime_s
            if trap.oid in self._meanings:
                value = self._meant(trap)
                known = not isinstance(value, NoReading)
                yield value
            elif known:
                yield None
            elif self._state is not None:
                value = await self._at_rest(self._state)
                known = not isinstance(value, NoReading)
                yield value
            else:
                lost = (
                    Phrase("was restarted")
                    if restarted
                    else Phrase("was silent for more than {known_for_s:g} s", known_for_s=self.known_for_s)
                )
                yield NoReading(
                    Phrase(
                        "{quantity}: {source} {lost}: a notification may have been lost",
                        quantity=self.quantity,
                        source=self._source,
                        lost=lost,
                    )
                )

    def _meant(self, trap: Trap) -> Value | NoReading:
        try:
            return self.possible(converted(self.quantity, self._section, self._meanings[trap.oid]))
        except NoReading as error:
            return error

    async def _at_rest(self, state: PointInstrument) -> Value | NoReading:
        try:
            return await state.read()
        except NoReading as error:
            return error

    async def read(self) -> Value:
        if self._state is not None:
            return await self._state.read()
        raise NoReading(Phrase("{quantity}: only notifications tell of it, and none has come", quantity=self.quantity))

    async def close(self) -> None:
        await self._listener.close()
