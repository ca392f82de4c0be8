"""Detection of other programs on a serial port.

Modbus RTU has no transaction numbers: the answer to another program's request passes for the answer to ours. A port
that somebody else has open, or opens meanwhile, is therefore not read from. Programs lock ports in half a dozen ways or
not at all, so the kernel is asked: /proc for who has it open, inotify(7) for who opens it. Elsewhere than on Linux
nothing is known and nothing refused.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

IN_OPEN = 0x20
"""inotify(7): a file was opened."""


class SoleUse:
    """Watches who opens a port from now on, until `close`."""

    def __init__(self, port: str) -> None:
        self.port = port
        self._events = -1
        with contextlib.suppress(OSError, AttributeError):  # no inotify here
            libc = ctypes.CDLL(None, use_errno=True)
            self._events = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            libc.inotify_add_watch(self._events, os.fsencode(port), IN_OPEN)

    def disturbed(self) -> bool:
        """True if another program has opened the port since the last call."""
        try:
            return self._events >= 0 and bool(os.read(self._events, 65536))
        except BlockingIOError:
            return False

    def close(self) -> None:
        if self._events >= 0:
            os.close(self._events)
            self._events = -1


def others(port: str) -> list[str]:
    """The processes that have a port open beside this one, as `name (pid)`, as far as this user may see.

    Who holds the other side of a pseudo-terminal is its far end, not a second master.
    """
    try:
        device = os.stat(port).st_rdev
    except OSError:
        return []
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            opened = [link for link in (process / "fd").iterdir() if _is(link, device)]
            if opened and not _has_far_end(process, port):
                found.append(f"{(process / 'comm').read_text().strip()} (pid {process.name})")
    return found


def _is(link: Path, device: int) -> bool:
    try:
        return link.stat().st_rdev == device
    except OSError:
        return False


def _has_far_end(process: Path, port: str) -> bool:
    """True if that process holds the master of this pseudo-terminal (proc_pid_fdinfo(5): tty-index)."""
    name = os.path.realpath(port)
    if not name.startswith("/dev/pts/"):
        return False
    index = f"tty-index:\t{name.removeprefix('/dev/pts/')}\n"
    return any(index in info.read_text() for info in (process / "fdinfo").iterdir())
