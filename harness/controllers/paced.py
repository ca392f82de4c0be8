"""A controller in the live world, on its own event loop, which runs at the speed of the site.

At `--speed 20` its `asyncio.sleep(60)` takes three seconds of the clock, as libfaketime does it for programs. Its
sockets are real; each of its timeouts is as much shorter.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Callable

from twinfeed.harness.controllers.in_process import InProcess, Main
from twinfeed.harness.virtual.strict import StrictLoop

STOPPING_S = 60.0
"""Time that a controller has to end, s of the site's clock."""


class PacedLoop(StrictLoop, asyncio.SelectorEventLoop):
    """An event loop on which `speed` seconds pass in one of the clock. Errors that nothing awaits do not end it, but
    go to `report`, since it is the run of the test that has to end."""

    def __init__(self, speed: float, report: Callable[[BaseException], None]) -> None:
        self._speed, self._report = speed, report
        super().__init__(_Selector(speed))

    def time(self) -> float:
        return super().time() * self._speed

    def end_with(self, error: BaseException) -> None:
        self._report(error)


class _Selector(selectors.DefaultSelector):
    """A selector that divides its timeouts by the speed."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / self._speed)


class Paced(InProcess):
    """A coroutine function as the controller of a live site of that speed, in its own thread."""

    def __init__(self, main: Main, name: str, speed: float) -> None:
        super().__init__(main, name)
        self._speed = speed
        self._ended: asyncio.Future[None] | None = None
        self._loop: PacedLoop
        self._thread: threading.Thread

    async def restart(self) -> None:
        if self._ended is None:
            self._stopping = False
            self._loop = PacedLoop(self._speed, _reporting_to(asyncio.get_running_loop()))
            self._thread = threading.Thread(target=self._loop.run_forever, name=f"controller {self.name}", daemon=True)
            self._thread.start()
            self._ended = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._run(), self._loop))

    async def stop(self) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            self._stopping = True
            ended.cancel()
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop))
            self._loop.call_soon_threadsafe(self._loop.stop)
            await asyncio.to_thread(self._thread.join)
            self._loop.close()
            try:
                self._loop.raise_failures()
            except BaseException as error:
                _reporting_to(asyncio.get_running_loop())(error)

    @property
    def ended(self) -> asyncio.Future[None] | None:
        return self._ended


def _reporting_to(test: asyncio.AbstractEventLoop) -> Callable[[BaseException], None]:
    """A callback that ends the run of the test with an error, from any thread."""

    def report(error: BaseException) -> None:
        if test.is_closed():
            return
        if isinstance(test, StrictLoop):
            test.call_soon_threadsafe(test.end_with, error)
        else:
            context = {"message": "the controller under test has failed", "exception": error}
            test.call_soon_threadsafe(test.call_exception_handler, context)

    return report


async def _cancel_all() -> None:
    """Cancel all other tasks of this loop and wait for their end, but not for one that ignores its cancellation."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=STOPPING_S)
