"""Owners of tasks: what a task starts belongs to the owner of the task, through the context of asyncio.

Tasks, timers and callbacks run in a copy of the context in which they were made, and so do the callbacks of a
connection. An owner can therefore be stopped as a whole, with everything that it has left running.
"""

from __future__ import annotations

import asyncio
from contextvars import Context, ContextVar, copy_context
from typing import Protocol

STOPPING_S = 60.0
"""Time that cancelled tasks of an owner have to end, s of the loop's time."""

ROUNDS = 100
"""The number of times that something that is stopped may start something else as it ends."""

_OWNER: ContextVar[object | None] = ContextVar("twinfeed_owner", default=None)


class WillNotStop(RuntimeError):
    """A task ignores its cancellation. The message names it."""


class OwnersLoop(Protocol):
    """The methods of a loop for owners."""

    def tasks_of(self, owner: object) -> list[asyncio.Task[object]]:
        """Its tasks that have not ended."""

    def cut(self, owner: object) -> bool:
        """Cancel its timers and callbacks and abort its connections; returns whether there were any."""


def context_of(owner: object) -> Context:
    """The current context, for code that belongs to `owner`."""
    context = copy_context()
    context.run(_OWNER.set, owner)
    return context


def current_owner() -> object | None:
    return _OWNER.get()


def owner_in(context: Context | None) -> object | None:
    return None if context is None else context.get(_OWNER)


async def stop(loop: OwnersLoop, owner: object) -> None:
    """End the tasks of `owner`, then its timers, callbacks and connections, until nothing of it is left.

    The `finally` blocks of the tasks run.

    Raises:
        WillNotStop: a task does not end within `STOPPING_S`, or what ends starts something else for ever.
    """
    for _ in range(ROUNDS):
        if tasks := loop.tasks_of(owner):
            for task in tasks:
                task.cancel()
            _, going_on = await asyncio.wait(tasks, timeout=STOPPING_S)
            if going_on:
                names = ", ".join(sorted(task.get_name() for task in going_on))
                raise WillNotStop(f"cancelled {STOPPING_S:g} s ago and still running: {names}")
        elif not loop.cut(owner):
            return
        await asyncio.sleep(0)
    raise WillNotStop(f"stopped {ROUNDS} times, and each time it started something else")
