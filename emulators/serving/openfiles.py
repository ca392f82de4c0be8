"""The number of files that this process may open, and how many of them Modbus connections may take."""

from __future__ import annotations

import logging
import os

log = logging.getLogger(__name__)

SPARE_FILES = 256
"""Open files kept back from Modbus connections: for the control socket and its clients, and for connections that have
been accepted and not yet counted (asyncio accepts up to 100 at once)."""

UNLIMITED_FILES = 1_048_576
"""Taken for no limit: Linux's own upper one (fs.nr_open)."""


def raise_open_files() -> tuple[int, int]:
    """Raise this process's soft limit of open files to its hard one (RLIMIT_NOFILE of getrlimit(2)); what it was, and
    what it is now."""
    try:
        import resource
    except ImportError:  # Windows
        return UNLIMITED_FILES, UNLIMITED_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = UNLIMITED_FILES if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:  # macOS has a limit of its own below an unlimited one
            log.warning("the limit of open files stays at %d: %s", soft, error)
            return soft, soft
        log.info("the limit of open files is now %d, it was %d", wanted, soft)
    return soft, wanted


def connections_allowed(files: int) -> int:
    """The Modbus connections that a process keeps if it may open `files` files: `SPARE_FILES` remain."""
    try:
        now_open = len(os.listdir("/dev/fd"))
    except OSError:
        now_open = 0
    return max(1, files - now_open - SPARE_FILES)
