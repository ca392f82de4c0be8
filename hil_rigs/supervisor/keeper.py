"""Bringing a bench to its safe state and keeping it there, for as long as this process lives.

The supervisor, its guard, a test run that lost both and `rig safe` all use this. A round moves every actuator in the
order of de-energising and reads all of them back. What failed has a second round at once, then another after each
pause, which grows from `FIRST_PAUSE_S` to `LONGEST_PAUSE_S`. Once all were read back safe they are read again every
`WATCH_S`; whatever has left its safe position, or cannot be read, is acted on at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from twinfeed.hil_rigs.emergency.life import Event
from twinfeed.hil_rigs.emergency.mark import Mark
from twinfeed.hil_rigs.supervisor.moves import Moves, Tell

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
"""Between two rounds over what failed, s: it doubles from the first to the longest."""

WATCH_S = 2.0
"""The period at which the positions of a safe bench are read back, s: somebody presses a key, a PDU restarts."""

AT_ONCE = 2
"""So many rounds follow each other without a pause."""

Quiet = Callable[[], AbstractAsyncContextManager[None]]
"""While a round lasts nothing else may use the lines."""


class Keeper:
    """Keeps the bench of that mark safe as `who`. `changed` is called whenever its life has changed."""

    def __init__(
        self, mark: Mark, moves: Moves, tell: Tell, who: str, changed: Callable[[], None] = lambda: None,
        quiet: Quiet = nullcontext,
    ) -> None:  # fmt: skip
        self.mark, self.moves = mark, moves
        self._tell, self._who, self._changed, self._quiet = tell, who, changed, quiet
        self._failed: dict[str, str] = {}
        self._begun = self._ended = 0
        """Rounds, of all."""
        self._rounds = 0
        """Since the bench was last safe, or somebody asked for it to be made safe."""
        self._seen = False
        """Every actuator was read back safe since somebody asked for it."""
        self._progress = asyncio.Event()
        """Set, and replaced, whenever a round or a check is over."""
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._told: tuple[str, ...] = ()

    async def make_safe(self, rounds: int = 1) -> tuple[str, ...]:
        """Wait until the bench is safe, or so many rounds have not sufficed; what is not safe then. Keeping goes on.

        The bench is on its way there (`become` "trip" or "take over"), or kept already: then it is acted on at once.
        """
        self._seen = False
        if self._task is None or self._task.done():
            self._rounds, self._failed, self._told = 0, {}, ()
            self._task = asyncio.create_task(self._keep(), name="keeper")
        else:
            self._rounds = 0
            self._wanted.set()
        enough = self._begun + rounds
        while not self._seen and self._ended < enough:
            over = asyncio.create_task(self._progress.wait())
            await asyncio.wait({over, self._task}, return_when=asyncio.FIRST_COMPLETED)
            over.cancel()
            if self._task.done():
                self._task.result()  # a mistake of ours is not taken for a safe bench
                break
        return self.mark.life.failed

    def tell(self, who: str, what: str, /, **data: object) -> None:
        """A line of the record."""
        self._tell(who, what, **data)

    @property
    def keeping(self) -> bool:
        return self._task is not None and not self._task.done()

    async def until_safe(self) -> None:
        """Wait until every actuator has been read back safe."""
        while self.mark.life.state != "safe":
            await asyncio.sleep(FIRST_PAUSE_S / 10)

    async def stop(self) -> None:
        """Keep it no longer: another takes over, or a person resets the bench."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def _keep(self) -> None:
        while True:
            match self.mark.life.state:
                case "making safe":
                    await self._round()
                case "not safe":
                    await self._pause()
                    if self.mark.life.state == "not safe":  # a person may have reset it meanwhile
                        self.become("try again")
                case "safe":
                    await self._wait(WATCH_S)
                    await self._watch()
                case _:
                    return

    async def _round(self) -> None:
        started_s = _now()
        self._begun += 1
        async with self._quiet() if self._rounds < AT_ONCE else nullcontext():
            self._failed = await self.moves.to_safe(self._failed or None, patient=self._rounds > 0)
        self._ended = self._begun
        self._rounds += 1
        if self.mark.life.state != "making safe":
            return
        failed = tuple(f"{name}: {reason}" for name, reason in self._failed.items())
        took_s = round(_now() - started_s, 3)
        if failed:
            self.become("fail", failed=failed)
            if failed != self._told:
                self._tell(self._who, "is not safe", failed=list(failed), took_s=took_s, rounds=self._rounds)
        else:
            self.become("seen safe")
            self._tell(self._who, "is safe", took_s=took_s, **({"rounds": self._rounds} if self._rounds > 1 else {}))
            self._rounds = 0
        self._told, self._seen = failed, not failed
        self._over()

    def _over(self) -> None:
        over, self._progress = self._progress, asyncio.Event()
        over.set()

    async def _pause(self) -> None:
        more = self._rounds - AT_ONCE
        if more < 0:
            return
        await self._wait(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(more, 10)))

    async def _wait(self, longest_s: float) -> None:
        """Until the bench is to be made safe now. (`wait_for` of Python 3.11 may swallow a cancellation.)"""
        wanted = asyncio.create_task(self._wanted.wait())
        try:
            await asyncio.wait({wanted}, timeout=longest_s)
        finally:
            wanted.cancel()
        self._wanted.clear()

    async def _watch(self) -> None:
        """Read all positions; act when one is not as it must be."""
        left = await self.moves.not_safe()
        if left and self.mark.life.state == "safe":
            self._failed = left
            failed = tuple(f"{name}: {reason}" for name, reason in left.items())
            self.become("leave", failed=failed)
            self._tell(self._who, "has left the safe state", found=list(failed))
            self._told = ()
        elif not left:
            self._confirm()
            self._seen = True
            self._over()

    def _confirm(self) -> None:
        """Another keeper that took this one for dead, and has ended since, may have left another life on the disk."""
        try:
            self.mark.confirm()
        except OSError as error:
            self._tell(self._who, "could not note the state of the bench", why=str(error))

    def become(self, event: Event, *, why: str = "", failed: tuple[str, ...] = (), by: str = "") -> None:
        """The next life of the bench, on the disk and sent; a disk that is full keeps no bench from being made safe."""
        try:
            self.mark.become(event, why=why, failed=failed, by=by)
        except OSError as error:
            self._tell(self._who, "could not note the state of the bench", why=str(error))
        self._changed()


def _now() -> float:
    return asyncio.get_running_loop().time()
