"""While a simulated loop runs, `time` shows its time: libraries and controllers that ask the clock get the site's.

`time.time`, `time.monotonic` and their like are replaced for as long as a simulated world is up, and answer with
virtual time only inside such a world's loop; all other code (pytest, Hypothesis, other threads) still gets the
machine's time. A module that imports one of these functions by name in the meantime, as controllers do, keeps a
function that works in the next world too. pysnmp keeps references of its own to `time.time` for its retransmissions,
and numbers its messages from a random start; both are replaced by name, and a name that is missing is an error.

`datetime.now` is not replaced: it reads the machine's clock without `time`.
"""

from __future__ import annotations

import sys
import time
from asyncio.events import _get_running_loop
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial, reduce
from importlib.metadata import version
from importlib.util import find_spec
from itertools import count
from typing import TypeVar
from unittest.mock import patch

from twinfeed.harness.virtual.loop import VirtualLoop

EPOCH_S = 1768482000.0
"""The value of `time.time` at t = 0 s of a simulated world: 2026-01-15 13:00 UTC; a site's day begins at 13 h."""

Number = TypeVar("Number", int, float)

_real_sleep = time.sleep


def _asking(virtual: Callable[[VirtualLoop], Number], real: Callable[[], Number]) -> Callable[[], Number]:
    """A clock: that of the loop inside a simulated one, else that of the machine."""

    def clock() -> Number:
        loop = _get_running_loop()
        return virtual(loop) if isinstance(loop, VirtualLoop) else real()

    return clock


def _sleep(seconds: float) -> None:
    loop = _get_running_loop()
    if isinstance(loop, VirtualLoop):
        loop.outside(f"time.sleep({seconds:g}), which stops everything (use `await asyncio.sleep`),")
    _real_sleep(seconds)


_time = _asking(lambda loop: EPOCH_S + loop.time(), time.time)

CLOCKS = (
    (time, "time", _time),
    (time, "time_ns", _asking(lambda loop: int((EPOCH_S + loop.time()) * 1e9), time.time_ns)),
    (time, "monotonic", _asking(lambda loop: loop.time(), time.monotonic)),
    (time, "monotonic_ns", _asking(lambda loop: int(loop.time() * 1e9), time.monotonic_ns)),
    (time, "sleep", _sleep),
)
"""Whose name is replaced, and by what."""

REQUIRED = "pysnmp>=7.1.20,<8"
"""The versions of pysnmp that twinfeed depends on; all that were tried have the names below."""

HOLDERS = ("pysnmp.carrier.asyncio.dispatch", "pysnmp.hlapi.v1arch.dispatch")
"""Modules that hold `time.time` under the name `time`."""

NUMBERED = (
    ("pysnmp.proto.api.v1", "getNextRequestID"),
    ("pysnmp.proto.api.v2c", "getNextRequestID"),
    ("pysnmp.entity.rfc3413.cmdgen", "getNextHandle"),
    ("pysnmp.entity.rfc3413.ntforg", "getNextHandle"),
    ("pysnmp.proto.mpmod.cache", "Cache._Cache__message_id"),
    ("pysnmp.proto.mpmod.cache", "Cache._Cache__state_reference"),
    ("pysnmp.proto.secmod.cache", "Cache._Cache__state_reference"),
)
"""The counters of pysnmp's messages, from a start it draws when it is imported; here they count from 1, so that the
same run has the same octets."""


class LibraryChanged(RuntimeError):
    """A name that a simulated run replaces in a library is not there; the message names the library's version."""


@contextmanager
def virtual_time() -> Iterator[None]:
    """Inside the block, code that runs in a simulated loop gets that loop's time.

    Raises:
        LibraryChanged: the pysnmp that is loaded does not have a name that has to be replaced.
    """
    with ExitStack() as stack:
        for owner, name, clock in CLOCKS:
            stack.enter_context(patch.object(owner, name, clock))
        for holder in filter(_is_loaded, HOLDERS):
            stack.enter_context(patch.object(*_place(holder, "time"), _time))
        for module, name in NUMBERED:
            if _is_loaded(module):
                stack.enter_context(patch.object(*_place(module, name), partial(next, count(1))))
        yield


def _is_loaded(module: str) -> bool:
    """True if the module is loaded; one that is imported later takes the replaced functions of `time` by itself.

    Raises:
        LibraryChanged: its package is loaded and has no such module.
    """
    if module in sys.modules:
        return True
    if module.rpartition(".")[0] in sys.modules and find_spec(module) is None:
        raise _changed(module)
    return False


def _place(module: str, name: str) -> tuple[object, str]:
    """The object that has the last part of a dotted name in a module, and that part.

    Raises:
        LibraryChanged: the module has no such name.
    """
    *owners, attribute = name.split(".")
    try:
        owner: object = reduce(getattr, owners, sys.modules[module])
        getattr(owner, attribute)
    except AttributeError:
        raise _changed(f"{module}.{name}") from None
    return owner, attribute


def _changed(name: str) -> LibraryChanged:
    library = name.partition(".")[0]
    return LibraryChanged(
        f"{library} {version(library)} has no {name}, which a simulated run replaces so that it has the site's time "
        f"and the same octets each time; install a version that has it: pip install '{REQUIRED}'"
    )
