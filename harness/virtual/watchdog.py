"""A watchdog for event loops: a callback that never yields is stopped and named, with its stack.

A thread checks the progress of each loop that runs. It interrupts a loop in the main thread with a signal, which also
ends waiting for a lock; one in another thread with an exception, which arrives at the next Python instruction.
"""

from __future__ import annotations

import asyncio
import ctypes
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Protocol

PATIENCE_S = 60.0
"""Default limit for the work of one instant of simulated time, s of the machine's clock: a thousand times
what the busiest instant of the Bamako site takes."""

INTERRUPT = signal.SIGVTALRM
"""The signal that interrupts the main thread; nothing else uses it, and it is no error when it comes late."""

NAME = "twinfeed watchdog"
"""The name of its thread."""

AGAIN_S = 1.0
"""Time, s of the machine's clock, after which a loop that still does not yield is interrupted again."""

IDLE_S = 5.0
"""The thread ends when it has had nothing to watch for so long, s."""

DEBUGGERS = frozenset({"pdb", "bdb", "IPython", "debugpy", "_pydevd_bundle", "pydevd", "pudb", "ipdb"})
"""Modules of debuggers: while one of them runs, a human thinks."""

FRAMES = 12
"""So many of the innermost frames are printed."""


class Watchable(Protocol):
    """An event loop that can be watched."""

    patience_s: float

    def progress(self) -> float:
        """A number that changes while the loop gets on."""

    def end_with(self, error: BaseException) -> None:
        """End the run with that error."""

    def waits(self) -> str:
        """A line for each unfinished task."""


class Stuck(BaseException):
    """The code under test does not let the simulated world go on. No `Exception`, so that `except Exception` in a loop
    of the code under test does not swallow it."""

    @classmethod
    def at(cls, loop: Watchable, frame: FrameType | None) -> Stuck | None:
        """With the stack at that frame; None if it belongs to a debugger."""
        chain = []
        while frame is not None:
            if str(frame.f_globals.get("__name__", "")).partition(".")[0] in DEBUGGERS:
                return None
            if frame.f_globals.get("__name__") == "asyncio.events" and frame.f_code.co_name == "_run":
                break
            chain.append((frame, frame.f_lineno))
            frame = frame.f_back
        stack = "".join(traceback.StackSummary.extract(iter(reversed(chain[:FRAMES]))).format())
        where = f"it stands in\n{stack.rstrip()}" if stack else "it only lets others have their turn"
        return cls(
            f"{_who(loop)} has not let anything else go on for {loop.patience_s:g} s of the machine's clock, at "
            f"t={_now_s(loop):.3f} s; {where}\ntasks:\n{loop.waits()}\n"
            "an `await` that waits lets time pass; `--watchdog SECONDS` allows more, 0 for ever"
        )


def _who(loop: Watchable) -> str:
    task = None
    if isinstance(loop, asyncio.AbstractEventLoop):
        try:
            task = asyncio.current_task(loop)
        except RuntimeError:  # another thread's
            task = None
    return f"the task {task.get_name()!r}" if task is not None else "a callback"


def _now_s(loop: Watchable) -> float:
    return loop.time() if isinstance(loop, asyncio.AbstractEventLoop) else 0.0


@dataclass
class Watch:
    """One loop that is watched, in the thread in which it runs."""

    loop: Watchable
    thread: int
    patience_s: float
    seen: float = -1.0
    since_s: float = field(default_factory=time.monotonic)
    interruptions: int = 0

    def check(self, now_s: float) -> None:
        """Interrupt the loop if it has not got on for too long."""
        progress = self.loop.progress()
        if progress != self.seen:
            self.seen, self.since_s, self.interruptions = progress, now_s, 0
        elif now_s - self.since_s >= self.patience_s + AGAIN_S * self.interruptions:
            self.interruptions += 1
            self.interrupt()

    def interrupt(self) -> None:
        if self.thread == threading.main_thread().ident:
            signal.pthread_kill(self.thread, INTERRUPT)
            return
        import sys

        stuck = Stuck.at(self.loop, sys._current_frames().get(self.thread))
        if stuck is not None:
            self.loop.end_with(stuck)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.thread), ctypes.py_object(Stuck))


_changed = threading.Condition()
_watches: list[Watch] = []
_threads: list[threading.Thread] = []
"""The thread that watches, if there is one."""


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Inside, that loop is watched."""
    with _changed:
        _watches.append(watch)
        if not any(thread.is_alive() for thread in _threads):
            _threads[:] = [threading.Thread(target=_watch, name=NAME, daemon=True)]
            _threads[0].start()
        _changed.notify()
    try:
        yield
    finally:
        with _changed:
            _watches.remove(watch)


def _watch() -> None:
    idle_since_s = time.monotonic()
    while True:
        with _changed:
            now_s = time.monotonic()
            for watch in _watches:
                watch.check(now_s)
            if _watches:
                idle_since_s = now_s
            elif now_s - idle_since_s > IDLE_S:
                _threads.clear()
                return
            soonest_s = min((watch.patience_s for watch in _watches), default=IDLE_S)
            _changed.wait(min(1.0, max(0.05, soonest_s / 4.0)) if _watches else IDLE_S + 0.1)
