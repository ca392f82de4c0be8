"""A site on the network in real time: the event loop's clock moves the plant, and every device answers.

    live = LiveSite(Site.load("bamako"), speed=10)
    await live.start()
    ...
    await live.stop()

The plant is paced by the event loop's clock, `speed` seconds of it for each second of the clock. A device that has
lost its power, its management switch or its path is silent, as on site.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping

from twinfeed.emulators.plant.kernel.actor import Defect, PlantError
from twinfeed.emulators.serving.openfiles import connections_allowed, raise_open_files
from twinfeed.emulators.serving.ports import ServeError
from twinfeed.emulators.serving.servers import Servers
from twinfeed.emulators.site import Site
from twinfeed.emulators.wire.pool import ConnectionPool

log = logging.getLogger(__name__)

PACE_S = 0.05
"""The period at which the plant catches up with the clock, in s of the clock."""

KEPT_A_PACE = 50
"""Devices whose settings are compared with the stored ones each PACE_S: a thousand a second."""

FIRMWARE_READS_S = 1.0
"""The period at which firmware reads quantities that wake no actor when they cross a limit, s of the clock."""

KEPT_DEFECTS = 100
"""Defects remembered, the last ones: a device that crashes at each restart must not fill the memory."""


class LiveSite(Servers):
    """Serves a site whose plant is paced by the event loop's clock, `speed` seconds of it for each second of that.

    A defect in the code of one device's firmware takes that device down (`firmware-crash`) and is logged with its
    traceback; the others go on. `journal_lines` bounds the plant's journal, whose oldest lines are then dropped (None:
    all are kept). Opening as many files as the system allows is this process's right from `start` on.
    """

    def __init__(
        self,
        site: Site,
        speed: float = 1.0,
        ports: str | int | Mapping[str, int] = "high",
        single_address: str = "127.0.0.1",
        expose: str | None = None,
        *,
        journal_lines: int | None = None,
    ) -> None:
        if not 0.0 < speed < math.inf:
            raise ServeError(f"the speed is {speed:g}, expected more than 0 (1 is real time)")
        super().__init__(site, ports, single_address, expose, streams=True)
        self.speed = speed
        self.lag_s = 0.0
        """The delay of the plant behind the clock, in its own s; it grows when the machine cannot keep up the speed."""
        self.paused = False
        """True while time does not pass; the devices answer as they stand."""
        self.until_s = math.inf
        """When the clock pauses by itself, s of the site."""
        self.stop_when: Callable[[], bool] | None = None
        """The clock pauses by itself at the first event of the plant after which this is true."""
        self.failure: Exception | None = None
        """Why the plant stopped, if it did."""
        self.open_files = (0, 0)
        """The number of files that the process was allowed to open, and the number since `start`."""
        self.defects: list[Defect] = []
        """The last `KEPT_DEFECTS` exceptions in the code of firmware, each of which crashed its device."""
        self.dropped_lines = 0
        """The number of lines that the journal has lost so far."""
        self._journal_lines = journal_lines
        self._pacer: asyncio.Task[None] | None = None

    async def start(self, progress: Callable[[str], None] = lambda name: None) -> None:
        """Bind everything and let time run.

        Raises:
            ServeError: an address cannot be bound; nothing stays bound.
        """
        self.open_files = raise_open_files()
        self._pool = ConnectionPool(connections_allowed(self.open_files[1]))
        self.site.plant.on_defect = self._note_defect
        await super().start(progress)
        self._pacer = asyncio.create_task(self._pace(), name="plant")

    def pause(self) -> None:
        """Let time pass no more. What it was to stop at is forgotten."""
        self.paused, self.until_s, self.stop_when = True, math.inf, None

    def resume(self) -> None:
        """Let time pass again, from where it stands."""
        self.pause()
        self.paused = False

    def _advance(self, goal_s: float) -> None:
        """Bring the plant to `goal_s`, or less far if the clock is to pause before."""
        plant, goal_s = self.site.plant, min(goal_s, self.until_s)
        if self.stop_when is None:
            plant.advance(goal_s)
        else:
            while plant.now < goal_s and not self.stop_when():
                plant.advance(min(goal_s, plant.next_event_s))
        if plant.now >= self.until_s or (self.stop_when is not None and self.stop_when()):
            self.pause()

    async def stop(self) -> None:
        """Stop time and free every port."""
        if self._pacer is not None:
            self._pacer.cancel()
            await asyncio.gather(self._pacer, return_exceptions=True)
            self._pacer = None
            if self.flash is not None:
                self.flash.keep()
        await super().stop()
        self.site.plant.on_defect = None

    def _note_defect(self, defect: Defect) -> None:
        self.defects.append(defect)
        del self.defects[:-KEPT_DEFECTS]
        device = defect.who.partition("/")[0]
        log.error(
            "%s: its firmware has crashed at t=%.3f s (%s); the device answers no more until it is restarted or "
            "`twinfeed clear %s` is called. The defect is in its code:",
            device,
            defect.t,
            defect.phase,
            device,
            exc_info=defect.error,
        )

    async def run(self) -> None:
        """Serve until cancelled.

        Raises:
            PlantError: the plant failed.
        """
        assert self._pacer is not None, "start() comes before run()"
        await self._pacer

    async def _pace(self) -> None:
        loop, plant = asyncio.get_running_loop(), self.site.plant
        last = loop.time()
        firmware_reads_s = last
        target = plant.now
        try:
            while True:
                await asyncio.sleep(PACE_S)
                now = loop.time()
                if self.paused:
                    target = plant.now
                else:
                    target = max(target, plant.now) + (now - last) * self.speed
                    # A slice is bounded so that clients are served while the plant catches up with a burst.
                    self._advance(min(target, plant.now + 4 * PACE_S * self.speed))
                last = now
                self.lag_s = 0.0 if self.paused else target - plant.now
                if now >= firmware_reads_s:
                    firmware_reads_s = now + FIRMWARE_READS_S
                    plant.settle()
                if self.flash is not None:
                    self.flash.keep(KEPT_A_PACE)
                self.announce()
                if self._journal_lines is not None and len(plant.journal) > 2 * self._journal_lines:
                    self.dropped_lines += len(plant.journal) - self._journal_lines
                    del plant.journal[: -self._journal_lines]
        except PlantError as error:
            self.failure = error
            raise
        except Exception as error:
            self.failure = error
            log.exception("the code of the plant failed at t=%.3f s", plant.now)
            raise PlantError(
                f"the site stopped at t={plant.now:.3f} s, since the code of the plant failed: {error!r}. This is a "
                "defect of twinfeed; please report it with the traceback above"
            ) from error
