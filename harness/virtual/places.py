"""The places where tasks wait and coroutines stand, as text."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


def waits(loop: asyncio.AbstractEventLoop) -> str:
    """A line for each unfinished task: its name and where it waits."""
    tasks = sorted(asyncio.all_tasks(loop), key=lambda task: task.get_name())
    return "\n".join(f"  {task.get_name()}: {place(task.get_coro())}" for task in tasks) or "  (no task is left)"


def place(coroutine: Coroutine[Any, Any, Any] | Any) -> str:
    """The place where a coroutine waits, innermost first: `read in handle.py:52, called by test_x in test_a.py:9`."""
    frames = []
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None:
            code = frame.f_code
            frames.append(f"{code.co_qualname} in {code.co_filename.rpartition('/')[2]}:{frame.f_lineno}")
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return ", called by ".join(reversed(frames)) or "finished"
