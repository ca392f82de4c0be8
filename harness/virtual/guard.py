"""The guard of a simulated run: it refuses every way out, with its name and its place.

Two nets lie one behind the other. An audit hook (PEP 578) sees what opens a way out: connecting, binding and naming
sockets, look-ups, processes, devices, in Python's own C code too. It stays for the life of the process, and checks only
at a few events. For as long as a simulated run lasts, functions that use a way which is open already are replaced:
sending and receiving, waiting for sockets, reading and writing pipes and devices, starting threads.

Inside is the thread of the simulated loop while it runs, the body of a test of a simulated site, and each thread that
was started by one of these, for as long as it lives. Other threads are left alone: those of pytest-xdist, of a
debugger, of a server that was started before. Harmless, and let through, are

- `FRIENDS`: tools that speak with their own other half, wherever they are called from;
- what an installed library does while it is imported;
- the standard streams, `HARMLESS_DEVICES`, and the log of the machine (`LOGS`);
- numeric addresses and `localhost` in look-ups, which need no network.

What an extension module does with sockets of its own in C, without a word to Python, cannot be seen.
"""

from __future__ import annotations

import os
import stat
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from types import FrameType
from typing import Any, cast

from twinfeed.harness.virtual.watchdog import NAME as WATCHDOG
from twinfeed.harness.virtual.ways import Guard, Simulation, ways

FRIENDS = frozenset({
    "execnet", "xdist", "coverage", "debugpy", "_pydevd_bundle", "_pydev_bundle", "pydevd", "pdb", "bdb", "_pyrepl",
    "remote_pdb", "rpdb", "ipykernel",
})  # fmt: skip
"""Tools that a developer runs the test with, by the name of their package."""

HARMLESS_DEVICES = frozenset({(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0)})
"""null, zero, full, random, urandom, and the terminal the test was started in: major and minor number (Linux)."""

LOGS = frozenset({"/dev/log", "/var/run/syslog", "/run/systemd/journal/socket", "/run/systemd/journal/dev-log"})
"""Local sockets of the system's log."""

SYMBOLS = frozenset({
    "socket", "connect", "send", "sendto", "sendmsg", "bind", "system", "fork", "vfork", "execve", "posix_spawn",
    "popen",
})  # fmt: skip
"""Functions of the C library that ctypes may not look up."""

_STANDARD = sysconfig.get_path("stdlib")
_INSTALLED = ("/site-packages/", "/dist-packages/")
_MACHINERY = ("twinfeed.harness.", "twinfeed.hil_rigs.", "_pytest.", "pluggy.", "pytest_asyncio.")
_MARK, _STARTED = "_twinfeed_simulation", "_twinfeed_started"


class _Here(threading.local):
    """Which simulation the current thread is in."""

    simulation: Simulation | None = None


_here = _Here()


def simulation() -> Simulation | None:
    """The simulation that the current thread belongs to."""
    if _here.simulation is not None:
        return _here.simulation
    thread = threading._active.get(threading.get_ident())  # type: ignore[attr-defined]
    found: Simulation | None = getattr(thread, _MARK, None)
    return found


def belongs(thread: threading.Thread) -> bool:
    """True if a simulation has started the thread."""
    return hasattr(thread, _MARK)


# -- the net that stays ------------------------------------------------------------------------------------------------


def _network(name: str) -> Callable[[tuple[Any, ...]], str]:
    def check(args: tuple[Any, ...]) -> str:
        address = args[1] if len(args) > 1 else ""
        return "" if address in LOGS else f"{name}({address!r}): a real socket (use an asyncio client, or --world live)"

    return check


def _look_up(name: str) -> Callable[[tuple[Any, ...]], str]:
    def check(args: tuple[Any, ...]) -> str:
        host = args[0][0] if isinstance(args[0], tuple) else args[0]
        text = host.decode("latin-1") if isinstance(host, bytes) else host
        if text in (None, "", "localhost"):
            return ""
        try:
            ip_address(text.partition("%")[0])
        except ValueError:
            return f"{name}({text!r}): a look-up in the real network"
        return "" if name != "socket.gethostbyaddr" else f"{name}({text!r}): a look-up in the real network"

    return check


def _process(name: str) -> Callable[[tuple[Any, ...]], str]:
    def check(args: tuple[Any, ...]) -> str:
        what = repr(args[0])[:80] if args else ""
        return f"{name}({what}): another process (try --world live)"

    return check


def _kill(args: tuple[Any, ...]) -> str:
    return "" if args[0] == os.getpid() else f"os.kill({args[0]}): another process"


def _open(args: tuple[Any, ...]) -> str:
    """A file is harmless, a device or a named pipe is not."""
    path = args[0]
    if isinstance(path, int):
        return ""
    try:
        found = os.stat(path)
    except (OSError, ValueError, TypeError):
        return ""
    return "" if _harmless(found) else f"open({path!r}): {_kind(found.st_mode)}"


def _symbol(args: tuple[Any, ...]) -> str:
    name = args[1].decode() if isinstance(args[1], bytes) else args[1]
    return f"ctypes: {name} of the C library" if name in SYMBOLS else ""


def _import(args: tuple[Any, ...]) -> str:
    """A loop of uvloop in a thread would use sockets without audit events."""
    return "uvloop: an event loop of real sockets" if args[0] == "uvloop" and _here.simulation is None else ""


def _control(args: tuple[Any, ...]) -> str:
    return refused_descriptor(args[0], "fcntl.ioctl")


_CHECKS: dict[str, Callable[[tuple[Any, ...]], str]] = {
    **{name: _network(name) for name in ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg")},
    **{
        name: _look_up(name)
        for name in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")
    },
    **{
        name: _process(name)
        for name in (
            "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn",
            "os.startfile", "pty.spawn", "webbrowser.open", "socket.sethostname", "os.killpg",
        )
    },
    "os.kill": _kill,
    "open": _open,
    "ctypes.dlsym": _symbol,
    "fcntl.ioctl": _control,
    "import": _import,
}  # fmt: skip
"""Audit event -> a function that returns the refused use, empty if the event is harmless."""

_STARTS = frozenset({"_thread.start_new_thread", "_thread.start_joinable_thread"})


def _audit(
    event: str,
    args: tuple[Any, ...],
    check_of: Any = _CHECKS.get,
    starts: frozenset[str] = _STARTS,
) -> None:
    """The audit hook. Its default arguments keep the objects that it needs while the interpreter shuts down."""
    check = check_of(event)
    if check is None:
        if event in starts:
            _thread_starts(args[0])
        return
    inside = simulation()
    if inside is not None and (what := check(args)):
        refuse(inside, what)


def _thread_starts(function: Any) -> None:
    inside, thread = simulation(), getattr(function, "__self__", None)
    if isinstance(thread, threading.Thread):
        adopt(thread)
    elif inside is not None:
        refuse(inside, "_thread.start_new_thread: a thread")


def adopt(thread: threading.Thread) -> None:
    """A thread that the simulation starts belongs to it."""
    inside = simulation()
    if inside is not None and not belongs(thread) and thread.name != WATCHDOG:
        setattr(thread, _MARK, inside)
        setattr(thread, _STARTED, _place(_asking(installed=False)))
        with _lock:
            _threads.append(thread)
            _cast()


def refuse(inside: Simulation, what: str) -> None:
    """End the run with that, unless a friend asks for it."""
    __tracebackhide__ = True
    if _of_a_friend():
        return
    where = _place(_asking(installed=False) or _asking())
    started = getattr(threading.current_thread(), _STARTED, "")
    inside.outside(what, f"{where or 'a thread'} (the thread was started by {started})" if started else where)


def _of_a_friend() -> bool:
    """True if an allowed module stands between the way out and the code under test or the machinery that runs it.

    An installed library is one while it is imported: some ask the kernel for its network cards, or `ldconfig` for a
    library in C.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module, code = str(frame.f_globals.get("__name__", "")), frame.f_code
        root = module.partition(".")[0]
        if root in FRIENDS or code.co_filename.startswith("<frozen importlib"):
            return True
        if not module.startswith("twinfeed.harness.virtual."):
            file = code.co_filename
            library = file.startswith((_STANDARD, "<frozen")) or any(folder in file for folder in _INSTALLED)
            if (
                not library
                or f"{module}.".startswith(_MACHINERY)
                or (module, code.co_name) == ("asyncio.events", "_run")
            ):
                return False
        frame = frame.f_back
    return False


def _place(frame: FrameType | None) -> str:
    if frame is None:
        return ""
    return f"{frame.f_code.co_qualname} in {os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"


def _asking(installed: bool = True) -> FrameType | None:
    """The innermost frame that is not of this package, of the standard library, or of an `installed` package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        own = str(frame.f_globals.get("__name__", "")).startswith("twinfeed.harness.virtual.")
        package = any(folder in file for folder in _INSTALLED)
        standard = file.startswith((_STANDARD, "<frozen")) and not package
        if not own and not standard and (installed or not package):
            return frame
        frame = frame.f_back
    return None


# -- the net of a run --------------------------------------------------------------------------------------------------


def _kind(mode: int) -> str:
    if stat.S_ISSOCK(mode):
        return "a real socket"
    return "a pipe to another process" if stat.S_ISFIFO(mode) else "a real device"


def _harmless(found: os.stat_result) -> bool:
    if stat.S_ISCHR(found.st_mode):
        return (os.major(found.st_rdev), os.minor(found.st_rdev)) in HARMLESS_DEVICES
    return not (stat.S_ISSOCK(found.st_mode) or stat.S_ISFIFO(found.st_mode) or stat.S_ISBLK(found.st_mode))


def refused_descriptor(fd: Any, name: str) -> str:
    """The refused use of a descriptor, empty if it is harmless."""
    number = fd if isinstance(fd, int) else fd.fileno() if hasattr(fd, "fileno") else -1
    if number <= 2:
        return ""
    try:
        found = os.fstat(number)
    except OSError:
        return ""
    return "" if _harmless(found) else f"{name}({number}): {_kind(found.st_mode)}"


_lock = threading.Lock()
_runs = 0
_threads: list[threading.Thread] = []
"""The threads that simulations have started and that may still run."""
_replaced: list[tuple[Any, str, Any]] = []
"""Owner, name and what was there, `ABSENT` if it was inherited."""
_made: dict[tuple[Any, str], tuple[Any, Any]] = {}
"""Owner and name -> what was there, and what takes its place."""
_hooked = False

ABSENT = object()


@contextmanager
def inside(of: Simulation) -> Iterator[None]:
    """The current thread belongs to that simulation."""
    global _runs
    before = _here.simulation
    with _lock:
        _runs += 1
        _cast()
    _here.simulation = of
    try:
        yield
    finally:
        _here.simulation = before
        with _lock:
            _runs -= 1
            _threads[:] = [thread for thread in _threads if thread.is_alive()]
            if not _runs and not _threads:
                _haul()


def outside_of_runs(work: Callable[[], object]) -> None:
    """Do that for the process and not for the simulation that happens to run in this thread."""
    before, _here.simulation = _here.simulation, None
    try:
        work()
    finally:
        _here.simulation = before


def _cast() -> None:
    """Put the nets out, if they are not."""
    global _hooked
    if not _hooked:
        _hooked = True
        sys.addaudithook(_audit)
    known = {(owner, name) for owner, name, _ in _replaced} if _replaced else frozenset()
    for owner, name, make in ways(cast(Guard, sys.modules[__name__])):
        if (owner, name) not in known:
            _replaced.append((owner, name, vars(owner).get(name, ABSENT)))
            setattr(owner, name, _instead(owner, name, make))


def _instead(owner: Any, name: str, make: Callable[[Any], Any]) -> Any:
    """The substitute of a function, made once for all runs."""
    real = getattr(owner, name)
    known = _made.get((owner, name))
    if known is None or known[0] != real:
        known = _made[owner, name] = (real, make(real))
    return known[1]


def _haul() -> None:
    """Take the net of the run in."""
    while _replaced:
        owner, name, before = _replaced.pop()
        if before is ABSENT:
            delattr(owner, name)
        else:
            setattr(owner, name, before)
