"""Objects of one run: the garbage collector comes for them before the run is judged, and for no older ones.

What `__del__` raises, and an exception in a future that nothing awaited, become known when the collector runs. It
runs at times of its own, perhaps in a later run. While a run is set apart, objects that were there before it are
frozen (`gc.freeze`): a collection is quick, and what it finds is of this run.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from time import perf_counter

SHARE = 0.02
"""Of the time between runs and in them, collections of everything take this part at most."""


class _Past:
    """The objects from before the runs that are now separated."""

    def __init__(self) -> None:
        self.runs = 0
        self.frozen = False
        self.due_s = 0.0
        """When everything may be collected again, s of `perf_counter`: garbage of former runs would be frozen too."""


_past = _Past()


def set_apart() -> None:
    """A run begins. `rejoin` ends it."""
    _past.runs += 1
    if _past.runs > 1:
        return
    if (began_s := perf_counter()) >= _past.due_s:
        gc.collect()
        took_s = perf_counter() - began_s
        _past.due_s = began_s + took_s / SHARE
    gc.freeze()
    _past.frozen = True


def rejoin() -> None:
    """A run has ended."""
    _past.runs -= 1
    if _past.runs == 0 and _past.frozen:
        _past.frozen = False
        gc.unfreeze()


def unheard_futures(loop: asyncio.AbstractEventLoop) -> Iterator[asyncio.Future[object]]:
    """Futures of the loop, made in this run and still referenced, with an exception that was never retrieved."""
    for found in gc.get_objects():
        if not issubclass(type(found), asyncio.Future) or found.get_loop() is not loop:
            continue
        if found.done() and found._log_traceback:
            yield found
