"""Reading the instruments of a bench again and again, and keeping their last values."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.hil_rigs.instruments import Batch, EventInstrument, Instrument, NoReading, batches

CANCELLED_S = 0.1
"""The time that a reading that is given up may take to end before it is reported again, s."""

CANCELLED_MOST = 10
"""The period of reports."""

Heard = Callable[[float, str, Value], None]
"""heard(t_s, quantity, value): a reading, at seconds of the monotonic clock."""
Alive = Callable[[float, str], None]
"""alive(t_s, quantity): a sign of life, at seconds of the monotonic clock: the value is what it was."""
Silent = Callable[[float, str, NoReading], None]
"""silent(t_s, quantity, why): a reading that failed, at seconds of the monotonic clock."""


class Sampling:
    """The instruments of a bench, each read at its own period; `heard` is called with every reading.

    `silent` is called with every failure, but only once for each reason until the instrument has a value again.
    """

    def __init__(self, heard: Heard, silent: Silent, alive: Alive = lambda t_s, quantity: None) -> None:
        self._heard, self._silent, self._alive = heard, silent, alive
        self.latest: dict[str, tuple[float, Value]] = {}
        """Quantity -> when it was last read, s of the monotonic clock, and what."""
        self.trips: dict[str, float] = {}
        """Quantity -> how long its last answer took, s: it was read at some time in between."""
        self.trouble: dict[str, str] = {}
        """Quantity -> why it has no value now."""
        self._told: dict[str, set[str]] = {}
        """Quantity -> the reasons that were reported since it had its last value."""
        self._instruments: dict[str, Instrument] = {}
        self._tasks: dict[Batch, asyncio.Task[None]] = {}
        self._listening: list[asyncio.Task[None]] = []

    def start(self, instruments: Iterable[Instrument]) -> None:
        """Read these too, from now on; what is read already goes on."""
        added = {i.quantity: i for i in instruments if i.quantity not in self._instruments}
        self._instruments |= added
        told = [instrument for instrument in added.values() if isinstance(instrument, EventInstrument)]
        self._begin(batches(instrument for instrument in added.values() if instrument not in told))
        self._listening += [asyncio.create_task(self._listen(instrument)) for instrument in told]

    def _begin(self, more: Iterable[Batch]) -> None:
        for batch in more:
            self._tasks[batch] = asyncio.create_task(self._read(batch))

    async def pause(self) -> None:
        """Let go of all devices at once: what is asked now is given up, until `resume`."""
        for _ in range(CANCELLED_MOST):  # a task that is cancelled just when its answer comes may go on (bpo-37658)
            running = [task for task in self._tasks.values() if not task.done()]
            if not running:
                return
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=CANCELLED_S)

    def resume(self) -> None:
        """Read again after a pause."""
        self._begin([batch for batch, task in self._tasks.items() if task.done()])

    @property
    def quantities(self) -> list[str]:
        return list(self._instruments)

    async def _listen(self, instrument: EventInstrument) -> None:
        """Take the notifications of an instrument; a pause does not stop it, for it requests nothing of the bench."""
        loop, quantity = asyncio.get_running_loop(), instrument.quantity
        try:
            async for value in instrument.events():
                if value is not None:
                    self._take(loop.time(), quantity, value)
                elif quantity in self.latest:
                    self.latest[quantity] = (loop.time(), self.latest[quantity][1])
                    self._alive(loop.time(), quantity)
        except Exception as error:  # nothing a device sends may end the watch over the bench
            self._take(loop.time(), quantity, NoReading(f"{quantity}: {type(error).__name__}: {error}"))

    async def _read(self, batch: Batch) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            asked_s = loop.time()
            try:
                values = await batch.read()
            except Exception as error:  # nothing a device answers may end the watch over the bench
                why = NoReading(f"{type(error).__name__}: {error}")
                values = dict.fromkeys(batch.quantities, why)
            for quantity, value in values.items():
                self.trips[quantity] = loop.time() - asked_s
                self._take(loop.time(), quantity, value)
            due_s = max(due_s + batch.every_s, loop.time())
            await asyncio.sleep(due_s - loop.time())

    def _take(self, now_s: float, quantity: str, value: Value | NoReading) -> None:
        if isinstance(value, NoReading):
            why = self.trouble[quantity] = str(value)
            if why not in self._told.setdefault(quantity, set()):
                self._told[quantity].add(why)
                self._silent(now_s, quantity, value)
        else:
            self.trouble.pop(quantity, None)
            self._told.pop(quantity, None)
            self.latest[quantity] = (now_s, value)
            self._heard(now_s, quantity, value)

    def value(self, quantity: str) -> Value | None:
        """The last reading; None if there is none, or it is too old to count."""
        if quantity in self.trouble or quantity not in self.latest:
            return None
        read_s, value = self.latest[quantity]
        age_s = asyncio.get_running_loop().time() - read_s
        return None if age_s > self._instruments[quantity].known_for_s else value

    async def stop(self) -> None:
        await self.pause()
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        for instrument in self._instruments.values():
            await instrument.close()
