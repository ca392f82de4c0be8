"""Substitutes, during a simulated run, for ways out that are open already."""

from __future__ import annotations

import _thread
import functools
import os
import select
import selectors
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NoReturn, Protocol

Way = tuple[Any, str, Callable[[Any], Any]]
"""The owner of a function, its name there, and what makes its substitute of it."""


class Simulation(Protocol):
    """The loop of a simulated run."""

    def outside(self, what: str, where: str = "") -> NoReturn:
        """Refuse that, and end the run."""

    def end_with(self, error: BaseException) -> None:
        """End the run with that error."""


class Guard(Protocol):
    """The judge of each use: the module `guard`."""

    LOGS: frozenset[str]
    """Local sockets of the system's log."""

    def simulation(self) -> Simulation | None:
        """The simulation that the current thread belongs to."""

    def refuse(self, inside: Simulation, what: str) -> None:
        """End the run with that, unless a friend asks for it."""

    def refused_descriptor(self, fd: Any, name: str) -> str:
        """The use of that descriptor that is refused, empty if it is harmless."""

    def adopt(self, thread: threading.Thread) -> None:
        """A thread that the simulation starts belongs to it."""

    def belongs(self, thread: threading.Thread) -> bool:
        """True if a simulation has started that thread."""


SOCKET_METHODS = (
    "send", "sendall", "sendfile", "sendmsg", "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg",
    "recvmsg_into", "accept", "listen", "shutdown",
)  # fmt: skip
"""Methods that raise no audit event."""

SSL_METHODS = ("read", "write", "send", "sendall", "recv", "recv_into", "do_handshake")

DESCRIPTORS = ("read", "write", "readv", "writev", "sendfile", "splice")
"""Functions of `os` whose first argument is a descriptor."""


def ways(guard: Guard) -> Iterator[Way]:
    """Everything that is replaced, of the modules that are loaded; the substitutes ask `guard`."""
    for name in SOCKET_METHODS:
        yield socket.socket, name, partial(_method, guard, f"socket.{name}")
    if (ssl := sys.modules.get("ssl")) is not None:
        for name in SSL_METHODS:
            yield ssl.SSLSocket, name, partial(_method, guard, f"ssl.SSLSocket.{name}")
    for name in DESCRIPTORS:
        if hasattr(os, name):
            yield os, name, partial(_on_descriptor, guard, f"os.{name}")
    for name in ("select", "poll", "epoll", "kqueue"):
        if hasattr(select, name):
            yield select, name, partial(_always, guard, f"select.{name}: waiting for real sockets")
    for name in ("SelectSelector", "PollSelector", "EpollSelector", "KqueueSelector", "DevpollSelector"):
        if hasattr(selectors, name):
            yield (
                getattr(selectors, name),
                "select",
                partial(_always, guard, f"{name}.select: waiting for real sockets"),
            )
    yield socket, "getnameinfo", partial(_naming, guard)
    yield threading.Thread, "start", partial(_starting, guard)
    yield threading, "excepthook", partial(_dying, guard)
    for name in ("start_new_thread", "start_new"):  # `threading` has references of its own
        if hasattr(_thread, name):
            yield _thread, name, partial(_always, guard, f"_thread.{name}: a thread")
    yield ThreadPoolExecutor, "submit", partial(_pool, guard)
    if (connection := sys.modules.get("multiprocessing.connection")) is not None:
        for name in ("_send", "_recv"):
            yield connection.Connection, name, partial(_always, guard, "multiprocessing: another process")
    if (forking := sys.modules.get("_posixsubprocess")) is not None:
        yield forking, "fork_exec", partial(_always, guard, "fork_exec: another process (try --world live)")
    if (uvloop := sys.modules.get("uvloop")) is not None:
        for name in ("run_forever", "run_until_complete", "call_soon_threadsafe"):
            yield uvloop.Loop, name, partial(_always, guard, f"uvloop.Loop.{name}: a loop of real sockets")


def _always(guard: Guard, what: str, real: Any) -> Callable[..., Any]:
    @functools.wraps(real, updated=())
    def way(*args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        inside = guard.simulation()
        if inside is not None:
            guard.refuse(inside, what)
        return real(*args, **options)

    return way


def _method(guard: Guard, name: str, real: Any) -> Callable[..., Any]:
    @functools.wraps(real, updated=())
    def way(self: Any, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        inside = guard.simulation()
        if inside is not None and (peer := _peer(self)) not in guard.LOGS:
            guard.refuse(inside, f"{name}({peer!r}): a real socket")
        return real(self, *args, **options)

    return way


def _on_descriptor(guard: Guard, name: str, real: Any) -> Callable[..., Any]:
    @functools.wraps(real, updated=())
    def way(fd: Any, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        inside = guard.simulation()
        if inside is not None and (what := guard.refused_descriptor(fd, name)):
            guard.refuse(inside, what)
        return real(fd, *args, **options)

    return way


def _starting(guard: Guard, real: Any) -> Callable[..., Any]:
    """A thread that a simulation starts belongs to it; Python 3.11 has no audit event for it."""

    @functools.wraps(real, updated=())
    def way(self: threading.Thread) -> None:
        guard.adopt(self)
        real(self)

    return way


def _naming(guard: Guard, real: Any) -> Callable[..., Any]:
    """The name of a numeric address is looked up unless the caller wants numbers; the audit event has no flags."""

    @functools.wraps(real, updated=())
    def way(address: Any, flags: int) -> Any:
        __tracebackhide__ = True
        inside = guard.simulation()
        if inside is not None and not flags & socket.NI_NUMERICHOST:
            guard.refuse(inside, f"socket.getnameinfo({address!r}): a look-up in the real network")
        return real(address, flags)

    return way


def _dying(guard: Guard, real: Any) -> Callable[..., Any]:
    """An exception in a thread of the simulation ends the run, like one in a task that is not awaited."""

    def way(args: Any) -> None:
        inside, error = guard.simulation(), args.exc_value
        if inside is None or error is None or isinstance(error, SystemExit):
            real(args)
        else:
            error.add_note(f"It was raised in the thread {threading.current_thread().name!r}.")
            inside.end_with(error)

    return way


def _pool(guard: Guard, real: Any) -> Callable[..., Any]:
    """A pool whose threads ran before the simulation would carry its orders outside."""

    @functools.wraps(real, updated=())
    def way(self: Any, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        inside = guard.simulation()
        if inside is not None and any(not guard.belongs(thread) for thread in self._threads):
            guard.refuse(inside, "ThreadPoolExecutor.submit: a thread that was there before the run")
        return real(self, *args, **options)

    return way


def _peer(real: socket.socket) -> object:
    try:
        return real.getpeername()
    except OSError:
        return "not connected"
